//! A file of weights seen as a network: checked when opened, read tensor by tensor when asked.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::built_in::BuiltIn;
use super::error::WeightsError;
use super::formats::foreign::{self, Kind};
use super::formats::header::read_header;
use super::formats::names::Dialect;
use super::formats::storage::{self, Storage};
use super::import;
use super::info::{self, Info};
use super::keras_file::{self, KerasFile};
use super::network::{self, StoredNetwork};
use super::said_by::SaidBy;
use super::sources::hub;
use super::values::{Safetensors, Values};
use crate::models::keras::NetworkChoices;
use crate::network::Plan;

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
    plan: Plan,
    info: Info,
    values: Values,
    sha256: OnceLock<String>,
}

impl From<Checked> for Weights {
    fn from(checked: Checked) -> Self {
        Self(Arc::new(checked))
    }
}

impl Weights {
    /// Opens a safetensors file or one that Keras saved, and checks names and shapes of all tensors against the network they
    /// describe.
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
        let storage = Storage::file(opened).map_err(read)?;
        let mut start = vec![0; storage.len().min(foreign::START) as usize];
        storage.read_exact_at(&mut start, 0).map_err(read)?;
        match foreign::kind(&start) {
            Some(kind) => Checked::of_keras(path, kind, choices),
            None => Checked::of_safetensors(file, Some(path.to_owned()), storage, choices),
        }
        .map(Self::from)
    }

    /// The same for a safetensors file in memory; `name` is what messages call it.
    ///
    /// # Errors
    /// As [`Weights::open`].
    pub fn from_bytes(name: &str, bytes: Cow<'static, [u8]>) -> Result<Self, WeightsError> {
        let storage = Storage::Memory(bytes);
        Checked::of_safetensors(name.to_owned(), None, storage, &NetworkChoices::default()).map(Self::from)
    }

    /// A network that works without any file.
    ///
    /// # Errors
    /// None in a program that passed its tests; the file goes through the same checks as any other.
    pub fn built_in(built_in: BuiltIn) -> Result<Self, WeightsError> {
        let storage = Storage::Memory(Cow::Borrowed(built_in.bytes()));
        let mut checked = Checked::of_safetensors(built_in.to_string(), None, storage, &NetworkChoices::default())?;
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
        self.0.values.tensor(path)
    }

    /// The shape of one tensor in Keras' layout.
    ///
    /// # Errors
    /// Unknown tensors.
    pub(super) fn shape(&self, path: &str) -> Result<&[usize], WeightsError> {
        self.0.values.shape(path)
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
        let sha256 = self.0.sha256_from(|_| 0)?;
        Ok(self.0.sha256.get_or_init(|| sha256).clone())
    }

    /// SHA-256 of everything after the header of a safetensors file, in lower-case hexadecimal; of any other, of all.
    ///
    /// # Errors
    /// Failures of the system to read the file.
    pub fn data_sha256(&self) -> Result<String, WeightsError> {
        self.0.sha256_from(|values| values.data)
    }
}

/// The repository for a file in the Hub's cache, where all are called alike; else the file's name without its ending.
fn name_of_file(path: &Path) -> Option<String> {
    hub::repository_of(path).or_else(|| Some(path.file_stem()?.to_string_lossy().into_owned()))
}

impl Checked {
    /// A safetensors file with everything checked but the values.
    fn of_safetensors(
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
            output_layer: asked.output_layer.clone().or(said.output_layer.clone()),
        };
        let (network, tensors) = network::of_header(&file, &header, &metadata, &choices)?;
        let values = Values::Safetensors(Safetensors {
            file: file.clone(),
            storage,
            data,
            tensors,
        });
        Self::new(file, path, [asked, &said], metadata, network, values)
    }

    /// A file that Keras saved with everything checked but the values.
    fn of_keras(path: &Path, kind: Kind, asked: &NetworkChoices) -> Result<Self, WeightsError> {
        let file = path.display().to_string();
        let KerasFile {
            network,
            datasets,
            description,
            sha256,
        } = keras_file::open(path, kind, asked)?;
        let metadata = import::known(path, &sha256, description);
        let said = info::said(&file, &metadata)?;
        let values = Values::Hdf5 { datasets, sha256 };
        Self::new(file, Some(path.to_owned()), [asked, &said], metadata, network, values)
    }

    /// `asked` is what a person says of the network, `said` what its metadata say.
    fn new(
        file: String,
        path: Option<PathBuf>,
        [asked, said]: [&NetworkChoices; 2],
        metadata: BTreeMap<String, String>,
        network: StoredNetwork,
        values: Values,
    ) -> Result<Self, WeightsError> {
        let StoredNetwork {
            plan,
            dialect,
            passed_over,
            outputs,
            says_input_size,
            says_output,
            usual_pixels,
        } = network;
        let input_said_by = if says_input_size {
            SaidBy::File
        } else {
            SaidBy::of(asked.input_size.is_some(), said.input_size.is_some())
        };
        let output_said = asked.output.is_some() || said.output.is_some();
        // the network inside the program is known
        let output_said_by = SaidBy::of(output_said, says_output || path.is_none());
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
            plan,
            info,
            values,
            sha256: OnceLock::new(),
        };
        checked.decide_epsilon(&file)?;
        Ok(checked)
    }

    /// SHA-256 of the file from where `start` says, if it is a safetensors file.
    fn sha256_from(&self, start: impl Fn(&Safetensors) -> u64) -> Result<String, WeightsError> {
        match &self.values {
            Values::Safetensors(values) => {
                let hashed = values.storage.sha256_from(start(values));
                hashed.map_err(|source| values.read_error(source))
            }
            Values::Hdf5 { sha256, .. } => Ok(sha256.clone()),
        }
    }

    /// Takes the epsilon from the metadata, else from the variances of a port, else Keras' own.
    fn decide_epsilon(&mut self, file: &str) -> Result<(), WeightsError> {
        if let Some(epsilon) = info::bn_epsilon(file, &self.info.metadata)? {
            self.plan.set_bn_epsilon(epsilon);
        } else if self.info.dialect == Dialect::Timm {
            let mut smallest = f32::INFINITY;
            for path in self.values.paths().filter(|path| path.ends_with("/moving_variance")) {
                smallest = self.values.tensor(path)?.into_iter().fold(smallest, f32::min);
            }
            let (epsilon, reason) = info::bn_epsilon_by_variance(smallest);
            self.plan.set_bn_epsilon(epsilon);
            self.info.bn_epsilon_reason = Some(reason);
        }
        Ok(())
    }
}
