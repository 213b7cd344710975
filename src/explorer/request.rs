//! What the window and the command line can ask for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::batch::ExplainAll;
use super::drawing::Drawing;
use super::export::Export;
use super::measured::{MaskRequest, MeasureRequest};
use super::paths::local_path;
use super::write::Existing;
use crate::explain::{ClassMaps, Map, Method, Score, Target};
use crate::imaging::{Painting, Photo, Preprocessing, Region};
use crate::network::LayerId;
use crate::weights::{BuiltIn, ImportOptions, NetworkChoices};

/// Names an open image; chosen by whoever opens it, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageId(pub u64);

/// Where an image comes from.
#[derive(Clone, Debug)]
pub enum ImageSource {
    /// A file; its format is found from its content.
    File(PathBuf),
    /// The bytes of an image file, such as a built-in sample.
    Bytes {
        /// Shown to people.
        name: String,
        /// The whole file.
        bytes: std::borrow::Cow<'static, [u8]>,
    },
    /// An address on the web, fetched only when it is opened.
    Url(String),
    /// Pixels, such as a pasted picture.
    Pixels {
        /// Shown to people.
        name: String,
        /// Upright RGB, shared, since a picture may be large.
        photo: Arc<Photo>,
    },
}

impl ImageSource {
    /// The name shown to people: a file's name without its folder.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.file_name().map_or_else(
                || path.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            ),
            Self::Bytes { name, .. } | Self::Pixels { name, .. } => name.clone(),
            Self::Url(url) => url.rsplit('/').find(|part| !part.is_empty()).unwrap_or(url).to_owned(),
        }
    }

    /// A path as a person gives it: a web address is fetched, anything else is a file, by its path or `file://` address.
    pub fn from_argument(path: &Path) -> Self {
        match path.to_str() {
            Some(url) if url.starts_with("https://") || url.starts_with("http://") => Self::Url(url.to_owned()),
            _ => Self::File(local_path(path)),
        }
    }
}

/// Which weights to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkSource {
    /// A network inside the program.
    BuiltIn(BuiltIn),
    /// A file of Keras, or safetensors with the names of Keras or timm.
    File(PathBuf),
    /// The first that is found: this file if it is given, then all places where weights may be, then the built-in ones.
    Search(Option<PathBuf>),
}

impl NetworkSource {
    /// Whether no file is needed.
    pub fn is_built_in(&self) -> bool {
        matches!(self, Self::BuiltIn(_))
    }
}

/// Which device to run on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeviceChoice {
    /// The fastest that works; the CPU otherwise.
    #[default]
    Auto,
    /// Our own kernels on the CPU.
    Cpu,
    /// An NVIDIA GPU; needs a build with the feature `cuda`.
    Cuda,
    /// An Apple GPU; needs a build with the feature `metal`.
    Metal,
}

/// Why a map is wanted. A newer request for the same purpose replaces an older one, finished or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The map on screen.
    Main,
    /// The map under the pointer, before a click.
    Preview,
    /// The map in a second picture.
    Compare,
    /// Small maps of many classes.
    SideBySide,
    /// Small maps of all layers.
    Layers,
}

/// A wish for maps.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainRequest {
    /// Which open image.
    pub image: ImageId,
    /// How it is brought to the network's input size.
    pub preprocessing: Preprocessing,
    /// Newer requests replace older ones of the same purpose.
    pub purpose: Purpose,
    /// Classes or differences of classes.
    pub targets: Vec<Target>,
    /// Layers; several come from one backward sweep.
    pub layers: Vec<LayerId>,
    /// Probability or logit.
    pub score: Score,
    /// How maps are made.
    pub method: Method,
}

impl ExplainRequest {
    /// Whether every map of another wish for the same purpose comes with this one.
    pub fn covers(&self, other: &Self) -> bool {
        let same = Self {
            targets: other.targets.clone(),
            layers: other.layers.clone(),
            ..self.clone()
        } == *other;
        let has_targets = other.targets.iter().all(|target| self.targets.contains(target));
        same && has_targets && other.layers.iter().all(|layer| self.layers.contains(layer))
    }
}

/// A wish for the gradients and the channels of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelsRequest {
    /// Whose first target at its first layer.
    pub explain: ExplainRequest,
    /// The cell of the layer, row by row, whose activation is wanted; none means that of all cells.
    pub cell: Option<usize>,
}

/// Pictures and numbers to write.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportRequest {
    /// What to write, each to its own file.
    pub files: Vec<(Export, PathBuf)>,
    /// What is done about files that are there already.
    pub existing: Existing,
}

impl ExportRequest {
    /// The image that a failure is about: the first one.
    pub(super) fn image(&self) -> Option<ImageId> {
        self.files.first()?.0.image()
    }
}

/// Which classes would win without a part of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithoutRequest {
    /// Which open image.
    pub image: ImageId,
    /// How it is brought to the network's input size.
    pub preprocessing: Preprocessing,
    /// The part of the photo that is hidden; what is painted over it if there is none.
    pub area: Option<Region>,
}

/// Copies of a photo for the screen, with what is painted over the photo.
#[derive(Clone, Debug)]
pub struct PaintCopies {
    /// Of which open image.
    pub image: ImageId,
    /// What is painted, in the photo's own pixels.
    pub painting: Painting,
    /// Width and height of the photo.
    pub size: [u32; 2],
    /// Its smaller copy.
    pub small: Arc<Photo>,
    /// Its larger copy, if that is in sight.
    pub large: Option<Arc<Photo>>,
}

/// Anything that can be asked of the [`Explorer`](super::Explorer).
#[derive(Clone, Debug)]
pub enum Request {
    /// Load weights onto a device; all open images are predicted anew by whoever asks.
    UseNetwork {
        /// Which weights.
        source: NetworkSource,
        /// What a person says of the network where its file does not, or differently.
        choices: NetworkChoices,
        /// Which device.
        device: DeviceChoice,
    },
    /// Hold a second network beside the one that speaks; answered by `SecondNetwork`.
    HoldSecond {
        /// Which weights.
        source: NetworkSource,
        /// What a person says of it.
        choices: NetworkChoices,
        /// Which device.
        device: DeviceChoice,
    },
    /// Let the second network go; answered by `SecondNetwork`.
    LetGoSecond,
    /// What the second network makes of an image: one target at one layer, both of its own; answered by
    /// `SecondExplained`.
    ExplainSecond(ExplainRequest),
    /// Hash the weights file of the network in use.
    Fingerprint,
    /// Decode an image and keep it; answered by `Opened`, and by `Display` if it is urgent.
    Open {
        /// Its new name.
        image: ImageId,
        /// Where it comes from.
        source: ImageSource,
        /// Whether a person waits for it; others follow in order.
        urgent: bool,
    },
    /// Take a quick look at an image that is still to be opened; answered by `Previewed`.
    Preview {
        /// Its new name.
        image: ImageId,
        /// Where it comes from.
        source: ImageSource,
        /// Whether a person waits for it.
        urgent: bool,
    },
    /// Make a copy of an open image for the screen; answered by `Display`.
    Show(ImageId),
    /// Remember what is painted over an open image, before anything is asked of the painted photo by the name of the painting
    /// ([`Preprocessing::painting`]).
    Paint {
        /// Which open image.
        image: ImageId,
        /// What is painted over it.
        painting: Painting,
    },
    /// Paint over the copies for the screen; answered by `PaintedCopies`.
    PaintCopies(PaintCopies),
    /// Forget an image.
    Close(ImageId),
    /// Run the network on an image.
    Predict {
        /// Which open image.
        image: ImageId,
        /// How it is brought to the network's input size.
        preprocessing: Preprocessing,
        /// Whether a person waits for it; others follow in order.
        urgent: bool,
    },
    /// Make the maps of all classes at the last feature layer while nothing else is to be done; answered by
    /// `ClassMapsComplete`.
    CompleteClassMaps {
        /// Of which image.
        image: ImageId,
        /// Those of its prediction.
        class_maps: Arc<ClassMaps>,
    },
    /// Make maps.
    Explain(ExplainRequest),
    /// Ask which classes would win without a part of the picture; answered by `Without`.
    Without(WithoutRequest),
    /// Ask what the network says of the picture turned, darker and cut, and whether the map goes with it: one target at one
    /// layer; answered by `Varied` for each change.
    Vary(ExplainRequest),
    /// Gradients and channels of one layer for one class.
    Channels(ChannelsRequest),
    /// The randomisation test of one target at one layer, from stage `next` on; answered by `Randomized` for each stage.
    Randomize {
        /// Whose first target at its first layer.
        request: Arc<ExplainRequest>,
        /// The stage to go on with, from 0.
        next: usize,
    },
    /// Measure whether a map is true to the network; gives way to whatever is more urgent and begins again then. Answered by
    /// `Measuring` and `Measured`.
    Measure {
        /// What is measured of which map.
        what: MeasureRequest,
        /// The map, if it is known.
        map: Option<Arc<Map>>,
    },
    /// Make the picture at one point of the curve of a map; answered by `Masked`.
    Mask {
        /// Which point.
        what: MaskRequest,
        /// The map.
        map: Arc<Map>,
    },
    /// One channel of one layer.
    FeatureMap {
        /// Which open image.
        image: ImageId,
        /// How it is brought to the network's input size.
        preprocessing: Preprocessing,
        /// Which layer.
        layer: LayerId,
        /// Which channel.
        channel: usize,
    },
    /// Make the picture that a network of this width and height sees; answered by `InputPicture`.
    InputPicture {
        /// Which open image.
        image: ImageId,
        /// Width and height of the network's input.
        size: [u32; 2],
        /// How the image is brought to it.
        preprocessing: Preprocessing,
    },
    /// Write pictures and numbers; answered by `Exported`.
    Export(ExportRequest),
    /// Explain many images and write files of each; answered by `Batch` now and then, and by `BatchOver`.
    ExplainAll(Box<ExplainAll>),
    /// Make one picture for the clipboard, at most [`DISPLAY_SIDE`](super::DISPLAY_SIDE) pixels a side; answered by
    /// `Rendered`.
    Render(Drawing),
    /// Download the ImageNet weights; answered by `Downloading` and `WeightsReady`.
    DownloadWeights,
    /// Bring weights of another format into the program's own; answered by `WeightsReady`.
    ImportWeights {
        /// The file to read; its kind is told by its content.
        file: PathBuf,
        /// Where the result goes; into the program's folder if nobody says.
        out: Option<PathBuf>,
        /// What the person who imports knows better than the file.
        options: ImportOptions,
    },
}
