//! The gradient with respect to the picture (Simonyan et al. 2013, section 3): the largest magnitude over the channels of
//! dS/dx at each pixel.

use super::asking::Asking;
use super::score::ScoreGradient;
use crate::network::{NetworkError, ReluRule};

/// The map of the picture's size, `[height, width]`; nowhere negative.
pub(super) fn signed_map(asking: &mut Asking<'_, '_>) -> Result<Vec<f64>, NetworkError> {
    asking.announce(1);
    let picture = asking.picture;
    let gradient = of(asking, picture.values, ReluRule::True)?;
    Ok(largest(&gradient, picture.grey.len()))
}

/// dS/dx at a picture, `[height, width, channels]`, as it passes ReLUs by a rule.
pub(super) fn of(asking: &mut Asking<'_, '_>, input: &[f32], rule: ReluRule) -> Result<Vec<f64>, NetworkError> {
    let logits = asking.logits(input)?;
    let plan = asking.network.plan();
    let (output, units) = (plan.output, plan.units());
    let score = ScoreGradient::new(asking.target, asking.score, output, &logits);
    let seed = output.unit_gradient(units, &score.logits);
    let gradient = asking.network.input_gradient(&seed, rule, asking.watch.stop)?;
    Ok(gradient.into_iter().map(|g| f64::from(g) * score.scale).collect())
}

/// The largest magnitude over the channels of each pixel.
pub(super) fn largest(gradient: &[f64], channels: usize) -> Vec<f64> {
    let pixels = gradient.chunks_exact(channels.max(1));
    pixels
        .map(|pixel| pixel.iter().fold(0.0, |largest: f64, g| largest.max(g.abs())))
        .collect()
}
