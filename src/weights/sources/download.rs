//! Downloads the ImageNet weights from the first source that has them, and imports them.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use thiserror::Error;

use super::environment::Environment;
use super::fetch::{self, FetchError, Progress, Request, Timeouts};
use super::http::Client;
use super::lock::Lock;
use crate::models::keras::NetworkChoices;
use crate::models::xception::architecture::KERAS_INPUT_SIZE;
use crate::weights::checked::Weights;
use crate::weights::error::WeightsError;
use crate::weights::import::{ImportOptions, import};
use crate::weights::sources::published::{Address, Source};

/// The name of the imported file in the folder for weights.
pub const DOWNLOADED: &str = "xception-imagenet.safetensors";
/// What a download may take where its size is not known; the network has 92 MB.
const MAX_BYTES: u64 = 200 << 20;

/// Why no source could be used.
#[derive(Debug, Error)]
pub enum DownloadError {
    /// A failure that has nothing to do with the source.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What arrived is no network.
    #[error(transparent)]
    Import(#[from] WeightsError),
    /// All sources failed.
    #[error("the weights could not be fetched: {}", joined(.0))]
    AllSources(Vec<DownloadError>),
    /// There is nothing to try.
    #[error("there is no source to download from: unset HF_HUB_OFFLINE, or give a file with --weights")]
    NoSource,
}

/// The reasons one after another, each once: without a network all servers are missing for the same.
fn joined(errors: &[DownloadError]) -> String {
    let (mut hosts, mut others) = (Vec::new(), Vec::new());
    for error in errors {
        let (list, text) = match error {
            DownloadError::Fetch(FetchError::Unreachable { host, .. }) => (&mut hosts, host.clone()),
            other => (&mut others, other.to_string()),
        };
        if !list.contains(&text) {
            list.push(text);
        }
    }
    if !hosts.is_empty() {
        let hosts = hosts.join(", ");
        others.push(format!(
            "{hosts} cannot be reached; check the network and HTTPS_PROXY, then try again"
        ));
    }
    others.join("; ")
}

/// Downloads to `folder` and imports to [`DOWNLOADED`] in it, trying the sources one after another.
///
/// `progress` also learns which source it is.
///
/// # Errors
/// The reasons of all sources, or the first that concerns them all.
pub fn download(
    sources: &[Source],
    folder: &Path,
    environment: &Environment,
    timeouts: &Timeouts,
    progress: &mut dyn FnMut(&Source, Progress),
    cancel: &AtomicBool,
) -> Result<Weights, DownloadError> {
    fs::create_dir_all(folder).map_err(|error| FetchError::disk(folder, error))?;
    // held until the import is done, too
    let _lock = Lock::of(&folder.join(DOWNLOADED))?;
    let mut errors = Vec::new();
    for source in sources {
        if environment.hub_offline && matches!(source.address, Address::Hub { .. }) {
            continue;
        }
        let url = source.url(environment.hub());
        match download_one(
            source,
            &url,
            folder,
            timeouts,
            &mut |state| progress(source, state),
            cancel,
        ) {
            Err(DownloadError::Fetch(error)) if error.concerns_all_sources() => return Err(error.into()),
            Err(error) => errors.push(error),
            Ok(weights) => return Ok(weights),
        }
    }
    if errors.is_empty() {
        return Err(DownloadError::NoSource);
    }
    Err(DownloadError::AllSources(errors))
}

fn download_one(
    source: &Source,
    url: &str,
    folder: &Path,
    timeouts: &Timeouts,
    progress: &mut dyn FnMut(Progress),
    cancel: &AtomicBool,
) -> Result<Weights, DownloadError> {
    let (sha256, size) = match source.sha256 {
        Some(sha256) => (sha256.to_owned(), source.size),
        None => {
            let client = Client::new(url, timeouts)?;
            let file = client.watched(cancel, || client.hub_file(url))?;
            (file.sha256, file.size)
        }
    };
    // one name for all sources, so that two programs see each other
    let arrived = folder.join("xception-imagenet.download");
    let request = Request {
        url,
        out: &arrived,
        sha256: Some(&sha256),
        size,
        max_bytes: MAX_BYTES,
    };
    fetch::fetch(&request, timeouts, progress, cancel)?;
    let options = ImportOptions {
        // all published sources are the network of Keras' own size
        choices: NetworkChoices {
            input_size: Some([KERAS_INPUT_SIZE; 2]),
            ..NetworkChoices::default()
        },
        name: Some(source.name.to_owned()),
        source: Some(url.to_owned()),
        licence: Some(source.licence.to_owned()),
        ..ImportOptions::default()
    };
    let imported = import(&arrived, &folder.join(DOWNLOADED), &options);
    fs::remove_file(&arrived).map_err(|error| FetchError::disk(&arrived, error))?;
    Ok(imported?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_cannot_be_reached_are_named_once_and_together() {
        let unreachable = |host: &str| {
            DownloadError::Fetch(FetchError::Unreachable {
                host: host.to_owned(),
                reason: "no route".to_owned(),
            })
        };
        let error = DownloadError::AllSources(vec![unreachable("a.org"), unreachable("b.org"), unreachable("b.org")]);
        assert_eq!(
            error.to_string(),
            "the weights could not be fetched: a.org, b.org cannot be reached; check the network and HTTPS_PROXY, then try again"
        );
    }
}
