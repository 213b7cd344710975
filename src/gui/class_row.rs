//! One class on a list: rank, name, bar, value. Looks and behaves the same wherever classes are listed.

use egui::accesskit::Role;
use egui::{Align2, Rect, RectAlign, Response, Sense, Tooltip, Ui, WidgetInfo, pos2, vec2};

use super::command::Command;
use super::icons;
use super::state::State;
use super::theme::{self, UNIT, palette};
use super::widgets::{focus_ring, text_in};
use crate::explain::Score;

/// Height of a row.
pub const HEIGHT: f32 = 9.0 * UNIT;

/// A probability in percent, with as many digits as say something.
pub fn percent(probability: f64) -> String {
    let percent = 100.0 * probability;
    if percent >= 0.1 {
        format!("{percent:.1} %")
    } else if percent >= 0.001 {
        // one digit that says something, without an exponent
        let digits = (-percent.log10()).ceil() as usize;
        format!("{percent:.digits$} %")
    } else if percent > 0.0 {
        "<0.001 %".to_owned()
    } else {
        "0 %".to_owned()
    }
}

/// What the network answers for a class: a probability in percent, or a plain value.
pub fn answer(state: &State, value: f64) -> String {
    match &state.network {
        Some(network) if !network.plan.output.is_probability() => format!("{value:.3}"),
        _ => percent(value),
    }
}

/// Draws the row of a class and reports what is done with it.
pub fn show(ui: &mut Ui, state: &State, class: usize, commands: &mut Vec<Command>) -> Response {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click());
    let chosen = state.class() == Some(class);
    let name = state.class_name(class);
    let prediction = state.prediction();
    let rank = prediction.and_then(|prediction| prediction.ranking.iter().position(|&ranked| ranked == class));
    let probability = prediction.and_then(|prediction| prediction.probabilities.get(class).copied());
    let logit = prediction.and_then(|prediction| prediction.logits.get(class).copied());
    let here = state.here().filter(|_| state.search.query.is_empty());
    let value = match (here, state.preferences.values) {
        (Some(here), _) => here.evidence.get(class).map(|evidence| format!("{evidence:+.3}")),
        (None, Score::Probability) => probability.map(|value| answer(state, value)),
        (None, Score::Logit) => logit.map(|logit| format!("{logit:.2}")),
    };
    let value = value.unwrap_or_default();
    let share = match here {
        Some(here) => here.share(class),
        // of the largest logit, negative ones have no bar
        None if state.preferences.values == Score::Logit => {
            let largest = prediction.and_then(|prediction| prediction.logits.get(*prediction.ranking.first()?));
            (logit.unwrap_or(0.0) / largest.copied().unwrap_or(1.0).max(f64::MIN_POSITIVE)) as f32
        }
        // plain values have no whole to be a share of
        None if state
            .network
            .as_ref()
            .is_some_and(|network| !network.plan.output.is_probability()) =>
        {
            let values = prediction.map_or(&[][..], |prediction| &prediction.probabilities);
            let largest = values
                .iter()
                .fold(f64::MIN_POSITIVE, |most, value| most.max(value.abs()));
            (probability.unwrap_or(0.0) / largest).max(0.0) as f32
        }
        None => probability.unwrap_or(0.0) as f32,
    };
    let rank = rank.map(|rank| (rank + 1).to_string()).unwrap_or_default();

    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), chosen, &name));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_description(format!("rank {rank}, {value}"))
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
        let rank_right = inner.left() + 5.5 * UNIT;
        let rank_rect = Rect::from_min_max(line.min, pos2(rank_right, line.bottom()));
        text_in(ui, rank_rect, Align2::RIGHT_CENTER, &rank, theme::SMALL, colours.weak);
        let value_width = text_in(ui, line, Align2::RIGHT_CENTER, &value, theme::BODY, colours.text);
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
        text_in(ui, name_rect, Align2::LEFT_CENTER, &name, theme::BODY, colours.text);
        let bar = Rect::from_min_max(
            pos2(name_left, inner.bottom() - 2.25 * UNIT),
            pos2(inner.right(), inner.bottom() - 1.5 * UNIT),
        );
        ui.painter()
            .rect_filled(bar, 1.5, if chosen { colours.line } else { colours.raised });
        let filled = Rect::from_min_size(bar.min, vec2(bar.width() * share.clamp(0.0, 1.0), bar.height()));
        ui.painter()
            .rect_filled(filled, 1.5, if chosen { colours.accent } else { colours.weak });
    }

    if response.clicked() {
        commands.push(Command::SelectClass(class));
    }
    if response.hovered() {
        commands.push(Command::PreviewClass(class));
    }
    response.context_menu(|ui| menu(ui, state, class, commands));
    // beside the list, where the pointer does not go next
    let mut beside = Tooltip::for_enabled(&response);
    beside.popup = beside.popup.align(RectAlign::RIGHT_START);
    beside.show(|ui| tooltip(ui, state, class));
    response
}

/// What else can be done with a class.
fn menu(ui: &mut Ui, state: &State, class: usize, commands: &mut Vec<Command>) {
    let pinned = state.pinned.contains(&class);
    if ui
        .button(if pinned { "Unpin" } else { "Pin" })
        .on_hover_text("Keep the class at hand below the list.")
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
    if let Some(prediction) = state.prediction() {
        let value = |values: &[f64]| values.get(class).copied().unwrap_or(0.0);
        let (probability, logit) = (value(&prediction.probabilities), value(&prediction.logits));
        super::widgets::caption(ui, format!("probability {probability:.3e} · logit {logit:.3}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_say_something_at_every_size() {
        for (probability, text) in [
            (0.172, "17.2 %"),
            (1.0, "100.0 %"),
            (0.0010, "0.1 %"),
            (0.0009, "0.09 %"),
            (0.00001, "0.001 %"),
            (0.00037, "0.04 %"),
            (3e-7, "<0.001 %"),
            (0.0, "0 %"),
        ] {
            assert_eq!(percent(probability), text);
        }
    }
}
