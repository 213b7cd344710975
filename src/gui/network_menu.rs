//! The badge of the network that speaks, and its menu: what it is, what it sees, what it answers, and others to run.

use std::path::Path;

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Button, RichText, Ui};

use super::answers;
use super::command::{Action, Command};
use super::networks::{SizeQuestion, WantedNetwork};
use super::settings::pixels_text;
use super::state::State;
use super::theme::{self, UNIT, font, palette};
use super::widgets::{action_entry, caption, shortened, text_width, with_chevron};
use crate::explorer::{DeviceChoice, NetworkInfo, NetworkSource};
use crate::imaging::Pixels;
use crate::network::Output;
use crate::weights::info::format_size;
use crate::weights::{BuiltIn, Fingerprint, Info, NetworkChoices, SaidBy};

/// Between the parts of what the badge says.
const SEPARATOR: &str = " · ";
/// Width of what the badge has beside its text.
const BESIDE: f32 = 9.0 * UNIT;

/// Draws the badge: which network speaks, what it sees, on which device, and how fast, as far as `most` points of width
/// suffice for it; a click opens its menu.
pub fn show(ui: &mut Ui, state: &State, most: f32, commands: &mut Vec<Command>) {
    let parts = parts(state);
    let text = parts.join(SEPARATOR);
    let room = most - BESIDE;
    let fitting = (1..=parts.len()).rev().map(|count| parts[..count].join(SEPARATOR));
    let fitting = fitting
        .into_iter()
        .find(|text| text_width(ui, text, &font(theme::SMALL)) <= room);
    let shown = fitting.unwrap_or_else(|| shortened(ui, &parts[0], &font(theme::SMALL), room));
    let colour = if state.network_error.is_some() {
        palette(ui).error
    } else {
        palette(ui).weak
    };
    let shown = RichText::new(with_chevron(&shown)).small().color(colour);
    let button = Button::new(shown).frame_when_inactive(false);
    let config = MenuConfig::new().close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
    let (response, _) = MenuButton::from_button(button).config(config).ui(ui, |ui| {
        entries(ui, state, commands);
    });
    response.accessible_name(&text).on_hover_text(format!(
        "{text}\n\nThe network in use, the size and range of its input, its device and the time of the last forward pass; \
         click to change."
    ));
}

/// What there is to say about the network, the most important first.
fn parts(state: &State) -> Vec<String> {
    let network = match (&state.network, state.loading) {
        (_, true) => return vec!["Loading the network…".to_owned()],
        (None, false) => return vec!["No network".to_owned()],
        (Some(network), false) => network,
    };
    let mut parts = vec![
        network_name(state, &network.weights),
        size_text(network),
        state.preprocessing().pixels.to_string(),
        network.device.to_uppercase(),
    ];
    parts.extend(
        state
            .prediction()
            .map(|prediction| format!("{:.0} ms", prediction.forward_ms)),
    );
    parts
}

fn entries(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    details(ui, state, commands);
    if let Some(network) = &state.network {
        input(ui, state, network, commands);
        output(ui, state, network, commands);
        outputs(ui, state, network, commands);
    }
    ui.separator();
    for built_in in BuiltIn::ALL {
        let source = NetworkSource::BuiltIn(built_in);
        let in_use = state.network.as_ref().is_some_and(|network| network.source == source);
        let (label, tooltip) = built_in_text(built_in);
        if ui
            .add(Button::selectable(in_use, label))
            .on_hover_text(tooltip)
            .clicked()
        {
            commands.push(Command::UseNetwork(state.wanted(source)));
            ui.close();
        }
    }
    action_entry(ui, Action::OpenNetwork, true, commands);
    if !state.getting_weights {
        action_entry(ui, Action::DownloadNetwork, true, commands);
        caption(
            ui,
            "Neither Keras nor ImageNet says that these weights may be used commercially.",
        );
    }
    second(ui, state, commands);
    ui.separator();
    for device in DeviceChoice::ALL {
        let name = match device {
            DeviceChoice::Auto => "Fastest device",
            DeviceChoice::Cpu => "CPU",
            DeviceChoice::Cuda => "NVIDIA GPU (CUDA)",
            DeviceChoice::Metal => "Apple GPU (Metal)",
        };
        let entry = Button::selectable(state.wanted_network.device == device, name);
        let response = ui.add_enabled(device.is_built(), entry);
        let missing = format!(
            "This program was built without it; build it with --features {}.",
            device.name()
        );
        if response.on_disabled_hover_text(missing).clicked() {
            commands.push(Command::UseNetwork(WantedNetwork {
                device,
                ..state.wanted_network.clone()
            }));
            ui.close();
        }
    }
}

/// The network held beside the one in use, and which there are to hold.
fn second(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.separator();
    if state.loading_second {
        caption(ui, "Loading a second network…");
        return;
    }
    if let Some(second) = &state.second {
        let name = &second.info.weights.name;
        caption(ui, format!("Beside it: {name}, about {} MB", second.megabytes()));
        let entry = Button::new("Let the second network go").frame_when_inactive(false);
        if ui.add(entry).on_hover_text("Frees its memory.").clicked() {
            commands.push(Command::LetGoSecond);
            ui.close();
        }
        return;
    }
    ui.menu_button("Compare with a second network", |ui| {
        for built_in in BuiltIn::ALL {
            let source = NetworkSource::BuiltIn(built_in);
            if state.network.as_ref().is_some_and(|network| network.source == source) {
                continue;
            }
            let (label, tooltip) = built_in_text(built_in);
            let entry = Button::new(format!("Beside {}", label.to_lowercase())).frame_when_inactive(false);
            if ui.add(entry).on_hover_text(tooltip).clicked() {
                commands.push(Command::HoldSecond(source));
                ui.close();
            }
        }
        action_entry(ui, Action::OpenSecond, true, commands);
    });
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

/// The label of a network inside the program, and what it is.
fn built_in_text(built_in: BuiltIn) -> (&'static str, &'static str) {
    match built_in {
        BuiltIn::Photographs => (
            "Built-in: photographs",
            "EfficientNet-Lite0, the 1000 classes of ImageNet; 75 % top-1 by its authors.",
        ),
        BuiltIn::Drawings => (
            "Built-in: drawings",
            "A small Xception that knows 18 drawn things, of which it is known where they are.",
        ),
    }
}

fn fingerprint_text(fingerprint: &Fingerprint) -> String {
    match fingerprint {
        Fingerprint::OfficialKeras => "The weights that Keras itself loads.".to_owned(),
        Fingerprint::Port(source) => format!("Known as {}.", source.name),
        Fingerprint::Unknown => "Not a published file that this program knows; its source is unknown.".to_owned(),
    }
}

/// Width and height of a network's input.
fn size_text(network: &NetworkInfo) -> String {
    let input = network.plan.input();
    format!("{}×{}", input.width, input.height)
}

/// The network that speaks, with something else said of it.
fn said(state: &State, network: &NetworkInfo, choices: NetworkChoices) -> WantedNetwork {
    WantedNetwork {
        source: network.source.clone(),
        choices,
        device: state.wanted_network.device,
    }
}

/// Whose word something is, in words; nothing is said of what the file says.
fn mark(said_by: SaidBy) -> &'static str {
    match said_by {
        SaidBy::File => "",
        SaidBy::Guess => " (assumed: its file does not say it)",
        SaidBy::User => " (as you said)",
    }
}

/// What the network sees: its size, and the range of its pixels, which changes at once.
fn input(ui: &mut Ui, state: &State, network: &NetworkInfo, commands: &mut Vec<Command>) {
    ui.separator();
    caption(
        ui,
        format!("Input {}{}", size_text(network), mark(network.weights.input_said_by)),
    );
    let may_ask = network.weights.input_said_by != SaidBy::File && !network.source.is_built_in();
    let entry = Button::new("Other input size…").frame_when_inactive(false);
    if may_ask && ui.add(entry).clicked() {
        let input = network.plan.input();
        commands.push(Command::AskSize(Some(SizeQuestion {
            wanted: said(state, network, network.choices.clone()),
            name: network.weights.name.clone(),
            usual: None,
            text: format_size([input.height, input.width]),
        })));
        ui.close();
    }
    let in_use = state.preprocessing().pixels;
    let said_by = match state.choices.input.pixels {
        Some(_) => SaidBy::User,
        None => network.pixels_said_by,
    };
    caption(ui, format!("Pixels {in_use}{}", mark(said_by)));
    for pixels in Pixels::ALL {
        let entry = Button::selectable(pixels == in_use, format!("Pixels {pixels}"));
        if ui.add(entry).on_hover_text(pixels_text(pixels)).clicked() {
            let mut choices = state.choices.clone();
            choices.input.pixels = Some(pixels).filter(|&pixels| pixels != network.usual.pixels);
            commands.push(Command::Choose(choices));
        }
    }
}

/// What its values mean, to be chosen where the file does not say it.
fn output(ui: &mut Ui, state: &State, network: &NetworkInfo, commands: &mut Vec<Command>) {
    ui.separator();
    let (output, said_by) = (network.plan.output, network.weights.output_said_by);
    caption(ui, format!("Output {output}{}", mark(said_by))).on_hover_text(answers::explanation(output));
    if said_by == SaidBy::File {
        return;
    }
    for choice in Output::ALL {
        let entry = Button::selectable(choice == output, format!("Output {choice}"));
        if ui.add(entry).on_hover_text(answers::explanation(choice)).clicked() {
            let choices = NetworkChoices {
                output: Some(choice),
                ..network.choices.clone()
            };
            commands.push(Command::UseNetwork(said(state, network, choices)));
            ui.close();
        }
    }
}

/// Which of several outputs is explained.
fn outputs(ui: &mut Ui, state: &State, network: &NetworkInfo, commands: &mut Vec<Command>) {
    let names = &network.weights.outputs;
    if names.len() < 2 {
        return;
    }
    ui.separator();
    caption(ui, format!("{} outputs, of which one is explained", names.len()));
    let in_use = network.choices.output_layer.as_ref().or(names.first());
    for name in names {
        let entry = Button::selectable(in_use == Some(name), format!("Output layer {name}"));
        if ui.add(entry).clicked() {
            let choices = NetworkChoices {
                output_layer: Some(name.clone()),
                // what the values of another output mean is another question
                output: None,
                ..network.choices.clone()
            };
            commands.push(Command::UseNetwork(said(state, network, choices)));
            ui.close();
        }
    }
}

fn details(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    if let Some(error) = &state.network_error {
        let error = egui::Label::new(RichText::new(error).color(palette(ui).error));
        ui.add(error.halign(egui::Align::LEFT));
    }
    let Some(network) = &state.network else { return };
    ui.label(&network.weights.name);
    caption(
        ui,
        format!(
            "{} {}, loaded in {:.0} ms",
            network.weights.classes,
            if network.plan.output.is_probability() {
                "classes"
            } else {
                "values"
            },
            network.load_ms
        ),
    );
    if let Some(path) = &network.weights.path {
        caption(ui, path.display().to_string());
    }
    if let Some(licence) = network.weights.licence() {
        caption(ui, format!("Licence: {licence}"));
    }
    if let Some((sha256, fingerprint)) = &state.fingerprint {
        if !network.source.is_built_in() {
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
