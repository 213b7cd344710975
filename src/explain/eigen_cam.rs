//! Eigen-CAM (Muhammad and Yeasin 2020, equation 4): the projection of the activation on its first principal component.
//!
//! No class has a part in it: the map is the same for all of them.

use super::principal::projection;
use crate::network::{NetworkError, Site};

/// The signed map of a layer, `[height, width]`.
pub(super) fn signed_map(site: &dyn Site, channels: usize) -> Result<Vec<f64>, NetworkError> {
    let activation = site.activation()?.into_iter().map(f64::from).collect();
    Ok(projection(activation, channels))
}
