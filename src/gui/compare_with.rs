//! The choice of a class to compare with: any class, found as on the list.

use egui::containers::menu::{MenuButton, MenuConfig, SubMenuButton};
use egui::{Align2, Id, Key, PopupCloseBehavior, Response, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, vec2};

use super::answers::answer;
use super::command::Command;
use super::icons;
use super::state::State;
use super::target_bar::{quiet, quiet_button};
use super::theme::{self, UNIT, palette};
use super::widgets::{caption, focus_ring, text_in, with_chevron, with_icon};
use crate::explain::Target;

/// The name of the button.
const NAME: &str = "Compare with…";
/// Width of the list.
const WIDTH: f32 = 64.0 * UNIT;
/// Height of the list.
const HEIGHT: f32 = 75.0 * UNIT;

/// Draws the button, with the list behind it.
pub fn show(ui: &mut Ui, names: bool, state: &State, class: usize, commands: &mut Vec<Command>) {
    if let Target::Rather { than, .. } = state.choices.target(class) {
        let than = state.class_name(than);
        let response = quiet(ui, names, Some(icons::COMPARE), "Stop comparing", true);
        let response = response.on_hover_text(format!("Compared with {than}; show the map of the class alone again."));
        if response.clicked() {
            commands.push(Command::CompareWith(None));
        }
        return;
    }
    let button = quiet_button(ui, names, Some(icons::COMPARE), &with_chevron(NAME), false);
    // a click into the field is none that chooses
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (response, _) = MenuButton::from_button(button).config(config).ui(ui, |ui| {
        list(ui, state, class, |other| Command::CompareWith(Some(other)), commands);
    });
    if response.clicked() {
        commands.push(Command::SearchRival(String::new()));
    }
    response.accessible_name(NAME).on_hover_text(
        "Show what argues for the chosen class rather than another: the difference of their maps. Classes that are pinned or \
         were chosen lately come first.",
    );
}

/// The same in a menu.
pub fn entry(ui: &mut Ui, state: &State, class: usize, commands: &mut Vec<Command>) {
    if let Target::Rather { .. } = state.choices.target(class) {
        if ui.button("Stop comparing").clicked() {
            commands.push(Command::CompareWith(None));
            ui.close();
        }
        return;
    }
    // a click into the field is none that chooses
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (response, _) = SubMenuButton::new(NAME).config(config).ui(ui, |ui| {
        list(ui, state, class, |other| Command::CompareWith(Some(other)), commands);
    });
    if response.clicked() {
        commands.push(Command::SearchRival(String::new()));
    }
}

/// The search field, and the classes that it finds; all of them, those at hand first, while it is empty. What is chosen
/// is done by `choose`.
pub fn list(ui: &mut Ui, state: &State, class: usize, choose: impl Fn(usize) -> Command, commands: &mut Vec<Command>) {
    ui.set_width(WIDTH);
    let search = &state.rival_search;
    let mut query = search.query.clone();
    let field = TextEdit::singleline(&mut query)
        .id(Id::unique("search for a rival"))
        .hint_text(with_icon(Some(icons::SEARCH), "Any class…"))
        .desired_width(f32::INFINITY);
    let response = ui
        .add(field.margin(egui::Margin::symmetric(8, 6)))
        .accessible_name("Class to compare with");
    let others = others(state, class);
    if response.changed() {
        commands.push(Command::SearchRival(query));
    } else if response.lost_focus()
        && ui.input(|input| input.key_pressed(Key::Enter))
        && let Some(&best) = others.first()
    {
        commands.push(choose(best));
        ui.close();
    }
    if just_opened(ui) {
        response.request_focus();
    }
    ui.add_space(UNIT);
    if others.is_empty() {
        caption(ui, format!("No other class is called “{}”.", search.query));
        return;
    }
    let rows = ScrollArea::vertical().id_salt("rivals").max_height(HEIGHT);
    ui.spacing_mut().item_spacing.y = 0.0;
    rows.auto_shrink([false, true])
        .show_rows(ui, theme::ROW, others.len(), |ui, rows| {
            for &other in others.get(rows).unwrap_or_default() {
                let response = row(ui, state, other);
                if response.clicked() {
                    commands.push(choose(other));
                    ui.close();
                }
            }
        });
}

/// Whether the list was not there in the frame before.
fn just_opened(ui: &Ui) -> bool {
    let id = Id::unique("rivals drawn last");
    let now = ui.ctx().cumulative_pass_nr();
    let last: Option<u64> = ui.data(|data| data.get_temp(id));
    ui.data_mut(|data| data.insert_temp(id, now));
    last.is_none_or(|last| last + 1 < now)
}

/// Every class but the chosen one: those found, or those at hand and then the most probable.
fn others(state: &State, class: usize) -> Vec<usize> {
    let mut others = Vec::new();
    if state.rival_search.query.is_empty() {
        let ranking = state.prediction().map_or(&[][..], |prediction| &prediction.ranking);
        let at_hand = state.pinned.iter().chain(&state.recent_classes).copied();
        for other in at_hand {
            if other != class && !others.contains(&other) {
                others.push(other);
            }
        }
        let known = others.clone();
        others.extend(
            ranking
                .iter()
                .filter(|other| **other != class && !known.contains(other)),
        );
    } else {
        others.extend(state.rival_search.found.iter().filter(|other| **other != class));
    }
    others
}

fn row(ui: &mut Ui, state: &State, other: usize) -> Response {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW), Sense::click());
    let name = state.class_name(other);
    response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Button, true, &name));
    if response.hovered() {
        ui.painter().rect_filled(rect, UNIT, colours.raised);
    }
    focus_ring(ui, &response, rect);
    let mut inner = rect.shrink2(vec2(2.0 * UNIT, 0.0));
    let probabilities = state
        .prediction()
        .map_or(&[][..], |prediction| &prediction.probabilities);
    if let Some(&probability) = probabilities.get(other) {
        let value = answer(state.output(), probability);
        inner.max.x -= text_in(ui, inner, Align2::RIGHT_CENTER, &value, theme::SMALL, colours.weak) + 2.0 * UNIT;
    }
    text_in(ui, inner, Align2::LEFT_CENTER, &name, theme::BODY, colours.text);
    response
}
