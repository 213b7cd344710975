//! Whether the story hangs on the method: the maps of all methods at the chosen layer, how true each is to the network, and
//! how much each two agree.

use std::f32::consts::FRAC_PI_2;

use egui::accesskit::Role;
use egui::epaint::TextShape;
use egui::{Align, Align2, Color32, Layout, Rect, RichText, ScrollArea, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::color_bar::short;
use super::command::Command;
use super::faithfulness::{fill, progress};
use super::maps::MapKey;
use super::multiples::{Tile, photo_height, tile, tile_size};
use super::state::State;
use super::textures::{Slot, Textures};
use super::theme::{self, UNIT, font, palette};
use super::widgets::{check, text_in, text_width, truncated};
use crate::explain::Method;
use crate::explorer::Part;
use crate::imaging::Colormap;

/// Between two tiles, in points.
const GAP: f32 = 2.0 * UNIT;
/// Rows of tiles at most.
const MOST_ROWS: usize = 3;
/// Height of a tile at least, unless the row is lower; with less for all of them they are scrolled.
const LEAST: f32 = 15.0 * UNIT;
/// Room below tiles that are scrolled.
const BAR: f32 = 3.0 * UNIT;
/// What the square of colours takes of the width at most, with names and without.
const SQUARE: [f32; 2] = [0.45, 0.3];

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
            ui.add_space(UNIT);
            truncated(ui, RichText::new(text).small());
        }
    });
    let room = ui.available_size();
    let square = Square::that_fits(ui, methods.len(), room);
    let tiles_room = vec2(room.x - square.size().x - 4.0 * UNIT, room.y);
    let arranged = Arranged::that_fits(state, methods.len(), tiles_room);
    ui.horizontal_top(|ui| {
        let size = vec2(arranged.width.min(tiles_room.x), room.y);
        ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
            ui.set_max_width(size.x);
            tiles(ui, state, textures, &methods, &arranged, commands);
        });
        ui.add_space(2.0 * UNIT);
        matrix(ui, state, &methods, square);
    });
}

/// The maps.
fn tiles(
    ui: &mut Ui,
    state: &State,
    textures: &mut Textures,
    methods: &[MapKey],
    arranged: &Arranged,
    commands: &mut Vec<Command>,
) {
    let area = ScrollArea::horizontal().id_salt("methods").auto_shrink([false, false]);
    area.show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(GAP, GAP);
        for row in methods.chunks(arranged.columns) {
            ui.horizontal_top(|ui| {
                for key in row {
                    let area = state
                        .measures(*key, Part::Deletion)
                        .and_then(|measures| measures.deletion.as_ref());
                    let detail = area.map_or_else(|| "…".to_owned(), |curve| short(curve.area));
                    let name = key.method.title();
                    let small = Tile {
                        name,
                        about: &format!("Area of deletion: {detail}"),
                        caption: short_title(key.method),
                        detail: &detail,
                        shown: state.shown_of(*key),
                        slot: Slot::Method(key.method),
                        is_chosen: state.choices.method == key.method,
                    };
                    if tile(ui, state, textures, small, arranged.size).clicked() {
                        let mut choices = state.choices.clone();
                        choices.method = key.method;
                        commands.push(Command::Choose(choices));
                    }
                }
            });
        }
    });
}

/// The name of a method where there is little room.
fn short_title(method: Method) -> &'static str {
    match method {
        Method::GradCamElementWise => "Element-wise",
        Method::FasterScoreCam => "Faster-Score",
        Method::IntegratedGradients => "Integrated",
        Method::GuidedGradCam => "Guided",
        other => other.title(),
    }
}

/// How the tiles stand.
struct Arranged {
    columns: usize,
    size: Vec2,
    /// Of all of them.
    width: f32,
}

impl Arranged {
    /// The tiles as large as all of them are seen at once, in rows of equal length; where they were too small, larger ones that
    /// are scrolled.
    fn that_fits(state: &State, tiles: usize, room: Vec2) -> Self {
        let tiles = tiles.max(1);
        let columns = |rows: usize| tiles.div_ceil(rows);
        let wide = |size: Vec2, rows: usize| columns(rows) as f32 * (size.x + GAP) - GAP;
        let high = |room: f32, rows: usize| (room - GAP * (rows as f32 - 1.0)) / rows as f32;
        let arranged = |size: Vec2, rows: usize| Self {
            columns: columns(rows),
            size,
            width: wide(size, rows),
        };
        // as high as there is room, or lower until it is narrow enough
        let whole = |rows: usize| {
            let most = high(room.y, rows) as usize;
            let sizes = (1..=most).rev().map(|height| tile_size(state, height as f32));
            sizes
                .map(|size| (size, rows))
                .find(|&(size, rows)| wide(size, rows) <= room.x)
        };
        let best = (1..=MOST_ROWS).filter_map(whole);
        let best = best.max_by(|one, other| photo_height(one.0.y).total_cmp(&photo_height(other.0.y)));
        if let Some((size, rows)) = best.filter(|(size, _)| size.y >= LEAST) {
            return arranged(size, rows);
        }
        let lower = room.y - BAR;
        let rows = (1..=MOST_ROWS).rev().find(|&rows| high(lower, rows) >= LEAST);
        let rows = rows.unwrap_or(1);
        arranged(tile_size(state, high(lower, rows).max(UNIT)), rows)
    }
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

/// How the rank correlations are drawn: a square of colours, with names at its rows and columns where there is room.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Square {
    /// Side of all cells together.
    side: f32,
    /// Width of the names of rows, with the room beside them; zero without names.
    names: f32,
    /// Height of what stands above the columns: their names, or their numbers.
    above: f32,
    columns: Columns,
}

/// What stands above the columns of the square.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Columns {
    /// Their names.
    Named,
    /// The numbers of the rows.
    Numbered,
    /// Nothing: they are in the order of the rows.
    Bare,
}

impl Square {
    /// Side of a cell from which its row and its column can have their names, from which the row can and the column a number,
    /// and from which the row can.
    const NAMED: f32 = 12.5;
    const NUMBERED: f32 = 8.5;
    const LEAST: f32 = 8.0;
    /// Height of numbers.
    const NUMBERS: f32 = 4.0 * UNIT;

    /// The one with most names for so many methods.
    fn that_fits(ui: &Ui, methods: usize, room: Vec2) -> Self {
        let names = Method::ALL.map(|method| text_width(ui, short_title(method), &font(theme::SMALL)));
        let names = names.into_iter().fold(0.0, f32::max) + UNIT;
        let numbers = text_width(ui, "10", &font(theme::SMALL)) + UNIT;
        let square = |names: f32, above: f32, columns: Columns| {
            let widest = SQUARE[usize::from(names == 0.0)] * room.x - names;
            let side = (room.y - above).min(widest).max(UNIT);
            Self {
                side,
                names,
                above,
                columns,
            }
        };
        let cell = |square: &Self| square.side / methods.max(1) as f32;
        let labelled = [
            (square(names, names, Columns::Named), Self::NAMED),
            (
                square(names + numbers, Self::NUMBERS, Columns::Numbered),
                Self::NUMBERED,
            ),
            (square(names, 0.0, Columns::Bare), Self::LEAST),
        ];
        let fits = labelled.into_iter().find(|(square, least)| cell(square) >= *least);
        fits.map_or_else(|| square(0.0, 0.0, Columns::Bare), |(square, _)| square)
    }

    fn size(&self) -> Vec2 {
        vec2(self.names + self.side, self.above + self.side)
    }

    /// Draws the names of `methods` around the cells at `cells`.
    fn label(&self, ui: &Ui, cells: Rect, methods: &[MapKey]) {
        if self.names == 0.0 {
            return;
        }
        let step = self.side / methods.len().max(1) as f32;
        let colours = palette(ui);
        let size = theme::SMALL.min(step);
        for (place, key) in methods.iter().enumerate() {
            let name = short_title(key.method);
            let [top, left] = [cells.top(), cells.left()].map(|start| start + place as f32 * step);
            let row = Rect::from_min_max(
                pos2(cells.left() - self.names, top),
                pos2(cells.left() - UNIT, top + step),
            );
            let text = match self.columns {
                Columns::Numbered => format!("{name} {}", place + 1),
                Columns::Named | Columns::Bare => name.to_owned(),
            };
            text_in(ui, row, Align2::RIGHT_CENTER, &text, size, colours.weak);
            match self.columns {
                Columns::Named => {
                    // from the cells upwards
                    let galley = ui.painter().layout_no_wrap(name.to_owned(), font(size), colours.weak);
                    let start = pos2(left + (step - galley.size().y) / 2.0, cells.top() - UNIT);
                    let text = TextShape::new(start, galley, colours.weak).with_angle(-FRAC_PI_2);
                    ui.painter().add(text);
                }
                Columns::Numbered => {
                    let column = Rect::from_min_size(pos2(left, cells.top() - self.above), vec2(step, self.above));
                    let column = column.expand2(vec2(UNIT, 0.0));
                    let number = (place + 1).to_string();
                    text_in(ui, column, Align2::CENTER_CENTER, &number, size, colours.weak);
                }
                Columns::Bare => {}
            }
        }
    }
}

/// The rank correlations as a square of colours.
fn matrix(ui: &mut Ui, state: &State, methods: &[MapKey], square: Square) {
    let (all, response) = ui.allocate_exact_size(square.size(), Sense::hover());
    let label = format!("Rank correlations of {} methods", methods.len());
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, label.as_str()));
    let rect = Rect::from_min_max(all.min + vec2(square.names, square.above), all.max);
    square.label(ui, rect, methods);
    let cell = square.side / methods.len().max(1) as f32;
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
        if place.min_elem() < 0.0 {
            return None;
        }
        let (one, other) = (methods.get(place.y as usize)?, methods.get(place.x as usize)?);
        let value = agreement(state, *one, *other);
        let value = value.map_or_else(|| "not known".to_owned(), |value| format!("{value:.2}"));
        Some(format!("{} and {}: {value}", one.method.title(), other.method.title()))
    });
    let text = under.unwrap_or_else(|| {
        "Whether two methods put the cells of the photo in the same order: 1 the same, 0 no relation, -1 the opposite.".to_owned()
    });
    // beside the square, so that it covers none of it
    response.on_hover_text(text);
}
