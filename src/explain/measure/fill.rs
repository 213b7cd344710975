//! What stands where something is hidden.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::super::picture::Picture;
use crate::imaging::blurred;

/// Deviation of the blur as a share of the picture's shorter side: 11 pixels of 224 across, about what the authors of RISE
/// took (`evaluation.py`: a deviation of 5).
const BLUR: f64 = 5.0 / 224.0;

/// What hides a pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// Middle grey.
    #[default]
    Grey,
    /// The picture out of focus.
    Blur,
    /// The mean colour of the picture.
    Mean,
    /// What the pixels around tell of it, and a little noise: ROAD's noisy linear imputation (Rong et al. 2022).
    NoisyLinear,
}

impl Fill {
    /// All of them, in the order shown to people.
    pub const ALL: [Self; 4] = [Self::Grey, Self::Blur, Self::Mean, Self::NoisyLinear];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Blur => "blur",
            Self::Mean => "mean",
            Self::NoisyLinear => "noisy-linear",
        }
    }

    /// The picture with all of it hidden, `[height, width, channels]`; none of the fill that is told by what is left.
    pub(super) fn picture(self, picture: Picture<'_>, [height, width]: [usize; 2]) -> Option<Vec<f32>> {
        let channels = picture.grey.len().max(1);
        Some(match self {
            Self::Grey => picture.filled(picture.grey),
            Self::Mean => {
                let mean: Vec<f32> = mean_colour(picture.values, channels)
                    .into_iter()
                    .map(|value| value as f32)
                    .collect();
                picture.filled(&mean)
            }
            Self::Blur => {
                let deviation = BLUR * height.min(width) as f64;
                blurred(picture.values, [height, width], channels, deviation)
            }
            Self::NoisyLinear => return None,
        })
    }
}

impl fmt::Display for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fill {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|fill| fill.name() == name)
            .ok_or_else(|| format!("there is no fill named {name:?}; use {}", names()))
    }
}

/// The mean of all pixels, one value a channel.
pub(super) fn mean_colour(values: &[f32], channels: usize) -> Vec<f64> {
    let pixels = values.chunks_exact(channels.max(1));
    let count = pixels.len().max(1) as f64;
    let mut sums = vec![0.0; channels];
    for pixel in pixels {
        for (sum, &value) in sums.iter_mut().zip(pixel) {
            *sum += f64::from(value);
        }
    }
    sums.into_iter().map(|sum| sum / count).collect()
}
