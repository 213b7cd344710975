//! The end of the network: global average and dense layer, forward and backward.
//!
//! The dense layer reads 8 MB of weights for a single product with a vector, so memory is the limit and plain loops
//! are enough. Sums are kept in f64, because differences of logits matter.

use candle_core::{DType, Tensor};
use candle_nn::VarBuilder;

use super::buffer::Features;
use super::nodes::{tensor, vector, with_values};
use super::threads::Threads;
use crate::xception::network::{Head, NetworkError};
use crate::xception::plan::Plan;

/// Rows of the kernel that are summed in f32 before they are added up in f64.
const SHORT_SUM: usize = 16;
/// Rows of the kernel, one a channel, that one thread takes at a time: fixed, so that results do not depend on the
/// number of threads.
const PART: usize = 128;

/// Reads the dense layer.
pub(super) fn load(plan: &Plan, vb: &VarBuilder) -> Result<Head, NetworkError> {
    let shape = plan.layer(plan.last_feature_layer()).shape;
    let vb = vb.pp("predictions");
    let classes = plan.architecture.classes;
    Ok(Head {
        kernel: tensor(&vb, &[shape.channels, classes], "kernel")?.to_dtype(DType::F32)?,
        bias: vector(&vb, classes, "bias")?,
    })
}

/// The mean of max(x, 0) over all cells, one value a channel.
pub(super) fn average(features: &Features) -> Vec<f32> {
    let mut sums = vec![0.0; features.shape.channels];
    for cell in features.values().chunks_exact(features.stride()) {
        for (sum, value) in sums.iter_mut().zip(cell) {
            *sum += f64::from(value.max(0.0));
        }
    }
    let cells = features.cells() as f64;
    sums.into_iter().map(|sum| (sum / cells) as f32).collect()
}

/// `features * kernel + bias`: the logits.
pub(super) fn logits(threads: &Threads, head: &Head, features: &[f32]) -> Result<Vec<f64>, NetworkError> {
    let classes = head.bias.len();
    let mut parts = vec![0.0; features.len().div_ceil(PART) * classes];
    with_values(&head.kernel, |kernel| {
        let sources = kernel.chunks(PART * classes).zip(features.chunks(PART));
        threads.each(
            sources.zip(parts.chunks_mut(classes)),
            |_, ((kernel, features), totals)| {
                let mut sums = vec![0.0; classes];
                for (rows, features) in kernel.chunks(SHORT_SUM * classes).zip(features.chunks(SHORT_SUM)) {
                    sums.fill(0.0);
                    for (row, feature) in rows.chunks_exact(classes).zip(features) {
                        for (sum, weight) in sums.iter_mut().zip(row) {
                            *sum += feature * weight;
                        }
                    }
                    for (total, sum) in totals.iter_mut().zip(&sums) {
                        *total += f64::from(*sum);
                    }
                }
            },
        );
    })?;
    let mut logits: Vec<f64> = head.bias.iter().map(|bias| f64::from(*bias)).collect();
    for part in parts.chunks_exact(classes) {
        for (logit, part) in logits.iter_mut().zip(part) {
            *logit += part;
        }
    }
    Ok(logits)
}

/// The gradient of a score with respect to every cell of the last feature layer (it is the same in all cells), from
/// its gradient with respect to the logits: `kernel * gradient / cells`.
pub(super) fn feature_gradient(
    threads: &Threads,
    kernel: &Tensor,
    gradient: &[f64],
    cells: usize,
) -> Result<Vec<f64>, NetworkError> {
    with_values(kernel, |kernel| {
        let mut features = vec![0.0; kernel.len() / gradient.len().max(1)];
        threads.each(features.chunks_mut(PART).enumerate(), |_, (part, features)| {
            let rows = kernel.chunks_exact(gradient.len()).skip(part * PART);
            for (feature, row) in features.iter_mut().zip(rows) {
                let products = row
                    .iter()
                    .zip(gradient)
                    .map(|(weight, gradient)| f64::from(*weight) * gradient);
                *feature = products.sum::<f64>() / cells as f64;
            }
        });
        features
    })
}
