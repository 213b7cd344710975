//! The randomisation test: the map while ever more of the network's weights are random, and how much of it is left.

use egui::{Align, Button, Color32, Layout, Rect, RichText, ScrollArea, Sense, Slider, Ui, Vec2, vec2};
use egui_plot::{Line, MarkerShape, Plot, PlotPoints, Points};

use super::command::Command;
use super::maps::MapKey;
use super::multiples::{Tile, tile, tile_size};
use super::numbers::still;
use super::state::State;
use super::textures::{Slot, Textures};
use super::theme::{self, UNIT, palette, strong};
use super::widgets::caption;
use crate::explain::DOES_NOT_CARE;
use crate::explorer::Randomized;

/// Width of the curves at least; where there is less, the pictures give way.
const CURVES: f32 = 320.0;

/// Draws the trained network's map, that of the chosen stage, and the curves of all stages.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) {
    let Some(key) = state.sanity_key() else { return };
    if state.takes_long_to_randomize(&key) {
        ask(ui, state, key, commands);
        return;
    }
    // all of it beside each other is scrolled where there is too little room
    let area = ScrollArea::horizontal().id_salt("sanity").auto_shrink([false, false]);
    area.show(ui, |ui| columns(ui, state, key, textures, commands));
}

/// Both maps and the curves.
fn columns(ui: &mut Ui, state: &State, key: MapKey, textures: &mut Textures, commands: &mut Vec<Command>) {
    let stages = state.sanity.stages_of(&key);
    ui.horizontal_top(|ui| {
        // both pictures leave room for the curves
        let most = 0.5 * (ui.available_width() - CURVES) - 3.0 * UNIT;
        let size = tile_size(state, ui.available_height() - UNIT);
        let size = vec2(size.x.min(most.max(18.0 * UNIT)), size.y);
        let trained = Tile {
            name: "The map of the trained network",
            about: "",
            caption: "Trained",
            detail: "",
            shown: state.shown_of(key),
            slot: Slot::Trained,
            is_chosen: false,
        };
        tile(ui, state, textures, trained, size);
        let chosen = state.randomized(&key);
        let what = chosen.map_or_else(|| "Random".to_owned(), random);
        let detail = chosen.map_or_else(String::new, left);
        let random = Tile {
            name: "The map of a network with random weights",
            about: "",
            caption: &what,
            detail: &detail,
            shown: chosen.map(|stage| state.randomized_shown(&key, stage)),
            slot: Slot::Random,
            is_chosen: true,
        };
        tile(ui, state, textures, random, size);
        ui.add_space(2.0 * UNIT);
        ui.allocate_ui_with_layout(
            vec2(ui.available_width().max(CURVES), ui.available_height()),
            Layout::top_down(Align::Min),
            |ui| {
                told(ui, state, &key);
                choose(ui, state, stages, commands);
                legend(ui);
                curves(ui, state, stages);
            },
        );
    });
}

/// A method of many passes is tested when it is wanted.
fn ask(ui: &mut Ui, state: &State, key: MapKey, commands: &mut Vec<Command>) {
    let title = state.choices.method.title();
    caption(
        ui,
        format!("{title} takes many passes, and the test makes it again by up to twelve networks with random weights."),
    );
    if ui.add(Button::new("Test all the same")).clicked() {
        commands.push(Command::TestSanity(key));
    }
}

/// What a stage has made random.
fn random(stage: &Randomized) -> String {
    match (stage.stage.name.as_str(), stage.index + 1 == stage.count) {
        (_, true) => "Random: everything".to_owned(),
        ("", _) => "Random: the head".to_owned(),
        (block, _) => format!("Random: down to {block}"),
    }
}

/// How much a stage has left.
fn left(stage: &Randomized) -> String {
    let number = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), two_digits);
    let likeness = stage.likeness;
    format!(
        "rank {} · SSIM {}",
        number(likeness.rank_correlation),
        number(likeness.structural_similarity)
    )
}

/// A correlation in two digits; nothing is not less than nothing.
fn two_digits(value: f64) -> String {
    format!("{:.2}", if value.abs() < 0.005 { 0.0 } else { value })
}

/// The verdict, or how far the test is.
fn told(ui: &mut Ui, state: &State, key: &MapKey) {
    let layer = state
        .network
        .as_ref()
        .map_or("", |network| &network.plan.layer(key.layer).name);
    let title = state.choices.method.title();
    let (text, colour) = match state.sanity_verdict(key) {
        Some(verdict) if verdict.passes => (
            format!(
                "{title} passes the randomisation test at {layer}: rank correlation {}.",
                two_digits(verdict.left)
            ),
            palette(ui).text,
        ),
        Some(verdict) => (
            format!(
                "{title} does not care about the weights at {layer}: rank correlation {}.",
                two_digits(verdict.left)
            ),
            palette(ui).error,
        ),
        None => match state.sanity.stages_of(key).last() {
            Some(last) => (format!("Stage {} of {}…", last.index + 1, last.count), palette(ui).weak),
            None => ("Making weights random…".to_owned(), palette(ui).weak),
        },
    };
    let response = ui.label(RichText::new(text).font(strong(theme::SMALL)).color(colour));
    response.on_hover_text(format!(
        "Weights are made random from the head down, as Adebayo et al. 2018 did (\u{201c}Sanity checks for saliency maps\u{201d}). \
         A map that stays what it was shows something else than what the network has learnt. Told is the mean rank \
         correlation with the maps of the last three stages; {DOES_NOT_CARE} and more does not pass."
    ));
}

/// The slider over the stages that are done.
fn choose(ui: &mut Ui, state: &State, stages: &[Randomized], commands: &mut Vec<Command>) {
    let last = stages.len().saturating_sub(1);
    let mut stage = state.sanity.stage.map_or(last, |stage| stage.min(last));
    ui.spacing_mut().slider_width = ui.available_width();
    let slider = Slider::new(&mut stage, 0..=last).show_value(false);
    let response = ui.add_enabled(last > 0, slider).accessible_name("Random weights");
    let response =
        response.on_hover_text("How much of the network is random: from the head at the left to everything.");
    if response.changed() {
        commands.push(Command::LookAtStage(stage));
    }
}

/// What the curves are, by colour and mark.
fn series(ui: &Ui) -> [(&'static str, Color32, MarkerShape); 2] {
    let colours = palette(ui);
    [
        ("rank correlation", colours.accent, MarkerShape::Circle),
        ("structural similarity (SSIM)", colours.weak, MarkerShape::Square),
    ]
}

/// The names of the curves.
fn legend(ui: &mut Ui) {
    ui.horizontal(|ui| {
        for (name, colour, shape) in series(ui) {
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(2.0 * UNIT), Sense::hover());
            match shape {
                MarkerShape::Circle => ui.painter().circle_filled(rect.center(), 3.0, colour),
                _ => ui
                    .painter()
                    .rect_filled(Rect::from_center_size(rect.center(), Vec2::splat(5.0)), 0.0, colour),
            };
            ui.label(RichText::new(name).small().color(colour));
        }
    });
}

/// How much is left at each stage.
fn curves(ui: &mut Ui, state: &State, stages: &[Randomized]) {
    let colours = palette(ui);
    let count = stages.last().map_or(2, |last| last.count);
    let series = series(ui);
    let values = |which: usize| -> Vec<[f64; 2]> {
        let of = |stage: &Randomized| match which {
            0 => stage.likeness.rank_correlation,
            _ => stage.likeness.structural_similarity,
        };
        let points = stages.iter().filter_map(|stage| Some([stage.index as f64, of(stage)?]));
        points.collect()
    };
    let looked_at = state
        .sanity
        .stage
        .unwrap_or(usize::MAX)
        .min(stages.len().saturating_sub(1));
    still(Plot::new("sanity"))
        .show_grid([false, true])
        .show_axes([false, true])
        .include_x(0.0)
        .include_x(count as f64 - 1.0)
        .include_y(-0.2)
        .include_y(1.0)
        .show(ui, |plot| {
            if !stages.is_empty() {
                plot.vline(
                    egui_plot::VLine::new("stage", looked_at as f64)
                        .color(colours.text)
                        .width(1.0),
                );
            }
            for (which, (name, colour, shape)) in series.into_iter().enumerate() {
                plot.line(Line::new(name, PlotPoints::from(values(which))).color(colour));
                let points = Points::new(name, PlotPoints::from(values(which)));
                plot.points(points.color(colour).shape(shape).radius(3.0));
            }
        });
}
