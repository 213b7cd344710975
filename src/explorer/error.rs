//! What can fail, by who is at fault: the image, the weights, the request, the device or the disk.

use std::path::PathBuf;

use thiserror::Error;

use crate::imaging::ImageError;
use crate::network::NetworkError;
use crate::weights::fetch::FetchError;
use crate::weights::{DownloadError, WeightsError};

/// A failure of one request, in one plain sentence.
#[derive(Debug, Error)]
pub enum ExplorerError {
    /// The image is damaged, too large or of an unknown kind.
    #[error("{name}: {error}")]
    Image {
        /// The image's name.
        name: String,
        /// What is wrong with it.
        error: ImageError,
    },
    /// The weights cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The weights could not be downloaded.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// An address could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Whoever asked for what is at an address no longer wants it.
    #[error("{0} was not opened, since its download was cancelled; open it again to fetch it")]
    Cancelled(String),
    /// Something was asked for that does not exist.
    #[error("{0}")]
    Request(String),
    /// The device failed, or the network was used wrongly.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A file could not be read.
    #[error("{} could not be read: {error}; check the path and its permissions", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// A file could not be written.
    #[error("{} could not be written: {error}; choose another folder or make room", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// A file is there already, and was not to be replaced.
    #[error("{} is there already and was left as it is; choose another name or folder", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A bug: the job panicked, and the worker went on.
    #[error("an internal error stopped this request ({0}); please report it, everything else still works")]
    Panic(String),
}
