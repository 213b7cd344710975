//! The line above the picture: what it shows, and what can be asked of it.

use egui::{Align, Button, Frame, Layout, Margin, Response, RichText, Ui};

use super::command::{Action, Command};
use super::export;
use super::state::State;
use super::theme::{self, UNIT, palette, strong};
use super::widgets::{action_tooltip, truncated};
use crate::explain::Target;

/// What two more buttons and a name need, in points.
const ROOM: f32 = 190.0;

/// Draws the line; nothing while there is no prediction.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(class) = state.class() else { return };
    Frame::new().inner_margin(Margin::symmetric(12, 6)).show(ui, |ui| {
        ui.horizontal(|ui| {
            let shown = state.preview.unwrap_or(class);
            let target = state.choices.target(shown);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                zoom(ui, state, commands);
                toggle(ui, Action::WhatIsHere, state.asking_here, commands);
                compare(ui, state, class, commands);
                // in a narrow window these two are left to their keys
                let is_wide = ui.available_width() > ROOM;
                if is_wide && !matches!(target, Target::Rather { .. }) {
                    toggle(ui, Action::Signed, state.choices.is_signed(target), commands);
                }
                if is_wide {
                    pin(ui, state, class, commands);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let name = RichText::new(export::target_name(state, target)).font(strong(theme::BODY));
                    truncated(ui, name);
                });
            });
        });
    });
}

/// A quiet button that is coloured while it holds.
fn quiet(ui: &mut Ui, text: &str, holds: bool) -> Response {
    let colours = palette(ui);
    let text = RichText::new(text).font(theme::font(theme::SMALL));
    let text = text.color(if holds { colours.accent } else { colours.weak });
    ui.add(Button::new(text).frame_when_inactive(holds).selected(holds))
}

fn toggle(ui: &mut Ui, action: Action, holds: bool, commands: &mut Vec<Command>) {
    let response = quiet(ui, action.label(), holds).on_hover_ui(|ui| action_tooltip(ui, action));
    if response.clicked() {
        commands.push(Command::Do(action));
    }
}

fn pin(ui: &mut Ui, state: &State, class: usize, commands: &mut Vec<Command>) {
    let is_pinned = state.pinned.contains(&class);
    let text = if is_pinned { "Pinned" } else { "Pin" };
    if quiet(ui, text, is_pinned)
        .on_hover_ui(|ui| action_tooltip(ui, Action::Pin))
        .clicked()
    {
        commands.push(Command::TogglePin(class));
    }
}

/// The choice of a class to compare with.
fn compare(ui: &mut Ui, state: &State, class: usize, commands: &mut Vec<Command>) {
    let compared = matches!(state.choices.target(class), Target::Rather { .. });
    if compared {
        let response = quiet(ui, "Rather than", true).on_hover_text("Stop comparing.");
        if response.clicked() {
            commands.push(Command::CompareWith(None));
        }
        return;
    }
    let colours = palette(ui);
    let text = RichText::new("Rather than…")
        .font(theme::font(theme::SMALL))
        .color(colours.weak);
    let button = Button::new(text).frame_when_inactive(false);
    let (response, _) = egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| {
        ui.set_min_width(40.0 * UNIT);
        let ranking = state.prediction().map_or(&[][..], |prediction| &prediction.ranking);
        let pinned = state.pinned.iter();
        let others = pinned.chain(ranking.iter().filter(|other| !state.pinned.contains(other)));
        for &other in others.filter(|&&other| other != class).take(12) {
            if ui.button(state.class_name(other)).clicked() {
                commands.push(Command::CompareWith(Some(other)));
                ui.close();
            }
        }
    });
    response.on_hover_text(
        "Show what argues for the chosen class rather than another: the difference of their maps. Pin a class to have it \
         first on the list.",
    );
}

fn zoom(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let is_zoomed = state.camera.zoom != 1.0;
    let text = if is_zoomed {
        format!("{:.1}×", state.camera.zoom)
    } else {
        "Fit".to_owned()
    };
    let response = quiet(ui, &text, is_zoomed).on_hover_ui(|ui| action_tooltip(ui, Action::Fit));
    if response.clicked() {
        commands.push(Command::Do(Action::Fit));
    }
}
