//! Which published weights a network is, so that nothing else passes for them.

use super::checked::Weights;
use super::error::WeightsError;
use super::info::key;
use super::sources::published::Source;

/// The origin of weights, as far as hashes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fingerprint {
    /// The weights that Keras itself loads.
    OfficialKeras,
    /// A known port of them.
    Port(&'static Source),
    /// Any other file.
    Unknown,
}

impl Weights {
    /// Recognises published weights, as they are or as this program imported them.
    ///
    /// An imported file counts only if its tensors are still those that were imported. Reads the whole file.
    ///
    /// # Errors
    /// Failures of the system to read the file.
    pub fn fingerprint(&self) -> Result<Fingerprint, WeightsError> {
        let imported_from = match (self.info().source_sha256(), self.info().metadata.get(key::DATA_SHA256)) {
            (Some(source), Some(data)) if *data == self.data_sha256()? => Source::of_sha256(source),
            _ => None,
        };
        let source = match imported_from {
            Some(source) => Some(source),
            None => Source::of_sha256(&self.sha256()?),
        };
        Ok(match source {
            Some(source) if source.official => Fingerprint::OfficialKeras,
            Some(source) => Fingerprint::Port(source),
            None => Fingerprint::Unknown,
        })
    }
}
