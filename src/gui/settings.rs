//! The right column, lower part: how the map is made and shown.

use egui::{Align2, Atom, Button, Color32, Pos2, Rect, RichText, Sense, Slider, Ui, pos2, vec2};

use super::choices::{Choices, Scale, View};
use super::command::{Action, Command};
use super::export;
use super::state::State;
use super::textures::Textures;
use super::theme::{self, UNIT, palette};
use super::widgets::{action_tooltip, caption, check, section, segmented, text_in};
use crate::explain::{Method, Score};
use crate::imaging::{Colormap, Resize};

/// Height of the settings when all of them are in sight.
pub const HEIGHT: f32 = 292.0;
/// The ways of resizing that fit into a row.
const RESIZES: [Resize; 2] = [Resize::Nearest, Resize::Bilinear];

/// Draws the settings.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) {
    let mut choices = state.choices.clone();
    section(ui, "Map", |ui| {
        if choices != choices.with_default_settings() {
            let button = Button::new(RichText::new("reset").small()).frame_when_inactive(false);
            if ui
                .add(button)
                .on_hover_ui(|ui| action_tooltip(ui, Action::Reset))
                .clicked()
            {
                commands.push(Command::Do(Action::Reset));
            }
        }
    });
    view(ui, &mut choices);
    blend(ui, &mut choices);
    row(ui, "Colours", |ui| colormap(ui, state, &mut choices, textures));
    row(ui, "Score", |ui| {
        if let Some(score) = segmented(ui, "Score", choices.score, &Score::ALL, score_text) {
            choices.score = score;
        }
    });
    row(ui, "Method", |ui| method(ui, &mut choices));
    row(ui, "Scale", |ui| {
        let text = |scale: Scale| (scale.name(), scale.explanation());
        if let Some(scale) = segmented(ui, "Scale", choices.scale, &Scale::ALL, text) {
            choices.scale = scale;
        }
    });
    row(ui, "Input", |ui| {
        if let Some(resize) = segmented(ui, "Input", choices.resize, &RESIZES, resize_text) {
            choices.resize = resize;
        }
    });
    check(ui, &mut choices.cells, "True cells").on_hover_text(
        "Show the layer's own cells instead of a smooth map, so that nobody takes interpolation for detail.",
    );
    if choices != state.choices {
        commands.push(Command::Choose(choices));
    }
}

/// A caption and what it is about, on one line.
fn row(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(13.0 * UNIT, theme::ROW), Sense::hover());
        text_in(ui, rect, Align2::LEFT_CENTER, name, theme::SMALL, palette(ui).weak);
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.vertical(add);
    });
}

fn view(ui: &mut Ui, choices: &mut Choices) {
    if let Some(view) = segmented(ui, "View", choices.view, &View::ALL, |view| {
        (view.name(), view.explanation())
    }) {
        choices.view = view;
    }
    ui.add_space(UNIT);
}

/// The blend, or whatever number the view has instead.
fn blend(ui: &mut Ui, choices: &mut Choices) {
    let (name, tooltip, share) = match choices.view {
        View::Mask => (
            "Threshold",
            "The heat from which the photo is shown.",
            &mut choices.threshold,
        ),
        _ => (
            "Blend",
            "How much of the picture is map and how much photo.",
            &mut choices.blend,
        ),
    };
    let enabled = matches!(choices.view, View::Overlay | View::Mask);
    ui.horizontal(|ui| {
        caption(ui, name);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            caption(ui, format!("{:.0} %", 100.0 * *share));
        });
    });
    ui.spacing_mut().slider_width = ui.available_width();
    ui.add_enabled_ui(enabled, |ui| {
        let response = ui.add(Slider::new(share, 0.0..=1.0).show_value(false));
        response.accessible_name(name).on_hover_text(tooltip);
    });
}

fn score_text(score: Score) -> (&'static str, &'static str) {
    match score {
        Score::Probability => (
            "Probability",
            "Explains the softmax probability, as the tutorial does: evidence for this class rather than the others.",
        ),
        Score::Logit => (
            "Logit",
            "Explains the plain score before the softmax, as the paper does: evidence for this class alone.",
        ),
    }
}

fn resize_text(resize: Resize) -> (&'static str, &'static str) {
    match resize {
        Resize::Nearest => (
            "Nearest",
            "How the photo becomes the network's input: one photo pixel for each, as Keras' load_img does by default.",
        ),
        Resize::Bilinear => (
            "Bilinear",
            "How the photo becomes the network's input: photo pixels are averaged, so that fine patterns do not flicker.",
        ),
        Resize::Bicubic => (
            "Bicubic",
            "How the photo becomes the network's input: photo pixels are averaged and edges kept sharp, as Pillow's BICUBIC.",
        ),
        Resize::TensorFlow => (
            "TensorFlow",
            "How the photo becomes the network's input: as Keras' image_dataset_from_directory resizes, between four photo pixels.",
        ),
        Resize::OpenCv => (
            "OpenCV",
            "How the photo becomes the network's input: as cv2.resize does by default, between four photo pixels.",
        ),
    }
}

fn method(ui: &mut Ui, choices: &mut Choices) {
    let combo = egui::ComboBox::from_id_salt("method").width(ui.available_width());
    let response = combo.selected_text(choices.method.title()).show_ui(ui, |ui| {
        for method in Method::ALL {
            let response = ui.selectable_label(choices.method == method, method.title());
            if response.on_hover_text(method_text(method)).clicked() {
                choices.method = method;
            }
        }
    });
    response
        .response
        .accessible_name("Method")
        .on_hover_text(method_text(choices.method));
}

fn method_text(method: Method) -> &'static str {
    match method {
        Method::GradCam => "Weighs each channel by its mean gradient (Selvaraju et al. 2017).",
        Method::HiresCam => "Gradient times activation, cell by cell; the same as Grad-CAM at the last feature layer.",
        Method::XgradCam => {
            "Weighs each channel by its gradient where it is active; the same as Grad-CAM at the last feature layer."
        }
        Method::GradCamPlusPlus => "Weighs positive gradients by their higher derivatives.",
        Method::LayerCam => "Positive gradient times activation, cell by cell; good at early layers.",
    }
}

/// A list of colormaps that shows each of them.
fn colormap(ui: &mut Ui, state: &State, choices: &mut Choices, textures: &mut Textures) {
    let shown = state.shown.as_ref();
    let in_use = shown.map_or(choices.colormap, |shown| export::colormap(choices, shown));
    let combo = egui::ComboBox::from_id_salt("colormap")
        .width(ui.available_width())
        .selected_text(in_use.name());
    let response = combo.show_ui(ui, |ui| {
        for colormap in Colormap::ALL {
            let chosen = choices.colormap == colormap;
            let entry = Button::selectable(chosen, (colormap.name(), Atom::grow()));
            let response = ui.add(entry.min_size(vec2(56.0 * UNIT, theme::ROW)));
            let right = response.rect.shrink2(vec2(2.0 * UNIT, 2.0 * UNIT));
            let swatch = Rect::from_min_max(pos2(right.right() - 28.0 * UNIT, right.top()), right.max);
            paint(ui, textures, colormap, swatch);
            if response.on_hover_text(colormap_text(colormap)).clicked() {
                choices.colormap = colormap;
            }
        }
    });
    let button = response
        .response
        .accessible_name("Colours")
        .on_hover_text(colormap_text(in_use));
    let rect = Rect::from_min_max(
        pos2(button.rect.left() + 18.0 * UNIT, button.rect.center().y - 4.0),
        pos2(button.rect.right() - 7.0 * UNIT, button.rect.center().y + 4.0),
    );
    paint(ui, textures, in_use, rect);
}

fn paint(ui: &Ui, textures: &mut Textures, colormap: Colormap, rect: Rect) {
    let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
    ui.painter()
        .image(textures.colormap(ui.ctx(), colormap), rect, whole, Color32::WHITE);
}

fn colormap_text(colormap: Colormap) -> &'static str {
    match colormap {
        Colormap::Jet => "The tutorial's. Not perceptually uniform: it draws edges where there are none.",
        Colormap::Turbo => "A rainbow with smooth lightness; not perceptually uniform.",
        Colormap::Viridis => "Perceptually uniform, and safe for colour-blind eyes.",
        Colormap::Magma => "Perceptually uniform, from black to light yellow; safe for colour-blind eyes.",
        Colormap::Inferno => "Perceptually uniform, from black over red to yellow; safe for colour-blind eyes.",
        Colormap::Gray => "Black to white.",
        Colormap::Diverging => "Two colours around a neutral middle; signed maps always use it.",
    }
}
