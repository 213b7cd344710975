//! What is written when a picture is saved.

use std::sync::Arc;

use super::choices::{self, Choices};
use super::dialogs::Save;
use super::maps::Shown;
use super::state::{Instead, State};
use crate::explain::Target;
use crate::explorer::{
    Answers, Arrangement, Drawing, Existing, Export, Look, NetworkInfo, Panel, Subject, View, file_name, harmless,
    stem_of,
};
use crate::imaging::Colormap;

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

/// How the picture shows photo and map together.
fn view(state: &State) -> View {
    let Choices { blend, threshold, .. } = state.choices;
    match state.view() {
        choices::View::Overlay => View::Overlay { blend },
        choices::View::Map => View::Heatmap,
        choices::View::Beside => View::Beside,
        choices::View::Mask => View::Mask { threshold },
        choices::View::Contours => View::Lines,
    }
}

/// A map as the session draws it.
fn panel_of(state: &State, shown: &Shown, network: &Arc<NetworkInfo>, answer: Option<f64>) -> Panel {
    let own = shown.map.strongest(shown.signed);
    Panel {
        image: shown.key.image,
        network: network.clone(),
        of: Subject {
            preprocessing: shown.key.preprocessing,
            target: shown.key.target,
            layer: match shown.channel {
                Some(_) => shown.key.layer.into(),
                None => shown.key.layers(),
            },
            channel: shown.channel,
            score: shown.key.score,
            method: shown.key.method,
        },
        map: shown.map.clone(),
        answer,
        look: Look {
            view: view(state),
            colormap: colormap(&state.choices, shown),
            cells: state.choices.cells,
            maximum: Some(shown.maximum).filter(|maximum| *maximum != own),
        },
    }
}

/// The map in the first picture.
fn first(state: &State) -> Option<Panel> {
    let (shown, network) = (state.shown.as_ref()?, state.network.as_ref()?);
    Some(panel_of(state, shown, network, answer(state, shown)))
}

/// The map in the second picture.
fn second(state: &State) -> Option<Panel> {
    let shown = state.other_shown.as_ref().filter(|_| state.compare.is_some())?;
    if state.compares_networks() {
        let network = &state.second.as_ref()?.info;
        return Some(panel_of(state, shown, network, state.second_value(shown.key.target)));
    }
    Some(panel_of(state, shown, state.network.as_ref()?, answer(state, shown)))
}

/// What the network answers for the class of a map.
fn answer(state: &State, shown: &Shown) -> Option<f64> {
    let (Target::Class(class) | Target::Rather { class, .. }) = shown.key.target;
    let prediction = state
        .images
        .get(shown.key.image)?
        .prediction_as(shown.key.preprocessing)?;
    prediction.probabilities.get(class).copied()
}

/// What the picture shows: while pictures are compared, both of them; none without a map.
pub fn drawing(state: &State) -> Option<Drawing> {
    let first = first(state)?;
    Some(match second(state) {
        Some(second) => Drawing {
            arrangement: Arrangement::Compare,
            panels: vec![first, second],
        },
        None => Drawing::of(first),
    })
}

/// A file name for a map, or for both that are compared, without its ending: image, class, layer and method.
fn suggested_name(state: &State, panels: &[Panel]) -> Option<String> {
    let panel = panels.first()?;
    let shown = state.shown.as_ref()?;
    let image = state.images.get(panel.image)?;
    let part = panel.of.preprocessing.crop;
    let part = part.map_or_else(String::new, |part| format!(" part {part}"));
    let painted = panel.of.preprocessing.painting.map_or("", |_| " painted");
    let layer = panel.of.layer.name(&panel.network.plan);
    let method = match panel.of.channel {
        Some(_) => "",
        None => panel.of.method.name(),
    };
    let against = match (panels.get(1), state.compare) {
        (Some(_), Some(compare)) => {
            // of an image its name without the ending, as of the first
            let other = super::compare::name(state)?;
            let other = match compare.instead {
                Instead::Image(_) => stem_of(&other).to_owned(),
                _ => other,
            };
            format!(" beside {other}")
        }
        _ => String::new(),
    };
    let tail = format!("{part}{painted} {} {layer} {method}{against}", shown_name(state, shown));
    let tail = harmless(tail.trim_end()).replace('.', "_");
    Some(file_name(&harmless(stem_of(&image.name)).replace('.', "_"), &tail))
}

/// What the picture shows, to be saved; none without a map.
pub fn save(state: &State) -> Option<Save> {
    let drawing = drawing(state)?;
    Some(Save {
        name: format!("{}.png", suggested_name(state, &drawing.panels)?),
        what: Export::Picture(drawing),
        existing: Existing::Replace,
    })
}

/// The values of the map in the first picture, to be saved, before normalisation or after; none without a map.
pub fn save_values(state: &State, normalised: bool) -> Option<Save> {
    let panel = first(state)?;
    let name = suggested_name(state, std::slice::from_ref(&panel))?;
    let (what, ending) = match normalised {
        true => (Export::Heat(panel), "heat.npy"),
        false => (Export::Signed(panel), "npy"),
    };
    Some(Save {
        name: format!("{name}.{ending}"),
        what,
        existing: Existing::Replace,
    })
}

/// What the network answers for all classes, to be saved; none without a prediction.
pub fn save_predictions(state: &State) -> Option<Save> {
    let predicted = state.prediction()?.clone();
    let image = state.images.get(predicted.image)?;
    Some(Save {
        name: format!("{}_predictions.csv", harmless(stem_of(&image.name)).replace('.', "_")),
        what: Export::Predictions(Answers {
            image: predicted.image,
            network: state.network.clone()?,
            predicted,
        }),
        existing: Existing::Replace,
    })
}

/// All views and pages of the map in the first picture, the comparison, its values and the predictions, each with its name;
/// none without a map.
pub fn all(state: &State) -> Option<Vec<(Export, String)>> {
    let panel = first(state)?;
    let name = suggested_name(state, std::slice::from_ref(&panel))?;
    let Choices { blend, threshold, .. } = state.choices;
    let views = [
        View::Overlay { blend },
        View::Heatmap,
        View::Mask { threshold },
        View::Lines,
        View::Beside,
    ];
    let mut files: Vec<(Export, String)> = views
        .into_iter()
        .map(|view| {
            let mut panel = panel.clone();
            panel.look.view = view;
            let what = Export::Picture(Drawing::of(panel));
            (what, format!("{name}_{}.png", view.name()))
        })
        .collect();
    // the sheets if their maps are there
    let pages = [Page::Figure, Page::Classes, Page::Layers];
    let pages = pages.into_iter().filter_map(|kind| save_page(state, kind).ok());
    files.extend(pages.map(|page| (page.what, page.name)));
    if state.compare.is_some() {
        files.extend(save(state).map(|save| (save.what, save.name)));
    }
    files.push((Export::Heat(panel.clone()), format!("{name}.heat.npy")));
    files.push((Export::Signed(panel), format!("{name}.signed.npy")));
    files.extend(save_predictions(state).map(|save| (save.what, save.name)));
    Some(files)
}

/// What is drawn instead of what the picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// A figure of the map.
    Figure,
    /// The ten likeliest classes, or the pinned ones.
    Classes,
    /// The class along the layers.
    Layers,
}

/// Most classes on a sheet that are not pinned.
const SHEET: usize = 10;
/// Most pictures in a row of a sheet.
const COLUMNS: usize = 5;

/// A page of what the picture shows.
///
/// # Errors
/// One sentence about what is missing.
pub fn page(state: &State, page: Page) -> Result<Drawing, &'static str> {
    const NOTHING: &str = "There is no map to draw yet; open an image first.";
    let of_page = |mut panel: Panel| {
        // the photo is on the page already
        if panel.look.view == View::Beside {
            panel.look.view = View::Overlay {
                blend: state.choices.blend,
            };
        }
        panel
    };
    let panel = first(state).ok_or(NOTHING)?;
    if page == Page::Figure {
        return Ok(Drawing {
            arrangement: Arrangement::Figure {
                width: state.preferences.figure.width,
                ground: state.preferences.figure.ground,
            },
            panels: vec![of_page(panel)],
        });
    }
    let (Some(network), Some(class), Some(layer)) = (&state.network, state.class(), state.layer()) else {
        return Err(NOTHING);
    };
    let (maps, missing): (Vec<_>, _) = match page {
        Page::Layers => (
            network
                .plan
                .groups()
                .iter()
                .map(|group| (class, group.last()))
                .collect(),
            "The maps of the layers are not there yet; fold out All layers, then try again.",
        ),
        _ => {
            let pinned = Some(state.pinned.clone()).filter(|pinned| pinned.len() > 1);
            let ranking = state.prediction().ok_or(NOTHING)?.ranking.iter().copied();
            let classes = pinned.unwrap_or_else(|| ranking.take(SHEET).collect());
            (
                classes.into_iter().map(|class| (class, layer)).collect(),
                "The maps of the classes are not there yet; fold out Side by side, then try again.",
            )
        }
    };
    let panels = maps.into_iter().map(|(class, layer)| {
        let shown = state.shown_as(state.choices.target(class), layer)?;
        Some(of_page(panel_of(state, &shown, network, answer(state, &shown))))
    });
    let panels: Vec<Panel> = panels.collect::<Option<_>>().ok_or(missing)?;
    Ok(Drawing {
        arrangement: Arrangement::Sheet {
            columns: panels.len().min(COLUMNS),
        },
        panels,
    })
}

/// A page, to be saved.
///
/// # Errors
/// As [`page`].
pub fn save_page(state: &State, kind: Page) -> Result<Save, &'static str> {
    let drawing = page(state, kind)?;
    let name = suggested_name(state, drawing.panels.get(..1).unwrap_or_default()).unwrap_or_default();
    let what = match kind {
        Page::Figure => "figure",
        Page::Classes => "classes",
        Page::Layers => "layers",
    };
    Ok(Save {
        name: format!("{name}_{what}.png"),
        what: Export::Picture(drawing),
        existing: Existing::Replace,
    })
}
