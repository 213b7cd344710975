//! What there is to tell: short notes over the lower edge of the picture, errors until they are closed.

use std::time::Duration;

use egui::accesskit::Role;
use egui::{Align2, Area, Button, Context, Frame, Id, Label, Margin, Rect, RichText, Stroke, Ui, Vec2, WidgetInfo};

use super::icons;
use super::state::Message;
use super::status_line;
use super::theme::{RADIUS, UNIT, palette};
use super::widgets::caption;

/// How many notes are shown at a time; older ones come back when newer ones are closed.
const SHOWN: usize = 3;
/// How many notes are kept.
const KEPT: usize = 200;
/// How long good news stays, in seconds.
const SECONDS: f64 = 5.0;

/// The notes on the screen.
#[derive(Debug, Default)]
pub struct Notices {
    /// Each with the time at which it was first shown, in seconds.
    shown: Vec<(f64, Message)>,
}

impl Notices {
    /// Shows new messages over the lower edge of `canvas`, and lets old ones go.
    pub fn show(&mut self, ctx: &Context, canvas: Rect, new: impl IntoIterator<Item = Message>) {
        let now = ctx.input(|input| input.time);
        for message in new {
            self.shown.retain(|(_, known)| *known != message);
            self.shown.push((now, message));
        }
        self.shown
            .retain(|(since, message)| matches!(message, Message::Error(_)) || now - since < SECONDS);
        self.shown.drain(..self.shown.len().saturating_sub(KEPT));
        if self.shown.is_empty() {
            return;
        }
        if self
            .shown
            .iter()
            .any(|(_, message)| matches!(message, Message::Done(_)))
        {
            ctx.request_repaint_after(Duration::from_secs_f64(SECONDS));
        }
        let mut closed = None;
        let mut close_all = false;
        let width = (canvas.width() - 24.0 * UNIT).clamp(200.0, 520.0);
        // above the line below the picture
        let area = Area::new(Id::unique("notices"))
            .pivot(Align2::CENTER_BOTTOM)
            .fixed_pos(canvas.center_bottom() - Vec2::new(0.0, status_line::HEIGHT + 4.0 * UNIT));
        area.show(ctx, |ui| {
            let hidden = self.shown.len().saturating_sub(SHOWN);
            if hidden > 0 && more(ui, hidden) {
                close_all = true;
            }
            for (position, (_, message)) in self.shown.iter().enumerate().skip(hidden) {
                if notice(ui, message, width) {
                    closed = Some(position);
                }
            }
        });
        if let Some(position) = closed {
            self.shown.remove(position);
        }
        if close_all {
            self.shown.clear();
        }
    }

    /// Closes the newest note.
    pub fn close(&mut self) {
        self.shown.pop();
    }
}

/// How many notes wait behind those in sight; says whether all are to be closed.
fn more(ui: &mut Ui, hidden: usize) -> bool {
    let frame = Frame::new().fill(palette(ui).raised).corner_radius(2 * RADIUS);
    let row = frame.inner_margin(Margin::symmetric(12, 4)).show(ui, |ui| {
        ui.horizontal(|ui| {
            caption(ui, format!("{hidden} more"));
            ui.button(RichText::new("Close all").small()).clicked()
        })
        .inner
    });
    row.inner
}

/// A message as a sentence: with a capital, unless it begins with the name of something.
fn sentence(text: &str) -> String {
    let (first, _) = text.split_once(' ').unwrap_or((text, ""));
    if !first.chars().all(|letter| letter.is_lowercase()) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |letter| letter.to_uppercase().chain(letters).collect())
}

/// One note, at most `width` points of text and button wide; says whether it was closed.
fn notice(ui: &mut Ui, message: &Message, width: f32) -> bool {
    let colours = palette(ui);
    let (text, edge) = match message {
        Message::Error(text) => (sentence(text), colours.error),
        Message::Done(text) => (text.clone(), colours.line),
    };
    let frame = Frame::new()
        .fill(colours.raised)
        .stroke(Stroke::new(1.0, edge))
        .corner_radius(2 * RADIUS);
    let frame = frame
        .inner_margin(Margin::symmetric(12, 8))
        .shadow(ui.visuals().popup_shadow);
    frame
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.set_max_width(width);
                let label = ui.add(Label::new(&text).wrap());
                label.widget_info(|| WidgetInfo::labeled(Role::Alert, true, &text));
                let close =
                    Button::new(RichText::new(icons::CLOSE).small().color(colours.weak)).frame_when_inactive(false);
                ui.add(close).accessible_name("Close note").clicked()
            })
            .inner
        })
        .inner
}
