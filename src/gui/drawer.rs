//! What can be folded out below the picture.

use egui::{RichText, ScrollArea, Ui};

use super::agreement;
use super::answers::answer;
use super::choices::{Drawer, Scale};
use super::color_bar::short;
use super::command::Command;
use super::faithfulness;
use super::input_picture;
use super::layer_strip;
use super::multiples::{Tile, tile, tile_size};
use super::numbers;
use super::questions;
use super::sanity;
use super::state::State;
use super::textures::{Slot, Textures};
use super::theme::UNIT;

/// Height of the drawer at least.
pub const LOWEST: f32 = 22.0 * UNIT;

/// Draws what is folded out.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures, drawer: Drawer, commands: &mut Vec<Command>) {
    content(ui, state, textures, drawer, commands);
    // it stays as high as it was, whatever is in it
    ui.take_available_space();
}

fn content(ui: &mut Ui, state: &State, textures: &mut Textures, drawer: Drawer, commands: &mut Vec<Command>) {
    if state.prediction().is_none() {
        let is_coming = state.is_fetched();
        let text = if is_coming {
            "Waiting for the prediction…"
        } else {
            "Open an image first."
        };
        ui.label(RichText::new(text).weak());
        return;
    }
    match drawer {
        Drawer::Layers => layer_strip::show(ui, state, textures, commands),
        Drawer::SideBySide => side_by_side(ui, state, textures, commands),
        Drawer::Gradients => numbers::gradients(ui, state),
        Drawer::Channels => numbers::channels(ui, state, commands),
        Drawer::Values => numbers::values(ui, state),
        Drawer::Predictions => numbers::predictions(ui, state),
        Drawer::Input => input_picture::show(ui, state, textures),
        Drawer::Sanity => sanity::show(ui, state, textures, commands),
        Drawer::Faithfulness => faithfulness::show(ui, state, textures, commands),
        Drawer::Agreement => agreement::show(ui, state, textures, commands),
        Drawer::Questions => questions::show(ui, state, textures, commands),
    }
}

/// Many classes at one layer.
fn side_by_side(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) {
    let Some(layer) = state.layer() else { return };
    let size = tile_size(state, ui.available_height() - 3.0 * UNIT);
    let area = ScrollArea::horizontal()
        .id_salt("side by side")
        .auto_shrink([false, false]);
    area.show(ui, |ui| {
        ui.horizontal_top(|ui| {
            for class in state.side_by_side() {
                let shown = state.shown_as(state.choices.target(class), layer);
                let probability = state
                    .prediction()
                    .and_then(|prediction| prediction.probabilities.get(class).copied());
                let detail = match &shown {
                    Some(shown) if state.choices.scale != Scale::Own => format!("max {}", short(shown.map.max())),
                    _ => answer(state.output(), probability.unwrap_or(0.0)),
                };
                let name = state.class_name(class);
                let small = Tile {
                    name: &name,
                    caption: &name,
                    detail: &detail,
                    shown,
                    slot: Slot::Class(class),
                    is_chosen: state.class() == Some(class),
                };
                let response = tile(ui, state, textures, small, size);
                if response.clicked() {
                    commands.push(Command::SelectClass(class));
                }
                if response.hovered() {
                    commands.push(Command::PreviewClass(class));
                }
            }
        });
    });
}
