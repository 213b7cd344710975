//! Cutting a part out of the photo: the rectangle under the pointer, and how the rest is dimmed.

use egui::{
    Align2, Color32, CursorIcon, Painter, PointerButton, Pos2, Rect, Response, Stroke, StrokeKind, Ui, pos2, vec2,
};

use super::choices::Drawer;
use super::command::{Action, Ask, Command};
use super::picture::{around, part};
use super::state::State;
use super::theme::{self, UNIT, font};
use crate::imaging::Region;

/// How dark it is around the part.
const AROUND: u8 = 150;
/// A rectangle that is smaller on the screen is a slip of the hand, in points.
const LEAST: f32 = 6.0;

/// Draws what is cut out of the photo that lies at `photo`, and lets it be cut out; `picture` counts those of a photo.
pub fn show(
    ui: &Ui,
    painter: &Painter,
    response: &Response,
    state: &State,
    (picture, photo): (usize, Rect),
    commands: &mut Vec<Command>,
) {
    let Some(image) = state.open_image() else { return };
    let size = image.size;
    let rectangle = |region: Region| part(photo, region.shares(size[0], size[1]));
    let Some(cropping) = state.cropping else {
        if let Some(crop) = image.crop {
            frame(painter, photo, rectangle(crop), crop);
        }
        // what is asked without is marked while it is asked
        let asks = state.preferences.drawer == Some(Drawer::Questions);
        if let Some(area) = state.without_what().filter(|_| asks).and_then(|what| what.area) {
            mark(painter, rectangle(area));
        }
        return;
    };
    if response.hovered() {
        ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
    }
    let share = |position: Pos2| {
        let inside = position - photo.min;
        [inside.x / photo.width().max(1.0), inside.y / photo.height().max(1.0)]
    };
    let (origin, pointer) = ui.input(|input| (input.pointer.press_origin(), input.pointer.interact_pos()));
    if response.drag_started_by(PointerButton::Primary)
        && let Some(origin) = origin.filter(|origin| painter.clip_rect().contains(*origin))
    {
        commands.push(Command::CropFrom(share(origin), picture));
    }
    let least = [
        LEAST * size[0] as f32 / photo.width().max(1.0),
        LEAST * size[1] as f32 / photo.height().max(1.0),
    ];
    let is_here = cropping.from.is_some() && cropping.picture == picture;
    let drawn = pointer.filter(|_| is_here);
    let drawn = drawn.and_then(|pointer| cropping.region(share(pointer), size, least));
    if let Some(drawn) = drawn {
        frame(painter, photo, rectangle(drawn), drawn);
    } else if let Some(crop) = image.crop {
        frame(painter, photo, rectangle(crop), crop);
    }
    if response.drag_stopped_by(PointerButton::Primary) && is_here {
        match drawn {
            Some(region) if cropping.asks => commands.push(Command::Ask(Ask::Without(Some(region)))),
            Some(region) => commands.push(Command::Crop(Some(region))),
            None if cropping.asks => commands.push(Command::Ask(Ask::DrawWithout)),
            None => commands.push(Command::Do(Action::Crop)),
        }
    }
}

/// A line around a part of the photo.
fn mark(painter: &Painter, inside: Rect) {
    painter.rect_stroke(
        inside,
        0.0,
        Stroke::new(3.0, Color32::from_black_alpha(AROUND)),
        StrokeKind::Outside,
    );
    painter.rect_stroke(inside, 0.0, Stroke::new(1.0, Color32::WHITE), StrokeKind::Outside);
}

/// A part of the photo, with the rest dimmed and its size in pixels above it.
fn frame(painter: &Painter, photo: Rect, inside: Rect, region: Region) {
    for rect in around(photo, inside) {
        painter.rect_filled(rect, 0.0, Color32::from_black_alpha(AROUND));
    }
    mark(painter, inside);
    let text = format!("{} × {} at {}, {}", region.width, region.height, region.x, region.y);
    let galley = painter.layout_no_wrap(text, font(theme::SMALL), theme::ON_PLATE);
    let size = galley.size() + vec2(3.0 * UNIT, UNIT);
    // above the part, or in it where there is no room above
    let bottom = if inside.top() - size.y - UNIT < painter.clip_rect().top() {
        inside.top() + size.y + UNIT
    } else {
        inside.top() - UNIT
    };
    let label = Rect::from_min_size(pos2(inside.left(), bottom - size.y), size);
    painter.rect_filled(label, theme::RADIUS, theme::PLATE);
    let place = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), label);
    painter.galley(place.min, galley, theme::ON_PLATE);
}
