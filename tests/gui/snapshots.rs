//! Pictures of the main states, kept in `tests/snapshots` and looked at by people.
//!
//! They need a graphics adapter, a software one will do; without one these tests say so and pass, unless
//! `REQUIRE_ADAPTER=1`. `UPDATE_SNAPSHOTS=1` writes them anew.

use std::path::{Path, PathBuf};

use egui::{Key, Theme};
use egui_kittest::SnapshotOptions;
use gradcam_explorer::imaging::Fit;
use gradcam_explorer::network::Group;

use crate::support::{DOG_AND_CAT, Window, has_adapter, sample};

/// Rounding differs between processors, and text between drivers, by a few pixels.
const PIXELS: usize = 400;

/// Opens a window on the sample, brings it into a state and compares its picture.
fn check(name: &str, size: [f32; 2], theme: Theme, prepare: impl FnOnce(&mut Window)) {
    if !has_adapter() {
        return;
    }
    let mut window = Window::with(vec![sample(DOG_AND_CAT)], size, theme);
    window.wait("the first map", |state| state.shown.is_some());
    prepare(&mut window);
    window.harness.remove_cursor();
    window.freeze_times();
    let options = SnapshotOptions::new().max_failed_pixels(PIXELS);
    window.harness.snapshot_options(name, &options);
}

const USUAL: [f32; 2] = [1280.0, 800.0];
const SMALL: [f32; 2] = [900.0, 600.0];
const MIDDLE: [f32; 2] = [1040.0, 680.0];

#[test]
fn sample_dark() {
    check("sample_dark", USUAL, Theme::Dark, |_| {});
}

#[test]
fn sample_light() {
    check("sample_light", USUAL, Theme::Light, |_| {});
}

#[test]
fn small_window() {
    check("small_window", SMALL, Theme::Dark, |window| {
        window.drop_files(&[sample("fish-key.png"), sample("house-tree-car.png")]);
        window.wait("all predictions", |state| {
            state.images.list().len() == 3 && state.images.list().iter().all(|image| image.prediction.is_some())
        });
        window.wait("the map", |state| !state.is_waiting_for_map());
    });
}

#[test]
fn search() {
    check("search", MIDDLE, Theme::Dark, |window| window.type_text("hat"));
}

#[test]
fn two_classes() {
    check("two_classes", MIDDLE, Theme::Light, |window| {
        let other = window.listed()[1].clone();
        window.click("Compare with…");
        window.last(&other).click();
        window.settle();
    });
}

#[test]
fn side_by_side() {
    check("side_by_side", MIDDLE, Theme::Dark, |window| {
        window.click("Side by side")
    });
}

#[test]
fn all_layers() {
    check("all_layers", MIDDLE, Theme::Dark, |window| {
        let network = window.state().network.clone().unwrap();
        let layer = network.plan.find("block6_sepconv1_act");
        window.harness.state_mut().state_mut().choices.layer = layer;
        window.click("All layers");
        window.click("All 10 layers of block6");
        window.wait("all maps", |state| {
            let plan = &state.network.as_ref().unwrap().plan;
            let target = state.choices.target(state.class().unwrap());
            let lasts = plan.groups().iter().map(Group::last);
            let mut wanted = lasts.chain(plan.groups()[5].layers.clone());
            wanted.all(|layer| state.shown_as(target, layer).is_some())
        });
    });
}

#[test]
fn help() {
    check("help", MIDDLE, Theme::Light, |window| window.key(Key::F1));
}

#[test]
fn error() {
    check("error", MIDDLE, Theme::Dark, |window| {
        window.drop_files(&["/no/such/picture.png".into()]);
        window.wait("the second image", |state| state.images.list().len() == 2);
        window.wait("its failure", |state| state.images.list().len() == 1);
    });
}

#[test]
fn contours_and_cells() {
    check("contours", MIDDLE, Theme::Light, |window| {
        window.click("Lines");
        window.click("True cells");
    });
}

#[test]
fn two_answers_of_a_crop() {
    check("crop", MIDDLE, Theme::Dark, |window| {
        window.drop_files(&[keras("sigmoid1.keras")]);
        window.wait("the network", |state| {
            state
                .network
                .as_ref()
                .is_some_and(|network| network.weights.name == "sigmoid1")
        });
        window.harness.state_mut().state_mut().choices.input.fit = Some(Fit::Crop);
        window.wait("its map", |state| {
            let shown = state.shown.as_ref();
            shown.is_some_and(|shown| shown.key.preprocessing.fit == Fit::Crop)
        });
    });
}

#[test]
fn the_input_size_is_asked_for() {
    check("input_size", MIDDLE, Theme::Light, |window| {
        window.drop_files(&[keras("anysize_inline.keras")]);
        window.wait("the question", |state| state.size_question.is_some());
        // the folder differs from machine to machine
        let question = window.harness.state_mut().state_mut().size_question.as_mut().unwrap();
        question.name = "deer.keras".to_owned();
        window.settle();
    });
}

#[test]
fn the_output_is_asked_for() {
    check("output", MIDDLE, Theme::Light, |window| {
        window.drop_files(&[keras("guess_n.keras")]);
        window.wait("the network", |state| {
            let network = state.network.as_ref();
            network.is_some_and(|network| network.weights.name == "guess_n") && state.shown.is_some()
        });
    });
}

fn keras(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/keras")
        .join(name)
}
