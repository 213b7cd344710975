//! Brings weights of any known kind into the program's own format.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::checked::Weights;
use super::error::WeightsError;
use super::formats::canonical;
use super::info::{self, FORMAT, format_size, key};
use super::labels::{self, LabelsProblem};
use super::said_by::SaidBy;
use super::sources::published::Source;
use crate::models::keras::Description;
use crate::models::keras::NetworkChoices;
use crate::models::xception::architecture::{KERAS_BN_EPSILON, KERAS_INPUT_SIZE};

/// What the person who imports knows better than the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportOptions {
    /// The network's name for people.
    pub name: Option<String>,
    /// Where the file came from.
    pub source: Option<String>,
    /// What is known of the licence.
    pub licence: Option<String>,
    /// Input size and output.
    pub choices: NetworkChoices,
    /// The range of the input's numbers, as [`Pixels`](crate::imaging::Pixels) names it.
    pub pixels: Option<String>,
    /// How photos are brought to the input size, as [`Resize`](crate::imaging::Resize) names it.
    pub resize: Option<String>,
    /// Which part of a photo is seen, as [`Fit`](crate::imaging::Fit) names it.
    pub fit: Option<String>,
    /// Epsilon of every batch normalisation.
    pub bn_epsilon: Option<f64>,
}

/// Where `import` puts the result if nobody says: the same name with `.safetensors`, in `folder`.
///
/// A file that is called so itself keeps its name, with `.imported` in the middle if it lies in `folder`.
pub fn default_out(source: &Path, folder: &Path) -> PathBuf {
    let name = source.file_name().unwrap_or_default().to_string_lossy();
    let endings = [".weights.h5", ".h5", ".hdf5", ".keras", ".safetensors"];
    let stem = endings
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(&name);
    let out = folder.join(format!("{stem}.safetensors"));
    if out == source {
        return folder.join(format!("{stem}.imported.safetensors"));
    }
    out
}

/// Reads weights of Keras or timm in HDF5, `.keras` or safetensors, and writes them to `out` as safetensors with Keras'
/// names and all that is known of them as metadata. The kind is told by content, not by name.
///
/// # Errors
/// One sentence that names the file and the first tensor that is wrong. `out` is then as it was before.
pub fn import(source: &Path, out: &Path, options: &ImportOptions) -> Result<Weights, WeightsError> {
    check(source, options)?;
    let weights = Weights::open_with(source, &options.choices)?;
    let sha256 = weights.sha256()?;
    let mut metadata = metadata(&weights, known(source, &sha256, None), options);
    // the file may be taken elsewhere, without those that lie beside it; known weights have theirs already
    if Source::of_sha256(&sha256).is_none()
        && let Some(names) = labels_beside(source, weights.plan().classes())?
    {
        metadata.insert(key::LABELS.to_owned(), names);
    }
    canonical::write(out, weights.plan(), &metadata, &|path| weights.tensor(path))?;
    Weights::open(out)
}

/// Refuses options with which the result could not be opened.
fn check(source: &Path, options: &ImportOptions) -> Result<(), WeightsError> {
    match options.bn_epsilon {
        Some(epsilon) if !(epsilon > 0.0 && epsilon < 1.0) => Err(WeightsError::Metadata {
            file: source.display().to_string(),
            key: key::BN_EPSILON,
            value: epsilon.to_string(),
            expected: info::EPSILON_EXPECTED,
        }),
        _ => Ok(()),
    }
}

/// What is known of a file by its hash, and what its description says, as metadata.
pub(super) fn known(source: &Path, sha256: &str, description: Option<Description>) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::new();
    let mut set = |key: &str, value: String| metadata.insert(key.to_owned(), value);
    if let Some(Description {
        config,
        training,
        version,
    }) = description
    {
        set(key::MODEL_CONFIG, config);
        if let Some(training) = training {
            set(key::TRAINING_CONFIG, training);
        }
        if let Some(version) = version {
            set(key::KERAS_VERSION, version);
        }
    }
    set(key::FORMAT, FORMAT.to_owned());
    set(
        key::IMPORTER,
        concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
    );
    set(key::SOURCE_SHA256, sha256.to_owned());
    if let Some(known) = Source::of_sha256(sha256) {
        set(key::NAME, known.name.to_owned());
        set(key::SOURCE, known.url(crate::weights::sources::hub::PUBLIC));
        set(key::LICENCE, known.licence.to_owned());
        set(key::LABELS, labels::IMAGENET.to_owned());
        set(key::INPUT_SIZE, format_size([KERAS_INPUT_SIZE; 2]));
    } else {
        let name = source.file_name().unwrap_or_default().to_string_lossy();
        set(key::SOURCE, name.into_owned());
    }
    metadata
}

/// All that is to be written: what the file said, what is `known` of it, and above all what the options say.
fn metadata(weights: &Weights, known: BTreeMap<String, String>, options: &ImportOptions) -> BTreeMap<String, String> {
    let info = weights.info();
    let mut metadata = info.metadata.clone();
    metadata.extend(known);
    let mut set = |key: &str, value: String| metadata.insert(key.to_owned(), value);
    if let Some(reason) = &info.bn_epsilon_reason {
        set(key::BN_EPSILON_REASON, reason.clone());
    }
    if let Some(chosen) = options.bn_epsilon {
        set(key::BN_EPSILON, format!("{chosen:e}"));
        set(key::BN_EPSILON_REASON, "chosen at import".to_owned());
    } else if !info.metadata.contains_key(key::MODEL_CONFIG) {
        // a description says it of each layer
        let epsilon = weights.plan().bn_epsilon().unwrap_or(KERAS_BN_EPSILON);
        set(key::BN_EPSILON, format!("{epsilon:e}"));
    }
    // a size that nobody said is asked for when the network is used
    if info.input_said_by != SaidBy::Guess {
        let input = weights.plan().input();
        set(key::INPUT_SIZE, format_size([input.height, input.width]));
    }
    let choices = &options.choices;
    let said = [
        (key::OUTPUT, choices.output.map(|output| output.name().to_owned())),
        (key::OUTPUT_LAYER, choices.output_layer.clone()),
        (key::NAME, options.name.clone()),
        (key::SOURCE, options.source.clone()),
        (key::LICENCE, options.licence.clone()),
        (key::PIXELS, options.pixels.clone()),
        (key::RESIZE, options.resize.clone()),
        (key::FIT, options.fit.clone()),
    ];
    for (key, value) in said {
        if let Some(value) = value {
            set(key, value);
        }
    }
    metadata
}

/// The names in a labels file beside the source, as they go into the metadata.
fn labels_beside(source: &Path, classes: usize) -> Result<Option<String>, WeightsError> {
    let Some(file) = labels::file_beside(source) else {
        return Ok(None);
    };
    let labels = labels::from_file(&file)?;
    if labels.len() != classes {
        return Err(LabelsProblem::Count {
            origin: file.display().to_string(),
            found: labels.len(),
            classes,
        }
        .into());
    }
    let names: Vec<&str> = labels.iter().map(|label| label.name.as_str()).collect();
    Ok(Some(serde_json::Value::from(names).to_string()))
}
