//! What is being fetched, how far it is, and a way to stop it.

use egui::{ProgressBar, RichText, Ui};

use super::command::{Action, Command};
use super::images::Stage;
use super::state::State;
use super::theme::UNIT;
use super::widgets::caption;
use crate::weights::fetch::Progress;

/// Width of the bar in a line, in points.
const WIDTH: f32 = 56.0 * UNIT;

/// Draws it from the right to the left of a line; nothing while nothing is being fetched, or what is has its place in
/// [`in_column`].
pub fn in_line(ui: &mut Ui, state: &State, has_column: bool, commands: &mut Vec<Command>) {
    let is_connecting = state
        .images
        .list()
        .iter()
        .any(|image| image.url.is_some() && image.stage == Stage::Opening);
    let is_of_weights = state.getting_weights && !state.is_fetching_image();
    if state.download.is_none() && !is_of_weights && !is_connecting || is_of_weights && has_column {
        return;
    }
    cancel(ui, commands);
    bar(ui, state, WIDTH);
}

/// Draws the download of weights in a column.
pub fn in_column(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    if state.is_fetching_image() {
        caption(ui, "The weights come after the image.");
        return;
    }
    bar(ui, state, ui.available_width());
    cancel(ui, commands);
}

fn cancel(ui: &mut Ui, commands: &mut Vec<Command>) {
    let (_, tooltip) = Action::CancelDownload.label_and_tooltip();
    if ui.button("Cancel").on_hover_text(tooltip).clicked() {
        commands.push(Command::Do(Action::CancelDownload));
    }
}

fn bar(ui: &mut Ui, state: &State, width: f32) {
    let Some((what, progress)) = &state.download else {
        let what = if state.getting_weights { "weights" } else { "image" };
        caption(ui, format!("Getting the {what}…"));
        return;
    };
    let share = progress
        .total
        .map_or(0.0, |total| progress.received as f32 / total.max(1) as f32);
    let bar = ProgressBar::new(share)
        .desired_width(width)
        .text(RichText::new(text(progress)).small());
    ui.add(bar)
        .accessible_name(format!("Fetching {what}"))
        .on_hover_text(format!("Fetching {what}"));
}

fn text(progress: &Progress) -> String {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let mut text = match progress.total {
        Some(total) => format!("{:.0} of {:.0} MB", megabytes(progress.received), megabytes(total)),
        None => format!("{:.0} MB", megabytes(progress.received)),
    };
    text.push_str(&format!(" · {:.1} MB/s", progress.per_second / 1e6));
    if let Some(left) = progress.time_left() {
        text.push_str(&format!(" · {} s left", left.as_secs()));
    }
    text
}
