//! The right column, lower part: how the map is made and shown.

use egui::{Align2, Atom, Button, Color32, Pos2, Rect, RichText, Sense, Slider, Ui, pos2, vec2};

use super::choices::{Choices, Scale, View};
use super::command::{Action, Command};
use super::export;
use super::state::State;
use super::textures::Textures;
use super::theme::{self, UNIT, palette};
use super::widgets::{action_tooltip, caption, check, chevron, list, section, segmented, text_in, truncated};
use crate::explain::{Method, Score};
use crate::explorer::{NetworkSource, SCORE_RULE, Truth};
use crate::imaging::{Colormap, Fit, Pixels, Preprocessing, Resize};
use crate::network::Output;

/// Height of the settings when all of them are in sight.
pub const HEIGHT: f32 = 358.0;

/// Draws the settings.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) {
    let mut choices = state.choices.clone();
    section(ui, "Map", |ui| {
        if choices != choices.with_default_settings()
            && ui
                .button(RichText::new("Reset").small())
                .on_hover_ui(|ui| action_tooltip(ui, Action::Reset))
                .clicked()
        {
            commands.push(Command::Do(Action::Reset));
        }
    });
    view(ui, &mut choices);
    blend(ui, &mut choices);
    row(ui, "Colours", |ui| colormap(ui, state, &mut choices, textures));
    let output = state.output();
    // a plain value is its own logit
    if output.is_probability() {
        row(ui, "Score", |ui| {
            let text = |score| score_text(score, output);
            if let Some(score) = segmented(ui, "Score", state.score(), &Score::ALL, text) {
                choices.score = Some(score);
            }
            recommended(ui, state, &mut choices);
        });
    }
    row(ui, "Method", |ui| method(ui, state, &mut choices));
    row(ui, "Scale", |ui| {
        let text = |scale: Scale| (scale.name(), scale.explanation());
        if let Some(scale) = segmented(ui, "Scale", choices.scale, &Scale::ALL, text) {
            choices.scale = scale;
        }
    });
    input(ui, state, &mut choices);
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

/// Name of a score, and one sentence about it.
pub fn score_text(score: Score, output: Output) -> (&'static str, &'static str) {
    match (score, output) {
        (Score::Probability, Output::Sigmoid) => (
            "Probability",
            "Explains the sigmoid's probability: evidence for this class, whatever the others are.",
        ),
        (Score::Probability, _) => (
            "Probability",
            "Explains the softmax probability, as the tutorial does: evidence for this class rather than the others.",
        ),
        (Score::Logit, _) => (
            "Logit",
            "Explains the plain score before it becomes a probability, as the paper does: evidence for this class alone.",
        ),
    }
}

/// Whose choice the score is, below it, with the way back to the network's.
fn recommended(ui: &mut Ui, state: &State, choices: &mut Choices) {
    let Some(network) = &state.network else { return };
    if choices.score.is_none() {
        caption(ui, "Recommended for this network").on_hover_text(SCORE_RULE);
    } else {
        let text = format!("Recommended here: {}", network.recommended.score);
        let button = Button::new(RichText::new(text).small().weak()).small();
        let response = ui.add(button.frame_when_inactive(false));
        if response
            .on_hover_text(format!("Follow the network. {SCORE_RULE}"))
            .clicked()
        {
            choices.score = None;
        }
    }
}

/// The way from photo to input.
fn input(ui: &mut Ui, state: &State, choices: &mut Choices) {
    let usual = state
        .network
        .as_ref()
        .map_or_else(Preprocessing::default, |network| network.usual);
    let in_use = choices.input.over(usual);
    let input = &mut choices.input;
    row(ui, "Input", |ui| {
        ui.columns_const(|[left, right]| {
            let text = |pixels| (Pixels::name(pixels), pixels_text(pixels));
            if let Some(pixels) = list(left, "Pixels", in_use.pixels, &Pixels::ALL, text) {
                input.pixels = Some(pixels).filter(|&pixels| pixels != usual.pixels);
            }
            if let Some(fit) = list(right, "Fit", in_use.fit, &Fit::ALL, fit_text) {
                input.fit = Some(fit).filter(|&fit| fit != usual.fit);
            }
        });
    });
    row(ui, "Resizing", |ui| {
        if let Some(resize) = list(ui, "Resizing", in_use.resize, &Resize::ALL, resize_text) {
            input.resize = Some(resize).filter(|&resize| resize != usual.resize);
        }
    });
}

/// One sentence about a range of pixels.
pub fn pixels_text(pixels: Pixels) -> &'static str {
    match pixels {
        Pixels::MinusOneToOne => "x / 127.5 - 1: Keras' preprocess_input of Xception, its mode tf.",
        Pixels::ZeroToOne => "x / 255: rescale=1./255 of ImageDataGenerator, and most scripts of one's own.",
        Pixels::ZeroTo255 => "As they are: for networks that scale pixels inside, such as by a layer Rescaling.",
        Pixels::Caffe => "Blue first, less ImageNet's mean: Keras' preprocess_input of VGG and ResNet, its mode caffe.",
        Pixels::Torch => "x / 255, less ImageNet's mean, by its deviation: Keras' mode torch, for DenseNet.",
    }
}

fn fit_text(fit: Fit) -> (&'static str, &'static str) {
    match fit {
        Fit::Stretch => (
            "Stretch",
            "The whole photo, stretched to the input: what Keras does unless it is told otherwise.",
        ),
        Fit::Crop => (
            "Middle",
            "The middle of the photo with the input's proportions, as crop_to_aspect_ratio=True cuts it; the map lies there.",
        ),
    }
}

fn resize_text(resize: Resize) -> (&'static str, &'static str) {
    match resize {
        Resize::Nearest => (
            "Nearest",
            "Each pixel of the input is the nearest pixel of the photo: what Keras does unless told otherwise.",
        ),
        Resize::Bilinear => (
            "Bilinear",
            "Photo pixels are averaged, so that fine patterns do not flicker: Pillow's BILINEAR.",
        ),
        Resize::Bicubic => (
            "Bicubic",
            "Photo pixels are averaged and edges kept sharp: Pillow's BICUBIC.",
        ),
        Resize::TensorFlow => (
            "TensorFlow",
            "Between four photo pixels, as image_dataset_from_directory and tf.image.resize do by default.",
        ),
        Resize::OpenCv => ("OpenCV", "Between four photo pixels, as cv2.resize does by default."),
    }
}

fn method(ui: &mut Ui, state: &State, choices: &mut Choices) {
    let is_uniform = state
        .network
        .as_ref()
        .is_some_and(|network| network.plan.gradient_is_uniform());
    let text = |method| {
        let explanation = method_text(method, is_uniform);
        let explanation = match truth(state, method) {
            Some(truth) => format!("{explanation}\n{truth}"),
            None => explanation.to_owned(),
        };
        (Method::title(method), explanation)
    };
    if let Some(method) = list(ui, "Method", choices.method, &Method::ALL, text) {
        choices.method = method;
    }
    // always one line, so that nothing moves when another layer is chosen
    let (told, explanation) = match coincides(state) {
        Some(told) => (
            told,
            "At this layer these methods make the same map of this score: the gradient is the same at every cell, as in front of a global average, or does not change, as behind ReLUs.".to_owned(),
        ),
        None => (method_text(choices.method, is_uniform).to_owned(), text(choices.method).1),
    };
    match sanity_badge(state) {
        Some((badge, tooltip)) => {
            let response = truncated(ui, RichText::new(format!("{badge} · {told}")).small().weak());
            response.on_hover_text(format!("{tooltip}\n{explanation}"))
        }
        None => truncated(ui, RichText::new(told).small().weak()).on_hover_text(explanation),
    };
}

/// How often a method found the thing where the truth is known, with this network and score at the chosen layer; none where
/// that was not measured.
fn truth(state: &State, method: Method) -> Option<String> {
    let network = state.network.as_ref()?;
    let NetworkSource::BuiltIn(built_in) = network.source else {
        return None;
    };
    // what was measured is the map of one layer
    let layer = match state.choices.fused {
        None => &network.plan.layer(state.layer()?).name,
        Some(_) => return None,
    };
    let truth = Truth::of(built_in, method, state.score(), layer)?;
    Some(truth.sentence(built_in))
}

/// What the randomisation test said of the method at the chosen layer, and where that can be looked at; none before it was made.
fn sanity_badge(state: &State) -> Option<(&'static str, &'static str)> {
    let key = state.sanity_key()?;
    Some(match state.sanity.verdict_of(key.layer, key.method)?.passes {
        true => (
            "Passes the randomisation test",
            "The map of this method at this layer changes when weights are made random; Sanity, below the picture, shows how.",
        ),
        false => (
            "Fails the randomisation test",
            "The map of this method at this layer does not care about the weights; Sanity, below the picture, shows how.",
        ),
    })
}

/// In words, with which methods the chosen one coincides at the chosen layer.
fn coincides(state: &State) -> Option<String> {
    let network = state.network.as_ref()?;
    // maps of several layers are the same where they are at each of them
    let layers = state.choices.fused.or_else(|| Some(state.layer()?.into()))?;
    let root = |method: Method| -> Vec<Method> {
        let same = |layer| method.same_as(&network.plan, layer, state.score());
        layers.all().map(|layer| same(layer).unwrap_or(method)).collect()
    };
    let chosen = state.choices.method;
    let of_chosen = root(chosen);
    let others = Method::ALL
        .into_iter()
        .filter(|&method| method != chosen && root(method) == of_chosen);
    let names: Vec<&str> = others.map(Method::title).collect();
    (!names.is_empty()).then(|| format!("Same as {}", names.join(", ")))
}

/// `is_uniform`: the gradient is the same at every cell of the last feature layer.
fn method_text(method: Method, is_uniform: bool) -> &'static str {
    match method {
        Method::GradCam => "Weighs each channel by its mean gradient (Selvaraju et al. 2017).",
        Method::HiresCam if is_uniform => {
            "Gradient times activation, cell by cell; the same as Grad-CAM at the last feature layer."
        }
        Method::HiresCam => "Gradient times activation, cell by cell.",
        Method::XgradCam if is_uniform => {
            "Weighs each channel by its gradient where it is active; the same as Grad-CAM at the last feature layer."
        }
        Method::XgradCam => "Weighs each channel by its gradient where it is active.",
        Method::GradCamPlusPlus => "Weighs positive gradients by their higher derivatives.",
        Method::LayerCam => "Positive gradient times activation, cell by cell; good at early layers.",
        Method::GradCamElementWise => "The positive part of gradient times activation of each channel, summed.",
        Method::EigenCam => {
            "What varies most over the layer's cells; it knows no class, so the map is the same for all."
        }
        Method::EigenGradCam => "What varies most over the cells of gradient times activation.",
        Method::FinerCam => "Grad-CAM of what tells the class from the one most like it, whatever the score.",
        Method::KpcaCam => {
            "What varies most over the layer's cells, also where that bends; it knows no class, so the map is the same for all."
        }
        Method::ShapleyCam => {
            "Grad-CAM with weights that tell how the gradient itself changes; of the logit it is Grad-CAM in networks of ReLUs."
        }
        Method::AblationCam => {
            "Weighs each channel by what the score loses without it; before the last layer that is a pass for each of them."
        }
        Method::ScoreCam => {
            "Weighs each channel by the score of the photo seen through it; a pass for each of them, so it takes a while."
        }
        Method::FasterScoreCam => "Score-CAM of the ten channels that vary most.",
        Method::Gradient => "How much each pixel of the input moves the score; no layer is chosen.",
        Method::SmoothGrad => "The pixels' gradient, averaged over 25 noisy copies of the input.",
        Method::IntegratedGradients => {
            "The pixels' gradient on the way from black to the photo; it adds up to the score."
        }
        Method::GuidedGradCam => {
            "The pixels' gradient, of which each ReLU passes what is positive alone, where Grad-CAM's heat lies; it shows edges more than reasons."
        }
        Method::Occlusion => "What the score loses when a grey square hides a place of the photo.",
        Method::Rise => "A thousand random masks, weighted by the score of what they leave; it takes a while.",
    }
}

/// A list of colormaps that shows each of them.
fn colormap(ui: &mut Ui, state: &State, choices: &mut Choices, textures: &mut Textures) {
    let shown = state.shown.as_ref();
    let in_use = shown.map_or(choices.colormap, |shown| export::colormap(choices, shown));
    let combo = egui::ComboBox::from_id_salt("colormap")
        .icon(chevron)
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
