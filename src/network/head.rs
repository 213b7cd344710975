//! The head of a network, from its last map to its logits: a few layers, mostly in a chain, on the CPU.
//!
//! It is small enough that any score's gradient at the last map is a matter of a millisecond, so explanations there need
//! no backward sweep, and no network: they keep the head and what it saw.

use std::sync::OnceLock;

use candle_nn::VarBuilder;

use super::narrowed::Narrowed;
use super::network::{NetworkError, ReluRule};
use super::op::Op;
use super::plain::{DenseLayer, PlainLayer, Workers};
use super::plan::Plan;
use super::shape::Shape;

/// The layers behind [`Plan::last_feature_layer`].
pub struct Head {
    /// Shape of the last map.
    input: Shape,
    layers: Vec<PlainLayer>,
    /// What each layer reads: 0 is the last map, `i + 1` the head's layer `i`.
    inputs: Vec<Vec<usize>>,
    /// Leading layers that hand on, in sum over cells, the gradient that they get: pools, and what does nothing.
    pools: usize,
    /// Whether each layer reads the one before it.
    is_chain: bool,
    /// See [`Plan::linear_head`].
    is_linear: bool,
    /// The dense layer behind a flattening with its rows summed over cells; made when it is first used.
    summed: OnceLock<Vec<f32>>,
}

/// What the head saw in one pass: the last map, and the output of each of its layers, the logits at the end.
#[derive(Clone, Debug)]
pub struct HeadPass {
    /// The last map, then the output of each layer.
    values: Vec<Vec<f64>>,
    /// What of the dense layers behind a flattening is on; made when it is first used.
    narrowed: OnceLock<Option<Narrowed>>,
}

impl HeadPass {
    /// One value a unit.
    pub fn logits(&self) -> &[f64] {
        self.values.last().map_or(&[], Vec::as_slice)
    }

    /// The output of the head's layer of this index.
    pub fn output(&self, layer: usize) -> Option<&[f64]> {
        self.values.get(layer + 1).map(Vec::as_slice)
    }
}

impl Head {
    /// Reads the weights of the plan's head.
    ///
    /// # Errors
    /// A tensor that `vb` cannot give, or a layer that no head can have.
    pub fn load(plan: &Plan, vb: &VarBuilder) -> Result<Self, NetworkError> {
        let layers = plan.head().iter().map(|layer| PlainLayer::load(plan, layer, vb));
        let layers: Vec<PlainLayer> = layers.collect::<Result<_, _>>()?;
        let hands_on = |layer: &&PlainLayer| {
            matches!(
                layer.op(),
                Op::Identity | Op::AveragePool { .. } | Op::MaxPool { .. } | Op::GlobalAveragePool | Op::GlobalMaxPool
            )
        };
        let last = plan.last_feature_layer();
        let inputs = plan.head().iter().map(|layer| {
            let places = layer.inputs.iter().map(|input| input.0.checked_sub(last.0));
            let outside = || candle_core::Error::msg(format!("{} reads more than the last map", layer.name));
            places.collect::<Option<Vec<_>>>().ok_or_else(outside)
        });
        let is_chain = plan.head_is_chain();
        Ok(Self {
            input: plan.layer(last).shape,
            pools: match is_chain {
                true => layers.iter().take_while(hands_on).count(),
                false => 0,
            },
            is_chain,
            is_linear: plan.linear_head().is_some(),
            inputs: inputs.collect::<Result<_, _>>()?,
            layers,
            summed: OnceLock::new(),
        })
    }

    /// Shape of the last map.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// The kernel `[channels, units]` of a head that is a global average and one dense layer; none if it is another.
    pub(super) fn linear_kernel(&self) -> Option<&[f32]> {
        self.is_linear.then_some(())?;
        self.layers
            .iter()
            .find_map(PlainLayer::dense)
            .map(|dense| dense.kernel.as_slice())
    }

    /// From the last map, `[height, width, channels]`, to the logits.
    pub fn forward(&self, features: Vec<f64>, workers: &dyn Workers) -> HeadPass {
        let mut values = Vec::with_capacity(self.layers.len() + 1);
        values.push(features);
        for (layer, inputs) in self.layers.iter().zip(&self.inputs) {
            let inputs: Vec<&[f64]> = inputs.iter().map(|&input: &usize| values[input].as_slice()).collect();
            let output = layer.forward(&inputs, workers);
            values.push(output);
        }
        HeadPass {
            values,
            narrowed: OnceLock::new(),
        }
    }

    /// The gradient of a score with respect to the last map, `[height, width, channels]`, from that with respect to the
    /// units, as ReLUs pass it by `rule`.
    pub fn gradient(&self, pass: &HeadPass, units: &[f64], rule: ReluRule) -> Vec<f64> {
        self.back_to(0, pass, units, rule)
    }

    /// The same, averaged over all cells: Grad-CAM's alpha, `[channels]`.
    ///
    /// A pool hands on the whole gradient that it gets, whichever cells receive it, so the mean needs no way back
    /// through it. Nor does a flattening before a dense layer, whose rows can be added up beforehand.
    pub fn gradient_mean(&self, pass: &HeadPass, units: &[f64]) -> Vec<f64> {
        let channels = self.input.channels;
        let cells = self.input.cells() as f64;
        if let Some((behind, summed)) = self.summed() {
            let narrowed = || Narrowed::new(&self.layers[behind - 1..], &pass.values[behind..], summed);
            if let Some(narrowed) = pass.narrowed.get_or_init(narrowed) {
                let sums = narrowed.back(units);
                return sums.into_iter().map(|sum| sum / cells).collect();
            }
            let gradient = self.back_to(behind, pass, units, ReluRule::True);
            let sums = super::plain::multiply(summed, &gradient);
            return sums.into_iter().map(|sum| sum / cells).collect();
        }
        let gradient = self.back_to(self.pools, pass, units, ReluRule::True);
        let mut means = vec![0.0; channels];
        for cell in gradient.chunks_exact(channels) {
            for (mean, g) in means.iter_mut().zip(cell) {
                *mean += g / cells;
            }
        }
        means
    }

    /// Grad-CAM's map of a score, `[height, width]`, before the ReLU: the last map weighted by the score's
    /// [mean gradient](Head::gradient_mean).
    pub fn map(&self, pass: &HeadPass, units: &[f64]) -> Vec<f64> {
        let alpha = self.gradient_mean(pass, units);
        let cells = pass.values[0].chunks_exact(self.input.channels);
        cells
            .map(|cell| cell.iter().zip(&alpha).map(|(a, weight)| a * weight).sum())
            .collect()
    }

    /// Where a dense layer follows a flattening: the index of the layer behind it, and its matrix summed over cells,
    /// `[channels, outputs]`.
    fn summed(&self) -> Option<(usize, &[f32])> {
        if !self.is_chain {
            return None;
        }
        let is = |index: usize, op: fn(&Op) -> bool| self.layers.get(index).is_some_and(|layer| op(layer.op()));
        if !is(self.pools, |op| *op == Op::Flatten) {
            return None;
        }
        let mut at = self.pools + 1;
        while is(at, |op| *op == Op::Identity) {
            at += 1;
        }
        let dense: &DenseLayer = self.layers.get(at)?.dense()?;
        let summed = self.summed.get_or_init(|| dense.summed_over_cells(self.input.channels));
        Some((at + 1, summed))
    }

    /// The gradient with respect to the output in front of the layer `first`.
    fn back_to(&self, first: usize, pass: &HeadPass, units: &[f64], rule: ReluRule) -> Vec<f64> {
        let mut gradients: Vec<Option<Vec<f64>>> = vec![None; self.layers.len() + 1];
        gradients[self.layers.len()] = Some(units.to_vec());
        for (index, (layer, inputs)) in self.layers.iter().zip(&self.inputs).enumerate().skip(first).rev() {
            let Some(mut gradient) = gradients[index + 1].take() else {
                continue;
            };
            if rule == ReluRule::Guided && layer.op().is_rectifier() {
                gradient.iter_mut().for_each(|g| *g = g.max(0.0));
            }
            let seen: Vec<&[f64]> = inputs.iter().map(|&input| pass.values[input].as_slice()).collect();
            let parts = layer.backward(gradient, &seen, &pass.values[index + 1]);
            for (&input, part) in inputs.iter().zip(parts) {
                match &mut gradients[input] {
                    Some(sum) => sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part),
                    empty => *empty = Some(part),
                }
            }
        }
        gradients[first]
            .take()
            .unwrap_or_else(|| vec![0.0; pass.values[first].len()])
    }
}
