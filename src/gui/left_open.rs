//! What was open when the window was closed, to be opened again at the next start: plain values, kept between starts.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::images::{Edit, Images, OpenImage};
use super::samples;
use crate::explorer::{ImageId, ImageSource, NetworkInfo};
use crate::imaging::{Painting, Region};
use crate::samples::SAMPLES;

/// How many images are kept.
const IMAGES: usize = 1000;

/// Where an image that can be opened again came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Source {
    /// A file.
    File(PathBuf),
    /// A picture of the program, by the name of its file.
    Sample(String),
    /// An address on the web, which is not fetched until a person asks for it.
    Address(String),
}

impl Source {
    /// Where an image came from; none of what was pasted or came through a pipe.
    fn of(image: &OpenImage) -> Option<Self> {
        if let Some(path) = &image.path {
            return Some(Self::File(path.clone()));
        }
        if let Some(url) = &image.url {
            return Some(Self::Address(url.clone()));
        }
        let is_sample = SAMPLES.iter().any(|sample| sample.file == image.name);
        is_sample.then(|| Self::Sample(image.name.clone()))
    }

    fn to_open(&self) -> Option<ImageSource> {
        match self {
            Self::File(path) => Some(ImageSource::File(path.clone())),
            Self::Address(url) => Some(ImageSource::Url(url.clone())),
            Self::Sample(name) => SAMPLES.iter().find(|sample| sample.file == name).map(samples::source),
        }
    }
}

/// An image with what was done to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    source: Source,
    crop: Option<Region>,
    #[serde(default, skip_serializing_if = "Painting::is_empty")]
    painting: Painting,
}

/// What was open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeftOpen {
    open: Vec<Kept>,
    /// How many pictures were open that are not kept, since they have neither a file nor an address.
    not_kept: usize,
    /// The place of the one that was shown.
    shown: usize,
    /// What was chosen of the network's.
    pub chosen: ChosenOf,
}

/// Classes and layer, which mean something for one network only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChosenOf {
    /// For which network, in words.
    pub network: String,
    /// The chosen class.
    pub class: Option<usize>,
    /// The class that it is compared with.
    pub than: Option<usize>,
    /// The pinned classes.
    pub pinned: Vec<usize>,
    /// The chosen layer by its name.
    pub layer: Option<String>,
}

impl ChosenOf {
    /// Nothing yet, for a network.
    pub fn of(network: &NetworkInfo) -> Self {
        Self {
            network: mark(network),
            ..Self::default()
        }
    }

    /// Whether it means something for this network.
    pub fn is_of(&self, network: &NetworkInfo) -> bool {
        self.network == mark(network)
    }
}

/// What tells networks apart whose classes or layers differ.
fn mark(network: &NetworkInfo) -> String {
    let (classes, layers) = (network.labels.len(), network.plan.layers.len());
    format!("{}, {classes} classes, {layers} layers", network.weights.name)
}

impl LeftOpen {
    /// What is open now, except for `greeting`, which the program opened itself.
    pub fn of(images: &Images, greeting: Option<ImageId>, chosen: ChosenOf) -> Self {
        let own = images.list().iter().filter(|image| Some(image.id) != greeting);
        let not_kept = own.clone().filter(|image| Source::of(image).is_none()).count();
        let kept = |image: &OpenImage| {
            let kept = Kept {
                source: Source::of(image)?,
                crop: image.crop,
                painting: image.painting.clone(),
            };
            Some((image.id, kept))
        };
        let kept: Vec<(ImageId, Kept)> = own.filter_map(kept).take(IMAGES).collect();
        let current = images.current().map(|image| image.id);
        let shown = kept.iter().position(|(image, _)| Some(*image) == current);
        let shown = shown.unwrap_or(0);
        let open = kept.into_iter().map(|(_, kept)| kept).collect();
        Self {
            open,
            not_kept,
            shown,
            chosen,
        }
    }

    /// In a sentence, what was open and is not any more; none where everything is.
    pub fn what_is_missing(&self) -> Option<String> {
        Some(match self.not_kept {
            0 => return None,
            1 => "A pasted picture was open; it is not kept between starts".to_owned(),
            count => format!("{count} pasted pictures were open; they are not kept between starts"),
        })
    }

    /// The images to open again, each with what was done to it, and the place of the one to show.
    pub fn images(&self) -> (Vec<(ImageSource, Edit)>, usize) {
        let kept = self.open.iter();
        let sources = kept.filter_map(|kept| {
            let edit = Edit {
                crop: kept.crop,
                painting: kept.painting.clone(),
            };
            Some((kept.source.to_open()?, edit))
        });
        (sources.collect(), self.shown)
    }
}
