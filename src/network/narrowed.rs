//! The way back through dense layers with ReLUs between them, for the units of one pass that are on.
//!
//! A ReLU that is off lets no gradient through, whatever the class. In VGG's head two layers of 4096 units are mostly
//! off, so of their 17 million weights few are needed, and those are put together once an image.

use super::activation::Activation;
use super::op::Op;
use super::plain::{DenseLayer, PlainLayer, multiply};

/// Kernels of a head without the rows and columns of units that are off.
#[derive(Clone, Debug)]
pub(super) struct Narrowed {
    /// The inputs of each, and its values `[inputs, outputs]`, from the first to the last.
    kernels: Vec<(usize, Vec<f32>)>,
}

impl Narrowed {
    /// Narrows the dense layers among `layers`, whose outputs are `outputs`; `first` is the kernel of the first of them
    /// as `[channels, outputs]`. None where there is but one, or anything else than a ReLU between them.
    pub(super) fn new(layers: &[PlainLayer], outputs: &[Vec<f64>], first: &[f32]) -> Option<Self> {
        let mut dense: Vec<(&DenseLayer, usize)> = Vec::new();
        // the units of the last dense layer that are on, once its ReLU was met
        let mut on: Vec<Vec<usize>> = Vec::new();
        for (layer, output) in layers.iter().zip(outputs) {
            match layer.op() {
                Op::Dense { .. } if on.len() == dense.len() => dense.push((layer.dense()?, output.len())),
                Op::Identity => {}
                Op::Activation(activation) if *activation == Activation::RELU && on.len() + 1 == dense.len() => {
                    on.push((0..output.len()).filter(|&unit| output[unit] > 0.0).collect());
                }
                _ => return None,
            }
        }
        if dense.len() < 2 || on.len() + 1 != dense.len() {
            return None;
        }
        let mut kernels = Vec::with_capacity(dense.len());
        for (index, (layer, outputs)) in dense.iter().enumerate() {
            let kernel = if index == 0 { first } else { &layer.kernel };
            let all: Vec<&[f32]> = kernel.chunks_exact(*outputs).collect();
            let rows: Vec<&[f32]> = match index.checked_sub(1) {
                None => all,
                Some(before) => on[before].iter().map(|&row| all[row]).collect(),
            };
            let values = match on.get(index) {
                None => rows.concat(),
                Some(columns) => rows
                    .iter()
                    .flat_map(|row| columns.iter().map(|&column| row[column]))
                    .collect(),
            };
            kernels.push((rows.len(), values));
        }
        Some(Self { kernels })
    }

    /// The gradient of the units carried to the input of the first dense layer, in sum over cells: `[channels]`.
    pub(super) fn back(&self, units: &[f64]) -> Vec<f64> {
        let mut gradient = units.to_vec();
        for (inputs, kernel) in self.kernels.iter().rev() {
            gradient = match gradient.is_empty() {
                // none is on, so nothing comes back
                true => vec![0.0; *inputs],
                false => multiply(kernel, &gradient),
            };
        }
        gradient
    }
}
