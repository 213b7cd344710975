//! Weights: where they come from, and a checked view of them that the network reads.
//!
//! * [`Weights`]: a file of weights as the tensors of one [`Plan`](crate::network::Plan), and the labels that belong to it.
//! * [`import()`]: from any kind of file to a checked safetensors file.
//! * `formats`: safetensors, HDF5, Keras archives, and the names that tensors have in them.
//! * `sources`: [`locate()`] searches all places where weights may be, with the reasons; [`download()`] and [`fetch`]
//!   bring them over the network, whole or not at all; [`SOURCES`] are the published weights.
//! * [`Fingerprint`] tells the published weights from all others; [`verify`] does so by what they say.

mod built_in;
mod checked;
mod error;
mod fingerprint;
mod formats;
mod import;
pub mod info;
mod inspect;
mod keras_file;
mod labels;
mod network;
mod parameters;
mod passed_over;
mod randomized;
mod said_by;
mod sources;
mod tensors;
mod values;
pub mod verify;

pub use crate::models::keras::NetworkChoices;
pub use built_in::BuiltIn;
pub use checked::Weights;

pub use error::{TensorProblem, WeightsError};
pub use fingerprint::Fingerprint;
pub use formats::names::Dialect;
pub(crate) use formats::storage::{hex, open_file};
pub use import::{ImportOptions, default_out, import};
pub use info::Info;
pub use inspect::{Inspection, Line, inspect};
pub use labels::{IMAGENET_CLASSES, LabelsOrigin, LabelsProblem, NetworkLabels};
pub use passed_over::{Beside, PassedOver};
pub use said_by::SaidBy;
pub use sources::download::{DOWNLOADED, DownloadError, download};
pub use sources::environment::{Environment, WEIGHTS_VARIABLE};
pub use sources::fetch;
pub use sources::locate::{self, Located, locate, locate_with};
pub use sources::published::{Address, OFFICIAL_SHA256, SOURCES, Source};
