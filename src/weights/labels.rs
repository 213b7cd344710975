//! Which labels belong to a network: from its metadata, from a file beside it, ImageNet's, or numbers.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use super::checked::Weights;
use super::info::key;
use crate::labels::{Labels, decode_text};

/// Number of classes of ImageNet's challenge, for which Keras' order of labels is assumed.
pub const IMAGENET_CLASSES: usize = 1000;
/// Value of [`key::LABELS`] for the classes of ImageNet in Keras' order.
pub(super) const IMAGENET: &str = "imagenet";
/// Names that labels have beside a weights file, in the order they are looked for.
const BESIDE: [&str; 3] = ["labels.txt", "labels.json", "class_indices.json"];
/// A labels file larger than this is none.
const MAX_BYTES: u64 = 4 << 20;

/// Where labels came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelsOrigin {
    /// The metadata of the weights.
    Metadata,
    /// A file beside the weights.
    File(PathBuf),
    /// A thousand classes and no word of others.
    ImageNet,
    /// Nothing is known but how many there are.
    Numbered,
}

/// Why labels that were found cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LabelsProblem {
    /// The system refused.
    #[error("{origin} cannot be read ({reason}); check its permissions")]
    Read {
        /// The labels file.
        origin: String,
        /// The system's reason.
        reason: String,
    },
    /// No labels in there.
    #[error("{origin} holds no list of class names ({reason}); correct or remove it")]
    Format {
        /// The labels file, or the metadata of the weights.
        origin: String,
        /// What is wrong.
        reason: String,
    },
    /// Too many or too few.
    #[error("{origin} names {found} classes, but the network has {classes}; correct or remove it")]
    Count {
        /// The labels file, or the metadata of the weights.
        origin: String,
        /// Names in there.
        found: usize,
        /// Classes of the network.
        classes: usize,
    },
}

/// The labels of a network, and what was wrong with those that should have been used.
#[derive(Debug)]
pub struct NetworkLabels {
    /// One label for each class.
    pub labels: Labels,
    /// Where they came from.
    pub origin: LabelsOrigin,
    /// Labels that were found first and could not be used.
    pub problem: Option<LabelsProblem>,
}

impl Weights {
    /// Finds the labels: in the metadata, else in a file beside the weights, else ImageNet's for 1000 classes, else
    /// `class 0` and so on.
    ///
    /// Beside `deer.safetensors`, `deer.labels.txt` and `deer.labels.json` come before `labels.txt`, `labels.json` and
    /// `class_indices.json`. A text has one name a line; JSON is a list of names, or an object from index to name or
    /// from name to index (as Keras' `class_indices`), or from index to `[wnid, name]`.
    pub fn labels(&self) -> NetworkLabels {
        let info = self.info();
        let classes = info.classes;
        let default = |problem| {
            let (labels, origin) = if classes == IMAGENET_CLASSES {
                (Labels::imagenet(), LabelsOrigin::ImageNet)
            } else {
                (Labels::numbered(classes), LabelsOrigin::Numbered)
            };
            NetworkLabels {
                labels,
                origin,
                problem,
            }
        };
        let (read, origin) = if let Some(text) = info.metadata.get(key::LABELS) {
            (from_metadata(text, &info.name), LabelsOrigin::Metadata)
        } else if let Some(file) = info.path.as_deref().and_then(file_beside) {
            (from_file(&file), LabelsOrigin::File(file))
        } else {
            return default(None);
        };
        match read {
            Ok(labels) if labels.len() == classes => NetworkLabels {
                labels,
                origin,
                problem: None,
            },
            Ok(labels) => {
                let origin = match &origin {
                    LabelsOrigin::File(file) => file.display().to_string(),
                    _ => metadata_of(&info.name),
                };
                default(Some(LabelsProblem::Count {
                    origin,
                    found: labels.len(),
                    classes,
                }))
            }
            Err(problem) => default(Some(problem)),
        }
    }
}

fn metadata_of(name: &str) -> String {
    format!("the metadata of {name}")
}

/// The first labels file beside a weights file.
pub(super) fn file_beside(weights: &Path) -> Option<PathBuf> {
    let folder = weights.parent()?;
    let stem = weights.file_stem()?.to_string_lossy();
    let own = [format!("{stem}.labels.txt"), format!("{stem}.labels.json")];
    let names = own.iter().map(String::as_str).chain(BESIDE);
    names.map(|name| folder.join(name)).find(|file| file.is_file())
}

fn from_metadata(text: &str, name: &str) -> Result<Labels, LabelsProblem> {
    if text == IMAGENET {
        return Ok(Labels::imagenet());
    }
    from_json(text).map_err(|reason| LabelsProblem::Format {
        origin: metadata_of(name),
        reason,
    })
}

/// Reads a labels file: JSON by its extension, else a name a line.
pub(super) fn from_file(file: &Path) -> Result<Labels, LabelsProblem> {
    let origin = file.display().to_string();
    let mut bytes = Vec::new();
    let opened = File::open(file).and_then(|opened| opened.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    let format = |reason: String| LabelsProblem::Format {
        origin: origin.clone(),
        reason,
    };
    match opened {
        Err(error) => {
            return Err(LabelsProblem::Read {
                origin,
                reason: error.to_string(),
            });
        }
        Ok(read) if read as u64 > MAX_BYTES => return Err(format(format!("it is larger than {MAX_BYTES} bytes"))),
        Ok(_) => {}
    }
    let text = decode_text(&bytes).ok_or_else(|| format("it is no text".to_owned()))?;
    if file.extension().is_some_and(|extension| extension == "json") {
        return from_json(&text).map_err(format);
    }
    // an editor may leave blank lines behind, but one in the middle would shift classes
    let lines = text.trim_end().lines().map(str::trim);
    Ok(Labels::plain(lines.map(str::to_owned)))
}

/// The shapes in which JSON files list classes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Listed {
    Names(Vec<String>),
    NameOfIndex(BTreeMap<String, String>),
    IndexOfName(BTreeMap<String, usize>),
    WnidAndName(BTreeMap<String, (String, String)>),
}

fn from_json(text: &str) -> Result<Labels, String> {
    let listed: Listed = serde_json::from_str(text)
        .map_err(|_| "it is neither a JSON list of names nor an object of indices and names".to_owned())?;
    let number = |text: String| text.parse::<usize>().map_err(|_| format!("{text:?} is no index"));
    let pairs: Vec<(usize, String)> = match listed {
        Listed::Names(names) => return Ok(Labels::plain(names)),
        Listed::NameOfIndex(map) => {
            let pairs = map.into_iter().map(|(index, name)| Ok((number(index)?, name)));
            pairs.collect::<Result<_, String>>()?
        }
        Listed::IndexOfName(map) => map.into_iter().map(|(name, index)| (index, name)).collect(),
        Listed::WnidAndName(map) => {
            let pairs = map.into_iter().map(|(index, (_, name))| Ok((number(index)?, name)));
            pairs.collect::<Result<_, String>>()?
        }
    };
    let names: BTreeMap<usize, String> = pairs.iter().cloned().collect();
    let complete = names.keys().copied().eq(0..pairs.len());
    if !complete {
        return Err(format!("its {} indices do not run from 0 without gaps", pairs.len()));
    }
    Ok(Labels::plain(names.into_values()))
}
