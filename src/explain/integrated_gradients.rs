//! Integrated gradients (Sundararajan et al. 2017, equation 1): (x - x') times the gradient averaged over the straight way
//! from a black picture x' to the picture x, summed over channels.
//!
//! The sum over all pixels is S(x) - S(x') (completeness), as far as the steps are fine enough. Each step stands for its
//! middle.

use super::asking::Asking;
use super::gradient;
use crate::network::{NetworkError, ReluRule};

/// Steps on the way.
const STEPS: usize = 50;

/// The signed map of the picture's size, `[height, width]`.
pub(super) fn signed_map(asking: &mut Asking<'_, '_>) -> Result<Vec<f64>, NetworkError> {
    asking.announce(STEPS);
    let picture = asking.picture;
    let mut sums = vec![0.0; picture.values.len()];
    for step in 0..STEPS {
        let share = (step as f64 + 0.5) / STEPS as f64;
        let between = picture.on(picture.black, std::iter::repeat(share));
        for (sum, g) in sums.iter_mut().zip(gradient::of(asking, &between, ReluRule::True)?) {
            *sum += g / STEPS as f64;
        }
    }
    let black = picture.black.iter().cycle();
    let way = picture
        .values
        .iter()
        .zip(black)
        .map(|(&value, &black)| f64::from(value) - f64::from(black));
    let products: Vec<f64> = sums.iter().zip(way).map(|(g, way)| g * way).collect();
    let pixels = products.chunks_exact(picture.grey.len().max(1));
    Ok(pixels.map(|pixel| pixel.iter().sum()).collect())
}
