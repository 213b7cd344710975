//! One picture: the photo, the map over it, and what is marked in both.

use egui::{Color32, Key, Painter, Pos2, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use super::Side;
use crate::gui::choices::View;
use crate::gui::contours;
use crate::gui::maps::Shown;
use crate::gui::state::{Here, State};
use crate::gui::textures::Textures;
use crate::gui::theme::palette;

/// How much is seen of an image that was left while nothing is to be seen of the next one.
const LEFT: f32 = 0.5;
/// Below this many points a cell's edges are not drawn.
const SMALLEST_CELL: f32 = 5.0;

/// Draws photo and map into `target`. Returns whether the photo covers all of it.
pub(super) fn paint(
    ui: &Ui,
    painter: &Painter,
    state: &State,
    textures: &mut Textures,
    target: Rect,
    side: &Side<'_>,
) -> bool {
    let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
    let colours = palette(ui);
    let is_held = ui.input(|input| input.key_down(Key::Space)) && ui.memory(|memory| memory.focused().is_none());
    let bare = is_held || state.peeking;
    let view = state.view();
    let longest = target.size().max_elem() * ui.pixels_per_point();
    let photo = textures.photo(ui.ctx(), side.image, longest, !side.is_unpainted);
    let photo = photo.filter(|_| !side.is_map_alone || bare);
    if let Some(photo) = photo {
        let tint = if side.is_left {
            Color32::WHITE.gamma_multiply(LEFT)
        } else {
            Color32::WHITE
        };
        painter.image(photo, target, whole, tint);
    }
    if side.is_left {
        return false;
    }
    let Some(shown) = side.shown.filter(|_| !bare) else {
        return photo.is_some();
    };
    let map_share = match view {
        _ if side.is_map_alone => 1.0,
        View::Overlay if shown.is_empty() => 0.0,
        View::Overlay => shown.strength(state.choices.blend),
        View::Mask => 1.0,
        View::Map | View::Beside | View::Contours => 0.0,
    };
    let photo_rect = target;
    let target = part(target, shown.seen);
    if map_share > 0.0 {
        let map = textures.map(ui.ctx(), &state.choices, shown, (view, side.slot), colours.canvas);
        painter.image(map, target, whole, Color32::WHITE.gamma_multiply(map_share));
    }
    if view == View::Mask {
        // what the network did not see is no evidence
        for rect in around(photo_rect, target) {
            painter.rect_filled(rect, 0.0, colours.canvas);
        }
        // where the photo ends, whatever of it is hidden
        painter.rect_stroke(photo_rect, 0.0, Stroke::new(1.0, colours.line), StrokeKind::Outside);
    }
    if view == View::Contours {
        contours::paint(painter, state, shown, target);
    }
    if state.choices.cells {
        grid(painter, shown, target);
    }
    if let Some(here) = state.here().filter(|here| here.image == side.image.id) {
        mark(painter, here, target, colours.accent);
    }
    photo.is_some()
}

/// A part of a rectangle, by shares of its sides.
pub fn part(rect: Rect, [from, to]: [[f32; 2]; 2]) -> Rect {
    let corner = |share: [f32; 2]| rect.min + vec2(share[0] * rect.width(), share[1] * rect.height());
    Rect::from_min_max(corner(from), corner(to))
}

/// What a rectangle has around a part of it.
pub fn around(whole: Rect, part: Rect) -> impl Iterator<Item = Rect> {
    let rects = [
        Rect::from_min_max(whole.min, pos2(part.left(), whole.bottom())),
        Rect::from_min_max(pos2(part.right(), whole.top()), whole.max),
        Rect::from_min_max(pos2(part.left(), whole.top()), pos2(part.right(), part.top())),
        Rect::from_min_max(pos2(part.left(), part.bottom()), pos2(part.right(), whole.bottom())),
    ];
    rects
        .into_iter()
        .filter(|rect| rect.width() > 0.5 && rect.height() > 0.5)
}

/// The edges of the layer's cells.
fn grid(painter: &Painter, shown: &Shown, target: Rect) {
    let cell = target.size() / vec2(shown.map.width.max(1) as f32, shown.map.height.max(1) as f32);
    if cell.x < SMALLEST_CELL || cell.y < SMALLEST_CELL {
        return;
    }
    let stroke = Stroke::new(1.0, Color32::from_white_alpha(48));
    for column in 1..shown.map.width {
        painter.vline(target.left() + column as f32 * cell.x, target.y_range(), stroke);
    }
    for row in 1..shown.map.height {
        painter.hline(target.x_range(), target.top() + row as f32 * cell.y, stroke);
    }
}

/// A frame around the cell that was asked about.
fn mark(painter: &Painter, here: &Here, target: Rect, colour: Color32) {
    let cell = target.size() / vec2(here.cells.0.max(1) as f32, here.cells.1.max(1) as f32);
    let corner = target.min + vec2(here.cell.0 as f32 * cell.x, here.cell.1 as f32 * cell.y);
    let rect = Rect::from_min_size(corner, cell);
    painter.rect_stroke(
        rect,
        2.0,
        Stroke::new(4.0, Color32::from_black_alpha(140)),
        StrokeKind::Middle,
    );
    painter.rect_stroke(rect, 2.0, Stroke::new(2.0, colour), StrokeKind::Middle);
}
