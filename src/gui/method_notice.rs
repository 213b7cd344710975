//! The advice to take another method where Grad-CAM often misses the object.

use egui::{Rect, Ui};

use super::command::Command;
use super::evidence_notice::over_picture;
use super::state::State;

/// Draws the advice over the upper edge of the picture, with a way to take it and one to wave it away; nothing where there
/// is nothing to advise.
pub fn show(ui: &Ui, state: &State, canvas: Rect, commands: &mut Vec<Command>) {
    let Some(method) = state.better_method() else { return };
    let title = method.title();
    over_picture(ui, canvas, "method", |ui| {
        ui.label("Off the last layer Grad-CAM often misses the object")
            .on_hover_text(format!(
                "It averages gradients over space; {title} keeps those of each cell."
            ));
        ui.horizontal_wrapped(|ui| {
            if ui.button(format!("Use {title}")).clicked() {
                let mut choices = state.choices.clone();
                choices.method = method;
                commands.push(Command::Choose(choices));
            }
            if ui.button("Stay with Grad-CAM").clicked() {
                commands.push(Command::SettleMethod);
            }
        });
    });
}
