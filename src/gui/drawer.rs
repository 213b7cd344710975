//! What can be folded out below the picture.

use egui::scroll_area::ScrollBarVisibility;
use egui::{Button, RichText, ScrollArea, Ui};

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
use super::state::State;
use super::textures::{Slot, Textures};
use super::theme::{self, UNIT, palette};
use super::widgets::{check, with_icon};

/// Height of the drawer at least.
pub const LOWEST: f32 = 22.0 * UNIT;

/// What all names need beside each other with all of what stands behind them, in points; with less, there are icons alone.
const NAMES: f32 = 690.0;

/// What they need with their icons; with less, there are names alone, closer to each other.
const BOTH: f32 = 950.0;

/// Draws the names of what can be folded out.
pub fn tabs(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let available = ui.available_width();
    let area = ScrollArea::horizontal()
        .id_salt("tabs")
        .scroll_bar_visibility(ScrollBarVisibility::AlwaysHidden);
    area.show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = UNIT;
            let (names, icons) = (available > NAMES, !(NAMES..BOTH).contains(&available));
            if names && !icons {
                ui.spacing_mut().button_padding.x = UNIT;
            }
            for drawer in Drawer::ALL {
                let is_open = state.preferences.drawer == Some(drawer);
                let (name, explanation) = drawer.name_and_explanation();
                let colours = palette(ui);
                let text = match (names, icons) {
                    (true, true) => with_icon(Some(drawer.icon()), name),
                    (true, false) => name.to_owned(),
                    (false, _) => drawer.icon().to_string(),
                };
                let text = RichText::new(text).font(theme::font(theme::SMALL));
                let text = text.color(if is_open { colours.text } else { colours.weak });
                let button = Button::new(text).frame_when_inactive(is_open).selected(is_open);
                let response = ui.add(button).accessible_name(name);
                let tooltip = if names {
                    explanation.to_owned()
                } else {
                    format!("{name}\n{explanation}")
                };
                if response.on_hover_text(tooltip).clicked() {
                    let mut preferences = state.preferences.clone();
                    preferences.drawer = (!is_open).then_some(drawer);
                    commands.push(Command::Prefer(preferences));
                }
            }
            if state.preferences.drawer == Some(Drawer::SideBySide) {
                shared_scale(ui, state, available > BOTH, commands);
            }
        })
    });
}

/// Whether the small pictures share one scale.
fn shared_scale(ui: &mut Ui, state: &State, is_wide: bool, commands: &mut Vec<Command>) {
    const NAME: &str = "Shared scale";
    let mut is_shared = state.choices.scale == Scale::Shared;
    let text = if is_wide { NAME } else { "Shared" };
    let response = check(ui, &mut is_shared, RichText::new(text).small()).accessible_name(NAME);
    if response.on_hover_text(Scale::Shared.explanation()).changed() {
        let mut choices = state.choices.clone();
        choices.scale = if is_shared { Scale::Shared } else { Scale::Own };
        commands.push(Command::Choose(choices));
    }
}

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
        Drawer::Faithfulness => faithfulness::show(ui, state, textures, commands),
        Drawer::Agreement => agreement::show(ui, state, textures, commands),
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
