//! Where the values of a network's tensors are: they are read one tensor at a time, when they are asked for.

use std::collections::HashMap;
use std::io;

use half::{bf16, f16};
use safetensors::Dtype;

use super::error::{TensorProblem, WeightsError};
use super::formats::hdf5::Datasets;
use super::formats::header::Stored;
use super::formats::storage::Storage;
use super::parameters;

/// Bytes read at once: few enough to be still in the core's cache when they are converted.
const CHUNK: usize = 1 << 17;

/// The values of all tensors of a network, by canonical path, such as `block1_conv1/kernel`.
pub(super) enum Values {
    Safetensors(Safetensors),
    Hdf5 {
        datasets: Datasets,
        /// SHA-256 of the whole file in lower-case hexadecimal.
        sha256: String,
    },
}

impl Values {
    /// The shape of one tensor in Keras' layout.
    pub fn shape(&self, path: &str) -> Result<&[usize], WeightsError> {
        match self {
            Self::Safetensors(values) => Ok(&values.stored(path)?.shape),
            Self::Hdf5 { datasets, .. } => datasets.shape(path),
        }
    }

    /// The values of one tensor in Keras' layout, all finite.
    pub fn tensor(&self, path: &str) -> Result<Vec<f32>, WeightsError> {
        match self {
            Self::Safetensors(values) => values.tensor(path),
            Self::Hdf5 { datasets, .. } => datasets.tensor(path),
        }
    }

    /// The paths of all tensors.
    pub fn paths(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Safetensors(values) => Box::new(values.tensors.keys().map(String::as_str)),
            Self::Hdf5 { datasets, .. } => Box::new(datasets.paths()),
        }
    }
}

/// Tensors in a safetensors file.
pub(super) struct Safetensors {
    /// The file as shown to people.
    pub file: String,
    pub storage: Storage,
    /// Where the tensors begin.
    pub data: u64,
    pub tensors: HashMap<String, Stored>,
}

impl Safetensors {
    pub fn read_error(&self, source: io::Error) -> WeightsError {
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
}

/// Splits bytes into values; what does not fill a last value is left out.
fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes.as_chunks().0.iter().copied()
}
