//! What is written when a picture is saved.

use super::choices::{Choices, View};
use super::dialogs::Save;
use super::maps::Shown;
use super::state::State;
use crate::explain::{Map, Target};
use crate::explorer::{ExportKind, ExportRequest, NetworkInfo};
use crate::imaging::{Colormap, Preprocessing};

/// The colormap in use: signed maps need one with a middle.
pub fn colormap(choices: &Choices, shown: &Shown) -> Colormap {
    if shown.signed {
        Colormap::Diverging
    } else {
        choices.colormap
    }
}

/// In words, what a target is.
pub fn target_name(state: &State, target: Target) -> String {
    match target {
        Target::Class(class) => state.class_name(class),
        Target::Rather { class, than } => format!("{} rather than {}", state.class_name(class), state.class_name(than)),
    }
}

/// In words, what a shown map is of.
pub fn shown_name(state: &State, shown: &Shown) -> String {
    match shown.channel {
        Some(channel) => format!("Channel {channel}"),
        None => target_name(state, shown.key.target),
    }
}

/// A file name for what is shown, without its ending.
fn suggested_name(state: &State) -> Option<String> {
    let shown = state.shown.as_ref()?;
    let image = state.images.get(shown.key.image)?;
    let stem = image
        .name
        .rsplit_once('.')
        .map_or(image.name.as_str(), |(stem, _)| stem);
    let target = shown_name(state, shown);
    let network = state.network.as_ref()?;
    let layer = &network.plan.layer(shown.key.layer).name;
    let name = format!("{stem} {target} {layer}").replace(|c: char| !c.is_alphanumeric() && c != '-', "_");
    Some(name)
}

/// What the picture shows, as a kind of export.
pub fn picture_kind(choices: &Choices) -> ExportKind {
    match choices.view {
        View::Overlay => ExportKind::Overlay,
        View::Map => ExportKind::Heatmap,
        View::Beside => ExportKind::Beside,
        View::Mask => ExportKind::Mask(choices.threshold),
        View::Contours => ExportKind::Contours,
    }
}

/// In words, how the network sees photos.
fn input_text(network: &NetworkInfo, seen: Preprocessing) -> String {
    let input = network.plan.input();
    let Preprocessing { pixels, resize, fit } = seen;
    format!("{} x {}, {pixels}, {resize}, {fit}", input.width, input.height)
}

/// What is shown, to be saved as `kind`; none without a map.
pub fn save(state: &State, kind: ExportKind) -> Option<Save> {
    let ending = match kind {
        ExportKind::Signed => "npy",
        _ => "png",
    };
    Some(Save {
        name: format!("{}.{ending}", suggested_name(state)?),
        kind,
        request: request(state)?,
    })
}

/// The request that writes what is shown, pictures at the photo's own size; to which files is still to be said.
fn request(state: &State) -> Option<ExportRequest> {
    let shown = state.shown.as_ref()?;
    let image = state.images.get(shown.key.image)?;
    let network = state.network.as_ref()?;
    let method = match shown.channel {
        Some(_) => "feature map",
        None => shown.key.method.title(),
    };
    let provenance = [
        (
            "Software",
            concat!("gradcam-explorer ", env!("CARGO_PKG_VERSION")).to_owned(),
        ),
        ("Source", image.name.clone()),
        ("Network", network.weights.name.clone()),
        ("Output", network.plan.output.name().to_owned()),
        ("Input", input_text(network, shown.key.preprocessing)),
        ("Class", shown_name(state, shown)),
        ("Layer", network.plan.layer(shown.key.layer).name.clone()),
        ("Score", shown.key.score.name().to_owned()),
        ("Method", method.to_owned()),
        ("Maximum", format!("{:e}", shown.maximum)),
        ("View", state.choices.view.name().to_owned()),
        ("Blend", format!("{:.2}", state.choices.blend)),
    ];
    Some(ExportRequest {
        image: shown.key.image,
        files: Vec::new(),
        map: Map::clone(&shown.map),
        region: state.region(image.size),
        maximum: Some(shown.maximum),
        colormap: colormap(&state.choices, shown),
        // an empty map is no blue veil: there is nothing to show
        blend: if shown.is_empty() { 0.0 } else { state.choices.blend },
        cells: state.choices.cells,
        provenance: provenance.map(|(keyword, text)| (keyword.to_owned(), text)).to_vec(),
    })
}
