//! Layers, the strip of all of them, and the numbers behind them.

use egui::accesskit::Role as Kind;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use gradcam_explorer::explain::Fusion;
use gradcam_explorer::gui::choices::Drawer;
use gradcam_explorer::gui::state::State;
use gradcam_explorer::imaging::{Colormap, Resize};
use gradcam_explorer::network::Role;

use crate::support::{DOG_AND_CAT, Window, sample};

#[test]
fn a_raw_convolution_says_what_that_means() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let places =
        |window: &Window| ["block14_sepconv2_bn", "Overlay", "True cells"].map(|label| window.label(label).rect());
    let before = places(&window);
    window.click("block14_sepconv2");
    window.wait("its map", |state| !state.is_waiting_for_map());
    let plan = &window.state().network.as_ref().unwrap().plan;
    let layer = window.state().layer().unwrap();
    assert_eq!(plan.layer(layer).role, Role::RawConvolution);
    // in the line below the picture, for which nothing moves
    let picture = window.picture();
    let warning = window
        .harness
        .get_by_label_contains("before its batch normalisation")
        .rect();
    assert!(
        warning.top() >= picture.bottom() && warning.left() < picture.right(),
        "{warning:?}"
    );
    assert_eq!(places(&window), before);
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

/// Whether the map of a layer is there, in the small or in the large.
fn has_map(state: &State, layer: &str) -> bool {
    let target = state.choices.target(state.class().unwrap());
    let layer = state.network.as_ref().unwrap().plan.find(layer).unwrap();
    state.shown_as(target, layer).is_some()
}

/// Whether the map of what comes out of each group is there.
fn has_a_map_a_group(state: &State) -> bool {
    let plan = &state.network.as_ref().unwrap().plan;
    let mut lasts = plan.groups().iter().map(|group| &plan.layer(group.last()).name);
    lasts.all(|layer| has_map(state, layer))
}

#[test]
fn the_strip_has_one_map_a_group_and_those_of_all_its_layers_on_demand() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("All layers");
    assert_eq!(window.state().preferences.drawer, Some(Drawer::Layers));
    window.wait("a map a group", has_a_map_a_group);
    let unasked = |state: &State| {
        ["block5_sepconv1", "block13_sepconv1_act", "block14_sepconv1"].map(|layer| has_map(state, layer))
    };
    assert_eq!(unasked(window.state()), [false; 3]);
    // the chosen layer is in sight, and the group beside it can be unfolded
    window.click("All 10 layers of block13");
    window.wait("the maps of block13", |state| has_map(state, "block13_sepconv1_act"));
    assert_eq!(unasked(window.state()), [false, true, false]);
    window.click("block13_sepconv1_act");
    assert_eq!(window.shown_layer().as_deref(), Some("block13_sepconv1_act"));
    // the chosen layer keeps its place when its group is folded
    window.click("All 10 layers of block13");
    assert!(window.state().unfolded.is_empty());
    let tiles = window.harness.query_all_by_label("block13_sepconv1_act").count();
    assert_eq!(tiles, 2, "in the list and in the strip");
}

#[test]
fn groups_tell_what_comes_out_of_them_and_only_those_in_sight_are_laid_out() {
    let mut window = Window::with(vec![sample(DOG_AND_CAT)], [1040.0, 680.0], egui::Theme::Dark);
    window.wait("the first map", |state| state.shown.is_some());
    let about = |window: &Window, group: &str| window.label(group).accesskit_node().description().unwrap();
    let plan = window.state().network.as_ref().unwrap().plan.clone();
    let channels = plan.groups().last().unwrap().shape.channels;
    assert_eq!(
        about(&window, "block14"),
        format!("6 layers, 10×10 cells and {channels} channels at its end, with the default layer")
    );
    assert!(!about(&window, "block13").contains("default"));
    assert!(!window.has("block1"));
    window.click("block13");
    window.wait("the map of its last layer", |state| !state.is_waiting_for_map());
    let position = plan.groups().len() - 2;
    let last = plan.layer(plan.groups()[position].last()).name.clone();
    assert_eq!(window.shown_layer(), Some(last.clone()));
    assert!(window.has(&last) && !window.has("block14_sepconv1"));
    window.harness.state_mut().state_mut().choices.layer = plan.find("block1_conv1");
    window.settle();
    assert!(window.has("block1") && window.has("block1_conv1") && !window.has("block14"));
}

#[test]
fn a_feature_map_in_two_colours_has_its_zero_in_the_middle_and_goes_when_the_input_changes() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Top channels");
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
    window.click("Top channels");
    let strongest = window.state().channels().unwrap().strongest[0];
    window.click(&format!("Channel {strongest}"));
    window.wait("its feature map", |state| {
        state.shown.as_ref().is_some_and(|shown| shown.channel.is_some())
    });
    assert_eq!(window.state().shown.as_ref().unwrap().channel, Some(strongest));
    window.key(Key::Escape);
    assert_eq!(window.state().shown.as_ref().unwrap().channel, None);
    window.click("Map values");
    assert!(window.has_text("Evidence of each cell"));
    window.click("Map values");
    assert_eq!(window.state().preferences.drawer, None);
}

#[test]
fn several_layers_are_fused_by_a_click_with_ctrl() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let plan = window.state().network.as_ref().unwrap().plan.clone();
    let last = plan.last_feature_layer();
    let other = plan.find("block14_sepconv1_act").unwrap();
    let row = window.role(Kind::Button, "block14_sepconv1_act").rect().center();
    window.move_to(row);
    for pressed in [true, false] {
        window.harness.event(egui::Event::ModifiersChanged(Modifiers::COMMAND));
        window.harness.event(egui::Event::PointerButton {
            pos: row,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: Modifiers::COMMAND,
        });
        window.settle();
    }
    window.harness.event(egui::Event::ModifiersChanged(Modifiers::NONE));
    window.settle();
    window.wait("the fused map", |state| {
        state.shown.as_ref().is_some_and(|shown| shown.key.fused.is_some())
    });
    let shown = window.state().shown.clone().unwrap();
    let layers = shown.key.layers();
    assert_eq!(layers.all().collect::<Vec<_>>(), [last, other]);
    let maps = [last, other].map(|layer| window.state().map(&shown.key.at(layer)).unwrap());
    assert_eq!(*shown.map, Fusion::Mean.fused(&[&maps[0], &maps[1]]).unwrap());
    assert!(window.has_text("block14_sepconv2_act+block14_sepconv1_act"));
    window.role(Kind::RadioButton, "Product").click();
    window.settle();
    let product = window.state().shown.clone().unwrap();
    assert_eq!(*product.map, Fusion::Product.fused(&[&maps[0], &maps[1]]).unwrap());
    // what is undone is the way of fusing, then the fusion
    window.command_key(Key::Z);
    assert_eq!(window.state().choices.fused.unwrap().fusion(), Fusion::Mean);
    window.command_key(Key::Z);
    assert_eq!(window.state().choices.fused, None);
    window.command_key(Key::Y);
    assert!(window.state().choices.fused.is_some());
    // a click without is a choice of one
    window.role(Kind::Button, "block14_sepconv1_act").click();
    window.settle();
    assert_eq!(
        (window.state().choices.fused, window.state().layer()),
        (None, Some(other))
    );
    assert!(!window.harness_has(Kind::RadioButton, "Product"));
}
