//! What the network inside the program knows, and where to get the network of the tutorial.

use egui::{RichText, Ui};

use super::command::{Action, Command};
use super::download;
use super::state::State;
use super::theme::UNIT;
use super::widgets::caption;
use crate::weights::BuiltIn;

/// Whether the network that speaks is one of those inside the program.
pub fn is_due(state: &State) -> bool {
    built_in(state).is_some()
}

/// Whether the notice shows how far a download is, in the place of the button that began it.
pub fn has_download(state: &State) -> bool {
    is_due(state) && state.getting_weights && !state.preferences.panels.folded.classes
}

fn built_in(state: &State) -> Option<BuiltIn> {
    state.network.as_ref()?.weights.built_in
}

/// Draws the notice.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let classes = state.network.as_ref().map_or(0, |network| network.weights.classes);
    ui.separator();
    match built_in(state) {
        Some(BuiltIn::Drawings) => caption(
            ui,
            format!("This network knows {classes} drawn things, not photographs."),
        ),
        _ => caption(
            ui,
            format!("Built-in: {classes} ImageNet classes (EfficientNet-Lite0, 75 % top-1 by its authors)."),
        ),
    };
    if state.getting_failed {
        caption(
            ui,
            "The weights could not be fetched. Fetch their file by another way, and open it:",
        );
        ui.horizontal_wrapped(|ui| {
            if let Some(address) = &state.weights_address
                && ui
                    .button(RichText::new("Copy address").small())
                    .on_hover_text(address)
                    .clicked()
            {
                ui.ctx().copy_text(address.clone());
            }
            let (label, tooltip) = Action::OpenNetwork.label_and_tooltip();
            if ui.button(RichText::new(label).small()).on_hover_text(tooltip).clicked() {
                commands.push(Command::Do(Action::OpenNetwork));
            }
        });
    }
    if state.getting_weights {
        download::in_column(ui, state, commands);
    } else {
        let (label, tooltip) = Action::DownloadNetwork.label_and_tooltip();
        if ui.button(RichText::new(label).small()).on_hover_text(tooltip).clicked() {
            commands.push(Command::Do(Action::DownloadNetwork));
        }
    }
    ui.add_space(UNIT);
}
