//! The Hugging Face Hub: where it is, and what it has left in this machine's cache.

use std::path::{Path, PathBuf};

use crate::weights::sources::published::{Address, SOURCES};

/// The public Hub.
pub const PUBLIC: &str = "https://huggingface.co";

/// What the cache puts before the name of a repository to name its folder.
const REPOSITORY: &str = "models--";

/// Files of known sources in the cache `folder`; of each the revision that its branch stands at comes first.
///
/// Layout: `models--ORGANISATION--NAME/snapshots/COMMIT/FILE`, with `refs/BRANCH` holding a commit.
pub(crate) fn cached(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for source in &SOURCES {
        let Address::Hub {
            repository,
            revision,
            file,
        } = source.address
        else {
            continue;
        };
        let repository = folder.join(format!("{REPOSITORY}{}", repository.replace('/', "--")));
        let current = std::fs::read_to_string(repository.join("refs").join(revision)).unwrap_or_default();
        let mut snapshots: Vec<PathBuf> = std::fs::read_dir(repository.join("snapshots"))
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        snapshots.sort_by_key(|snapshot| (!snapshot.ends_with(current.trim()), snapshot.clone()));
        let files = snapshots.into_iter().map(|snapshot| snapshot.join(file));
        found.extend(files.filter(|file| file.is_file()));
    }
    found
}

/// The repository, `organisation/name`, that a file in the cache belongs to.
pub(crate) fn repository_of(file: &Path) -> Option<String> {
    let mut parts = file.iter().map(|part| part.to_string_lossy());
    parts.find_map(|part| Some(part.strip_prefix(REPOSITORY)?.replace("--", "/")))
}
