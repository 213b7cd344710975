//! Showing again what a picture shows that this program wrote: its photo, its network and all that was chosen.

use super::{Compare, Instead, Message, State};
use crate::explain::{Fusion, Layers, Method};
use crate::explorer::{ImageId, InputChoices, NetworkNote, NetworkSource, Recipe, View};
use crate::gui::choices::{self, Scale};
use crate::gui::command::Command;
use crate::gui::networks::WantedNetwork;
use crate::network::{LayerId, Plan};

/// A view that waits for its network.
#[derive(Clone, Debug)]
pub struct ToRepeat {
    /// The name of the picture.
    pub name: String,
    /// What is in each panel of it.
    pub recipes: Vec<Recipe>,
    /// The photo of each panel, opened again.
    pub images: Vec<ImageId>,
    /// Where the network of each panel was found.
    pub networks: Vec<Option<NetworkSource>>,
}

impl State {
    /// Shows what a picture shows, once its network speaks.
    pub fn repeat(&mut self, wanted: ToRepeat) {
        self.to_repeat = Some(wanted);
        if !self.loading {
            self.go_on_repeating();
        }
    }

    /// Asks for the network of the picture that is to be shown again, or chooses what was chosen if that speaks.
    pub(super) fn go_on_repeating(&mut self) {
        let Some(mut wanted) = self.to_repeat.take() else {
            return;
        };
        let (Some(recipe), Some(&image)) = (wanted.recipes.first().cloned(), wanted.images.first()) else {
            return;
        };
        let source = wanted.networks.first_mut().and_then(Option::take);
        if !self.speaks(&recipe.network) {
            if let Some(source) = source {
                self.due.push(Command::UseNetwork(WantedNetwork {
                    source,
                    choices: recipe.network.choices(),
                    device: self.wanted_network.device,
                }));
                self.to_repeat = Some(wanted);
                return;
            }
            let note = &recipe.network;
            self.messages.push(Message::Error(format!(
                "{} was made with the network {} ({}), which is not in use and was not found; open it, then {0} again.",
                wanted.name, note.name, note.file
            )));
            return;
        }
        self.images.show(image);
        if let Err(missing) = self.choose_as_drawn(&recipe) {
            let text = format!("{} cannot be shown again: this network has {missing}.", wanted.name);
            self.messages.push(Message::Error(text));
            return;
        }
        self.compare_as_drawn(&recipe, &wanted);
        self.messages
            .push(Message::Done(format!("This is what {} shows", wanted.name)));
    }

    /// Whether the network in use is the one that a picture was made with, as far as that is known.
    fn speaks(&self, note: &NetworkNote) -> bool {
        match self.network.as_ref().map(|network| &network.source) {
            Some(NetworkSource::BuiltIn(built_in)) => built_in.to_string() == note.file,
            Some(NetworkSource::File(file)) => match (&self.fingerprint, &note.sha256) {
                (Some((sha256, _)), Some(wanted)) => sha256 == wanted,
                _ => file
                    .file_name()
                    .is_some_and(|name| *name.to_string_lossy() == note.file),
            },
            Some(NetworkSource::Search(_)) | None => false,
        }
    }

    /// Chooses what was chosen for the first panel of a picture; otherwise what the network does not have.
    fn choose_as_drawn(&mut self, recipe: &Recipe) -> Result<(), String> {
        let network = self.network.clone().ok_or("no network")?;
        let than = recipe.rather_than.as_ref().map(|than| than.index);
        for class in [Some(recipe.class.index), than].into_iter().flatten() {
            if class >= network.plan.classes() {
                return Err(format!("no class {class}"));
            }
        }
        let layers = layers_of(&network.plan, &recipe.layer, recipe.method)?;
        let usual = network.usual;
        self.choose_class(recipe.class.index);
        self.channel = recipe.channel;
        let choices = &mut self.choices;
        choices.than = than;
        // a method of pixels has the input, and no layer is chosen then
        let is_chosen = |layer: &LayerId| *layer != LayerId(0) && *layer != network.plan.last_feature_layer();
        choices.layer = layers.all().next().filter(is_chosen);
        choices.fused = Some(layers).filter(|layers| layers.single().is_none());
        choices.score = Some(recipe.score);
        choices.method = recipe.method;
        choices.input = InputChoices {
            pixels: Some(recipe.pixels).filter(|pixels| *pixels != usual.pixels),
            resize: Some(recipe.resize).filter(|resize| *resize != usual.resize),
            fit: Some(recipe.fit).filter(|fit| *fit != usual.fit),
        };
        choices.signed = false;
        // a difference is always drawn so
        if !(than.is_some() && recipe.colormap.is_diverging()) {
            choices.colormap = recipe.colormap;
        }
        choices.cells = recipe.cells;
        choices.scale = Scale::Own;
        if let Some(maximum) = recipe.maximum.filter(|maximum| maximum.is_finite() && *maximum > 0.0) {
            (choices.scale, choices.fixed_maximum) = (Scale::Fixed, maximum);
        }
        choices.view = match recipe.view {
            View::Overlay { blend } => {
                choices.blend = blend;
                choices::View::Overlay
            }
            View::Heatmap => choices::View::Map,
            View::Mask { threshold } => {
                choices.threshold = threshold;
                choices::View::Mask
            }
            View::Lines => choices::View::Contours,
            View::Beside => choices::View::Beside,
        };
        *choices = choices.clone().within_ranges();
        self.settle_method();
        Ok(())
    }

    /// Compares as the picture does, if it has two panels.
    fn compare_as_drawn(&mut self, one: &Recipe, wanted: &ToRepeat) {
        self.compare = None;
        let Some(other) = wanted.recipes.get(1) else { return };
        if other.network.file != one.network.file || other.network.sha256 != one.network.sha256 {
            // it is compared with once it is there
            match wanted.networks.get(1).cloned().flatten() {
                Some(source) => self.due.push(Command::HoldSecond(source)),
                None => self.messages.push(Message::Error(format!(
                    "The second network of {}, {} ({}), was not found; open it to compare.",
                    wanted.name, other.network.name, other.network.file
                ))),
            }
            return;
        }
        let layer = self
            .network
            .as_ref()
            .map(|network| layer_of(&network.plan, &other.layer, other.method));
        let instead = match (wanted.images.first(), wanted.images.get(1)) {
            (Some(first), Some(&second)) if *first != second => Instead::Image(second),
            _ if other.painting.is_empty() && !one.painting.is_empty() => Instead::Unpainted,
            _ if other.class != one.class => Instead::Class(other.class.index),
            _ if other.method != one.method => Instead::Method(other.method),
            _ if other.score != one.score => Instead::Score(other.score),
            _ => match layer {
                Some(Ok(layer)) => Instead::Layer(layer),
                _ => return,
            },
        };
        // one scale is written down where it is not the map's own, a fixed one in both
        let one_scale = one.maximum.is_some() != other.maximum.is_some();
        if one_scale {
            self.choices.scale = Scale::Own;
        }
        self.compare = Some(Compare { instead, one_scale });
    }
}

/// The layers that a picture names, if the method has a map at each of them.
fn layers_of(plan: &Plan, name: &str, method: Method) -> Result<Layers, String> {
    if let Ok(layer) = layer_of(plan, name, method) {
        return Ok(layer.into());
    }
    let layers = Layers::parse(name, plan, Fusion::default()).ok();
    let layers = layers.filter(|layers| layers.all().all(|layer| method.has_map(plan, layer)));
    layers.ok_or_else(|| format!("no layer {name} with a map"))
}

/// The layer of this name, if the method has a map there.
fn layer_of(plan: &Plan, name: &str, method: Method) -> Result<LayerId, String> {
    let found = plan.find(name).filter(|&layer| method.has_map(plan, layer));
    found.ok_or_else(|| format!("no layer {name} with a map"))
}
