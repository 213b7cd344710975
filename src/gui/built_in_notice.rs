//! What the network inside the program knows, and where to get the one for photographs.

use egui::{RichText, Ui};

use super::command::{Action, Command};
use super::state::State;
use super::theme::UNIT;
use super::widgets::caption;
use crate::explorer::NetworkSource;

/// Whether the network that speaks is the one inside the program.
pub fn is_due(state: &State) -> bool {
    state
        .network
        .as_ref()
        .is_some_and(|network| network.source == NetworkSource::BuiltIn)
}

/// Draws the notice.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let classes = state.network.as_ref().map_or(0, |network| network.weights.classes);
    ui.separator();
    caption(
        ui,
        format!("This network knows {classes} drawn things, not photographs."),
    );
    if !state.getting_weights {
        let (label, tooltip) = Action::DownloadNetwork.label_and_tooltip();
        if ui.button(RichText::new(label).small()).on_hover_text(tooltip).clicked() {
            commands.push(Command::Do(Action::DownloadNetwork));
        }
    }
    ui.add_space(UNIT);
}
