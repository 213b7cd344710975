//! Layers as plain arithmetic on the CPU, in f64 between layers: forward and vector-Jacobian product side by side.
//!
//! This is how heads run, whose values are few, and whatever the engine has no kernel for. Each family of layers has a
//! file: [`dense`], [`norm`], [`pool`], [`depthwise`]; functions of single values are [`Activation`]'s own.
//!
//! [`Activation`]: super::activation::Activation

mod dense;
mod depthwise;
mod norm;
mod pool;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;

pub use dense::{DensePart, Workers, magnitude, multiply};

use super::layer::Layer;
use super::network::NetworkError;
use super::op::Op;
use super::plan::Plan;
use super::shape::Shape;
use dense::Dense;

/// A layer with one input, ready to run.
pub struct PlainLayer {
    op: Op,
    input: Shape,
    output: Shape,
    weights: Weights,
}

/// What a layer's tensors have become.
enum Weights {
    None,
    /// `x * scale + shift`.
    Scale(Scale),
    Dense(Dense),
    /// Any other tensors, in the order of [`Op::tensors`].
    Tensors(Vec<Vec<f32>>),
}

impl PlainLayer {
    /// Whether there is arithmetic for an operation here.
    pub fn knows(op: &Op) -> bool {
        match op {
            // a matrix product over channels, as heads have them behind a pooling that keeps its dimensions
            Op::Conv { window, groups: 1, .. } => window.is_pointwise(),
            Op::Input | Op::Conv { .. } | Op::SeparableConv | Op::Add => false,
            _ => true,
        }
    }

    /// Reads the tensors of a layer of the plan.
    ///
    /// # Errors
    /// A tensor that `vb` cannot give, or an operation that [`PlainLayer::knows`] not.
    pub fn load(plan: &Plan, layer: &Layer, vb: &VarBuilder) -> Result<Self, NetworkError> {
        let (Some(&input), true) = (layer.inputs.first(), Self::knows(&layer.op)) else {
            return Err(candle_core::Error::msg(format!("{} has no plain arithmetic", layer.name)).into());
        };
        let input = plan.layer(input).shape;
        let vb = vb.pp(&layer.weights);
        let tensors = layer.op.tensors(input, layer.shape).into_iter();
        let tensors: Vec<Vec<f32>> = tensors
            .map(|(name, shape)| Ok(tensor(&vb, &shape, name)?.flatten_all()?.to_vec1()?))
            .collect::<Result<_, NetworkError>>()?;
        let weights = match &layer.op {
            Op::Affine { .. } | Op::Normalize | Op::BatchNorm { .. } => {
                Weights::Scale(Scale::new(&layer.op, &tensors, layer.shape.channels))
            }
            Op::Dense { .. } | Op::Conv { .. } => Weights::Dense(Dense::new(tensors, layer.shape.channels)),
            _ if tensors.is_empty() => Weights::None,
            _ => Weights::Tensors(tensors),
        };
        Ok(Self {
            op: layer.op.clone(),
            input,
            output: layer.shape,
            weights,
        })
    }

    /// What the layer computes.
    pub fn op(&self) -> &Op {
        &self.op
    }

    /// The output from the input, both `[height, width, channels]`.
    pub fn forward(&self, x: &[f64], workers: &dyn Workers) -> Vec<f64> {
        let channels = self.input.channels;
        match (&self.op, &self.weights) {
            (_, Weights::Scale(scale)) => scale.forward(x),
            (_, Weights::Dense(dense)) => dense.forward(x, workers),
            (Op::Depthwise { window, .. }, Weights::Tensors(tensors)) => {
                depthwise::forward(x, self.input, self.output, *window, tensors)
            }
            (Op::LayerNorm { epsilon, scale, center }, weights) => {
                norm::layer_norm(x, channels, *epsilon, affine(weights, *scale, *center))
            }
            (Op::PRelu { alpha }, Weights::Tensors(tensors)) => {
                let mut values = x.to_vec();
                each_alpha(self.input, *alpha, tensors, |at, alpha| {
                    if x[at] < 0.0 {
                        values[at] *= alpha;
                    }
                });
                values
            }
            (Op::UnitNorm, _) => norm::unit_norm(x, channels),
            (Op::Activation(activation), _) => {
                let mut values = x.to_vec();
                activation.apply(&mut values, channels);
                values
            }
            (Op::Reorder { channels: order }, _) => x
                .chunks_exact(channels)
                .flat_map(|cell| order.iter().map(|&channel| cell[channel]))
                .collect(),
            (Op::MaxPool { window }, _) => pool::maximum(x, self.input, self.output, *window),
            (Op::AveragePool { window }, _) => pool::average(x, self.input, self.output, *window),
            (Op::GlobalAveragePool, _) => pool::global_average(x, channels),
            (Op::GlobalMaxPool, _) => pool::global_maximum(x, channels),
            _ => x.to_vec(),
        }
    }

    /// The gradient of the input from that of the output, `gradient`; `x` and `y` are input and output.
    pub fn backward(&self, mut gradient: Vec<f64>, x: &[f64], y: &[f64]) -> Vec<f64> {
        let channels = self.input.channels;
        match (&self.op, &self.weights) {
            (_, Weights::Scale(scale)) => scale.backward(gradient),
            (_, Weights::Dense(dense)) => dense.backward(&gradient),
            (Op::Depthwise { window, .. }, Weights::Tensors(tensors)) => {
                depthwise::backward(&gradient, self.input, self.output, *window, tensors)
            }
            (Op::LayerNorm { epsilon, scale, .. }, weights) => {
                norm::layer_norm_backward(gradient, x, channels, *epsilon, affine(weights, *scale, false).0)
            }
            (Op::PRelu { alpha }, Weights::Tensors(tensors)) => {
                each_alpha(self.input, *alpha, tensors, |at, alpha| {
                    if x[at] <= 0.0 {
                        gradient[at] *= alpha;
                    }
                });
                gradient
            }
            (Op::UnitNorm, _) => norm::unit_norm_backward(gradient, x, channels),
            (Op::Activation(activation), _) => {
                activation.pass_back(&mut gradient, x, channels);
                gradient
            }
            (Op::Reorder { channels: order }, _) => {
                let mut sums = vec![0.0; x.len()];
                for (sums, cell) in sums.chunks_exact_mut(channels).zip(gradient.chunks_exact(order.len())) {
                    for (&channel, g) in order.iter().zip(cell) {
                        sums[channel] += g;
                    }
                }
                sums
            }
            (Op::MaxPool { window }, _) => pool::maximum_backward(&gradient, x, y, self.input, self.output, *window),
            (Op::AveragePool { window }, _) => pool::average_backward(&gradient, self.input, self.output, *window),
            (Op::GlobalAveragePool, _) => pool::global_average_backward(&gradient, self.input),
            (Op::GlobalMaxPool, _) => pool::global_maximum_backward(&gradient, x, y),
            _ => gradient,
        }
    }

    /// Factors and summands if the layer is nothing else.
    pub(super) fn scale(&self) -> Option<&Scale> {
        match &self.weights {
            Weights::Scale(scale) => Some(scale),
            _ => None,
        }
    }

    /// The dense layer's matrix if this is one.
    pub(super) fn dense(&self) -> Option<&Dense> {
        match &self.weights {
            Weights::Dense(dense) => Some(dense),
            _ => None,
        }
    }
}

pub(super) use dense::Dense as DenseLayer;
pub(super) use norm::Scale;

/// Gamma and beta of a layer normalisation, as far as it has them.
fn affine(weights: &Weights, scale: bool, center: bool) -> (Option<&[f32]>, Option<&[f32]>) {
    let Weights::Tensors(tensors) = weights else {
        return (None, None);
    };
    let mut tensors = tensors.iter().map(Vec::as_slice);
    let gamma = if scale { tensors.next() } else { None };
    (gamma, if center { tensors.next() } else { None })
}

/// Calls `with` for each value of a map and the slope that belongs to it.
fn each_alpha(map: Shape, alpha: Shape, tensors: &[Vec<f32>], mut with: impl FnMut(usize, f64)) {
    let Some(values) = tensors.first() else { return };
    let position = |at: usize, side: usize| if side == 1 { 0 } else { at };
    for at in 0..map.len() {
        let (cell, channel) = (at / map.channels, at % map.channels);
        let row = position(cell / map.width, alpha.height);
        let column = position(cell % map.width, alpha.width);
        let channel = position(channel, alpha.channels);
        with(
            at,
            f64::from(values[(row * alpha.width + column) * alpha.channels + channel]),
        );
    }
}

/// A tensor in f32 on the CPU.
pub(super) fn tensor(vb: &VarBuilder, shape: &[usize], name: &str) -> Result<Tensor, NetworkError> {
    let tensor = vb.get_with_hints_dtype(shape, name, Default::default(), DType::F32)?;
    Ok(tensor.to_device(&Device::Cpu)?.contiguous()?)
}
