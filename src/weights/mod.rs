//! Weights: where they come from, and a checked view of them that the network reads.
//!
//! * [`Weights`]: a safetensors file, with the names of Keras or timm, as the tensors of one [`Plan`](crate::xception::Plan).

mod built_in;
mod checked;
mod error;
mod foreign;
pub mod info;
mod labels;
mod names;
mod storage;

pub use checked::Weights;
pub use error::{TensorProblem, WeightsError};
pub use info::Info;
pub use labels::{LabelsOrigin, LabelsProblem, NetworkLabels};
pub use names::Dialect;
