//! What layers compute, and the tensors they need for it.

use super::activation::Activation;
use super::shape::{Shape, Window};

/// Keras' smallest deviation in a normalisation of the input (`backend.epsilon()`).
pub const SMALLEST_DEVIATION: f64 = 1e-7;
/// Added to the squared length in a unit normalisation (`keras/src/utils/numerical_utils.py`).
pub(super) const UNIT_EPSILON: f64 = 1e-12;

/// What a layer computes. Maps are `[height, width, channels]`; what works on channels does so in each cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The picture as it comes in.
    Input,
    /// Its input, such as a dropout after training.
    Identity,
    /// `x * scale + shift` with constants of the graph, one value a channel.
    Affine {
        /// Factors.
        scale: Vec<f64>,
        /// Summands.
        shift: Vec<f64>,
    },
    /// Channels in another order, such as BGR for RGB: output channel `i` is input channel `channels[i]`.
    Reorder {
        /// One source a channel.
        channels: Vec<usize>,
    },
    /// `(x - mean) / max(sqrt(variance), 1e-7)` with tensors of the file (`keras/src/layers/preprocessing/normalization.py`).
    Normalize,
    /// A convolution of all channels; kernel `[height, width, in / groups, out]`.
    Conv {
        /// The window.
        window: Window,
        /// Groups of channels that do not see each other, 1 for all in one.
        groups: usize,
        /// Whether a bias is added.
        bias: bool,
        /// Name of the kernel's tensor.
        kernel: &'static str,
    },
    /// A convolution of each channel with `multiplier` kernels of its own; kernel `[height, width, in, multiplier]`.
    Depthwise {
        /// The window.
        window: Window,
        /// Outputs for each input channel.
        multiplier: usize,
        /// Whether a bias is added.
        bias: bool,
    },
    /// 3x3 depthwise with `same` zero padding, then 1x1 pointwise; nothing in between, no bias.
    SeparableConv,
    /// Batch normalisation with moving statistics (Ioffe and Szegedy 2015, algorithm 2).
    BatchNorm {
        /// Added to the variance.
        epsilon: f64,
        /// Whether there is a gamma.
        scale: bool,
        /// Whether there is a beta.
        center: bool,
    },
    /// Normalisation over the channels of a cell, with their biased variance (Ba et al. 2016).
    LayerNorm {
        /// Added to the variance.
        epsilon: f64,
        /// Whether there is a gamma.
        scale: bool,
        /// Whether there is a beta.
        center: bool,
    },
    /// The channels of a cell divided by their Euclidean length (`keras/src/layers/normalization/unit_normalization.py`).
    UnitNorm,
    /// A function of each value.
    Activation(Activation),
    /// `x` if positive, else `alpha * x`, with `alpha` of the given shape, whose sides are 1 or those of the map.
    PRelu {
        /// Shape of `alpha`.
        alpha: Shape,
    },
    /// The maximum under a window; padding never wins.
    MaxPool {
        /// The window.
        window: Window,
    },
    /// The mean under a window, of cells inside the map only.
    AveragePool {
        /// The window.
        window: Window,
    },
    /// Mean over all cells.
    GlobalAveragePool,
    /// Maximum over all cells.
    GlobalMaxPool,
    /// Sum of the two inputs.
    Add,
    /// Sum of all inputs, each times its factor: differences, means, scaled residual branches. Inputs with a single row,
    /// column or channel are repeated along it.
    WeightedSum {
        /// One an input.
        factors: Vec<f64>,
    },
    /// Product of all inputs, repeated as in [`Op::WeightedSum`]: squeeze-and-excitation multiplies a map with one cell.
    Multiply,
    /// The largest of all inputs of the same shape; where several are, the gradient goes to the first.
    Maximum,
    /// The smallest of all inputs of the same shape; where several are, the gradient goes to the first.
    Minimum,
    /// The channels of all inputs, one after the other.
    Concatenate,
    /// A border of zeros.
    ZeroPad {
        /// Rows above and columns left of the map.
        before: [usize; 2],
        /// Rows below and columns right of it.
        after: [usize; 2],
    },
    /// The map without its border.
    Crop {
        /// Rows above and columns on the left that are left out.
        before: [usize; 2],
        /// Rows below and columns on the right that are left out.
        after: [usize; 2],
    },
    /// Each cell as many times below and beside itself.
    Repeat {
        /// Rows and columns.
        times: [usize; 2],
    },
    /// As many cells for each, by bilinear interpolation between the centres of cells; beyond the outermost centres their
    /// values (`tf.image.resize`, which [`UpSampling2D`] calls).
    ///
    /// [`UpSampling2D`]: https://github.com/keras-team/keras/blob/master/keras/src/layers/reshaping/up_sampling2d.py
    Interpolate {
        /// Rows and columns.
        times: [usize; 2],
    },
    /// Each channel times its own factor (`keras/src/applications/convnext.py`, `LayerScale`).
    LayerScale,
    /// All values as one vector, row by row, cell by cell.
    Flatten,
    /// Matrix product over channels; kernel `[in, out]`.
    Dense {
        /// Whether a bias is added.
        bias: bool,
    },
}

/// A kernel `[taps, inputs / groups, outputs]` with zeros where groups do not see each other, `[taps, inputs, outputs]`.
pub(super) fn ungrouped(kernel: &[f32], inputs: usize, outputs: usize, groups: usize) -> Vec<f32> {
    let (rows, columns) = (inputs / groups, outputs / groups);
    let mut all = Vec::with_capacity(kernel.len() * groups);
    for tap in kernel.chunks_exact((rows * outputs).max(1)) {
        for input in 0..inputs {
            let (group, row) = (input / rows, &tap[input % rows * outputs..][..outputs]);
            all.extend(row.iter().enumerate().map(
                |(output, &weight)| {
                    if output / columns == group { weight } else { 0.0 }
                },
            ));
        }
    }
    all
}

impl Op {
    /// max(x, 0).
    pub const RELU: Self = Self::Activation(Activation::RELU);

    /// Whether its output is piecewise linear in its inputs.
    pub fn is_piecewise_linear(&self) -> bool {
        match self {
            Self::LayerNorm { .. } | Self::UnitNorm | Self::Multiply => false,
            Self::Activation(activation) => {
                matches!(activation, Activation::Relu { .. } | Activation::HardSigmoid { .. })
            }
            Self::Input
            | Self::Identity
            | Self::Affine { .. }
            | Self::Reorder { .. }
            | Self::Normalize
            | Self::Conv { .. }
            | Self::Depthwise { .. }
            | Self::SeparableConv
            | Self::BatchNorm { .. }
            | Self::PRelu { .. }
            | Self::MaxPool { .. }
            | Self::AveragePool { .. }
            | Self::GlobalAveragePool
            | Self::GlobalMaxPool
            | Self::Add
            | Self::WeightedSum { .. }
            | Self::Maximum
            | Self::Minimum
            | Self::Concatenate
            | Self::ZeroPad { .. }
            | Self::Crop { .. }
            | Self::Repeat { .. }
            | Self::Interpolate { .. }
            | Self::LayerScale
            | Self::Flatten
            | Self::Dense { .. } => true,
        }
    }

    /// Whether this is a plain ReLU.
    pub fn is_relu(&self) -> bool {
        *self == Self::RELU
    }

    /// Whether this is a matrix product over channels.
    pub fn is_dense(&self) -> bool {
        matches!(self, Self::Dense { .. })
    }

    /// Whether this is a ReLU, capped or not.
    pub fn is_rectifier(&self) -> bool {
        matches!(self, Self::Activation(activation) if activation.is_rectifier())
    }

    /// Whether each cell of the output depends on the same cell of the input alone.
    pub fn is_cellwise(&self) -> bool {
        !matches!(
            self,
            Self::Input
                | Self::Conv { .. }
                | Self::Depthwise { .. }
                | Self::SeparableConv
                | Self::MaxPool { .. }
                | Self::AveragePool { .. }
                | Self::GlobalAveragePool
                | Self::GlobalMaxPool
                | Self::Flatten
                | Self::ZeroPad { .. }
                | Self::Crop { .. }
                | Self::Repeat { .. }
                | Self::Interpolate { .. }
        ) && !self.joins()
    }

    /// Whether it has several inputs.
    pub fn joins(&self) -> bool {
        matches!(
            self,
            Self::Add | Self::WeightedSum { .. } | Self::Multiply | Self::Maximum | Self::Minimum | Self::Concatenate
        )
    }

    /// The shape of the output of a layer with this operation, which reads `input` and the `others`, with `outputs`
    /// output channels where it chooses them.
    pub fn output(&self, input: Shape, others: &[Shape], outputs: usize) -> Shape {
        let channels = |channels| Shape { channels, ..input };
        match self {
            Self::WeightedSum { .. } | Self::Multiply => others.iter().fold(input, |shape, other| Shape {
                height: shape.height.max(other.height),
                width: shape.width.max(other.width),
                channels: shape.channels.max(other.channels),
            }),
            Self::Concatenate => channels(
                others
                    .iter()
                    .fold(input.channels, |sum, other| sum.saturating_add(other.channels)),
            ),
            Self::ZeroPad { before, after } => Shape {
                height: input.height.saturating_add(before[0]).saturating_add(after[0]),
                width: input.width.saturating_add(before[1]).saturating_add(after[1]),
                ..input
            },
            Self::Crop { before, after } => Shape {
                height: input.height.saturating_sub(before[0]).saturating_sub(after[0]),
                width: input.width.saturating_sub(before[1]).saturating_sub(after[1]),
                ..input
            },
            Self::Repeat { times } | Self::Interpolate { times } => Shape {
                height: input.height.saturating_mul(times[0]),
                width: input.width.saturating_mul(times[1]),
                ..input
            },
            Self::Conv { window, .. } => window.output(channels(outputs)),
            Self::Depthwise { window, multiplier, .. } => {
                window.output(channels(input.channels.saturating_mul(*multiplier)))
            }
            Self::SeparableConv | Self::Dense { .. } => channels(outputs),
            Self::MaxPool { window } | Self::AveragePool { window } => window.output(input),
            Self::GlobalAveragePool | Self::GlobalMaxPool => Shape::vector(input.channels),
            Self::Flatten => Shape::vector(input.checked_len().unwrap_or(usize::MAX)),
            _ => input,
        }
    }

    /// The tensors of a layer that takes `input` to `output`, with their shapes in Keras' layout and order.
    pub fn tensors(&self, input: Shape, output: Shape) -> Vec<(&'static str, Vec<usize>)> {
        let (inputs, outputs) = (input.channels, output.channels);
        let vector = |name| (name, vec![outputs]);
        let mut tensors = Vec::new();
        match self {
            Self::Normalize => tensors.extend([vector("mean"), vector("variance")]),
            Self::Conv {
                window,
                groups,
                bias,
                kernel,
            } => {
                let [height, width] = window.kernel;
                tensors.push((*kernel, vec![height, width, inputs / groups, outputs]));
                tensors.extend(bias.then(|| vector("bias")));
            }
            Self::Depthwise {
                window,
                multiplier,
                bias,
            } => {
                let [height, width] = window.kernel;
                tensors.push(("depthwise_kernel", vec![height, width, inputs, *multiplier]));
                tensors.extend(bias.then(|| vector("bias")));
            }
            Self::SeparableConv => tensors.extend([
                ("depthwise_kernel", vec![3, 3, inputs, 1]),
                ("pointwise_kernel", vec![1, 1, inputs, outputs]),
            ]),
            Self::BatchNorm { scale, center, .. } => {
                tensors.extend(scale.then(|| vector("gamma")));
                tensors.extend(center.then(|| vector("beta")));
                tensors.extend([vector("moving_mean"), vector("moving_variance")]);
            }
            Self::LayerNorm { scale, center, .. } => {
                tensors.extend(scale.then(|| vector("gamma")));
                tensors.extend(center.then(|| vector("beta")));
            }
            Self::LayerScale => tensors.push(vector("gamma")),
            Self::PRelu { alpha } => tensors.push((
                "alpha",
                if input.cells() == 1 && alpha.cells() == 1 {
                    vec![alpha.channels]
                } else {
                    vec![alpha.height, alpha.width, alpha.channels]
                },
            )),
            Self::Dense { bias } => {
                tensors.push(("kernel", vec![inputs, outputs]));
                tensors.extend(bias.then(|| vector("bias")));
            }
            _ => {}
        }
        tensors
    }
}
