//! Whether a map is true to the network, and whether all methods tell the same: what is folded out below the picture.

use egui::accesskit::Role;
use egui::{Key, vec2};
use gradcam_explorer::explain::{Fill, Fusion, Layers, Method, Way};
use gradcam_explorer::explorer::{Part, STEPS};
use gradcam_explorer::gui::choices::Drawer;
use gradcam_explorer::gui::command::Action;
use gradcam_explorer::gui::state::State;

use crate::support::{DOG_AND_CAT, Window};

/// Whether there are all curves; ROAD comes last and takes longer.
fn has_curves(state: &State) -> bool {
    let known = |key, part| state.measures(key, part).is_some();
    let maps = state.measured_maps();
    maps.iter().all(|map| known(map.key, Part::Curves)) && known(maps[0].key, Part::Random(4))
}

/// A window that has the curves of the map of its top class.
fn measured() -> Window {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Faithfulness");
    window.wait("the curves", has_curves);
    window
}

fn choose_method(window: &mut Window, method: Method) {
    window.harness.state_mut().state_mut().choices.method = method;
    window.settle();
}

#[test]
fn the_curves_of_the_map_stand_beside_chance_with_their_areas() {
    let mut window = measured();
    let state = window.state();
    let key = state.chosen_key().unwrap();
    let probability = state.prediction().unwrap().probabilities[state.class().unwrap()];
    let [deletion, insertion] = Way::ALL.map(|way| state.curve(key, way).unwrap().clone());
    assert_eq!(deletion.answers.len(), STEPS + 1);
    // from the whole photo to nothing, and back
    assert!((deletion.answers[0] - probability).abs() < 1e-6);
    assert!((insertion.answers[STEPS] - probability).abs() < 1e-6);
    let random = state.random_curves(Way::Deletion).unwrap();
    assert!(random.spread.iter().any(|spread| *spread > 0.0) && random.deviation > 0.0);
    // the network of drawings looks at what it names
    assert!(deletion.area < random.area / 2.0, "{deletion:?} {random:?}");
    let label = format!("Deletion; Grad-CAM {:.3}; random {:.3} ±", deletion.area, random.area);
    let plot = window.find(|found| found.starts_with(&label)).rect();
    assert!(plot.width() > 100.0 && plot.height() > 60.0, "{plot:?}");
    assert!(window.has_text("average drop ") && window.has_text("increase: "));
    let is_done = |state: &State| state.measured_share().is_none();
    window.wait("ROAD", is_done);
    assert!(window.has_text("ROAD "));
    window.assert_idle();
}

#[test]
fn the_fused_map_of_several_layers_is_measured_as_it_is() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let plan = window.state().network.as_ref().unwrap().plan.clone();
    let layers = Layers::parse("block13_sepconv2_bn+block14_sepconv2_act", &plan, Fusion::Product).unwrap();
    let choices = &mut window.harness.state_mut().state_mut().choices;
    (choices.layer, choices.fused) = (layers.all().next(), Some(layers));
    // of a pinned class the session makes the maps itself
    let pinned = window.state().prediction().unwrap().ranking[1];
    window.harness.state_mut().state_mut().pinned.push(pinned);
    window.click("Faithfulness");
    window.wait("the curves", has_curves);
    let state = window.state();
    let maps = state.measured_maps();
    assert_eq!(maps.len(), 2);
    assert!(maps.iter().all(|map| map.key.fused == Some(layers)), "{maps:?}");
    let area = |key| state.curve(key, Way::Deletion).unwrap().area;
    let fused = maps[0].key;
    assert!(area(fused) < state.random_curves(Way::Deletion).unwrap().area);
    // it is no single layer's, and the pinned class has its own
    assert_ne!(area(fused), area(maps[1].key));
    let plot = window.find(|label| label.starts_with("Deletion; ")).rect();
    window.move_to(plot.center());
    window.wait("the masked photo", |state| state.masked().is_some());
    assert_eq!(window.state().masked().unwrap().request.fused, Some(layers));
    choose_method(&mut window, Method::HiresCam);
    window.wait("the curves of the other method", has_curves);
    window.harness.state_mut().state_mut().choices.fused = None;
    window.wait("the curves of one layer", has_curves);
    let one = window.state().measured_maps()[0].key;
    assert_eq!(one.fused, None);
    assert!(window.told().is_empty(), "{:?}", window.told());
}

#[test]
fn nothing_is_measured_while_the_tab_is_closed() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.assert_idle();
    assert!(window.state().measure_wish().is_none());
    let key = window.state().chosen_key().unwrap();
    assert!(window.state().measures(key, Part::Curves).is_none());
    window.click("Faithfulness");
    assert!(window.state().measure_wish().is_some());
    window.click("Faithfulness");
    assert!(window.state().measure_wish().is_none());
    window.assert_comes_to_rest();
    assert!(window.state().measures(key, Part::Road).is_none());
}

#[test]
fn pointing_on_a_curve_shows_the_masked_picture_and_its_classes() {
    let mut window = measured();
    assert!(window.has_text("Point on a curve"));
    // all of it has room in the usual window
    let texts = window.painted_texts();
    let (_, told) = texts
        .iter()
        .find(|(text, _)| text.starts_with("Point on a curve"))
        .unwrap();
    let (_, column) = texts.iter().find(|(text, _)| text == "Layer").unwrap();
    assert!(told.right() < column.left(), "{told:?} {column:?}");
    let plot = window.find(|label| label.starts_with("Insertion; ")).rect();
    window.move_to(plot.right_center() - vec2(3.0, 0.0));
    window.wait("the whole photo", |state| {
        state.masked().is_some_and(|masked| masked.request.step == STEPS)
    });
    assert!(window.has("What the network sees with 100 % of the pixels shown"));
    let state = window.state();
    let masked = state.masked().unwrap();
    let prediction = state.prediction().unwrap();
    let worst = masked.answers.iter().zip(prediction.probabilities.iter());
    let worst = worst.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst < 1e-6, "nothing is hidden there: {worst}");
    assert_eq!(
        [masked.picture.width, masked.picture.height],
        state.input_size().unwrap()
    );
    // at the left end all of it is grey, and the network says something else
    window.move_to(plot.left_center() + vec2(3.0, 0.0));
    window.wait("next to nothing", |state| {
        state.masked().is_some_and(|masked| masked.request.step < 2)
    });
    let masked = window.state().masked().unwrap();
    let grey = masked.picture.rgb.iter().filter(|level| **level == 128).count();
    assert!(grey > masked.picture.rgb.len() / 2, "{grey}");
}

#[test]
fn what_hides_is_chosen_and_kept() {
    let mut window = measured();
    let key = window.state().chosen_key().unwrap();
    let grey = window.state().curve(key, Way::Deletion).unwrap().area;
    window.role(Role::RadioButton, "Blur").click();
    window.settle();
    assert_eq!(window.state().preferences.fill, Fill::Blur);
    window.wait("the curves", has_curves);
    assert_ne!(window.state().curve(key, Way::Deletion).unwrap().area, grey);
    window.role(Role::RadioButton, "Grey").click();
    window.settle();
    // known already
    assert_eq!(window.state().curve(key, Way::Deletion).unwrap().area, grey);
}

#[test]
fn pinned_classes_and_the_second_picture_have_curves_too() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let second = window.state().listed()[1];
    window.harness.state_mut().state_mut().pinned = vec![second];
    window.click("Faithfulness");
    window.key(Key::F8);
    window.role(Role::RadioButton, "Methods").click();
    window.settle();
    window.wait("all curves", has_curves);
    let maps = window.state().measured_maps();
    let names: Vec<&str> = maps.iter().map(|map| map.name.as_str()).collect();
    let pinned = window.state().class_name(second);
    assert_eq!(names, ["Grad-CAM", "HiResCAM", pinned.as_str()]);
    for map in &maps {
        assert!(window.state().curve(map.key, Way::Insertion).is_some(), "{}", map.name);
        assert!(window.has_text(&map.name));
    }
}

#[test]
fn measuring_stops_when_told_and_goes_on() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Faithfulness");
    assert!(window.has_text("measuring, "));
    window.click("Stop");
    assert!(window.state().is_measuring_stopped() && window.has("stopped"));
    window.assert_comes_to_rest();
    assert!(!has_curves(window.state()));
    window.click("Go on");
    window.wait("the curves", has_curves);
    assert!(!window.has("Go on"));
}

#[test]
fn a_slow_map_is_stopped_and_goes_on_when_told() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    choose_method(&mut window, Method::Rise);
    window.wait("the first passes", |state| state.explained_share().is_some());
    window.click("Stop");
    assert!(window.state().is_map_stopped());
    assert!(window.has_text("RISE stopped"));
    window.assert_comes_to_rest();
    assert_ne!(window.state().shown.as_ref().unwrap().key.method, Method::Rise);
    window.click("Go on");
    window.wait("more passes", |state| state.explained_share().is_some());
    // by its key, too
    window.command_key(Key::Period);
    assert!(window.state().is_map_stopped());
    // whoever chooses something else and comes back wants it after all
    choose_method(&mut window, Method::EigenCam);
    choose_method(&mut window, Method::Rise);
    assert!(!window.state().is_map_stopped());
    assert!(window.told().is_empty(), "{:?}", window.told());
    assert_eq!(Action::StopComputing.label(), "Stop");
}

#[test]
fn another_choice_goes_before_what_is_measured() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Faithfulness");
    let other = window.state().listed()[1];
    window.key(Key::Num2);
    window.wait("the other map", |state| {
        state.class() == Some(other)
            && state.shown.as_ref().map(|shown| shown.key) == state.chosen_key()
            && state.measured_share().is_some()
    });
    window.wait("the curves", has_curves);
}

#[test]
fn all_methods_of_a_layer_stand_side_by_side_with_how_much_they_agree() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Agreement");
    let is_done = |state: &State| state.measured_share().is_none();
    window.wait("all methods", is_done);
    let state = window.state();
    let methods = state.methods();
    let names: Vec<Method> = methods.iter().map(|key| key.method).collect();
    assert!(names.contains(&Method::GradCam) && names.contains(&Method::Gradient));
    assert!(!names.contains(&Method::Rise), "not unless it is asked for");
    for one in &methods {
        assert!(state.measures(*one, Part::Deletion).is_some() && state.map(one).is_some());
        for other in &methods {
            if one != other {
                let found = state.agreement_of(*one, *other).unwrap();
                assert!((-1.0..=1.0).contains(&found));
                assert_eq!(Some(found), state.agreement_of(*other, *one));
            }
        }
    }
    let of = |method| *methods.iter().find(|key| key.method == method).unwrap();
    // in front of a global average they are the same
    let same = state.agreement_of(of(Method::GradCam), of(Method::HiresCam)).unwrap();
    assert!(same > 0.999, "{same}");
    assert!(window.has_text("in the mean; least: "));
    let label = format!("Rank correlations of {} methods", methods.len());
    assert!(window.label(&label).rect().width() > 60.0);
    window.assert_idle();
    // a click shows one in the picture
    let tile = window.role(Role::Button, "HiResCAM").rect();
    window.press(tile.center());
    assert_eq!(window.state().choices.method, Method::HiresCam);
    assert_eq!(window.state().preferences.drawer, Some(Drawer::Agreement));
}

#[test]
fn methods_have_their_names_at_how_much_they_agree() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Agreement");
    window.wait("all methods", |state| state.measured_share().is_none());
    let methods = window.state().methods().len();
    let square = format!("Rank correlations of {methods} methods");
    let painted = |window: &Window, text: &str| {
        let place = window.label(&square).rect();
        let texts = window.painted_texts();
        let inside = texts
            .iter()
            .filter(|(painted, at)| painted == text && place.contains_rect(*at));
        inside.count()
    };
    // rows have names, and columns their numbers
    let methods = window.state().methods();
    let number = 1 + methods.iter().position(|key| key.method == Method::EigenCam).unwrap();
    assert_eq!(painted(&window, &format!("Eigen-CAM {number}")), 1);
    assert_eq!(painted(&window, &number.to_string()), 1);
    let tile = window.role(Role::Button, "Eigen-CAM").rect();
    assert!(tile.height() >= 60.0, "{tile:?}");
    // in a large window both have names, and small maps are larger
    window.harness.set_size(vec2(2560.0, 1440.0));
    window.settle();
    assert_eq!(painted(&window, "Eigen-CAM"), 2);
    let large = window.role(Role::Button, "Eigen-CAM").rect();
    assert!(large.height() > 1.4 * tile.height(), "{tile:?} {large:?}");
    // nothing far from the rest
    let last = window.role(Role::Button, "Guided Grad-CAM").rect();
    assert!(window.label(&square).rect().left() - last.right() < 400.0);
}

#[test]
fn methods_of_many_passes_are_compared_when_asked_for() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Agreement");
    window.wait("the quick ones", |state| state.measured_share().is_none());
    let quick = window.state().methods().len();
    window.click("Slow methods too");
    let count = window.state().methods().len();
    assert!(count >= quick + 5, "{quick} {count}");
    window.wait("the first of them", |state| {
        let occlusion = state
            .methods()
            .into_iter()
            .find(|key| key.method == Method::FasterScoreCam);
        occlusion.is_some_and(|key| state.measures(key, Part::Deletion).is_some())
    });
    // another class is another question
    let other = window.state().listed()[1];
    window.harness.state_mut().state_mut().choices.class = Some(other);
    window.settle();
    assert!(!window.state().wants_slow());
}
