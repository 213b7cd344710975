//! The colour bar: which colour stands for which value.

use egui::accesskit::Role;
use egui::{Align2, Color32, Rect, Sense, Ui, WidgetInfo, pos2, vec2};

use super::export;
use super::state::State;
use super::textures::Textures;
use super::theme::{self, UNIT, font, palette};

/// Width of the whole bar with its numbers.
pub const WIDTH: f32 = 220.0;

/// A value with three digits.
pub fn short(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else if (0.01..1000.0).contains(&value.abs()) {
        format!("{value:.3}")
    } else {
        format!("{value:.1e}")
    }
}

/// Draws the bar for the map shown.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures) {
    let Some(shown) = state.shown.as_ref().filter(|shown| !shown.is_empty()) else {
        return;
    };
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(WIDTH, theme::ROW), Sense::hover());
    let lowest = if shown.signed { -shown.maximum } else { 0.0 };
    let (low, high) = (short(lowest), short(shown.maximum));
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Colour bar from {low} to {high}")));
    let numbers = 15.0 * UNIT;
    let bar = Rect::from_min_max(
        pos2(rect.left() + numbers, rect.center().y - 4.0),
        pos2(rect.right() - numbers, rect.center().y + 4.0),
    );
    let texture = textures.colormap(ui.ctx(), export::colormap(&state.choices, shown));
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter().image(texture, bar, whole, Color32::WHITE);
    let gap = vec2(1.5 * UNIT, 0.0);
    let text = |position, align, text: &str| {
        ui.painter()
            .text(position, align, text, font(theme::SMALL), colours.weak);
    };
    text(bar.left_center() - gap, Align2::RIGHT_CENTER, &low);
    text(bar.right_center() + gap, Align2::LEFT_CENTER, &high);
    let meaning = if shown.channel.is_some() {
        "Activation of the channel."
    } else if shown.signed {
        "Red argues for the class, blue against it; grey is neither."
    } else {
        "Evidence for the class before normalisation; the right end is shown as heat 1. Evidence against it is cut off."
    };
    response.on_hover_text(meaning);
}
