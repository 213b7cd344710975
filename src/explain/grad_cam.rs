//! Grad-CAM (Selvaraju et al. 2017, equations 1 and 2, before the ReLU): L = sum_k alpha_k A_k, where alpha_k is the
//! mean over all cells of dS/dA_k.

use crate::network::{NetworkError, Site};

/// The signed map of a layer, `[height, width]`.
pub(super) fn signed_map(site: &dyn Site, gradient_mean: &[f64]) -> Result<Vec<f64>, NetworkError> {
    site.weighted_activation(gradient_mean)
}
