//! The picture: photo and map, zoomed and panned, and what lies under the pointer.

mod paint;

use egui::accesskit::Role;
use egui::{CursorIcon, Id, Key, PointerButton, Pos2, Rect, Response, Sense, Shape, Ui, Vec2, WidgetInfo, pos2, vec2};

use paint::paint;
pub use paint::{around, part};

use super::backdrop;
use super::brush;
use super::camera::Camera;
use super::choices::View;
use super::command::{Action, Command};
use super::compare;
use super::crop;
use super::evidence_notice;
use super::export;
use super::images::OpenImage;
use super::maps::Shown;
use super::method_notice;
use super::picture_menu;
use super::state::{Instead, State};
use super::status_line;
use super::target_bar;
use super::textures::{Slot, Textures};
use super::theme::{UNIT, palette};
use super::welcome;

/// One of the pictures that are shown: an image with a map.
pub struct Side<'a> {
    /// The image.
    pub image: &'a OpenImage,
    /// Its map; none while it is computed.
    pub shown: Option<&'a Shown>,
    /// Where the map's colours are kept.
    pub slot: Slot,
    /// Whether the map is shown without the photo.
    pub is_map_alone: bool,
    /// Whether the photo is shown without what is painted over it.
    pub is_unpainted: bool,
    /// Whether another image is chosen, of which there is nothing to be seen yet.
    pub is_left: bool,
}

impl Side<'_> {
    fn pixels(&self) -> [f32; 2] {
        self.image.size.map(|side| side as f32)
    }
}

/// What lies under the pointer.
pub struct Pointed<'a> {
    /// In which image.
    pub image: &'a OpenImage,
    /// On which map.
    pub shown: Option<&'a Shown>,
    /// Where, in shares of the photo's sides.
    pub share: [f32; 2],
}

/// Height of what is above and below the picture itself.
pub const AROUND: f32 = 10.0 * UNIT + status_line::HEIGHT;

/// Draws the picture; returns the view as the pointer left it.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) -> Camera {
    target_bar::show(ui, state, commands);
    if state.compare.is_some() {
        compare::bar(ui, state, commands);
    }
    brush::bar(ui, state, commands);
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
    let mut pointed = None;
    let sides = sides(state);
    if sides.is_empty() {
        welcome::show(ui, state, canvas, commands);
    }
    let places = places(canvas, sides.len());
    if !sides.is_empty() {
        let spaces: Vec<(Rect, [f32; 2])> = places.iter().copied().zip(sides.iter().map(Side::pixels)).collect();
        navigate(ui, &response, state, &mut camera, &spaces);
        let held = held_view(ui, &response, camera, &spaces);
        if let Some(&(rect, pixels)) = spaces.first() {
            let own = Camera::actual_pixels(rect.size().into(), pixels, ui.pixels_per_point());
            ui.data_mut(|data| data.insert_temp(scale_id(), camera.zoom / own));
        }
        let target = |(rect, pixels): (Rect, [f32; 2])| {
            let space: [f32; 2] = rect.size().into();
            let corner = Vec2::from(held.corner(space, pixels));
            Rect::from_min_size(rect.min + corner, held.size(space, pixels).into())
        };
        for (position, (side, &(rect, pixels))) in sides.iter().zip(&spaces).enumerate() {
            let painter = ui.painter().with_clip_rect(rect);
            let target = target((rect, pixels));
            if paint(ui, &painter, state, textures, target, side) {
                covered.push(target.intersect(rect));
            }
            let is_current = state.images.current().is_some_and(|image| image.id == side.image.id);
            if is_current {
                crop::show(ui, &painter, &response, state, (position, target), commands);
                brush::show(ui, &painter, &response, state, (position, target), commands);
            }
            if let Some(position) = response.hover_pos().filter(|position| rect.contains(*position)) {
                let share = held.share_at((position - rect.min).into(), rect.size().into(), pixels);
                pointed = Some(Pointed {
                    image: side.image,
                    shown: side.shown,
                    share,
                });
                let asks = is_current
                    && state.brushing.is_none()
                    && (state.asking_here || ui.input(|input| input.modifiers.alt));
                if asks {
                    ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
                }
                let is_asked = asks && response.clicked();
                let is_inside = share.iter().all(|share| (0.0..1.0).contains(share));
                if is_asked && is_inside {
                    commands.push(Command::AskHere(share));
                } else if state.asking_here && is_current && is_inside {
                    commands.push(Command::LookHere(share));
                }
            }
        }
        if let (true, Some(pointed)) = (state.compare.is_some(), &pointed) {
            let targets = spaces.iter().map(|&space| (space.0, target(space)));
            compare::same_place(ui, &response, targets, pointed.share);
        }
    }
    // X11 window managers keep Alt and a click for themselves, so the menu asks too
    picture_menu::show(ui, &response, state, pointed.as_ref(), commands);
    let backdrop = backdrop::shape(canvas, &covered, palette(ui).canvas);
    ui.painter().set(behind, backdrop);
    if !evidence_notice::show(ui, state, canvas, commands) {
        method_notice::show(ui, state, canvas, commands);
    }
    let status = Rect::from_min_max(pos2(whole.left(), canvas.bottom()), whole.max);
    status_line::show(ui, state, textures, status, pointed.as_ref(), commands);
    camera
}

fn picture_name(state: &State) -> String {
    let name = match (state.images.current(), &state.shown) {
        (Some(image), Some(shown)) => format!("{} with the map of {}", image.name, export::shown_name(state, shown)),
        (Some(image), None) => image.name.clone(),
        (None, _) => "Picture".to_owned(),
    };
    match compare::name(state) {
        Some(other) => format!("{name}, beside {other}"),
        None => name,
    }
}

/// The pictures that are shown beside each other; none without an image.
fn sides(state: &State) -> Vec<Side<'_>> {
    let Some(image) = state.pictured() else {
        return Vec::new();
    };
    // the image before, until there is something to be seen of the one that is shown
    let is_left = state.images.current().is_none_or(|current| current.id != image.id);
    let shown = state.shown.as_ref().filter(|shown| shown.key.image == image.id);
    let view = state.view();
    let first = Side {
        image,
        shown,
        slot: Slot::Picture,
        is_map_alone: view == View::Map,
        is_unpainted: false,
        is_left,
    };
    let second = match state.other_image() {
        Some(image) => Some(Side {
            image,
            shown: state.other_shown.as_ref().filter(|shown| shown.key.image == image.id),
            slot: Slot::Other,
            is_unpainted: state
                .compare
                .is_some_and(|compare| compare.instead == Instead::Unpainted),
            is_left: false,
            ..first
        }),
        None => (view == View::Beside).then_some(Side {
            is_map_alone: true,
            ..first
        }),
    };
    let second_only = second.as_ref().is_some_and(|second| second.slot == Slot::Picture);
    let first = Side {
        // the photo, whose map stands beside it
        shown: first.shown.filter(|_| !second_only),
        ..first
    };
    std::iter::once(first).chain(second).collect()
}

/// Under which the scale of the picture is kept: pixels of the screen for each of the photo.
fn scale_id() -> Id {
    Id::unique("scale of the picture")
}

/// How many pixels of the screen each of the photo takes, as it was drawn last.
pub fn scale(ui: &Ui) -> Option<f32> {
    ui.data(|data| data.get_temp(scale_id()))
}

/// Where so many pictures go: next to each other.
fn places(canvas: Rect, count: usize) -> Vec<Rect> {
    let canvas = canvas.shrink(3.0 * UNIT);
    if count < 2 {
        return vec![canvas];
    }
    let half = vec2((canvas.width() - 2.0 * UNIT) / 2.0, canvas.height());
    vec![
        Rect::from_min_size(canvas.min, half),
        Rect::from_min_size(pos2(canvas.right() - half.x, canvas.top()), half),
    ]
}

/// Wheel, drag, double click and keys.
fn navigate(ui: &Ui, response: &Response, state: &State, camera: &mut Camera, spaces: &[(Rect, [f32; 2])]) {
    let Some(first) = spaces.first() else { return };
    let pointer = ui.input(|input| input.pointer.press_origin().or(input.pointer.latest_pos()));
    let under = pointer.and_then(|pointer| spaces.iter().find(|(rect, _)| rect.contains(pointer)));
    let &(rect, pixels) = under.unwrap_or(first);
    let space: [f32; 2] = rect.size().into();
    let local = |position: Pos2| -> [f32; 2] { (position - rect.min).into() };
    if let Some(position) = response.hover_pos() {
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
        // the wheel belongs to the brush; with Ctrl it still zooms
        let scroll = if state.brushing.is_some() { 0.0 } else { scroll };
        let factor = (scroll / 300.0).exp() * pinch;
        if factor != 1.0 {
            camera.zoom_at(factor, local(position), space, pixels);
        }
    }
    if response.dragged_by(PointerButton::Primary) && camera.zoom > 1.0 && !state.is_drawing() {
        camera.pan(response.drag_delta().into(), space, pixels);
    }
    if response.double_clicked() && state.brushing.is_none() {
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
    if camera.zoom > 1.0 && !state.is_drawing() {
        ui.ctx().output_mut(|output| {
            if response.dragged() {
                output.cursor_icon = CursorIcon::Grabbing;
            }
        });
    }
}

/// The view while the middle button or the full stop is held: pixel by pixel at the pointer.
fn held_view(ui: &Ui, response: &Response, camera: Camera, spaces: &[(Rect, [f32; 2])]) -> Camera {
    // asked beforehand, since the input is locked while it is read
    let is_writing = ui.ctx().text_edit_focused();
    let held = ui.input(|input| {
        input.pointer.button_down(PointerButton::Middle) && response.contains_pointer()
            || input.key_down(Key::Period) && !is_writing
    });
    let pointer = response.hover_pos();
    let under = pointer.and_then(|pointer| spaces.iter().find(|(rect, _)| rect.contains(pointer)));
    let Some(&(rect, pixels)) = under.or(spaces.first()).filter(|_| held) else {
        return camera;
    };
    let space: [f32; 2] = rect.size().into();
    let pointer = response.hover_pos().unwrap_or(rect.center());
    let zoom = Camera::actual_pixels(space, pixels, ui.pixels_per_point());
    let mut close = camera;
    close.zoom_to(zoom, (pointer - rect.min).into(), space, pixels);
    close
}
