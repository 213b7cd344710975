//! The line below the picture: what lies under the pointer, and what the colours mean.

use egui::{Align, Layout, Rect, RichText, Stroke, Ui, UiBuilder, vec2};

use super::color_bar;
use super::export;
use super::picture::Pointed;
use super::readout;
use super::state::State;
use super::textures::Textures;
use super::theme::{UNIT, palette};
use super::widgets::truncated;

/// Height of the line.
pub const HEIGHT: f32 = 8.0 * UNIT;

/// Draws the line; `pointed` is what lies under the pointer.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures, rect: Rect, pointed: Option<&Pointed<'_>>) {
    ui.painter()
        .hline(rect.x_range(), rect.top(), Stroke::new(1.0, palette(ui).line));
    let inner = rect.shrink2(vec2(3.0 * UNIT, UNIT));
    ui.scope_builder(
        UiBuilder::new()
            .max_rect(inner)
            .layout(Layout::right_to_left(Align::Center)),
        |ui| {
            color_bar::show(ui, state, textures);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = pointed.and_then(readout::text).unwrap_or_else(|| explained(state));
                let line = truncated(ui, RichText::new(text).small().weak());
                if let Some(shown) = &state.shown {
                    line.on_hover_text(readout::explanation(shown));
                }
            });
        },
    );
}

/// In words: what the picture shows.
fn explained(state: &State) -> String {
    let (Some(shown), Some(network)) = (&state.shown, &state.network) else {
        return String::new();
    };
    let layer = network.plan.layer(shown.key.layer);
    let waiting = if state.is_waiting_for_map() {
        "computing…  ·  "
    } else {
        ""
    };
    format!("{waiting}{}  ·  {}", export::shown_name(state, shown), layer.name)
}
