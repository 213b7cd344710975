//! The way from a photo to the network's input: what a network usually has, and what a person chooses instead.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::imaging::{Fit, Pixels, Preprocessing, Resize};
use crate::network::Plan;
use crate::weights::{Info, SaidBy, info::key};

/// What a person chooses; none leaves it to the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct InputChoices {
    /// The range of its numbers.
    pub pixels: Option<Pixels>,
    /// How the size changes.
    pub resize: Option<Resize>,
    /// Which part of the photo is seen.
    pub fit: Option<Fit>,
}

impl InputChoices {
    /// Whether everything is left to the network.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is usual, with what was chosen in its place.
    #[must_use]
    pub fn over(self, usual: Preprocessing) -> Preprocessing {
        Preprocessing {
            pixels: self.pixels.unwrap_or(usual.pixels),
            resize: self.resize.unwrap_or(usual.resize),
            fit: self.fit.unwrap_or(usual.fit),
            crop: usual.crop,
        }
    }
}

/// What a network usually has, and who says the range of its pixels.
///
/// What was kept at import counts first. A network that prepares pixels itself takes them as they are; all others are
/// taken for Xception's, which is a guess.
pub(super) fn usual(info: &Info, plan: &Plan) -> (Preprocessing, SaidBy) {
    let said = InputChoices {
        pixels: said(info, key::PIXELS),
        resize: said(info, key::RESIZE),
        fit: said(info, key::FIT),
    };
    let inside = plan.prepares_pixels();
    let pixels = if inside {
        Pixels::ZeroTo255
    } else {
        Pixels::MinusOneToOne
    };
    let usual = Preprocessing {
        pixels,
        ..Preprocessing::default()
    };
    let said_by = if inside || said.pixels.is_some() {
        SaidBy::File
    } else {
        SaidBy::Guess
    };
    (said.over(usual), said_by)
}

/// What the metadata says; a name that is none says nothing.
fn said<T: FromStr>(info: &Info, key: &str) -> Option<T> {
    info.metadata.get(key)?.parse().ok()
}
