//! Layers as plain arithmetic on the CPU, in f64 between layers: forward and vector-Jacobian product side by side.
//!
//! This is how heads run, whose values are few, and whatever the engine has no kernel for. Each family of layers has a
//! file: [`dense`], [`convolution`], [`depthwise`], [`norm`], [`pool`], [`join`], [`place`], [`interpolate`]; functions of single values
//! are [`Activation`]'s own.
//!
//! [`Activation`]: super::activation::Activation

mod convolution;
mod dense;
mod depthwise;
mod interpolate;
mod join;
mod norm;
mod place;
mod pool;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;

pub use dense::{DensePart, Workers, magnitude, multiply};

use super::layer::Layer;
use super::network::NetworkError;
use super::op::Op;
use super::plan::Plan;
use super::shape::{Padding, Shape, Window};
use dense::Dense;

/// A layer, ready to run.
pub struct PlainLayer {
    op: Op,
    /// One an input.
    inputs: Vec<Shape>,
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

impl Weights {
    fn tensors(&self) -> &[Vec<f32>] {
        match self {
            Self::Tensors(tensors) => tensors,
            _ => &[],
        }
    }
}

impl PlainLayer {
    /// Reads the tensors of a layer of the plan.
    ///
    /// # Errors
    /// A tensor that `vb` cannot give, or a layer that reads nothing.
    pub fn load(plan: &Plan, layer: &Layer, vb: &VarBuilder) -> Result<Self, NetworkError> {
        let inputs: Vec<Shape> = layer.inputs.iter().map(|&input| plan.layer(input).shape).collect();
        let Some(&input) = inputs.first() else {
            return Err(candle_core::Error::msg(format!("{} reads nothing", layer.name)).into());
        };
        let vb = vb.pp(&layer.weights);
        let tensors = layer.op.tensors(input, layer.shape).into_iter();
        let tensors: Vec<Vec<f32>> = tensors
            .map(|(name, shape)| Ok(tensor(&vb, &shape, name)?.flatten_all()?.to_vec1()?))
            .collect::<Result<_, NetworkError>>()?;
        let weights = match &layer.op {
            Op::Affine { .. } | Op::Normalize | Op::BatchNorm { .. } | Op::LayerScale => {
                Weights::Scale(Scale::new(&layer.op, &tensors, layer.shape.channels))
            }
            Op::Dense { .. } => Weights::Dense(Dense::new(tensors, layer.shape.channels)),
            // a matrix product over channels, as heads have them behind a pooling that keeps its dimensions
            Op::Conv { window, groups: 1, .. } if window.is_pointwise() => {
                Weights::Dense(Dense::new(tensors, layer.shape.channels))
            }
            _ if tensors.is_empty() => Weights::None,
            _ => Weights::Tensors(tensors),
        };
        Ok(Self {
            op: layer.op.clone(),
            inputs,
            output: layer.shape,
            weights,
        })
    }

    /// What the layer computes.
    pub fn op(&self) -> &Op {
        &self.op
    }

    /// The output from the inputs, all `[height, width, channels]`.
    pub fn forward(&self, inputs: &[&[f64]], workers: &dyn Workers) -> Vec<f64> {
        let (x, input, output) = (inputs[0], self.inputs[0], self.output);
        let (channels, tensors) = (input.channels, self.weights.tensors());
        match (&self.op, &self.weights) {
            (_, Weights::Scale(scale)) => scale.forward(x),
            (_, Weights::Dense(dense)) => dense.forward(x, workers),
            (Op::Conv { window, groups, .. }, _) => convolution::forward(x, input, output, *window, *groups, tensors),
            (Op::Depthwise { window, .. }, _) => depthwise::forward(x, input, output, *window, tensors),
            (Op::SeparableConv, _) => {
                let filtered = depthwise::forward(x, input, input, Window::SEPARABLE, &tensors[..1]);
                let pointwise = Window::square(1, 1, Padding::Valid);
                convolution::forward(&filtered, input, output, pointwise, 1, &tensors[1..])
            }
            (Op::LayerNorm { epsilon, scale, center }, weights) => {
                norm::layer_norm(x, channels, *epsilon, affine(weights, *scale, *center))
            }
            (Op::PRelu { alpha }, _) => {
                let mut values = x.to_vec();
                each_alpha(input, *alpha, tensors, |at, alpha| {
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
            (Op::MaxPool { window }, _) => pool::maximum(x, input, output, *window),
            (Op::AveragePool { window }, _) => pool::average(x, input, output, *window),
            (Op::GlobalAveragePool, _) => pool::global_average(x, channels),
            (Op::GlobalMaxPool, _) => pool::global_maximum(x, channels),
            (Op::Add, _) => join::weighted_sum(inputs, &self.inputs, output, |_| 1.0),
            (Op::WeightedSum { factors }, _) => {
                join::weighted_sum(inputs, &self.inputs, output, |index| factors[index])
            }
            (Op::Multiply, _) => join::multiply(inputs, &self.inputs, output),
            (Op::Maximum, _) => join::extreme(inputs, |value, found| value > found),
            (Op::Minimum, _) => join::extreme(inputs, |value, found| value < found),
            (Op::Concatenate, _) => join::concatenate(inputs, &self.inputs, output),
            (Op::ZeroPad { .. } | Op::Crop { .. } | Op::Repeat { .. }, _) => place::forward(&self.op, x, input, output),
            (Op::Interpolate { times }, _) => interpolate::forward(x, input, output, *times),
            _ => x.to_vec(),
        }
    }

    /// The gradients of the inputs from that of the output, `gradient`; `y` is the output.
    pub fn backward(&self, gradient: Vec<f64>, inputs: &[&[f64]], y: &[f64]) -> Vec<Vec<f64>> {
        let (shapes, output) = (self.inputs.as_slice(), self.output);
        match &self.op {
            Op::Add => join::weighted_sum_backward(&gradient, shapes, output, |_| 1.0),
            Op::WeightedSum { factors } => {
                join::weighted_sum_backward(&gradient, shapes, output, |index| factors[index])
            }
            Op::Multiply => join::multiply_backward(&gradient, inputs, shapes, output),
            Op::Maximum | Op::Minimum => join::extreme_backward(&gradient, inputs, y),
            Op::Concatenate => join::concatenate_backward(&gradient, shapes, output),
            _ => vec![self.backward_single(gradient, inputs[0], y)],
        }
    }

    /// The gradient of the only input, `x`.
    fn backward_single(&self, mut gradient: Vec<f64>, x: &[f64], y: &[f64]) -> Vec<f64> {
        let (input, output) = (self.inputs[0], self.output);
        let (channels, tensors) = (input.channels, self.weights.tensors());
        match (&self.op, &self.weights) {
            (_, Weights::Scale(scale)) => scale.backward(gradient),
            (_, Weights::Dense(dense)) => dense.backward(&gradient),
            (Op::Conv { window, groups, .. }, _) => {
                convolution::backward(&gradient, input, output, *window, *groups, tensors)
            }
            (Op::Depthwise { window, .. }, _) => depthwise::backward(&gradient, input, output, *window, tensors),
            (Op::SeparableConv, _) => {
                let pointwise = Window::square(1, 1, Padding::Valid);
                let filtered = convolution::backward(&gradient, input, output, pointwise, 1, &tensors[1..]);
                depthwise::backward(&filtered, input, input, Window::SEPARABLE, &tensors[..1])
            }
            (Op::LayerNorm { epsilon, scale, .. }, weights) => {
                norm::layer_norm_backward(gradient, x, channels, *epsilon, affine(weights, *scale, false).0)
            }
            (Op::PRelu { alpha }, _) => {
                each_alpha(input, *alpha, tensors, |at, alpha| {
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
            (Op::MaxPool { window }, _) => pool::maximum_backward(&gradient, x, y, input, output, *window),
            (Op::AveragePool { window }, _) => pool::average_backward(&gradient, input, output, *window),
            (Op::GlobalAveragePool, _) => pool::global_average_backward(&gradient, input),
            (Op::GlobalMaxPool, _) => pool::global_maximum_backward(&gradient, x, y),
            (Op::ZeroPad { .. } | Op::Crop { .. } | Op::Repeat { .. }, _) => {
                place::backward(&self.op, &gradient, input, output)
            }
            (Op::Interpolate { times }, _) => interpolate::backward(&gradient, input, output, *times),
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
