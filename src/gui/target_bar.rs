//! The line above the picture: what it shows, and what can be asked of it.

use egui::containers::menu::MenuButton;
use egui::{Align, Button, Frame, Layout, Margin, Response, RichText, Ui};

use super::answers;
use super::command::{Action, Command};
use super::compare_with;
use super::export;
use super::icons;
use super::picture;
use super::state::State;
use super::theme::{self, UNIT, font, palette, strong};
use super::widgets::{action_entry, action_tooltip, caption, text_width, truncated, with_icon};
use crate::explain::{Score, Target};
use crate::labels::Labels;

/// What buttons with names and the name of a class need, in points; with less, buttons are icons alone.
const ROOM: f32 = 1010.0;
/// With less, some of them are in a menu, so that there is room for the name.
const LITTLE_ROOM: f32 = 600.0;
/// With less than this, most of them, with the one that keeps the class.
const LEAST_ROOM: f32 = 420.0;

/// What the button that keeps the class needs, in points, as an icon alone.
const KEEP: f32 = 8.0 * UNIT;
/// The same with its name, while it holds.
const KEPT: f32 = 16.0 * UNIT;

/// Draws the line; nothing while there is no image, or none was predicted yet.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let before = || state.listing()?.ranking.first().copied();
    let Some(class) = state.class().or_else(before) else {
        return;
    };
    if state.prediction().is_none() {
        ui.add_enabled_ui(false, |ui| line(ui, state, class, commands));
    } else {
        line(ui, state, class, commands);
    }
}

fn line(ui: &mut Ui, state: &State, class: usize, commands: &mut Vec<Command>) {
    Frame::new().inner_margin(Margin::symmetric(12, 6)).show(ui, |ui| {
        ui.horizontal(|ui| {
            let shown = state.preview.unwrap_or(class);
            let target = state.choices.target(shown);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let names = ui.available_width() > ROOM;
                let is_narrow = ui.available_width() < LITTLE_ROOM;
                let is_tiny = ui.available_width() < LEAST_ROOM;
                if is_narrow {
                    ui.spacing_mut().item_spacing.x = UNIT;
                }
                zoom(ui, is_tiny, state, commands);
                peek(ui, names, state, commands);
                if !is_tiny {
                    toggle(ui, names, Action::Compare, state.compare.is_some(), commands);
                    toggle(ui, names, Action::Paint, state.brushing.is_some(), commands);
                    crop(ui, names, state, commands);
                    compare_with::show(ui, names, state, class, commands);
                }
                if is_narrow {
                    more(ui, is_tiny, state, class, commands);
                } else {
                    let compares = matches!(target, Target::Rather { .. });
                    toggle(ui, names, Action::WhatIsHere, state.asking_here, commands);
                    ui.add_enabled_ui(!compares, |ui| {
                        toggle(ui, names, Action::Signed, state.choices.is_signed(target), commands);
                    });
                    pin(ui, names, state, class, commands);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let channel = state.channel.filter(|_| state.preview.is_none());
                    if let Some(channel) = channel {
                        truncated(
                            ui,
                            RichText::new(format!("Channel {channel}")).font(strong(theme::BODY)),
                        );
                        let back = quiet(ui, true, Some(icons::CLOSE), "Back to the map", false);
                        if back.on_hover_text("Show the map of the class again.").clicked() {
                            commands.push(Command::SelectChannel(channel));
                        }
                    } else {
                        shown_class(ui, is_tiny, state, shown, commands);
                    }
                    if state.preview.is_some_and(|preview| preview != class) {
                        caption(ui, "preview");
                    }
                });
            });
        });
    });
}

/// Rank, name and number of the class whose map is shown, and whether it stays for other images; while it does not, that
/// is asked in the menu where there is hardly any room.
fn shown_class(ui: &mut Ui, is_tiny: bool, state: &State, class: usize, commands: &mut Vec<Command>) {
    if state.prediction().is_none() {
        caption(ui, "Looking…");
        return;
    }
    let name = export::target_name(state, state.choices.target(class));
    let rank = state.rank(class);
    let value = state.prediction().and_then(|prediction| {
        let values = match answers::shown(state) {
            Score::Probability => &prediction.probabilities,
            Score::Logit => &prediction.logits,
        };
        values.get(class).map(|&value| answers::text(state, value))
    });
    let about = rank.map(|rank| {
        let classes = state.labels().map_or(0, Labels::len);
        format!("Rank {} of {classes} classes for this image.", rank + 1)
    });
    let about = about.unwrap_or_default();
    if let Some(rank) = rank {
        caption(ui, format!("#{}", rank + 1)).on_hover_text(&about);
    }
    let value = value.unwrap_or_default();
    let keeps = state.preferences.keep_class;
    let button = match (keeps, is_tiny) {
        (true, false) => KEPT,
        (false, true) => 0.0,
        _ => KEEP,
    };
    let beside = text_width(ui, &value, &font(theme::BODY)) + button + 4.0 * UNIT;
    ui.scope(|ui| {
        ui.set_max_width((ui.available_width() - beside).max(0.0));
        truncated(ui, RichText::new(&name).font(strong(theme::BODY))).on_hover_text(&name);
    });
    ui.label(value).on_hover_text(about);
    if button == 0.0 {
        return;
    }
    let response = quiet(ui, keeps && !is_tiny, Action::KeepClass.icon(), "Kept", keeps)
        .accessible_name(Action::KeepClass.label())
        .on_hover_ui(|ui| action_tooltip(ui, Action::KeepClass));
    if response.clicked() {
        commands.push(Command::Do(Action::KeepClass));
    }
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
    let text = RichText::new(text).font(font(theme::SMALL));
    let text = text.color(if holds { colours.text } else { colours.weak });
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

/// What else there is, where there is little room.
fn more(ui: &mut Ui, is_tiny: bool, state: &State, class: usize, commands: &mut Vec<Command>) {
    let button = quiet_button(ui, false, Some(icons::EXPAND), "More", false);
    let compares = matches!(state.choices.target(class), Target::Rather { .. });
    let (response, _) = MenuButton::from_button(button).ui(ui, |ui| {
        action_entry(ui, Action::Pin, true, commands);
        action_entry(ui, Action::KeepClass, true, commands);
        action_entry(ui, Action::Signed, !compares, commands);
        action_entry(ui, Action::WhatIsHere, true, commands);
        if is_tiny {
            compare_with::entry(ui, state, class, commands);
        }
        action_entry(ui, Action::Crop, true, commands);
        action_entry(ui, Action::WholePhoto, state.cropped().is_some(), commands);
        action_entry(ui, Action::Paint, true, commands);
        action_entry(ui, Action::RemovePainting, state.painting().is_some(), commands);
        action_entry(ui, Action::Compare, true, commands);
    });
    response.accessible_name("More").on_hover_text(
        "Pin or keep the class, evidence for and against, what a place argues for, another class or picture beside it, crop and paint.",
    );
}

/// Cuts a part out, or gives the whole back.
fn crop(ui: &mut Ui, names: bool, state: &State, commands: &mut Vec<Command>) {
    if state.cropped().is_some() && state.cropping.is_none() {
        toggle(ui, names, Action::WholePhoto, true, commands);
    } else {
        let crops = state.cropping.is_some_and(|cropping| !cropping.asks);
        toggle(ui, names, Action::Crop, crops, commands);
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

fn zoom(ui: &mut Ui, is_tiny: bool, state: &State, commands: &mut Vec<Command>) {
    let is_zoomed = state.camera.zoom != 1.0;
    let text = match picture::scale(ui).filter(|_| is_zoomed) {
        Some(scale) => format!("{:.0} %", 100.0 * scale),
        None => "Fit".to_owned(),
    };
    let response = quiet(ui, is_zoomed || !is_tiny, Action::Fit.icon(), &text, is_zoomed)
        .on_hover_ui(|ui| action_tooltip(ui, Action::Fit));
    if response.clicked() {
        commands.push(Command::Do(Action::Fit));
    }
}
