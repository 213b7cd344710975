//! The question which range of pixels a network expects, where its file does not say it.

use egui::Ui;

use super::command::Command;
use super::settings::pixels_text;
use super::state::State;
use super::theme::UNIT;
use super::widgets::{assumed_answers, caption};
use crate::explorer::NetworkInfo;
use crate::imaging::Pixels;
use crate::weights::{IMAGENET_CLASSES, SaidBy};

/// The network in use, if the range of its pixels is a guess that nobody has confirmed. ImageNet's thousand classes on
/// Xception's body are Keras' own network, of which it is known.
fn guessed(state: &State) -> Option<&NetworkInfo> {
    let network = state.network.as_deref()?;
    let is_guess = network.pixels_said_by == SaidBy::Guess && state.choices.input.pixels.is_none();
    let is_own = network.weights.built_in.is_none() && network.weights.classes != IMAGENET_CLASSES;
    (is_guess && is_own).then_some(network)
}

/// Whether there is something to ask.
pub fn is_due(state: &State) -> bool {
    guessed(state).is_some()
}

/// Draws the question, with the guess marked.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(network) = guessed(state) else { return };
    ui.separator();
    caption(
        ui,
        "The network's file does not say which range of pixels it was trained on. It is:",
    );
    let every = Pixels::ALL.map(|pixels| (pixels, pixels.name().to_owned(), pixels_text(pixels)));
    if let Some(pixels) = assumed_answers(ui, network.usual.pixels, every) {
        let mut choices = state.choices.clone();
        choices.input.pixels = Some(pixels);
        commands.push(Command::Choose(choices));
    }
    ui.add_space(UNIT);
}
