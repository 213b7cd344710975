//! What stands where something is hidden.

use super::super::picture::Picture;
use crate::imaging::blurred;

/// Deviation of the blur as a share of the picture's shorter side: 11 pixels of 224 across, about what the authors of RISE
/// took (`evaluation.py`: a deviation of 5).
const BLUR: f64 = 5.0 / 224.0;

/// What hides a pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fill {
    /// Middle grey.
    #[default]
    Grey,
    /// The mean colour of the picture.
    Mean,
    /// The picture out of focus.
    Blur,
}

impl Fill {
    /// The picture with all of it hidden, `[height, width, channels]`.
    pub(super) fn picture(self, picture: Picture<'_>, [height, width]: [usize; 2]) -> Vec<f32> {
        let channels = picture.grey.len().max(1);
        match self {
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
        }
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
