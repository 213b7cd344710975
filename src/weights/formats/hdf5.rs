//! HDF5 files of Keras: their tensors by path, and one without a description seen as an Xception.

use std::collections::HashMap;

use half::f16;
use hdf5_pure::{DType, Datatype, File, FileAccessProperties, FormatError, Group, MetadataCacheConfig, Source};

use super::layouts::{self, Dataset};
use super::names::Names;
use super::storage::Storage;
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

/// Bytes of its structure that are kept, so that a thousand layers do not mean a hundred thousand reads.
const MAX_CACHED: usize = 4 << 20;

/// Reads of the library, from the storage.
impl Source for Storage {
    fn len(&self) -> u64 {
        self.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), FormatError> {
        self.read_exact_at(buffer, offset)
            .map_err(|error| FormatError::Source(error.to_string()))
    }
}

/// Opens an HDF5 file whose bytes stay where they are: each tensor is read when it is asked for.
pub(crate) fn open(name: &str, storage: Storage) -> Result<File, WeightsError> {
    let properties = FileAccessProperties::new().with_metadata_cache(MetadataCacheConfig::new(MAX_CACHED));
    File::from_source_with_options(storage, properties).map_err(|error| damaged(name, &error))
}

/// From canonical path to dataset, and the shape in Keras' layout.
pub(crate) type Places = HashMap<String, (String, Vec<usize>)>;

/// The tensors of a network in an HDF5 file: each has its place, type and shape, and is read when it is asked for.
pub(crate) struct Datasets {
    /// As shown to people.
    name: String,
    file: File,
    places: Places,
}

impl Datasets {
    pub(crate) fn new(name: &str, file: File, places: Places) -> Self {
        Self {
            name: name.to_owned(),
            file,
            places,
        }
    }

    /// The paths of all tensors.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// The shape of one tensor in Keras' layout.
    pub(crate) fn shape(&self, path: &str) -> Result<&[usize], WeightsError> {
        Ok(&self.place(path)?.1)
    }

    /// The values of one tensor in f32.
    pub(crate) fn tensor(&self, path: &str) -> Result<Vec<f32>, WeightsError> {
        let (dataset, _) = self.place(path)?;
        let values = floats(&self.file, dataset).map_err(|error| damaged(&self.name, &error))?;
        let values = values.ok_or_else(|| {
            self.problem(TensorProblem::Type {
                tensor: dataset.clone(),
                found: "no floating point of 2, 4 or 8 bytes".to_owned(),
            })
        })?;
        parameters::check_values(path, dataset, &values).map_err(|problem| self.problem(problem))?;
        Ok(values)
    }

    fn place(&self, path: &str) -> Result<&(String, Vec<usize>), WeightsError> {
        let found = self.places.get(path);
        found.ok_or_else(|| self.problem(TensorProblem::Unknown(path.to_owned())))
    }

    fn problem(&self, problem: TensorProblem) -> WeightsError {
        WeightsError::Tensor {
            file: self.name.clone(),
            problem,
        }
    }
}

/// An Xception without a description, told by the names and shapes of its tensors.
pub(crate) struct Hdf5Weights {
    pub plan: Plan,
    pub datasets: Datasets,
    /// What lies beside it.
    pub passed_over: PassedOver,
}

impl Hdf5Weights {
    /// Recognises the network in an HDF5 file of `len` bytes. `input_size` is used where the file does not tell.
    pub(crate) fn new(name: &str, file: File, len: u64, input_size: Option<[usize; 2]>) -> Result<Self, WeightsError> {
        let limit = len + MAX_UNPACKED;
        let mut walk = Walk::default();
        walk.all(name, &file)?;
        let passed_over = walk.passed_over.clone();
        let input_size = input_size.unwrap_or([KERAS_INPUT_SIZE; 2]);
        let (plan, places) = walk
            .recognise(input_size, limit)
            .map_err(|problem| WeightsError::Tensor {
                file: name.to_owned(),
                problem,
            })?;
        Ok(Self {
            plan,
            datasets: Datasets::new(name, file, places),
            passed_over,
        })
    }
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
    fn recognise(self, input_size: [usize; 2], limit: u64) -> Result<(Plan, Places), TensorProblem> {
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
        let places = located
            .into_iter()
            .map(|(path, (dataset, shape))| (path.to_owned(), (dataset.to_owned(), shape.to_owned())));
        Ok((plan, places.collect()))
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
