//! Networks of all kinds: what they answer, what they see, and what the window asks about them. The files are Keras' own
//! (`tests/data/keras`).

use std::path::{Path, PathBuf};

use egui::{Key, accesskit::Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use gradcam_explorer::explain::Score;
use gradcam_explorer::explorer::NetworkSource;
use gradcam_explorer::gui::state::State;
use gradcam_explorer::imaging::{Fit, Pixels};
use gradcam_explorer::network::Output;
use gradcam_explorer::weights::{BuiltIn, SaidBy};

use crate::support::{DOG_AND_CAT, Window, sample, small_weights};

fn keras(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/keras")
        .join(name)
}

/// A window in which a network of the fixtures explains a sample.
fn speaking(name: &str) -> Window {
    let mut window = Window::with_weights(keras(name));
    window.wait("a map", |state| state.shown.is_some() && !state.loading);
    window
}

/// What the list says of a class besides its name.
fn row(window: &Window, class: &str) -> String {
    let mut nodes = window.harness.query_all_by_label(class);
    nodes.find_map(|node| node.accesskit_node().description()).unwrap()
}

fn input(state: &State) -> [usize; 2] {
    let input = state.network.as_ref().unwrap().plan.input();
    [input.width, input.height]
}

#[test]
fn sigmoids_are_probabilities_that_need_not_add_up() {
    let mut window = speaking("sigmoid5.keras");
    let prediction = window.state().prediction().unwrap();
    assert_eq!(prediction.probabilities.len(), 5);
    assert!((prediction.probabilities.iter().sum::<f64>() - 1.0).abs() > 1e-3);
    for name in window.listed() {
        assert!(row(&window, &name).ends_with(" %"), "{}", row(&window, &name));
    }
    window.label("probability").hover();
    window.settle();
    assert!(window.has("Logit"));
}

#[test]
fn one_sigmoid_is_two_classes_whose_maps_are_opposite() {
    let mut window = speaking("sigmoid1.keras");
    let prediction = window.state().prediction().unwrap();
    let [not, yes] = prediction.probabilities[..] else {
        panic!("two classes")
    };
    assert!((not + yes - 1.0).abs() < 1e-9);
    assert_eq!(window.listed().len(), 2);
    let before = window.state().shown.clone().unwrap();
    let other = 1 - window.state().class().unwrap();
    let name = window.state().class_name(other);
    window.last(&name).click();
    window.settle();
    let after = window.state().shown.clone().unwrap();
    for (a, b) in before.map.signed.iter().zip(&after.map.signed) {
        assert!((a + b).abs() <= 1e-9 * before.map.max_abs(), "{a} and {b}");
    }
}

#[test]
fn plain_values_are_no_probabilities_and_have_one_score() {
    let window = speaking("regression_mae2.keras");
    assert_eq!(window.state().output(), Output::Values);
    assert!(window.has("value") && !window.has("probability") && !window.has("logit"));
    assert!(!window.has("Logit") && !window.has("Probability"));
    for name in window.listed() {
        assert!(!row(&window, &name).contains('%'), "{}", row(&window, &name));
    }
    assert_eq!(
        (window.state().choices.score, window.state().score()),
        (None, Score::Logit)
    );
}

#[test]
fn what_values_mean_is_asked_where_the_file_does_not_say_it_and_the_answer_is_kept() {
    let mut window = speaking("guess_n.keras");
    assert!(window.has_text("does not say what its values mean"));
    assert!(window.has("softmax (assumed)") && window.has("values"));
    window.click("sigmoid");
    window.wait("the network as said", |state| {
        state.output() == Output::Sigmoid && state.shown.is_some()
    });
    assert!(!window.has_text("does not say what its values mean"));
    let network = window.state().network.clone().unwrap();
    assert_eq!(network.weights.output_said_by, SaidBy::User);
    let said = window.state().preferences.networks.said(&keras("guess_n.keras"));
    assert_eq!(said.output, Some(Output::Sigmoid));
    // the menu has it too
    window.find(|label| label.starts_with("guess_n.keras")).click();
    window.settle();
    assert!(window.has("Output sigmoid (as you said)"));
    window.click("Output values");
    window.wait("plain values", |state| state.output() == Output::Values);
}

#[test]
fn weights_without_a_graph_are_asked_about_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::with_weights(small_weights(folder.path()));
    window.wait("a map", |state| state.shown.is_some());
    assert!(window.has_text("does not say what its values mean"));
    window.click("sigmoid");
    window.wait("the network as said", |state| {
        state.output() == Output::Sigmoid && state.shown.is_some()
    });
    assert!(!window.has_text("does not say what its values mean"));
}

#[test]
fn files_that_say_what_their_values_mean_are_not_asked_about() {
    let mut window = speaking("sigmoid1_compiled.keras");
    assert!(!window.has_text("does not say what its values mean"));
    window
        .find(|label| label.starts_with("sigmoid1_compiled.keras"))
        .click();
    window.settle();
    assert!(window.has("Output sigmoid") && window.has("Input 75×75"));
    assert!(!window.has("Output values"));
}

#[test]
fn the_input_size_is_asked_for_where_the_file_does_not_say_it() {
    let mut window = Window::with_weights(keras("anysize_inline.keras"));
    window.wait("the question", |state| state.size_question.is_some());
    assert!(window.has_text("anysize_inline.keras trained?"));
    for side in ["150", "224", "256", "299"] {
        assert!(window.has(side));
    }
    assert!(window.told().is_empty());
    window.click("150");
    window.wait("the network", |state| !state.loading && state.shown.is_some());
    assert!(window.state().size_question.is_none());
    assert_eq!(input(window.state()), [150, 150]);
    assert!(window.has_text("anysize_inline.keras · 150×150 · -1..1 · CPU"));
    // and it can be said anew
    window.find(|label| label.starts_with("anysize_inline.keras ·")).click();
    window.settle();
    assert!(window.has("Input 150×150 (as you said)"));
    window.click("Other input size…");
    let field = window.role(Role::TextInput, "Input size in pixels");
    field.focus();
    window.settle();
    window.command_key(Key::A);
    window.type_text("160x120");
    window.click("Use this size");
    window.wait("the other size", |state| !state.loading && input(state) == [160, 120]);
    window.wait("its map", |state| state.shown.is_some());
    let said = window.state().preferences.networks.said(&keras("anysize_inline.keras"));
    assert_eq!(said.input_size, Some([120, 160]));
}

#[test]
fn esc_leaves_the_question_and_the_network_in_use_stays() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.drop_files(&[keras("anysize_nested.keras")]);
    window.wait("the question", |state| state.size_question.is_some());
    window.key(Key::Escape);
    assert!(window.state().size_question.is_none());
    assert_eq!(
        window.state().network.as_ref().unwrap().source,
        NetworkSource::BuiltIn(BuiltIn::Drawings)
    );
    assert_eq!(
        window.state().wanted_network.source,
        NetworkSource::BuiltIn(BuiltIn::Drawings)
    );
}

#[test]
fn the_range_of_pixels_changes_at_once_and_is_kept_with_the_network() {
    let mut window = speaking("sigmoid5.keras");
    let before = window.state().prediction().unwrap().logits.clone();
    window.role(Role::ComboBox, "Pixels").click();
    window.settle();
    window.last("0..1").click();
    window.settle();
    window.wait("another prediction", |state| {
        state
            .prediction()
            .is_some_and(|found| found.preprocessing.pixels == Pixels::ZeroToOne)
    });
    assert_ne!(window.state().prediction().unwrap().logits, before);
    assert!(window.has_text("75×75 · 0..1 · CPU"));
    // another network has its own
    window.drop_files(&[keras("rescaling255.keras")]);
    window.wait("the network that scales pixels itself", |state| {
        state.preprocessing().pixels == Pixels::ZeroTo255 && state.shown.is_some()
    });
    window.drop_files(&[keras("sigmoid5.keras")]);
    window.wait("the range that was chosen", |state| {
        state.preprocessing().pixels == Pixels::ZeroToOne && state.prediction().is_some()
    });
    // the badge's menu has it too, live
    window.find(|label| label.starts_with("sigmoid5.keras")).click();
    window.settle();
    assert!(window.has("Pixels 0..1 (as you said)"));
    window.click("Pixels -1..1");
    window.wait("the usual prediction", |state| {
        state.prediction().is_some_and(|found| found.logits == before)
    });
    assert!(window.has("Pixels -1..1 (assumed: its file does not say it)"));
}

#[test]
fn a_crop_has_its_map_where_the_network_looked() {
    let mut window = speaking("sigmoid5.keras");
    window.role(Role::ComboBox, "Fit").click();
    window.settle();
    window.click("Middle");
    window.wait("the map of the crop", |state| {
        state
            .shown
            .as_ref()
            .is_some_and(|shown| shown.key.preprocessing.fit == Fit::Crop)
    });
    // of 640 by 480 pixels the 480 in the middle
    assert_eq!(
        window.state().shown.as_ref().unwrap().seen,
        [[0.125, 0.0], [0.875, 1.0]]
    );
    let picture = window.picture();
    window.move_to(picture.center());
    assert!(window.under_pointer().is_some());
    let photo_left = picture.center().x - (picture.height() - 24.0).min((picture.width() - 24.0) * 0.75) * 0.65;
    window.move_to(egui::pos2(photo_left, picture.center().y));
    assert_eq!(window.under_pointer(), None);
}

#[test]
fn of_several_outputs_another_can_be_chosen() {
    let mut window = speaking("two_outputs.keras");
    let outputs = window.state().network.as_ref().unwrap().weights.outputs.clone();
    assert_eq!(outputs.len(), 2);
    assert_eq!(window.state().output(), Output::Softmax);
    window.find(|label| label.starts_with("two_outputs.keras")).click();
    window.settle();
    window.click(&format!("Output layer {}", outputs[1]));
    window.wait("the other output", |state| {
        state.output() == Output::Sigmoid && state.shown.is_some()
    });
    let network = window.state().network.clone().unwrap();
    assert_eq!(network.choices.output_layer.as_ref(), Some(&outputs[1]));
}

#[test]
fn dropped_networks_speak_at_once_and_what_is_none_is_told() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.drop_files(&[keras("float16.h5"), sample("cat-party-hat-bow-tie-balloon.png")]);
    window.wait("the dropped network", |state| {
        state
            .network
            .as_ref()
            .is_some_and(|network| network.weights.name == "float16")
    });
    assert!(window.told().is_empty(), "{:?}", window.told());
    let folder = tempfile::tempdir().unwrap();
    let onnx = folder.path().join("deer.onnx");
    std::fs::write(&onnx, b"\x08\x08\x12\x07pytorch").unwrap();
    window.drop_files(&[onnx]);
    let told = window.wait_until_told();
    assert!(told.contains("deer.onnx"), "{told}");
    let saved = folder.path().join("saved");
    std::fs::create_dir(&saved).unwrap();
    std::fs::write(saved.join("saved_model.pb"), b"").unwrap();
    window.drop_files(&[saved]);
    let start = std::time::Instant::now();
    while !window.told().iter().any(|told| told.contains("saved")) {
        assert!(start.elapsed().as_secs() < 60, "{:?}", window.told());
        window.harness.step();
    }
    // the network that goes on speaking is not the one that is wrong
    assert!(window.state().network_error.is_none());
}

#[test]
fn places_can_be_asked_about_behind_hidden_layers() {
    let mut window = speaking("flatten_hidden.keras");
    window.command_key(Key::H);
    let middle = window.picture().center();
    window.press(middle);
    window.wait("the answer", |state| state.here().is_some());
    assert!(window.has_text("Cell 1, 1"));
    window.label("adds to the logit");
}
