//! The colour bar: which colour stands for which value, and what its ends mean.

use egui::accesskit::Role;
use egui::epaint::Mesh;
use egui::{Align2, Color32, Rect, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::choices::View;
use super::export;
use super::maps::Shown;
use super::state::State;
use super::textures::Textures;
use super::theme::{self, UNIT, font, palette};
use super::widgets::{text_in, text_width};
use crate::explain::Target;
use crate::imaging::{signed_colours, signed_strength};

/// Of a map of which one end is zero, of one for and against a class, and of one between two classes: what the numbers under
/// the pointer need of the line below the picture, of which a signed map has fewer,
const NUMBERS: [f32; 3] = [520.0, 440.0, 440.0];
/// how wide the bar is at least with its numbers and with what is said at its ends,
const LEAST: [f32; 3] = [160.0, 216.0, 290.0];
/// and which share of little room it has at most.
const SHARE: [f32; 3] = [0.5, 0.5, 0.65];
/// How wide it is at most, and what is left beside it at least.
const MOST: f32 = 900.0;
const BESIDE: f32 = 15.0 * UNIT;
/// How wide a shortened name is at least.
const WORD: f32 = 12.0 * UNIT;
/// How wide the colours themselves are at least.
const COLOURS: f32 = 12.0 * UNIT;
/// Behind a bar whose colours let the photo through.
const PHOTO: Color32 = Color32::from_gray(176);

/// A value with three digits, or two of a small one.
pub fn short(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else if (0.01..1000.0).contains(&value.abs()) {
        format!("{value:.3}")
    } else if (0.001..0.01).contains(&value.abs()) {
        format!("{value:.4}")
    } else {
        format!("{value:.1e}")
    }
}

/// The same in a word, where names have no room: the class stands above the picture.
fn short_ends(shown: &Shown) -> Option<[String; 2]> {
    let is_of_class = matches!(shown.key.target, Target::Class(_)) && shown.channel.is_none();
    is_of_class.then(|| ["against", "for"].map(str::to_owned))
}

/// What the lower and the upper end of the bar argue for; nothing for maps of which one end is zero.
pub fn ends(state: &State, shown: &Shown) -> Option<[String; 2]> {
    if !shown.signed {
        return None;
    }
    Some(match shown.key.target {
        _ if shown.channel.is_some() => ["negative".to_owned(), "positive".to_owned()],
        Target::Rather { class, than } => [state.class_name(than), state.class_name(class)],
        Target::Class(class) => {
            let name = state.class_name(class);
            [format!("against {name}"), format!("for {name}")]
        }
    })
}

/// Draws the bar for the map shown, as wide as there is room.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures) {
    let Some(shown) = state.shown.as_ref().filter(|shown| !shown.is_empty()) else {
        return;
    };
    let colours = palette(ui);
    let available = ui.available_width();
    let kind = match shown.key.target {
        Target::Rather { .. } if shown.signed => 2,
        _ => usize::from(shown.signed),
    };
    let width = (available - NUMBERS[kind]).clamp(LEAST[kind], MOST);
    let width = width.min((SHARE[kind] * available).max(LEAST[kind]));
    let width = width.min((available - BESIDE).max(0.0));
    let (rect, response) = ui.allocate_exact_size(vec2(width, theme::ROW), Sense::hover());
    let lowest = if shown.signed { -shown.maximum } else { 0.0 };
    let (low, high) = (short(lowest), short(shown.maximum));
    let ends = ends(state, shown);
    let label = match &ends {
        Some([lower, upper]) => format!("Colour bar from {low} ({lower}) to {high} ({upper})"),
        None => format!("Colour bar from {low} to {high}"),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, label.as_str()));
    let number = |text: &str| {
        let galley = ui
            .painter()
            .layout_no_wrap(text.to_owned(), font(theme::SMALL), colours.weak);
        (galley.size(), galley)
    };
    let ((low_size, low), (high_size, high)) = (number(&low), number(&high));
    let gap = 1.5 * UNIT;
    let mut inner = rect;
    // what is left beside numbers and colours: for names, or words, or as much of names as can be made out
    let room = (width - low_size.x - high_size.x - 2.0 * gap - COLOURS) / 2.0 - 2.0 * UNIT;
    let fits = |ends: &[String; 2]| ends.iter().all(|end| text_width(ui, end, &font(theme::SMALL)) <= room);
    let ends = match ends {
        Some(names) if !fits(&names) => match short_ends(shown) {
            Some(words) => Some(words).filter(fits),
            None => Some(names).filter(|_| room >= WORD),
        },
        ends => ends,
    };
    if let Some([lower, upper]) = &ends {
        let room = vec2(room.max(0.0), rect.height());
        let left = Rect::from_min_size(rect.min, room);
        inner.min.x += text_in(ui, left, Align2::LEFT_CENTER, lower, theme::SMALL, colours.text) + 2.0 * UNIT;
        let right = Rect::from_min_size(pos2(rect.right() - room.x, rect.top()), room);
        inner.max.x -= text_in(ui, right, Align2::RIGHT_CENTER, upper, theme::SMALL, colours.text) + 2.0 * UNIT;
    }
    let bar = Rect::from_min_max(
        pos2(inner.left() + low_size.x + gap, inner.center().y - UNIT),
        pos2(inner.right() - high_size.x - gap, inner.center().y + UNIT),
    );
    let top = |height: f32| rect.center().y - height / 2.0;
    ui.painter()
        .galley(pos2(inner.left(), top(low_size.y)), low, colours.weak);
    ui.painter()
        .galley(pos2(bar.right() + gap, top(high_size.y)), high, colours.weak);
    if bar.width() > 0.0 {
        if shown.signed && state.view() == View::Overlay {
            ui.painter().add(over_photo(state, shown, bar));
        } else {
            let texture = textures.colormap(ui.ctx(), export::colormap(&state.choices, shown));
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter().image(texture, bar, whole, Color32::WHITE);
        }
        ui.painter()
            .rect_stroke(bar, 0.0, Stroke::new(1.0, colours.line), StrokeKind::Outside);
    }
    let meaning = if shown.channel.is_some() {
        "Activation of the channel."
    } else if matches!(shown.key.target, Target::Rather { .. }) {
        "Red argues for the class at the right end, blue for the one at the left; where there is no colour, for neither."
    } else if shown.signed {
        "Red argues for the class, blue against it; where there is no colour, neither."
    } else {
        "Evidence for the class before normalisation; the right end is shown as heat 1. Evidence against it is cut off."
    };
    response.on_hover_text(meaning);
}

/// The bar of a signed map over a photo: two colours that grow stronger from its middle.
fn over_photo(state: &State, shown: &Shown, bar: Rect) -> Shape {
    let strength = signed_strength(state.choices.blend);
    let ends = signed_colours(export::colormap(&state.choices, shown));
    let [left, right] = ends.map(|[red, green, blue]| Color32::from_rgb(red, green, blue).gamma_multiply(strength));
    let mut mesh = Mesh::default();
    mesh.add_colored_rect(bar, PHOTO);
    for (x, colour) in [
        (bar.left(), left),
        (bar.center().x, Color32::TRANSPARENT),
        (bar.right(), right),
    ] {
        mesh.colored_vertex(pos2(x, bar.top()), colour);
        mesh.colored_vertex(pos2(x, bar.bottom()), colour);
    }
    for first in [4, 6] {
        mesh.add_triangle(first, first + 1, first + 2);
        mesh.add_triangle(first + 1, first + 2, first + 3);
    }
    Shape::mesh(mesh)
}
