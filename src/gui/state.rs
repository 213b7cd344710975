//! The state of the window: plain values, no egui in here. Replies of the session and commands change it; the panels
//! only read it.

use std::path::PathBuf;
use std::sync::Arc;

use super::camera::Camera;
use super::choices::{Choices, Preferences, Scale};
use super::command::Action;
use super::dialogs::Question;
use super::history::History;
use super::images::{Images, OpenImage, Stage};
use super::maps::{MapKey, MapStore, Shown};
use super::wishes::Wishes;
use crate::explain::{Map, Target};
use crate::explorer::{
    Activity, Channels, DeviceChoice, ExplainRequest, Failure, FeatureMap, ImageId, NetworkEpoch, NetworkInfo,
    NetworkSource, Predicted, Purpose, Reply,
};
use crate::labels::Labels;
use crate::weights::Fingerprint;
use crate::weights::fetch::Progress;
use crate::xception::LayerId;

/// How many classes are shown side by side at most.
const MULTIPLES: usize = 20;
/// How many classes chosen lately stay at hand.
const RECENT_CLASSES: usize = 6;

/// Something to tell once.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Something failed.
    Error(String),
    /// Something is done.
    Done(String),
}

/// What is looked for in the search field.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The text in the field.
    pub query: String,
    /// The classes found, the best first.
    pub found: Vec<usize>,
}

/// What one cell of the last feature layer argues for.
#[derive(Clone, Debug, PartialEq)]
pub struct Here {
    /// Which image.
    pub image: ImageId,
    /// Column and row of the cell.
    pub cell: (usize, usize),
    /// Columns and rows of the layer.
    pub cells: (usize, usize),
    /// What the cell adds to the logit of each class.
    pub evidence: Vec<f32>,
    /// All classes, the one it argues for most first.
    pub ranking: Vec<usize>,
}

impl Here {
    /// What the cell adds to a class's logit, as a share of the most it adds to any.
    pub fn share(&self, class: usize) -> f32 {
        let value = |class: usize| self.evidence.get(class).copied().unwrap_or(0.0);
        let most = self.ranking.first().map_or(0.0, |&first| value(first));
        if most > 0.0 { value(class) / most } else { 0.0 }
    }
}

/// Everything the panels show.
#[derive(Debug)]
pub struct State {
    /// What decides the picture.
    pub choices: Choices,
    /// Everything else that is kept between starts.
    pub preferences: Preferences,
    /// Undo and redo.
    pub history: History,
    /// The open images.
    pub images: Images,
    /// Zoom and position.
    pub camera: Camera,
    /// The network that speaks.
    pub network: Option<Arc<NetworkInfo>>,
    /// SHA-256 of its weights file and what it is known as, once that was asked for and computed.
    pub fingerprint: Option<(String, Fingerprint)>,
    /// The network that was asked for last.
    pub wanted_network: (NetworkSource, DeviceChoice),
    /// Whether it is being loaded.
    pub loading: bool,
    /// What is being fetched, and how far it is.
    pub download: Option<(String, Progress)>,
    /// Why it could not be loaded.
    pub network_error: Option<String>,
    /// The class under the pointer.
    pub preview: Option<usize>,
    /// Whether the pointer rests where it was when a key chose something, and so means nothing.
    pub preview_muted: bool,
    /// The place that was asked about.
    pub here: Option<Here>,
    /// Whether a click on the picture asks about the place.
    pub asking_here: bool,
    /// What is looked for.
    pub search: Search,
    /// Classes kept at hand.
    pub pinned: Vec<usize>,
    /// Classes chosen lately, the newest first.
    pub recent_classes: Vec<usize>,
    /// Maps at layers that need a backward sweep.
    pub maps: MapStore,
    /// What the session was asked for.
    pub wishes: Wishes,
    /// Gradients and channels that were computed last.
    pub channels: Option<Channels>,
    /// The channel whose own feature map is shown.
    pub channel: Option<usize>,
    /// The feature map that was computed last.
    pub feature_map: Option<FeatureMap>,
    /// The map in the picture; stays until the wanted one is there.
    pub shown: Option<Shown>,
    /// A change of zoom that a key asked for.
    pub zoom_wish: Option<Action>,
    /// Whether the window is dark now, whoever decided so.
    pub is_dark: bool,
    /// Whether the help page is open.
    pub help_open: bool,
    /// A path that is asked for in the window, since the system has no dialogs.
    pub path_field: Option<PathField>,
    /// Whether the network's file is still to be hashed, so that nothing passes for the official weights.
    pub fingerprint_due: bool,
    /// Whether to use the built-in network, since the wanted one failed and no other speaks.
    pub fall_back: bool,
    /// Weights that were fetched or imported and are to be used.
    pub ready_weights: Option<PathBuf>,
    /// To be told.
    pub messages: Vec<Message>,
}

/// A path being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathField {
    /// What it is for.
    pub question: Question,
    /// The text so far.
    pub text: String,
}

impl State {
    /// A window without images.
    pub fn new(choices: Choices, preferences: Preferences, network: (NetworkSource, DeviceChoice)) -> Self {
        Self {
            choices,
            preferences,
            history: History::default(),
            images: Images::default(),
            camera: Camera::default(),
            network: None,
            fingerprint: None,
            wanted_network: network,
            loading: true,
            download: None,
            network_error: None,
            preview: None,
            preview_muted: false,
            here: None,
            asking_here: false,
            search: Search::default(),
            pinned: Vec::new(),
            recent_classes: Vec::new(),
            maps: MapStore::default(),
            wishes: Wishes::default(),
            channels: None,
            channel: None,
            feature_map: None,
            shown: None,
            zoom_wish: None,
            is_dark: true,
            help_open: false,
            path_field: None,
            fingerprint_due: false,
            fall_back: false,
            ready_weights: None,
            messages: Vec::new(),
        }
    }

    /// Takes one reply of the session.
    pub fn receive(&mut self, reply: Reply) {
        match reply {
            Reply::Network(info) => self.use_network(info),
            Reply::Opened(opened) => {
                self.download = None;
                self.images.opened(opened);
            }
            Reply::Downloading { what, progress } => self.download = Some((what, progress)),
            Reply::WeightsReady(path) => {
                self.download = None;
                self.ready_weights = Some(path);
            }
            Reply::Display { image, photo } => self.images.display(image, photo),
            Reply::Predicted(predicted) => self.predicted(predicted),
            Reply::Explained(explained) => {
                if self.is_current(explained.epoch) {
                    self.maps.insert(explained);
                }
            }
            Reply::ExplainedAll { request, .. } => self.wishes.answered(&request),
            Reply::Exported(files) => {
                let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
                self.messages.push(Message::Done(format!("Saved {}", names.join(", "))));
            }
            Reply::Failed(failure) => self.failed(&failure),
            Reply::Fingerprint {
                epoch,
                sha256,
                fingerprint,
            } => {
                if self.is_current(epoch) {
                    self.fingerprint = Some((sha256, fingerprint));
                }
            }
            Reply::Channels(channels) => {
                if self.is_current(channels.epoch) {
                    self.channels = Some(channels);
                }
            }
            Reply::FeatureMap(feature_map) => {
                if self.is_current(feature_map.epoch) {
                    self.feature_map = Some(feature_map);
                }
            }
        }
    }

    fn use_network(&mut self, info: Arc<NetworkInfo>) {
        // classes and layers of another plan mean something else
        let same_plan = self
            .network
            .as_ref()
            .is_some_and(|old| old.plan == info.plan && old.labels == info.labels);
        if !same_plan {
            self.choices.class = None;
            self.choices.than = None;
            self.choices.layer = None;
            self.pinned.clear();
            self.recent_classes.clear();
            self.history.clear();
        }
        for image in self.images.list_mut() {
            image.prediction = None;
            image.predicting = false;
        }
        self.maps.clear();
        self.wishes.clear();
        self.channels = None;
        self.channel = None;
        self.feature_map = None;
        self.fingerprint = None;
        self.fingerprint_due = info.weights.path.is_some();
        self.shown = None;
        self.preview = None;
        self.here = None;
        self.loading = false;
        self.network_error = None;
        if let Some(note) = &info.device_note {
            self.messages.push(Message::Error(note.clone()));
        }
        self.network = Some(info);
        self.look_for(self.search.query.clone());
    }

    fn predicted(&mut self, predicted: Predicted) {
        if !self.is_current(predicted.epoch) {
            return;
        }
        if let Some(image) = self.images.get_mut(predicted.image) {
            image.predicting = image.asked != Some((predicted.epoch, predicted.resize));
            image.prediction = Some(predicted);
        }
    }

    fn failed(&mut self, failure: &Failure) {
        let text = failure.error.to_string();
        match (failure.during, failure.image) {
            (Activity::LoadingNetwork, _) => {
                self.loading = false;
                self.network_error = Some(text.clone());
                // better the built-in network than none; if that is what failed there is nothing left to try
                self.fall_back = self.network.is_none() && self.wanted_network.0 != NetworkSource::BuiltIn;
            }
            (Activity::GettingWeights, _) => self.download = None,
            (Activity::Opening, Some(image)) => {
                self.download = None;
                self.images.remove(image);
                self.maps.forget(image);
            }
            (Activity::Predicting, Some(image)) => {
                if let Some(image) = self.images.get_mut(image) {
                    image.predicting = false;
                }
            }
            _ => {}
        }
        self.messages.push(Message::Error(text));
    }

    fn is_current(&self, epoch: NetworkEpoch) -> bool {
        self.network.as_ref().is_some_and(|network| network.epoch == epoch)
    }

    /// The prediction of the image shown, if it is that of the network and settings in use.
    pub fn prediction(&self) -> Option<&Predicted> {
        let prediction = self.images.current()?.prediction.as_ref()?;
        (prediction.resize == self.choices.resize).then_some(prediction)
    }

    /// The labels of the network in use.
    pub fn labels(&self) -> Option<&Labels> {
        self.network.as_ref().map(|network| &network.labels)
    }

    /// The name of a class for people.
    pub fn class_name(&self, class: usize) -> String {
        self.labels()
            .map_or_else(|| format!("class {class}"), |labels| labels.display_name(class))
    }

    /// The class that is chosen, or the top prediction.
    pub fn class(&self) -> Option<usize> {
        self.choices
            .class
            .or_else(|| self.prediction()?.ranking.first().copied())
    }

    /// The layer that is chosen, or the default one.
    pub fn layer(&self) -> Option<LayerId> {
        let plan = &self.network.as_ref()?.plan;
        Some(self.choices.layer.unwrap_or_else(|| plan.last_feature_layer()))
    }

    /// The classes on the list: those found, those that a place argues for, or else the most probable.
    pub fn listed(&self) -> &[usize] {
        if !self.search.query.is_empty() {
            return &self.search.found;
        }
        if let Some(here) = self.here() {
            return here.ranking.get(..self.preferences.top).unwrap_or(&here.ranking);
        }
        let ranking = self.prediction().map_or(&[][..], |prediction| &prediction.ranking);
        ranking.get(..self.preferences.top).unwrap_or(ranking)
    }

    /// What a place of the shown image argues for, if one was asked about.
    pub fn here(&self) -> Option<&Here> {
        self.here
            .as_ref()
            .filter(|here| Some(here.image) == self.images.current().map(|image| image.id))
    }

    /// Ranks the classes by what a cell of the last feature layer adds to their logits.
    pub fn ask_here(&mut self, share: [f32; 2]) {
        let Some(prediction) = self.prediction() else { return };
        let (columns, rows) = prediction.class_maps.size();
        let cell =
            |share: f32, cells: usize| ((share.clamp(0.0, 1.0) * cells as f32) as usize).min(cells.saturating_sub(1));
        let cell = (cell(share[0], columns), cell(share[1], rows));
        let evidence = prediction.class_maps.at_cell(cell.1 * columns + cell.0);
        let mut ranking: Vec<usize> = (0..evidence.len()).collect();
        let value = |class: usize| evidence.get(class).copied().unwrap_or(0.0);
        ranking.sort_by(|&a, &b| value(b).total_cmp(&value(a)));
        self.here = Some(Here {
            image: prediction.image,
            cell,
            cells: (columns, rows),
            evidence,
            ranking,
        });
    }

    /// Looks for classes.
    pub fn look_for(&mut self, query: String) {
        let found = match self.labels() {
            Some(labels) if !query.is_empty() => labels.search(&query),
            _ => Vec::new(),
        };
        self.search = Search { query, found };
    }

    /// Remembers a class as chosen lately.
    pub fn remember_class(&mut self, class: usize) {
        self.recent_classes.retain(|&known| known != class);
        self.recent_classes.insert(0, class);
        self.recent_classes.truncate(RECENT_CLASSES);
    }

    /// What a map of `target` at `layer` of the shown image is called in the store.
    pub fn key(&self, target: Target, layer: LayerId) -> Option<MapKey> {
        let image = self.images.current()?;
        let Choices {
            resize, score, method, ..
        } = self.choices;
        Some(MapKey {
            image: image.id,
            resize,
            target,
            layer,
            score,
            method,
        })
    }

    /// A map: at the last feature layer at once, elsewhere once it was computed.
    pub fn map(&self, key: &MapKey) -> Option<Arc<Map>> {
        let network = self.network.as_ref()?;
        if key.layer != network.plan.last_feature_layer() || !key.method.is_closed_form_at_last_layer() {
            return self.maps.get(key).cloned();
        }
        let prediction = self.images.get(key.image)?.prediction.as_ref()?;
        (prediction.resize == key.resize).then(|| Arc::new(prediction.class_maps.map(key.target, key.score)))
    }

    /// What gradients and channels are wanted of: the chosen class at the chosen layer.
    pub fn channels_wish(&self) -> Option<ExplainRequest> {
        let key = self.key(self.choices.target(self.class()?), self.layer()?)?;
        let (targets, layers) = (vec![key.target], vec![key.layer]);
        let MapKey {
            image,
            resize,
            score,
            method,
            ..
        } = key;
        Some(ExplainRequest {
            image,
            resize,
            purpose: Purpose::Main,
            targets,
            layers,
            score,
            method,
        })
    }

    /// Gradients and channels of what is chosen, once they are computed.
    pub fn channels(&self) -> Option<&Channels> {
        let wish = self.channels_wish()?;
        self.channels.as_ref().filter(|channels| *channels.request == wish)
    }

    /// The feature map of the chosen channel, once it is computed.
    fn shown_channel(&self) -> Option<Shown> {
        let channel = self.channel?;
        let key = self.key(self.choices.target(self.class()?), self.layer()?)?;
        let found = self.feature_map.as_ref()?;
        let is_wanted = found.image == key.image && found.layer == key.layer && found.channel == channel;
        let map = Arc::new(found.map.clone());
        let maximum = map.max();
        is_wanted.then_some(Shown {
            key,
            channel: Some(channel),
            map,
            signed: false,
            maximum,
        })
    }

    /// A map as the picture would show it; none while it is computed.
    pub fn shown_as(&self, target: Target, layer: LayerId) -> Option<Shown> {
        let key = self.key(target, layer)?;
        let map = self.map(&key)?;
        let maximum = self.maximum_for(&map, &key);
        Some(Shown {
            key,
            channel: None,
            map,
            signed: self.choices.is_signed(target),
            maximum,
        })
    }

    /// The classes shown side by side: the pinned ones, or else those on the list.
    pub fn side_by_side(&self) -> Vec<usize> {
        let ranking = self.prediction().map_or(&[][..], |prediction| &prediction.ranking);
        if self.pinned.len() > 1 {
            self.pinned.clone()
        } else {
            ranking
                .iter()
                .take(self.preferences.top.min(MULTIPLES))
                .copied()
                .collect()
        }
    }

    /// What the picture should show: the class under the pointer, else the chosen one.
    pub fn wanted_key(&self) -> Option<MapKey> {
        let class = self.preview.or_else(|| self.class())?;
        self.key(self.choices.target(class), self.layer()?)
    }

    /// The value of the hottest colour for a map.
    pub fn maximum_for(&self, map: &Map, key: &MapKey) -> f64 {
        let signed = self.choices.is_signed(key.target);
        let of = |map: &Map| if signed { map.max_abs() } else { map.max() };
        match self.choices.scale {
            Scale::Own => of(map),
            Scale::Fixed => self.choices.fixed_maximum,
            Scale::Shared => {
                let others = self.side_by_side().into_iter().filter_map(|class| {
                    self.map(&MapKey {
                        target: self.choices.target(class),
                        ..*key
                    })
                    .map(|map| of(&map))
                });
                others.fold(of(map), f64::max)
            }
        }
    }

    /// Brings [`Self::shown`] up to date. A map that is still being computed leaves the last one of the same image.
    pub fn update_shown(&mut self) {
        let wanted = self.wanted_key();
        let channel = self.shown_channel().filter(|_| self.preview.is_none());
        let found = channel.or_else(|| wanted.and_then(|key| self.shown_as(key.target, key.layer)));
        if found.is_some() {
            self.shown = found;
        } else if self.shown.as_ref().map(|shown| shown.key.image) != wanted.map(|key| key.image) {
            self.shown = None;
        }
    }

    /// Whether the picture still waits for the map it should show.
    pub fn is_waiting_for_map(&self) -> bool {
        self.wanted_key()
            .is_some_and(|wanted| self.shown.as_ref().is_none_or(|shown| shown.key != wanted))
    }

    /// Whether the shown image is open.
    pub fn open_image(&self) -> Option<&OpenImage> {
        self.images.current().filter(|image| image.stage == Stage::Open)
    }
}
