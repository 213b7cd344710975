//! Commands that choose a class or a layer, or go on to the next, those of the brush, and questions.

use crate::gui::command::{Ask, Painted};
use crate::gui::state::State;
use crate::network::LayerId;

pub(super) fn select_class(state: &mut State, class: usize) {
    state.preview_muted = true;
    state.channel = None;
    state.choose_class(class);
    state.remember_class(class);
}

pub(super) fn toggle_pin(state: &mut State, class: usize) {
    if let Some(position) = state.pinned.iter().position(|&pinned| pinned == class) {
        state.pinned.remove(position);
    } else {
        state.pinned.push(class);
    }
}

pub(super) fn select_layer(state: &mut State, layer: LayerId) {
    let Some(network) = &state.network else { return };
    state.channel = None;
    state.choices.layer = (layer != network.plan.last_feature_layer()).then_some(layer);
    state.choices.fused = None;
}

/// Fuses the map of a layer with those that are chosen, or no longer.
pub(super) fn fuse_layer(state: &mut State, layer: LayerId) {
    let Some(chosen) = state.layer() else { return };
    let layers = state.choices.fused.unwrap_or(chosen.into()).toggled(layer);
    if let Some(only) = layers.single() {
        return select_layer(state, only);
    }
    // the first of them is the one that all else is of
    if let Some(first) = layers.all().next().filter(|_| layers.all().all(|own| own != chosen)) {
        select_layer(state, first);
    }
    state.channel = None;
    state.choices.fused = Some(layers);
}

pub(super) fn step_class(state: &mut State, step: isize) {
    if state.prediction().is_none() {
        return;
    }
    let listed = state.listed();
    let position = state
        .class()
        .and_then(|class| listed.iter().position(|&listed| listed == class));
    let next = match position {
        Some(position) => position
            .checked_add_signed(step)
            .and_then(|position| listed.get(position)),
        None => listed.first(),
    };
    if let Some(&class) = next {
        state.preview_muted = true;
        state.choose_class(class);
    }
}

pub(super) fn step_layer(state: &mut State, step: isize) {
    let (Some(network), Some(layer)) = (state.network.clone(), state.layer()) else {
        return;
    };
    let layers: Vec<LayerId> = network.plan.mappable().collect();
    let position = layers.iter().position(|&mappable| mappable == layer);
    let next = position.and_then(|position| layers.get(position.checked_add_signed(step)?));
    if let Some(&next) = next {
        select_layer(state, next);
    }
}

pub(super) fn paint(state: &mut State, painted: Painted) {
    match painted {
        Painted::With(brush) => state.choose_brush(brush),
        Painted::Source(share) => state.clone_from_here(share),
        Painted::Begin(share, picture) => state.begin_stroke(share, picture),
        Painted::To(share) => state.draw_to(share),
        Painted::End(share) => state.end_stroke(share),
    }
}

pub(super) fn ask_about(state: &mut State, question: Ask) {
    match question {
        Ask::HideWith(fill) => state.hide_with = fill,
        Ask::Hide => state.hide(true),
        Ask::HideOne => state.hide(false),
        Ask::StopHiding => state.stop_hiding(),
        Ask::TakeHidingBack => state.take_hiding_back(),
        Ask::DrawWithout => state.start_asking_without(),
        Ask::Without(area) => state.ask_without(area),
    }
}
