//! The brush in the picture: the ring under the pointer, strokes, the wheel, and the line with what can be chosen.

use egui::{
    Align, Button, Color32, CursorIcon, Event, Frame, Layout, Margin, Painter, PointerButton, Pos2, Rect, Response,
    Stroke, Ui, vec2,
};

use super::command::{Action, Command, Painted};
use super::state::{BrushKind, State};
use super::theme::{self, UNIT};
use super::widgets::{action_tooltip, caption, list};

/// Width with which the brushes are a list, and the width of that list.
const LITTLE_ROOM: f32 = 480.0;
const KINDS: f32 = 21.0 * UNIT;
/// How much a turn of the wheel widens the brush: by this power of e for each point.
const WHEEL: f32 = 1.0 / 250.0;

/// Lets the photo that lies at `photo` be painted over; `picture` counts those of a photo.
pub fn show(
    ui: &Ui,
    painter: &Painter,
    response: &Response,
    state: &State,
    (picture, photo): (usize, Rect),
    commands: &mut Vec<Command>,
) {
    let (Some(brushing), Some(image)) = (state.brushing, state.open_image()) else {
        return;
    };
    let share = |position: Pos2| {
        let inside = position - photo.min;
        [inside.x / photo.width().max(1.0), inside.y / photo.height().max(1.0)]
    };
    let is_here = |position: Pos2| painter.clip_rect().contains(position);
    let scale = photo.width() / (image.size[0].max(1) as f32);
    let pointer = response.hover_pos().filter(|pointer| is_here(*pointer));
    if let Some(pointer) = pointer {
        ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
        let radius = (state.brush.radius(image.size) as f32 + 0.5) * scale;
        ring(painter, pointer, radius);
        let from = brushing.offset.filter(|_| brushing.drawing.is_some());
        let offset = from.map(|[x, y]| pointer + vec2(x as f32, y as f32) * scale);
        let fixed = brushing
            .source
            .map(|[x, y]| photo.min + vec2(x as f32 + 0.5, y as f32 + 0.5) * scale);
        if let Some(source) = offset.or(fixed).filter(|_| state.brush.kind == BrushKind::Clone) {
            cross(painter, source);
        }
        let turned = ui.input(|input| input.smooth_scroll_delta().y);
        if turned != 0.0 {
            let mut brush = state.brush;
            brush.wider((turned * WHEEL).exp());
            commands.push(Command::Paint(Painted::With(brush)));
        }
    }
    let Hand {
        presses,
        held,
        takes,
        path,
    } = Hand::of(ui);
    let begins = presses && (response.is_pointer_button_down_on() || response.clicked_by(PointerButton::Primary));
    let began = path.first().filter(|origin| begins && is_here(**origin));
    if let Some(&origin) = began {
        commands.push(Command::Paint(if takes && state.brush.kind == BrushKind::Clone {
            Painted::Source(share(origin))
        } else {
            Painted::Begin(share(origin), picture)
        }));
        commands.extend(path.iter().skip(1).map(|&to| Command::Paint(Painted::To(share(to)))));
    } else if brushing.drawing == Some(picture) {
        commands.extend(path.iter().map(|&to| Command::Paint(Painted::To(share(to)))));
    }
    if !held && (began.is_some() || brushing.drawing == Some(picture)) {
        let end = ui.input(|input| input.pointer.latest_pos()).or(path.last().copied());
        commands.push(Command::Paint(Painted::End(end.map(share))));
    }
}

/// What the hand did since the last frame.
struct Hand {
    /// Whether the button went down.
    presses: bool,
    /// Whether it is down.
    held: bool,
    /// Whether a key says that a click takes rather than gives.
    takes: bool,
    /// Where the pointer has been, from where the button went down if it did.
    path: Vec<Pos2>,
}

impl Hand {
    fn of(ui: &Ui) -> Self {
        ui.input(|input| {
            let mut hand = Self {
                presses: false,
                held: input.pointer.button_down(PointerButton::Primary),
                takes: input.modifiers.alt || input.modifiers.command,
                path: Vec::new(),
            };
            for event in &input.events {
                match event {
                    Event::PointerMoved(position) => hand.path.push(*position),
                    Event::PointerButton {
                        pos,
                        button: PointerButton::Primary,
                        pressed: true,
                        ..
                    } => {
                        hand.presses = true;
                        hand.path = vec![*pos];
                    }
                    _ => {}
                }
            }
            hand
        })
    }
}

/// What the brush covers.
fn ring(painter: &Painter, middle: Pos2, radius: f32) {
    let radius = radius.max(1.5);
    painter.circle_stroke(middle, radius, Stroke::new(3.0, Color32::from_black_alpha(140)));
    painter.circle_stroke(middle, radius, Stroke::new(1.0, Color32::WHITE));
}

/// From where pixels are copied.
fn cross(painter: &Painter, middle: Pos2) {
    for (width, colour) in [(3.0, Color32::from_black_alpha(140)), (1.0, Color32::WHITE)] {
        let stroke = Stroke::new(width, colour);
        painter.hline(middle.x - 2.0 * UNIT..=middle.x + 2.0 * UNIT, middle.y, stroke);
        painter.vline(middle.x, middle.y - 2.0 * UNIT..=middle.y + 2.0 * UNIT, stroke);
    }
}

/// The brushes beside each other; says which was clicked.
fn kinds(ui: &mut Ui, chosen: BrushKind) -> Option<BrushKind> {
    let mut clicked = None;
    for kind in BrushKind::ALL {
        let (name, explanation) = kind.describe();
        let entry = ui.selectable_label(kind == chosen, name);
        if entry.on_hover_text(explanation).clicked() {
            clicked = Some(kind);
        }
    }
    clicked
}

/// The line above the picture with what can be chosen, while somebody paints.
pub fn bar(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let (Some(brushing), Some(image)) = (state.brushing, state.open_image()) else {
        return;
    };
    Frame::new().inner_margin(Margin::symmetric(12, 0)).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            let is_narrow = ui.available_width() < LITTLE_ROOM;
            let chosen = if is_narrow {
                ui.spacing_mut().item_spacing.x = UNIT;
                let size = vec2(KINDS, theme::ROW);
                let list = |ui: &mut Ui| list(ui, "Brush", state.brush.kind, &BrushKind::ALL, BrushKind::describe);
                ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), list)
                    .inner
            } else {
                kinds(ui, state.brush.kind)
            };
            if let Some(kind) = chosen {
                let mut brush = state.brush;
                brush.kind = kind;
                commands.push(Command::Paint(Painted::With(brush)));
            }
            let width = 2 * state.brush.radius(image.size) + 1;
            let text = match (state.brush.kind, brushing.source) {
                (BrushKind::Clone, None) => "Click where the pixels are to come from.".to_owned(),
                _ if is_narrow => format!("{width} px"),
                _ => format!("{width} pixels wide"),
            };
            caption(ui, text).on_hover_text("Turn the wheel over the picture for another width.");
            let can_remove = !image.painting.is_empty();
            for (action, enabled) in [(Action::RemovePainting, can_remove), (Action::Paint, true)] {
                let name = match action {
                    Action::Paint => "Done",
                    _ if is_narrow => "Remove",
                    action => action.label(),
                };
                let button = Button::new(name).small();
                let response = ui.add_enabled(enabled, button).accessible_name(match action {
                    Action::RemovePainting => action.label(),
                    _ => name,
                });
                if response.on_hover_ui(|ui| action_tooltip(ui, action)).clicked() {
                    commands.push(Command::Do(action));
                }
            }
        });
    });
}
