//! One class on a list: rank, name, bar, value. Looks and behaves the same wherever classes are listed.

use std::cmp::Ordering;

use egui::accesskit::Role;
use egui::{Align2, Rect, RectAlign, Response, Sense, Tooltip, Ui, WidgetInfo, pos2, vec2};

use super::answers;
use super::command::Command;
use super::icons;
use super::state::State;
use super::theme::{self, UNIT, palette};
use super::widgets::{focus_ring, text_in};
use crate::explain::Score;

/// Height of a row.
pub const HEIGHT: f32 = 9.0 * UNIT;

/// Width of the part of a row over which there is more about the class.
const NUMBER: f32 = 18.0 * UNIT;

/// Draws the row of a class and reports what is done with it.
pub fn show(ui: &mut Ui, state: &State, class: usize, commands: &mut Vec<Command>) -> Response {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click());
    // while a prediction is awaited, the row of the one before is no choice
    let chosen = state.class() == Some(class) && state.prediction().is_some();
    let name = state.class_name(class);
    let prediction = state.listing();
    let rank = prediction.and_then(|prediction| prediction.ranking.iter().position(|&ranked| ranked == class));
    let answer = prediction.and_then(|prediction| {
        let values = match answers::shown(state) {
            Score::Probability => &prediction.probabilities,
            Score::Logit => &prediction.logits,
        };
        values.get(class).copied()
    });
    let here = state.here().filter(|_| state.search.query.is_empty());
    let value = match here {
        Some(here) => here.evidence.get(class).map(|evidence| format!("{evidence:+.3}")),
        None => answer.map(|answer| answers::text(state, answer)),
    };
    let value = value.unwrap_or_default();
    let former = former(state, class).filter(|_| here.is_none());
    let before = former.map(|former| answers::text(state, former));
    let arrow = former.zip(answer).map(|(former, now)| sign(former, now));
    let share = match here {
        Some(here) => here.share(class),
        None => answers::share(state, class),
    };
    let rank = rank.map(|rank| (rank + 1).to_string()).unwrap_or_default();

    let by = state.search.by(class).filter(|_| !state.search.query.is_empty());
    let found_by = by.map(|by| format!(", found by {by}")).unwrap_or_default();
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), chosen, &name));
    let changed = before.as_ref().zip(arrow);
    let was = changed.map_or_else(String::new, |(before, arrow)| {
        format!(", {before} {arrow} {value} by painting")
    });
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_description(format!("rank {rank}, {value}{was}{found_by}"))
    });

    if ui.is_rect_visible(rect) {
        if chosen {
            ui.painter().rect_filled(rect, UNIT, colours.pressed);
            let mark = Rect::from_min_size(rect.min + vec2(0.0, 2.0 * UNIT), vec2(3.0, rect.height() - 4.0 * UNIT));
            ui.painter().rect_filled(mark, 1.5, colours.accent);
        } else if response.hovered() {
            ui.painter().rect_filled(rect, UNIT, colours.raised);
        }
        focus_ring(ui, &response, rect);
        let inner = rect.shrink2(vec2(2.0 * UNIT, 0.0));
        let line = Rect::from_min_max(
            inner.min + vec2(0.0, UNIT),
            pos2(inner.right(), inner.bottom() - 2.5 * UNIT),
        );
        let digits = if state.labels().is_some_and(|labels| labels.len() > 999) {
            7.5
        } else {
            5.5
        };
        let rank_right = inner.left() + digits * UNIT;
        let rank_rect = Rect::from_min_max(line.min, pos2(rank_right, line.bottom()));
        text_in(ui, rank_rect, Align2::RIGHT_CENTER, &rank, theme::SMALL, colours.weak);
        let value_width = text_in(ui, line, Align2::RIGHT_CENTER, &value, theme::BODY, colours.text);
        let value_width = match changed {
            Some((before, arrow)) => {
                let left = line.with_max_x(line.right() - value_width - UNIT);
                let text = format!("{before} {arrow}");
                value_width + UNIT + text_in(ui, left, Align2::RIGHT_CENTER, &text, theme::SMALL, colours.weak)
            }
            None => value_width,
        };
        let mut name_left = rank_right + 2.0 * UNIT;
        if state.pinned.contains(&class) {
            let pin = Rect::from_min_size(pos2(name_left, line.top()), vec2(4.0 * UNIT, line.height()));
            let icon = icons::PIN.to_string();
            text_in(ui, pin, Align2::LEFT_CENTER, &icon, theme::SMALL, colours.weak);
            name_left = pin.right() + UNIT;
        }
        let name_rect = Rect::from_min_max(
            pos2(name_left, line.top()),
            pos2(line.right() - value_width - 2.0 * UNIT, line.bottom()),
        );
        let name_width = text_in(ui, name_rect, Align2::LEFT_CENTER, &name, theme::BODY, colours.text);
        if let Some(by) = by {
            let beside = name_rect.with_min_x(name_rect.left() + name_width);
            let by = format!(" · {by}");
            text_in(ui, beside, Align2::LEFT_CENTER, &by, theme::SMALL, colours.weak);
        }
        let bar = Rect::from_min_max(
            pos2(name_left, inner.bottom() - 2.25 * UNIT),
            pos2(inner.right(), inner.bottom() - 1.5 * UNIT),
        );
        ui.painter()
            .rect_filled(bar, 1.5, if chosen { colours.line } else { colours.raised });
        let filled = Rect::from_min_size(bar.min, vec2(bar.width() * share.clamp(0.0, 1.0), bar.height()));
        ui.painter()
            .rect_filled(filled, 1.5, if chosen { colours.accent } else { colours.weak });
        if let Some(share) = former.and(answers::former_share(state, class)) {
            let x = bar.left() + bar.width() * share.clamp(0.0, 1.0);
            let mark = Rect::from_center_size(pos2(x, bar.center().y), vec2(2.0, bar.height() + UNIT));
            ui.painter().rect_filled(mark, 1.0, colours.text);
        }
    }

    if response.clicked() {
        commands.push(Command::SelectClass(class));
    }
    if response.hovered() {
        commands.push(Command::PreviewClass(class));
    }
    response.context_menu(|ui| menu(ui, state, class, commands));
    // over the number alone and below it, so that it covers neither the picture with the preview nor the next name
    let over_number = response
        .hover_pos()
        .is_some_and(|pointer| pointer.x > rect.right() - NUMBER);
    if over_number && ui.memory(|memory| memory.top_modal_layer().is_none()) {
        let mut below = Tooltip::for_enabled(&response);
        below.popup = below
            .popup
            .align(RectAlign::BOTTOM_END)
            .width(rect.width() - 4.0 * UNIT);
        below.show(|ui| tooltip(ui, state, class));
    }
    response
}

/// What the network answers for a class without what is painted over the photo; none where nothing is, or where that is not
/// known.
fn former(state: &State, class: usize) -> Option<f64> {
    state.prediction()?;
    let unpainted = state.unpainted()?;
    let values = match answers::shown(state) {
        Score::Probability => &unpainted.probabilities,
        Score::Logit => &unpainted.logits,
    };
    values.get(class).copied()
}

/// Where a number went.
fn sign(former: f64, now: f64) -> char {
    match now.total_cmp(&former) {
        Ordering::Less => '↓',
        Ordering::Equal => '→',
        Ordering::Greater => '↑',
    }
}

/// What else can be done with a class.
fn menu(ui: &mut Ui, state: &State, class: usize, commands: &mut Vec<Command>) {
    let pinned = state.pinned.contains(&class);
    if ui
        .button(if pinned { "Unpin" } else { "Pin" })
        .on_hover_text("Keep the class below the list, and chosen when another image is shown.")
        .clicked()
    {
        commands.push(Command::TogglePin(class));
        ui.close();
    }
    if let Some(chosen) = state.class()
        && chosen != class
        && ui
            .button(format!("Show {} rather than this", state.class_name(chosen)))
            .clicked()
    {
        commands.push(Command::CompareWith(Some(class)));
        ui.close();
    }
}

fn tooltip(ui: &mut Ui, state: &State, class: usize) {
    let Some(label) = state.labels().and_then(|labels| labels.get(class)) else {
        return;
    };
    let names = if label.names.is_empty() {
        label.display_name()
    } else {
        label.names.join(", ")
    };
    ui.label(names);
    let wnid = label
        .wnid
        .as_deref()
        .map(|wnid| format!(" · {wnid}"))
        .unwrap_or_default();
    super::widgets::caption(ui, format!("class {class}{wnid}"));
    if let Some(prediction) = state.listing() {
        let value = |values: &[f64]| values.get(class).copied().unwrap_or(0.0);
        let (probability, logit) = (value(&prediction.probabilities), value(&prediction.logits));
        let answer = answers::precise(state.output(), probability);
        let numbers = if state.output().is_probability() {
            format!("probability {answer} · logit {logit:.3}")
        } else {
            format!("value {answer}")
        };
        super::widgets::caption(ui, numbers);
    }
}
