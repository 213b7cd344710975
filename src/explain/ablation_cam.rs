//! Ablation-CAM (Desai and Ramaswamy 2020, equations 4 and 5): L = sum_k w_k A_k with w_k = (S - S_k) / |S|, where S_k is the
//! score when channel k of the layer is zero.
//!
//! Behind the last feature layer, where the head is a global average and one dense layer, the logit without channel k is
//! S - alpha_k sum(A_k), which needs no pass at all. Everywhere else the network goes on from the layer once a channel. The
//! paper divides by S; its magnitude keeps a negative logit from turning the map into its opposite. pytorch-grad-cam's
//! `AblationLayer` differs: where a layer has negative values it puts the least of them less 1e7 in place of zero.

use super::asking::Asking;
use super::score::{Score, ScoreGradient};
use crate::network::{LayerId, NetworkError, Plan};

/// Whether the closed form holds.
pub(super) fn is_closed(plan: &Plan, layer: LayerId, score: Score) -> bool {
    layer == plan.last_feature_layer() && plan.linear_head().is_some() && score == Score::Logit
}

/// The signed map of a layer, `[height, width]`; `logits` are those of the picture.
pub(super) fn signed_map(
    asking: &mut Asking<'_, '_>,
    layer: LayerId,
    logits: &[f64],
) -> Result<Vec<f64>, NetworkError> {
    let plan = asking.network.plan();
    let (output, units) = (plan.output, plan.units());
    let channels = plan.layer(layer).shape.channels.max(1);
    let is_closed = is_closed(plan, layer, asking.score);
    let activation = asking.activation(layer)?;
    let (score, drops) = if is_closed {
        let (head, pass) = (asking.network.head().clone(), asking.network.head_pass()?);
        let gradient = ScoreGradient::new(asking.target, asking.score, output, logits);
        let alpha = head.gradient_mean(&pass, &output.unit_gradient(units, &gradient.logits));
        let mut sums = vec![0.0; channels];
        for cell in activation.chunks_exact(channels) {
            for (sum, value) in sums.iter_mut().zip(cell) {
                *sum += value;
            }
        }
        let drops: Vec<f64> = sums.iter().zip(&alpha).map(|(sum, alpha)| sum * alpha).collect();
        (asking.score.value(asking.target, output, logits), drops)
    } else {
        asking.announce(channels + 1);
        // from the layer on too, so that it differs from the others by the channel alone and not by rounding
        let whole = asking.score_from(layer, &activation)?;
        let mut ablated = activation.clone();
        let drops = (0..channels).map(|channel| {
            for (to, cell) in ablated
                .chunks_exact_mut(channels)
                .zip(activation.chunks_exact(channels))
            {
                to.copy_from_slice(cell);
                to[channel] = 0.0;
            }
            Ok(whole - asking.score_from(layer, &ablated)?)
        });
        let drops = drops.collect::<Result<_, NetworkError>>()?;
        (whole, drops)
    };
    let divisor = if score == 0.0 { 1.0 } else { score.abs() };
    let cells = activation.chunks_exact(channels);
    Ok(cells
        .map(|cell| cell.iter().zip(&drops).map(|(a, drop)| a * drop / divisor).sum())
        .collect())
}
