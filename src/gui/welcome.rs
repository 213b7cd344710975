//! What the place of the picture says while there is none: what to do, what is on its way, what is about to be dropped.

use egui::{Align, Align2, Layout, Rect, RichText, Stroke, StrokeKind, Ui, UiBuilder, vec2};

use super::command::{Action, Command};
use super::images::{OpenImage, Stage};
use super::samples;
use super::state::State;
use super::theme::{self, UNIT, font, palette};
use super::widgets::truncated;

/// What to do when nothing is open, or that something is on its way.
pub fn show(ui: &mut Ui, state: &State, canvas: Rect, commands: &mut Vec<Command>) {
    let colours = palette(ui);
    if let Some(image) = state.images.current() {
        if image.stage == Stage::NotFetched {
            not_fetched(ui, image, canvas, commands);
            return;
        }
        let text = format!("Opening {}…", image.name);
        ui.painter().text(
            canvas.center(),
            Align2::CENTER_CENTER,
            text,
            font(theme::BODY),
            colours.weak,
        );
        return;
    }
    let area = Rect::from_center_size(canvas.center(), vec2(canvas.width().min(440.0), 200.0));
    ui.scope_builder(
        UiBuilder::new().max_rect(area).layout(Layout::top_down(Align::Center)),
        |ui| {
            ui.label(RichText::new("Where does the network look?").heading());
            ui.add_space(UNIT);
            let ways_in = if state.takes_drops {
                "Drop images or a folder here, paste a picture, or open one."
            } else {
                "This desktop passes no dropped files to the window; open images or a folder, or paste a picture."
            };
            ui.label(RichText::new(ways_in).color(colours.weak));
            ui.add_space(4.0 * UNIT);
            let open = egui::Button::new(RichText::new("Open images…").color(colours.on_accent)).fill(colours.accent);
            if ui.add(open.min_size(vec2(40.0 * UNIT, 8.0 * UNIT))).clicked() {
                commands.push(Command::Do(Action::Open));
            }
            ui.add_space(UNIT);
            let button =
                egui::Button::new(RichText::new("or look at a sample").color(colours.weak)).frame_when_inactive(false);
            if ui.add(button).clicked() {
                commands.push(Command::OpenSource(samples::first()));
            }
        },
    );
}

/// That an image is on the web, and the way to have it.
fn not_fetched(ui: &mut Ui, image: &OpenImage, canvas: Rect, commands: &mut Vec<Command>) {
    let colours = palette(ui);
    let area = Rect::from_center_size(canvas.center(), vec2(canvas.width().min(440.0), 160.0));
    ui.scope_builder(
        UiBuilder::new().max_rect(area).layout(Layout::top_down(Align::Center)),
        |ui| {
            truncated(ui, RichText::new(&image.name).heading());
            ui.add_space(UNIT);
            let text = "It was open at the last start and is on the web; nothing is fetched without being asked for.";
            ui.label(RichText::new(text).color(colours.weak));
            ui.add_space(4.0 * UNIT);
            let fetch =
                egui::Button::new(RichText::new("Fetch it again").color(colours.on_accent)).fill(colours.accent);
            let response = ui.add(fetch.min_size(vec2(40.0 * UNIT, 8.0 * UNIT)));
            if response
                .on_hover_text(image.url.as_deref().unwrap_or_default())
                .clicked()
            {
                commands.push(Command::Fetch(image.id));
            }
        },
    );
}

/// The frame that says: let go, and it is opened.
pub fn drop_target(ui: &mut Ui, rect: Rect, files: usize) {
    let colours = palette(ui);
    ui.painter().rect_filled(rect, 0.0, theme::veil(&colours));
    let frame = rect.shrink(4.0 * UNIT);
    ui.painter()
        .rect_stroke(frame, 2.0 * UNIT, Stroke::new(2.0, colours.accent), StrokeKind::Inside);
    let text = if files == 1 {
        "Drop to open".to_owned()
    } else {
        format!("Drop to open {files} items")
    };
    ui.put(rect, egui::Label::new(RichText::new(text).heading()));
}
