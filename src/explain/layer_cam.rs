//! LayerCAM (Jiang et al. 2021, equations 5 and 6): L = sum_k max(dS/dA_k, 0) * A_k, cell by cell.

use super::channel_sum;
use crate::network::{NetworkError, Site};

/// The signed map of a layer, `[height, width]`.
pub(super) fn signed_map(site: &dyn Site, channels: usize) -> Result<Vec<f64>, NetworkError> {
    channel_sum(site, channels, |gradient, activation| gradient.max(0.0) * activation)
}
