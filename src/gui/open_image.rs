//! One image of the list: how far it has come, and what is kept of it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::explorer::{ImageId, ImageSource, NetworkEpoch, Opened, PaintedCopies, Predicted, Previewed};
use crate::imaging::{Painting, PaintingKey, Photo, Preprocessing, Region};

/// How far an image has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is on the web, was open at the end of the last start, and is fetched when a person asks for it.
    NotFetched,
    /// Nobody has asked for it yet.
    Waiting,
    /// It is being decoded.
    Opening,
    /// It can be predicted and shown.
    Open,
}

/// The prediction that was asked for last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Of which network.
    pub epoch: NetworkEpoch,
    /// For which way to the input size.
    pub preprocessing: Preprocessing,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of something that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing yet.
    Awaited,
    /// It has come.
    Arrived,
    /// It failed, and is not tried again until the image is shown anew.
    Failed,
}

/// The class on top of a prediction; kept when the prediction itself is not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Top {
    /// Which class.
    pub class: usize,
    /// Its probability, 0..=1.
    pub probability: f64,
}

/// What a person has done to an image, which undo takes back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    /// The part of it that the network sees alone.
    pub crop: Option<Region>,
    /// What is painted over it.
    pub painting: Painting,
}

/// One image of the list.
#[derive(Debug)]
pub struct OpenImage {
    /// Which image.
    pub id: ImageId,
    /// Its name for people.
    pub name: String,
    /// Its file, if it has one.
    pub path: Option<PathBuf>,
    /// Its web address, if it has one.
    pub url: Option<String>,
    /// Where it comes from, until it is open.
    pub source: Option<ImageSource>,
    /// How far it has come.
    pub stage: Stage,
    /// Own width and height in pixels, once it is open.
    pub size: [u32; 2],
    /// The part of it that a person has cut out for the network.
    pub crop: Option<Region>,
    /// What is painted over it; the network follows as fast as it can.
    pub painting: Painting,
    /// What was painted over it when the network saw it last.
    seen_painting: Option<PaintingKey>,
    /// Copies for the screen with what is painted, once they are there.
    pub painted: Option<PaintedCopies>,
    /// What the network said before anything was painted; only while something is.
    pub unpainted: Option<Predicted>,
    /// A small copy, once it is open or was looked at.
    pub thumbnail: Option<Arc<Photo>>,
    /// Whether a quick look at it was asked for.
    pub looked_at: Option<Outcome>,
    /// What a quick look has seen, until there is a copy for the screen; only of images nearby.
    pub preview: Option<Arc<Photo>>,
    /// A copy for the screen; only of the images shown lately.
    pub display: Option<Arc<Photo>>,
    /// A smaller one, for the whole photo in a window of ordinary size.
    pub small_display: Option<Arc<Photo>>,
    /// What the network says about it, with the maps of all classes; only of the images shown lately or nearby.
    pub prediction: Option<Predicted>,
    /// The class on top of the last prediction.
    pub top: Option<Top>,
    /// The prediction that was asked for last.
    pub asked: Option<Asked>,
    /// When it was shown last, as a count of images shown; 0 if it never was.
    pub(super) shown_at: u64,
}

impl OpenImage {
    /// An image that nobody has asked for yet.
    pub fn new(id: ImageId, source: ImageSource) -> Self {
        Self {
            id,
            name: source.name(),
            path: match &source {
                ImageSource::File(path) => Some(path.clone()),
                _ => None,
            },
            url: match &source {
                ImageSource::Url(url) => Some(url.clone()),
                _ => None,
            },
            source: Some(source),
            stage: Stage::Waiting,
            size: [0; 2],
            crop: None,
            painting: Painting::default(),
            seen_painting: None,
            painted: None,
            unpainted: None,
            thumbnail: None,
            looked_at: None,
            preview: None,
            display: None,
            small_display: None,
            prediction: None,
            top: None,
            asked: None,
            shown_at: 0,
        }
    }

    /// How the network sees it, for a way from photo to input that all images share: with what was painted over it when the
    /// network saw it last, so that what is shown belongs together.
    pub fn seen_as(&self, preprocessing: Preprocessing) -> Preprocessing {
        Preprocessing {
            crop: self.crop,
            painting: self.seen_painting,
            ..preprocessing
        }
    }

    /// How the network should see it, with all that is painted.
    pub fn wanted_as(&self, preprocessing: Preprocessing) -> Preprocessing {
        Preprocessing {
            painting: self.painting.key(),
            ..self.seen_as(preprocessing)
        }
    }

    /// Whether the network has still to see what is painted.
    pub fn is_painted_ahead(&self) -> bool {
        self.seen_painting != self.painting.key()
    }

    /// Has this painted over it.
    pub fn paint(&mut self, painting: Painting) {
        if painting.is_empty() {
            self.painted = None;
        }
        self.painting = painting;
    }

    /// What was done to it; none if nothing was.
    pub fn edit(&self) -> Option<Edit> {
        let edit = Edit {
            crop: self.crop,
            painting: self.painting.clone(),
        };
        (edit != Edit::default()).then_some(edit)
    }

    /// Has this done to it and nothing else.
    pub fn set_edit(&mut self, edit: Edit) {
        self.crop = edit.crop;
        self.paint(edit.painting);
    }

    /// Stores what came of opening it.
    pub fn opened(&mut self, opened: Opened) {
        self.stage = Stage::Open;
        self.source = None;
        self.name = opened.name;
        self.size = [opened.width, opened.height];
        // a file may have changed since a part of it was cut out
        self.crop = self.crop.map(|crop| crop.clamped(opened.width, opened.height));
        self.thumbnail = Some(opened.thumbnail);
    }

    /// Stores what a quick look has seen.
    pub fn previewed(&mut self, previewed: Option<Previewed>) {
        self.looked_at = Some(Outcome::Arrived);
        // what was decoded meanwhile is better
        if let Some(previewed) = previewed.filter(|_| self.stage != Stage::Open) {
            self.size = [previewed.width, previewed.height];
            self.thumbnail = Some(previewed.thumbnail);
            self.preview = Some(previewed.photo);
        }
    }

    /// Whether there is anything to be seen of it.
    pub fn is_visible(&self) -> bool {
        self.small_display.is_some() || self.thumbnail.is_some()
    }

    /// Stores what the network says about it, or would say if nothing were painted over it.
    pub fn predicted(&mut self, predicted: Predicted) {
        let painting = predicted.preprocessing.painting;
        let is_asked = self
            .asked
            .is_some_and(|asked| asked.preprocessing == predicted.preprocessing);
        if painting.is_none() && !self.painting.is_empty() && !is_asked {
            self.unpainted = Some(predicted);
            return;
        }
        self.unpainted = match painting {
            None => None,
            // before the first stroke
            Some(_) => (self.prediction.take())
                .filter(|before| before.preprocessing.painting.is_none())
                .or(self.unpainted.take()),
        };
        self.seen_painting = painting;
        self.top = predicted.ranking.first().map(|&class| Top {
            class,
            probability: predicted.probabilities.get(class).copied().unwrap_or(0.0),
        });
        if let Some(asked) = &mut self.asked
            && (asked.epoch, asked.preprocessing) == (predicted.epoch, predicted.preprocessing)
        {
            asked.outcome = Outcome::Arrived;
        }
        self.prediction = Some(predicted);
    }

    /// What the network says of it as it is seen so, with what is painted over it or without; none where that is not at hand.
    pub fn prediction_as(&self, preprocessing: Preprocessing) -> Option<&Predicted> {
        let known = [&self.prediction, &self.unpainted].into_iter().flatten();
        known.into_iter().find(|known| known.preprocessing == preprocessing)
    }

    /// Notes that the prediction asked for cannot be made.
    pub fn prediction_failed(&mut self) {
        if let Some(asked) = &mut self.asked {
            asked.outcome = Outcome::Failed;
        }
    }

    /// Lets a prediction that failed be tried again.
    pub fn retry(&mut self) {
        self.asked.take_if(|asked| asked.outcome == Outcome::Failed);
    }

    /// Forgets what a network said, as another one speaks.
    pub fn forget_prediction(&mut self) {
        self.prediction = None;
        self.top = None;
        self.asked = None;
        self.unpainted = None;
    }

    /// Whether it is being opened or predicted, or is about to be.
    pub fn is_awaited(&self) -> bool {
        let has_failed = self.asked.is_some_and(|asked| asked.outcome == Outcome::Failed);
        match self.stage {
            Stage::NotFetched => false,
            Stage::Waiting | Stage::Opening => true,
            Stage::Open => !has_failed,
        }
    }

    /// Whether a prediction is on its way.
    pub fn is_predicting(&self) -> bool {
        self.asked.is_some_and(|asked| asked.outcome == Outcome::Awaited)
    }

    /// Whether this prediction is to be asked for: nobody has yet, or the image is shown and the prediction was let go.
    pub fn needs_prediction(&self, epoch: NetworkEpoch, preprocessing: Preprocessing, is_shown: bool) -> bool {
        // while somebody paints, the newest follows when the one before has come, so that none waits for another
        let paints = |asked: &Asked| {
            let but_for_painting = Preprocessing {
                painting: asked.preprocessing.painting,
                ..preprocessing
            };
            asked.outcome == Outcome::Awaited && asked.preprocessing == but_for_painting
        };
        let asked = self
            .asked
            .filter(|asked| asked.epoch == epoch && (asked.preprocessing == preprocessing || paints(asked)));
        self.stage == Stage::Open
            && match asked.map(|asked| asked.outcome) {
                None => true,
                Some(Outcome::Arrived) => is_shown && self.prediction.is_none(),
                Some(Outcome::Awaited | Outcome::Failed) => false,
            }
    }
}
