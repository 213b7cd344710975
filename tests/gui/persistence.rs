//! What is written: saved pictures, and choices over a restart.

use std::collections::HashMap;

use eframe::App as _;
use egui::Key;
use gradcam_explorer::explain::Score;
use gradcam_explorer::gui::choices::{Appearance, Choices, Preferences, View};
use gradcam_explorer::gui::dialogs::Question;
use gradcam_explorer::gui::state::PathField;

use crate::support::{DOG_AND_CAT, Window};

#[test]
fn the_overlay_is_saved_at_the_photos_own_size_where_the_path_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved.png");
    let mut window = Window::with_sample(DOG_AND_CAT);
    // as on a system without dialogs, where the window asks for the path itself
    let field = PathField {
        question: Question::SaveOverlay("suggestion.png".to_owned()),
        text: String::new(),
    };
    window.harness.state_mut().state_mut().path_field = Some(field);
    window.settle();
    window.type_text(path.to_str().unwrap());
    window.click("Save");
    let start = std::time::Instant::now();
    while window.told().is_empty() && start.elapsed().as_secs() < 60 {
        window.harness.step();
    }
    assert!(window.told()[0].starts_with("Saved "), "{:?}", window.told());
    let saved = image::open(&path).unwrap();
    assert_eq!((saved.width(), saved.height()), (640, 480));
}

#[test]
fn saving_without_an_image_says_what_to_do() {
    let mut window = Window::empty();
    window.command_key(Key::S);
    assert!(window.told()[0].contains("open an image first"));
}

/// A place for settings in memory.
#[derive(Default)]
struct Memory(HashMap<String, String>);

impl eframe::Storage for Memory {
    fn get_string(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }

    fn set_string(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }

    fn remove_string(&mut self, key: &str) {
        self.0.remove(key);
    }

    fn flush(&mut self) {}
}

#[test]
fn settings_are_kept_and_classes_are_not() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let second = window.listed()[1].clone();
    window.click(&second);
    window.click("Mask");
    window.click("Logit");
    window.command_key(Key::D);
    let mut memory = Memory::default();
    window.harness.state_mut().save(&mut memory);
    let choices: Choices = eframe::get_value(&memory, "choices").unwrap();
    assert_eq!(
        (choices.view, choices.score, choices.class),
        (View::Mask, Score::Logit, None)
    );
    let preferences: Preferences = eframe::get_value(&memory, "preferences").unwrap();
    assert_eq!(preferences.appearance, Appearance::Light);
}

#[test]
fn settings_of_another_version_are_read_as_far_as_they_go() {
    let mut memory = Memory::default();
    eframe::Storage::set_string(&mut memory, "choices", "(blend:0.25,unknown:7)".to_owned());
    let choices: Choices = eframe::get_value(&memory, "choices").unwrap();
    assert_eq!(
        choices,
        Choices {
            blend: 0.25,
            ..Choices::default()
        }
    );
}
