//! What is kept between starts: read with caution, since a file can hold anything, and written.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::APP_ID;
use super::choices::{Choices, Preferences};

/// The name of the choices in the file.
const CHOICES: &str = "choices";
/// The name of the preferences in the file.
const PREFERENCES: &str = "preferences";

/// What an earlier start has left.
#[derive(Debug, Default)]
pub struct Kept {
    /// With the values of a fresh start where there are none.
    pub choices: Choices,
    /// With the values of a fresh start where there are none.
    pub preferences: Preferences,
    /// What went wrong, in one sentence.
    pub problem: Option<String>,
}

/// The file of the settings; none where the system has no place for it.
pub fn file() -> Option<PathBuf> {
    Some(eframe::storage_dir(APP_ID)?.join("app.ron"))
}

/// Reads what is kept. `file` is where `storage` was read from, to set it aside if it is broken.
pub fn read(storage: Option<&dyn eframe::Storage>, file: Option<&Path>) -> Kept {
    let Some(storage) = storage else {
        return Kept::default();
    };
    Kept {
        choices: stored::<Choices>(storage, CHOICES).within_ranges(),
        preferences: stored::<Preferences>(storage, PREFERENCES).within_ranges(),
        problem: file.and_then(|file| set_broken_aside(storage, file)),
    }
}

/// Hands over what is to be kept.
pub fn write(storage: &mut dyn eframe::Storage, choices: &Choices, preferences: &Preferences) {
    eframe::set_value(storage, CHOICES, choices);
    eframe::set_value(storage, PREFERENCES, preferences);
}

/// What was kept under a name; the default where it is missing or no longer readable.
fn stored<T: Default + DeserializeOwned>(storage: &dyn eframe::Storage, name: &str) -> T {
    eframe::get_value(storage, name).unwrap_or_default()
}

/// Keeps a settings file that cannot be read beside the new one, since eframe would write over it.
///
/// eframe reads such a file as if it were empty, so a file that holds something while nothing was read is broken.
fn set_broken_aside(storage: &dyn eframe::Storage, file: &Path) -> Option<String> {
    let is_empty = storage.get_string(CHOICES).is_none() && storage.get_string(PREFERENCES).is_none();
    let holds_something = std::fs::metadata(file).is_ok_and(|file| file.len() > 0);
    if !is_empty || !holds_something {
        return None;
    }
    let aside = file.with_extension("ron.broken");
    Some(match std::fs::rename(file, &aside) {
        Ok(()) => format!(
            "The settings could not be read, so they are those of a fresh start; the file was set aside as {}.",
            aside.display()
        ),
        Err(error) => format!(
            "The settings in {} could not be read, and not be set aside either ({error}); they will be written over.",
            file.display()
        ),
    })
}
