//! Ablation-CAM (Desai and Ramaswamy 2020, equations 4 and 5): L = sum_k w_k A_k with w_k = (S - S_k) / |S|, where S_k is the
//! score when channel k of the last feature layer is zero.
//!
//! Behind that layer is the head alone. Where it is a global average and one dense layer, the logit without channel k is
//! S - alpha_k sum(A_k), which needs no pass at all; any other head, and the probability, is run once a channel. The paper
//! divides by S; its magnitude keeps a negative logit from turning the map into its opposite.

use super::asking::Asking;
use super::score::{Score, ScoreGradient};
use crate::network::NetworkError;

/// The signed map of the last feature layer, `[height, width]`.
pub(super) fn signed_map(asking: &mut Asking<'_, '_>, logits: &[f64]) -> Result<Vec<f64>, NetworkError> {
    let plan = asking.network.plan();
    let (last, output, units) = (plan.last_feature_layer(), plan.output, plan.units());
    let channels = plan.layer(last).shape.channels.max(1);
    let is_linear = plan.linear_head().is_some() && asking.score == Score::Logit;
    let activation: Vec<f64> = asking.network.activation(last)?.into_iter().map(f64::from).collect();
    let score = asking.score.value(asking.target, output, logits);
    let (head, pass) = (asking.network.head().clone(), asking.network.head_pass()?);
    let drops: Vec<f64> = if is_linear {
        let gradient = ScoreGradient::new(asking.target, asking.score, output, logits);
        let alpha = head.gradient_mean(&pass, &output.unit_gradient(units, &gradient.logits));
        let mut sums = vec![0.0; channels];
        for cell in activation.chunks_exact(channels) {
            for (sum, value) in sums.iter_mut().zip(cell) {
                *sum += value;
            }
        }
        sums.iter().zip(&alpha).map(|(sum, alpha)| sum * alpha).collect()
    } else {
        asking.announce(channels);
        let without = (0..channels).map(|channel| {
            asking.step()?;
            let mut ablated = activation.clone();
            ablated
                .iter_mut()
                .skip(channel)
                .step_by(channels)
                .for_each(|value| *value = 0.0);
            let logits = output.class_logits(head.forward(ablated, &()).logits());
            Ok(score - asking.score.value(asking.target, output, &logits))
        });
        without.collect::<Result<_, NetworkError>>()?
    };
    let divisor = if score == 0.0 { 1.0 } else { score.abs() };
    let cells = activation.chunks_exact(channels);
    Ok(cells
        .map(|cell| cell.iter().zip(&drops).map(|(a, drop)| a * drop / divisor).sum())
        .collect())
}
