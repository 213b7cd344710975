//! The numbers behind the picture: histograms, channels and bars.

use egui::{Align2, Rect, RichText, ScrollArea, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};
use egui_plot::{Bar, BarChart, Plot, VLine};

use super::color_bar::short;
use super::command::Command;
use super::state::State;
use super::theme::{self, UNIT, palette};
use super::widgets::{caption, focus_ring, text_in};
use crate::explain::Score;
use crate::explorer::Histogram;

/// Bins of the histograms made here.
const BINS: usize = 40;
/// How many channels are listed.
const STRONGEST: usize = 24;

/// The tutorial's two histograms: all gradients of the layer, and their means over space.
pub fn gradients(ui: &mut Ui, state: &State) {
    let Some(channels) = state.channels() else {
        waiting(ui);
        return;
    };
    let means = Histogram::new(&channels.gradient_mean, BINS);
    ui.columns_const(|[left, right]| {
        plot(left, "Gradients of the score", "gradients", &channels.gradients, None);
        plot(
            right,
            "Averaged over space, one a channel",
            "gradient means",
            &means,
            None,
        );
    });
}

/// The channels that count most; a click shows one over the photo.
pub fn channels(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(channels) = state.channels() else {
        waiting(ui);
        return;
    };
    caption(
        ui,
        "Weight × mean activation, the strongest first. Click one to see its own feature map over the photo.",
    );
    let value = |values: &[f64], channel: usize| values.get(channel).copied().unwrap_or(0.0);
    let product = |channel| value(&channels.gradient_mean, channel) * value(&channels.activation_mean, channel);
    let most = channels
        .strongest
        .first()
        .map_or(0.0, |&first| product(first).abs())
        .max(f64::MIN_POSITIVE);
    ScrollArea::vertical()
        .id_salt("channels")
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(2.0 * UNIT, 0.0);
            let columns = ((ui.available_width() / 300.0) as usize).max(1);
            let width = (ui.available_width() - 2.0 * UNIT * (columns as f32 - 1.0)) / columns as f32;
            for row in channels
                .strongest
                .iter()
                .take(STRONGEST)
                .collect::<Vec<_>>()
                .chunks(columns)
            {
                ui.horizontal(|ui| {
                    for &&channel in row {
                        let weight = value(&channels.gradient_mean, channel);
                        let activation = value(&channels.activation_mean, channel);
                        let text = format!("weight {} · activation {}", short(weight), short(activation));
                        let share = (product(channel) / most) as f32;
                        if channel_row(ui, state, channel, &text, share, width) {
                            commands.push(Command::SelectChannel(channel));
                        }
                    }
                });
            }
        });
}

fn channel_row(ui: &mut Ui, state: &State, channel: usize, text: &str, share: f32, width: f32) -> bool {
    let colours = palette(ui);
    let is_chosen = state.channel == Some(channel);
    let (rect, response) = ui.allocate_exact_size(vec2(width, theme::ROW), Sense::click());
    let name = format!("Channel {channel}");
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &name));
    if is_chosen || response.hovered() {
        let fill = if is_chosen { colours.pressed } else { colours.raised };
        ui.painter().rect_filled(rect, UNIT, fill);
    }
    focus_ring(ui, &response, rect);
    let inner = rect.shrink2(vec2(2.0 * UNIT, 0.0));
    let name_width = text_in(
        ui,
        inner,
        Align2::LEFT_CENTER,
        &format!("{channel}"),
        theme::SMALL,
        colours.text,
    );
    let bar = Rect::from_min_size(
        pos2(inner.left() + name_width.max(8.0 * UNIT) + UNIT, inner.center().y - 2.0),
        vec2(14.0 * UNIT, 4.0),
    );
    ui.painter().rect_filled(bar, 2.0, colours.raised);
    let colour = if share >= 0.0 { colours.accent } else { colours.error };
    let filled = Rect::from_min_size(bar.min, vec2(bar.width() * share.abs().min(1.0), bar.height()));
    ui.painter().rect_filled(filled, 2.0, colour);
    let rest = Rect::from_min_max(pos2(bar.right() + 2.0 * UNIT, inner.top()), inner.max);
    text_in(ui, rest, Align2::LEFT_CENTER, text, theme::SMALL, colours.weak);
    response.clicked()
}

/// The values of the map, with the threshold of the mask.
pub fn values(ui: &mut Ui, state: &State) {
    let Some(shown) = &state.shown else {
        waiting(ui);
        return;
    };
    let threshold = f64::from(state.choices.threshold) * shown.maximum;
    plot(
        ui,
        "Evidence of each cell; the line is the threshold",
        "values",
        &Histogram::new(&shown.map.signed, BINS),
        Some(threshold),
    );
}

/// The predictions as bars.
pub fn predictions(ui: &mut Ui, state: &State) {
    let Some(prediction) = state.prediction() else { return };
    let colours = palette(ui);
    let values = match state.preferences.values {
        Score::Probability => &prediction.probabilities,
        Score::Logit => &prediction.logits,
    };
    let classes: Vec<usize> = prediction
        .ranking
        .iter()
        .take(state.preferences.top.min(20))
        .copied()
        .collect();
    let names: Vec<String> = classes.iter().map(|&class| state.class_name(class)).collect();
    let bars = classes.iter().enumerate().map(|(position, &class)| {
        let fill = if state.class() == Some(class) {
            colours.accent
        } else {
            colours.weak
        };
        Bar::new(position as f64, values.get(class).copied().unwrap_or(0.0))
            .width(0.7)
            .fill(fill)
    });
    let chart = BarChart::new("predictions", bars.collect()).allow_hover(false);
    let name_at = |mark: egui_plot::GridMark, _: &std::ops::RangeInclusive<f64>| {
        let is_whole = (mark.value - mark.value.round()).abs() < 1e-6 && mark.value >= 0.0;
        let name = is_whole.then(|| names.get(mark.value.round() as usize)).flatten();
        name.cloned().unwrap_or_default()
    };
    still(Plot::new("bars"))
        .x_axis_formatter(name_at)
        .x_grid_spacer(|_| {
            (0..20)
                .map(|i| egui_plot::GridMark {
                    value: f64::from(i),
                    step_size: 1.0,
                })
                .collect()
        })
        .show(ui, |plot| plot.bar_chart(chart));
}

fn waiting(ui: &mut Ui) {
    ui.label(RichText::new("Computing…").weak());
}

/// A plot that stays where it is.
fn still(plot: Plot<'_>) -> Plot<'_> {
    plot.allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .show_background(false)
}

fn plot(ui: &mut Ui, title: &str, id: &str, histogram: &Histogram, threshold: Option<f64>) {
    let colours = palette(ui);
    caption(ui, title);
    let width = (histogram.to - histogram.from) / histogram.counts.len().max(1) as f64;
    let bar = |(position, &count): (usize, &u64)| {
        let middle = histogram.from + (position as f64 + 0.5) * width;
        Bar::new(middle, count as f64).width(width * 0.9).fill(colours.accent)
    };
    let chart = BarChart::new(id, histogram.counts.iter().enumerate().map(bar).collect()).allow_hover(false);
    let line = threshold.map(|threshold| VLine::new("threshold", threshold).color(colours.error));
    still(Plot::new(id.to_owned())).show(ui, |plot| {
        plot.bar_chart(chart);
        if let Some(line) = line {
            plot.vline(line);
        }
    });
}
