//! The picture: zoom, pan, what lies under the pointer, and its views.

use egui::{Event, Key, Modifiers, accesskit::Role, vec2};
use gradcam_explorer::gui::camera::Camera;
use gradcam_explorer::gui::choices::View;

use crate::support::{DOG_AND_CAT, Window, sample};

#[test]
fn the_wheel_zooms_at_the_pointer_and_a_drag_pans() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let rect = window.picture();
    let corner = rect.left_top() + rect.size() * 0.3;
    window.wheel(corner, 200.0);
    let zoomed = window.state().camera;
    assert!(
        zoomed.zoom > 1.5 && zoomed.centre[0] < 0.5 && zoomed.centre[1] < 0.5,
        "{zoomed:?}"
    );
    window.drag(rect.center(), rect.center() - vec2(60.0, 30.0));
    let panned = window.state().camera;
    assert!(panned.centre[0] > zoomed.centre[0] && panned.centre[1] > zoomed.centre[1]);
    window.double_click(rect.center());
    assert_eq!(window.state().camera, Camera::default());
}

#[test]
fn keys_zoom_too() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.key(Key::Plus);
    assert!(window.state().camera.zoom > 1.0);
    window.key(Key::Minus);
    window.command_key(Key::Num1);
    let picture = window.picture().width() - 24.0;
    let shown = window.state().camera.zoom * picture;
    assert!(
        (shown - 640.0).abs() < 2.0 || window.state().camera.zoom == 1.0,
        "{shown}"
    );
    window.command_key(Key::Num0);
    assert_eq!(window.state().camera, Camera::default());
}

#[test]
fn the_value_under_the_pointer_is_told() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let middle = window.picture().center();
    window.move_to(middle + vec2(1.0, 1.0));
    assert!(window.has_text("x 320"));
    assert!(window.has_text("cell 5, 5"));
    assert!(window.has_text("of the evidence"));
}

#[test]
fn every_view_is_one_click_away() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    for view in View::ALL {
        window.role(Role::RadioButton, view.name()).click();
        window.settle();
        assert_eq!(window.state().choices.view, view);
    }
}

#[test]
fn the_layers_own_cells_can_be_seen() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("True cells");
    assert!(window.state().choices.cells);
}

#[test]
fn a_class_without_evidence_says_so_and_offers_the_signed_view() {
    let mut window = Window::empty();
    let has_no_evidence = |window: &Window, class: usize| {
        let state = window.state();
        state
            .shown_as(state.choices.target(class), state.layer().unwrap())
            .unwrap()
            .is_empty()
    };
    // which class that is depends on the network, so it is looked for, on another picture if need be
    let mut found = None;
    for name in [
        DOG_AND_CAT,
        "fish-key.png",
        "house-tree-car.png",
        "tree-umbrella-flower-ball.png",
    ] {
        window.drop_files(&[sample(name)]);
        window.wait("its prediction", |state| {
            state.images.current().is_some_and(|image| image.name == name) && state.prediction().is_some()
        });
        let classes = 0..window.state().labels().unwrap().len();
        found = classes.into_iter().find(|&class| has_no_evidence(&window, class));
        if found.is_some() {
            break;
        }
    }
    let name = window
        .state()
        .class_name(found.expect("a class without evidence on some sample"));
    window.type_text(&name);
    window.key(Key::Enter);
    assert!(window.has_text("No evidence for"));
    window.click("Show evidence against it");
    assert!(window.state().shown.as_ref().unwrap().signed);
}

#[test]
fn space_shows_the_bare_photo_only_while_it_is_held() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let with_map = window.shapes();
    let key = |pressed| Event::Key {
        key: Key::Space,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: Modifiers::NONE,
    };
    window.harness.event(key(true));
    window.settle();
    assert_eq!(window.shapes(), with_map - 1, "the map is one shape");
    window.harness.event(key(false));
    window.settle();
    assert_eq!(window.shapes(), with_map);
}
