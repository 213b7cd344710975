//! All images of the film strip explained and written into a folder: the question of what, and how far it is.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Button, DragValue, Frame, Grid, Id, Modal, ProgressBar, RichText, Ui};
use serde::{Deserialize, Serialize};

use super::choices::Scale;
use super::command::{Action, Command};
use super::images::Stage;
use super::state::State;
use super::theme::UNIT;
use super::widgets::{caption, check, radio, segmented};
use crate::explain::Fill;
use crate::explorer::{
    BatchProgress, Existing, ExplainAll, Ground, ImageSource, OneOfAll, WIDTHS, Wish, Writing, Written,
};
use crate::imaging::{Format, Preprocessing};

/// Width of the bar that says how far it is, in points.
const WIDTH: f32 = 72.0 * UNIT;

/// How figures are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FigureChoices {
    /// Width in pixels, one of [`WIDTHS`].
    pub width: u32,
    /// Their paper.
    pub ground: Ground,
}

impl Default for FigureChoices {
    fn default() -> Self {
        Self {
            width: 1600,
            ground: Ground::White,
        }
    }
}

impl FigureChoices {
    /// These choices, with a width that no control offers replaced by the nearest that it does.
    pub fn within_ranges(self) -> Self {
        let width = self.width.clamp(*WIDTHS.start(), *WIDTHS.end());
        Self { width, ..self }
    }
}

/// Which classes of each image are explained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Classes {
    /// Its own likeliest one.
    #[default]
    Top,
    /// The one that is chosen.
    Chosen,
    /// All that are pinned.
    Pinned,
}

/// What is written of all images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BatchChoices {
    /// Which files.
    pub what: Vec<Written>,
    /// The format of pictures.
    pub format: Format,
    /// Which classes.
    pub classes: Classes,
}

impl Default for BatchChoices {
    fn default() -> Self {
        Self {
            what: vec![Written::Overlay],
            format: Format::default(),
            classes: Classes::default(),
        }
    }
}

/// What can be written, with its name and one sentence about it.
const FILES: [(Written, &str, &str); 13] = [
    (
        Written::Overlay,
        "Overlay",
        "Photo and map, with the blend of the settings.",
    ),
    (
        Written::Heatmap,
        "Map",
        "The map alone, transparent where it does not lie.",
    ),
    (
        Written::Mask,
        "Mask",
        "The photo where the heat reaches the threshold of the settings.",
    ),
    (Written::Lines, "Lines", "The photo with lines of equal heat."),
    (Written::Beside, "Beside", "Photo and map next to each other."),
    (
        Written::Figure,
        "Figure",
        "Photo, overlay, colour bar with numbers, and what all this is.",
    ),
    (Written::Svg, "Figure as SVG", "The same, with real text."),
    (
        Written::Classes,
        "Sheet of classes",
        "Small overlays of the ten likeliest classes, or of those that are explained.",
    ),
    (
        Written::Layers,
        "Sheet of layers",
        "Small overlays of the class along the layers; takes a sweep an image.",
    ),
    (
        Written::Raw,
        "Values as .npy",
        "The map before and after normalisation, float32, at the layer's size.",
    ),
    (Written::Csv, "Values as CSV", "The map, a line a cell."),
    (
        Written::Json,
        "Values as JSON",
        "The map with what made it, bounding boxes and areas.",
    ),
    (
        Written::Predictions,
        "Predictions",
        "What the network answers for all classes, as CSV and JSON.",
    ),
];

/// Which classes are explained of each image: without pins or a chosen class, its own.
fn classes(state: &State) -> Classes {
    match state.preferences.batch.classes {
        Classes::Pinned if state.pinned.is_empty() => Classes::Top,
        Classes::Chosen if state.class().is_none() => Classes::Top,
        classes => classes,
    }
}

/// What is to be done for all images, with the choices of the picture, into a folder.
///
/// # Errors
/// One sentence about what is missing.
pub fn request(state: &State, folder: PathBuf) -> Result<ExplainAll, &'static str> {
    const NOTHING: &str = "There are no images to explain yet; open some first.";
    let (Some(network), Some(layers)) = (&state.network, state.chosen_layers()) else {
        return Err(NOTHING);
    };
    // nothing is fetched from the web without being asked for
    let at_hand = state
        .images
        .list()
        .iter()
        .filter(|image| image.stage != Stage::NotFetched);
    let images: Vec<OneOfAll> = at_hand
        .map(|image| OneOfAll {
            image: image.id,
            source: image
                .source
                .clone()
                .or_else(|| image.path.clone().map(ImageSource::File)),
            crop: image.crop,
            painting: image.painting.clone(),
        })
        .collect();
    if images.is_empty() {
        return Err(NOTHING);
    }
    let (choices, preferences) = (&state.choices, &state.preferences);
    let classes = match classes(state) {
        Classes::Top => Vec::new(),
        Classes::Chosen => state.class().into_iter().collect(),
        Classes::Pinned => state.pinned.clone(),
    };
    let writing = Writing {
        what: preferences.batch.what.clone(),
        blend: choices.blend,
        threshold: choices.threshold,
        cells: choices.cells,
        maximum: (choices.scale == Scale::Fixed).then_some(choices.fixed_maximum),
        colormap: match choices.signed {
            true => crate::imaging::Colormap::Diverging,
            false => choices.colormap,
        },
        format: preferences.batch.format,
        figure_width: preferences.figure.width,
        ground: preferences.figure.ground,
        // nobody was asked whether files may go
        existing: Existing::Number,
    };
    let wish = Wish {
        preprocessing: Preprocessing {
            crop: None,
            painting: None,
            ..state.preprocessing()
        },
        classes,
        than: choices.than,
        layers: vec![layers],
        likeliest: 0,
        along: Vec::new(),
        score: state.score(),
        method: choices.method,
        measures: Vec::new(),
        fill: Fill::default(),
    };
    Ok(ExplainAll {
        images,
        network: network.clone(),
        device: state.wanted_network.device,
        wish: wish.with_sheets(&writing, &network.plan),
        writing,
        folder,
        stop: Arc::default(),
    })
}

/// Draws the question while it is open.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let mut preferences = state.preferences.clone();
    let mut is_over = false;
    let frame = Frame::popup(ui.style()).inner_margin(16);
    let modal = Modal::new(Id::unique("all images")).frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(480.0);
        ui.heading("Explain all images");
        ui.label(RichText::new(what_is_done(state)).weak());
        ui.add_space(2.0 * UNIT);
        caption(ui, "Class");
        class_choices(ui, state, &mut preferences.batch.classes);
        ui.add_space(2.0 * UNIT);
        caption(ui, "Files of each image");
        files(ui, &mut preferences.batch.what);
        ui.add_space(2.0 * UNIT);
        caption(ui, "Pictures as");
        let name = |format: Format| match format {
            Format::Png => ("PNG", "Every pixel as it is, with transparency."),
            Format::Jpeg => (
                "JPEG",
                "Smaller and nearly the same, over white where parts are missing.",
            ),
            Format::Webp => ("WebP", "Every pixel as it is, with transparency, smaller than PNG."),
        };
        if let Some(format) = segmented(ui, "Format", preferences.batch.format, &Format::ALL, name) {
            preferences.batch.format = format;
        }
        ui.add_space(UNIT);
        figure(ui, &mut preferences.figure);
        ui.add_space(2.0 * UNIT);
        ui.horizontal(|ui| {
            let choose = ui.add_enabled(!preferences.batch.what.is_empty(), Button::new("Choose folder…"));
            let choose = choose.on_disabled_hover_text("Tick at least one kind of file.");
            if choose
                .on_hover_text("Files that are there already stay; new ones get a number.")
                .clicked()
            {
                is_over = true;
                commands.push(Command::ChooseForAll);
            }
            is_over |= ui.button("Cancel").clicked();
        });
    });
    if preferences != state.preferences {
        commands.push(Command::Prefer(preferences));
    }
    if is_over || modal.should_close() {
        commands.push(Command::AskAboutAll(false));
    }
}

/// In words: how many images, and how.
fn what_is_done(state: &State) -> String {
    let images = state.images.list();
    let away = images.iter().filter(|image| image.stage == Stage::NotFetched).count();
    let layers = state.network.as_ref().zip(state.chosen_layers());
    let layer = layers.map_or_else(String::new, |(network, layers)| layers.name(&network.plan));
    let mut text = format!(
        "{} images as in the picture: {} at {layer}, {}.",
        images.len() - away,
        state.choices.method.title(),
        state.score().name()
    );
    if away > 0 {
        text += &format!(" {away} on the web are left out; fetch them first.");
    }
    if state.choices.scale == Scale::Shared {
        text += " Each map has its own scale.";
    }
    text
}

fn class_choices(ui: &mut Ui, state: &State, chosen: &mut Classes) {
    let now = classes(state);
    let name = state.class().map(|class| state.class_name(class));
    let pinned = match state.pinned.len() {
        0 => "The pinned classes: none".to_owned(),
        1 => "The pinned class".to_owned(),
        count => format!("The {count} pinned classes"),
    };
    let all = [
        (Classes::Top, "Each image's own top class".to_owned(), true),
        (
            Classes::Chosen,
            format!("The chosen class: {}", name.as_deref().unwrap_or("none")),
            name.is_some(),
        ),
        (Classes::Pinned, pinned, !state.pinned.is_empty()),
    ];
    for (classes, text, is_there) in all {
        let response = ui.add_enabled_ui(is_there, |ui| radio(ui, now == classes, text)).inner;
        if response.clicked() {
            *chosen = classes;
        }
    }
}

/// Boxes in three columns.
fn files(ui: &mut Ui, what: &mut Vec<Written>) {
    Grid::new("files of all images").num_columns(3).show(ui, |ui| {
        for row in FILES.chunks(3) {
            for &(file, name, explanation) in row {
                let mut is_wanted = what.contains(&file);
                if check(ui, &mut is_wanted, name).on_hover_text(explanation).changed() {
                    match is_wanted {
                        true => what.push(file),
                        false => what.retain(|wanted| *wanted != file),
                    }
                }
            }
            ui.end_row();
        }
    });
}

/// Width and paper of figures.
pub fn figure(ui: &mut Ui, chosen: &mut FigureChoices) {
    ui.horizontal(|ui| {
        caption(ui, "Figures");
        let width = DragValue::new(&mut chosen.width)
            .range(WIDTHS)
            .speed(10.0)
            .suffix(" px");
        let response = ui.add(width).accessible_name("Width of figures");
        response.on_hover_text("Width of figures in pixels: drag, or click and type.");
        for (ground, name) in [(Ground::White, "White"), (Ground::Light, "Light gray")] {
            let response = radio(ui, chosen.ground == ground, name);
            if response.on_hover_text("The paper of figures.").clicked() {
                chosen.ground = ground;
            }
        }
    });
}

/// Draws how far it is, from the right to the left of a line; nothing while nothing is done.
pub fn in_line(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(progress) = &state.batch else { return };
    let (label, tooltip) = Action::StopAll.label_and_tooltip();
    let response = ui.button("Stop").on_hover_text(tooltip);
    if response.accessible_name(label).clicked() {
        commands.push(Command::Do(Action::StopAll));
    }
    let share = progress.done as f32 / progress.total.max(1) as f32;
    let bar = ProgressBar::new(share).desired_width(WIDTH);
    ui.add(bar.text(RichText::new(text(progress)).small()))
        .accessible_name(format!("Explaining all images: {}", text(progress)))
        .on_hover_text(format!("Writing to {}", progress.folder.display()));
}

/// Count, speed and time left.
fn text(progress: &BatchProgress) -> String {
    let BatchProgress {
        total,
        done,
        per_second,
        ..
    } = *progress;
    let mut text = format!("{done} of {total} images");
    if per_second > 0.0 {
        let left = total.saturating_sub(done) as f64 / per_second;
        let left = match left.ceil() as u64 {
            seconds @ 0..=99 => format!("{seconds} s"),
            seconds => format!("{} min", seconds.div_ceil(60)),
        };
        text += &format!(" · {per_second:.1}/s · {left} left");
    }
    text
}

/// What is told in the end.
pub fn told(progress: &BatchProgress) -> String {
    let BatchProgress {
        total,
        done,
        failed,
        files,
        ref folder,
        ..
    } = *progress;
    let well = done - failed;
    let stopped = if done < total {
        format!("stopped after {done} of {total} images; ")
    } else {
        String::new()
    };
    let failures = if failed > 0 {
        format!("; {failed} failed")
    } else {
        String::new()
    };
    let text = format!(
        "{stopped}saved {files} files of {well} images in {}{failures}",
        folder.display()
    );
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |letter| letter.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_count_speed_and_time_left() {
        let mut progress = BatchProgress::new(1000, PathBuf::from("out"));
        assert_eq!(text(&progress), "0 of 1000 images");
        progress = BatchProgress {
            done: 100,
            failed: 1,
            files: 198,
            per_second: 25.0,
            ..progress
        };
        assert_eq!(text(&progress), "100 of 1000 images · 25.0/s · 36 s left");
        assert_eq!(
            told(&progress),
            "Stopped after 100 of 1000 images; saved 198 files of 99 images in out; 1 failed"
        );
        progress.per_second = 2.0;
        assert_eq!(text(&progress), "100 of 1000 images · 2.0/s · 8 min left");
    }
}
