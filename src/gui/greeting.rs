//! Over the first picture, which the program brought itself: what red means, and where one's own photo goes.

use egui::{Label, Rect, RichText, Ui, pos2, vec2};

use super::export;
use super::state::State;
use super::theme::{self, UNIT, font, palette};
use crate::imaging::Colormap;

/// Draws the line over the lower edge of the picture while the program's own picture is shown with a map; it goes with that
/// picture, as soon as another is opened.
pub fn show(ui: &mut Ui, state: &State, canvas: Rect) {
    let current = state.images.current().map(|image| image.id);
    let is_greeting = state.greeting.is_some() && state.greeting == current;
    let Some(shown) = state.shown.as_ref().filter(|shown| is_greeting && !shown.is_empty()) else {
        return;
    };
    let own = if state.takes_drops { "drop" } else { "open or paste" };
    let most = if matches!(state.choices.colormap, Colormap::Jet | Colormap::Turbo) {
        "Red"
    } else {
        "The top of the colour bar"
    };
    let text = format!(
        "{most} is where the network sees {}. Point at other classes, or {own} your own photo.",
        export::shown_name(state, shown),
    );
    let galley = ui.painter().layout(
        text.clone(),
        font(theme::SMALL),
        palette(ui).text,
        canvas.width() - 8.0 * UNIT,
    );
    let size = galley.size() + vec2(4.0 * UNIT, 2.0 * UNIT);
    // above the line that tells of the place under the pointer
    let centre = pos2(canvas.center().x, canvas.bottom() - 10.0 * UNIT - 0.5 * size.y);
    let rect = Rect::from_center_size(centre, size);
    ui.painter().rect_filled(rect, 2 * theme::RADIUS, palette(ui).panel);
    ui.put(
        rect.shrink2(vec2(2.0 * UNIT, 0.0)),
        Label::new(RichText::new(text).font(font(theme::SMALL))).wrap(),
    );
}
