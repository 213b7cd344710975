//! An HDF5 file of Keras seen as one Xception.

use std::collections::HashMap;

use half::f16;
use hdf5_pure::{DType, Datatype, File, Group};

use super::layouts::{self, Dataset};
use super::names::Names;
use crate::models::xception::architecture::KERAS_INPUT_SIZE;
use crate::network::Plan;
use crate::weights::error::{TensorProblem, WeightsError};
use crate::weights::parameters;
use crate::weights::passed_over::{Beside, PassedOver};

/// Deeper than any model in a model in a model.
const MAX_DEPTH: usize = 16;
/// More layers than any network that holds an Xception.
const MAX_GROUPS: usize = 20_000;
/// Groups beside the layers: what training needs, and what holds no weights of layers.
const OTHER_GROUPS: [(&str, Beside); 6] = [
    ("optimizer", Beside::Optimizer),
    ("optimizer_weights", Beside::Optimizer),
    ("metrics", Beside::Metrics),
    ("compile_metrics", Beside::Metrics),
    ("seed_generator", Beside::RandomState),
    ("top_level_model_weights", Beside::OtherLayers),
];
/// How much larger than the file the unpacked tensors may be: weights hardly compress.
const MAX_UNPACKED: u64 = 64 << 20;

/// A file with all of its tensors recognised and checked but for their values.
pub(crate) struct Hdf5Weights {
    /// As shown to people.
    name: String,
    file: File,
    pub plan: Plan,
    /// What lies beside it.
    pub passed_over: PassedOver,
    /// From canonical path to dataset.
    datasets: HashMap<String, String>,
}

impl Hdf5Weights {
    /// Recognises the network in an HDF5 file of `len` bytes. `input_size` is used where the file does not tell.
    pub(crate) fn new(name: &str, file: File, len: u64, input_size: Option<[usize; 2]>) -> Result<Self, WeightsError> {
        let limit = len + MAX_UNPACKED;
        let mut walk = Walk::default();
        walk.all(name, &file)?;
        let passed_over = walk.passed_over.clone();
        let input_size = input_size.unwrap_or([KERAS_INPUT_SIZE; 2]);
        let (plan, datasets) = walk
            .recognise(input_size, limit)
            .map_err(|problem| WeightsError::Tensor {
                file: name.to_owned(),
                problem,
            })?;
        Ok(Self {
            name: name.to_owned(),
            file,
            plan,
            passed_over,
            datasets,
        })
    }

    /// The values of one tensor by canonical path, in Keras' layout.
    pub(crate) fn tensor(&self, path: &str) -> Result<Vec<f32>, WeightsError> {
        tensor(&self.name, &self.file, &self.datasets, path)
    }
}

/// The values of one tensor in f32; `datasets` has its place in the file.
pub(crate) fn tensor(
    name: &str,
    file: &File,
    datasets: &HashMap<String, String>,
    path: &str,
) -> Result<Vec<f32>, WeightsError> {
    let problem = |problem| WeightsError::Tensor {
        file: name.to_owned(),
        problem,
    };
    let dataset = datasets.get(path);
    let dataset = dataset.ok_or_else(|| problem(TensorProblem::Unknown(path.to_owned())))?;
    let values = floats(file, dataset).map_err(|error| damaged(name, &error))?;
    let values = values.ok_or_else(|| {
        problem(TensorProblem::Type {
            tensor: dataset.clone(),
            found: "no floating point of 2, 4 or 8 bytes".to_owned(),
        })
    })?;
    parameters::check_values(path, dataset, &values).map_err(problem)?;
    Ok(values)
}

/// The values of a dataset of floating point numbers of any precision; none if it holds others.
fn floats(file: &File, dataset: &str) -> Result<Option<Vec<f32>>, hdf5_pure::Error> {
    let dataset = file.dataset(dataset)?;
    Ok(match (dataset.dtype()?, dataset.datatype()?) {
        (DType::F32 | DType::F64, _) => Some(dataset.read_f32()?),
        (_, Datatype::FloatingPoint { size: 2, .. }) => {
            let bytes = dataset.read_raw()?;
            let (words, _) = bytes.as_chunks::<2>();
            Some(words.iter().map(|word| f16::from_le_bytes(*word).to_f32()).collect())
        }
        _ => None,
    })
}

pub(crate) fn damaged(name: &str, error: &hdf5_pure::Error) -> WeightsError {
    WeightsError::Format {
        file: name.to_owned(),
        kind: "HDF5",
        reason: error.to_string(),
    }
}

/// Why a file could not be walked through.
enum Failure {
    Damaged(hdf5_pure::Error),
    Endless,
}

impl From<hdf5_pure::Error> for Failure {
    fn from(error: hdf5_pure::Error) -> Self {
        Self::Damaged(error)
    }
}

/// A dataset as it was found.
pub(crate) struct Found {
    pub path: String,
    pub shape: Vec<u64>,
    pub bytes: u64,
}

/// Collects all datasets below the root.
#[derive(Default)]
pub(crate) struct Walk {
    groups: usize,
    datasets: Vec<Dataset>,
    shapes: Vec<Vec<u64>>,
    bytes: Vec<u64>,
    types: Vec<DType>,
    /// Groups below [`OTHER_GROUPS`].
    other_groups: usize,
    /// What is in them.
    pub passed_over: PassedOver,
}

impl Walk {
    /// Goes through a whole file.
    pub(crate) fn all(&mut self, name: &str, file: &File) -> Result<(), WeightsError> {
        self.group(&file.root(), "", 0).map_err(|failure| match failure {
            Failure::Damaged(error) => damaged(name, &error),
            Failure::Endless => WeightsError::Format {
                file: name.to_owned(),
                kind: "HDF5",
                reason: "its groups are nested without end".to_owned(),
            },
        })
    }

    /// All datasets that may be of the network.
    pub(crate) fn found(self) -> Vec<Found> {
        let shapes = self.shapes.into_iter().zip(self.bytes);
        let found = self.datasets.into_iter().zip(shapes);
        found
            .map(|(Dataset { path, .. }, (shape, bytes))| Found { path, shape, bytes })
            .collect()
    }

    fn group(&mut self, group: &Group, path: &str, depth: usize) -> Result<(), Failure> {
        self.groups += 1;
        if depth > MAX_DEPTH || self.groups > MAX_GROUPS {
            return Err(Failure::Endless);
        }
        let mut datasets = group.iter_datasets()?.peekable();
        let layer = if path.ends_with("/vars") && datasets.peek().is_some() {
            group
                .attrs()?
                .get("name")
                .and_then(|name| name.as_str().map(str::to_owned))
        } else {
            None
        };
        for (name, dataset) in datasets {
            self.datasets.push(Dataset {
                path: joined(path, &name),
                layer: layer.clone(),
            });
            self.shapes.push(dataset.shape()?);
            self.bytes.push(bytes(&dataset));
            self.types.push(dataset.dtype()?);
        }
        for (name, child) in group.iter_groups()? {
            match OTHER_GROUPS.iter().find(|(other, _)| *other == name) {
                Some((_, beside)) => self.pass_over(&child, *beside, depth + 1),
                None => self.group(&child, &joined(path, &name), depth + 1)?,
            }
        }
        Ok(())
    }

    /// Counts what is not of the network; what is damaged or endless there keeps no network closed.
    fn pass_over(&mut self, group: &Group, beside: Beside, depth: usize) {
        self.other_groups += 1;
        if depth > MAX_DEPTH || self.other_groups > MAX_GROUPS {
            return;
        }
        for (_, dataset) in group.iter_datasets().into_iter().flatten() {
            self.passed_over.add(beside, bytes(&dataset));
        }
        for (_, child) in group.iter_groups().into_iter().flatten() {
            self.pass_over(&child, beside, depth + 1);
        }
    }

    /// Finds out which dataset is which parameter, and checks types and shapes.
    fn recognise(self, input_size: [usize; 2], limit: u64) -> Result<(Plan, HashMap<String, String>), TensorProblem> {
        let keras = layouts::keras_names(&self.datasets)?;
        let mut shapes: Vec<Vec<usize>> = Vec::with_capacity(self.shapes.len());
        let mut position_of = HashMap::with_capacity(keras.len());
        for (position, (((name, shape), dtype), dataset)) in keras
            .iter()
            .zip(&self.shapes)
            .zip(&self.types)
            .zip(&self.datasets)
            .enumerate()
        {
            if !matches!(dtype, DType::F32 | DType::F64) {
                return Err(TensorProblem::Type {
                    tensor: dataset.path.clone(),
                    found: dtype.to_string(),
                });
            }
            let shape = shape.iter().map(|&side| usize::try_from(side).unwrap_or(usize::MAX));
            shapes.push(shape.collect());
            if let Some(other) = position_of.insert(name.as_str(), position) {
                let path = |position: usize| self.datasets.get(position).map_or_else(String::new, |d| d.path.clone());
                return Err(TensorProblem::Twice(path(other), path(position), name.clone()));
            }
        }
        let names = Names::recognise(keras.iter().map(String::as_str).zip(shapes.iter().map(Vec::as_slice)))?;
        let located = names.stored.iter().filter_map(|(canonical, name)| {
            let &position = position_of.get(name.as_str())?;
            let (dataset, shape) = (self.datasets.get(position)?, shapes.get(position)?);
            Some((canonical.as_str(), (dataset.path.as_str(), shape.as_slice())))
        });
        let located: HashMap<&str, (&str, &[usize])> = located.collect();
        let plan = parameters::plan(&located, input_size)?;
        let values = |(_, shape): &(&str, &[usize])| {
            shape
                .iter()
                .fold(1, |count: u64, &side| count.saturating_mul(side as u64))
        };
        let total = located
            .values()
            .fold(0, |total: u64, tensor| total.saturating_add(values(tensor)));
        if total.saturating_mul(4) > limit
            && let Some((_, (name, shape))) = located.iter().max_by_key(|(_, tensor)| values(tensor))
        {
            return Err(TensorProblem::TooLarge {
                tensor: (*name).to_owned(),
                shape: shape.to_vec(),
            });
        }
        let datasets = located
            .into_iter()
            .map(|(path, (dataset, _))| (path.to_owned(), dataset.to_owned()));
        Ok((plan, datasets.collect()))
    }
}

/// What the values of a dataset take; nothing where its shape or type cannot be told.
fn bytes(dataset: &hdf5_pure::Dataset) -> u64 {
    let (Ok(shape), Ok(size)) = (dataset.shape(), dataset.element_size()) else {
        return 0;
    };
    shape.iter().fold(size, |bytes, &side| bytes.saturating_mul(side))
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}/{name}")
    }
}
