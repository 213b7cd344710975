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

/// An input of a network as a picture, each level rounded: what it sees, whatever was hidden of it.
pub(super) fn picture_of(values: &[f32], shape: Shape, pixels: Pixels) -> Photo {
    let [width, height] = shape.sides();
    // gray stands in all three
    let mut levels: Vec<f32> = match shape.channels {
        1 => values.iter().flat_map(|&value| [value; 3]).collect(),
        _ => values.to_vec(),
    };
    pixels.unscale(&mut levels);
    if shape.channels == 1 {
        // what was kept of a gray pixel is its first number
        let kept = if pixels == Pixels::Caffe { 2 } else { 0 };
        levels.chunks_exact_mut(3).for_each(|pixel| pixel.fill(pixel[kept]));
    }
    let rgb = levels.into_iter().map(|level| level.round().clamp(0.0, 255.0) as u8);
    Photo {
        width,
        height,
        rgb: rgb.collect(),
    }
}

/// What the metadata says; a name that is none says nothing.
fn said<T: FromStr>(info: &Info, key: &str) -> Option<T> {
    info.metadata.get(key)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_becomes_the_picture_that_it_was_made_of() {
        let rgb: Vec<u8> = (0..4 * 3 * 3).map(|level| level * 7).collect();
        let photo = Photo {
            width: 4,
            height: 3,
            rgb,
        };
        for pixels in Pixels::ALL {
            let preprocessing = Preprocessing {
                pixels,
                ..Preprocessing::default()
            };
            let shape = |channels| Shape {
                height: 3,
                width: 4,
                channels,
            };
            let input = input_of(&photo, shape(3), preprocessing);
            assert_eq!(picture_of(&input, shape(3), pixels).rgb, photo.rgb, "{pixels}");
            let gray = picture_of(&input_of(&photo, shape(1), preprocessing), shape(1), pixels);
            // the first pixel is (0, 7, 14), of which gray is (7 * 38470 + 14 * 7471) / 65536
            assert_eq!(gray.rgb[..3], [6; 3], "{pixels}");
        }
    }
}
