//! The line above the picture: what it shows, and what can be asked of it.

use egui::{Align, Button, Frame, Layout, Margin, Response, RichText, Ui};

use super::command::{Action, Command};
use super::compare_with;
use super::export;
use super::icons;
use super::state::State;
use super::theme::{self, palette, strong};
use super::widgets::{action_tooltip, caption, truncated, with_icon};
use crate::explain::Target;

/// What buttons with names and the name of a class need, in points; with less, buttons are icons alone.
const ROOM: f32 = 940.0;

/// Draws the line; nothing while there is no prediction.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(class) = state.class() else { return };
    Frame::new().inner_margin(Margin::symmetric(12, 6)).show(ui, |ui| {
        ui.horizontal(|ui| {
            let shown = state.preview.unwrap_or(class);
            let target = state.choices.target(shown);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let names = ui.available_width() > ROOM;
                zoom(ui, state, commands);
                peek(ui, names, state, commands);
                toggle(ui, names, Action::Compare, state.compare.is_some(), commands);
                crop(ui, names, state, commands);
                toggle(ui, names, Action::WhatIsHere, state.asking_here, commands);
                compare_with::show(ui, names, state, class, commands);
                let compares = matches!(target, Target::Rather { .. });
                ui.add_enabled_ui(!compares, |ui| {
                    toggle(ui, names, Action::Signed, state.choices.is_signed(target), commands);
                });
                pin(ui, names, state, class, commands);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let channel = state.channel.filter(|_| state.preview.is_none());
                    let name = channel.map_or_else(
                        || export::target_name(state, target),
                        |channel| format!("Channel {channel}"),
                    );
                    truncated(ui, RichText::new(name).font(strong(theme::BODY)));
                    if let Some(channel) = channel {
                        let back = quiet(ui, true, Some(icons::CLOSE), "Back to the map", false);
                        if back.on_hover_text("Show the map of the class again.").clicked() {
                            commands.push(Command::SelectChannel(channel));
                        }
                    }
                    if state.preview.is_some_and(|preview| preview != class) {
                        caption(ui, "preview");
                    }
                });
            });
        });
    });
}

/// A quiet button that is coloured while it holds.
pub fn quiet(ui: &mut Ui, names: bool, icon: Option<char>, name: &str, holds: bool) -> Response {
    let button = quiet_button(ui, names, icon, name, holds).selected(holds);
    ui.add(button).accessible_name(name)
}

/// The same before it is placed.
pub fn quiet_button(ui: &Ui, names: bool, icon: Option<char>, name: &str, holds: bool) -> Button<'static> {
    let colours = palette(ui);
    let text = match icon {
        Some(icon) if !names => icon.to_string(),
        icon => with_icon(icon, name),
    };
    let text = RichText::new(text).font(theme::font(theme::SMALL));
    let text = text.color(if holds { colours.accent } else { colours.weak });
    Button::new(text).frame_when_inactive(holds)
}

/// A button that is coloured while what it does holds.
pub fn toggle(ui: &mut Ui, names: bool, action: Action, holds: bool, commands: &mut Vec<Command>) {
    let response = quiet(ui, names, action.icon(), action.label(), holds).on_hover_ui(|ui| action_tooltip(ui, action));
    if response.clicked() {
        commands.push(Command::Do(action));
    }
}

fn pin(ui: &mut Ui, names: bool, state: &State, class: usize, commands: &mut Vec<Command>) {
    let is_pinned = state.pinned.contains(&class);
    let text = if is_pinned { "Pinned" } else { "Pin" };
    if quiet(ui, names, Action::Pin.icon(), text, is_pinned)
        .on_hover_ui(|ui| action_tooltip(ui, Action::Pin))
        .clicked()
    {
        commands.push(Command::TogglePin(class));
    }
}

/// Cuts a part out, or gives the whole back.
fn crop(ui: &mut Ui, names: bool, state: &State, commands: &mut Vec<Command>) {
    if state.cropped().is_some() && state.cropping.is_none() {
        toggle(ui, names, Action::WholePhoto, true, commands);
    } else {
        toggle(ui, names, Action::Crop, state.cropping.is_some(), commands);
    }
}

/// The plain photo, for as long as the button is held.
fn peek(ui: &mut Ui, names: bool, state: &State, commands: &mut Vec<Command>) {
    let response = quiet(ui, names, Some(icons::PEEK), "Photo", state.peeking)
        .on_hover_text("The plain photo for as long as this is held. The space bar does the same.");
    let is_held = response.is_pointer_button_down_on();
    if is_held != state.peeking {
        commands.push(Command::Peek(is_held));
    }
}

fn zoom(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let is_zoomed = state.camera.zoom != 1.0;
    let text = if is_zoomed {
        format!("{:.1}×", state.camera.zoom)
    } else {
        "Fit".to_owned()
    };
    let response =
        quiet(ui, true, Action::Fit.icon(), &text, is_zoomed).on_hover_ui(|ui| action_tooltip(ui, Action::Fit));
    if response.clicked() {
        commands.push(Command::Do(Action::Fit));
    }
}
