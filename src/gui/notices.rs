//! What there is to tell: short notes over the lower edge of the picture, which fold after a while into a counter in the
//! line below it; errors stay there until they are closed.

use std::time::Duration;

use egui::accesskit::Role;
use egui::{Align2, Area, Button, Context, Frame, Id, Label, Margin, Rect, RichText, Stroke, Ui, Vec2, WidgetInfo};

use super::icons;
use super::images::Images;
use super::state::Message;
use super::status_line;
use super::theme::{RADIUS, UNIT, palette};
use super::widgets::caption;

/// How many notes are shown at a time by themselves, and when their counter was clicked; older ones come back when newer
/// ones are closed.
const SHOWN: [usize; 2] = [2, 6];
/// How many notes are kept.
const KEPT: usize = 200;
/// How long good news stays, in seconds.
const GOOD_NEWS: f64 = 5.0;
/// How long an error lies over the picture before it folds away, in seconds.
const ERRORS: f64 = 8.0;

/// One note.
#[derive(Debug)]
struct Note {
    /// When it was first shown, in seconds.
    since: f64,
    message: Message,
    /// Whether it waits in the counter.
    is_folded: bool,
}

/// The notes on the screen.
#[derive(Debug, Default)]
pub struct Notices {
    notes: Vec<Note>,
    /// Whether the counter was clicked, so that all of them are shown.
    is_open: bool,
}

impl Notices {
    /// Shows new messages over the lower edge of `canvas`, folds older ones, and lets go of good news and of what `images`
    /// make untrue.
    pub fn show(&mut self, ctx: &Context, canvas: Rect, new: impl IntoIterator<Item = Message>, images: &Images) {
        let now = ctx.input(|input| input.time);
        for message in new {
            self.notes.retain(|known| known.message != message);
            self.notes.push(Note {
                since: now,
                message,
                is_folded: false,
            });
        }
        self.age(now, images);
        self.is_open &= !self.notes.is_empty();
        self.notes.drain(..self.notes.len().saturating_sub(KEPT));
        if let Some(next) = self.next_change(now) {
            ctx.request_repaint_after(next);
        }
        let in_sight: Vec<usize> = (0..self.notes.len())
            .filter(|&note| self.is_open || !self.notes[note].is_folded)
            .collect();
        if in_sight.is_empty() {
            return;
        }
        let mut closed = None;
        let mut close_all = false;
        let width = (canvas.width() - 24.0 * UNIT).clamp(200.0, 460.0);
        // above the line below the picture, in its corner
        let area = Area::new(Id::unique("notices"))
            .pivot(Align2::LEFT_BOTTOM)
            .fixed_pos(canvas.left_bottom() + Vec2::new(3.0 * UNIT, -status_line::HEIGHT - 2.0 * UNIT));
        area.show(ctx, |ui| {
            let most = SHOWN[usize::from(self.is_open)];
            let hidden = in_sight.len().saturating_sub(most);
            if (hidden > 0 || self.is_open && in_sight.len() > 1) && more(ui, hidden) {
                close_all = true;
            }
            for &position in in_sight.iter().skip(hidden) {
                if note(ui, &self.notes[position].message, width) {
                    closed = Some(position);
                }
            }
        });
        if let Some(position) = closed {
            self.notes.remove(position);
        }
        if close_all {
            self.notes.clear();
        }
    }

    fn age(&mut self, now: f64, images: &Images) {
        self.notes.retain_mut(|note| {
            let age = now - note.since;
            note.is_folded |= age >= ERRORS;
            match note.message {
                Message::Error(_) => true,
                Message::Done(_) => age < GOOD_NEWS,
                Message::Removed(image, _) => age < GOOD_NEWS && images.is_set_aside(image),
            }
        });
    }

    /// When the next note folds or goes by itself.
    fn next_change(&self, now: f64) -> Option<Duration> {
        let changes = self.notes.iter().filter_map(|note| match note.message {
            Message::Done(_) | Message::Removed(..) => Some(note.since + GOOD_NEWS),
            Message::Error(_) if !note.is_folded => Some(note.since + ERRORS),
            Message::Error(_) => None,
        });
        let next = changes.reduce(f64::min)?;
        Some(Duration::from_secs_f64((next - now).max(0.0) + 0.01))
    }

    /// How many notes wait in the counter.
    pub fn folded(&self) -> usize {
        self.notes.iter().filter(|note| note.is_folded).count()
    }

    /// What is told and was not closed, the oldest first.
    pub fn told(&self) -> Vec<String> {
        self.notes.iter().map(|note| text(&note.message)).collect()
    }

    /// Shows the notes that wait, or folds them again.
    pub fn turn(&mut self) {
        self.is_open = !self.is_open;
    }

    /// Closes the newest note.
    pub fn close(&mut self) {
        self.notes.pop();
    }
}

/// How many notes wait behind those in sight; says whether all are to be closed.
fn more(ui: &mut Ui, hidden: usize) -> bool {
    let frame = Frame::new().fill(palette(ui).raised).corner_radius(2 * RADIUS);
    let row = frame.inner_margin(Margin::symmetric(12, 4)).show(ui, |ui| {
        ui.horizontal(|ui| {
            if hidden > 0 {
                caption(ui, format!("{hidden} more"));
            }
            ui.button(RichText::new("Close all").small()).clicked()
        })
        .inner
    });
    row.inner
}

/// What a message says, as a sentence.
fn text(message: &Message) -> String {
    match message {
        Message::Error(text) => sentence(text),
        Message::Done(text) => text.clone(),
        Message::Removed(_, name) => format!("Removed {name} from the list; undo brings it back"),
    }
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
fn note(ui: &mut Ui, message: &Message, width: f32) -> bool {
    let colours = palette(ui);
    let text = text(message);
    let edge = match message {
        Message::Error(_) => colours.error,
        Message::Done(_) | Message::Removed(..) => colours.line,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_fold_after_a_while_and_good_news_goes() {
        let ctx = Context::default();
        let mut notices = Notices::default();
        let at = |time: f64, new: Vec<Message>, notices: &mut Notices| {
            let input = egui::RawInput {
                time: Some(time),
                ..egui::RawInput::default()
            };
            let canvas = Rect::from_min_size(egui::Pos2::ZERO, Vec2::splat(600.0));
            let mut new = Some(new);
            let _ = ctx.run_ui(input, |ui| {
                notices.show(ui.ctx(), canvas, new.take().unwrap_or_default(), &Images::default());
            });
            (notices.notes.len(), notices.folded())
        };
        let both = vec![Message::Error("broken".to_owned()), Message::Done("Saved".to_owned())];
        assert_eq!(at(1.0, both, &mut notices), (2, 0));
        assert_eq!(notices.told(), ["Broken", "Saved"]);
        assert_eq!(at(7.0, Vec::new(), &mut notices), (1, 0));
        assert_eq!(at(9.5, Vec::new(), &mut notices), (1, 1));
        assert_eq!(notices.next_change(9.5), None);
        notices.turn();
        assert_eq!(at(10.0, Vec::new(), &mut notices), (1, 1));
        notices.close();
        assert_eq!(at(11.0, Vec::new(), &mut notices), (0, 0));
        assert!(!notices.is_open);
    }
}
