//! Small pictures in a row, such as one for each layer or class.

use egui::accesskit::Role;
use egui::{Align2, Color32, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::maps::Shown;
use super::picture::part;
use super::state::State;
use super::textures::{Slot, Textures};
use super::theme::{self, UNIT, palette};
use super::widgets::{focus_ring, text_in};

/// Height of the captions below a small picture.
const CAPTIONS: f32 = 9.0 * UNIT;

/// One small picture.
pub struct Tile<'a> {
    /// Its name, told when the pointer rests on it.
    pub name: &'a str,
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
    let photo = (height - CAPTIONS).max(UNIT);
    let aspect = state
        .images
        .current()
        .map_or(1.0, |image| image.size[0] as f32 / image.size[1].max(1) as f32);
    vec2((photo * aspect.clamp(0.6, 2.0)).max(18.0 * UNIT), height)
}

/// Draws a small picture.
pub fn tile(ui: &mut Ui, state: &State, textures: &mut Textures, tile: Tile<'_>, size: egui::Vec2) -> Response {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, tile.is_chosen, tile.name));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let space = Rect::from_min_max(rect.min, pos2(rect.right(), rect.bottom() - CAPTIONS));
    let aspect = state
        .images
        .current()
        .map_or(1.0, |image| image.size[0] as f32 / image.size[1].max(1) as f32);
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
    let caption = Rect::from_min_size(pos2(rect.left(), space.bottom() + UNIT), vec2(rect.width(), 4.0 * UNIT));
    text_in(
        ui,
        caption,
        Align2::CENTER_CENTER,
        tile.caption,
        theme::SMALL,
        colours.text,
    );
    let detail = caption.translate(vec2(0.0, 4.0 * UNIT));
    let text = match &tile.shown {
        None => "…",
        Some(shown) if shown.is_empty() => "no evidence",
        Some(_) => tile.detail,
    };
    text_in(ui, detail, Align2::CENTER_CENTER, text, theme::SMALL, colours.weak);
    response.on_hover_text(tile.name)
}
