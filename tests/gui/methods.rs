//! Methods that know one place only, or take many passes.

use egui::Key;
use egui::accesskit::Role;
use gradcam_explorer::explain::{Fusion, Layers, Method, Score};
use gradcam_explorer::explorer::Truth;
use gradcam_explorer::gui::choices::Drawer;
use gradcam_explorer::network::LayerId;
use gradcam_explorer::weights::BuiltIn;

use crate::support::{DOG_AND_CAT, Window};

fn choose(window: &mut Window, method: Method) {
    window.role(Role::ComboBox, "Method").click();
    window.settle();
    // the list is longer than its part in sight
    window.last(method.title()).scroll_to_me();
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
fn a_method_says_how_often_it_found_the_thing_where_that_was_measured() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let quoted = |method| {
        let of = Truth::of(BuiltIn::Drawings, method, Score::Logit, "block14_sepconv2_act").unwrap();
        of.sentence(BuiltIn::Drawings)
    };
    let hover = |window: &mut Window| {
        window.role(Role::ComboBox, "Method").hover();
        // a tooltip comes after a while
        for _ in 0..60 {
            window.harness.step();
        }
    };
    hover(&mut window);
    assert!(window.has_text(&quoted(Method::GradCam)));
    // at a layer where nothing was measured nothing is quoted
    window.key(Key::OpenBracket);
    window.wait("its map", |state| state.shown.is_some() && !state.is_waiting_for_map());
    hover(&mut window);
    assert!(window.has_text("Weighs each channel by its mean gradient"));
    assert!(!window.has_text("it points at"));
}

#[test]
fn channels_are_left_out_at_any_layer_and_a_layer_with_too_many_cells_is_refused() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let find = |window: &Window, name| window.state().network.as_ref().unwrap().plan.find(name);
    let early = find(&window, "block13_sepconv2_bn");
    window.harness.state_mut().state_mut().choices.layer = early;
    for method in [Method::AblationCam, Method::ShapleyCam, Method::KpcaCam] {
        window.harness.state_mut().state_mut().choices.method = method;
        window.wait("its map", |state| {
            state
                .shown
                .as_ref()
                .is_some_and(|shown| shown.key.method == method && Some(shown.key.layer) == early)
        });
        assert!(!window.state().shown.as_ref().unwrap().is_empty(), "{method}");
    }
    assert!(window.told().is_empty(), "{:?}", window.told());
    let first = find(&window, "block1_conv1_act");
    window.harness.state_mut().state_mut().choices.layer = first;
    let told = window.wait_until_told();
    assert!(told.contains("choose a layer with at most 4096"), "{told}");
}

#[test]
fn where_methods_coincide_a_line_below_says_so() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    assert!(window.has("Same as HiResCAM, XGrad-CAM, ShapleyCAM"));
    choose(&mut window, Method::XgradCam);
    assert!(window.has("Same as Grad-CAM, HiResCAM, ShapleyCAM"));
    choose(&mut window, Method::LayerCam);
    assert!(!window.has_text("Same as "));
    choose(&mut window, Method::GradCam);
    // of two layers what coincides at both does
    let plan = window.state().network.as_ref().unwrap().plan.clone();
    let layers = Layers::parse("block14_sepconv2_act+block13_sepconv2_bn", &plan, Fusion::Mean).unwrap();
    window.harness.state_mut().state_mut().choices.fused = Some(layers);
    window.settle();
    assert!(window.has("Same as ShapleyCAM"));
    window.harness.state_mut().state_mut().choices.fused = None;
    window.settle();
    // before the last layer only what does not bend is the same, and of the logit alone
    window.key(Key::OpenBracket);
    assert!(window.has("Same as ShapleyCAM"));
    window.role(Role::RadioButton, "Probability").click();
    window.settle();
    assert!(!window.has_text("Same as "));
}
