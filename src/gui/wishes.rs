//! What the session should be working on, derived from the state each frame: whatever is missing is asked for once,
//! and whatever is no longer wanted is called off. Nobody else sends requests for predictions and maps.

mod painting;

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use painting::{paint, questions, unpainted};

use super::choices::{Drawer, Scale};
use super::images::{Asked, Outcome, Stage};
use super::input_picture;
use super::layer_strip;
use super::maps::MapKey;
use super::state::State;
use crate::explain::{ClassMaps, Target};
use crate::explorer::{
    ChannelsRequest, ExplainRequest, Explorer, ImageId, MaskRequest, MeasureRequest, Purpose, Reply, Request,
    WithoutRequest,
};
use crate::imaging::{PaintingKey, Preprocessing};
use crate::network::LayerId;

/// The requests for maps that were sent last.
#[derive(Debug, Default)]
pub struct Wishes {
    /// The image that was shown in the last frame.
    shown: Option<ImageId>,
    /// Whose copies for the screen; a newer request replaces one that waits, so only the last is on its way.
    display: Option<ImageId>,
    /// What is being painted over whose copies for the screen, and whether over the large one.
    copies: Option<(ImageId, Option<PaintingKey>, bool)>,
    /// What is asked for of a painted image without what is painted, and what is painted.
    unpainted: Option<(ImageId, Preprocessing, Option<PaintingKey>)>,
    asked: HashMap<Purpose, ExplainRequest>,
    channels: Option<ChannelsRequest>,
    feature_map: Option<(ImageId, Preprocessing, LayerId, usize)>,
    input_picture: Option<(ImageId, Preprocessing)>,
    /// The map of which the randomisation test was asked for.
    sanity: Option<MapKey>,
    without: Option<WithoutRequest>,
    variations: Option<ExplainRequest>,
    /// Of the second network.
    second: Option<ExplainRequest>,
    /// What is to be measured.
    measure: Option<MeasureRequest>,
    /// The point of a curve asked for last.
    mask: Option<MaskRequest>,
    /// The maps of all classes asked for last.
    class_maps: Weak<ClassMaps>,
}

impl Wishes {
    /// Takes note of what a reply answers.
    pub fn note(&mut self, reply: &Reply) {
        match reply {
            // what was asked of another network is of no interest
            Reply::Network(_) => *self = Self::default(),
            Reply::Display { image, .. } => {
                self.display.take_if(|asked| asked == image);
            }
            Reply::PaintedCopies(painted) => {
                self.copies
                    .take_if(|(image, painting, _)| (*image, *painting) == (painted.image, painted.painting));
            }
            Reply::SecondNetwork(_) => self.second = None,
            Reply::Measured(measured) => {
                self.measure.take_if(|asked| *asked == *measured.request);
            }
            Reply::ExplainedAll { request } if self.asked.get(&request.purpose) == Some(request) => {
                self.asked.remove(&request.purpose);
            }
            _ => {}
        }
    }

    /// Asks for what is missing.
    pub fn ask(&mut self, state: &mut State, explorer: &Explorer) {
        turn(self, state, explorer);
        let is_ready = state.network.is_some() && !state.loading;
        // first, since nothing is opened in the background while the prediction of the shown image is awaited
        if is_ready {
            predict(self, state, explorer);
        }
        open(self, state, explorer);
        paint(self, state, explorer);
        if is_ready {
            explain(self, state, explorer);
            // as the commands of this frame have left it
            state.update_second();
            second(self, state, explorer);
            channels(self, state, explorer);
            measure(self, state, explorer);
            complete(self, state, explorer);
            input_picture(self, state, explorer);
            sanity(self, state, explorer);
            questions(self, state, explorer);
        }
    }
}

/// When another image is shown, what waits for the one before is called off, and what waits for the new one goes first.
fn turn(wishes: &mut Wishes, state: &mut State, explorer: &Explorer) {
    let shown = state.images.current().map(|image| image.id);
    let before = std::mem::replace(&mut wishes.shown, shown);
    if before == shown {
        return;
    }
    if let Some(image) = before.and_then(|before| state.images.get_mut(before)) {
        if image.url.is_none() && image.stage == Stage::Opening && explorer.take_back_opening(image.id) {
            image.stage = Stage::Waiting;
            wishes.display.take_if(|asked| *asked == image.id);
        }
        if image.is_predicting() && explorer.take_back_prediction(image.id) {
            // what it was told before still holds
            let known = image.top.is_some();
            image.asked = image.asked.filter(|_| known).map(|asked| Asked {
                outcome: Outcome::Arrived,
                ..asked
            });
        }
    }
    if let Some(shown) = shown {
        explorer.hurry(shown);
    }
}

fn open(wishes: &mut Wishes, state: &mut State, explorer: &Explorer) {
    for (image, urgent) in state.images.to_look_at() {
        if let Some(source) = state.images.get(image).and_then(|image| image.source.clone()) {
            explorer.send(Request::Preview { image, source, urgent });
        }
    }
    for (image, urgent) in state.images.to_open() {
        if let Some(source) = state.images.get(image).and_then(|image| image.source.clone()) {
            explorer.send(Request::Open { image, source, urgent });
            if urgent {
                wishes.display = Some(image);
            }
        }
    }
    // one after the other, since the newer request replaces one that waits
    let beside = state.images.beside().filter(|image| image.stage == Stage::Open);
    let mut in_sight = state.open_image().into_iter().chain(beside);
    if let Some(image) = in_sight.find(|image| image.display.is_none())
        && wishes.display != Some(image.id)
        && (Some(image.id) == state.images.current().map(|image| image.id) || wishes.display.is_none())
    {
        let image = image.id;
        explorer.send(Request::Show(image));
        wishes.display = Some(image);
    }
}

fn predict(wishes: &mut Wishes, state: &mut State, explorer: &Explorer) {
    let Some(epoch) = state.network.as_ref().map(|network| network.epoch) else {
        return;
    };
    let preprocessing = state.preprocessing();
    let waits = state.paints_on_for_map();
    for (image, urgent) in state.images.to_predict(epoch, preprocessing, waits) {
        let Some(open) = state.images.get(image) else { continue };
        let preprocessing = open.wanted_as(preprocessing);
        if !open.painting.is_empty() {
            let painting = open.painting.clone();
            explorer.send(Request::Paint { image, painting });
        }
        explorer.send(Request::Predict {
            image,
            preprocessing,
            urgent,
        });
    }
    unpainted(wishes, state, explorer);
}

/// The maps of all classes of the shown image, so that places can be asked about; they are there already if the head is
/// linear.
fn complete(wishes: &mut Wishes, state: &State, explorer: &Explorer) {
    let Some(prediction) = state.prediction() else { return };
    let wanted = Arc::downgrade(&prediction.class_maps);
    if Weak::ptr_eq(&wishes.class_maps, &wanted) {
        return;
    }
    if prediction.class_maps.at_cell(0).is_none() {
        explorer.send(Request::CompleteClassMaps {
            image: prediction.image,
            class_maps: prediction.class_maps.clone(),
        });
    }
    wishes.class_maps = wanted;
}

fn explain(wishes: &mut Wishes, state: &State, explorer: &Explorer) {
    let wanted = [
        (Purpose::Main, main_wish(state)),
        (Purpose::Preview, preview_wish(state)),
        (Purpose::SideBySide, side_by_side_wish(state)),
        (Purpose::Layers, layers_wish(state)),
    ];
    let wanted = wanted.map(|(purpose, wish)| {
        let request = wish.and_then(|(targets, layers)| request(state, purpose, targets, layers));
        (purpose, request)
    });
    for (purpose, request) in wanted.into_iter().chain([(Purpose::Compare, other_request(state))]) {
        let asked = &mut wishes.asked;
        match request {
            Some(request) if asked.get(&purpose).is_some_and(|asked| asked.covers(&request)) => {}
            Some(request) => {
                explorer.send(Request::Explain(request.clone()));
                asked.insert(purpose, request);
            }
            None => {
                if asked.remove(&purpose).is_some() {
                    explorer.cancel(purpose);
                }
            }
        }
    }
}

type Wish = (Vec<Target>, Vec<LayerId>);

/// Gradients, channels and the feature map of one of them, while they are looked at.
fn channels(wishes: &mut Wishes, state: &State, explorer: &Explorer) {
    if state.prediction().is_none() {
        return;
    }
    let is_open = matches!(state.preferences.drawer, Some(Drawer::Gradients | Drawer::Channels));
    let missing = state.channels_wish().filter(|_| is_open && state.channels().is_none());
    if let Some(wish) = missing.filter(|wish| wishes.channels.as_ref() != Some(wish)) {
        explorer.send(Request::Channels(wish.clone()));
        wishes.channels = Some(wish);
    }
    let (Some(channel), Some(layer), Some(image)) = (state.channel_in_sight(), state.layer(), state.open_image())
    else {
        return;
    };
    let (image, preprocessing) = (image.id, state.preprocessing());
    if wishes.feature_map != Some((image, preprocessing, layer, channel)) {
        explorer.send(Request::FeatureMap {
            image,
            preprocessing,
            layer,
            channel,
        });
        wishes.feature_map = Some((image, preprocessing, layer, channel));
    }
}

/// What is measured of maps, one after the other, and the picture at a point of their curves, while they are looked at.
fn measure(wishes: &mut Wishes, state: &State, explorer: &Explorer) {
    match state.measure_wish() {
        Some(wish) if wishes.measure.as_ref() == Some(&wish) => {}
        Some(wish) => {
            let map = MapKey::first_of_fused(&wish.of, wish.fused).and_then(|key| state.map(&key));
            let what = wish.clone();
            explorer.send(Request::Measure { what, map });
            wishes.measure = Some(wish);
        }
        None => {
            if wishes.measure.take().is_some() {
                explorer.cancel_measuring();
            }
        }
    }
    let wish = state.mask_wish();
    if wish.as_ref().map(|(wish, _)| wish) != wishes.mask.as_ref() {
        wishes.mask = wish.as_ref().map(|(wish, _)| wish.clone());
        if let Some((what, map)) = wish {
            explorer.send(Request::Mask { what, map });
        }
    }
}

/// What the network sees, while it is looked at.
fn input_picture(wishes: &mut Wishes, state: &State, explorer: &Explorer) {
    let (Some(image), Some(size)) = (state.open_image(), state.input_size()) else {
        return;
    };
    let asked = Some((image.id, state.preprocessing()));
    if !input_picture::wanted(state) {
        wishes.input_picture = None;
    } else if wishes.input_picture != asked {
        explorer.send(Request::InputPicture {
            image: image.id,
            size,
            preprocessing: state.preprocessing(),
        });
        wishes.input_picture = asked;
    }
}

/// The randomisation test of the map, while it is looked at.
fn sanity(wishes: &mut Wishes, state: &State, explorer: &Explorer) {
    let wanted = state.sanity_wish();
    if wishes.sanity == wanted {
        return;
    }
    match wanted {
        Some(key) => explorer.send(Request::Randomize {
            request: Arc::new(key.request(Purpose::Main)),
            next: 0,
        }),
        None => explorer.cancel_randomization(),
    }
    wishes.sanity = wanted;
}

fn main_wish(state: &State) -> Option<Wish> {
    if state.is_map_stopped() {
        return None;
    }
    let layers = state.chosen_layers()?;
    Some((vec![state.choices.target(state.class()?)], layers.all().collect()))
}

fn preview_wish(state: &State) -> Option<Wish> {
    let layers = state.chosen_layers()?;
    Some((vec![state.choices.target(state.preview?)], layers.all().collect()))
}

fn side_by_side_wish(state: &State) -> Option<Wish> {
    let is_open = state.preferences.drawer == Some(Drawer::SideBySide) || state.choices.scale == Scale::Shared;
    let targets = || {
        state
            .side_by_side()
            .into_iter()
            .map(|class| state.choices.target(class))
            .collect()
    };
    is_open.then(|| Some((targets(), vec![state.layer()?])))?
}

fn layers_wish(state: &State) -> Option<Wish> {
    let layers = || {
        let network = state.network.as_ref()?;
        Some(layer_strip::wanted(&network.plan, &state.unfolded))
    };
    let is_open = state.preferences.drawer == Some(Drawer::Layers);
    is_open.then(|| Some((vec![state.choices.target(state.class()?)], layers()?)))?
}

/// What the second network makes of the image, if that is missing.
fn second(wishes: &mut Wishes, state: &State, explorer: &Explorer) {
    let is_open = |image: ImageId| state.images.get(image).is_some_and(|image| image.prediction.is_some());
    let Some(request) = state.missing_of_second().filter(|request| is_open(request.image)) else {
        return;
    };
    if wishes.second.as_ref() != Some(request) {
        explorer.send(Request::ExplainSecond(request.clone()));
        wishes.second = Some(request.clone());
    }
}

/// The request for the map of the second picture, if it is missing.
fn other_request(state: &State) -> Option<ExplainRequest> {
    let key = state.other_key().filter(|key| state.map(key).is_none())?;
    let image = state.images.get(key.image)?;
    // at the last feature layer it comes with the prediction
    let plan = &state.network.as_ref()?.plan;
    let is_at_hand = key.fused.is_none() && key.method.is_in_class_maps(plan, key.layer);
    if image.prediction.is_none() || is_at_hand {
        return None;
    }
    Some(key.request(Purpose::Compare))
}

/// The request for those maps that are missing; none if there is nothing to compute.
fn request(state: &State, purpose: Purpose, targets: Vec<Target>, layers: Vec<LayerId>) -> Option<ExplainRequest> {
    state.prediction()?;
    let image = state.images.current()?.id;
    // one sweep brings all layers of a target
    let is_missing = |target, layer| state.key(target, layer).is_some_and(|key| state.map(&key).is_none());
    let (mut targets, mut layers) = (targets, layers);
    let plan = &state.network.as_ref()?.plan;
    let method = state.choices.method;
    // a map that takes many passes is made for the picture alone
    for layer in &mut layers {
        *layer = method.place(*layer);
    }
    if purpose != Purpose::Main {
        layers.retain(|&layer| !method.is_slow(plan, layer) && method.has_map(plan, layer));
    }
    layers.sort_unstable();
    layers.dedup();
    let all = layers.clone();
    targets.retain(|&target| all.iter().any(|&layer| is_missing(target, layer)));
    layers.retain(|&layer| targets.iter().any(|&target| is_missing(target, layer)));
    if targets.is_empty() {
        return None;
    }
    let (preprocessing, score) = (state.preprocessing(), state.score());
    Some(ExplainRequest {
        image,
        preprocessing,
        purpose,
        targets,
        layers,
        score,
        method,
    })
}
