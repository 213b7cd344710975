//! Methods that know one place only, or take many passes.

use egui::Key;
use egui::accesskit::Role;
use gradcam_explorer::explain::Method;
use gradcam_explorer::gui::choices::Drawer;
use gradcam_explorer::network::LayerId;

use crate::support::{DOG_AND_CAT, Window};

fn choose(window: &mut Window, method: Method) {
    window.role(Role::ComboBox, "Method").click();
    window.settle();
    window.last(method.title()).click();
    window.settle();
    window.wait("its map", |state| {
        state.shown.as_ref().is_some_and(|shown| shown.key.method == method)
    });
}

#[test]
fn a_map_of_pixels_lies_over_the_photo_and_the_layer_stays_chosen() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let layer = window.state().layer();
    window.harness.state_mut().state_mut().choices.method = Method::Occlusion;
    window.wait("its map", |state| {
        state
            .shown
            .as_ref()
            .is_some_and(|shown| shown.key.method == Method::Occlusion)
    });
    let shown = window.state().shown.clone().unwrap();
    assert_eq!(shown.key.layer, LayerId(0));
    assert_eq!((shown.map.width, shown.map.height), (14, 14));
    assert!(!shown.is_empty());
    assert_eq!(window.state().layer(), layer);
    choose(&mut window, Method::GradCam);
    assert_eq!(Some(window.state().shown.clone().unwrap().key.layer), layer);
}

#[test]
fn channels_are_those_of_the_layer_whatever_the_method() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    choose(&mut window, Method::Gradient);
    window.harness.state_mut().state_mut().preferences.drawer = Some(Drawer::Channels);
    window.wait("the channels", |state| state.channels().is_some());
    let request = window.state().channels().unwrap().request.clone();
    assert_eq!(Some(request.explain.layers[0]), window.state().layer());
    assert!(window.told().is_empty(), "{:?}", window.told());
}

#[test]
fn a_slow_map_tells_how_far_it_is_and_gives_way_to_another_choice() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.harness.state_mut().state_mut().choices.method = Method::Rise;
    window.wait("the first passes", |state| state.explained_share().is_some());
    assert!(window.has_text("computing,"));
    assert!(window.state().is_waiting_for_map());
    // another choice is there long before a thousand passes are
    window.harness.state_mut().state_mut().choices.method = Method::EigenCam;
    window.wait("the other map", |state| {
        state
            .shown
            .as_ref()
            .is_some_and(|shown| shown.key.method == Method::EigenCam)
    });
    assert_eq!(window.state().explained_share(), None);
    assert!(window.told().is_empty(), "{:?}", window.told());
}

#[test]
fn where_methods_coincide_a_line_below_says_so() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    assert!(window.has("Same as HiResCAM, XGrad-CAM"));
    choose(&mut window, Method::XgradCam);
    assert!(window.has("Same as Grad-CAM, HiResCAM"));
    choose(&mut window, Method::LayerCam);
    assert!(!window.has_text("Same as "));
    choose(&mut window, Method::GradCam);
    window.key(Key::OpenBracket);
    assert!(!window.has_text("Same as "));
}
