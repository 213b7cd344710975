//! A safetensors file seen as Keras' Xception: checked when opened, read tensor by tensor when asked.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::VarBuilder;
use candle_nn::var_builder::SimpleBackend;
use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::error::{TensorProblem, WeightsError};
use super::formats::described;
use super::formats::foreign::{self, Kind};
use super::formats::header::{Recognised, Stored, read_header, recognise};
use super::formats::names::Dialect;
use super::formats::storage::{self, Storage};
use super::import;
use super::info::{self, Info};
use super::labels::IMAGENET_CLASSES;
use super::parameters;
use super::said_by::SaidBy;
use super::sources::hub;
use crate::models::keras::Description;
use crate::models::keras::NetworkChoices;
use crate::models::xception::architecture::KERAS_INPUT_SIZE;
use crate::network::Plan;

/// Bytes read at once: few enough to be still in the core's cache when they are converted.
const CHUNK: usize = 1 << 17;

/// The weights of one Xception. Cheap to clone; several threads may read tensors at once.
#[derive(Clone)]
pub struct Weights(Arc<Checked>);

impl fmt::Debug for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Weights")
            .field("info", self.info())
            .finish_non_exhaustive()
    }
}

struct Checked {
    /// The file as shown to people.
    file: String,
    storage: Storage,
    /// Where the tensors begin.
    data: u64,
    plan: Plan,
    info: Info,
    /// By canonical path, such as `block1_conv1/kernel`.
    tensors: HashMap<String, Stored>,
    sha256: OnceLock<String>,
}

impl Weights {
    /// Opens a safetensors file and checks names, types and shapes of all tensors against the network they describe.
    ///
    /// The values are not read yet, except for the variances of networks with timm's names, which decide the epsilon
    /// where the metadata does not say it.
    ///
    /// # Errors
    /// One sentence that names the file and the first tensor that is wrong.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        Self::open_with(path, &NetworkChoices::default())
    }

    /// The same, with what a person says where the file does not, or differently.
    ///
    /// # Errors
    /// As [`Weights::open`], and choices that do not fit.
    pub fn open_with(path: &Path, choices: &NetworkChoices) -> Result<Self, WeightsError> {
        let file = path.display().to_string();
        let read = |source| WeightsError::Read {
            file: file.clone(),
            source,
        };
        if path.is_dir() {
            return Err(foreign::folder(path));
        }
        let opened = storage::open_file(path).map_err(read)?;
        let len = opened.metadata().map_err(read)?.len();
        let mut start = vec![0; len.min(foreign::START) as usize];
        let storage = Storage::File(opened, len);
        storage.read_exact_at(&mut start, 0).map_err(read)?;
        if matches!(foreign::kind(&start), Some(Kind::Zip | Kind::Hdf5)) {
            let (bytes, sha256) = import::to_memory(path, choices)?;
            let bytes = Storage::Memory(Cow::Owned(bytes));
            let weights = Self::check(file, Some(path.to_owned()), bytes, choices)?;
            // the file is what people know by its hash, not its copy in memory
            weights.0.sha256.set(sha256).ok();
            return Ok(weights);
        }
        Self::check(file, Some(path.to_owned()), storage, choices)
    }

    /// The same for a safetensors file in memory; `name` is what messages call it.
    ///
    /// # Errors
    /// As [`Weights::open`].
    pub fn from_bytes(name: &str, bytes: Cow<'static, [u8]>) -> Result<Self, WeightsError> {
        Self::check(
            name.to_owned(),
            None,
            Storage::Memory(bytes),
            &NetworkChoices::default(),
        )
    }

    fn check(
        file: String,
        path: Option<PathBuf>,
        storage: Storage,
        asked: &NetworkChoices,
    ) -> Result<Self, WeightsError> {
        let (header, data) = read_header(&file, &storage)?;
        let metadata: BTreeMap<String, String> = header.metadata().clone().unwrap_or_default().into_iter().collect();
        let problem = |problem| WeightsError::Tensor {
            file: file.clone(),
            problem,
        };
        let said_size = info::input_size(&file, &metadata)?;
        let said_output = metadata.get(info::key::OUTPUT).and_then(|name| name.parse().ok());
        let choices = NetworkChoices {
            input_size: asked.input_size.or(said_size),
            output: asked.output.or(said_output),
            output_layer: asked
                .output_layer
                .clone()
                .or_else(|| metadata.get(info::key::OUTPUT_LAYER).cloned()),
        };
        let described = match metadata.get(info::key::MODEL_CONFIG) {
            Some(config) => {
                let description = Description {
                    config: config.clone(),
                    training: metadata.get(info::key::TRAINING_CONFIG).cloned(),
                    version: metadata.get(info::key::KERAS_VERSION).cloned(),
                };
                Some(described::network(&file, &description, &choices)?)
            }
            None => None,
        };
        let (plan, recognised) = match &described {
            Some(network) => (network.plan.clone(), exactly(&header, &network.plan).map_err(problem)?),
            None => {
                let recognised = recognise(&header).map_err(problem)?;
                let shapes = recognised
                    .tensors
                    .iter()
                    .map(|(path, stored)| (path.as_str(), (stored.name.as_str(), stored.shape.as_slice())));
                let input_size = choices.input_size.unwrap_or([KERAS_INPUT_SIZE; 2]);
                let mut plan = parameters::plan(&shapes.collect(), input_size).map_err(problem)?;
                plan.output = choices.output.unwrap_or(plan.output);
                (plan, recognised)
            }
        };
        let Recognised { dialect, tensors } = recognised;
        let said_by = |by_user: bool, by_file: bool| match (by_user, by_file) {
            (true, _) => SaidBy::User,
            (false, true) => SaidBy::File,
            (false, false) => SaidBy::Guess,
        };
        let file_says_size = described.as_ref().is_some_and(|network| network.says_input_size);
        let input_said_by = if file_says_size {
            SaidBy::File
        } else {
            said_by(asked.input_size.is_some(), said_size.is_some())
        };
        // weights alone do not say their last activation: known are the built-in network, and ImageNet's classes, which
        // exclude each other
        let says_output = match &described {
            Some(network) => network.says_output,
            None => path.is_none() || plan.classes() == IMAGENET_CLASSES,
        };
        let output_said_by = said_by(choices.output.is_some(), says_output);
        let outputs = described.map(|network| network.outputs).unwrap_or_default();
        let named = metadata.get(info::key::NAME).cloned();
        let name = named
            .or_else(|| path.as_deref().and_then(name_of_file))
            .unwrap_or_else(|| file.clone());
        let info = Info {
            name,
            path,
            dialect,
            classes: plan.classes(),
            input_said_by,
            output_said_by,
            outputs,
            bn_epsilon_reason: metadata.get(info::key::BN_EPSILON_REASON).cloned(),
            metadata,
        };
        let mut checked = Checked {
            file,
            storage,
            data,
            plan,
            info,
            tensors,
            sha256: OnceLock::new(),
        };
        checked.decide_epsilon()?;
        Ok(Self(Arc::new(checked)))
    }

    /// The network that these weights are for.
    pub fn plan(&self) -> &Plan {
        &self.0.plan
    }

    /// What the file says about itself.
    pub fn info(&self) -> &Info {
        &self.0.info
    }

    /// The values of one tensor in Keras' layout, C order; `path` is such as `block1_conv1/kernel`.
    ///
    /// # Errors
    /// Unknown tensors, values that are not finite, variances below zero, and failures of the system.
    pub fn tensor(&self, path: &str) -> Result<Vec<f32>, WeightsError> {
        self.0.tensor(path)
    }

    /// Reads every tensor once, to find any value that is not finite.
    ///
    /// # Errors
    /// As [`Weights::tensor`].
    pub fn check_values(&self) -> Result<(), WeightsError> {
        for parameter in self.plan().parameters() {
            self.tensor(&parameter.path())?;
        }
        Ok(())
    }

    /// SHA-256 of the whole file in lower-case hexadecimal; computed when first asked for.
    ///
    /// # Errors
    /// Failures of the system to read the file.
    pub fn sha256(&self) -> Result<String, WeightsError> {
        if let Some(known) = self.0.sha256.get() {
            return Ok(known.clone());
        }
        let sha256 = self
            .0
            .storage
            .sha256_from(0)
            .map_err(|source| self.0.read_error(source))?;
        Ok(self.0.sha256.get_or_init(|| sha256).clone())
    }

    /// SHA-256 of everything after the header, in lower-case hexadecimal.
    ///
    /// # Errors
    /// Failures of the system to read the file.
    pub fn data_sha256(&self) -> Result<String, WeightsError> {
        let storage = &self.0.storage;
        storage
            .sha256_from(self.0.data)
            .map_err(|source| self.0.read_error(source))
    }

    /// The weights for candle: `builder.pp("block1_conv1").get(shape, "kernel")`, in Keras' layout.
    pub fn var_builder(&self, dtype: DType, device: &Device) -> VarBuilder<'static> {
        VarBuilder::from_backend(Box::new(self.clone()), dtype, device.clone())
    }
}

impl SimpleBackend for Weights {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: candle_nn::Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let tensor = self.get_unchecked(name, dtype, device)?;
        if tensor.shape() == &shape {
            return Ok(tensor);
        }
        Err(candle_core::Error::UnexpectedShape {
            msg: format!("the shape of {name} is not what the network needs"),
            expected: shape,
            got: tensor.shape().clone(),
        }
        .bt())
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> candle_core::Result<Tensor> {
        let path = keras_path(name);
        let values = self.tensor(&path).map_err(candle_core::Error::wrap)?;
        let shape = self.0.stored(&path).map_err(candle_core::Error::wrap)?.shape.as_slice();
        Tensor::from_vec(values, shape, device)?.to_dtype(dtype)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.0.tensors.contains_key(&keras_path(name))
    }
}

/// The repository for a file in the Hub's cache, where all are called alike; else the file's name without its ending.
fn name_of_file(path: &Path) -> Option<String> {
    hub::repository_of(path).or_else(|| Some(path.file_stem()?.to_string_lossy().into_owned()))
}

/// The tensors of a plan by their own names, all of them and no others.
fn exactly(header: &Metadata, plan: &Plan) -> Result<Recognised, TensorProblem> {
    let mut tensors = HashMap::new();
    for parameter in plan.parameters() {
        let path = parameter.path();
        let info = header.info(&path).ok_or_else(|| TensorProblem::Missing(path.clone()))?;
        let stored = Stored::keras(&path, info)?;
        if stored.shape != parameter.shape {
            return Err(TensorProblem::Shape {
                tensor: path,
                found: stored.shape,
                expected: parameter.shape,
            });
        }
        tensors.insert(path, stored);
    }
    match header
        .tensors()
        .into_keys()
        .filter(|name| !tensors.contains_key(name))
        .min()
    {
        Some(name) => Err(TensorProblem::Extra(name)),
        None => Ok(Recognised {
            dialect: Dialect::Keras,
            tensors,
        }),
    }
}

/// candle joins path and name with dots, Keras with a slash.
fn keras_path(name: &str) -> String {
    name.replace('.', "/")
}

impl Checked {
    fn read_error(&self, source: io::Error) -> WeightsError {
        WeightsError::Read {
            file: self.file.clone(),
            source,
        }
    }

    fn problem(&self, problem: TensorProblem) -> WeightsError {
        WeightsError::Tensor {
            file: self.file.clone(),
            problem,
        }
    }

    fn stored(&self, path: &str) -> Result<&Stored, WeightsError> {
        let found = self.tensors.get(path);
        found.ok_or_else(|| self.problem(TensorProblem::Unknown(path.to_owned())))
    }

    fn tensor(&self, path: &str) -> Result<Vec<f32>, WeightsError> {
        let stored = self.stored(path)?;
        let values = self.values(stored)?;
        parameters::check_values(path, &stored.name, &values).map_err(|problem| self.problem(problem))?;
        Ok(stored.order.keras_from(values))
    }

    /// The values in the file's own order.
    fn values(&self, stored: &Stored) -> Result<Vec<f32>, WeightsError> {
        let count: usize = stored.shape.iter().product();
        let size = stored.dtype.bitsize() / 8;
        let mut values = Vec::with_capacity(count);
        let mut buffer = vec![0; CHUNK.min(count * size)];
        let mut offset = self.data + stored.offset;
        while values.len() < count {
            let bytes = buffer.len().min((count - values.len()) * size);
            let chunk = &mut buffer[..bytes];
            self.storage
                .read_exact_at(chunk, offset)
                .map_err(|source| self.read_error(source))?;
            offset += bytes as u64;
            match stored.dtype {
                Dtype::F16 => values.extend(words(chunk).map(|word| f16::from_le_bytes(word).to_f32())),
                Dtype::BF16 => values.extend(words(chunk).map(|word| bf16::from_le_bytes(word).to_f32())),
                _ => values.extend(words(chunk).map(f32::from_le_bytes)),
            }
        }
        Ok(values)
    }

    /// Takes the epsilon from the metadata, else from the variances of a port, else Keras' own.
    fn decide_epsilon(&mut self) -> Result<(), WeightsError> {
        if let Some(epsilon) = info::bn_epsilon(&self.file, &self.info.metadata)? {
            self.plan.set_bn_epsilon(epsilon);
        } else if self.info.dialect == Dialect::Timm {
            let mut smallest = f32::INFINITY;
            for path in self.tensors.keys().filter(|path| path.ends_with("/moving_variance")) {
                smallest = self.tensor(path)?.into_iter().fold(smallest, f32::min);
            }
            let (epsilon, reason) = info::bn_epsilon_by_variance(smallest);
            self.plan.set_bn_epsilon(epsilon);
            self.info.bn_epsilon_reason = Some(reason);
        }
        Ok(())
    }
}

/// Splits bytes into values; what does not fill a last value is left out.
fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes.as_chunks().0.iter().copied()
}
