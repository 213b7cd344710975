//! Whether the story hangs on the method: the maps of all methods at the chosen layer, how true each is to the network, and
//! how much each two agree.

use egui::accesskit::Role;
use egui::{Align, Color32, Layout, Rect, RichText, ScrollArea, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::color_bar::short;
use super::command::Command;
use super::faithfulness::{fill, progress};
use super::maps::MapKey;
use super::multiples::{Tile, tile, tile_size};
use super::state::State;
use super::textures::{Slot, Textures};
use super::theme::{UNIT, palette};
use super::widgets::{check, truncated};
use crate::explorer::Part;
use crate::imaging::Colormap;

/// Between two tiles, in points.
const GAP: f32 = 2.0 * UNIT;
/// Rows of tiles at most.
const MOST_ROWS: usize = 3;
/// Height of a tile at least.
const LEAST: f32 = 15.0 * UNIT;

/// Draws it.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) {
    let methods = state.methods();
    ui.horizontal(|ui| {
        fill(ui, state, commands);
        let mut wants_slow = state.wants_slow();
        let response = check(ui, &mut wants_slow, RichText::new("Slow methods too").small());
        let response = response.on_hover_text(
            "Score-CAM, SmoothGrad, integrated gradients, occlusion and RISE take many passes of the network: seconds each, for \
             this image, class and layer.",
        );
        if response.changed() {
            commands.push(Command::WantSlow(wants_slow));
        }
        progress(ui, state, commands);
        if let Some(text) = summary(state, &methods) {
            truncated(ui, RichText::new(text).small());
        }
    });
    let (width, height) = (ui.available_width(), ui.available_height());
    let side = height.min(0.3 * width).max(UNIT);
    ui.horizontal_top(|ui| {
        let room = vec2(width - side - 3.0 * UNIT, height);
        ui.allocate_ui_with_layout(room, Layout::top_down(Align::Min), |ui| {
            ui.set_max_width(room.x);
            tiles(ui, state, textures, &methods, commands);
        });
        ui.add_space(UNIT);
        matrix(ui, state, &methods, side);
    });
}

/// The maps.
fn tiles(ui: &mut Ui, state: &State, textures: &mut Textures, methods: &[MapKey], commands: &mut Vec<Command>) {
    let (columns, size) = arranged(state, methods.len(), ui.available_size());
    let area = ScrollArea::both().id_salt("methods").auto_shrink([false, false]);
    area.show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(GAP, GAP);
        for row in methods.chunks(columns) {
            ui.horizontal_top(|ui| {
                for key in row {
                    let area = state
                        .measures(*key, Part::Deletion)
                        .and_then(|measures| measures.deletion.as_ref());
                    let detail = area.map_or_else(|| "…".to_owned(), |curve| short(curve.area));
                    let name = key.method.title();
                    let small = Tile {
                        name,
                        caption: name,
                        detail: &detail,
                        shown: state.shown_of(*key),
                        slot: Slot::Method(key.method),
                        is_chosen: state.choices.method == key.method,
                    };
                    let response =
                        tile(ui, state, textures, small, size).on_hover_text(format!("Area of deletion: {detail}"));
                    if response.clicked() {
                        let mut choices = state.choices.clone();
                        choices.method = key.method;
                        commands.push(Command::Choose(choices));
                    }
                }
            });
        }
    });
}

/// How many tiles stand in a row, and their size: the largest of which all are seen at once; where there is too little room
/// for that, the smallest that can be made out.
fn arranged(state: &State, tiles: usize, room: Vec2) -> (usize, Vec2) {
    let sized = |height: f32| {
        let size = tile_size(state, height);
        let columns = ((room.x + GAP) / (size.x + GAP)) as usize;
        (columns.max(1), size)
    };
    let in_rows = (1..=MOST_ROWS).map(|rows| (rows, (room.y - GAP) / rows as f32 - GAP));
    let arranged = in_rows.filter(|(_, height)| *height >= LEAST);
    let mut arranged = arranged.map(|(rows, height)| (rows, sized(height)));
    let fits = arranged.find(|(rows, (columns, _))| rows * columns >= tiles);
    fits.map_or_else(|| sized(LEAST), |(_, arranged)| arranged)
}

/// Each two methods, with how much they agree.
fn pairs(state: &State, methods: &[MapKey]) -> Vec<(MapKey, MapKey, f64)> {
    let each = methods.iter().enumerate();
    let pairs = each.flat_map(|(at, one)| methods[at + 1..].iter().map(move |other| (*one, *other)));
    pairs
        .filter_map(|(one, other)| Some((one, other, state.agreement_of(one, other)?)))
        .collect()
}

/// In words, how much they agree.
fn summary(state: &State, methods: &[MapKey]) -> Option<String> {
    let pairs = pairs(state, methods);
    let least = pairs.iter().min_by(|a, b| a.2.total_cmp(&b.2))?;
    let mean = pairs.iter().map(|pair| pair.2).sum::<f64>() / pairs.len() as f64;
    Some(format!(
        "agreement {mean:.2} in the mean; least: {} and {}, {:.2}",
        least.0.method.title(),
        least.1.method.title(),
        least.2
    ))
}

/// How much two methods agree, each with itself of course; none until that is known.
fn agreement(state: &State, one: MapKey, other: MapKey) -> Option<f64> {
    if one == other {
        Some(1.0)
    } else {
        state.agreement_of(one, other)
    }
}

/// The rank correlations as a square of colours.
fn matrix(ui: &mut Ui, state: &State, methods: &[MapKey], side: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    let label = format!("Rank correlations of {} methods", methods.len());
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, label.as_str()));
    let cell = side / methods.len().max(1) as f32;
    let table = Colormap::Diverging.table();
    let raised = palette(ui).raised;
    for (row, one) in methods.iter().enumerate() {
        for (column, other) in methods.iter().enumerate() {
            let value = agreement(state, *one, *other);
            let colour = value.map_or(raised, |value| {
                let [red, green, blue] = table[(127.5 * (1.0 + value)).round().clamp(0.0, 255.0) as usize];
                Color32::from_rgb(red, green, blue)
            });
            let corner = rect.min + cell * vec2(column as f32, row as f32);
            let square = Rect::from_min_max(corner, pos2(corner.x + cell, corner.y + cell));
            ui.painter().rect_filled(square.shrink(0.5), 0.0, colour);
        }
    }
    let under = response.hover_pos().and_then(|position| {
        let place = (position - rect.min) / cell;
        let (one, other) = (methods.get(place.y as usize)?, methods.get(place.x as usize)?);
        let value = agreement(state, *one, *other);
        let value = value.map_or_else(|| "not known".to_owned(), |value| format!("{value:.2}"));
        Some(format!("{} and {}: {value}", one.method.title(), other.method.title()))
    });
    let text = under.unwrap_or_else(|| {
        "Whether two methods put the cells of the photo in the same order: 1 the same, 0 no relation, -1 the opposite.".to_owned()
    });
    response.on_hover_text_at_pointer(text);
}
