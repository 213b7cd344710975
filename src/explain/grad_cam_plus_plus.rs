//! Grad-CAM++ (Chattopadhay et al. 2018, equations 5, 6 and 19): L = sum_k w_k A_k with
//! w_k = sum over cells of a * max(g, 0) and a = g^2 / (2 g^2 + g^3 * sum of A_k).

use crate::network::{NetworkError, Site};

/// The signed map of a layer, `[height, width]`; `scale` times the site's gradient is the true one.
pub(super) fn signed_map(site: &dyn Site, channels: usize, scale: f64) -> Result<Vec<f64>, NetworkError> {
    let (activation, gradient) = (site.activation()?, site.gradient()?);
    let mut sums = vec![0.0; channels];
    for row in activation.chunks_exact(channels.max(1)) {
        for (sum, &a) in sums.iter_mut().zip(row) {
            *sum += f64::from(a);
        }
    }
    let mut weights = vec![0.0; channels];
    for row in gradient.chunks_exact(channels.max(1)) {
        for ((weight, &sum), &g) in weights.iter_mut().zip(&sums).zip(row) {
            let g = f64::from(g);
            // g^2 cancels, so a cell without gradient needs no division at all
            let denominator = 2.0 + g * scale * sum;
            if g > 0.0 && denominator.abs() > f64::EPSILON {
                *weight += g / denominator;
            }
        }
    }
    site.weighted_activation(&weights)
}
