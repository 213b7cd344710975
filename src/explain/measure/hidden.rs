//! A picture with some of its pixels hidden.

use super::super::picture::Picture;
use super::fill::Fill;
use super::imputation::imputed;
use crate::noise::Noise;

/// Of the noise of [`Fill::NoisyLinear`].
const SEED: u64 = 0x524F_4144;

/// What is hidden in which picture, and by what.
pub(super) struct Hidden<'a> {
    picture: Picture<'a>,
    /// Height and width.
    size: [usize; 2],
    /// The picture with all of it hidden; none where that is told by what is left.
    nothing: Option<Vec<f32>>,
    /// Deviation of [`Fill::NoisyLinear`]'s noise, on the scale of the picture.
    noise: f64,
}

impl<'a> Hidden<'a> {
    pub(super) fn new(picture: Picture<'a>, size: [usize; 2], fill: Fill, noise: f64) -> Self {
        Self {
            picture,
            size,
            nothing: fill.picture(picture, size),
            noise,
        }
    }

    /// The picture with these pixels hidden, one value each, row by row.
    pub(super) fn with(&self, is_hidden: &[bool]) -> Vec<f32> {
        let values = self.picture.values;
        let Some(nothing) = &self.nothing else {
            return imputed(values, self.size, is_hidden, &mut (Noise::new(SEED), self.noise));
        };
        let channels = self.picture.grey.len().max(1);
        let pixels = values.chunks_exact(channels).zip(nothing.chunks_exact(channels));
        let chosen = pixels
            .zip(is_hidden)
            .flat_map(|((seen, hidden), &is_hidden)| match is_hidden {
                true => hidden,
                false => seen,
            });
        chosen.copied().collect()
    }

    /// The picture with all of it hidden.
    pub(super) fn everything(&self) -> Vec<f32> {
        let [height, width] = self.size;
        self.with(&vec![true; height * width])
    }
}
