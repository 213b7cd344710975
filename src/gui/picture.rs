//! The picture: photo and map, zoomed and panned, and what lies under the pointer.

use egui::accesskit::Role;
use egui::{
    Color32, CursorIcon, Key, PointerButton, Pos2, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::backdrop;
use super::camera::Camera;
use super::choices::View;
use super::command::{Action, Command};
use super::contours;
use super::evidence_notice;
use super::export;
use super::maps::Shown;
use super::state::{Here, State};
use super::status_line;
use super::target_bar;
use super::textures::Textures;
use super::theme::{UNIT, palette};
use super::welcome;

/// How much is seen of an image that was left while nothing is to be seen of the next one.
const LEFT: f32 = 0.5;

/// Below this many points a cell's edges are not drawn.
const SMALLEST_CELL: f32 = 5.0;

/// Height of what is above and below the picture itself.
pub const AROUND: f32 = 10.0 * UNIT + status_line::HEIGHT;

/// Draws the picture; returns the view as the pointer left it.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) -> Camera {
    target_bar::show(ui, state, commands);
    let whole = ui.available_rect_before_wrap();
    let canvas = Rect::from_min_max(
        whole.min,
        pos2(whole.right(), (whole.bottom() - status_line::HEIGHT).max(whole.top())),
    );
    let response = ui.allocate_rect(canvas, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, picture_name(state)));
    let behind = ui.painter().add(Shape::Noop);
    let mut covered = Vec::new();
    let mut camera = state.camera;
    let mut pointer = None;
    if let Some(image) = state.pictured() {
        let pixels = image.size.map(|side| side as f32);
        let spaces = spaces(canvas, state.choices.view);
        let space = spaces.first().map_or(Vec2::ZERO, |space| space.size());
        navigate(ui, &response, state, &mut camera, &spaces, pixels);
        let held = held_view(ui, &response, camera, &spaces, pixels);
        for (position, rect) in spaces.iter().enumerate() {
            let painter = ui.painter().with_clip_rect(*rect);
            let corner = held.corner(space.into(), pixels);
            let target = Rect::from_min_size(rect.min + Vec2::from(corner), held.size(space.into(), pixels).into());
            if paint(ui, &painter, state, textures, target, position) {
                covered.push(target.intersect(*rect));
            }
            if let Some(position) = response.hover_pos().filter(|position| rect.contains(*position)) {
                let share = held.share_at((position - rect.min).into(), space.into(), pixels);
                pointer = Some(share);
                let asks = state.asking_here || ui.input(|input| input.modifiers.alt);
                if asks {
                    ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
                }
                // X11 window managers keep Alt and a click for themselves
                let is_asked = asks && response.clicked() || response.secondary_clicked();
                if is_asked && share.iter().all(|share| (0.0..1.0).contains(share)) {
                    commands.push(Command::AskHere(share));
                }
            }
        }
    } else {
        welcome::show(ui, state, canvas, commands);
    }
    let backdrop = backdrop::shape(canvas, &covered, palette(ui).canvas);
    ui.painter().set(behind, backdrop);
    evidence_notice::show(ui, state, canvas, commands);
    let status = Rect::from_min_max(pos2(whole.left(), canvas.bottom()), whole.max);
    status_line::show(ui, state, textures, status, pointer, commands);
    camera
}

fn picture_name(state: &State) -> String {
    match (state.images.current(), &state.shown) {
        (Some(image), Some(shown)) => format!("{} with the map of {}", image.name, export::shown_name(state, shown)),
        (Some(image), None) => image.name.clone(),
        (None, _) => "Picture".to_owned(),
    }
}

/// Where pictures go: two next to each other for [`View::Beside`], else one.
fn spaces(canvas: Rect, view: View) -> Vec<Rect> {
    let canvas = canvas.shrink(3.0 * UNIT);
    if view != View::Beside {
        return vec![canvas];
    }
    let half = vec2((canvas.width() - 2.0 * UNIT) / 2.0, canvas.height());
    vec![
        Rect::from_min_size(canvas.min, half),
        Rect::from_min_size(pos2(canvas.right() - half.x, canvas.top()), half),
    ]
}

/// Wheel, drag, double click and keys.
fn navigate(ui: &Ui, response: &Response, state: &State, camera: &mut Camera, spaces: &[Rect], pixels: [f32; 2]) {
    let Some(first) = spaces.first() else { return };
    let space: [f32; 2] = first.size().into();
    let local = |position: Pos2| -> [f32; 2] {
        let rect = spaces.iter().find(|rect| rect.contains(position)).unwrap_or(first);
        (position - rect.min).into()
    };
    if let Some(position) = response.hover_pos() {
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
        let factor = (scroll / 200.0).exp() * pinch;
        if factor != 1.0 {
            camera.zoom_at(factor, local(position), space, pixels);
        }
    }
    if response.dragged_by(PointerButton::Primary) && camera.zoom > 1.0 {
        camera.pan(response.drag_delta().into(), space, pixels);
    }
    if response.double_clicked() {
        *camera = Camera::default();
    }
    let middle = [space[0] / 2.0, space[1] / 2.0];
    match state.zoom_wish {
        Some(Action::Fit) => *camera = Camera::default(),
        Some(Action::ZoomIn) => camera.zoom_at(1.25, middle, space, pixels),
        Some(Action::ZoomOut) => camera.zoom_at(0.8, middle, space, pixels),
        Some(Action::ActualPixels) => {
            let zoom = Camera::actual_pixels(space, pixels, ui.pixels_per_point());
            camera.zoom_to(zoom, middle, space, pixels);
        }
        _ => {}
    }
    if camera.zoom > 1.0 {
        ui.ctx().output_mut(|output| {
            if response.dragged() {
                output.cursor_icon = CursorIcon::Grabbing;
            }
        });
    }
}

/// The view while the middle button or the full stop is held: pixel by pixel at the pointer.
fn held_view(ui: &Ui, response: &Response, camera: Camera, spaces: &[Rect], pixels: [f32; 2]) -> Camera {
    // asked beforehand, since the input is locked while it is read
    let is_writing = ui.ctx().text_edit_focused();
    let held = ui.input(|input| {
        input.pointer.button_down(PointerButton::Middle) && response.contains_pointer()
            || input.key_down(Key::Period) && !is_writing
    });
    let Some(rect) = spaces.first().filter(|_| held) else {
        return camera;
    };
    let space: [f32; 2] = rect.size().into();
    let pointer = response.hover_pos().unwrap_or(rect.center());
    let zoom = Camera::actual_pixels(space, pixels, ui.pixels_per_point());
    let mut close = camera;
    close.zoom_to(zoom, (pointer - rect.min).into(), space, pixels);
    close
}

/// Draws photo and map into `target`; `position` counts the pictures of [`View::Beside`]. Returns whether the photo
/// covers all of it.
fn paint(
    ui: &Ui,
    painter: &egui::Painter,
    state: &State,
    textures: &mut Textures,
    target: Rect,
    position: usize,
) -> bool {
    let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
    let colours = palette(ui);
    let Some(image) = state.pictured() else {
        return false;
    };
    // the image before, until there is something to be seen of the one that is shown
    let is_left = state.images.current().is_none_or(|current| current.id != image.id);
    let bare = ui.input(|input| input.key_down(Key::Space)) && ui.memory(|memory| memory.focused().is_none());
    let view = state.choices.view;
    let side = target.size().max_elem() * ui.pixels_per_point();
    let photo = textures.photo(ui.ctx(), image, side);
    let alone = view == View::Map || view == View::Beside && position == 1;
    let photo = photo.filter(|_| !alone || bare);
    if let Some(photo) = photo {
        let tint = if is_left {
            Color32::WHITE.gamma_multiply(LEFT)
        } else {
            Color32::WHITE
        };
        painter.image(photo, target, whole, tint);
    }
    if is_left {
        return false;
    }
    let Some(shown) = state
        .shown
        .as_ref()
        .filter(|shown| shown.key.image == image.id && !bare)
    else {
        return photo.is_some();
    };
    let map_share = match view {
        _ if alone => 1.0,
        View::Overlay if shown.is_empty() => 0.0,
        View::Overlay => shown.strength(state.choices.blend),
        View::Mask => 1.0,
        View::Map | View::Beside | View::Contours => 0.0,
    };
    let photo_rect = target;
    let target = part(target, shown.seen);
    if map_share > 0.0 {
        let map = textures.map(ui.ctx(), &state.choices, shown, colours.canvas);
        painter.image(map, target, whole, Color32::WHITE.gamma_multiply(map_share));
    }
    if view == View::Mask {
        // what the network did not see is no evidence
        for rect in around(photo_rect, target) {
            painter.rect_filled(rect, 0.0, colours.canvas);
        }
    }
    if view == View::Contours {
        contours::paint(painter, state, shown, target);
    }
    if state.choices.cells {
        grid(painter, shown, target);
    }
    if let Some(here) = state.here() {
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
fn around(whole: Rect, part: Rect) -> impl Iterator<Item = Rect> {
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
fn grid(painter: &egui::Painter, shown: &Shown, target: Rect) {
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
fn mark(painter: &egui::Painter, here: &Here, target: Rect, colour: Color32) {
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
