//! The line below the picture: what lies under the pointer, or else what is shown, and what the colours mean.

use egui::{Align, Button, Layout, Rect, RichText, Stroke, Ui, UiBuilder, vec2};

use super::color_bar;
use super::command::{Action, Command};
use super::export;
use super::faithfulness::small_button;
use super::icons;
use super::layers;
use super::picture::Pointed;
use super::readout;
use super::state::State;
use super::textures::Textures;
use super::theme::{UNIT, palette};
use super::widgets::{truncated, with_icon};

/// Height of the line.
pub const HEIGHT: f32 = 8.0 * UNIT;

/// Draws the line; `pointed` is what lies under the pointer.
pub fn show(
    ui: &mut Ui,
    state: &State,
    textures: &mut Textures,
    rect: Rect,
    pointed: Option<&Pointed<'_>>,
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
                computing(ui, state, commands);
                let text = pointed.and_then(readout::text).unwrap_or_else(|| explained(state));
                let line = truncated(ui, RichText::new(text).small().weak());
                if let Some(shown) = &state.shown {
                    let explanation = readout::explanation(shown);
                    line.on_hover_text(match warning(state) {
                        Some(warning) => format!("{warning}\n\n{explanation}"),
                        None => explanation,
                    });
                }
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

/// The way to stop a map that takes many passes, or to go on with it.
fn computing(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    if state.is_map_stopped() {
        small_button(ui, Action::GoOn, commands);
    } else if state.explained_share().is_some() {
        small_button(ui, Action::StopComputing, commands);
    }
}

/// In words: what the picture shows.
fn explained(state: &State) -> String {
    let (Some(shown), Some(network)) = (&state.shown, &state.network) else {
        return String::new();
    };
    let waiting = match state.explained_share() {
        _ if state.is_map_stopped() => format!("{} stopped  ·  ", state.choices.method.title()),
        Some(share) => format!("computing, {share} %…  ·  "),
        None if state.is_waiting_for_map() => "computing…  ·  ".to_owned(),
        None => String::new(),
    };
    let warning = warning(state).map_or_else(String::new, |warning| format!("  ·  {warning}"));
    format!(
        "{waiting}{}  ·  {}{warning}",
        export::shown_name(state, shown),
        shown.key.layers().name(&network.plan)
    )
}

/// What is to be kept in mind of the layer whose map is shown.
fn warning(state: &State) -> Option<&'static str> {
    let (shown, network) = (state.shown.as_ref()?, state.network.as_ref()?);
    layers::warning(network.plan.layer(shown.key.layers().single()?).role)
}
