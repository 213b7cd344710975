//! The help page: all keys, and what the words mean.

use std::sync::LazyLock;

use egui::{Frame, Grid, Id, Modal, RichText, ScrollArea, Ui};

use super::command::{Action, Command, shortcut_text};
use super::state::State;
use super::theme::{self, UNIT, strong};
use super::widgets::caption;

/// What the mouse does.
const MOUSE: [(&str, &str); 12] = [
    ("Pointer on a class or a small map", "Preview its map"),
    ("Click on a class or a small map", "Choose it"),
    ("Right click on a class", "Pin it, or compare another with it"),
    ("Ctrl+click on a layer", "Fuse its map with that of the chosen one"),
    ("Wheel", "Zoom at the pointer"),
    ("Wheel while painting", "A wider or narrower brush; with Ctrl it zooms"),
    ("Drag", "Move the picture"),
    ("Double click", "Show the whole photo"),
    ("Middle button (hold)", "100 % at the pointer"),
    ("Right click or Alt+click on the picture", "What is here?"),
    (
        "Drag the edge below the picture",
        "More or less room there; double click for the usual",
    ),
    ("Drop on the window", "Open images, folders, web addresses or a network"),
];

/// Keys that are no [`Action`].
const KEYS: [(&str, &str); 5] = [
    ("1 … 9, 0", "Choose the first to the tenth class of the list"),
    ("Any letter", "Look for a class"),
    ("Space (hold)", "The photo without its map"),
    (". (hold)", "100 % at the pointer"),
    ("Shift+Tab, then Tab", "From field to button"),
];

/// Actions in groups, each with its title.
const GROUPS: [(&str, &[Action]); 7] = [
    (
        "Open and save",
        &[
            Action::Open,
            Action::OpenFolder,
            Action::OpenAddress,
            Action::Paste,
            Action::Save,
            Action::SaveValues,
            Action::ExplainAll,
            Action::Copy,
            Action::CopyList,
            Action::Quit,
        ],
    ),
    (
        "Images",
        &[
            Action::PreviousImage,
            Action::NextImage,
            Action::FirstImage,
            Action::LastImage,
            Action::RemoveImage,
        ],
    ),
    (
        "Classes",
        &[
            Action::Search,
            Action::PreviousClass,
            Action::NextClass,
            Action::Pin,
            Action::KeepClass,
            Action::Signed,
            Action::WhatIsHere,
        ],
    ),
    (
        "Compare, crop and paint",
        &[Action::Compare, Action::Swap, Action::Crop, Action::Paint],
    ),
    (
        "Layers and small maps",
        &[
            Action::PreviousLayer,
            Action::NextLayer,
            Action::AllLayers,
            Action::SideBySide,
            Action::Channels,
            Action::Faithfulness,
            Action::Agreement,
            Action::StopComputing,
            Action::Questions,
            Action::Sanity,
        ],
    ),
    (
        "View",
        &[
            Action::Fit,
            Action::ActualPixels,
            Action::ZoomIn,
            Action::ZoomOut,
            Action::FoldAll,
            Action::FoldClasses,
            Action::FoldMap,
            Action::FoldImages,
            Action::FullScreen,
            Action::SwitchTheme,
        ],
    ),
    (
        "Back and forth",
        &[Action::Undo, Action::Redo, Action::Back, Action::Help],
    ),
];

/// Actions that have a key and are in no group, so that none is forgotten.
fn ungrouped() -> impl Iterator<Item = Action> {
    let is_grouped = |action: &Action| GROUPS.iter().any(|(_, group)| group.contains(action));
    let with_keys = Action::ALL.into_iter().filter(|action| !action.shortcuts().is_empty());
    with_keys.filter(move |action| !is_grouped(action))
}

/// What the words mean, one sentence each.
pub const WORDS: [(&str, &str); 14] = [
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
        "Cell",
        "One place of a layer's grid: a map has one value a cell, and between cells it is only made smooth. “True cells” shows \
         them as they are.",
    ),
    (
        "Colours",
        "From the lowest to the highest value, as the bar below the picture shows: with the usual colours red is most evidence \
         for the class, blue is none.",
    ),
    ("Heat", "A map's value as a share of the highest one, from 0 to 1."),
    (
        "Blend, mask and lines",
        "The map over the photo, the photo only where the map is hot, and lines around places of equal heat.",
    ),
    (
        "Scale",
        "Which value has the hottest colour: the highest of each map, the highest of all maps shown, or one that stays.",
    ),
    (
        "Input",
        "The photo as the network sees it: brought to its size, which squeezes it unless it is cropped, and its pixels to \
         the range that the network expects.",
    ),
    (
        "Rank",
        "The place of a class among all of them for this image; 1 is the top class.",
    ),
    (
        "Pin and keep",
        "A pinned class stays below the list, and chosen for the next images; “Keep this class” does so for whichever class is \
         chosen.",
    ),
    (
        "True to the network",
        "A map is if hiding the evidence that it names takes the answer away (deletion falls at once), and showing that alone \
         brings it back (insertion rises at once).",
    ),
    (
        "Empty map",
        "No cell argues for the class at this layer; “For and against” shows what argues against it.",
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
        ui.label(RichText::new(word).font(strong(theme::BODY)));
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
    let rows = MOUSE.map(|(keys, meaning)| (keys.to_owned(), meaning, ""));
    group(ui, "Mouse", rows);
    for (title, actions) in GROUPS {
        let rows = actions.iter().map(|&action| row(ui, action)).collect::<Vec<_>>();
        group(ui, title, rows);
    }
    let others = ungrouped().map(|action| row(ui, action)).collect::<Vec<_>>();
    let keys = KEYS.map(|(keys, meaning)| (keys.to_owned(), meaning, ""));
    group(ui, "More keys", others.into_iter().chain(keys));
}

/// All keys of an action, its name, and a sentence about it.
fn row(ui: &Ui, action: Action) -> (String, &'static str, &'static str) {
    let (label, tooltip) = action.label_and_tooltip();
    let keys = action.shortcuts().iter().take(2);
    let keys: Vec<String> = keys.map(|shortcut| shortcut_text(ui.ctx(), shortcut)).collect();
    (keys.join(" or "), label.trim_end_matches('…'), tooltip)
}

/// A title, and rows of keys with their meaning.
fn group(ui: &mut Ui, title: &str, rows: impl IntoIterator<Item = (String, &'static str, &'static str)>) {
    ui.label(RichText::new(title).font(strong(theme::BODY)));
    let wide = 0.46 * ui.available_width();
    Grid::new(title)
        .num_columns(2)
        .spacing([4.0 * UNIT, 0.5 * UNIT])
        .min_row_height(4.5 * UNIT)
        .min_col_width(wide)
        .max_col_width(wide)
        .show(ui, |ui| {
            for (keys, meaning, tooltip) in rows {
                ui.label(RichText::new(keys).weak());
                let response = ui.label(meaning);
                if !tooltip.is_empty() {
                    response.on_hover_text(tooltip);
                }
                ui.end_row();
            }
        });
    ui.add_space(2.0 * UNIT);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_with_a_key_is_listed_once() {
        let mut grouped: Vec<Action> = GROUPS.iter().flat_map(|(_, group)| group.iter().copied()).collect();
        grouped.extend(ungrouped());
        let count = grouped.len();
        assert!(grouped.iter().all(|action| !action.shortcuts().is_empty()));
        grouped.sort_by_key(|action| Action::ALL.iter().position(|known| known == action));
        grouped.dedup();
        assert_eq!(grouped.len(), count, "none is listed twice");
        let all = Action::ALL.into_iter().filter(|action| !action.shortcuts().is_empty());
        assert_eq!(grouped.len(), all.count());
    }

    #[test]
    fn versions_are_those_of_this_build() {
        assert!(locked_version("egui").starts_with("0."));
        assert!(locked_version("candle-core").starts_with("0."));
        assert_eq!(locked_version("no such library"), "");
    }
}
