//! Weights: where they come from, and a checked view of them that the network reads.
//!
//! * [`Weights`]: a safetensors file, with the names of Keras or timm, as the tensors of one
//!   [`Plan`](crate::xception::Plan), and the labels that belong to it.
//! * [`locate()`]: the search in all places where weights may be, with the reasons.
//! * [`import()`]: from any kind of file that an Xception comes in to such a file.
//! * [`download()`] and [`fetch`]: over the network, whole or not at all.
//! * [`SOURCES`]: the published weights, and [`Fingerprint`], which tells them from all others; [`verify`] does so by
//!   what they say.

mod archive;
mod built_in;
mod canonical;
mod checked;
mod config;
mod download;
mod environment;
mod error;
pub mod fetch;
mod fetch_error;
mod fingerprint;
mod foreign;
mod hdf5;
mod header;
mod http;
mod hub;
mod import;
pub mod info;
mod labels;
mod layouts;
pub mod locate;
mod names;
mod parameters;
mod sources;
mod storage;
pub mod verify;

pub use checked::Weights;
pub use download::{DOWNLOADED, DownloadError, download};
pub use environment::{Environment, WEIGHTS_VARIABLE};
pub use error::{TensorProblem, WeightsError};
pub use fingerprint::Fingerprint;
pub use import::{ImportOptions, default_out, import};
pub use info::Info;
pub use labels::{LabelsOrigin, LabelsProblem, NetworkLabels};
pub use locate::{Located, locate};
pub use names::Dialect;
pub use sources::{Address, OFFICIAL_SHA256, SOURCES, Source};
pub(crate) use storage::open_file;
