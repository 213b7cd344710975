//! The state of the window: plain values, no egui in here. Replies of the session and commands change it; the panels
//! only read it.
//!
//! Here are the values and what is looked up in them; what replies change is in `replies`, which map is wanted and shown
//! in `wanted`, finding classes by name or by place in `search`.

mod compare;
mod crop;
mod repeat;
mod replies;
mod restart;
mod search;
mod second;
mod wanted;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use compare::{Compare, Difference, Instead};
pub use crop::Cropping;
pub use repeat::ToRepeat;
pub use search::{Here, Search};
pub use second::SecondNetwork;

use super::camera::Camera;
use super::choices::{Choices, Preferences};
use super::command::{Action, Command, PathField};
use super::history::History;
use super::images::{Images, OpenImage, Stage};
use super::left_open::ChosenOf;
use super::maps::{MapStore, Shown};
use super::networks::{SizeQuestion, WantedNetwork, file_of};
use crate::explain::{Method, Score};
use crate::explorer::{
    Channels, FeatureMap, ImageId, ImageSource, InputChoices, InputPicture, NetworkInfo, NetworkSource, Predicted,
};
use crate::imaging::{Preprocessing, Region};
use crate::labels::Labels;
use crate::network::{LayerId, Output};
use crate::weights::Fingerprint;
use crate::weights::fetch::Progress;

/// How many classes are shown side by side at most.
const MULTIPLES: usize = 20;
/// How many classes chosen lately are listed.
const RECENT_CLASSES: usize = 6;

/// Something to tell once.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Something failed.
    Error(String),
    /// Something is done.
    Done(String),
}

/// Everything the panels show.
#[derive(Debug)]
pub struct State {
    /// What decides the picture.
    pub choices: Choices,
    /// Everything else that is kept between starts.
    pub preferences: Preferences,
    /// The image for which the class was chosen.
    chosen_for: Option<ImageId>,
    /// Undo and redo.
    pub history: History,
    /// The open images.
    pub images: Images,
    /// What was chosen at the end of the last start, until its network speaks.
    chosen_before: Option<ChosenOf>,
    /// What a picture shows that is to be shown again, until its network speaks.
    to_repeat: Option<ToRepeat>,
    /// The image that was last in the picture.
    pictured: Option<ImageId>,
    /// The prediction that was last on the list.
    listed_last: Option<Predicted>,
    /// Zoom and position.
    pub camera: Camera,
    /// The network that speaks.
    pub network: Option<Arc<NetworkInfo>>,
    /// SHA-256 of its weights file and what it is known as, once that was asked for and computed.
    pub fingerprint: Option<(String, Fingerprint)>,
    /// The network that was asked for last.
    pub wanted_network: WantedNetwork,
    /// What is said on the command line of the way from photo to its input, until it speaks.
    pub input_at_start: Option<InputChoices>,
    /// The input size that is asked for.
    pub size_question: Option<SizeQuestion>,
    /// Whether it is being loaded.
    pub loading: bool,
    /// Whether weights were asked for that are still to be fetched or imported.
    pub getting_weights: bool,
    /// Whether that failed last.
    pub getting_failed: bool,
    /// Where the weights can be fetched by hand.
    pub weights_address: Option<String>,
    /// What is being fetched, and how far it is.
    pub download: Option<(String, Progress)>,
    /// The networks for which a person has chosen a method, or waved the recommended one away.
    pub settled_methods: Vec<NetworkSource>,
    /// Why it could not be loaded.
    pub network_error: Option<String>,
    /// The class under the pointer.
    pub preview: Option<usize>,
    /// Whether the pointer rests where it was when a key chose something, and so means nothing.
    pub preview_muted: bool,
    /// The place that was asked about.
    pub here: Option<Here>,
    /// A place that was asked about while the maps of all classes were still being made.
    pub here_soon: Option<[f32; 2]>,
    /// Whether a click on the picture asks about the place.
    pub asking_here: bool,
    /// What is looked for.
    pub search: Search,
    /// What is looked for to compare with.
    pub rival_search: Search,
    /// Pinned classes.
    pub pinned: Vec<usize>,
    /// Classes chosen lately, the newest first.
    pub recent_classes: Vec<usize>,
    /// Maps at layers that need a backward sweep.
    pub maps: MapStore,
    /// The groups of layers, by their place in the plan, of which all small maps are shown.
    pub unfolded: BTreeSet<usize>,
    /// Gradients and channels that were computed last.
    pub channels: Option<Channels>,
    /// The channel whose own feature map is shown.
    pub channel: Option<usize>,
    /// The feature map that was computed last.
    pub feature_map: Option<FeatureMap>,
    /// The map in the picture; stays until the wanted one is there.
    pub shown: Option<Shown>,
    /// The part of the photo that is being cut out.
    pub cropping: Option<Cropping>,
    /// Whether the plain photo is shown while a button is held.
    pub peeking: bool,
    /// The picture that the network sees, as it was asked for last.
    pub input_picture: Option<InputPicture>,
    /// A second picture beside the first.
    pub compare: Option<Compare>,
    /// The map in it; stays until the wanted one is there.
    pub other_shown: Option<Shown>,
    /// A network held beside the one in use.
    pub second: Option<SecondNetwork>,
    /// Whether one is being loaded.
    pub loading_second: bool,
    /// A change of zoom that a key asked for.
    pub zoom_wish: Option<Action>,
    /// Whether the window is dark now, whoever decided so.
    pub is_dark: bool,
    /// Whether files that are dropped on the window arrive.
    pub takes_drops: bool,
    /// Whether the help page is open.
    pub help_open: bool,
    /// A path that is asked for in the window, since the system has no dialogs.
    pub path_field: Option<PathField>,
    /// The sample that was opened so that the window is not empty, until a person's own images are there.
    pub greeting: Option<ImageId>,
    /// What follows from the replies received so far.
    pub due: Vec<Command>,
    /// How many notes wait in the counter below the picture.
    pub folded_notes: usize,
    /// To be told.
    pub messages: Vec<Message>,
}

impl State {
    /// A window without images.
    pub fn new(choices: Choices, preferences: Preferences, network: WantedNetwork) -> Self {
        Self {
            choices,
            preferences,
            chosen_for: None,
            history: History::default(),
            images: Images::default(),
            chosen_before: None,
            to_repeat: None,
            pictured: None,
            listed_last: None,
            camera: Camera::default(),
            network: None,
            fingerprint: None,
            wanted_network: network,
            input_at_start: None,
            size_question: None,
            loading: true,
            getting_weights: false,
            getting_failed: false,
            weights_address: None,
            download: None,
            settled_methods: Vec::new(),
            network_error: None,
            preview: None,
            preview_muted: false,
            here: None,
            here_soon: None,
            asking_here: false,
            search: Search::default(),
            rival_search: Search::default(),
            pinned: Vec::new(),
            recent_classes: Vec::new(),
            maps: MapStore::default(),
            unfolded: BTreeSet::new(),
            channels: None,
            channel: None,
            feature_map: None,
            shown: None,
            cropping: None,
            peeking: false,
            input_picture: None,
            compare: None,
            other_shown: None,
            second: None,
            loading_second: false,
            zoom_wish: None,
            is_dark: true,
            takes_drops: true,
            help_open: false,
            path_field: None,
            greeting: None,
            due: Vec::new(),
            folded_notes: 0,
            messages: Vec::new(),
        }
    }

    /// The prediction of the image shown, if it is that of the network and settings in use.
    pub fn prediction(&self) -> Option<&Predicted> {
        let prediction = self.images.current()?.prediction.as_ref()?;
        (prediction.preprocessing == self.preprocessing()).then_some(prediction)
    }

    /// The prediction on the list: that of the image shown, or while it is awaited the last one.
    pub fn listing(&self) -> Option<&Predicted> {
        let last = || {
            let epoch = self.network.as_ref()?.epoch;
            let is_awaited = self.images.current().is_some_and(OpenImage::is_awaited);
            self.listed_last
                .as_ref()
                .filter(|last| is_awaited && last.epoch == epoch)
        };
        self.prediction().or_else(last)
    }

    /// The image in the picture: the one shown, or the one before as long as there is nothing to be seen of it.
    pub fn pictured(&self) -> Option<&OpenImage> {
        let current = self.images.current()?;
        if current.is_visible() || current.url.is_some() {
            return Some(current).filter(|image| image.is_visible());
        }
        self.images.get(self.pictured?).filter(|image| image.is_visible())
    }

    /// Remembers what is in the picture and on the list, to stay there while what follows is on its way.
    pub fn remember_shown(&mut self) {
        self.pictured = self.pictured().map(|image| image.id);
        let listed = self.listing();
        let known = self.listed_last.as_ref();
        let key = |predicted: &Predicted| (predicted.image, predicted.epoch, predicted.preprocessing);
        if listed.map(key) != known.map(key) {
            self.listed_last = listed.cloned();
        }
    }

    /// The way from the shown photo to the input: what is usual for the network, with what was chosen in its place, and
    /// what was cut out.
    pub fn preprocessing(&self) -> Preprocessing {
        let usual = self.network.as_ref().map(|network| network.usual);
        let chosen = self.choices.input.over(usual.unwrap_or_default());
        self.images.current().map_or(chosen, |image| image.seen_as(chosen))
    }

    /// The score that is chosen, or else recommended for the network.
    pub fn score(&self) -> Score {
        let recommended = || self.network.as_ref().map(|network| network.recommended.score);
        self.choices.score.or_else(recommended).unwrap_or_default()
    }

    /// The method to recommend at the chosen layer instead of Grad-CAM, unless somebody has settled that already.
    pub fn better_method(&self) -> Option<Method> {
        let network = self.network.as_ref()?;
        let method = network.recommended.early_method;
        let is_open = !self.settled_methods.contains(&network.source) && self.choices.method == Method::GradCam;
        let is_early = self.layer() != Some(network.plan.last_feature_layer());
        (is_open && is_early && method != Method::GradCam).then_some(method)
    }

    /// Recommends no other method for this network any more.
    pub fn settle_method(&mut self) {
        let source = self.network.as_ref().map(|network| &network.source);
        if let Some(source) = source.filter(|source| !self.settled_methods.contains(source)) {
            self.settled_methods.push(source.clone());
        }
    }

    /// What the network's values mean.
    pub fn output(&self) -> Output {
        self.network
            .as_ref()
            .map_or(Output::Softmax, |network| network.plan.output)
    }

    /// The part of a photo of this width and height that the network sees, as shares of its sides: the upper left corner
    /// and the lower right one.
    pub fn seen(&self, size: [u32; 2], preprocessing: Preprocessing) -> [[f32; 2]; 2] {
        self.region(size, preprocessing)
            .map_or([[0.0; 2], [1.0; 2]], |region| region.shares(size[0], size[1]))
    }

    /// The same in pixels; none without a network.
    pub fn region(&self, size: [u32; 2], preprocessing: Preprocessing) -> Option<Region> {
        Some(preprocessing.region(size, self.input_size()?))
    }

    /// Width and height of the network's input; none without a network.
    pub fn input_size(&self) -> Option<[u32; 2]> {
        let input = self.network.as_ref()?.plan.input();
        Some([input.width, input.height].map(|side| u32::try_from(side).unwrap_or(u32::MAX)))
    }

    /// These weights on the device in use, with what was said of them before.
    pub fn wanted(&self, source: NetworkSource) -> WantedNetwork {
        let known = file_of(&source).map(|file| self.preferences.networks.said(file).choices());
        WantedNetwork {
            choices: known.unwrap_or_default(),
            device: self.wanted_network.device,
            source,
        }
    }

    /// Keeps what is chosen of the network's input with the network.
    pub fn keep_input(&mut self) {
        let Some(file) = self.network.as_ref().and_then(|network| file_of(&network.source)) else {
            return;
        };
        let mut said = self.preferences.networks.said(file);
        if said.input != self.choices.input {
            said.input = self.choices.input;
            self.preferences.networks.remember(file, said);
        }
    }

    /// Opens a sample that stays until a person's own images come.
    pub fn greet(&mut self, sample: ImageSource) {
        let image = self.images.add(sample);
        self.images.show(image);
        self.greeting = Some(image);
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

    /// Whether the chosen class stays when another image is shown.
    pub fn keeps(&self, class: usize) -> bool {
        self.preferences.keep_class || self.pinned.contains(&class)
    }

    /// Chooses a class for the image that is shown.
    pub fn choose_class(&mut self, class: usize) {
        self.chosen_for = self.images.current().map(|image| image.id);
        self.choices.class = Some(class);
    }

    /// Lets another image than before show its own top class, unless the chosen one stays; one that cannot be opened changes
    /// nothing.
    pub fn follow_image(&mut self) {
        let shown = self.open_image().map(|image| image.id);
        if shown.is_none() || shown == self.chosen_for {
            return;
        }
        self.chosen_for = shown;
        let mut choices = self.choices.clone();
        choices.leave_image(|class| self.keeps(class));
        self.choices = choices;
        let (keep, pinned) = (self.preferences.keep_class, &self.pinned);
        self.history.leave_image(|class| keep || pinned.contains(&class));
    }

    /// Where a class stands among the predictions of the shown image, 0 being the first.
    pub fn rank(&self, class: usize) -> Option<usize> {
        let ranking = &self.prediction()?.ranking;
        ranking.iter().position(|&ranked| ranked == class)
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
        let ranking = self.listing().map_or(&[][..], |prediction| &prediction.ranking);
        ranking.get(..self.preferences.top).unwrap_or(ranking)
    }

    /// Remembers a class as chosen lately.
    pub fn remember_class(&mut self, class: usize) {
        self.recent_classes.retain(|&known| known != class);
        self.recent_classes.insert(0, class);
        self.recent_classes.truncate(RECENT_CLASSES);
    }

    /// The classes shown side by side: the pinned ones, or else the most probable and the chosen one.
    pub fn side_by_side(&self) -> Vec<usize> {
        let ranking = self.prediction().map_or(&[][..], |prediction| &prediction.ranking);
        if self.pinned.len() > 1 {
            self.pinned.iter().take(MULTIPLES).copied().collect()
        } else {
            let chosen = self.class();
            let top = ranking.get(..self.preferences.top.min(MULTIPLES)).unwrap_or(ranking);
            let beyond = chosen.filter(|class| !top.contains(class));
            beyond.into_iter().chain(top.iter().copied()).collect()
        }
    }

    /// Whether the shown image is open.
    pub fn open_image(&self) -> Option<&OpenImage> {
        self.images.current().filter(|image| image.stage == Stage::Open)
    }
}
