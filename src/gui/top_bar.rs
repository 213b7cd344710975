//! The bar at the top: opening and saving, the name of the image, and the network that speaks.

use std::path::Path;

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Align, Button, Layout, RichText, Ui};

use super::command::{Action, Command};
use super::icons;
use super::images::Stage;
use super::samples;
use super::state::State;
use super::theme::{UNIT, palette};
use super::widgets::{action_button, action_entry, caption, truncated, with_icon};
use crate::explorer::{DeviceChoice, NetworkSource};
use crate::weights::{Fingerprint, Info};

/// Draws the bar.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.horizontal_centered(|ui| {
        file_menu(ui, state, commands);
        action_button(ui, Action::Open, commands);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            action_button(ui, Action::Help, commands);
            export_menu(ui, state, commands);
            badge(ui, state, commands);
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
        action_entry(ui, Action::SwitchTheme, true, commands);
        action_entry(ui, Action::Help, true, commands);
    });
    response.accessible_name("Menu").on_hover_text("Everything else.");
}

fn export_entries(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    for action in [Action::Save, Action::Copy, Action::SaveValues] {
        action_entry(ui, action, state.shown.is_some(), commands);
    }
}

/// Ways out for what the picture shows.
fn export_menu(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let menu = ui.add_enabled_ui(state.shown.is_some(), |ui| {
        let button = Button::new(with_icon(Some(icons::EXPORT), "Export")).frame_when_inactive(false);
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
            commands.push(Command::Open(vec![samples::TUTORIAL.into()]));
            ui.close();
        }
        ui.separator();
        for name in samples::names() {
            if ui.button(name).clicked() {
                commands.extend(samples::source(name).map(Command::OpenSource));
                ui.close();
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
    truncated(ui, &image.name);
    caption(ui, details);
}

/// Which network speaks, on which device, and how fast.
fn badge(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let text = match (&state.network, state.loading) {
        (_, true) => "Loading the network…".to_owned(),
        (Some(network), false) => {
            let time = state
                .prediction()
                .map(|prediction| format!(" · {:.0} ms", prediction.forward_ms));
            format!(
                "{} · {}{}",
                network_name(state, &network.weights),
                network.device.to_uppercase(),
                time.unwrap_or_default()
            )
        }
        (None, false) => "No network".to_owned(),
    };
    let colour = if state.network_error.is_some() {
        palette(ui).error
    } else {
        palette(ui).weak
    };
    let button = Button::new(RichText::new(text).small().color(colour)).frame_when_inactive(false);
    let config = MenuConfig::new().close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
    let (response, _) = MenuButton::from_button(button).config(config).ui(ui, |ui| {
        details(ui, state, commands);
        ui.separator();
        if ui.button("Built-in drawings").clicked() {
            commands.push(Command::UseNetwork(NetworkSource::BuiltIn, state.wanted_network.1));
            ui.close();
        }
        action_entry(ui, Action::OpenNetwork, true, commands);
        if !state.getting_weights {
            action_entry(ui, Action::DownloadNetwork, true, commands);
            caption(
                ui,
                "Neither Keras nor ImageNet says that these weights may be used commercially.",
            );
        }
        ui.separator();
        for device in DeviceChoice::ALL {
            let name = match device {
                DeviceChoice::Auto => "Fastest device",
                DeviceChoice::Cpu => "CPU",
                DeviceChoice::Cuda => "NVIDIA GPU (CUDA)",
                DeviceChoice::Metal => "Apple GPU (Metal)",
            };
            let entry = Button::selectable(state.wanted_network.1 == device, name);
            let response = ui.add_enabled(device.is_built(), entry);
            let missing = format!(
                "This program was built without it; build it with --features {}.",
                device.name()
            );
            if response.on_disabled_hover_text(missing).clicked() {
                commands.push(Command::UseNetwork(state.wanted_network.0.clone(), device));
                ui.close();
            }
        }
    });
    response
        .on_hover_text("The network that speaks, its device and the time of the last forward pass; click to change.");
}

/// What the badge calls the network: official only if its hash says so, else by its file.
fn network_name(state: &State, weights: &Info) -> String {
    let file = weights.path.as_deref().and_then(Path::file_name);
    match (&state.fingerprint, file) {
        (Some((_, Fingerprint::OfficialKeras)), _) => "Official Keras ImageNet weights".to_owned(),
        (_, Some(file)) => file.to_string_lossy().into_owned(),
        (_, None) => weights.name.clone(),
    }
}

fn fingerprint_text(fingerprint: &Fingerprint) -> String {
    match fingerprint {
        Fingerprint::OfficialKeras => "The weights that Keras itself loads.".to_owned(),
        Fingerprint::Port(source) => format!("Known as {}.", source.name),
        Fingerprint::Unknown => "None of the published weights this program knows.".to_owned(),
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

fn details(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    if let Some(error) = &state.network_error {
        ui.label(RichText::new(error).color(palette(ui).error));
    }
    let Some(network) = &state.network else { return };
    ui.label(&network.weights.name);
    caption(
        ui,
        format!(
            "{} classes, loaded in {:.0} ms",
            network.weights.classes, network.load_ms
        ),
    );
    if let Some(path) = &network.weights.path {
        caption(ui, path.display().to_string());
    }
    if let Some(licence) = network.weights.licence() {
        caption(ui, format!("Licence: {licence}"));
    }
    if let Some((sha256, fingerprint)) = &state.fingerprint {
        if network.source != NetworkSource::BuiltIn {
            caption(ui, fingerprint_text(fingerprint));
        }
        // in groups, so that it breaks and can be compared by eye
        let groups: Vec<&str> = sha256
            .as_bytes()
            .chunks(8)
            .filter_map(|group| std::str::from_utf8(group).ok())
            .collect();
        caption(ui, format!("SHA-256: {}", groups.join(" ")));
        if ui.button("Copy SHA-256").clicked() {
            ui.ctx().copy_text(sha256.clone());
        }
    } else if ui.button("Compute SHA-256").clicked() {
        commands.push(Command::Fingerprint);
    }
    if let Some(note) = &network.device_note {
        caption(ui, note);
    }
}
