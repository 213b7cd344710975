//! One session for the window and the command line: requests go in, replies come out, five workers do the work.
//!
//! * `gradcam-network` owns the network: loading, predictions, maps.
//! * `gradcam-images` decodes and writes pictures, so that neither delays a map.
//! * `gradcam-previews` takes a quick look at files, so that there is something to see before that.
//! * `gradcam-downloads` fetches and imports weights, and fetches pictures from the web; only when asked to.
//! * `gradcam-batches` explains all images of a window and writes files of each, with networks of its own.
//!
//! A newer request of the same kind replaces an older one that waits. One that runs is ended if it makes maps, and a
//! prediction of it no longer counts; networks and weights are finished and announced, then the newer one follows. A
//! failure or a panic of one job comes back as a reply and leaves its worker alive. Knows no window: whoever listens is
//! woken by a callback.
//!
//! [`Batch`] is for many images of which nobody looks at any: several networks at once, results in order.

mod batch;
mod device;
mod downloads;
mod drawing;
mod error;
mod export;
mod figure;
mod folder;
mod found;
mod handle;
mod histogram;
mod images;
mod jobs;
mod load;
mod loaded;
mod mailbox;
mod measured;
mod names;
mod network;
mod numbers;
mod outbox;
mod page;
mod painted_copies;
mod paintings;
mod paths;
mod pictures;
mod pipes;
mod preprocessing;
mod previews;
mod questions;
mod recent;
mod recipe;
mod recommended;
mod reply;
mod request;
mod sanity;
mod second;
mod session;
mod surroundings;
mod truth;
mod under_way;
mod write;

pub use batch::{Answer, Batch, BatchProgress, ExplainAll, Files, OneOfAll, Open, Place, Wish, Writing, Written};
pub use drawing::{Arrangement, Drawing, Look, PAPER, Panel, Subject, View};
pub use error::ExplorerError;
pub use export::Export;
pub use figure::{Ground, WIDTHS};
pub use folder::{Folder, IMAGE_ENDINGS, images_in_folder, is_own_picture};
pub use found::{FoundPhoto, find_network, find_photo};
pub use handle::Explorer;
pub use histogram::Histogram;
pub use images::sha256;
pub use load::{LoadedNetwork, load_network};
pub use measured::{MaskRequest, MaskedPicture, MeasureRequest, Measured, Part, STEPS};
pub use names::{distinct_stems, file_name, harmless, stem_of};
pub use numbers::{Answers, predictions_csv};
pub use paths::{local_path, natural_order, path_of_bytes, percent_encoded, percent_path};
pub use pipes::piped;
pub use preprocessing::{InputChoices, input_of};
pub use recipe::{ClassNote, NetworkNote, PhotoNote, Provenance, Recipe, program};
pub use recommended::{Recommended, SCORE_RULE};
pub use reply::{
    Activity, Channels, Explained, Failure, FeatureMap, InputPicture, NetworkEpoch, NetworkInfo, Opened, PaintedCopies,
    Predicted, Previewed, Randomized, Repainted, Reply, SecondExplained, Varied, Winners, Without,
};
pub use request::{
    ChannelsRequest, DeviceChoice, ExplainRequest, ExportRequest, ImageId, ImageSource, NetworkSource, PaintCopies,
    Purpose, Request, WithoutRequest,
};
pub use surroundings::Surroundings;
pub use truth::Truth;
pub use write::Existing;

/// Largest side of a copy for the screen, in pixels: a texture size that every graphics driver takes.
///
/// Neither copy's is a power of two: Mesa's software driver compiles its shader anew for the first texture with such a
/// side, which holds the window for 30 ms.
pub const DISPLAY_SIDE: u32 = 2040;
/// Largest side of the smaller copy for the screen, in pixels: what a window shows of a whole photo.
pub const SMALL_DISPLAY_SIDE: u32 = 1020;
/// Largest side of a thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 160;
