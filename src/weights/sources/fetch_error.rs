//! What can go wrong on the way from a server to the disk.

use std::io;
use std::path::Path;

use thiserror::Error;

/// Why a file was not fetched. Each message says what to do next.
#[derive(Debug, Error)]
pub enum FetchError {
    /// Neither HTTPS nor this machine.
    #[error("{url} is no https:// address; give one, or a file on this machine")]
    Address {
        /// The address.
        url: String,
    },
    /// No connection, no name, no TLS.
    #[error("{host} cannot be reached ({reason}); check the network and HTTPS_PROXY, then try again")]
    Unreachable {
        /// Name of the server.
        host: String,
        /// The system's reason.
        reason: String,
    },
    /// The server answered, but not with the file.
    #[error("{url} answers with status {status} ({}); {}", meaning(*.status), advice(*.status))]
    Status {
        /// The address.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// Redirected in circles, or to where nothing may be fetched from.
    #[error("{url} redirects too often or to no https:// address; try again later")]
    Redirects {
        /// The address.
        url: String,
    },
    /// Nothing arrived for too long.
    #[error("{host} sends nothing any more; try again")]
    Stalled {
        /// Name of the server.
        host: String,
    },
    /// The connection ended early.
    #[error("{url} ended after {received} of {expected} bytes; try again")]
    Cut {
        /// The address.
        url: String,
        /// Bytes that arrived.
        received: u64,
        /// Bytes announced.
        expected: u64,
    },
    /// Not the file that was expected.
    #[error("{url} has {found} bytes instead of {expected}, so it is another file; use another source")]
    WrongSize {
        /// The address.
        url: String,
        /// Bytes expected.
        expected: u64,
        /// Bytes announced.
        found: u64,
    },
    /// More bytes than announced or allowed.
    #[error("{url} is larger than the {max} bytes that are allowed; choose another file")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit.
        max: u64,
    },
    /// All bytes arrived, but others than expected.
    #[error(
        "{url} arrived with sha256 {found} instead of {expected} and was discarded; try again or use another source"
    )]
    WrongHash {
        /// The address.
        url: String,
        /// The hash it must have.
        expected: String,
        /// The hash it has.
        found: String,
    },
    /// The server does not tell the hash of a file whose hash is not known beforehand.
    #[error("{url} comes without a sha256 to verify it by; use another source")]
    Unverifiable {
        /// The address.
        url: String,
    },
    /// No space, no permission.
    #[error("{file} cannot be written ({source}); free space on the disk or choose another folder, then try again")]
    Disk {
        /// The file.
        file: String,
        /// The system's reason.
        source: io::Error,
    },
    /// Another program is at it.
    #[error("{file} is being downloaded by another program; wait until it is done")]
    Busy {
        /// The file.
        file: String,
    },
    /// The user changed their mind.
    #[error("the download was cancelled; what has arrived is kept for the next time")]
    Cancelled,
}

impl FetchError {
    pub(crate) fn disk(file: &Path, source: io::Error) -> Self {
        Self::Disk {
            file: file.display().to_string(),
            source,
        }
    }

    /// Whether the same request may succeed a little later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Stalled { .. } | Self::Cut { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500..=599),
            _ => false,
        }
    }

    /// Whether another source would fail for the same reason.
    pub(crate) fn concerns_all_sources(&self) -> bool {
        matches!(self, Self::Disk { .. } | Self::Busy { .. } | Self::Cancelled)
    }
}

fn meaning(status: u16) -> &'static str {
    match status {
        401 | 403 => "access denied",
        404 | 410 => "there is no such file",
        407 => "the proxy wants a password",
        429 => "too many requests",
        500..=599 => "a failure of the server",
        _ => "which was not expected",
    }
}

fn advice(status: u16) -> &'static str {
    match status {
        401 | 403 | 404 | 410 => "use another source",
        407 => "put it into HTTPS_PROXY",
        _ => "try again later",
    }
}
