//! A histogram: bars over a faint grid, round numbers along both axes, and zero drawn.

use egui::{Align2, Color32, Rect, Sense, Stroke, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::color_bar::short;
use super::theme::{self, UNIT, font, palette};
use super::ticks::ticks;
use super::widgets::caption;
use crate::explorer::Histogram;

/// Room for the numbers left of the bars and below them.
const LEFT: f32 = 9.0 * UNIT;
const BELOW: f32 = 5.0 * UNIT;

/// A line over a histogram that says something about its values.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Where it is.
    pub value: f64,
    /// What stands at its upper end.
    pub name: &'static str,
}

/// Draws a histogram with its title.
pub fn show(ui: &mut Ui, title: &str, explanation: &str, histogram: &Histogram, line: Option<Line>) {
    let colours = palette(ui);
    let heading = caption(ui, title);
    if !explanation.is_empty() {
        heading.on_hover_text(explanation);
    }
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    let count: u64 = histogram.counts.iter().sum();
    let label = format!(
        "{title}: {count} values from {} to {}",
        short(histogram.from),
        short(histogram.to)
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, label.as_str()));
    let plot = Rect::from_min_max(
        pos2(rect.left() + LEFT, rect.top() + 2.0 * UNIT),
        pos2(rect.right() - 3.0 * UNIT, rect.bottom() - BELOW),
    );
    if !plot.is_positive() {
        return;
    }
    // zero is always in sight, as is whatever line there is
    let line_value = line.map(|line| line.value).into_iter();
    let (from, to) = line_value
        .chain([histogram.from, histogram.to])
        .fold((0.0_f64, 0.0_f64), |(from, to), value| (from.min(value), to.max(value)));
    let to = if to > from { to } else { from + 1.0 };
    let most = histogram.counts.iter().max().copied().unwrap_or(0).max(1) as f64;
    let x = |value: f64| plot.left() + ((value - from) / (to - from)) as f32 * plot.width();
    let y = |count: f64| plot.bottom() - (count / most) as f32 * plot.height();

    let across = ticks(from, to, ((plot.width() / 90.0) as usize).max(3));
    let up = ticks(0.0, most, ((plot.height() / 36.0) as usize).clamp(2, 5));
    let painter = ui.painter();
    let text = |position, align, text: &str| {
        painter.text(position, align, text, font(theme::SMALL), colours.weak);
    };
    for (value, label) in up.values.iter().zip(&up.labels) {
        // there are no halves of cells
        if value.fract() == 0.0 {
            painter.hline(plot.x_range(), y(*value), Stroke::new(1.0, colours.line));
            text(pos2(plot.left() - UNIT, y(*value)), Align2::RIGHT_CENTER, label);
        }
    }
    for (value, label) in across.values.iter().zip(&across.labels) {
        if *value != 0.0 {
            painter.vline(x(*value), plot.y_range(), Stroke::new(1.0, colours.line));
        }
        text(pos2(x(*value), plot.bottom() + UNIT), Align2::CENTER_TOP, label);
    }
    if let Some(factor) = &across.factor {
        // where no number of the axis is
        text(rect.right_top() - vec2(3.0 * UNIT, 0.0), Align2::RIGHT_TOP, factor);
    }
    let width = (histogram.to - histogram.from) / histogram.counts.len().max(1) as f64;
    for (position, &count) in histogram.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let left = histogram.from + position as f64 * width;
        let (left, right) = (x(left), x(left + width));
        let gap = 0.05 * (right - left);
        // a value alone is a line
        let bar = Rect::from_x_y_ranges(
            left + gap..=(right - gap).max(left + gap + 1.0),
            y(count as f64)..=plot.bottom(),
        );
        painter.rect_filled(bar, 0.0, colours.accent);
    }
    painter.vline(x(0.0), plot.y_range(), Stroke::new(1.0, colours.text));
    if let Some(line) = line {
        painter.vline(x(line.value), plot.y_range(), Stroke::new(2.0, colours.error));
        let align = if x(line.value) > plot.center().x {
            Align2::RIGHT_TOP
        } else {
            Align2::LEFT_TOP
        };
        let aside = if align == Align2::RIGHT_TOP { -UNIT } else { UNIT };
        let place = pos2(x(line.value) + aside, plot.top());
        let galley = painter.layout_no_wrap(line.name.to_owned(), font(theme::SMALL), colours.error);
        let behind = align.anchor_size(place, galley.size());
        painter.rect_filled(behind, 0.0, colours.panel);
        painter.galley(behind.min, galley, Color32::PLACEHOLDER);
    }
    let under = response.hover_pos().filter(|position| plot.contains(*position));
    let under = under.and_then(|position| {
        let value = from + f64::from((position.x - plot.left()) / plot.width()) * (to - from);
        let bin = ((value - histogram.from) / width).floor();
        let count = histogram.counts.get(bin as usize).filter(|_| bin >= 0.0)?;
        let (left, right) = (histogram.from + bin * width, histogram.from + (bin + 1.0) * width);
        Some(format!("{count} from {} to {}", short(left), short(right)))
    });
    if let Some(text) = under {
        response.on_hover_text_at_pointer(text);
    }
}
