//! Everything a person can do. Commands are collected while the window is laid out and applied after it.

use std::path::PathBuf;
use std::sync::Arc;

pub use super::action::{Action, shortcut_text};
use super::choices::{Choices, Preferences};
use super::dialogs::Question;
use super::folding::Side;
use super::gather::Repeated;
use super::maps::MapKey;
use super::networks::{SizeQuestion, WantedNetwork};
use super::state::{BrushChoice, Compare, Difference};
use crate::explain::Way;
use crate::explorer::{ImageId, ImageSource, NetworkSource};
use crate::imaging::{Brush, Photo, Region};
use crate::network::LayerId;

/// A path being typed.
#[derive(Clone, Debug, PartialEq)]
pub struct PathField {
    /// What it is for.
    pub question: Question,
    /// The text so far.
    pub text: String,
}

/// What the brush does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Painted {
    /// Another brush is taken.
    With(BrushChoice),
    /// Pixels are to be copied from this place, in shares of the photo's sides.
    Source([f32; 2]),
    /// A stroke begins at this place, in this one of several pictures.
    Begin([f32; 2], usize),
    /// It goes on to this place.
    To([f32; 2]),
    /// It ends, at this place if that is known.
    End(Option<[f32; 2]>),
}

/// A question about the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Hide cells of the map with this.
    HideWith(Brush),
    /// Hide cells until another class is on top.
    Hide,
    /// Hide the next cell.
    HideOne,
    /// Hide no more.
    StopHiding,
    /// Show again what was hidden.
    TakeHidingBack,
    /// Wait for a rectangle of which is asked which class would win without it, or no longer.
    DrawWithout,
    /// Ask which class would win without this part of the photo, or without what is painted over it.
    Without(Option<Region>),
}

/// One thing to do after the window was laid out.
#[derive(Clone, Debug)]
pub enum Command {
    /// Something with a name and perhaps a key.
    Do(Action),
    /// Open files and folders.
    OpenPaths(Vec<PathBuf>),
    /// Open these images and web addresses, and run one of these networks.
    Open {
        /// Files and addresses of images.
        images: Vec<PathBuf>,
        /// Files of networks, or folders that are one.
        networks: Vec<PathBuf>,
    },
    /// Show again what a picture shows that this program wrote.
    Repeat(Box<Repeated>),
    /// Open images that are no files, such as samples.
    OpenSource(ImageSource),
    /// Open pixels, such as a pasted picture.
    OpenPixels {
        /// Shown to people.
        name: String,
        /// Upright RGB.
        photo: Arc<Photo>,
    },
    /// Tell that there is nothing on the clipboard that can be opened.
    NothingToPaste,
    /// Fold the notes out of their counter, or into it.
    ShowNotes,
    /// Make a panel so wide, in points.
    Widen(Side, f32),
    /// Make what is folded out below the picture so high, as a share of the window, or as high as usual.
    Raise(Option<f32>),
    /// Show an open image.
    Show(ImageId),
    /// Fetch an image that was open at the end of the last start.
    Fetch(ImageId),
    /// Take an image off the list, from where it can come back.
    Remove(ImageId),
    /// Take an image off the list for good.
    Dismiss(ImageId),
    /// Choose a class.
    SelectClass(usize),
    /// Show the map of a class while the pointer rests on it.
    PreviewClass(usize),
    /// Choose the class at this place of the list, 0 being the first.
    SelectRank(usize),
    /// Pin a class, or let it go.
    TogglePin(usize),
    /// Show evidence for the chosen class rather than for this one.
    CompareWith(Option<usize>),
    /// Look for a class to compare with.
    SearchRival(String),
    /// Make the randomisation test of a map though it takes long.
    TestSanity(MapKey),
    /// Show the feature map of a channel while the pointer is on it.
    PreviewChannel(usize),
    /// Ask what the place under the pointer argues for, as it moves.
    LookHere([f32; 2]),
    /// Look at a stage of the randomisation test.
    LookAtStage(usize),
    /// Ask what a place of the photo, in shares of its width and height, argues for.
    AskHere([f32; 2]),
    /// Show a second picture beside the first, or no longer.
    Compare(Option<Compare>),
    /// Compare two of these.
    CompareIn(Difference),
    /// Begin to cut a part out at this place, in shares of the photo's sides, in this one of several pictures.
    CropFrom([f32; 2], usize),
    /// Let the network see this part of the shown photo alone, or all of it.
    Crop(Option<Region>),
    /// Paint over the shown photo.
    Paint(Painted),
    /// Ask something about the picture.
    Ask(Ask),
    /// Show the plain photo, or no longer.
    Peek(bool),
    /// Choose a layer.
    SelectLayer(LayerId),
    /// Fuse the map of a layer with that of the chosen one, or no longer.
    FuseLayer(LayerId),
    /// Show the small maps of all layers of the group at this place of the plan, or of its last one alone.
    Unfold(usize),
    /// Show the feature map of a channel, or no longer.
    SelectChannel(usize),
    /// Show the picture at the point of a curve after this many of its steps.
    PointAt(Way, usize),
    /// Compare methods that take many passes too, or no longer.
    WantSlow(bool),
    /// Ask for the hash of the weights file.
    Fingerprint,
    /// Put a picture on the clipboard.
    CopyPicture(Arc<Photo>),
    /// Put a text on the clipboard.
    CopyText {
        /// The text.
        text: String,
        /// What it is, as it is told.
        what: &'static str,
    },
    /// Recommend no other method for this network any more.
    SettleMethod,
    /// Other settings of the map.
    Choose(Choices),
    /// Other preferences.
    Prefer(Preferences),
    /// Run other weights, or the same on another device.
    UseNetwork(WantedNetwork),
    /// Hold a second network beside it, to be compared with it.
    HoldSecond(NetworkSource),
    /// Let the second network go.
    LetGoSecond,
    /// Run the network of a file.
    UseWeights(PathBuf),
    /// Ask on which input size a network was trained, or no longer.
    AskSize(Option<SizeQuestion>),
    /// Ask what is to be written of all images, or no longer.
    AskAboutAll(bool),
    /// Choose the folder for the files of all images.
    ChooseForAll,
    /// Look for classes.
    Search(String),
    /// The same, by typing outside of the field, which gets the keyboard.
    StartSearch(String),
    /// Type a path, or stop doing so.
    TypePath(Option<PathField>),
    /// Use the paths that were chosen.
    Answer(Question, Vec<PathBuf>),
}

impl Command {
    /// Whether it comes with every frame as long as the pointer rests where it is.
    pub fn is_of_pointer(&self) -> bool {
        matches!(
            self,
            Self::PreviewClass(_) | Self::PreviewChannel(_) | Self::LookHere(_)
        )
    }
}
