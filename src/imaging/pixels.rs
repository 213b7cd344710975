//! The range that a network wants its pixels in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How levels of 0..=255 become the numbers that a network was trained with.
///
/// Only what happens outside of the network: many have layers of their own for it, and take [`Pixels::ZeroTo255`].
/// Source: `_preprocess_numpy_input` in Keras' `applications/imagenet_utils.py`, in f32 and in the same order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Pixels {
    /// x / 127.5 - 1: Keras' mode `tf`, for Xception, Inception, MobileNet, NASNet and ResNetV2.
    #[default]
    #[serde(rename = "-1..1", alias = "tf")]
    MinusOneToOne,
    /// x / 255, for most networks that people train themselves.
    #[serde(rename = "0..1")]
    ZeroToOne,
    /// As they are, for networks that scale by themselves: EfficientNet, ConvNeXt, MobileNetV3.
    #[serde(rename = "0..255")]
    ZeroTo255,
    /// Blue, green, red, each less its mean in ImageNet: Keras' mode `caffe`, for VGG and ResNet.
    #[serde(rename = "caffe")]
    Caffe,
    /// x / 255, less the mean of ImageNet and divided by its deviation: Keras' mode `torch`, for DenseNet.
    #[serde(rename = "torch")]
    Torch,
}

/// A name that is no range of pixels.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("unknown range of pixels '{0}'; choose -1..1 (or tf), 0..1, 0..255, caffe or torch")]
pub struct UnknownPixels(pub String);

/// Means of blue, green and red in ImageNet.
const CAFFE_MEAN: [f32; 3] = [103.939, 116.779, 123.68];
/// Means of red, green and blue in ImageNet, of 0..=1.
const TORCH_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// Standard deviations of red, green and blue in ImageNet, of 0..=1.
const TORCH_DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

impl Pixels {
    /// Every range, the default first.
    pub const ALL: [Self; 5] = [
        Self::MinusOneToOne,
        Self::ZeroToOne,
        Self::ZeroTo255,
        Self::Caffe,
        Self::Torch,
    ];

    /// The name that [`FromStr`] reads, which reads `tf` too.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MinusOneToOne => "-1..1",
            Self::ZeroToOne => "0..1",
            Self::ZeroTo255 => "0..255",
            Self::Caffe => "caffe",
            Self::Torch => "torch",
        }
    }

    /// Brings pixels [..., 3], RGB of 0..=255, into this range, in place.
    ///
    /// [`Pixels::Caffe`] puts blue first.
    pub fn scale(self, levels: &mut [f32]) {
        let (pixels, _) = levels.as_chunks_mut::<3>();
        match self {
            Self::MinusOneToOne => each(pixels, |level, _| level / 127.5 - 1.0),
            Self::ZeroToOne => each(pixels, |level, _| level / 255.0),
            Self::ZeroTo255 => {}
            Self::Caffe => {
                pixels.iter_mut().for_each(|pixel| pixel.reverse());
                each(pixels, |level, channel| level - CAFFE_MEAN[channel]);
            }
            Self::Torch => each(pixels, |level, channel| {
                (level / 255.0 - TORCH_MEAN[channel]) / TORCH_DEVIATION[channel]
            }),
        }
    }

    /// Brings numbers [..., 3] of this range back to RGB of 0..=255, in place: the inverse of [`Pixels::scale`], up to the
    /// last digits of f32.
    pub fn unscale(self, numbers: &mut [f32]) {
        let (pixels, _) = numbers.as_chunks_mut::<3>();
        match self {
            Self::MinusOneToOne => each(pixels, |number, _| (number + 1.0) * 127.5),
            Self::ZeroToOne => each(pixels, |number, _| number * 255.0),
            Self::ZeroTo255 => {}
            Self::Caffe => {
                each(pixels, |number, channel| number + CAFFE_MEAN[channel]);
                pixels.iter_mut().for_each(|pixel| pixel.reverse());
            }
            Self::Torch => each(pixels, |number, channel| {
                (number * TORCH_DEVIATION[channel] + TORCH_MEAN[channel]) * 255.0
            }),
        }
    }
}

/// Puts `scaled(level, channel)` in place of each level.
fn each(pixels: &mut [[f32; 3]], scaled: impl Fn(f32, usize) -> f32) {
    for pixel in pixels {
        for (channel, level) in pixel.iter_mut().enumerate() {
            *level = scaled(*level, channel);
        }
    }
}

impl fmt::Display for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Pixels {
    type Err = UnknownPixels;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name.eq_ignore_ascii_case("tf") {
            return Ok(Self::MinusOneToOne);
        }
        Self::ALL
            .into_iter()
            .find(|pixels| pixels.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownPixels(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for pixels in Pixels::ALL {
            assert_eq!(pixels.to_string().parse(), Ok(pixels));
            assert_eq!(pixels.name().to_uppercase().parse(), Ok(pixels));
            let name = serde_json::Value::from(pixels.name());
            assert_eq!(serde_json::to_value(pixels).ok(), Some(name.clone()));
            assert_eq!(serde_json::from_value(name).ok(), Some(pixels));
            let message = UnknownPixels("0..2".to_owned()).to_string();
            assert!(message.contains(pixels.name()), "{message}");
        }
        assert_eq!("tf".parse(), Ok(Pixels::default()));
        assert_eq!(serde_json::from_str(r#""tf""#).ok(), Some(Pixels::default()));
        assert_eq!("0..2".parse::<Pixels>(), Err(UnknownPixels("0..2".to_owned())));
    }

    #[test]
    fn levels_become_numbers_around_zero() {
        let scaled = |pixels: Pixels| {
            let mut levels = [0.0, 127.5, 255.0];
            pixels.scale(&mut levels);
            levels
        };
        assert_eq!(scaled(Pixels::MinusOneToOne), [-1.0, 0.0, 1.0]);
        assert_eq!(scaled(Pixels::ZeroToOne), [0.0, 0.5, 1.0]);
        assert_eq!(scaled(Pixels::ZeroTo255), [0.0, 127.5, 255.0]);
        assert_eq!(scaled(Pixels::Caffe), [255.0 - 103.939, 127.5 - 116.779, -123.68]);
        assert_eq!(
            scaled(Pixels::Torch),
            [-0.485 / 0.229, (0.5 - 0.456) / 0.224, (1.0 - 0.406) / 0.225]
        );
    }
}
