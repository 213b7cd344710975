//! The names of what can be folded out below the picture: whole, shortened or as icons alone, as there is room.

use egui::scroll_area::ScrollBarVisibility;
use egui::{Button, RichText, ScrollArea, Ui};

use super::choices::{Drawer, Scale};
use super::command::Command;
use super::state::State;
use super::theme::{self, UNIT, font, palette};
use super::widgets::{check, text_width, with_icon};

/// What the small pictures share, and its name where there is little room.
const SHARED: [&str; 2] = ["Shared scale", "Shared"];
/// What a box needs beside its name.
const BOX: f32 = 7.0 * UNIT;

/// Draws the names.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let available = ui.available_width();
    let area = ScrollArea::horizontal()
        .id_salt("tabs")
        .scroll_bar_visibility(ScrollBarVisibility::AlwaysHidden);
    area.show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = UNIT;
            let has_box = state.preferences.drawer == Some(Drawer::SideBySide);
            let around = 2.0 * ui.spacing().button_padding.x + UNIT;
            let width = |text: &str| text_width(ui, text, &font(theme::SMALL));
            let all = |name: fn(Drawer) -> &'static str| {
                let tabs = Drawer::ALL.map(|drawer| width(&with_icon(Some(drawer.icon()), name(drawer))) + around);
                tabs.iter().sum::<f32>()
            };
            let with_box = |tabs: f32, text| tabs + if has_box { width(text) + BOX } else { 0.0 };
            let [whole, short] = [Drawer::name as fn(Drawer) -> _, Drawer::short_name];
            let name = [(whole, SHARED[0]), (short, SHARED[1])]
                .into_iter()
                .find(|&(name, text)| with_box(all(name), text) <= available);
            for drawer in Drawer::ALL {
                tab(ui, state, drawer, name.map(|(name, _)| name(drawer)), commands);
            }
            if has_box {
                shared_scale(ui, state, name.map_or(SHARED[1], |(_, text)| text), commands);
            }
        })
    });
}

/// One name with its icon, or the icon alone.
fn tab(ui: &mut Ui, state: &State, drawer: Drawer, shown: Option<&str>, commands: &mut Vec<Command>) {
    let is_open = state.preferences.drawer == Some(drawer);
    let (name, explanation) = (drawer.name(), drawer.explanation());
    let colours = palette(ui);
    let text = shown.map_or_else(
        || drawer.icon().to_string(),
        |name| with_icon(Some(drawer.icon()), name),
    );
    let text = RichText::new(text).font(font(theme::SMALL));
    let text = text.color(if is_open { colours.text } else { colours.weak });
    let button = Button::new(text).frame_when_inactive(is_open).selected(is_open);
    let response = ui.add(button).accessible_name(name);
    let tooltip = match shown {
        Some(shown) if shown == name => explanation.to_owned(),
        _ => format!("{name}\n{explanation}"),
    };
    if response.on_hover_text(tooltip).clicked() {
        let mut preferences = state.preferences.clone();
        preferences.drawer = (!is_open).then_some(drawer);
        commands.push(Command::Prefer(preferences));
    }
}

/// Whether the small pictures share one scale.
fn shared_scale(ui: &mut Ui, state: &State, text: &str, commands: &mut Vec<Command>) {
    let mut is_shared = state.choices.scale == Scale::Shared;
    let response = check(ui, &mut is_shared, RichText::new(text).small()).accessible_name(SHARED[0]);
    if response.on_hover_text(Scale::Shared.explanation()).changed() {
        let mut choices = state.choices.clone();
        choices.scale = if is_shared { Scale::Shared } else { Scale::Own };
        commands.push(Command::Choose(choices));
    }
}
