//! The state of the window: plain values, no egui in here. Replies of the session and commands change it; the panels
//! only read it.
//!
//! Here are the values, and which image is in the picture; what replies change is in `replies`, what is said of the network
//! in `network`, of classes in `classes`, which map is wanted and shown in `wanted`, finding classes by name or by place in
//! `search`, a second picture in `compare` and through a second network in `second`, what was cut out in `crop`, what is
//! painted in `brush`, what was measured of maps in `faithful` and by random networks in `sanity`, questions about the picture
//! in `questions`.

mod brush;
mod classes;
mod compare;
mod crop;
mod faithful;
mod network;
mod questions;
mod repeat;
mod replies;
mod restart;
mod sanity;
mod search;
mod second;
mod wanted;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use brush::{BrushChoice, BrushKind, Brushing};
pub use compare::{Compare, Difference, Instead};
pub use crop::Cropping;
pub use faithful::{Beside, Faithful};
pub use questions::{HidingRun, WithoutWhat};
pub use repeat::ToRepeat;
pub use sanity::Sanity;
pub use search::{Here, Search};
pub use second::SecondNetwork;

use super::camera::Camera;
use super::choices::{Choices, Preferences};
use super::command::{Action, Command, PathField};
use super::history::History;
use super::images::{Images, OpenImage, Stage};
use super::left_open::ChosenOf;
use super::maps::{MapKey, MapStore, Shown};
use super::networks::{SizeQuestion, WantedNetwork};
use crate::explorer::{
    BatchProgress, Channels, ExplainAll, ExplainRequest, FeatureMap, ImageId, ImageSource, InputChoices, InputPicture,
    NetworkInfo, NetworkSource, Predicted, Varied, Without,
};
use crate::imaging::Brush;
use crate::weights::Fingerprint;
use crate::weights::fetch::Progress;

/// Something to tell once.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Something failed.
    Error(String),
    /// Something is done.
    Done(String),
    /// An image of this name was taken off the list; true as long as undo brings it back.
    Removed(ImageId, String),
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
    /// The channel under the pointer.
    pub channel_preview: Option<usize>,
    /// The feature map that was computed last.
    pub feature_map: Option<FeatureMap>,
    /// The randomisation test that was made last.
    pub sanity: Sanity,
    /// How far a map is that takes many passes: what was asked for, passes done and all.
    pub explaining: Option<(Arc<ExplainRequest>, [usize; 2])>,
    /// The map that takes many passes and that a person has stopped, until something else is chosen.
    stopped: Option<MapKey>,
    /// What was measured of maps.
    pub faithful: Faithful,
    /// The map in the picture; stays until the wanted one is there.
    pub shown: Option<Shown>,
    /// The part of the photo that is being cut out.
    pub cropping: Option<Cropping>,
    /// The brush, as it was chosen last.
    pub brush: BrushChoice,
    /// The hand that paints over the photo.
    pub brushing: Option<Brushing>,
    /// What the cells of a map are hidden with.
    pub hide_with: Brush,
    /// Cells of the map that are hidden one after the other.
    pub hiding: Option<HidingRun>,
    /// What is asked without.
    pub without: Option<WithoutWhat>,
    /// The last answer to that.
    pub without_answer: Option<Without>,
    /// What is said of the changed picture.
    pub varied: Vec<Varied>,
    /// Whether the larger copy of a photo is drawn.
    pub large_in_sight: bool,
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
    /// Whether it is asked what is to be written of all images.
    pub asks_about_all: bool,
    /// What is to be done for all images once there is a folder for it.
    pub all_images: Option<Box<ExplainAll>>,
    /// How far that is, while it is done.
    pub batch: Option<BatchProgress>,
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
            channel_preview: None,
            feature_map: None,
            sanity: Sanity::default(),
            explaining: None,
            stopped: None,
            faithful: Faithful::default(),
            shown: None,
            cropping: None,
            brush: BrushChoice::default(),
            brushing: None,
            hide_with: Brush::Grey,
            hiding: None,
            without: None,
            without_answer: None,
            varied: Vec::new(),
            large_in_sight: false,
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
            asks_about_all: false,
            all_images: None,
            batch: None,
            due: Vec::new(),
            folded_notes: 0,
            messages: Vec::new(),
        }
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

    /// Opens a sample that stays until a person's own images come.
    pub fn greet(&mut self, sample: ImageSource) {
        let image = self.images.add(sample);
        self.images.show(image);
        self.greeting = Some(image);
    }

    /// The image shown, once it is open.
    pub fn open_image(&self) -> Option<&OpenImage> {
        self.images.current().filter(|image| image.stage == Stage::Open)
    }
}
