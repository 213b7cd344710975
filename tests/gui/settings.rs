//! Settings of the map, of the window, and their way over a restart.

use egui::{Key, accesskit::Role};
use gradcam_explorer::explain::Score;
use gradcam_explorer::gui::choices::{Appearance, Choices, Scale};
use gradcam_explorer::imaging::{Colormap, Resize};
use gradcam_explorer::weights::BuiltIn;

use crate::support::{DOG_AND_CAT, Window, small_weights};

#[test]
fn score_scale_and_colours_change_the_picture_at_once_and_reset_with_one_click() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let before = window.state().shown.clone().unwrap();
    window.role(Role::RadioButton, "Probability").click();
    window.settle();
    assert_eq!(window.state().choices.score, Some(Score::Probability));
    assert_ne!(window.state().shown.as_ref().unwrap().map, before.map);
    window.click("Fixed");
    assert_eq!(window.state().choices.scale, Scale::Fixed);
    let fixed = window.state().shown.as_ref().unwrap().maximum;
    window.key(Key::ArrowDown);
    assert_eq!(window.state().shown.as_ref().unwrap().maximum, fixed);
    window.role(Role::ComboBox, "Colours").click();
    window.settle();
    window.click("viridis");
    assert_eq!(window.state().choices.colormap, Colormap::Viridis);
    window.click("Reset");
    let chosen = window.state().choices.class;
    assert_eq!(
        window.state().choices,
        Choices {
            class: chosen,
            ..Choices::default()
        }
    );
}

#[test]
fn the_score_is_the_networks_until_a_person_chooses_and_then_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::with_sample(DOG_AND_CAT);
    assert_eq!(
        (window.state().choices.score, window.state().score()),
        (None, Score::Logit)
    );
    assert_eq!(window.state().shown.as_ref().unwrap().key.score, Score::Logit);
    assert!(window.has("Recommended for this network"));
    window.role(Role::RadioButton, "Probability").click();
    window.settle();
    assert!(!window.has("Recommended for this network"));
    window.drop_files(&[small_weights(folder.path())]);
    window.wait("a map of the other network", |state| {
        let is_other = state
            .network
            .as_ref()
            .is_some_and(|network| network.weights.classes == 7);
        is_other && state.shown.is_some()
    });
    assert_eq!(window.state().shown.as_ref().unwrap().key.score, Score::Probability);
    window.click("Recommended here: logit");
    assert_eq!(window.state().choices.score, None);
    assert_eq!(window.state().shown.as_ref().unwrap().key.score, Score::Logit);
}

#[test]
fn a_choice_that_is_what_is_recommended_is_a_choice_too() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.role(Role::RadioButton, "Logit").click();
    window.settle();
    assert_eq!(window.state().choices.score, Some(Score::Logit));
    assert!(window.has("Recommended here: logit"));
}

#[test]
fn another_way_to_the_input_size_predicts_anew() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let before = window.state().prediction().unwrap().logits.clone();
    window.role(Role::ComboBox, "Resizing").click();
    window.settle();
    window.click("Bilinear");
    window.wait("another prediction", |state| {
        state
            .prediction()
            .is_some_and(|found| found.preprocessing.resize == Resize::Bilinear)
    });
    assert_ne!(window.state().prediction().unwrap().logits, before);
}

#[test]
fn light_and_dark_are_one_key_apart() {
    let mut window = Window::empty();
    assert!(window.state().is_dark);
    window.command_key(Key::D);
    window.settle();
    assert!(!window.state().is_dark);
    assert_eq!(window.state().preferences.appearance, Appearance::Light);
}

#[test]
fn help_lists_the_keys_and_esc_leaves_it() {
    let mut window = Window::empty();
    window.key(Key::F1);
    assert!(window.has("Class below") && window.has("Grad-CAM"));
    window.key(Key::Escape);
    assert!(!window.has("Class below"));
}

#[test]
fn the_badge_tells_network_device_and_time() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let name = window.state().network.as_ref().unwrap().weights.name.clone();
    window
        .find(|label| label.starts_with(&name) && label.ends_with(" ms"))
        .click();
    window.settle();
    window.click("Compute SHA-256");
    window.wait("the hash", |state| {
        state.fingerprint.as_ref().is_some_and(|(hash, _)| hash.len() == 64)
    });
    assert!(window.has_text("SHA-256: "));
}

#[test]
fn the_window_says_that_the_built_in_network_knows_no_photographs_and_offers_the_other() {
    let window = Window::with_sample(DOG_AND_CAT);
    assert!(window.has("This network knows 18 drawn things, not photographs."));
    assert!(window.has("Download ImageNet weights (92 MB)"));
}

#[test]
fn the_other_network_in_the_box_is_one_click_away() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.find(|label| label.contains("299×299 · -1..1 · CPU")).click();
    window.settle();
    window.click("Built-in: photographs");
    window.wait("the classes of photographs", |state| {
        state
            .network
            .as_ref()
            .is_some_and(|network| network.labels.len() == 1000)
    });
    window.wait("their map", |state| state.shown.is_some());
    assert!(window.has("Built-in: 1000 ImageNet classes (EfficientNet-Lite0, 75 % top-1 by its authors)."));
}

#[test]
fn weights_that_cannot_be_used_are_told_and_the_built_in_network_speaks() {
    let mut window = Window::with_weights("/no/such/weights.safetensors".into());
    window.wait("a map of the built-in network", |state| state.shown.is_some());
    let network = window.state().network.as_ref().unwrap();
    assert_eq!(network.weights.built_in, Some(BuiltIn::Photographs));
    assert!(window.state().network_error.is_none());
}

#[test]
fn labels_that_do_not_fit_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let weights = small_weights(folder.path());
    std::fs::write(folder.path().join("labels.txt"), "elk\nmoose").unwrap();
    let mut window = Window::with_weights(weights);
    window.wait("a map", |state| state.shown.is_some());
    let told = window.told();
    assert!(told.len() == 1 && told[0].contains("labels.txt"), "{told:?}");
}

#[test]
fn a_fine_tuned_network_speaks_with_its_own_labels() {
    let folder = tempfile::tempdir().unwrap();
    let weights = small_weights(folder.path());
    let names = ["elk", "moose", "red deer", "roe", "fallow", "reindeer", "none"];
    std::fs::write(folder.path().join("labels.txt"), names.join("\n")).unwrap();
    let mut window = Window::with_weights(weights);
    window.wait("a map", |state| state.shown.is_some());
    assert_eq!(window.listed().len(), 7);
    assert!(names.iter().all(|name| window.has(name)));
    // the file's own name, since its hash is not that of any published weights
    assert!(window.has_text("deer.safetensors · 71×71 · -1..1 · CPU"));
    window.wait("the hash of the file", |state| state.fingerprint.is_some());
    assert!(!window.has("This network knows 18 drawn things, not photographs."));
}
