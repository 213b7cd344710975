//! The header of a safetensors file: lengths checked before anything is allocated, and every tensor recognised.

use std::collections::{HashMap, HashSet};

use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use super::foreign;
use super::names::{Dialect, Names};
use super::storage::Storage;
use crate::weights::error::{TensorProblem, WeightsError};
use crate::weights::passed_over::{Beside, PassedOver};

/// The length of the header stands in front of it as eight bytes, little-endian.
const LENGTH_BYTES: u64 = 8;
/// More header than the description of any network of Keras needs, and little memory.
const MAX_HEADER: u64 = 32 << 20;

/// One tensor where it lies in the file.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub name: String,
    pub dtype: Dtype,
    /// From the start of the data.
    pub offset: u64,
    /// In Keras' layout.
    pub shape: Vec<usize>,
    pub order: Order,
}

impl Stored {
    /// A tensor with Keras' name and layout.
    pub(crate) fn keras(name: &str, info: &TensorInfo) -> Result<Self, TensorProblem> {
        if !matches!(info.dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16) {
            return Err(TensorProblem::Type {
                tensor: name.to_owned(),
                found: info.dtype.to_string(),
            });
        }
        Ok(Self {
            name: name.to_owned(),
            dtype: info.dtype,
            offset: info.data_offsets.0 as u64,
            shape: info.shape.clone(),
            order: Order::Keras,
        })
    }
}

/// How the values have to be moved to get Keras' layout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    /// Not at all.
    Keras,
    /// From `[outputs, inputs, cells]` to `[cells, inputs, outputs]`.
    Torch {
        outputs: usize,
        inputs: usize,
        cells: usize,
    },
}

impl Order {
    /// The values in Keras' layout, from as many as the shape has.
    pub(crate) fn keras_from(self, values: Vec<f32>) -> Vec<f32> {
        let Self::Torch { outputs, inputs, cells } = self else {
            return values;
        };
        let mut moved = Vec::with_capacity(values.len());
        for cell in 0..cells {
            for input in 0..inputs {
                moved.extend((0..outputs).map(|output| values[(output * inputs + input) * cells + cell]));
            }
        }
        moved
    }
}

/// Reads and parses the header after checking its length; also answers where the data begins.
pub(crate) fn read_header(file: &str, storage: &Storage) -> Result<(Metadata, u64), WeightsError> {
    let format = |reason: String| WeightsError::Format {
        file: file.to_owned(),
        kind: "safetensors",
        reason,
    };
    let read = |source| WeightsError::Read {
        file: file.to_owned(),
        source,
    };
    let len = storage.len();
    let mut start = vec![0; len.min(LENGTH_BYTES) as usize];
    storage.read_exact_at(&mut start, 0).map_err(read)?;
    let Ok(length) = <[u8; 8]>::try_from(start.as_slice()) else {
        return Err(format(format!("it has only {len} bytes")));
    };
    let length = u64::from_le_bytes(length);
    let mut start = vec![0; len.min(foreign::START) as usize];
    storage.read_exact_at(&mut start, 0).map_err(read)?;
    if length > MAX_HEADER || length > len - LENGTH_BYTES {
        foreign::refuse(file, &start)?;
    }
    if length > len - LENGTH_BYTES {
        return Err(format(format!(
            "it begins with no header that its {len} bytes could hold"
        )));
    }
    if length > MAX_HEADER {
        return Err(format(format!(
            "its header takes {length} bytes, at most {MAX_HEADER} are read"
        )));
    }
    let mut header = vec![0; length as usize];
    storage.read_exact_at(&mut header, LENGTH_BYTES).map_err(read)?;
    let metadata: Metadata =
        serde_json::from_slice(&header).map_err(|error| format(format!("its header makes no sense ({error})")))?;
    let data = LENGTH_BYTES + length;
    if metadata.data_len() as u64 != len - data {
        return Err(format(format!(
            "its tensors take {} bytes, but {} follow the header",
            metadata.data_len(),
            len - data
        )));
    }
    Ok((metadata, data))
}

pub(crate) struct Recognised {
    pub dialect: Dialect,
    pub tensors: HashMap<String, Stored>,
    pub passed_over: PassedOver,
}

/// Gives every tensor its canonical name and Keras' layout.
pub(crate) fn recognise(header: &Metadata) -> Result<Recognised, TensorProblem> {
    let mut found: Vec<(String, &TensorInfo)> = header.tensors().into_iter().collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    let names = Names::recognise(found.iter().map(|(name, info)| (name.as_str(), info.shape.as_slice())))?;
    let mut passed_over = PassedOver::default();
    let known: HashSet<&str> = names.stored.values().map(String::as_str).collect();
    for (_, info) in found.iter().filter(|(name, _)| !known.contains(name.as_str())) {
        let (start, end) = info.data_offsets;
        passed_over.add(Beside::Counters, end.saturating_sub(start) as u64);
    }
    let mut tensors = HashMap::with_capacity(names.stored.len());
    for (canonical, name) in names.stored {
        let Some(info) = header.info(&name) else {
            return Err(TensorProblem::Unknown(name));
        };
        if !matches!(info.dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16) {
            let found = info.dtype.to_string();
            return Err(TensorProblem::Type { tensor: name, found });
        }
        let (shape, order) = match names.dialect {
            Dialect::Keras => (info.shape.clone(), Order::Keras),
            Dialect::Timm => keras_layout(&canonical, &info.shape),
        };
        let stored = Stored {
            name,
            dtype: info.dtype,
            offset: info.data_offsets.0 as u64,
            shape,
            order,
        };
        tensors.insert(canonical, stored);
    }
    Ok(Recognised {
        dialect: names.dialect,
        tensors,
        passed_over,
    })
}

/// Shape in Keras' layout and the move that leads there, for a tensor in PyTorch's.
fn keras_layout(canonical: &str, shape: &[usize]) -> (Vec<usize>, Order) {
    match *shape {
        [outputs, inputs, height, width] => {
            let keras = if canonical.ends_with("/depthwise_kernel") {
                vec![height, width, outputs, inputs]
            } else {
                vec![height, width, inputs, outputs]
            };
            // of a shape with a zero the product of the others may be anything, but it holds no values
            let cells = height.saturating_mul(width);
            (keras, Order::Torch { outputs, inputs, cells })
        }
        [outputs, inputs] => {
            let order = Order::Torch {
                outputs,
                inputs,
                cells: 1,
            };
            (vec![inputs, outputs], order)
        }
        _ => (shape.to_vec(), Order::Keras),
    }
}
