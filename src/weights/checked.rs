//! A safetensors file seen as a network: checked when opened, read tensor by tensor when asked.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use half::{bf16, f16};
use safetensors::Dtype;

use super::built_in::BuiltIn;
use super::error::{TensorProblem, WeightsError};
use super::formats::foreign::{self, Kind};
use super::formats::header::{Stored, read_header};
use super::formats::names::Dialect;
use super::formats::storage::{self, Storage};
use super::import;
use super::info::{self, Info};
use super::network::{self, StoredNetwork};
use super::parameters;
use super::said_by::SaidBy;
use super::sources::hub;
use crate::models::keras::NetworkChoices;
use crate::network::Plan;

/// Bytes read at once: few enough to be still in the core's cache when they are converted.
const CHUNK: usize = 1 << 17;

/// The weights of one network. Cheap to clone; several threads may read tensors at once.
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

impl From<Checked> for Weights {
    fn from(checked: Checked) -> Self {
        Self(Arc::new(checked))
    }
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
            let found = import::to_memory(path, choices)?;
            let bytes = Storage::Memory(Cow::Owned(found.bytes));
            let mut checked = Checked::new(file, Some(path.to_owned()), bytes, choices)?;
            // the file is what people know by its hash and by what is in it, not its copy in memory
            checked.sha256.set(found.sha256).ok();
            checked.info.passed_over = found.passed_over;
            return Ok(checked.into());
        }
        Checked::new(file, Some(path.to_owned()), storage, choices).map(Self::from)
    }

    /// The same for a safetensors file in memory; `name` is what messages call it.
    ///
    /// # Errors
    /// As [`Weights::open`].
    pub fn from_bytes(name: &str, bytes: Cow<'static, [u8]>) -> Result<Self, WeightsError> {
        let storage = Storage::Memory(bytes);
        Checked::new(name.to_owned(), None, storage, &NetworkChoices::default()).map(Self::from)
    }

    /// A network that works without any file.
    ///
    /// # Errors
    /// None in a program that passed its tests; the file goes through the same checks as any other.
    pub fn built_in(built_in: BuiltIn) -> Result<Self, WeightsError> {
        let storage = Storage::Memory(Cow::Borrowed(built_in.bytes()));
        let mut checked = Checked::new(built_in.to_string(), None, storage, &NetworkChoices::default())?;
        checked.info.built_in = Some(built_in);
        Ok(checked.into())
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

    /// The shape of one tensor in Keras' layout.
    ///
    /// # Errors
    /// Unknown tensors.
    pub(super) fn shape(&self, path: &str) -> Result<&[usize], WeightsError> {
        Ok(&self.0.stored(path)?.shape)
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
}

/// The repository for a file in the Hub's cache, where all are called alike; else the file's name without its ending.
fn name_of_file(path: &Path) -> Option<String> {
    hub::repository_of(path).or_else(|| Some(path.file_stem()?.to_string_lossy().into_owned()))
}

impl Checked {
    /// Checks everything but the values.
    fn new(
        file: String,
        path: Option<PathBuf>,
        storage: Storage,
        asked: &NetworkChoices,
    ) -> Result<Self, WeightsError> {
        let (header, data) = read_header(&file, &storage)?;
        let metadata: BTreeMap<String, String> = header.metadata().clone().unwrap_or_default().into_iter().collect();
        let said = info::said(&file, &metadata)?;
        let choices = NetworkChoices {
            input_size: asked.input_size.or(said.input_size),
            output: asked.output.or(said.output),
            output_layer: asked.output_layer.clone().or(said.output_layer),
        };
        let StoredNetwork {
            plan,
            dialect,
            tensors,
            passed_over,
            outputs,
            says_input_size,
            says_output,
            usual_pixels,
        } = network::of_header(&file, &header, &metadata, &choices)?;
        let input_said_by = if says_input_size {
            SaidBy::File
        } else {
            SaidBy::of(asked.input_size.is_some(), said.input_size.is_some())
        };
        // the network inside the program is known
        let output_said_by = SaidBy::of(choices.output.is_some(), says_output || path.is_none());
        let named = metadata.get(info::key::NAME).cloned();
        let name = named
            .or_else(|| path.as_deref().and_then(name_of_file))
            .unwrap_or_else(|| file.clone());
        let info = Info {
            name,
            path,
            built_in: None,
            dialect,
            classes: plan.classes(),
            input_said_by,
            output_said_by,
            usual_pixels,
            outputs,
            passed_over,
            bn_epsilon_reason: metadata.get(info::key::BN_EPSILON_REASON).cloned(),
            metadata,
        };
        let mut checked = Self {
            file,
            storage,
            data,
            plan,
            info,
            tensors,
            sha256: OnceLock::new(),
        };
        checked.decide_epsilon()?;
        Ok(checked)
    }

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
