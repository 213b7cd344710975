//! What waits for the workers.

use super::mailbox::Mailbox;
use super::reply::Activity;
use super::request::{ImageId, Purpose, Request};

/// Jobs of one kind replace each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Network,
    SecondNetwork,
    ExplainSecond,
    Fingerprint,
    Open(ImageId),
    Preview(ImageId),
    Show,
    PaintCopies,
    Predict(ImageId),
    Explain(Purpose),
    Without,
    Vary,
    Channels,
    Measure,
    Mask,
    FeatureMap,
    Randomize,
    InputPicture,
    CompleteClassMaps,
    Render,
    /// Exports never replace each other.
    Export(u64),
    Weights,
    ExplainAll,
}

/// A request with what is needed to carry it out and to report about it.
pub struct Job {
    /// What was asked for.
    pub request: Request,
    /// The image it is about.
    pub image: Option<ImageId>,
    /// What a failure happened during.
    pub activity: Activity,
}

/// What waits for one worker.
pub type Queue = Mailbox<Kind, Job>;
