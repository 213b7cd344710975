//! Over the first picture, which the program brought itself: what red means, and where one's own photo goes.

use egui::{Align, Frame, Layout, Rect, RichText, Ui, UiBuilder, vec2};

use super::export;
use super::state::State;
use super::theme::{self, UNIT, palette};
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
    // above the line that tells of the place under the pointer
    let area = Rect::from_min_max(canvas.min, canvas.max - vec2(0.0, 8.0 * UNIT));
    let layout = Layout::bottom_up(Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(area).layout(layout), |ui| {
        let frame = Frame::new()
            .fill(palette(ui).panel)
            .corner_radius(2 * theme::RADIUS)
            .inner_margin(8);
        frame.show(ui, |ui| ui.label(RichText::new(text).small()));
    });
}
