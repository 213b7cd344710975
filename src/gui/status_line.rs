//! The line below the picture: what lies under the pointer, and what the colours mean.

use egui::{Align, Button, Layout, Rect, RichText, Stroke, Ui, UiBuilder, vec2};

use super::color_bar;
use super::command::Command;
use super::export;
use super::icons;
use super::state::State;
use super::textures::Textures;
use super::theme::{UNIT, palette};
use super::widgets::{truncated, with_icon};

/// Height of the line.
pub const HEIGHT: f32 = 8.0 * UNIT;

/// Draws the line; `pointer` is the place under the pointer in shares of the photo's sides.
pub fn show(
    ui: &mut Ui,
    state: &State,
    textures: &mut Textures,
    rect: Rect,
    pointer: Option<[f32; 2]>,
    commands: &mut Vec<Command>,
) {
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
                notes(ui, state, commands);
                let text = pointer
                    .and_then(|share| under_pointer(state, share))
                    .unwrap_or_else(|| explained(state));
                truncated(ui, RichText::new(text).small().weak());
            });
        },
    );
}

/// How many notes wait, if any do; a click shows them.
fn notes(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let name = match state.folded_notes {
        0 => return,
        1 => "1 note".to_owned(),
        count => format!("{count} notes"),
    };
    let text = RichText::new(with_icon(Some(icons::NOTE), &name)).small();
    let button = Button::new(text.color(palette(ui).error)).frame_when_inactive(false);
    let response = ui.add(button).accessible_name(name);
    if response
        .on_hover_text("What went wrong; click to read or close it.")
        .clicked()
    {
        commands.push(Command::ShowNotes);
    }
}

/// In words: pixel, cell, heat and share of all evidence at a place of the photo.
fn under_pointer(state: &State, share: [f32; 2]) -> Option<String> {
    let image = state.open_image()?;
    let shown = state.shown.as_ref()?;
    let (column, row) = shown.cell_at(share)?;
    let (value, part) = shown.value((column, row))?;
    let [x, y] = [0, 1].map(|axis| (share[axis] * image.size[axis] as f32) as u32);
    let heat = if shown.channel.is_some() {
        format!("activation {}", color_bar::short(value))
    } else if shown.signed {
        format!("evidence {}", color_bar::short(value))
    } else {
        let heat = if shown.maximum > 0.0 {
            (value.max(0.0) / shown.maximum).min(1.0)
        } else {
            0.0
        };
        format!("heat {heat:.2} ({})", color_bar::short(value))
    };
    let share = match shown.channel {
        Some(_) => String::new(),
        None => format!("  ·  {:.1} % of the evidence", 100.0 * part),
    };
    Some(format!("x {x}  y {y}  ·  cell {column}, {row}  ·  {heat}{share}"))
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
