//! The help page: all keys, and what the words mean.

use egui::{Frame, Grid, Id, Modal, RichText, ScrollArea, Ui};

use super::command::{Action, Command, shortcut_text};
use super::theme::UNIT;
use super::widgets::caption;

/// Keys and gestures that are no [`Action`].
const GESTURES: [(&str, &str); 9] = [
    ("1 … 9, 0", "Choose the first to the tenth class of the list"),
    ("Any letter", "Look for a class"),
    ("Pointer on a class", "Preview its map"),
    ("Space (hold)", "The photo without its map"),
    (". or middle button (hold)", "100 % at the pointer"),
    ("Wheel", "Zoom at the pointer"),
    ("Drag", "Move the picture"),
    ("Double click", "Show the whole photo"),
    ("Right click on a class", "Pin it, or compare another with it"),
];

/// What the words mean, one sentence each.
pub const WORDS: [(&str, &str); 5] = [
    (
        "Grad-CAM",
        "Weighs each feature map of a layer by how much it raises the class's score, adds them up, and keeps what is \
         positive.",
    ),
    (
        "Logit",
        "The network's plain score of a class, before the softmax turns all scores into probabilities.",
    ),
    (
        "Probability",
        "The softmax of the logits: how a class compares with all others; they add up to 1.",
    ),
    (
        "Layer",
        "A step of the network; later ones have fewer, larger cells and features closer to whole things.",
    ),
    (
        "Empty map",
        "No cell argues for the class at this layer; evidence against it can still be seen in the signed view.",
    ),
];

/// Draws the page while it is open.
pub fn show(ui: &mut Ui, commands: &mut Vec<Command>) {
    let frame = Frame::popup(ui.style()).inner_margin(16);
    let modal = Modal::new(Id::unique("help")).frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(620.0_f32.min(ui.ctx().content_rect().width() - 80.0));
        ui.horizontal(|ui| {
            ui.heading("Help");
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.button("Close").clicked() {
                    commands.push(Command::Do(Action::Help));
                }
            });
        });
        ui.add_space(2.0 * UNIT);
        let height = ui.ctx().content_rect().height() - 180.0;
        ScrollArea::vertical()
            .max_height(height)
            .min_scrolled_height(height.min(640.0))
            .show(ui, |ui| {
                keys(ui);
                ui.add_space(4.0 * UNIT);
                for (word, meaning) in WORDS {
                    ui.label(RichText::new(word).strong());
                    ui.label(RichText::new(meaning).weak());
                    ui.add_space(UNIT);
                }
                ui.add_space(2.0 * UNIT);
                caption(
                    ui,
                    concat!("gradcam-explorer ", env!("CARGO_PKG_VERSION"), " · MIT or Apache-2.0"),
                );
            });
    });
    if modal.backdrop_response.clicked() {
        commands.push(Command::Do(Action::Help));
    }
}

fn keys(ui: &mut Ui) {
    Grid::new("keys")
        .num_columns(2)
        .spacing([6.0 * UNIT, UNIT])
        .show(ui, |ui| {
            for action in Action::ALL {
                let (label, tooltip) = action.label_and_tooltip();
                let keys: Vec<String> = action
                    .shortcuts()
                    .iter()
                    .take(2)
                    .map(|shortcut| shortcut_text(ui.ctx(), shortcut))
                    .collect();
                if keys.is_empty() {
                    continue;
                }
                ui.label(RichText::new(keys.join("  or  ")).strong());
                ui.label(label.trim_end_matches('…')).on_hover_text(tooltip);
                ui.end_row();
            }
            for (keys, meaning) in GESTURES {
                ui.label(RichText::new(keys).strong());
                ui.label(meaning);
                ui.end_row();
            }
        });
}
