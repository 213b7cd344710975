//! The left column: the search field, the classes, and those that are pinned or were chosen lately.

use egui::containers::menu::MenuButton;
use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{
    Align, Button, Context, Id, Key, Layout, Rect, Response, RichText, ScrollArea, TextEdit, Ui, UiBuilder, pos2, vec2,
};

use super::answers;
use super::choices::TOPS;
use super::class_row;
use super::command::{Action, Command};
use super::icons;
use super::rows::rows;
use super::state::State;
use super::theme::{self, UNIT};
use super::widgets::{action_tooltip, caption, section, truncated, with_chevron, with_icon};
use crate::explain::Score;
use crate::explorer::NetworkSource;
use crate::labels::Label;
use crate::weights::BuiltIn;

/// The search field, so that a key can bring the keyboard there.
pub fn search_id() -> Id {
    Id::unique("search for a class")
}

/// Brings the keyboard to the search field, with all of its text selected or the cursor behind it.
pub fn focus_search(ctx: &Context, query: &str, select: bool) {
    ctx.memory_mut(|memory| memory.request_focus(search_id()));
    let state = TextEditState::load(ctx, search_id()).unwrap_or_default();
    select_text(ctx, state, query, select);
}

fn select_text(ctx: &Context, mut field: TextEditState, text: &str, all: bool) {
    let end = CCursor::new(text.chars().count());
    let start = if all { CCursor::default() } else { end };
    field.cursor.set_char_range(Some(CCursorRange::two(start, end)));
    field.store(ctx, search_id());
}

/// Draws the column.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    search_field(ui, state, commands);
    header(ui, state, commands);
    if state.listing().is_none() {
        waiting(ui, state);
        return;
    }
    if state.prediction().is_none() {
        // what is listed is said of the image before
        ui.disable();
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
        nothing_found(ui, state, commands);
        return;
    }
    let step = class_row::HEIGHT + 1.0;
    let height = (ui.available_height() - below).max(3.0 * step);
    let height = height.min(step * listed.len() as f32);
    // the chosen class comes into sight, wherever on the list it is
    let chosen = state.class();
    let position = listed.iter().position(|&class| Some(class) == chosen);
    let current = (position.unwrap_or(0), position.and(chosen).map_or(0, |class| class + 1));
    let area = Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), height));
    ui.scope_builder(UiBuilder::new().max_rect(area), |ui| {
        rows(ui, "classes", listed.len(), step, current, |ui, row| {
            if let Some(&class) = listed.get(row) {
                class_row::show(ui, state, class, commands);
                ui.add_space(1.0);
            }
        });
    });
    if !at_hand.is_empty() {
        ui.add_space(UNIT);
        ui.separator();
        section(ui, "Pinned and recent", |_| {});
        let list = ScrollArea::vertical().id_salt("at hand").auto_shrink([false, true]);
        ui.spacing_mut().item_spacing.y = 1.0;
        list.show(ui, |ui| {
            for class in at_hand {
                class_row::show(ui, state, class, commands);
            }
        });
    }
}

/// Which network has no such class, and which one has.
fn nothing_found(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let query = &state.search.query;
    let name = state
        .network
        .as_ref()
        .map_or("", |network| network.weights.name.as_str());
    ui.label(format!("No class is called “{query}”."));
    caption(ui, known(state, name));
    let Some((other, class)) = state.has_it_instead() else {
        return;
    };
    ui.add_space(UNIT);
    let kind = match other {
        BuiltIn::Photographs => "photographs",
        BuiltIn::Drawings => "drawings",
    };
    caption(ui, format!("The built-in network of {kind} has “{class}”."));
    if ui
        .button(RichText::new(format!("Use the network of {kind}")).small())
        .clicked()
    {
        commands.push(Command::UseNetwork(state.wanted(NetworkSource::BuiltIn(other))));
    }
    if other == BuiltIn::Photographs && !state.getting_weights {
        caption(ui, "So has Keras' Xception.");
        let (label, tooltip) = Action::DownloadNetwork.label_and_tooltip();
        if ui.button(RichText::new(label).small()).on_hover_text(tooltip).clicked() {
            commands.push(Command::Do(Action::DownloadNetwork));
        }
    }
}

/// How many classes the network in use has, and some of them.
fn known(state: &State, network: &str) -> String {
    let Some(labels) = state.labels() else {
        return String::new();
    };
    // how many classes it has is said anyway
    let network = match network.rsplit_once(", ") {
        Some((name, classes)) if classes.ends_with(" classes") => name,
        _ => network,
    };
    let some: Vec<String> = labels.iter().take(4).map(Label::display_name).collect();
    let more = if labels.len() > some.len() { " and others" } else { "" };
    format!(
        "{network} has {} classes: {}{more}. “All classes”, above the predictions, shows them.",
        labels.len(),
        some.join(", ")
    )
}

/// Of the chosen class, the pinned ones and those chosen lately, in this order, what is not on the list anyway.
fn at_hand(state: &State) -> Vec<usize> {
    let listed = state.listed();
    let chosen = state.class();
    let mut beyond: Vec<usize> = Vec::new();
    for &class in chosen.iter().chain(&state.pinned).chain(&state.recent_classes) {
        if !listed.contains(&class) && !beyond.contains(&class) {
            beyond.push(class);
        }
    }
    beyond
}

fn search_field(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let mut query = state.search.query.clone();
    let field = TextEdit::singleline(&mut query)
        .id(search_id())
        .hint_text(with_icon(Some(icons::SEARCH), "Any class…"))
        .desired_width(f32::INFINITY);
    let output = field.margin(egui::Margin::symmetric(8, 6)).show(ui);
    let response = output.response.response.accessible_name("Any class");
    if response.gained_focus() && response.clicked() {
        select_text(ui.ctx(), output.state, &query, true);
    }
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
    let rect = response.rect;
    response.on_hover_ui(|ui| action_tooltip(ui, Action::Search));
    if !state.search.query.is_empty() {
        let corner = Rect::from_min_max(pos2(rect.right() - rect.height(), rect.top()), rect.max);
        let button = Button::new(icons::CLOSE.to_string()).frame_when_inactive(false);
        let clear = ui.place(corner, button).accessible_name("Clear search");
        if clear.on_hover_text("Back to the predictions.").clicked() {
            commands.push(Command::Search(String::new()));
        }
    }
}

/// What the list holds, and which of its values are shown.
fn header(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let is_searching = !state.search.query.is_empty();
    ui.add_space(UNIT);
    ui.horizontal(|ui| match state.here() {
        Some(here) if !is_searching => {
            strong_label(ui, &format!("Cell {}, {}", here.cell.0, here.cell.1));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if quiet_button(ui, "close")
                    .on_hover_text("Back to the predictions.")
                    .clicked()
                {
                    commands.push(Command::Do(Action::Back));
                }
                let (name, tooltip) = here_text(state);
                caption(ui, name).on_hover_text(tooltip);
            });
        }
        None if state.here_soon.is_some() && !is_searching => {
            caption(ui, "The maps of all classes are still being made…");
        }
        _ => {
            if is_searching {
                let found = if state.search.is_scattered() {
                    "Similar names"
                } else {
                    "Found"
                };
                strong_label(ui, found);
                if state.listed().len() > 1 {
                    caption(ui, "likeliest first");
                }
            } else {
                top_choice(ui, state, commands);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                values_choice(ui, state, commands)
            });
        }
    });
}

/// What the numbers of a place are.
fn here_text(state: &State) -> (&'static str, &'static str) {
    let is_linear = state
        .network
        .as_ref()
        .is_some_and(|network| network.plan.linear_head().is_some());
    let explanation = if is_linear {
        "What this cell adds to the class's logit; over all cells, plus the class's bias, that is the logit."
    } else {
        "What this cell's features argue for, by the gradient of the class's logit; behind hidden layers they do not add up."
    };
    let name = if state.output().is_probability() {
        "adds to the logit"
    } else {
        "adds to the value"
    };
    (name, explanation)
}

fn strong_label(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).font(theme::strong(theme::BODY)));
}

fn quiet_button(ui: &mut Ui, text: &str) -> Response {
    ui.add(Button::new(RichText::new(text).small().weak()).frame_when_inactive(false))
}

/// Probabilities or logits.
fn values_choice(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let output = state.output();
    let explanation = answers::explanation(output);
    if !output.is_probability() {
        caption(ui, answers::name(output)).on_hover_text(explanation);
        return;
    }
    let name = |values: Score| match values {
        Score::Probability => answers::name(output),
        Score::Logit => "logit",
    };
    let chosen = name(state.preferences.values);
    let text = RichText::new(with_chevron(chosen)).small().weak();
    let button = Button::new(text).frame_when_inactive(false);
    let (response, _) = MenuButton::from_button(button).ui(ui, |ui| {
        for values in Score::ALL {
            let tooltip = match values {
                Score::Probability => explanation,
                Score::Logit => "The network's plain scores, before they become probabilities.",
            };
            let entry = ui.selectable_label(values == state.preferences.values, values.name());
            if entry.on_hover_text(tooltip).clicked() {
                let mut preferences = state.preferences.clone();
                preferences.values = values;
                commands.push(Command::Prefer(preferences));
                ui.close();
            }
        }
    });
    response.accessible_name(chosen).on_hover_text(explanation);
}

/// How many predictions are listed.
fn top_choice(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let name = |top: usize| match top {
        usize::MAX => "All classes".to_owned(),
        _ => format!("Top {top}"),
    };
    let chosen = name(state.preferences.top);
    let text = RichText::new(with_chevron(&chosen)).font(theme::strong(theme::BODY));
    let button = Button::new(text).frame_when_inactive(false);
    // its text in line with everything else of the column, so that its edge is beyond that
    let beyond = vec2(ui.spacing().button_padding.x, 0.0);
    let place = ui.available_rect_before_wrap().translate(-beyond);
    let line = Layout::left_to_right(Align::Center);
    let mut heading = ui.new_child(UiBuilder::new().max_rect(place).layout(line));
    let (response, _) = MenuButton::from_button(button).ui(&mut heading, |ui| {
        for top in TOPS {
            if ui.selectable_label(top == state.preferences.top, name(top)).clicked() {
                let mut preferences = state.preferences.clone();
                preferences.top = top;
                commands.push(Command::Prefer(preferences));
                ui.close();
            }
        }
    });
    ui.allocate_space(response.rect.size() - beyond);
    response
        .accessible_name(chosen)
        .on_hover_text("How many predictions are listed.");
}

fn waiting(ui: &mut Ui, state: &State) {
    let text = if let Some(error) = &state.network_error {
        error.clone()
    } else if state.loading {
        "Loading the network…".to_owned()
    } else if state.images.current().is_none() {
        "Open an image to see what the network says about it.".to_owned()
    } else if state.is_fetched() {
        "Predicting…".to_owned()
    } else {
        "Fetch the image to see what the network says about it.".to_owned()
    };
    ui.add_space(UNIT);
    ui.add(egui::Label::new(RichText::new(text).weak()).wrap());
    if let Some(image) = state.images.current() {
        truncated(ui, RichText::new(&image.name).small().weak());
    }
}
