//! `.keras` archives: a zip with the description of the model and its weights as HDF5.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _};

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::storage::Storage;
use crate::models::keras::Description;
use crate::weights::error::WeightsError;

/// Unpacked weights may be this much larger than the archive; they hardly compress.
const MAX_EXTRA: u64 = 16 << 20;
/// The description of a model of a few hundred layers takes a tenth of this.
const MAX_CONFIG: u64 = 16 << 20;

/// The two parts of an archive that matter.
pub(crate) struct KerasArchive {
    pub description: Description,
    /// `model.weights.h5`: its place in the archive, or its bytes where they are compressed.
    pub weights: Storage,
}

impl KerasArchive {
    /// Reads an archive; one of PyTorch is refused as the pickle it contains.
    pub(crate) fn read(name: &str, opened: File) -> Result<Self, WeightsError> {
        let read_error = |source| WeightsError::Read {
            file: name.to_owned(),
            source,
        };
        let len = opened.metadata().map_err(read_error)?.len();
        let damaged = |error: ZipError| match error {
            ZipError::Io(source) if source.kind() != io::ErrorKind::InvalidData => read_error(source),
            other => format_error(name, other.to_string()),
        };
        let again = opened.try_clone().map_err(read_error)?;
        let mut zip = ZipArchive::new(opened).map_err(damaged)?;
        // PyTorch names the folder in the archive as the file was once called
        let is_pickle = zip
            .file_names()
            .any(|file| file.is_ok_and(|file| file.ends_with("data.pkl")));
        if is_pickle {
            return Err(WeightsError::Pickle { file: name.to_owned() });
        }
        let part = |zip: &mut ZipArchive<File>, file: &str, limit: u64| -> Result<Vec<u8>, WeightsError> {
            let entry = zip.by_name(file).map_err(|error| match error {
                ZipError::FileNotFound => format_error(name, format!("there is no {file} in it")),
                error => damaged(error),
            })?;
            let mut bytes = Vec::new();
            let read = entry.take(limit + 1).read_to_end(&mut bytes);
            read.map_err(|error| format_error(name, format!("{file} in it is damaged ({error})")))?;
            if bytes.len() as u64 > limit {
                return Err(format_error(name, format!("{file} in it is larger than {limit} bytes")));
            }
            Ok(bytes)
        };
        let json = part(&mut zip, "config.json", MAX_CONFIG)?;
        // it only tells the version, so that one may do without
        let about: Option<serde_json::Value> = part(&mut zip, "metadata.json", MAX_CONFIG)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok());
        let version = about.and_then(|about| about.get("keras_version")?.as_str().map(str::to_owned));
        let description = Description {
            config: String::from_utf8_lossy(&json).into_owned(),
            training: None,
            version,
        };
        const WEIGHTS: &str = "model.weights.h5";
        let weights = match place(&mut zip, WEIGHTS).map_err(|reason| format_error(name, reason))? {
            Some((start, len)) => Storage::File {
                file: again,
                start,
                len,
            },
            None => Storage::Memory(Cow::Owned(part(&mut zip, WEIGHTS, len + MAX_EXTRA)?)),
        };
        Ok(Self { description, weights })
    }
}

/// Start and length of a file that lies in the archive as it is, which is how Keras saves; its checksum is compared once.
fn place(zip: &mut ZipArchive<File>, file: &str) -> Result<Option<(u64, u64)>, String> {
    let Ok(mut entry) = zip.by_name(file) else {
        return Ok(None);
    };
    if entry.compression() != CompressionMethod::Stored || entry.encrypted() {
        return Ok(None);
    }
    let Some(start) = entry.data_start() else {
        return Ok(None);
    };
    let read = io::copy(&mut entry, &mut io::sink());
    read.map(|len| Some((start, len)))
        .map_err(|error| format!("{file} in it is damaged ({error})"))
}

fn format_error(name: &str, reason: String) -> WeightsError {
    WeightsError::Format {
        file: name.to_owned(),
        kind: "Keras archive",
        reason,
    }
}
