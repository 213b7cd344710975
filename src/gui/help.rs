//! The help page: all keys, and what the words mean.

use std::sync::LazyLock;

use egui::{Frame, Grid, Id, Modal, RichText, ScrollArea, Ui};

use super::command::{Action, Command, shortcut_text};
use super::state::State;
use super::theme::UNIT;
use super::widgets::caption;

/// Keys and gestures that are no [`Action`].
const GESTURES: [(&str, &str); 10] = [
    ("1 … 9, 0", "Choose the first to the tenth class of the list"),
    ("Any letter", "Look for a class"),
    ("Pointer on a class", "Preview its map"),
    ("Space (hold)", "The photo without its map"),
    (". or middle button (hold)", "100 % at the pointer"),
    ("Wheel", "Zoom at the pointer"),
    ("Drag", "Move the picture"),
    ("Double click", "Show the whole photo"),
    ("Right click on a class", "Pin it, or compare another with it"),
    ("Right click or Alt+click on the picture", "What is here?"),
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
        "The network's plain score of a class, before a softmax or sigmoid turns it into a probability.",
    ),
    (
        "Probability",
        "What the network answers: with a softmax how a class compares with all others, so that all add up to 1; with sigmoids each for itself.",
    ),
    (
        "Layer",
        "A step of the network; later ones have fewer, larger cells and features closer to whole things.",
    ),
    (
        "Empty map",
        "No cell argues for the class at this layer; “Evidence against” shows what argues against it.",
    ),
];

/// Draws the page while it is open.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let frame = Frame::popup(ui.style()).inner_margin(16);
    let modal = Modal::new(Id::unique("help")).frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(900.0_f32.min(ui.ctx().content_rect().width() - 80.0));
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
        // it opens at its top
        let shown_at = ui.scope_id().with("shown at");
        let frame = ui.ctx().cumulative_frame_nr();
        let is_new = ui.data_mut(|data| {
            let before = data.get_temp::<u64>(shown_at);
            data.insert_temp(shown_at, frame);
            before.is_none_or(|before| before + 1 < frame)
        });
        let mut area = ScrollArea::vertical();
        if is_new {
            area = area.vertical_scroll_offset(0.0);
        }
        area.max_height(height)
            .min_scrolled_height(height.min(640.0))
            .show(ui, |ui| {
                // beside the scroll bar
                ui.set_max_width(ui.available_width() - 4.0 * UNIT);
                let gap = 6.0 * UNIT;
                let left = 0.57 * ui.available_width();
                let right = ui.available_width() - left - gap;
                ui.horizontal_top(|ui| {
                    ui.spacing_mut().item_spacing.x = gap;
                    column(ui, left, keys);
                    column(ui, right, |ui| {
                        words(ui);
                        about(ui, state);
                    });
                });
            });
    });
    if modal.backdrop_response.clicked() {
        commands.push(Command::Do(Action::Help));
    }
}

fn column(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui)) {
    ui.vertical(|ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.x = 2.0 * UNIT;
        add(ui);
    });
}

/// The words that a newcomer may not know.
fn words(ui: &mut Ui) {
    for (word, meaning) in WORDS {
        ui.label(RichText::new(word).strong());
        ui.label(RichText::new(meaning).weak());
        ui.add_space(UNIT);
    }
    ui.add_space(2.0 * UNIT);
}

/// The libraries that matter most, with their versions; looked up once, as the page is drawn many times.
static MADE_WITH: LazyLock<String> = LazyLock::new(|| {
    let versions = ["egui", "candle-core", "image"].map(|name| format!("{name} {}", locked_version(name)));
    format!("Made with {}.", versions.join(", "))
});

/// What this program is, and of which versions.
fn about(ui: &mut Ui, state: &State) {
    ui.label(RichText::new("About").strong());
    caption(
        ui,
        concat!("gradcam-explorer ", env!("CARGO_PKG_VERSION"), " · MIT or Apache-2.0"),
    );
    caption(ui, MADE_WITH.as_str());
    if let Some(network) = &state.network {
        let licence = network.weights.licence().unwrap_or("not recorded");
        caption(ui, format!("Network: {}. Licence: {licence}.", network.weights.name));
    }
    caption(
        ui,
        "Follows Keras' guide “Grad-CAM class activation visualization” and the paper of Selvaraju et al. (2017).",
    );
}

/// The version of a library in this build; empty if it is none of ours.
fn locked_version(name: &str) -> &'static str {
    let entry = format!("name = \"{name}\"\nversion = \"");
    let lock = include_str!("../../Cargo.lock");
    let rest = lock.split_once(&entry).map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::locked_version;

    #[test]
    fn versions_are_those_of_this_build() {
        assert!(locked_version("egui").starts_with("0."));
        assert!(locked_version("candle-core").starts_with("0."));
        assert_eq!(locked_version("no such library"), "");
    }
}
