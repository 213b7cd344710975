//! Over the picture: that its map is empty, or mostly says that another class is likelier, and what there is instead.

use egui::{Align2, Area, Frame, Id, Margin, Rect, Stroke, Ui, vec2};

use super::command::{Action, Command};
use super::export;
use super::maps::Shown;
use super::state::State;
use super::theme::{self, UNIT, palette};
use crate::explain::{Rivals, Score, Target};
use crate::network::Output;

/// Why a probability's map can say little about its own class.
const WHY: &str = "A probability weighs a class against all others; where the likeliest has more evidence than it, only \
                   that is left.";

/// Draws the notice over the upper edge of the picture, and says whether there is one: none where the map speaks for itself.
pub fn show(ui: &mut Ui, state: &State, canvas: Rect, commands: &mut Vec<Command>) -> bool {
    let Some(shown) = &state.shown else { return false };
    let is_empty = shown.is_empty();
    let rivals = rivals(state, shown).filter(|rivals| is_empty || rivals.prevail());
    if !is_empty && rivals.is_none() {
        return false;
    }
    over_picture(ui, canvas, "evidence", |ui| {
        if is_empty {
            ui.label(format!(
                "No evidence for {} at this layer",
                export::shown_name(state, shown)
            ))
            .on_hover_text("No cell raises the score, so there is nothing to divide by.");
        }
        ui.horizontal_wrapped(|ui| {
            if let Some(rivals) = rivals {
                let winner = state.class_name(rivals.winner);
                let begin = if is_empty {
                    "The probability only says"
                } else {
                    "This map mostly says"
                };
                ui.label(format!("{begin}: not {winner}")).on_hover_text(WHY);
            }
            if is_empty && ui.button("Show evidence against it").clicked() {
                commands.push(Command::Do(Action::Signed));
            }
            if is_of_probability(state, shown) && ui.button("Explain the logit").clicked() {
                let mut choices = state.choices.clone();
                choices.score = Some(Score::Logit);
                commands.push(Command::Choose(choices));
            }
        });
    });
    true
}

/// A framed notice over the upper edge of the picture, where nothing moves for it.
pub fn over_picture(ui: &Ui, canvas: Rect, id: &'static str, contents: impl FnOnce(&mut Ui)) {
    let colours = palette(ui);
    let area = Area::new(Id::unique(id))
        .pivot(Align2::CENTER_TOP)
        .fixed_pos(canvas.center_top() + vec2(0.0, UNIT));
    area.show(ui.ctx(), |ui| {
        ui.set_max_width((canvas.width() - 8.0 * UNIT).max(0.0));
        let frame = Frame::new()
            .fill(colours.panel)
            .stroke(Stroke::new(1.0, colours.line))
            .corner_radius(2 * theme::RADIUS)
            .inner_margin(Margin::symmetric(12, 6));
        frame.show(ui, contents);
    });
}

/// Whether a map is of a probability that weighs classes against each other.
fn is_of_probability(state: &State, shown: &Shown) -> bool {
    let of_class = shown.channel.is_none() && matches!(shown.key.target, Target::Class(_));
    of_class && shown.key.score == Score::Probability && state.output() == Output::Softmax
}

/// Who stands against the class of a map, as far as that is known: at the last feature layer.
fn rivals(state: &State, shown: &Shown) -> Option<Rivals> {
    let (network, key) = (state.network.as_ref()?, &shown.key);
    let is_known = key.fused.is_none() && key.method.is_in_class_maps(&network.plan, key.layer);
    let Target::Class(class) = key.target else { return None };
    if !is_known || !is_of_probability(state, shown) {
        return None;
    }
    let prediction = state.images.get(key.image)?.prediction.as_ref()?;
    (prediction.preprocessing == key.preprocessing)
        .then(|| prediction.class_maps.rivals(class))
        .flatten()
}
