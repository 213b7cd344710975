//! What a file holds, layer by layer, whether or not it can be explained.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::checked::Weights;
use super::error::WeightsError;
use super::formats::archive::KerasArchive;
use super::formats::foreign::{self, Kind};
use super::formats::storage::{self, Storage};
use super::formats::{described, hdf5};
use super::info::key;
use super::passed_over::PassedOver;
use crate::models::keras::{self, NetworkChoices};

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The layer's name.
    pub layer: String,
    /// Keras' class, where a description says it.
    pub class: Option<String>,
    /// What it is taken for; none if it is not understood.
    pub taken_for: Option<String>,
    /// Height, width and channels of its output, where the network can be explained.
    pub shape: Option<[usize; 3]>,
    /// Values in its tensors, where the network can be explained.
    pub parameters: Option<usize>,
}

/// The table of a file, and why it cannot be explained if it cannot.
#[derive(Debug)]
pub struct Inspection {
    /// One line a layer.
    pub lines: Vec<Line>,
    /// What lies in the file beside the network, where that can be explained.
    pub passed_over: PassedOver,
    /// Why the network cannot be explained, in one sentence.
    pub refusal: Option<WeightsError>,
}

/// Looks into a file.
///
/// # Errors
/// Files that hold neither a network that can be explained nor a description of another.
pub fn inspect(path: &Path, choices: &NetworkChoices) -> Result<Inspection, WeightsError> {
    let rows = |config: &str| keras::rows(config).unwrap_or_default();
    match Weights::open_with(path, choices) {
        Ok(weights) => {
            let config = weights.info().metadata.get(key::MODEL_CONFIG);
            Ok(Inspection {
                lines: lines_of(&weights, &config.map(|config| rows(config)).unwrap_or_default()),
                passed_over: weights.info().passed_over.clone(),
                refusal: None,
            })
        }
        Err(refusal) => {
            let described = description(path)?.map(|config| rows(&config)).unwrap_or_default();
            if described.is_empty() {
                return Err(refusal);
            }
            Ok(Inspection {
                lines: described.into_iter().map(line_of).collect(),
                passed_over: PassedOver::default(),
                refusal: Some(refusal),
            })
        }
    }
}

/// The layers of a network that can be explained, with the classes of its description.
fn lines_of(weights: &Weights, described: &[keras::Row]) -> Vec<Line> {
    let plan = weights.plan();
    let lines = plan.layers.iter().map(|layer| {
        let name = layer.weights.rsplit('/').next().unwrap_or(&layer.weights);
        let class = described.iter().find(|row| row.layer.rsplit('/').next() == Some(name));
        // the name of the operation without what belongs to it
        let op = format!("{:?}", layer.op);
        let op = op.split([' ', '(']).next().unwrap_or_default().to_owned();
        let counts = plan
            .parameters_of(layer)
            .map(|parameter| parameter.shape.iter().product::<usize>());
        Line {
            layer: layer.name.clone(),
            class: class.map(|row| row.class.clone()),
            taken_for: Some(op),
            shape: Some([layer.shape.height, layer.shape.width, layer.shape.channels]),
            parameters: Some(counts.sum()),
        }
    });
    lines.collect()
}

fn line_of(row: keras::Row) -> Line {
    Line {
        layer: row.layer,
        taken_for: row.is_known.then(|| "understood".to_owned()),
        class: Some(row.class),
        shape: None,
        parameters: None,
    }
}

/// The description in a file, if it has one.
fn description(path: &Path) -> Result<Option<String>, WeightsError> {
    if path.is_dir() {
        return Err(foreign::folder(path));
    }
    let name = path.display().to_string();
    let read = |source| WeightsError::Read {
        file: name.clone(),
        source,
    };
    let mut start = Vec::new();
    let open = || -> std::io::Result<File> { storage::open_file(path) };
    open()
        .and_then(|file| file.take(foreign::START).read_to_end(&mut start))
        .map_err(read)?;
    match foreign::kind(&start) {
        Some(Kind::Zip) => {
            let archive = KerasArchive::read(&name, open().map_err(read)?)?;
            Ok(Some(archive.description.config))
        }
        Some(Kind::Hdf5) => {
            let file = hdf5::open(&name, open().and_then(Storage::file).map_err(read)?)?;
            Ok(described::description(&name, &file)?.map(|description| description.config))
        }
        _ => Ok(None),
    }
}
