//! The way from a photo to the network's input: what a network usually has, and what a person chooses instead.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::explain::Picture;
use crate::imaging::{self, Fit, Photo, Pixels, Preprocessing, Resize};
use crate::network::{Plan, Shape};
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
            painting: usual.painting,
        }
    }
}

/// What a network usually has, and who says the range of its pixels.
///
/// What was kept at import counts first. A network that prepares pixels itself takes them as they are. For all others the
/// range of their family is a guess, and for those of no known family that of most networks that people train themselves.
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
        info.usual_pixels.unwrap_or(Pixels::ZeroToOne)
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

/// A photo as a network takes it, `[height, width, channels]` of the given shape: in colour, or in gray if it takes one
/// channel.
#[must_use]
pub fn input_of(photo: &Photo, shape: Shape, preprocessing: Preprocessing) -> Vec<f32> {
    let [width, height] = shape.sides();
    match shape.channels {
        1 => imaging::gray_network_input(photo, width, height, preprocessing),
        _ => imaging::network_input(photo, width, height, preprocessing),
    }
}

/// Black and middle grey as a network of `channels` takes them, one value a channel.
pub(super) struct Shades {
    black: Vec<f32>,
    grey: Vec<f32>,
}

impl Shades {
    pub(super) fn new(channels: usize, pixels: Pixels) -> Self {
        let shade = |level: f32| {
            let mut pixel = [level; 3];
            pixels.scale(&mut pixel);
            pixel[..channels.min(3)].to_vec()
        };
        Self {
            black: shade(0.0),
            grey: shade(127.5),
        }
    }

    /// An input with its shades.
    pub(super) fn picture<'a>(&'a self, values: &'a [f32]) -> Picture<'a> {
        Picture {
            values,
            black: &self.black,
            grey: &self.grey,
        }
    }
}

/// What the metadata says; a name that is none says nothing.
fn said<T: FromStr>(info: &Info, key: &str) -> Option<T> {
    info.metadata.get(key)?.parse().ok()
}
