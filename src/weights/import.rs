//! Brings weights of any known kind into the program's own format.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use hdf5_pure::File;

use super::checked::Weights;
use super::error::WeightsError;
use super::formats::archive::KerasArchive;
use super::formats::canonical;
use super::formats::described::{self, DescribedWeights};
use super::formats::foreign::{self, Kind};
use super::formats::hdf5::{self, Hdf5Weights};
use super::formats::storage::{self, Storage};
use super::info::{self, FORMAT, format_size, key};
use super::labels::{self, LabelsProblem};
use super::passed_over::PassedOver;
use super::said_by::SaidBy;
use super::sources::published::Source;
use crate::models::keras::Description;
use crate::models::keras::NetworkChoices;
use crate::models::xception::architecture::KERAS_BN_EPSILON;
use crate::network::Plan;

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
    let found = open(source, options)?;
    let sha256 = sha256(source)?;
    let mut metadata = metadata(source, &sha256, &found, options);
    // the file may be taken elsewhere, without those that lie beside it; known weights have theirs already
    if Source::of_sha256(&sha256).is_none()
        && let Some(names) = labels_beside(source, found.plan().classes())?
    {
        metadata.insert(key::LABELS.to_owned(), names);
    }
    canonical::write(out, found.plan(), &metadata, &|path| found.tensor(path))?;
    Weights::open(out)
}

/// A network of another kind of file, as a safetensors file in memory.
pub(super) struct InMemory {
    pub bytes: Vec<u8>,
    /// SHA-256 of the source.
    pub sha256: String,
    /// What lies in the source beside the network.
    pub passed_over: PassedOver,
}

/// The same network in memory.
pub(super) fn to_memory(source: &Path, choices: &NetworkChoices) -> Result<InMemory, WeightsError> {
    let options = ImportOptions {
        choices: choices.clone(),
        ..ImportOptions::default()
    };
    check(source, &options)?;
    let found = open(source, &options)?;
    let sha256 = sha256(source)?;
    let metadata = metadata(source, &sha256, &found, &options);
    let bytes = canonical::bytes(source, found.plan(), &metadata, &|path| found.tensor(path))?;
    Ok(InMemory {
        bytes,
        sha256,
        passed_over: found.passed_over().clone(),
    })
}

/// Refuses options with which the result could not be opened.
fn check(source: &Path, options: &ImportOptions) -> Result<(), WeightsError> {
    let file = source.display().to_string();
    match *options {
        ImportOptions {
            bn_epsilon: Some(epsilon),
            ..
        } if !(epsilon > 0.0 && epsilon < 1.0) => Err(WeightsError::Metadata {
            file,
            key: key::BN_EPSILON,
            value: epsilon.to_string(),
            expected: info::EPSILON_EXPECTED,
        }),
        _ => Ok(()),
    }
}

/// A network in any kind of file.
enum Found {
    Safetensors(Weights),
    Hdf5(Box<Hdf5Weights>),
    Described(Box<DescribedWeights>),
}

impl Found {
    /// Whether the file says the size of its input.
    fn says_input_size(&self) -> bool {
        match self {
            Self::Safetensors(weights) => weights.info().input_said_by != SaidBy::Guess,
            Self::Hdf5(_) => false,
            Self::Described(weights) => weights.network.says_input_size,
        }
    }

    fn plan(&self) -> &Plan {
        match self {
            Self::Safetensors(weights) => weights.plan(),
            Self::Hdf5(weights) => &weights.plan,
            Self::Described(weights) => &weights.network.plan,
        }
    }

    fn passed_over(&self) -> &PassedOver {
        match self {
            Self::Safetensors(weights) => &weights.info().passed_over,
            Self::Hdf5(weights) => &weights.passed_over,
            Self::Described(weights) => &weights.passed_over,
        }
    }

    fn tensor(&self, path: &str) -> Result<Vec<f32>, WeightsError> {
        match self {
            Self::Safetensors(weights) => weights.tensor(path),
            Self::Hdf5(weights) => weights.tensor(path),
            Self::Described(weights) => weights.tensor(path),
        }
    }
}

fn open(source: &Path, options: &ImportOptions) -> Result<Found, WeightsError> {
    let name = source.display().to_string();
    let read = |source: io::Error| WeightsError::Read {
        file: name.clone(),
        source,
    };
    let choices = &options.choices;
    if source.is_dir() {
        return Err(foreign::folder(source));
    }
    let mut file = storage::open_file(source).map_err(read)?;
    let mut start = Vec::new();
    file.by_ref().take(8).read_to_end(&mut start).map_err(read)?;
    file.rewind().map_err(read)?;
    match foreign::kind(&start) {
        Some(Kind::Pickle) => Err(WeightsError::Pickle { file: name }),
        Some(Kind::Zip) => {
            let KerasArchive { description, weights } = KerasArchive::read(&name, file)?;
            // what cannot be explained is told before its weights are looked into
            let network = described::network(&name, &description, choices)?;
            let file = File::from_bytes(weights).map_err(|error| hdf5::damaged(&name, &error))?;
            let weights = DescribedWeights::new(&name, file, description, network)?;
            Ok(Found::Described(Box::new(weights)))
        }
        Some(Kind::Hdf5) => {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(read)?;
            let len = bytes.len() as u64;
            let file = File::from_bytes(bytes).map_err(|error| hdf5::damaged(&name, &error))?;
            if let Some(description) = described::description(&name, &file)? {
                let network = described::network(&name, &description, choices)?;
                let weights = DescribedWeights::new(&name, file, description, network)?;
                return Ok(Found::Described(Box::new(weights)));
            }
            let weights = Hdf5Weights::new(&name, file, len, choices.input_size)?;
            Ok(Found::Hdf5(Box::new(weights)))
        }
        None => Weights::open_with(source, choices).map(Found::Safetensors),
    }
}

fn sha256(source: &Path) -> Result<String, WeightsError> {
    let hash = || {
        let file = storage::open_file(source)?;
        let len = file.metadata()?.len();
        Storage::File(file, len).sha256_from(0)
    };
    hash().map_err(|error| WeightsError::Read {
        file: source.display().to_string(),
        source: error,
    })
}

/// All that is known: what the file said, what is known of its hash, and above all what the options say.
fn metadata(source: &Path, sha256: &str, found: &Found, options: &ImportOptions) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::new();
    let plan = found.plan();
    let mut epsilon = plan.bn_epsilon().unwrap_or(KERAS_BN_EPSILON);
    match found {
        Found::Safetensors(weights) => {
            let info = weights.info();
            metadata.clone_from(&info.metadata);
            if let Some(reason) = &info.bn_epsilon_reason {
                metadata.insert(key::BN_EPSILON_REASON.to_owned(), reason.clone());
            }
        }
        Found::Hdf5(_) => {}
        Found::Described(weights) => {
            let Description {
                config,
                training,
                version,
            } = &weights.description;
            metadata.insert(key::MODEL_CONFIG.to_owned(), config.clone());
            metadata.extend(
                training
                    .clone()
                    .map(|training| (key::TRAINING_CONFIG.to_owned(), training)),
            );
            metadata.extend(version.clone().map(|version| (key::KERAS_VERSION.to_owned(), version)));
        }
    }
    let mut set = |key: &str, value: String| metadata.insert(key.to_owned(), value);
    set(key::FORMAT, FORMAT.to_owned());
    set(
        key::IMPORTER,
        concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
    );
    set(key::SOURCE_SHA256, sha256.to_owned());
    let known = Source::of_sha256(sha256);
    if let Some(known) = known {
        set(key::NAME, known.name.to_owned());
        set(key::SOURCE, known.url(crate::weights::sources::hub::PUBLIC));
        set(key::LICENCE, known.licence.to_owned());
        set(key::LABELS, labels::IMAGENET.to_owned());
    } else {
        let name = source.file_name().unwrap_or_default().to_string_lossy();
        set(key::SOURCE, name.into_owned());
    }
    if let Some(chosen) = options.bn_epsilon {
        epsilon = chosen;
        set(key::BN_EPSILON_REASON, "chosen at import".to_owned());
    }
    if !matches!(found, Found::Described(_)) {
        set(key::BN_EPSILON, format!("{epsilon:e}"));
    }
    // a size that nobody said is asked for when the network is used
    if found.says_input_size() || options.choices.input_size.is_some() || known.is_some() {
        set(key::INPUT_SIZE, format_size([plan.input().height, plan.input().width]));
    }
    if let Some(output) = options.choices.output {
        set(key::OUTPUT, output.name().to_owned());
    }
    if let Some(layer) = &options.choices.output_layer {
        set(key::OUTPUT_LAYER, layer.clone());
    }
    let said = [
        (key::NAME, &options.name),
        (key::SOURCE, &options.source),
        (key::LICENCE, &options.licence),
        (key::PIXELS, &options.pixels),
        (key::RESIZE, &options.resize),
        (key::FIT, &options.fit),
    ];
    for (key, value) in said {
        if let Some(value) = value {
            set(key, value.clone());
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
