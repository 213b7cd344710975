//! From an empty window to another class, layer and blend.

use egui::{Key, accesskit::Role};
use gradcam_explorer::explain::Target;

use crate::support::{DOG_AND_CAT, Window, sample};

#[test]
fn an_empty_window_says_what_to_do() {
    let window = Window::empty();
    assert!(window.has("Where does the network look?"));
    assert!(window.has("Open images…"));
}

#[test]
fn the_program_greets_with_a_sample_its_classes_and_a_map() {
    let mut window = Window::greeting();
    window.wait("a map of the sample", |state| state.shown.is_some());
    assert_eq!(window.state().images.list().len(), 1);
    assert_eq!(window.listed().first().map(String::as_str), Some("football helmet"));
    assert!(window.has_text("Red is where the network sees football helmet."));
}

#[test]
fn the_greeting_gives_way_to_the_first_image_that_can_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.png");
    std::fs::write(&broken, b"\x89PNG\r\n\x1a\n").unwrap();
    let own = folder.path().join("own.png");
    std::fs::copy(sample(DOG_AND_CAT), &own).unwrap();
    let names = |window: &Window| -> Vec<String> {
        let list = window.state().images.list().iter();
        list.map(|image| image.name.clone()).collect()
    };
    let mut window = Window::greeting();
    window.wait("a map of the sample", |state| state.shown.is_some());
    let greeting = names(&window);
    window.drop_files(&[broken]);
    window.wait_until_told();
    assert_eq!(names(&window), greeting);
    window.drop_files(&[own]);
    window.wait("a map of the own image", |state| {
        let is_alone = matches!(state.images.list(), [only] if only.name == "own.png");
        is_alone && state.shown.is_some() && !state.is_waiting_for_map()
    });
    assert!(!window.has_text("Red is where"));
}

#[test]
fn the_greeting_gives_way_to_an_own_photo_that_is_called_as_a_sample() {
    let mut window = Window::greeting();
    window.wait("a map of the sample", |state| state.shown.is_some());
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join(&window.state().images.current().unwrap().name);
    image::open(sample(DOG_AND_CAT))
        .unwrap()
        .into_rgb8()
        .save(&own)
        .unwrap();
    window.drop_files(std::slice::from_ref(&own));
    window.wait("the own photo alone", |state| {
        matches!(state.images.list(), [only] if only.path.as_ref() == Some(&own)) && state.shown.is_some()
    });
}

#[test]
fn a_dropped_image_shows_its_predictions_and_the_map_of_the_first() {
    let mut window = Window::empty();
    window.drop_files(&[sample(DOG_AND_CAT)]);
    window.wait("a map", |state| state.shown.is_some());
    assert_eq!(window.listed().len(), 10);
    assert_eq!(window.chosen(), window.listed().first().cloned());
    for class in window.listed() {
        assert!(window.has(&class), "{class}");
    }
    assert_eq!(window.shown_layer().as_deref(), Some("block14_sepconv2_act"));
}

#[test]
fn click_and_keys_choose_classes() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let listed = window.listed();
    window.click(&listed[3]);
    assert_eq!(window.chosen().as_ref(), Some(&listed[3]));
    window.key(Key::ArrowDown);
    assert_eq!(window.chosen().as_ref(), Some(&listed[4]));
    window.key(Key::ArrowUp);
    window.key(Key::ArrowUp);
    assert_eq!(window.chosen().as_ref(), Some(&listed[2]));
    window.key(Key::Num0);
    assert_eq!(window.chosen().as_ref(), Some(&listed[9]));
    window.key(Key::Num1);
    assert_eq!(window.chosen().as_ref(), Some(&listed[0]));
    let shown = window.state().shown.as_ref().unwrap();
    assert_eq!(shown.key.target, Target::Class(window.state().class().unwrap()));
}

#[test]
fn hovering_previews_and_leaving_restores() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let listed = window.listed();
    let before = window.state().shown.clone();
    window.hover(&listed[5]);
    let class = window.state().listed()[5];
    assert_eq!(window.state().shown.as_ref().unwrap().key.target, Target::Class(class));
    assert_eq!(window.chosen().as_ref(), Some(&listed[0]));
    let middle = window.picture().center();
    window.move_to(middle);
    assert_eq!(window.state().shown, before);
}

#[test]
fn a_layer_is_chosen_by_click_and_by_key() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("block13");
    window.wait("the map of block13", |state| !state.is_waiting_for_map());
    assert_eq!(window.shown_layer().as_deref(), Some("add_7"));
    window.key_unsettled(Key::CloseBracket);
    window.wait("the next layer", |state| !state.is_waiting_for_map());
    assert_eq!(window.shown_layer().as_deref(), Some("block14_sepconv1"));
    window.click("Default");
    assert_eq!(window.shown_layer().as_deref(), Some("block14_sepconv2_act"));
}

#[test]
fn the_blend_is_a_slider() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.role(Role::Slider, "Blend").set_value_accesskit(0.75);
    window.settle();
    assert!((window.state().choices.blend - 0.75).abs() < 1e-6);
}

#[test]
fn typing_looks_for_a_class() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.type_text("cowb");
    assert_eq!(window.listed().first().map(String::as_str), Some("cowboy hat"));
    window.key(Key::Enter);
    assert_eq!(window.chosen().as_deref(), Some("cowboy hat"));
    window.key(Key::Escape);
    window.key(Key::Escape);
    assert_eq!(window.listed().len(), 10);
}

#[test]
fn a_file_that_is_no_image_leaves_the_rest_untouched_and_says_why() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.png");
    std::fs::write(&broken, "this is no picture").unwrap();
    window.drop_files(&[broken]);
    window.wait("the second image", |state| state.images.list().len() == 2);
    window.wait("its failure", |state| state.images.list().len() == 1);
    assert_eq!(
        window.state().images.current().map(|image| image.name.as_str()),
        Some(DOG_AND_CAT)
    );
    assert!(window.state().shown.is_some());
    assert!(
        window.told().iter().any(|text| text.starts_with("broken.png: ")),
        "{:?}",
        window.told()
    );
    window.click("Close note");
    assert!(window.told().is_empty());
}

#[test]
fn where_dropped_files_do_not_arrive_the_empty_window_says_so() {
    let mut window = Window::empty();
    assert!(window.has_text("Drop images or a folder here"));
    window.harness.state_mut().state_mut().takes_drops = false;
    window.settle();
    assert!(window.has_text("This desktop passes no dropped files to the window"));
    assert!(!window.has_text("Drop images"));
}
