//! What comes back.

use std::path::PathBuf;
use std::sync::Arc;

use super::batch::BatchProgress;
use super::error::ExplorerError;
use super::histogram::Histogram;
use super::measured::{MaskedPicture, MeasureRequest, Measured};
use super::recommended::Recommended;
use super::request::{ChannelsRequest, ExplainRequest, ImageId, NetworkSource, WithoutRequest};
use crate::explain::{ClassMaps, Explanation, Likeness, Map, Stage};
use crate::imaging::{Brush, PaintingKey, Photo, Preprocessing, Region, Variation};
use crate::labels::Labels;
use crate::network::{LayerId, Plan};
use crate::weights::fetch::Progress;
use crate::weights::{Fingerprint, Info, NetworkChoices, SaidBy};

/// Counts the networks used so far; results of an older one no longer count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetworkEpoch(pub u64);

/// The network that speaks.
#[derive(Debug)]
pub struct NetworkInfo {
    /// Which of the networks used so far.
    pub epoch: NetworkEpoch,
    /// Where its weights come from.
    pub source: NetworkSource,
    /// What a person said of it when it was asked for.
    pub choices: NetworkChoices,
    /// What is known about the weights.
    pub weights: Info,
    /// Its layers.
    pub plan: Plan,
    /// Its classes.
    pub labels: Labels,
    /// Why labels that were found are not used, in one sentence.
    pub labels_note: Option<String>,
    /// Score and method that suit it.
    pub recommended: Recommended,
    /// How photos come to its input unless a person chooses otherwise.
    pub usual: Preprocessing,
    /// Who says the range of pixels in it.
    pub pixels_said_by: SaidBy,
    /// `cpu`, `cuda` or `metal`.
    pub device: &'static str,
    /// Why the device is not the one that was wished for, in one sentence.
    pub device_note: Option<String>,
    /// Time from the request to readiness in ms.
    pub load_ms: f64,
}

/// An image that was decoded.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Which image.
    pub image: ImageId,
    /// Its name for people.
    pub name: String,
    /// Its file, if it has one.
    pub path: Option<PathBuf>,
    /// Own width in pixels.
    pub width: u32,
    /// Own height in pixels.
    pub height: u32,
    /// At most [`THUMBNAIL_SIDE`](super::THUMBNAIL_SIDE) pixels a side.
    pub thumbnail: Arc<Photo>,
    /// Reading and decoding in ms.
    pub decode_ms: f64,
}

/// A quick look at an image.
#[derive(Clone, Debug)]
pub struct Previewed {
    /// Width of the image itself in pixels.
    pub width: u32,
    /// Height of the image itself in pixels.
    pub height: u32,
    /// A small picture of it, to be shown until the photo is there.
    pub photo: Arc<Photo>,
    /// At most [`THUMBNAIL_SIDE`](super::THUMBNAIL_SIDE) pixels a side.
    pub thumbnail: Arc<Photo>,
}

/// A copy for the screen that was painted over.
#[derive(Clone, Debug)]
pub struct Repainted {
    /// The copy.
    pub photo: Arc<Photo>,
    /// What it was before that.
    pub before: Arc<Photo>,
    /// Where it differs from that; none if it does not.
    pub region: Option<Region>,
}

/// The copies of an image for the screen, with what is painted over it.
#[derive(Clone, Debug)]
pub struct PaintedCopies {
    /// Which image.
    pub image: ImageId,
    /// What is painted, by its name.
    pub painting: Option<PaintingKey>,
    /// The smaller copy.
    pub small: Repainted,
    /// The larger one, if it was asked for.
    pub large: Option<Repainted>,
}

/// What the network says about an image.
#[derive(Clone, Debug)]
pub struct Predicted {
    /// Which image.
    pub image: ImageId,
    /// Which network.
    pub epoch: NetworkEpoch,
    /// How the image was brought to the input size.
    pub preprocessing: Preprocessing,
    /// One value a class.
    pub logits: Arc<[f64]>,
    /// What the network answers for each class: probabilities, or plain values.
    pub probabilities: Arc<[f64]>,
    /// All classes, the most probable first.
    pub ranking: Arc<[usize]>,
    /// The maps of all classes at the last feature layer.
    pub class_maps: Arc<ClassMaps>,
    /// Resizing and scaling in ms.
    pub preprocess_ms: f64,
    /// The forward pass in ms.
    pub forward_ms: f64,
}

/// One map of an [`ExplainRequest`].
#[derive(Clone, Debug)]
pub struct Explained {
    /// What was asked for.
    pub request: Arc<ExplainRequest>,
    /// Which network.
    pub epoch: NetworkEpoch,
    /// The map.
    pub explanation: Explanation,
}

/// Gradients and channels of one layer for one class.
#[derive(Clone, Debug)]
pub struct Channels {
    /// What was asked for.
    pub request: Arc<ChannelsRequest>,
    /// Which network.
    pub epoch: NetworkEpoch,
    /// All gradients of the layer (the tutorial's first histogram).
    pub gradients: Histogram,
    /// The gradients averaged over space, one a channel (the tutorial's second histogram).
    pub gradient_mean: Vec<f64>,
    /// The activation in the cell that was asked about, or averaged over all cells, one a channel.
    pub activation: Vec<f64>,
    /// Channels by the magnitude of `gradient_mean * activation`, the strongest first: what each adds to Grad-CAM's map there,
    /// or in the mean.
    pub strongest: Vec<usize>,
}

/// One channel of one layer.
#[derive(Clone, Debug)]
pub struct FeatureMap {
    /// Which image.
    pub image: ImageId,
    /// How it was brought to the network's input size.
    pub preprocessing: Preprocessing,
    /// Which network.
    pub epoch: NetworkEpoch,
    /// Which layer.
    pub layer: LayerId,
    /// Which channel.
    pub channel: usize,
    /// Its activation.
    pub map: Map,
}

/// What the network sees of an image, pixel by pixel.
#[derive(Clone, Debug)]
pub struct InputPicture {
    /// Which image.
    pub image: ImageId,
    /// How it was brought to the network's input size.
    pub preprocessing: Preprocessing,
    /// The input before its numbers are scaled.
    pub picture: Arc<Photo>,
}

/// Which classes win without a part of a picture.
#[derive(Clone, Debug)]
pub struct Without {
    /// What was asked for.
    pub request: WithoutRequest,
    /// Which network.
    pub epoch: NetworkEpoch,
    /// The likeliest classes: first of the picture with nothing hidden, then by each fill.
    pub answers: Vec<Winners>,
}

/// The likeliest classes of a picture with something hidden.
#[derive(Clone, Debug, PartialEq)]
pub struct Winners {
    /// What it is hidden with; none if nothing is.
    pub fill: Option<Brush>,
    /// The classes, each with what the network answers for it.
    pub classes: Vec<(usize, f64)>,
}

/// What the network says of a picture with a change.
#[derive(Clone, Debug)]
pub struct Varied {
    /// What was asked for.
    pub request: Arc<ExplainRequest>,
    /// Which network.
    pub epoch: NetworkEpoch,
    /// The change.
    pub variation: Variation,
    /// The class on top, and what the network answers for it.
    pub top: (usize, f64),
    /// Spearman's correlation of the map's ranks with those of the unchanged picture's map, -1..=1; none where one of them has
    /// no order.
    pub agreement: Option<f64>,
    /// The map, brought back to where the picture was.
    pub map: Arc<Map>,
}

/// What the second network makes of an image.
#[derive(Clone, Debug)]
pub struct SecondExplained {
    /// What was asked for.
    pub request: Arc<ExplainRequest>,
    /// Which network.
    pub epoch: NetworkEpoch,
    /// What it answers for each of its classes: probabilities, or plain values.
    pub answers: Arc<[f64]>,
    /// Its map of the first target at the first layer.
    pub map: Map,
}

/// The map of a network of which some weights are random.
#[derive(Clone, Debug)]
pub struct Randomized {
    /// What was asked for.
    pub request: Arc<ExplainRequest>,
    /// Which network the trained weights are of.
    pub epoch: NetworkEpoch,
    /// What is random.
    pub stage: Stage,
    /// The stage's place in the cascade, from 0.
    pub index: usize,
    /// How many stages there are.
    pub count: usize,
    /// The map of the first target at the first layer.
    pub map: Arc<Map>,
    /// How much of the trained network's map is left in it.
    pub likeness: Likeness,
}

/// Anything the [`Explorer`](super::Explorer) can say.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Another network speaks from now on.
    Network(Arc<NetworkInfo>),
    /// Another second network is held beside it, or none any more.
    SecondNetwork(Option<Arc<NetworkInfo>>),
    /// What the second network makes of an image.
    SecondExplained(SecondExplained),
    /// The SHA-256 of the weights file, 64 hexadecimal digits.
    Fingerprint {
        /// Which network.
        epoch: NetworkEpoch,
        /// Of the whole file.
        sha256: String,
        /// Whether these are published weights, as far as hashes tell.
        fingerprint: Fingerprint,
    },
    /// An image is open.
    Opened(Opened),
    /// A quick look at an image that is still to be opened; none if that takes as long as opening it.
    Previewed(ImageId, Option<Previewed>),
    /// Copies of an image for the screen.
    Display {
        /// Which image.
        image: ImageId,
        /// Upright pixels, at most [`DISPLAY_SIDE`](super::DISPLAY_SIDE) a side.
        photo: Arc<Photo>,
        /// The same at most [`SMALL_DISPLAY_SIDE`](super::SMALL_DISPLAY_SIDE) a side.
        small: Arc<Photo>,
    },
    /// Copies for the screen were painted over.
    PaintedCopies(PaintedCopies),
    /// An image was predicted.
    Predicted(Predicted),
    /// The maps of all classes of a prediction are made, so that [`ClassMaps::at_cell`] answers.
    ClassMapsComplete(ImageId),
    /// How far a map is that takes many passes; told now and then.
    Explaining {
        /// What was asked for.
        request: Arc<ExplainRequest>,
        /// Passes that are done.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// One map is ready; more may follow.
    Explained(Explained),
    /// All maps of a request have been sent.
    ExplainedAll {
        /// What was asked for.
        request: Arc<ExplainRequest>,
    },
    /// How far a measurement is; told now and then.
    Measuring {
        /// What was asked for.
        request: Arc<MeasureRequest>,
        /// Passes that are done.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// A map was measured.
    Measured(Measured),
    /// The picture at one point of a curve.
    Masked(MaskedPicture),
    /// Which classes win without a part of the picture.
    Without(Without),
    /// What the network says of the picture with one change; more follow.
    Varied(Varied),
    /// Gradients and channels are ready.
    Channels(Channels),
    /// A feature map is ready.
    FeatureMap(FeatureMap),
    /// One stage of the randomisation test; they come in their order.
    Randomized(Randomized),
    /// What the network sees.
    InputPicture(InputPicture),
    /// Files were written.
    Exported(Vec<PathBuf>),
    /// How far a batch is; a few times a second.
    Batch(BatchProgress),
    /// No more images will be: all are done, or nobody wants the others.
    BatchOver(BatchProgress),
    /// A picture that was asked for.
    Rendered(Arc<Photo>),
    /// A download is under way.
    Downloading {
        /// What is downloaded, for people.
        what: String,
        /// How far it is.
        progress: Progress,
    },
    /// Weights were downloaded or imported and can be used.
    WeightsReady(PathBuf),
    /// A request failed; everything else goes on.
    Failed(Failure),
}

/// A request that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The image it was about.
    pub image: Option<ImageId>,
    /// What was being done.
    pub during: Activity,
    /// Why, in one sentence.
    pub error: Arc<ExplorerError>,
}

/// What was being done when something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Loading a network.
    LoadingNetwork,
    /// Loading a second network.
    LoadingSecond,
    /// Making the second network's map.
    ExplainingSecond,
    /// Reading the file of the network in use for its fingerprint.
    Fingerprinting,
    /// Opening an image.
    Opening,
    /// Making a copy for the screen of an image that is open, and stays so.
    Displaying,
    /// Predicting, or making the maps of all classes.
    Predicting,
    /// Making a map.
    Explaining,
    /// Measuring whether a map is true to the network.
    Measuring,
    /// Writing files.
    Exporting,
    /// Explaining many images; without an image, before the first of them.
    ExplainingAll,
    /// Downloading or importing weights.
    GettingWeights,
}
