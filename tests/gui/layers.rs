//! Layers, the strip of all of them, and the numbers behind them.

use egui::Key;
use gradcam_explorer::gui::choices::Drawer;
use gradcam_explorer::gui::state::State;
use gradcam_explorer::imaging::{Colormap, Resize};
use gradcam_explorer::network::Role;

use crate::support::{DOG_AND_CAT, Window};

#[test]
fn a_raw_convolution_says_what_that_means() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("block14_sepconv2");
    window.wait("its map", |state| !state.is_waiting_for_map());
    let plan = &window.state().network.as_ref().unwrap().plan;
    let layer = window.state().layer().unwrap();
    assert_eq!(plan.layer(layer).role, Role::RawConvolution);
    assert!(window.has_text("before its batch normalisation"));
}

#[test]
fn every_mappable_layer_is_reached_by_key() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let plan = window.state().network.as_ref().unwrap().plan.clone();
    let mut seen = vec![window.state().layer().unwrap()];
    for _ in 1..plan.mappable().count() {
        window.key_unsettled(Key::OpenBracket);
        window.harness.step();
        window.harness.step();
        seen.push(window.state().layer().unwrap());
    }
    seen.reverse();
    assert_eq!(seen, plan.mappable().collect::<Vec<_>>());
}

#[test]
fn the_strip_of_all_layers_fills_from_one_request() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("All layers");
    assert_eq!(window.state().preferences.drawer, Some(Drawer::Layers));
    window.wait("all maps", |state| {
        let plan = &state.network.as_ref().unwrap().plan;
        let target = state.choices.target(state.class().unwrap());
        plan.mappable().all(|layer| state.shown_as(target, layer).is_some())
    });
    // the chosen layer is in sight, and its neighbour can be clicked
    window.last("block14_sepconv1_act").click();
    window.settle();
    assert_eq!(window.shown_layer().as_deref(), Some("block14_sepconv1_act"));
}

#[test]
fn a_feature_map_in_two_colours_has_its_zero_in_the_middle_and_goes_when_the_input_changes() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Channels");
    window.wait("the channels", |state| state.channels().is_some());
    let strongest = window.state().channels().unwrap().strongest[0];
    window.click(&format!("Channel {strongest}"));
    let shows_channel = |state: &State| state.shown.as_ref().is_some_and(|shown| shown.channel.is_some());
    window.wait("its feature map", shows_channel);
    assert!(!window.state().shown.as_ref().unwrap().signed);
    window.harness.state_mut().state_mut().choices.colormap = Colormap::Diverging;
    window.settle();
    let shown = window.state().shown.clone().unwrap();
    assert!(shown.signed && shown.units().iter().all(|unit| *unit >= 0.5));
    // that of the other input is another
    window.harness.state_mut().state_mut().choices.input.resize = Some(Resize::Bilinear);
    window.harness.step();
    assert!(!shows_channel(window.state()));
    window.wait("its feature map again", shows_channel);
    assert_ne!(window.state().shown.as_ref().unwrap().map, shown.map);
}

#[test]
fn gradients_channels_and_values_are_there_on_demand() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Gradients");
    window.wait("the gradients", |state| state.channels().is_some());
    assert!(window.has("Gradients of the score"));
    window.click("Channels");
    let strongest = window.state().channels().unwrap().strongest[0];
    window.click(&format!("Channel {strongest}"));
    window.wait("its feature map", |state| {
        state.shown.as_ref().is_some_and(|shown| shown.channel.is_some())
    });
    assert_eq!(window.state().shown.as_ref().unwrap().channel, Some(strongest));
    window.key(Key::Escape);
    assert_eq!(window.state().shown.as_ref().unwrap().channel, None);
    window.click("Values");
    assert!(window.has("Evidence of each cell; the line is the threshold"));
    window.click("Values");
    assert_eq!(window.state().preferences.drawer, None);
}
