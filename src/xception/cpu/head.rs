//! The end of the network: global average and dense layer, forward and backward.
//!
//! The dense layer reads 8 MB of weights for a single product with a vector, so memory is the limit and plain loops
//! are enough. Sums are kept in f64, because differences of logits matter.

use candle_core::{DType, Tensor};
use candle_nn::VarBuilder;

use super::CpuNetwork;
use super::buffer::Features;
use super::gather::{Gate, Patches, Rows};
use super::isa::Isa;
use super::nodes::{source, tensor, vector, with_values};
use super::pack::Packed;
use super::product::Product;
use super::threads::Threads;
use crate::xception::network::{Head, NetworkError};
use crate::xception::plan::{Plan, Shape};

/// Rows of the kernel that are summed in f32 before they are added up in f64.
const SHORT_SUM: usize = 16;
/// Rows of the kernel, one a channel, that one thread takes at a time: fixed, so that results do not depend on the
/// number of threads.
const PART: usize = 128;

/// Reads the dense layer, and packs its kernel divided by the number of cells that are averaged.
pub(super) fn load(isa: Isa, plan: &Plan, vb: &VarBuilder) -> Result<(Head, Packed), NetworkError> {
    let shape = plan.layer(plan.last_feature_layer()).shape;
    let vb = vb.pp("predictions");
    let classes = plan.architecture.classes;
    let head = Head {
        kernel: tensor(&vb, &[shape.channels, classes], "kernel")?.to_dtype(DType::F32)?,
        bias: vector(&vb, classes, "bias")?,
    };
    let scale = vec![1.0 / shape.cells() as f32; classes];
    let shares = with_values(&head.kernel, |kernel| {
        Packed::new(isa, kernel, 1, shape.channels, classes, &scale)
    })?;
    Ok((head, shares))
}

/// Classes that one thread transposes at a time.
const CLASSES: usize = 64;

impl CpuNetwork {
    /// What each cell adds to each logit, `[classes, cells]`: the last feature layer times the packed kernel.
    pub(super) fn shares_of_cells(&self) -> Vec<f32> {
        let last = source(&self.nodes, self.plan.last_feature_layer());
        let features = &self.stored[last.layer.0];
        let (cells, classes) = (features.cells(), self.head.bias.len());
        let mut products = Features::zeros(
            1,
            Shape {
                channels: classes,
                ..features.shape
            },
        );
        let product = Product {
            rows: Rows::Patches(Patches {
                source: features,
                gate: if last.rectified { Gate::Relu } else { Gate::Open },
                kernel: 1,
                stride: 1,
                padding: 0,
            }),
            weights: self.shares.as_ref(),
            bias: None,
        };
        product.run(self.isa, &self.threads, &self.scratch, &mut products, None);
        let mut shares = vec![0.0; classes * cells];
        let parts = shares.chunks_mut(CLASSES * cells).enumerate();
        self.threads.each(parts, |_, (part, shares)| {
            for (cell, products) in products.values().chunks_exact(products.stride()).enumerate() {
                let products = &products[part * CLASSES..];
                for (row, product) in shares.chunks_exact_mut(cells).zip(products) {
                    row[cell] = *product;
                }
            }
        });
        shares
    }
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
