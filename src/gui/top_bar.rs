//! The bar at the top: opening and saving, the name of the image, and the network that speaks.

use egui::containers::menu::MenuButton;
use egui::{Align, Button, Layout, RichText, Ui};

use super::command::{Action, Command};
use super::icons;
use super::images::Stage;
use super::network_menu;
use super::samples;
use super::state::State;
use super::theme::UNIT;
use super::widgets::{action_button, action_entry, caption, named_entry, truncated, with_chevron, with_icon};
use crate::samples::{drawings, photographs};

/// Draws the bar.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.horizontal_centered(|ui| {
        file_menu(ui, state, commands);
        action_button(ui, Action::Open, commands);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            action_button(ui, Action::Help, commands);
            export_menu(ui, state, commands);
            network_menu::show(ui, state, commands);
            download(ui, state, commands);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| title(ui, state));
        });
    });
}

fn file_menu(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let has_image = state.images.current().is_some();
    let button = Button::new(icons::MENU.to_string()).frame_when_inactive(false);
    let (response, _) = MenuButton::from_button(button).ui(ui, |ui| {
        action_entry(ui, Action::Open, true, commands);
        action_entry(ui, Action::OpenFolder, true, commands);
        action_entry(ui, Action::OpenAddress, true, commands);
        action_entry(ui, Action::Paste, true, commands);
        sample_entries(ui, commands);
        recent(ui, state, commands);
        ui.separator();
        export_entries(ui, state, commands);
        action_entry(ui, Action::RemoveImage, has_image, commands);
        ui.separator();
        action_entry(ui, Action::OpenNetwork, true, commands);
        ui.separator();
        action_entry(
            ui,
            Action::Undo,
            state.history.can_undo() || state.images.can_restore(),
            commands,
        );
        action_entry(ui, Action::Redo, state.history.can_redo(), commands);
        let settings_differ = state.choices != state.choices.with_default_settings();
        action_entry(ui, Action::Reset, settings_differ, commands);
        ui.separator();
        ui.menu_button("View", |ui| {
            for action in [
                Action::FoldAll,
                Action::FoldClasses,
                Action::FoldMap,
                Action::FoldImages,
                Action::FullScreen,
            ] {
                action_entry(ui, action, true, commands);
            }
            let theme = if state.is_dark {
                "Switch to light"
            } else {
                "Switch to dark"
            };
            named_entry(ui, theme, Action::SwitchTheme, true, commands);
        });
        action_entry(ui, Action::Help, true, commands);
        ui.separator();
        action_entry(ui, Action::StartFresh, has_image, commands);
        action_entry(ui, Action::Quit, true, commands);
    });
    response.accessible_name("Menu").on_hover_text("Everything else.");
}

fn export_entries(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    for action in [
        Action::Save,
        Action::Copy,
        Action::SaveValues,
        Action::SaveHeat,
        Action::SaveAll,
        Action::CopyMap,
    ] {
        action_entry(ui, action, state.shown.is_some(), commands);
    }
    ui.menu_button("Figure and sheets", |ui| {
        for action in [
            Action::SaveFigure,
            Action::CopyFigure,
            Action::SaveClasses,
            Action::CopyClasses,
            Action::SaveLayers,
            Action::CopyLayers,
        ] {
            action_entry(ui, action, state.shown.is_some(), commands);
        }
    });
    for action in [Action::SavePredictions, Action::CopyList, Action::CopyCsv] {
        action_entry(ui, action, state.prediction().is_some(), commands);
    }
}

/// Ways out for what the picture shows.
fn export_menu(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let menu = ui.add_enabled_ui(state.shown.is_some(), |ui| {
        let button = Button::new(with_icon(Some(icons::EXPORT), &with_chevron("Export"))).frame_when_inactive(false);
        let (response, _) = MenuButton::from_button(button).ui(ui, |ui| {
            export_entries(ui, state, commands);
        });
        response
            .accessible_name("Export")
            .on_hover_text("Save or copy what the picture shows.");
    });
    menu.response.on_disabled_hover_text("There is no map to export yet.");
}

fn sample_entries(ui: &mut Ui, commands: &mut Vec<Command>) {
    ui.menu_button("Samples", |ui| {
        if ui
            .button("The tutorial's photograph (from the web)")
            .on_hover_text(samples::TUTORIAL)
            .clicked()
        {
            commands.push(Command::OpenPaths(vec![samples::TUTORIAL.into()]));
            ui.close();
        }
        for kind in [photographs(), drawings()] {
            ui.separator();
            for sample in kind {
                if ui.button(sample.title).clicked() {
                    commands.push(Command::OpenSource(samples::source(sample)));
                    ui.close();
                }
            }
        }
    });
}

fn recent(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    if state.preferences.recent.is_empty() {
        return;
    }
    ui.menu_button("Open recent", |ui| {
        for path in &state.preferences.recent {
            let name = path
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                commands.push(Command::OpenPaths(vec![path.clone()]));
                ui.close();
            }
        }
    });
}

fn title(ui: &mut Ui, state: &State) {
    let Some(image) = state.images.current() else { return };
    ui.add_space(2.0 * UNIT);
    let count = state.images.list().len();
    let position = state.images.current_position().map_or(0, |position| position + 1);
    let [width, height] = image.size;
    let mut details = String::new();
    if width > 0 {
        details.push_str(&format!("  {width} × {height}"));
    }
    if count > 1 {
        details.push_str(&format!("  ·  {position} of {count}"));
    }
    let room = ui.painter().layout_no_wrap(
        details.clone(),
        super::theme::font(super::theme::SMALL),
        egui::Color32::WHITE,
    );
    let room = room.size().x + 3.0 * UNIT;
    let width = ui.available_width();
    ui.scope(|ui| {
        // with little room the name goes first, since it stands in the film strip and in the title of the window too
        ui.set_max_width((width - room).max(0.0));
        truncated(ui, &image.name).on_hover_text(&image.name);
    });
    if width > room {
        caption(ui, details);
    }
}

/// What is being fetched, with a way to stop it.
fn download(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let is_connecting = state
        .images
        .list()
        .iter()
        .any(|image| image.url.is_some() && image.stage == Stage::Opening);
    if state.download.is_none() && !state.getting_weights && !is_connecting {
        return;
    }
    if ui
        .button("Cancel")
        .on_hover_text(Action::CancelDownload.label_and_tooltip().1)
        .clicked()
    {
        commands.push(Command::Do(Action::CancelDownload));
    }
    let Some((what, progress)) = &state.download else {
        let what = if state.getting_weights { "weights" } else { "image" };
        caption(ui, format!("Getting the {what}…"));
        return;
    };
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let mut text = match progress.total {
        Some(total) => format!("{:.0} of {:.0} MB", megabytes(progress.received), megabytes(total)),
        None => format!("{:.0} MB", megabytes(progress.received)),
    };
    text.push_str(&format!(" · {:.1} MB/s", progress.per_second / 1e6));
    if let Some(left) = progress.time_left() {
        text.push_str(&format!(" · {} s left", left.as_secs()));
    }
    let share = progress
        .total
        .map_or(0.0, |total| progress.received as f32 / total.max(1) as f32);
    let bar = egui::ProgressBar::new(share)
        .desired_width(56.0 * UNIT)
        .text(RichText::new(text).small());
    ui.add(bar)
        .accessible_name(format!("Fetching {what}"))
        .on_hover_text(format!("Fetching {what}"));
}
