//! Whether the map in the picture is true to the network: what the network answers while the evidence that the map names is
//! hidden, or appears, beside random orders and the maps that are compared with it.

use egui::{
    Align, Color32, Grid, Layout, Pos2, Rect, RichText, ScrollArea, Sense, Ui, Vec2, WidgetInfo, accesskit::Role, pos2,
    vec2,
};
use egui_plot::{FilledArea, Line, LineStyle, Plot, PlotPoints, VLine};

use super::answers;
use super::color_bar::short;
use super::command::{Action, Command};
use super::numbers::still;
use super::state::State;
use super::textures::Textures;
use super::theme::{self, UNIT, palette, strong};
use super::widgets::{action_tooltip, caption, segmented, truncated, with_icon};
use crate::explain::{Fill, Random, Way};
use crate::explorer::{Part, STEPS};
use crate::imaging::Colormap;

/// Width of the choice of what hides, in points.
const FILLS: f32 = 64.0 * UNIT;
/// Width of the curves at least.
const PLOT: f32 = 40.0 * UNIT;
/// How many classes are told of a masked picture.
const TOP: usize = 3;
/// Height of a line of small text.
const LINE: f32 = 4.0 * UNIT;

/// Draws it.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        fill(ui, state, commands);
        progress(ui, state, commands);
        let numbers = numbers(state);
        if !numbers.is_empty() {
            truncated(ui, RichText::new(numbers.join("  ·  ")).small()).on_hover_text(
                "ROAD: half of what hiding the least relevant pixels leaves more than hiding the most relevant ones; good is \
                 large.\nAverage drop: the share of the answer that is lost where the photo is seen through the heatmap; good is \
                 small.\nIncrease: whether the answer gains there.",
            );
        }
    });
    // all of it beside each other is scrolled where there is too little room
    let area = ScrollArea::horizontal()
        .id_salt("faithfulness")
        .auto_shrink([false, false]);
    area.show(ui, |ui| columns(ui, state, textures, commands));
}

/// Curves, their areas, and the picture at the point of a curve.
fn columns(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) {
    let height = ui.available_height();
    let width = ui.available_width() - 3.0 * 2.0 * UNIT;
    let table = (0.26 * width).clamp(57.0 * UNIT, 90.0 * UNIT);
    // the masked picture gives way to the curves first
    let most = (width - table - 2.0 * PLOT).min(0.25 * width);
    let seen = (height - TOP as f32 * LINE).min(most).max(26.0 * UNIT);
    let plot = ((width - seen - table) / 2.0).max(PLOT);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0 * UNIT;
        let column = |ui: &mut Ui, width: f32, add: &mut dyn FnMut(&mut Ui)| {
            ui.allocate_ui_with_layout(vec2(width, height), Layout::top_down(Align::Min), |ui| {
                ui.set_min_size(vec2(width, height));
                ui.set_max_width(width);
                add(ui);
            });
        };
        for way in Way::ALL {
            column(ui, plot, &mut |ui| curves(ui, state, way, commands));
        }
        column(ui, table, &mut |ui| areas(ui, state));
        column(ui, seen, &mut |ui| masked(ui, state, textures, seen));
    });
}

/// What hides.
pub fn fill(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let available = ui.available_width();
    if available >= 2.0 * FILLS {
        caption(ui, "Hidden by");
    }
    let size = vec2(FILLS.min(0.3 * available), theme::ROW);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        if let Some(fill) = segmented(ui, "Hidden by", state.preferences.fill, &Fill::ALL, fill_text) {
            let mut preferences = state.preferences.clone();
            preferences.fill = fill;
            commands.push(Command::Prefer(preferences));
        }
    });
}

fn fill_text(fill: Fill) -> (&'static str, &'static str) {
    match fill {
        Fill::Grey => ("Grey", "Middle grey stands where something is hidden."),
        Fill::Blur => (
            "Blur",
            "The photo out of focus stands there: no edges that were not there before.",
        ),
        Fill::Mean => ("Mean", "The mean colour of the photo stands there."),
        Fill::NoisyLinear => (
            "Neighbours",
            "What the pixels around tell stands there, with a little noise, as in ROAD: so the shape of what is hidden tells \
             nothing. It takes longer.",
        ),
    }
}

/// How far it is, and the way to stop it or to go on.
pub fn progress(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let action = match state.measured_share() {
        Some(share) => {
            caption(ui, format!("measuring, {share} %…"));
            Action::StopComputing
        }
        None if state.is_measuring_stopped() => {
            caption(ui, "stopped");
            Action::GoOn
        }
        None => return,
    };
    small_button(ui, action, commands);
}

/// A small button that stops what is being computed, or goes on.
pub fn small_button(ui: &mut Ui, action: Action, commands: &mut Vec<Command>) {
    let text = RichText::new(with_icon(action.icon(), action.label())).small();
    let button = egui::Button::new(text).frame_when_inactive(false);
    let response = ui.add(button).accessible_name(action.label());
    if response.on_hover_ui(|ui| action_tooltip(ui, action)).clicked() {
        commands.push(Command::Do(action));
    }
}

/// The numbers that are no curves.
fn numbers(state: &State) -> Vec<String> {
    let Some(key) = state.chosen_key() else {
        return Vec::new();
    };
    let measures = |part| state.measures(key, part);
    let road = measures(Part::Road).and_then(|measures| measures.road);
    let curves = measures(Part::Curves);
    let drop = curves.and_then(|measures| measures.average_drop);
    let increase = curves.and_then(|measures| measures.increase);
    let texts = [
        road.map(|road| format!("ROAD {}", short(road))),
        drop.map(|drop| format!("average drop {:.0} %", 100.0 * drop)),
        increase.map(|is| format!("increase: {}", if is { "yes" } else { "no" })),
    ];
    texts.into_iter().flatten().collect()
}

fn way_text(way: Way) -> (&'static str, &'static str) {
    match way {
        Way::Deletion => (
            "Deletion",
            "What the network answers while the strongest evidence is hidden first, from the whole photo to nothing: of a true \
             map it falls at once, and the area below it is small.",
        ),
        Way::Insertion => (
            "Insertion",
            "What the network answers while the strongest evidence appears first, from nothing to the whole photo: of a true \
             map it rises at once, and the area below it is large.",
        ),
    }
}

/// The colour of the curve at this place of all.
fn colour(ui: &Ui, place: usize) -> Color32 {
    if place == 0 {
        return palette(ui).accent;
    }
    let table = Colormap::Turbo.table();
    let [red, green, blue] = table[(210 + (place - 1) * 83) % 216 + 20];
    Color32::from_rgb(red, green, blue)
}

/// The curves of one way.
fn curves(ui: &mut Ui, state: &State, way: Way, commands: &mut Vec<Command>) {
    let (name, explanation) = way_text(way);
    caption(ui, name).on_hover_text(explanation);
    let colours = palette(ui);
    let at = |step: usize| step as f64 / STEPS as f64;
    let random = state.random_curves(way);
    let mut label = name.to_owned();
    let mut most = f64::MIN_POSITIVE;
    let mut lines = Vec::new();
    for (place, map) in state.measured_maps().into_iter().enumerate() {
        let Some(curve) = state.curve(map.key, way) else {
            continue;
        };
        most = curve.answers.iter().copied().fold(most, f64::max);
        label.push_str(&format!("; {} {}", map.name, short(curve.area)));
        let points: PlotPoints<'_> = (0..)
            .zip(&curve.answers)
            .map(|(step, answer)| [at(step), *answer])
            .collect();
        let width = if place == 0 { 2.0 } else { 1.25 };
        lines.push(
            Line::new(map.name, points)
                .color(colour(ui, place))
                .width(width)
                .allow_hover(false),
        );
    }
    if let Some(random) = &random {
        label.push_str(&format!("; {}", random_text(random)));
    }
    // that of the map in the picture is drawn last, over the others
    lines.reverse();
    let pointed = state.faithful.pointed.filter(|(on, _)| *on == way);
    let size = ui.available_size();
    let plot = still(Plot::new(name))
        .show_axes([true, true])
        .show_grid(true)
        .height(size.y)
        .width(size.x)
        .include_x(0.0)
        .include_x(1.0)
        .include_y(0.0)
        .include_y(most)
        .show_crosshair(false)
        .cursor_color(Color32::TRANSPARENT)
        .y_axis_min_width(9.0 * UNIT)
        .x_axis_formatter(|mark, _| format!("{:.0} %", 100.0 * mark.value))
        .y_axis_formatter(|mark, _| answers::answer(state.output(), mark.value))
        .label_formatter(|_| None);
    let shown = plot.show(ui, |plot| {
        if let Some(random) = random {
            let xs: Vec<f64> = (0..random.answers.len()).map(at).collect();
            let spread = |sign: f64| -> Vec<f64> {
                let both = random.answers.iter().zip(&random.spread);
                both.map(|(answer, spread)| answer + sign * spread).collect()
            };
            let area = FilledArea::new("random", &xs, &spread(-1.0), &spread(1.0));
            plot.add(area.fill_color(colours.weak.gamma_multiply(0.3)).allow_hover(false));
            let mean: PlotPoints<'_> = xs
                .iter()
                .zip(&random.answers)
                .map(|(x, answer)| [*x, *answer])
                .collect();
            let mean = Line::new("random", mean)
                .color(colours.weak)
                .style(LineStyle::dashed_dense());
            plot.line(mean.allow_hover(false));
        }
        for line in lines {
            plot.line(line);
        }
        if let Some((_, step)) = pointed {
            plot.vline(VLine::new("pointed", at(step)).color(colours.text).allow_hover(false));
        }
    });
    let response = shown.response;
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, label.as_str()));
    if let Some(position) = response.hover_pos() {
        let share = shown.transform.value_from_position(position).x;
        let step = (share * STEPS as f64).round().clamp(0.0, STEPS as f64) as usize;
        if state.faithful.pointed != Some((way, step)) && state.curve_is_there() {
            commands.push(Command::PointAt(way, step));
        }
    }
}

fn random_text(random: &Random) -> String {
    format!("random {} ± {}", short(random.area), short(random.deviation))
}

/// The areas below all curves.
fn areas(ui: &mut Ui, state: &State) {
    let rows = state.measured_maps();
    let random = Way::ALL.map(|way| state.random_curves(way));
    let cell = |ui: &mut Ui, text: String| {
        ui.label(RichText::new(text).small());
    };
    ScrollArea::both().id_salt("areas").auto_shrink([false, false]).show(ui, |ui| {
        Grid::new("areas").num_columns(3).spacing(vec2(1.5 * UNIT, 0.5 * UNIT)).show(ui, |ui| {
            caption(ui, "Area below");
            caption(ui, "deletion").on_hover_text("Good is small.");
            caption(ui, "insertion").on_hover_text("Good is large.");
            ui.end_row();
            for (place, map) in rows.iter().enumerate() {
                let name = RichText::new(&map.name).small().color(colour(ui, place));
                ui.label(if place == 0 { name.strong() } else { name });
                for way in Way::ALL {
                    let area = state.curve(map.key, way).map(|curve| short(curve.area));
                    cell(ui, area.unwrap_or_else(|| "…".to_owned()));
                }
                ui.end_row();
            }
            ui.label(RichText::new("random").small().weak()).on_hover_text(
                "Random maps of as many cells: the mean of five, and how much they differ. A true map lies well below them in \
                 deletion and above them in insertion.",
            );
            for random in &random {
                let text = random.as_ref().map(|random| format!("{}±{}", short(random.area), short(random.deviation)));
                cell(ui, text.unwrap_or_else(|| "…".to_owned()));
            }
            ui.end_row();
        });
    });
}

/// The picture at the point of a curve that was pointed at last, and its likeliest classes.
fn masked(ui: &mut Ui, state: &State, textures: &mut Textures, side: f32) {
    let Some(masked) = state.masked() else {
        let text = match state.faithful.pointed {
            Some(_) => "Computing…",
            None => "Point on a curve to see what the network sees there.",
        };
        ui.add(egui::Label::new(RichText::new(text).small().weak()).wrap());
        return;
    };
    let (width, height) = (masked.picture.width as f32, masked.picture.height as f32);
    let room = vec2(side, (ui.available_height() - TOP as f32 * LINE).max(UNIT));
    let scale = (room.x / width).min(room.y / height);
    let (rect, response) = ui.allocate_exact_size(scale * Vec2::new(width, height), Sense::hover());
    let share = 100 * masked.request.step / STEPS;
    let what = match masked.request.way {
        Way::Deletion => "hidden",
        Way::Insertion => "shown",
    };
    let label = format!("What the network sees with {share} % of the pixels {what}");
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, label.as_str()));
    let texture = textures.input(ui.ctx(), &masked.picture);
    let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
    ui.painter().image(texture, rect, whole, Color32::WHITE);
    response.on_hover_text(label);
    ui.spacing_mut().item_spacing.y = 0.0;
    let answers = &masked.answers;
    let mut ranking: Vec<usize> = (0..answers.len()).collect();
    ranking.sort_by(|&a, &b| answers[b].total_cmp(&answers[a]));
    for class in ranking.into_iter().take(TOP) {
        let value = answers::answer(state.output(), answers[class]);
        let text = RichText::new(format!("{value}  {}", state.class_name(class))).size(theme::SMALL);
        let is_chosen = state.class() == Some(class);
        truncated(
            ui,
            if is_chosen {
                text.font(strong(theme::SMALL))
            } else {
                text
            },
        );
    }
}
