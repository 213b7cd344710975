//! The randomisation test below the picture.

use egui::accesskit::Role;
use gradcam_explorer::explain::Method;
use gradcam_explorer::gui::choices::Drawer;

use crate::support::{DOG_AND_CAT, Window};

fn is_tested(window: &mut Window) {
    window.wait("the whole test", |state| {
        state
            .chosen_key()
            .is_some_and(|key| state.sanity_verdict(&key).is_some())
    });
}

#[test]
fn grad_cam_passes_and_the_slider_shows_each_stage() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.command_key(egui::Key::R);
    is_tested(&mut window);
    assert!(window.has_text("Grad-CAM passes the randomisation test at"));
    assert!(window.has("The map of the trained network") && window.has("The map of a network with random weights"));
    // a badge says so below the method, also when the test is closed
    assert!(window.has_text("Passes the randomisation test"));
    let key = window.state().chosen_key().unwrap();
    let count = window.state().sanity.stages_of(&key).len();
    assert_eq!(window.state().randomized(&key).unwrap().index + 1, count);
    // to the left there is less that is random
    window.role(Role::Slider, "Random weights").focus();
    window.settle();
    for _ in 0..count {
        window.key(egui::Key::ArrowLeft);
    }
    assert_eq!(window.state().randomized(&key).unwrap().index, 0);
    // another class is tested in its turn
    window.key(egui::Key::Escape);
    window.harness.state_mut().state_mut().choices.class = Some(1);
    window.wait("the other class", |state| {
        state.chosen_key().is_some_and(|other| other != key)
    });
    is_tested(&mut window);
    assert!(window.told().is_empty(), "{:?}", window.told());
}

#[test]
fn a_map_of_the_activations_alone_is_told_by_what_is_left_of_it() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Sanity");
    is_tested(&mut window);
    let grad_cam = {
        let key = window.state().chosen_key().unwrap();
        window.state().sanity_verdict(&key).unwrap()
    };
    window.harness.state_mut().state_mut().choices.method = Method::EigenCam;
    window.wait("its key", |state| {
        state.chosen_key().is_some_and(|key| key.method == Method::EigenCam)
    });
    is_tested(&mut window);
    let key = window.state().chosen_key().unwrap();
    assert_ne!(window.state().sanity_verdict(&key).unwrap(), grad_cam);
}

#[test]
fn a_method_of_many_passes_is_tested_when_it_is_wanted() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.harness.state_mut().state_mut().choices.method = Method::Occlusion;
    window.harness.state_mut().state_mut().preferences.drawer = Some(Drawer::Sanity);
    window.wait("its map", |state| state.shown.is_some());
    let key = window.state().chosen_key().unwrap();
    if window.state().takes_long_to_randomize(&key) {
        window.click("Test all the same");
    }
    window.wait("a stage", |state| !state.sanity.stages_of(&key).is_empty());
    // other work goes first, and the test goes on behind it
    window.click("All layers");
    window.settle();
    assert_eq!(window.state().sanity_wish(), None);
}
