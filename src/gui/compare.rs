//! Two pictures beside each other: the line above them that says what each is, and the same place in both.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{
    Align, Button, Color32, Frame, Layout, Margin, PopupCloseBehavior, Rect, Response, RichText, ScrollArea, Stroke,
    Ui, UiBuilder, pos2, vec2,
};

use super::answers::answer;
use super::command::{Action, Command};
use super::compare_with;
use super::icons;
use super::maps::MapKey;
use super::state::{Compare, Difference, Instead, State};
use super::target_bar::{quiet, toggle};
use super::theme::{self, UNIT, palette, strong};
use super::widgets::{caption, check, segmented, shortened, truncated, with_chevron};
use crate::explain::{Method, Score, Target};

/// Width of the choice of what the pictures differ in, in points.
const DIFFERENCES: f32 = 380.0;
/// Width of the menus.
const MENU: f32 = 64.0 * UNIT;
/// Height of the menus.
const MENU_HEIGHT: f32 = 75.0 * UNIT;

/// In words, what the second picture shows; none without one.
pub fn name(state: &State) -> Option<String> {
    if state.compares_networks() {
        return Some(state.second.as_ref()?.info.weights.name.clone());
    }
    let (key, compare) = (state.other_key()?, state.compare?);
    Some(title(state, &key, compare.instead.difference()))
}

/// What tells a picture from the other.
fn title(state: &State, key: &MapKey, difference: Difference) -> String {
    match difference {
        Difference::Class => super::export::target_name(state, key.target),
        Difference::Layer => state
            .network
            .as_ref()
            .map_or_else(String::new, |network| network.plan.layer(key.layer).name.clone()),
        Difference::Method => key.method.title().to_owned(),
        Difference::Score => super::settings::score_text(key.score, state.output()).0.to_owned(),
        Difference::Network => state
            .network
            .as_ref()
            .map_or_else(String::new, |network| network.weights.name.clone()),
        Difference::Painting => match key.preprocessing.painting {
            Some(_) => "painted".to_owned(),
            None => "before painting".to_owned(),
        },
        Difference::Image => state
            .images
            .get(key.image)
            .map_or_else(String::new, |image| image.name.clone()),
    }
}

/// The class of a picture with its rank and what the network answers for it in this image, as far as that is known.
fn detail(state: &State, key: &MapKey, difference: Difference) -> String {
    let (Target::Class(class) | Target::Rather { class, .. }) = key.target;
    let image = state.images.get(key.image);
    let Some(prediction) = image.and_then(|image| image.prediction_as(key.preprocessing)) else {
        return "predicting…".to_owned();
    };
    let value = prediction.probabilities.get(class).copied().unwrap_or(0.0);
    let value = answer(state.output(), value);
    let rank = prediction.ranking.iter().position(|&ranked| ranked == class);
    let rank = rank.map_or_else(String::new, |rank| format!("no. {}, ", rank + 1));
    if difference == Difference::Class {
        format!("{rank}{value}")
    } else {
        format!("{} · {rank}{value}", state.class_name(class))
    }
}

/// Draws the lines above the pictures.
pub fn bar(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(compare) = state.compare else { return };
    let difference = compare.instead.difference();
    Frame::new()
        .inner_margin(Margin::symmetric(12, 0))
        .show(ui, |ui| choices(ui, state, compare, commands));
    let whole = ui.available_rect_before_wrap().shrink2(vec2(3.0 * UNIT, 0.0));
    let half = vec2((whole.width() - 2.0 * UNIT) / 2.0, theme::ROW);
    let top = whole.top() + UNIT;
    let left = Rect::from_min_size(pos2(whole.left(), top), half);
    let right = Rect::from_min_size(pos2(whole.right() - half.x, top), half);
    let line = |rect: Rect| {
        UiBuilder::new()
            .max_rect(rect)
            .layout(Layout::left_to_right(Align::Center))
    };
    let class = state.preview.or_else(|| state.class());
    let first = class.and_then(|class| state.key(state.choices.target(class), state.layer()?));
    if let Some(key) = first {
        ui.scope_builder(line(left), |ui| header(ui, state, &key, difference));
    }
    ui.scope_builder(line(right), |ui| {
        if let (true, Some(name)) = (state.compares_networks(), name(state)) {
            names(ui, name, state.second_answer());
            return;
        }
        second(ui, state, compare.instead, commands);
        if let Some(key) = state.other_key() {
            truncated(ui, RichText::new(detail(state, &key, difference)).small().weak());
        }
    });
    ui.advance_cursor_after_rect(Rect::from_min_max(whole.min, pos2(whole.right(), left.bottom())));
}

fn header(ui: &mut Ui, state: &State, key: &MapKey, difference: Difference) {
    names(ui, title(state, key, difference), detail(state, key, difference));
}

/// What a picture is called, and what there is to say about it.
fn names(ui: &mut Ui, title: String, detail: String) {
    ui.scope(|ui| {
        // what comes after a long name has a third of the line
        ui.set_max_width(0.66 * ui.available_width());
        truncated(ui, RichText::new(title).font(strong(theme::BODY)));
    });
    truncated(ui, RichText::new(detail).small().weak());
}

/// What the pictures differ in, and what can be done with both.
fn choices(ui: &mut Ui, state: &State, compare: Compare, commands: &mut Vec<Command>) {
    let difference = compare.instead.difference();
    ui.horizontal(|ui| {
        let names = ui.available_width() > DIFFERENCES + 300.0;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let close = quiet(ui, false, Some(icons::CLOSE), "Stop comparing pictures", false);
            if close.on_hover_text("One picture again.").clicked() {
                commands.push(Command::Compare(None));
            }
            toggle(ui, names, Action::Swap, false, commands);
            let mut one_scale = compare.one_scale;
            let response = check(ui, &mut one_scale, RichText::new("One scale").small());
            let response = response.on_hover_text(
                "The same colours for the same values in both pictures; otherwise each has the scale that is chosen below.",
            );
            if response.changed() {
                commands.push(Command::Compare(Some(Compare { one_scale, ..compare })));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.set_max_width(DIFFERENCES.min(ui.available_width()));
                let possible: Vec<Difference> = Difference::ALL
                    .into_iter()
                    .filter(|&other| other == difference || state.first_of(other).is_some())
                    .collect();
                let text = Difference::name_and_explanation;
                if let Some(other) = segmented(ui, "Compare", difference, &possible, text)
                    && other != difference
                {
                    commands.push(Command::CompareIn(other));
                }
            });
        });
    });
}

/// The name of what the second picture has instead, with the choice of others behind it.
fn second(ui: &mut Ui, state: &State, instead: Instead, commands: &mut Vec<Command>) {
    let Some(key) = state.other_key() else { return };
    let name = title(state, &key, instead.difference());
    let room = 0.66 * ui.available_width();
    let text = shortened(ui, &name, &strong(theme::BODY), room - 8.0 * UNIT);
    let button = Button::new(RichText::new(with_chevron(&text)).font(strong(theme::BODY)));
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (response, _) = MenuButton::from_button(button).config(config).ui(ui, |ui| {
        menu(ui, state, instead, commands);
    });
    if response.clicked() {
        commands.push(Command::SearchRival(String::new()));
    }
    response
        .accessible_name("Second picture")
        .on_hover_text("What the second picture shows instead.");
}

fn menu(ui: &mut Ui, state: &State, instead: Instead, commands: &mut Vec<Command>) {
    let Some(compare) = state.compare else { return };
    let choose = |instead: Instead| Command::Compare(Some(Compare { instead, ..compare }));
    ui.set_width(MENU);
    let mut entry = |ui: &mut Ui, name: &str, other: Instead| {
        let response: Response = ui.selectable_label(other == instead, name);
        if response.clicked() {
            commands.push(choose(other));
            ui.close();
        }
    };
    match instead {
        Instead::Class(_) => {
            let class = state.class().unwrap_or(usize::MAX);
            compare_with::list(ui, state, class, |other| choose(Instead::Class(other)), commands);
        }
        Instead::Layer(_) => {
            let Some(network) = &state.network else { return };
            let chosen = state.layer();
            let layers: Vec<_> = network.plan.mappable().filter(|&layer| Some(layer) != chosen).collect();
            let area = ScrollArea::vertical()
                .max_height(MENU_HEIGHT)
                .auto_shrink([false, true]);
            // from the predictions to the photo, as late layers are asked for most
            area.show_rows(ui, theme::ROW, layers.len(), |ui, rows| {
                let count = rows.len();
                for &layer in layers.iter().rev().skip(rows.start).take(count) {
                    entry(ui, &network.plan.layer(layer).name, Instead::Layer(layer));
                }
            });
        }
        Instead::Method(_) => {
            for method in Method::ALL.into_iter().filter(|&method| method != state.choices.method) {
                entry(ui, method.title(), Instead::Method(method));
            }
        }
        Instead::Score(_) => {
            for score in Score::ALL.into_iter().filter(|&score| score != state.score()) {
                let (name, _) = super::settings::score_text(score, state.output());
                entry(ui, name, Instead::Score(score));
            }
        }
        // the other network is chosen in the menu of networks
        Instead::Network | Instead::Unpainted => {}
        Instead::Image(_) => {
            let current = state.images.current().map(|image| image.id);
            let others: Vec<_> = state
                .images
                .list()
                .iter()
                .filter(|image| Some(image.id) != current)
                .collect();
            let area = ScrollArea::vertical()
                .max_height(MENU_HEIGHT)
                .auto_shrink([false, true]);
            area.show_rows(ui, theme::ROW, others.len(), |ui, rows| {
                for image in others.get(rows).unwrap_or_default() {
                    entry(ui, &image.name, Instead::Image(image.id));
                }
            });
        }
    }
    if ui.min_rect().height() < theme::ROW {
        caption(ui, "There is no other.");
    }
}

/// Marks the place under the pointer in the picture that the pointer is not in.
pub fn same_place(ui: &Ui, response: &Response, targets: impl Iterator<Item = (Rect, Rect)>, share: [f32; 2]) {
    if share.iter().any(|share| !(0.0..1.0).contains(share)) {
        return;
    }
    let pointer = response.hover_pos();
    for (space, target) in targets.filter(|(space, _)| pointer.is_some_and(|pointer| !space.contains(pointer))) {
        let place = target.min + vec2(share[0] * target.width(), share[1] * target.height());
        let painter = ui.painter().with_clip_rect(space);
        for stroke in [
            Stroke::new(3.0, Color32::from_black_alpha(140)),
            Stroke::new(1.0, palette(ui).accent),
        ] {
            painter.line_segment([place - vec2(7.0, 0.0), place + vec2(7.0, 0.0)], stroke);
            painter.line_segment([place - vec2(0.0, 7.0), place + vec2(0.0, 7.0)], stroke);
        }
    }
}
