//! XGrad-CAM (Fu et al. 2020, equation 10): L = sum_k alpha_k A_k, where alpha_k is the mean of dS/dA_k weighted by
//! each cell's share of the channel's activation.

use crate::network::{NetworkError, Site};

/// The signed map of a layer, `[height, width]`.
pub(super) fn signed_map(site: &dyn Site, gradient_mean: &[f64]) -> Result<Vec<f64>, NetworkError> {
    let channels = gradient_mean.len().max(1);
    let (activation, gradient) = (site.activation()?, site.gradient()?);
    let mut weighted = vec![0.0; gradient_mean.len()];
    let mut sums = vec![0.0; gradient_mean.len()];
    for (row, gradients) in activation.chunks_exact(channels).zip(gradient.chunks_exact(channels)) {
        for (k, (&a, &g)) in row.iter().zip(gradients).enumerate() {
            weighted[k] += f64::from(a) * f64::from(g);
            sums[k] += f64::from(a);
        }
    }
    // a channel whose activations cancel has no shares; its plain mean is all that can be said
    let shares = weighted.into_iter().zip(sums).zip(gradient_mean);
    let alpha: Vec<f64> = shares
        .map(|((weighted, sum), &mean)| if sum.abs() > 1e-7 { weighted / sum } else { mean })
        .collect();
    site.weighted_activation(&alpha)
}
