//! EigenGrad-CAM (pytorch-grad-cam, `eigen_grad_cam.py`): Eigen-CAM of gradient times activation.

use super::principal::projection;
use crate::network::{NetworkError, Site};

/// The signed map of a layer, `[height, width]`.
pub(super) fn signed_map(site: &dyn Site, channels: usize) -> Result<Vec<f64>, NetworkError> {
    let (activation, gradient) = (site.activation()?, site.gradient()?);
    let products = activation
        .iter()
        .zip(&gradient)
        .map(|(&a, &g)| f64::from(a) * f64::from(g));
    Ok(projection(products.collect(), channels))
}
