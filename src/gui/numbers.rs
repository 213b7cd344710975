//! The numbers behind the picture: histograms, channels and bars.

use egui::{Align2, Color32, Rect, RichText, ScrollArea, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};
use egui_plot::{Bar, BarChart, HoverPosition, Plot, PlotPoint, Text};

use super::answers;
use super::color_bar::short;
use super::command::Command;
use super::histogram_plot;
use super::state::State;
use super::theme::{self, UNIT, palette};
use super::widgets::{caption, focus_ring, text_in};
use crate::explain::Score;
use crate::explorer::Histogram;
use crate::imaging::Colormap;

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
        histogram_plot::show(
            left,
            "Gradients of the score",
            "How much the score grows with each value of the layer: one gradient for each cell of each channel.",
            &channels.gradients,
            None,
        );
        histogram_plot::show(
            right,
            "Mean over the map, one value per channel",
            "The weight that Grad-CAM gives each channel: the mean of its gradients over all cells.",
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
    // as signed maps have it: red argues for the class, blue against it
    let ends = Colormap::Diverging.table();
    let [red, green, blue] = ends[if share >= 0.0 { 224 } else { 31 }];
    let colour = Color32::from_rgb(red, green, blue);
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
    let threshold = histogram_plot::Line {
        value: f64::from(state.choices.threshold) * shown.maximum,
        name: "threshold of the mask",
    };
    histogram_plot::show(
        ui,
        "Evidence of each cell",
        "Right of zero, cells argue for the class; left of it, against.",
        &Histogram::new(&shown.map.signed, BINS),
        Some(threshold),
    );
}

/// The predictions as bars.
pub fn predictions(ui: &mut Ui, state: &State) {
    let Some(prediction) = state.prediction() else { return };
    let colours = palette(ui);
    let values = match answers::shown(state) {
        Score::Probability => &prediction.probabilities,
        Score::Logit => &prediction.logits,
    };
    let classes = prediction.ranking.iter().take(state.preferences.top.min(20));
    let rows: Vec<(String, f64)> = classes
        .clone()
        .map(|&class| (state.class_name(class), values.get(class).copied().unwrap_or(0.0)))
        .collect();
    // the first is on top
    let bars = classes.zip(&rows).enumerate().map(|(position, (&class, (_, value)))| {
        let fill = if state.class() == Some(class) {
            colours.accent
        } else {
            colours.weak
        };
        Bar::new(-(position as f64), *value).width(0.7).fill(fill)
    });
    let chart = BarChart::new("predictions", bars.collect())
        .horizontal()
        .allow_hover(false);
    let row_at = |place: f64| {
        let is_whole = (place - place.round()).abs() < 0.4 && place < 0.5;
        is_whole.then(|| rows.get(-place.round() as usize)).flatten()
    };
    let most = rows.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
    let least = rows.iter().map(|(_, value)| *value).fold(0.0, f64::min);
    let text = |value: f64| answers::text(state, value);
    let captions = rows.iter().enumerate().map(|(position, (name, value))| {
        let label = RichText::new(format!("{name}  {}", text(*value))).size(theme::SMALL);
        let place = PlotPoint::new(value.max(0.0) + 0.01 * most, -(position as f64));
        Text::new("name", place, label)
            .anchor(Align2::LEFT_CENTER)
            .color(colours.text)
    });
    still(Plot::new("bars"))
        .show_axes(false)
        .show_grid(false)
        .include_x(least.min(0.0))
        // room for the name of the longest
        .include_x(1.4 * most)
        .label_formatter(|hover| {
            let (name, value) = row_at(pointer(hover).y)?;
            Some(format!("{name}: {}", text(*value)))
        })
        .show(ui, |plot| {
            plot.bar_chart(chart);
            for caption in captions {
                plot.text(caption);
            }
        });
}

/// Where the pointer is, in the plot's own units.
fn pointer(hover: &HoverPosition<'_>) -> PlotPoint {
    match hover {
        HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position } => *position,
    }
}

fn waiting(ui: &mut Ui) {
    ui.label(RichText::new("Computing…").weak());
}

/// A plot that stays where it is.
pub fn still(plot: Plot<'_>) -> Plot<'_> {
    plot.allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .show_background(false)
}
