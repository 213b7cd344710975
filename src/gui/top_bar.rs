//! The bar at the top: opening and saving, the name of the image, and the network that speaks.

use egui::containers::menu::{MenuButton, MenuConfig, SubMenuButton};
use egui::{Align, Button, Layout, PopupCloseBehavior, Ui};

use super::batch;
use super::built_in_notice;
use super::command::{Action, Command};
use super::download;
use super::icons;
use super::images::OpenImage;
use super::network_menu;
use super::samples;
use super::state::State;
use super::theme::{self, UNIT, font};
use super::widgets::{
    action_button, action_entry, caption, named_entry, text_width, truncated, with_chevron, with_icon,
};
use crate::samples::{drawings, photographs};

/// The share of the room between the buttons that the network has at least.
const LEAST_OF_NETWORK: f32 = 0.45;
/// Names up to this width are shown in full before anything else about the image, in points.
const SHORT_NAME: f32 = 30.0 * UNIT;

/// Draws the bar.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.horizontal_centered(|ui| {
        file_menu(ui, state, commands);
        action_button(ui, Action::Open, commands);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            action_button(ui, Action::Help, commands);
            export_menu(ui, state, commands);
            let title = state.images.current().map(|image| Title::of(image, state));
            // what the image is called is said in full before what the network is like
            let (name, [details, ..]) = title.as_ref().map_or_else(Default::default, |title| title.widths(ui));
            let available = ui.available_width();
            let most = (available - name - details - 4.0 * UNIT).max(LEAST_OF_NETWORK * available);
            network_menu::show(ui, state, most, commands);
            batch::in_line(ui, state, commands);
            download::in_line(ui, state, built_in_notice::has_download(state), commands);
            if let Some(title) = title {
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| title.show(ui));
            }
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
        Action::CopyMap,
        Action::SaveAll,
    ] {
        action_entry(ui, action, state.shown.is_some(), commands);
    }
    action_entry(ui, Action::ExplainAll, state.network.is_some(), commands);
    // what is chosen of figures leaves it open
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    SubMenuButton::new("Figure and sheets").config(config).ui(ui, |ui| {
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
        ui.separator();
        let mut preferences = state.preferences.clone();
        batch::figure(ui, &mut preferences.figure);
        if preferences != state.preferences {
            commands.push(Command::Prefer(preferences));
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

/// The name of the image, its size and its place on the list.
struct Title {
    name: String,
    /// From all that there is to say to the least.
    details: [String; 3],
    /// How many images wait for their prediction.
    waiting: usize,
}

impl Title {
    fn of(image: &OpenImage, state: &State) -> Self {
        let count = state.images.list().len();
        let position = state.images.current_position().map_or(0, |position| position + 1);
        let size = match image.size {
            [0, _] => None,
            [width, height] => Some(format!("{width} × {height}")),
        };
        let place = (count > 1).then(|| format!("{position} of {count}"));
        let all: Vec<String> = [size, place.clone()].into_iter().flatten().collect();
        Self {
            name: image.name.clone(),
            details: [all.join("  ·  "), place.unwrap_or_default(), String::new()],
            waiting: if count > 1 { state.images.waiting() } else { 0 },
        }
    }

    /// Width of the name and of what stands beside it, in points.
    fn widths(&self, ui: &Ui) -> (f32, [f32; 3]) {
        let details = self.details.each_ref().map(|details| match details.as_str() {
            "" => 0.0,
            details => text_width(ui, details, &font(theme::SMALL)) + 3.0 * UNIT,
        });
        (text_width(ui, &self.name, &font(theme::BODY)) + 4.0 * UNIT, details)
    }

    fn show(&self, ui: &mut Ui) {
        let (name, details) = self.widths(ui);
        ui.add_space(2.0 * UNIT);
        // the name comes first, as far as it is short
        let room = ui.available_width() - name.min(SHORT_NAME);
        let shown = details.iter().position(|&width| width <= room);
        let (text, beside) = match shown {
            Some(shown) => (self.details[shown].as_str(), details[shown]),
            None => ("", 0.0),
        };
        ui.scope(|ui| {
            ui.set_max_width((ui.available_width() - beside).max(0.0));
            truncated(ui, &self.name).on_hover_text(&self.name);
        });
        if !text.is_empty() {
            caption(ui, text);
        }
        let waiting = format!("·  {} to predict", self.waiting);
        if self.waiting > 0 && text_width(ui, &waiting, &font(theme::SMALL)) + 2.0 * UNIT < ui.available_width() {
            caption(ui, waiting);
        }
    }
}
