//! Grad-CAM element-wise (pytorch-grad-cam, `grad_cam_elementwise.py`): L = sum_k max(dS/dA_k * A_k, 0), cell by cell, so
//! that channels against the class take nothing from those for it.

use super::channel_sum;
use crate::network::{NetworkError, Site};

/// The map of a layer, `[height, width]`; nowhere negative.
pub(super) fn signed_map(site: &dyn Site, channels: usize) -> Result<Vec<f64>, NetworkError> {
    channel_sum(site, channels, |gradient, activation| (gradient * activation).max(0.0))
}
