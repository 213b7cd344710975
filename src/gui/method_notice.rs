//! The advice to take another method where Grad-CAM often misses the object.

use egui::{RichText, Ui};

use super::command::Command;
use super::state::State;
use super::theme::UNIT;
use super::widgets::caption;

/// Height of the advice, more or less.
pub const HEIGHT: f32 = 21.0 * UNIT;

/// Whether there is something to advise.
pub fn is_due(state: &State) -> bool {
    state.better_method().is_some()
}

/// Draws the advice, with a way to take it and one to wave it away.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(method) = state.better_method() else { return };
    let title = method.title();
    ui.separator();
    caption(
        ui,
        format!(
            "Off the last layer Grad-CAM averages gradients over space and often misses the object; {title} keeps those of \
             each cell."
        ),
    );
    ui.horizontal(|ui| {
        if ui.button(RichText::new(format!("Use {title}")).small()).clicked() {
            let mut choices = state.choices.clone();
            choices.method = method;
            commands.push(Command::Choose(choices));
        }
        if ui.button(RichText::new("Stay with Grad-CAM").small()).clicked() {
            commands.push(Command::SettleMethod);
        }
    });
    ui.add_space(UNIT);
}
