//! Small pictures in a row, such as one for each layer or class.

use egui::accesskit::Role;
use egui::{Align2, Color32, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::maps::Shown;
use super::picture::part;
use super::state::State;
use super::textures::{Slot, Textures};
use super::theme::{self, UNIT, font, palette};
use super::widgets::{focus_ring, text_in, text_width};

/// Height of a line below a small picture, and of the room above all of them.
const LINE: f32 = 4.0 * UNIT;
const GAP: f32 = 0.5 * UNIT;
/// Heights of a tile from which there is room for one line and for two.
const ONE_LINE: f32 = 12.0 * UNIT;
const TWO_LINES: f32 = 34.0 * UNIT;

/// Height of what stands below the picture of a tile of this height, so that most of it is picture.
fn captions(height: f32) -> f32 {
    let lines = u8::from(height >= ONE_LINE) + u8::from(height >= TWO_LINES);
    if lines == 0 { 0.0 } else { GAP + f32::from(lines) * LINE }
}

/// One small picture.
pub struct Tile<'a> {
    /// Its name, told when the pointer rests on it.
    pub name: &'a str,
    /// What else is told then, if anything is.
    pub about: &'a str,
    /// What stands below it, for little room.
    pub caption: &'a str,
    /// Something below the caption.
    pub detail: &'a str,
    /// Its map; none while it is computed.
    pub shown: Option<Shown>,
    /// Where its colours are kept.
    pub slot: Slot,
    /// Whether it is the one in the large picture.
    pub is_chosen: bool,
}

/// Size of a tile for a photo, in a row of this height.
pub fn tile_size(state: &State, height: f32) -> egui::Vec2 {
    let photo = photo_height(height);
    vec2((photo * aspect(state).clamp(0.6, 2.0)).max(18.0 * UNIT), height)
}

/// Height of the picture in a tile of this height, unless it is too wide.
pub fn photo_height(tile: f32) -> f32 {
    (tile - captions(tile)).max(UNIT)
}

/// Width of the photo by its height.
fn aspect(state: &State) -> f32 {
    let photo = state.images.current();
    photo.map_or(1.0, |image| image.size[0] as f32 / image.size[1].max(1) as f32)
}

/// Draws a small picture.
pub fn tile(ui: &mut Ui, state: &State, textures: &mut Textures, tile: Tile<'_>, size: egui::Vec2) -> Response {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, tile.is_chosen, tile.name));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let space = Rect::from_min_max(rect.min, pos2(rect.right(), rect.bottom() - captions(size.y)));
    let aspect = aspect(state);
    let photo_size = if space.width() / space.height() > aspect {
        vec2(space.height() * aspect, space.height())
    } else {
        vec2(space.width(), space.width() / aspect)
    };
    let photo = Rect::from_center_size(space.center(), photo_size);
    let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
    ui.painter().rect_filled(photo, 2.0, colours.raised);
    if let Some(image) = state.open_image()
        && let Some(texture) = textures.thumbnail(ui.ctx(), image)
    {
        let faint = if tile.shown.is_some() { 1.0 } else { 0.35 };
        ui.painter()
            .image(texture, photo, whole, Color32::WHITE.gamma_multiply(faint));
    }
    if let Some(shown) = tile.shown.as_ref().filter(|shown| !shown.is_empty()) {
        let texture = textures.small_map(ui.ctx(), &state.choices, shown, tile.slot);
        // small maps have to speak for themselves
        let share = shown.strength(state.choices.blend.max(0.55));
        ui.painter().image(
            texture,
            part(photo, shown.seen),
            whole,
            Color32::WHITE.gamma_multiply(share),
        );
    }
    if tile.is_chosen {
        ui.painter()
            .rect_stroke(photo, 2.0, Stroke::new(2.0, colours.accent), StrokeKind::Outside);
    } else if response.hovered() {
        ui.painter()
            .rect_stroke(photo, 2.0, Stroke::new(1.0, colours.text), StrokeKind::Outside);
    }
    focus_ring(ui, &response, rect);
    let detail = match &tile.shown {
        None => "…",
        Some(shown) if shown.is_empty() => "no evidence",
        Some(_) => tile.detail,
    };
    let below = Rect::from_min_max(pos2(rect.left(), space.bottom() + GAP), rect.max);
    let is_told = words(ui, below, tile.caption, detail);
    let about = if tile.about.is_empty() && !is_told {
        detail
    } else {
        tile.about
    };
    response.on_hover_text(format!("{}\n{about}", tile.name).trim_end())
}

/// Draws the caption and the detail, in two lines or beside each other; says whether there is room for the detail.
fn words(ui: &Ui, below: Rect, caption: &str, detail: &str) -> bool {
    let colours = palette(ui);
    let line = |rect: Rect, align: Align2, text: &str, colour: Color32| {
        text_in(ui, rect, align, text, theme::SMALL, colour);
    };
    if below.height() < LINE {
        return false;
    }
    if below.height() >= 2.0 * LINE {
        let first = Rect::from_min_size(below.min, vec2(below.width(), LINE));
        line(first, Align2::CENTER_CENTER, caption, colours.text);
        let second = first.translate(vec2(0.0, LINE));
        line(second, Align2::CENTER_CENTER, detail, colours.weak);
        return true;
    }
    let widths = [caption, detail].map(|text| text_width(ui, text, &font(theme::SMALL)));
    let rest = below.width() - widths.iter().sum::<f32>() - 1.5 * UNIT;
    if rest < 0.0 {
        line(below, Align2::CENTER_CENTER, caption, colours.text);
        return false;
    }
    let both = below.shrink2(vec2(rest / 2.0, 0.0));
    line(both, Align2::LEFT_CENTER, caption, colours.text);
    line(both, Align2::RIGHT_CENTER, detail, colours.weak);
    true
}
