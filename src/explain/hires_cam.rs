//! HiResCAM (Draelos and Carin 2020, equation 5): L = sum_k dS/dA_k * A_k, cell by cell.
//!
//! Where the network is linear after the layer, the sum of the map is exactly the score without its bias.

use super::channel_sum;
use crate::network::{NetworkError, Site};

/// The signed map of a layer, `[height, width]`.
pub(super) fn signed_map(site: &dyn Site, channels: usize) -> Result<Vec<f64>, NetworkError> {
    channel_sum(site, channels, |gradient, activation| gradient * activation)
}
