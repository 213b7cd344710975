//! The question how pixels are scaled for a network, where neither its file nor its family says it.

use egui::{Button, RichText, Ui};

use super::command::Command;
use super::settings::pixels_text;
use super::state::State;
use super::theme::UNIT;
use super::widgets::caption;
use crate::imaging::Pixels;
use crate::weights::SaidBy;

/// Whether there is something to ask.
pub fn is_due(state: &State) -> bool {
    let is_unknown = state
        .network
        .as_deref()
        .is_some_and(|network| network.pixels_said_by == SaidBy::Guess && network.weights.usual_pixels.is_none());
    is_unknown && state.choices.input.pixels.is_none()
}

/// Draws the question, with the guess marked.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.separator();
    caption(
        ui,
        "Neither the network's file nor its layers say how pixels were scaled for it. They are:",
    );
    let assumed = state.preprocessing().pixels;
    ui.horizontal_wrapped(|ui| {
        for pixels in Pixels::ALL {
            let text = match pixels == assumed {
                true => format!("{pixels} (assumed)"),
                false => pixels.to_string(),
            };
            let button = Button::new(RichText::new(text).small()).selected(pixels == assumed);
            if ui.add(button).on_hover_text(pixels_text(pixels)).clicked() {
                let mut choices = state.choices.clone();
                choices.input.pixels = Some(pixels);
                commands.push(Command::Choose(choices));
            }
        }
    });
    ui.add_space(UNIT);
}
