//! What the window says of maps that say little, and what it offers instead.

use std::path::Path;

use egui::{Key, accesskit::Role};
use gradcam_explorer::explain::{Method, Score};
use gradcam_explorer::gui::state::State;

use crate::support::{DOG_AND_CAT, Window};

/// A window with the fish and the key, the probability as score, and a class that is chosen by name.
fn probability_of(class: &str) -> Window {
    let mut window = Window::with_sample("fish-key.png");
    window.role(Role::RadioButton, "Probability").click();
    window.settle();
    window.last(class).click();
    window.settle();
    window
}

#[test]
fn a_probability_that_mostly_speaks_of_the_winner_says_so_and_offers_the_logit() {
    let mut window = probability_of("clock");
    assert!(!window.state().shown.as_ref().unwrap().is_empty());
    assert!(window.has("This map mostly says: not key"));
    window.click("Explain the logit");
    assert_eq!(window.state().choices.score, Some(Score::Logit));
    assert_eq!(window.state().shown.as_ref().unwrap().key.score, Score::Logit);
    assert!(!window.has_text("mostly says"));
}

#[test]
fn what_is_in_the_picture_beside_the_winner_and_the_winner_itself_have_maps_of_their_own() {
    for class in ["fish", "key"] {
        let window = probability_of(class);
        assert!(!window.has_text("mostly says"), "{class}");
    }
}

#[test]
fn the_logit_and_the_difference_of_two_classes_speak_for_themselves() {
    let mut window = probability_of("clock");
    window.click("Compare with…");
    window.last("fish").click();
    window.settle();
    assert!(!window.has_text("mostly says"));
    window.key(Key::Escape);
    assert!(window.has_text("mostly says"));
    window.role(Role::RadioButton, "Logit").click();
    window.settle();
    assert!(!window.has_text("mostly says"));
}

/// A window in which EfficientNet-Lite0 explains a sample at a layer before its last one.
fn early_layer() -> Window {
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/photographs.safetensors");
    let mut window = Window::with_weights(weights);
    window.wait("a map", is_still);
    assert!(!window.has_text("often misses"));
    window.key(Key::OpenBracket);
    window.wait("its map", is_still);
    window
}

fn is_still(state: &State) -> bool {
    state.shown.is_some() && !state.loading && !state.is_waiting_for_map()
}

#[test]
fn off_the_last_layer_hires_cam_is_offered_once() {
    let mut window = early_layer();
    assert!(window.has_text("often misses the object"));
    // it lies over the picture, and nothing moves for it
    let places = |window: &Window| ["Default", "Overlay", "True cells"].map(|label| window.label(label).rect());
    let before = places(&window);
    assert!(window.picture().contains(window.label("Use HiResCAM").rect().center()));
    window.key(Key::CloseBracket);
    window.wait("the last layer", is_still);
    assert!(!window.has_text("often misses"));
    window.key(Key::OpenBracket);
    window.wait("the layer before", is_still);
    window.click("Use HiResCAM");
    window.wait("its map", is_still);
    assert_eq!(places(&window), before);
    assert_eq!(window.state().choices.method, Method::HiresCam);
    assert!(!window.has_text("often misses"));
    // whoever goes back knows
    window.role(Role::ComboBox, "Method").click();
    window.settle();
    window.last("Grad-CAM").click();
    window.wait("the map of before", is_still);
    assert_eq!(window.state().choices.method, Method::GradCam);
    assert!(!window.has_text("often misses"));
}

#[test]
fn the_advice_can_be_waved_away_and_is_given_in_xception_too() {
    let mut window = early_layer();
    window.click("Stay with Grad-CAM");
    assert!(!window.has_text("often misses"));
    window.key(Key::OpenBracket);
    window.wait("another layer", is_still);
    assert!(!window.has_text("often misses"));
    let mut window = Window::with_sample(DOG_AND_CAT);
    assert!(!window.has_text("often misses"));
    window.key(Key::OpenBracket);
    window.wait("its map", is_still);
    assert!(window.has_text("often misses"));
    window.click("Stay with Grad-CAM");
    assert!(!window.has_text("often misses"));
}
