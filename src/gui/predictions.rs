//! The left column: the search field, the classes, and those kept at hand.

use egui::{Id, Key, RichText, ScrollArea, TextEdit, Ui};

use super::class_row;
use super::command::{Action, Command};
use super::state::State;
use super::theme::UNIT;
use super::widgets::{action_tooltip, caption, section, truncated};
use crate::explain::Score;

/// The search field, so that a key can bring the keyboard there.
pub fn search_id() -> Id {
    Id::unique("search for a class")
}

/// Draws the column.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    search_field(ui, state, commands);
    header(ui, state, commands);
    if state.prediction().is_none() {
        waiting(ui, state);
        return;
    }
    let at_hand = at_hand(state);
    let shown_at_hand = at_hand.len().min(5) as f32;
    let below = if at_hand.is_empty() {
        0.0
    } else {
        9.0 * UNIT + shown_at_hand * (class_row::HEIGHT + 1.0)
    };
    let listed = state.listed();
    if listed.is_empty() {
        caption(ui, format!("No class is called “{}”.", state.search.query));
        return;
    }
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        let height = (ui.available_height() - below).max(3.0 * class_row::HEIGHT);
        let list = ScrollArea::vertical()
            .id_salt("classes")
            .max_height(height)
            .auto_shrink([false, true]);
        list.show_rows(ui, class_row::HEIGHT, listed.len(), |ui, rows| {
            for &class in listed.get(rows).unwrap_or_default() {
                class_row::show(ui, state, class, commands);
            }
        });
    });
    if !at_hand.is_empty() {
        ui.add_space(UNIT);
        ui.separator();
        section(ui, "At hand", |_| {});
        let list = ScrollArea::vertical().id_salt("at hand").auto_shrink([false, true]);
        ui.spacing_mut().item_spacing.y = 1.0;
        list.show(ui, |ui| {
            for class in at_hand {
                class_row::show(ui, state, class, commands);
            }
        });
    }
}

/// Pinned classes, then those chosen lately that are not on the list anyway.
fn at_hand(state: &State) -> Vec<usize> {
    let recent = state
        .recent_classes
        .iter()
        .filter(|class| !state.pinned.contains(class));
    let beyond = recent.filter(|class| !state.listed().contains(class));
    state.pinned.iter().chain(beyond).copied().collect()
}

fn search_field(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let mut query = state.search.query.clone();
    let field = TextEdit::singleline(&mut query)
        .id(search_id())
        .hint_text("Any class…")
        .desired_width(f32::INFINITY);
    let output = field.margin(egui::Margin::symmetric(8, 6)).show(ui);
    let response = output.response.response.accessible_name("Any class");
    if response.changed() {
        commands.push(Command::Search(query));
    }
    if response.lost_focus()
        && ui.input(|input| input.key_pressed(Key::Enter))
        && !state.search.query.is_empty()
        && let Some(&best) = state.listed().first()
    {
        let chosen = state.class().filter(|class| state.listed().contains(class));
        commands.push(Command::SelectClass(chosen.unwrap_or(best)));
    }
    response.on_hover_ui(|ui| action_tooltip(ui, Action::Search));
}

fn header(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let title = match state.here() {
        _ if !state.search.query.is_empty() => "Found".to_owned(),
        Some(here) => format!("Here: cell {}, {}", here.cell.0, here.cell.1),
        None => "Predictions".to_owned(),
    };
    section(ui, &title, |ui| {
        if state.here().is_some() && state.search.query.is_empty() {
            let close = egui::Button::new(RichText::new("close").small()).frame_when_inactive(false);
            if ui.add(close).on_hover_text("Back to the predictions.").clicked() {
                commands.push(Command::Do(Action::Back));
            }
            caption(ui, "share of logit").on_hover_text(
                "What this cell adds to the class's logit; over all cells, plus the class's bias, that is the logit.",
            );
            return;
        }
        let values = state.preferences.values;
        let name = |score| {
            if score == Score::Probability {
                "probability"
            } else {
                "logit"
            }
        };
        let other = if values == Score::Probability {
            Score::Logit
        } else {
            Score::Probability
        };
        let button = egui::Button::new(RichText::new(name(values)).small().weak()).frame_when_inactive(false);
        let tooltip = "Show probabilities (softmax, they add up to 1) or logits (the network's plain scores).";
        if ui.add(button).on_hover_text(tooltip).clicked() {
            let mut preferences = state.preferences.clone();
            preferences.values = other;
            commands.push(Command::Prefer(preferences));
        }
        if state.search.query.is_empty() {
            top_choice(ui, state, commands);
        }
    });
}

/// How many predictions are listed.
fn top_choice(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    const CHOICES: [(usize, &str); 5] = [
        (5, "Top 5"),
        (10, "Top 10"),
        (20, "Top 20"),
        (50, "Top 50"),
        (usize::MAX, "All classes"),
    ];
    let chosen = CHOICES
        .iter()
        .find(|(top, _)| *top == state.preferences.top)
        .map_or("Top", |(_, name)| name);
    let button = egui::Button::new(RichText::new(chosen).small().weak()).frame_when_inactive(false);
    let (response, _) = egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| {
        for (top, name) in CHOICES {
            if ui.selectable_label(top == state.preferences.top, name).clicked() {
                let mut preferences = state.preferences.clone();
                preferences.top = top;
                commands.push(Command::Prefer(preferences));
                ui.close();
            }
        }
    });
    response.on_hover_text("How many predictions are listed.");
}

fn waiting(ui: &mut Ui, state: &State) {
    let text = if let Some(error) = &state.network_error {
        error.clone()
    } else if state.loading {
        "Loading the network…".to_owned()
    } else if state.images.current().is_none() {
        "Open an image to see what the network says about it.".to_owned()
    } else {
        "Predicting…".to_owned()
    };
    ui.add_space(UNIT);
    ui.add(egui::Label::new(RichText::new(text).weak()).wrap());
    if let Some(image) = state.images.current() {
        truncated(ui, RichText::new(&image.name).small().weak());
    }
}
