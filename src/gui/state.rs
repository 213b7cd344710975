//! The state of the window: plain values, no egui in here. Replies of the session and commands change it; the panels
//! only read it.

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
use crate::explorer::{Activity, DeviceChoice, Failure, NetworkInfo, NetworkSource, Predicted, Reply};
use crate::labels::Labels;
use crate::xception::LayerId;

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
    /// The network that was asked for last.
    pub wanted_network: (NetworkSource, DeviceChoice),
    /// Whether it is being loaded.
    pub loading: bool,
    /// Why it could not be loaded.
    pub network_error: Option<String>,
    /// The class under the pointer.
    pub preview: Option<usize>,
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
            wanted_network: network,
            loading: true,
            network_error: None,
            preview: None,
            search: Search::default(),
            pinned: Vec::new(),
            recent_classes: Vec::new(),
            maps: MapStore::default(),
            wishes: Wishes::default(),
            shown: None,
            zoom_wish: None,
            is_dark: true,
            help_open: false,
            path_field: None,
            messages: Vec::new(),
        }
    }

    /// Takes one reply of the session.
    pub fn receive(&mut self, reply: Reply) {
        match reply {
            Reply::Network(info) => self.use_network(info),
            Reply::Opened(opened) => self.images.opened(opened),
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
            Reply::Fingerprint { .. }
            | Reply::Channels(_)
            | Reply::FeatureMap(_)
            | Reply::Downloading { .. }
            | Reply::WeightsReady(_) => {}
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
        self.shown = None;
        self.preview = None;
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
            }
            (Activity::Opening, Some(image)) => {
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

    fn is_current(&self, epoch: crate::explorer::NetworkEpoch) -> bool {
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

    /// The classes on the list: those found, or else the most probable.
    pub fn listed(&self) -> &[usize] {
        if !self.search.query.is_empty() {
            return &self.search.found;
        }
        let ranking = self.prediction().map_or(&[][..], |prediction| &prediction.ranking);
        ranking.get(..self.preferences.top).unwrap_or(ranking)
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
        if key.layer != network.plan.last_feature_layer() {
            return self.maps.get(key).cloned();
        }
        let prediction = self.images.get(key.image)?.prediction.as_ref()?;
        (prediction.resize == key.resize).then(|| Arc::new(prediction.class_maps.map(key.target, key.score)))
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
                let ranking = self.prediction().map_or(&[][..], |prediction| &prediction.ranking);
                let classes = ranking.iter().take(self.preferences.top.min(20));
                let others = classes.filter_map(|&class| {
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
        let found = wanted.and_then(|key| Some((key, self.map(&key)?)));
        if let Some((key, map)) = found {
            let maximum = self.maximum_for(&map, &key);
            self.shown = Some(Shown {
                key,
                map,
                signed: self.choices.is_signed(key.target),
                maximum,
            });
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
