//! All open images in a row, when there are several.

use egui::accesskit::Role;
use egui::{Align2, Color32, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::answers::answer;
use super::command::Command;
use super::images::{OpenImage, Stage};
use super::state::State;
use super::strip::strip;
use super::textures::Textures;
use super::theme::{self, UNIT, palette};
use super::widgets::{focus_ring, text_in};

/// Height of the strip.
pub const HEIGHT: f32 = 24.0 * UNIT;
/// The same where there is little room: pictures without names; and below something that is folded out.
const LOW: f32 = 15.0 * UNIT;
const LOWEST: f32 = 12.0 * UNIT;
/// Height of a window with little room.
pub const LITTLE_ROOM: f32 = 700.0;
/// Height of a name.
const NAME: f32 = 5.0 * UNIT;

/// Height of the strip in a window of this height, in which something else is folded out or not.
pub fn height(window: f32, has_drawer: bool) -> f32 {
    match (window < LITTLE_ROOM, has_drawer) {
        (false, _) => HEIGHT,
        (true, false) => LOW,
        (true, true) => LOWEST,
    }
}

/// Draws the strip.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) {
    let list = state.images.list();
    let height = ui.available_height() - 2.0 * UNIT;
    let size = vec2((2.0 * height).min(22.0 * UNIT), height);
    let current = state.images.current_position().unwrap_or(0);
    strip(
        ui,
        "film strip",
        list.len(),
        (current, [current, 0]),
        size,
        |ui, position| {
            if let Some(image) = list.get(position) {
                frame(ui, state, textures, image, position == current, size, commands);
            }
        },
    );
}

fn frame(
    ui: &mut Ui,
    state: &State,
    textures: &mut Textures,
    image: &OpenImage,
    is_current: bool,
    size: egui::Vec2,
    commands: &mut Vec<Command>,
) {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_current, format!("Image {}", image.name)));
    let name = if size.y < LOW { 0.0 } else { NAME };
    let space = Rect::from_min_max(rect.min, pos2(rect.right(), rect.bottom() - name)).shrink(2.0);
    ui.painter().rect_filled(space, 3.0, colours.raised);
    if let Some(texture) = textures.thumbnail(ui.ctx(), image) {
        // cut to the middle, so that all frames look alike
        let (photo, space_aspect) = (
            image.size[0] as f32 / image.size[1].max(1) as f32,
            space.width() / space.height(),
        );
        let uv = vec2((space_aspect / photo).min(1.0), (photo / space_aspect).min(1.0));
        ui.painter().image(
            texture,
            space,
            Rect::from_center_size(Pos2::new(0.5, 0.5), uv),
            Color32::WHITE,
        );
    }
    let is_on_the_web = image.stage == Stage::NotFetched;
    if is_on_the_web {
        text_in(ui, space, Align2::CENTER_CENTER, "web", theme::SMALL, colours.weak);
    }
    if is_current {
        ui.painter()
            .rect_stroke(space, 3.0, Stroke::new(2.0, colours.accent), StrokeKind::Outside);
    } else if response.hovered() {
        ui.painter()
            .rect_stroke(space, 3.0, Stroke::new(1.0, colours.text), StrokeKind::Outside);
    }
    focus_ring(ui, &response, rect);
    let text = match image.top {
        Some(top) => state.class_name(top.class),
        None if is_on_the_web => image.name.clone(),
        None => "…".to_owned(),
    };
    if name > 0.0 {
        let line = Rect::from_min_max(pos2(rect.left(), rect.bottom() - name), rect.max);
        let colour = if is_current { colours.text } else { colours.weak };
        text_in(ui, line, Align2::CENTER_CENTER, &text, theme::SMALL, colour);
    }
    if response.clicked() {
        commands.push(Command::Show(image.id));
    }
    response.context_menu(|ui| {
        if ui.button("Remove from list").clicked() {
            commands.push(Command::Remove(image.id));
            ui.close();
        }
    });
    let details = image.top.map_or_else(String::new, |top| {
        format!("\n{text}, {}", answer(state.output(), top.probability))
    });
    let details = match &image.url {
        Some(url) if is_on_the_web => format!("\n{url}, not fetched"),
        _ => details,
    };
    response.on_hover_text(format!("{}{details}", image.name));
}
