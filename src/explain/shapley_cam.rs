//! ShapleyCAM (Cai 2025, "CAMs as Shapley Value-based Explainers", equation 16): Grad-CAM with the weights
//! mean(g - H A / 2), where g is the gradient of the score at the layer and H its second derivative there.
//!
//! With the logits z(A), the score S(z), their Jacobian J and v = J A, the product is
//!
//! H A = J^T S''(z) v + (d/dt of the gradient of S'(z) z along A, with S'(z) kept).
//!
//! The first part is a sweep of the score's own second derivative, for which v is all that is needed: a difference of the
//! logits along A. The second vanishes where the logits are piecewise linear in A, as behind ReLUs; elsewhere it is a
//! difference of gradients. Of a logit the first part vanishes, so that of a network of ReLUs it is Grad-CAM.
//!
//! Differences are central, over [`STEP`] of A each way. On the reference network the maps are those of autograd within 5e-4
//! of the largest value, in f32 as in f64 (4e-7 in f64 with a tenth of the step). Where a network both bends and has maxima
//! or ReLUs, the second part is what the gradient changes by over the step, with whatever changes over in it.

use super::asking::Asking;
use super::score::ScoreGradient;
use crate::network::{LayerId, NetworkError};

/// The share of the activation that is added and taken away: less loses digits in f32, more lets ReLUs change over.
const STEP: f64 = 1e-3;

/// The signed map of a layer, `[height, width]`; `logits` are those of the picture.
pub(super) fn signed_map(
    asking: &mut Asking<'_, '_>,
    layer: LayerId,
    logits: &[f64],
) -> Result<Vec<f64>, NetworkError> {
    let plan = asking.network.plan();
    let (output, units) = (plan.output, plan.units());
    let is_curved = !plan.is_piecewise_linear_behind(layer);
    let score = ScoreGradient::new(asking.target, asking.score, output, logits);
    let activation = asking.activation(layer)?;
    asking.announce(3);
    let seed = output.unit_gradient(units, &score.logits);
    let mut along = vec![0.0; logits.len()];
    let mut curvature = vec![0.0; asking.network.plan().layer(layer).shape.channels];
    for sign in [1.0, -1.0] {
        let step = sign * STEP;
        let moved: Vec<f64> = activation.iter().map(|a| a * (1.0 + step)).collect();
        let moved = asking.logits_from(layer, &moved)?;
        for (along, logit) in along.iter_mut().zip(moved) {
            *along += logit / (2.0 * step);
        }
        if is_curved {
            for (curvature, mean) in curvature.iter_mut().zip(gradient_mean(asking, layer, &seed)?.0) {
                *curvature += mean / (2.0 * step);
            }
        }
    }
    asking.logits_from(layer, &activation)?;
    let second = score.second(asking.target, asking.score, output, logits, &along);
    let direction: Vec<f64> = score.logits.iter().zip(second).map(|(g, h)| g - h / 2.0).collect();
    let seed = output.unit_gradient(units, &direction);
    let (mean, map) = gradient_mean(asking, layer, &seed)?;
    let mut map = match is_curved {
        false => map,
        true => {
            let weights: Vec<f64> = mean.iter().zip(curvature).map(|(g, h)| g - h / 2.0).collect();
            let cells = activation.chunks_exact(weights.len().max(1));
            cells
                .map(|cell| cell.iter().zip(&weights).map(|(a, weight)| a * weight).sum())
                .collect()
        }
    };
    map.iter_mut().for_each(|value| *value *= score.scale);
    Ok(map)
}

/// The mean gradient of a layer in the last pass, and Grad-CAM's map of it.
fn gradient_mean(
    asking: &mut Asking<'_, '_>,
    layer: LayerId,
    seed: &[f64],
) -> Result<(Vec<f64>, Vec<f64>), NetworkError> {
    let mut found = (Vec::new(), Vec::new());
    let stop = asking.watch.stop;
    asking
        .network
        .backward(&[seed.to_vec()], &[layer], stop, &mut |_, site| {
            let mean = site.gradient_mean()?;
            let map = site.weighted_activation(&mean)?;
            found = (mean, map);
            Ok(())
        })?;
    Ok(found)
}
