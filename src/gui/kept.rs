//! What is kept between starts: read with caution, since a file can hold anything, and written.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::APP_ID;
use super::choices::{Choices, Preferences};
use super::left_open::LeftOpen;
use crate::explain::Score;
use crate::explorer::InputChoices;
use crate::imaging::Resize;

/// The name of the choices in the file.
const CHOICES: &str = "choices";
/// The name of the preferences in the file.
const PREFERENCES: &str = "preferences";

/// The name of what was open in the file.
const LEFT_OPEN: &str = "left open";

/// What an earlier start has left.
#[derive(Debug, Default)]
pub struct Kept {
    /// With the values of a fresh start where there are none.
    pub choices: Choices,
    /// With the values of a fresh start where there are none.
    pub preferences: Preferences,
    /// What was open when the window was closed.
    pub left_open: LeftOpen,
    /// What was chosen of the way from photo to input before that was kept with each network.
    pub input: InputChoices,
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
    let choices = stored::<Choices>(storage, CHOICES);
    let preferences = stored::<Preferences>(storage, PREFERENCES);
    let left_open = stored::<LeftOpen>(storage, LEFT_OPEN);
    let is_broken = choices.is_err() || preferences.is_err() || left_open.is_err() || is_unread(storage, file);
    let mut choices = choices.unwrap_or_default().within_ranges();
    let score = stored::<ScoreBefore>(storage, CHOICES).unwrap_or_default();
    choices.score = choices.score.or(score.chosen());
    Kept {
        choices,
        preferences: preferences.unwrap_or_default().within_ranges(),
        left_open: left_open.unwrap_or_default(),
        input: stored::<Before>(storage, CHOICES).unwrap_or_default().input(),
        problem: file.filter(|_| is_broken).map(set_aside),
    }
}

/// What was once among the choices.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Before {
    resize: Resize,
}

impl Before {
    /// The usual way is no choice.
    fn input(self) -> InputChoices {
        InputChoices {
            resize: Some(self.resize).filter(|&resize| resize != Resize::default()),
            ..InputChoices::default()
        }
    }
}

/// The score, when every network had the same one unless a person chose.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ScoreBefore {
    score: Score,
}

impl ScoreBefore {
    /// The probability was what nobody had to choose.
    fn chosen(self) -> Option<Score> {
        Some(self.score).filter(|&score| score != Score::Probability)
    }
}

/// Hands over what is to be kept.
pub fn write(storage: &mut dyn eframe::Storage, choices: &Choices, preferences: &Preferences, left_open: &LeftOpen) {
    eframe::set_value(storage, LEFT_OPEN, left_open);
    eframe::set_value(storage, CHOICES, choices);
    eframe::set_value(storage, PREFERENCES, preferences);
}

/// An entry that is there and cannot be read.
struct Unreadable;

/// What was kept under a name; the default where nothing was.
fn stored<T: Default + DeserializeOwned>(storage: &dyn eframe::Storage, name: &str) -> Result<T, Unreadable> {
    match storage.get_string(name) {
        Some(_) => eframe::get_value(storage, name).ok_or(Unreadable),
        None => Ok(T::default()),
    }
}

/// Whether the file as a whole could not be read: eframe then reads it as if it were empty.
fn is_unread(storage: &dyn eframe::Storage, file: Option<&Path>) -> bool {
    let is_empty = storage.get_string(CHOICES).is_none() && storage.get_string(PREFERENCES).is_none();
    is_empty && file.is_some_and(|file| std::fs::metadata(file).is_ok_and(|file| file.len() > 0))
}

/// Keeps a settings file that cannot be read beside the new one, since eframe would write over it; says so.
fn set_aside(file: &Path) -> String {
    let aside = file.with_extension("ron.broken");
    match std::fs::rename(file, &aside) {
        Ok(()) => format!(
            "The settings could not be read, so what was unreadable is as at a fresh start; the file was set aside as {}.",
            aside.display()
        ),
        Err(error) => format!(
            "The settings in {} could not be read, and not be set aside either ({error}); they will be written over.",
            file.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place that has these choices.
    struct Stored(&'static str);

    impl eframe::Storage for Stored {
        fn get_string(&self, key: &str) -> Option<String> {
            (key == CHOICES).then(|| self.0.to_owned())
        }

        fn set_string(&mut self, _: &str, _: String) {}

        fn remove_string(&mut self, _: &str) {}

        fn flush(&mut self) {}
    }

    #[test]
    fn the_way_of_resizing_is_read_where_an_earlier_version_kept_it() {
        for (kept, resize) in [
            ("(resize:bilinear,blend:0.25)", Some(Resize::Bilinear)),
            ("(resize:nearest,blend:0.25)", None),
            ("(resize:7,blend:0.25)", None),
            ("(blend:0.25)", None),
        ] {
            let read = read(Some(&Stored(kept)), None);
            assert_eq!((read.input.resize, read.choices.blend), (resize, 0.25), "{kept}");
        }
    }

    #[test]
    fn a_score_that_an_earlier_version_kept_is_a_choice_only_if_somebody_made_it() {
        for (kept, score) in [
            ("(score:logit,blend:0.25)", Some(Score::Logit)),
            ("(score:probability,blend:0.25)", None),
            ("(score:7,blend:0.25)", None),
            ("(blend:0.25)", None),
            ("(chosen_score:None,blend:0.25)", None),
            ("(chosen_score:Some(probability),blend:0.25)", Some(Score::Probability)),
        ] {
            let read = read(Some(&Stored(kept)), None);
            assert_eq!((read.choices.score, read.choices.blend), (score, 0.25), "{kept}");
        }
    }
}
