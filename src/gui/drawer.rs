//! What can be folded out below the picture.

use egui::{
    CursorIcon, Rect, RichText, ScrollArea, Sense, Stroke, Ui, UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2,
};

use super::agreement;
use super::answers::answer;
use super::choices::{Drawer, Scale};
use super::color_bar::short;
use super::command::Command;
use super::faithfulness;
use super::film_strip;
use super::input_picture;
use super::layer_strip;
use super::multiples::{Tile, tile, tile_size};
use super::numbers;
use super::questions;
use super::sanity;
use super::state::State;
use super::textures::{Slot, Textures};
use super::theme::{UNIT, palette};

/// Height of the drawer at least.
const LOWEST: f32 = 22.0 * UNIT;
/// What it has unless a person wants otherwise, in points at least and as a share of the window, with which small pictures
/// grow.
const USUAL: (f32, f32) = (192.0, 0.22);
/// What it leaves to the picture by itself, and when a person pulls it up, as shares of the window.
const PICTURE: [f32; 2] = [0.5, 0.25];

/// Height of the drawer in a window of which `available` is left for it, the picture and what is `around` that. `chosen`: the
/// share of the window that a person wants.
pub fn height(chosen: Option<f32>, window: f32, available: f32, around: f32) -> f32 {
    let (least, usual) = USUAL;
    let wanted = chosen.map_or((usual * window).max(least), |share| share * window);
    let picture = PICTURE[usize::from(chosen.is_some())] * window;
    wanted.min(available - around - picture).max(LOWEST)
}

/// Room above and below what is folded out, in a window of this height.
pub fn margin(window: f32) -> f32 {
    if window < film_strip::LITTLE_ROOM {
        UNIT
    } else {
        2.0 * UNIT
    }
}

/// Draws what is folded out.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures, drawer: Drawer, commands: &mut Vec<Command>) {
    let place = ui.available_rect_before_wrap();
    // whatever is in it, it stays as large as it is, and covers nothing else
    let mut inside = ui.new_child(UiBuilder::new().max_rect(place));
    inside.shrink_clip_rect(place.expand2(vec2(3.0 * UNIT, UNIT)));
    content(&mut inside, state, textures, drawer, commands);
    // over what is inside, as the margin is narrow
    edge(ui, place, commands);
    ui.advance_cursor_after_rect(place);
}

/// The upper edge, by which it is pulled up or down; the help page tells of it, as a tooltip would cover what is inside.
fn edge(ui: &mut Ui, place: Rect, commands: &mut Vec<Command>) {
    let window = ui.ctx().content_rect().height();
    let margin = margin(window);
    let above = Rect::from_min_max(pos2(place.left(), place.top() - margin), place.right_top());
    let response = ui.interact(
        above.with_max_y(place.top() + UNIT),
        ui.scope_id().with("edge"),
        Sense::DRAG | Sense::CLICK,
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, "Height of what is below the picture"));
    let colours = palette(ui);
    let is_held = response.hovered() || response.dragged();
    let colour = if is_held { colours.text } else { colours.weak };
    let grip = 3.0 * UNIT;
    let line = above.center().x - grip..=above.center().x + grip;
    ui.painter().hline(line, above.center().y, Stroke::new(1.5, colour));
    if is_held {
        ui.ctx().set_cursor_icon(CursorIcon::ResizeVertical);
    }
    if response.double_clicked() {
        commands.push(Command::Raise(None));
    } else if response.dragged()
        && let Some(pointer) = response.interact_pointer_pos()
    {
        let top = pointer.y - (margin + UNIT) / 2.0;
        let height = place.bottom() + margin - top;
        commands.push(Command::Raise(Some((height / window).clamp(0.0, 1.0))));
    }
}

fn content(ui: &mut Ui, state: &State, textures: &mut Textures, drawer: Drawer, commands: &mut Vec<Command>) {
    if state.prediction().is_none() {
        let is_coming = state.is_fetched();
        let text = if is_coming {
            "Waiting for the prediction…"
        } else {
            "Open an image first."
        };
        ui.label(RichText::new(text).weak());
        return;
    }
    match drawer {
        Drawer::Layers => layer_strip::show(ui, state, textures, commands),
        Drawer::SideBySide => side_by_side(ui, state, textures, commands),
        Drawer::Gradients => numbers::gradients(ui, state),
        Drawer::Channels => numbers::channels(ui, state, commands),
        Drawer::Values => numbers::values(ui, state),
        Drawer::Predictions => numbers::predictions(ui, state),
        Drawer::Input => input_picture::show(ui, state, textures),
        Drawer::Sanity => sanity::show(ui, state, textures, commands),
        Drawer::Faithfulness => faithfulness::show(ui, state, textures, commands),
        Drawer::Agreement => agreement::show(ui, state, textures, commands),
        Drawer::Questions => questions::show(ui, state, textures, commands),
    }
}

/// Many classes at one layer.
fn side_by_side(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) {
    let Some(layer) = state.layer() else { return };
    let size = tile_size(state, ui.available_height() - 3.0 * UNIT);
    let area = ScrollArea::horizontal()
        .id_salt("side by side")
        .auto_shrink([false, false]);
    area.show(ui, |ui| {
        ui.horizontal_top(|ui| {
            for class in state.side_by_side() {
                let shown = state.shown_as(state.choices.target(class), layer);
                let probability = state
                    .prediction()
                    .and_then(|prediction| prediction.probabilities.get(class).copied());
                let detail = match &shown {
                    Some(shown) if state.choices.scale != Scale::Own => format!("max {}", short(shown.map.max())),
                    _ => answer(state.output(), probability.unwrap_or(0.0)),
                };
                let name = state.class_name(class);
                let small = Tile {
                    name: &name,
                    about: "",
                    caption: &name,
                    detail: &detail,
                    shown,
                    slot: Slot::Class(class),
                    is_chosen: state.class() == Some(class),
                };
                let response = tile(ui, state, textures, small, size);
                if response.clicked() {
                    commands.push(Command::SelectClass(class));
                }
                if response.hovered() {
                    commands.push(Command::PreviewClass(class));
                }
            }
        });
    });
}
