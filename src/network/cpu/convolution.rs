//! Convolutions as the engine keeps them: batch normalisation folded in, weights in the order of the kernels.

use candle_core::{CpuStorage, Storage, Tensor};
use candle_nn::VarBuilder;

use super::buffer::{Buffer, padded};
use super::depthwise::DepthwiseWeights;
use super::isa::Isa;
use super::nodes::{Node, bordered, is_each_channel};
use super::pack::Packed;
use crate::network::layer::LayerId;
use crate::network::network::NetworkError;
use crate::network::op::{Op, ungrouped};
use crate::network::plain::tensor;
use crate::network::plan::Plan;
use crate::network::shape::{Padding, Window};

/// What a convolution is made of, its weights already multiplied by its `scale`.
pub(super) enum Kind {
    /// The pixels under a window.
    Image { window: Window, weights: Packed },
    /// The cells under a window.
    Patches { window: Window, weights: Packed },
    /// Depthwise 3x3 before the matrix product.
    Separable {
        depthwise: DepthwiseWeights,
        weights: Packed,
    },
    /// Each channel by itself.
    Depthwise(DepthwiseWeights),
}

impl Kind {
    /// The weights of its product, if there is one.
    pub(super) fn weights(&self) -> Option<&Packed> {
        match self {
            Self::Image { weights, .. } | Self::Patches { weights, .. } | Self::Separable { weights, .. } => {
                Some(weights)
            }
            Self::Depthwise(_) => None,
        }
    }
}

/// A convolution with its batch normalisation folded in: `bn = product * scale + shift`, where the product is the
/// convolution without its bias.
pub(super) struct Convolution {
    pub(super) kind: Kind,
    /// gamma / sqrt(variance + epsilon), one a channel.
    pub(super) scale: Vec<f32>,
    /// beta + (bias - mean) * scale, one a padded channel.
    pub(super) shift: Buffer,
    /// beta - mean * scale, one a channel: `bn = convolution * scale + norm_shift`.
    pub(super) norm_shift: Vec<f32>,
}

impl Convolution {
    /// Reads, folds and packs the convolution `id` of the plan and the batch normalisation `norm` behind it.
    pub(super) fn load(
        isa: Isa,
        plan: &Plan,
        nodes: &[Node],
        id: LayerId,
        norm: Option<LayerId>,
        vb: &VarBuilder,
    ) -> Result<Self, NetworkError> {
        let layer = plan.layer(id);
        let inputs = layer.inputs.first().map_or(0, |&id| plan.layer(id).shape.channels);
        let outputs = layer.shape.channels;
        let (scale, mut shift) = match norm {
            Some(norm) => fold(plan, norm, outputs, vb)?,
            None => (vec![1.0; outputs], Buffer::zeros(padded(outputs))),
        };
        let norm_shift = shift.values()[..outputs].to_vec();
        let vb = vb.pp(&layer.weights);
        if let Op::Conv { bias: true, .. } | Op::Dense { bias: true } | Op::Depthwise { bias: true, .. } = layer.op {
            let bias = vector(&vb, outputs, "bias")?;
            for ((shift, bias), scale) in shift.values_mut().iter_mut().zip(bias).zip(&scale) {
                *shift += bias * scale;
            }
        }
        let pack = |kernel: &Tensor, taps, depth| {
            with_values(kernel, |values| Packed::new(isa, values, taps, depth, outputs, &scale))
        };
        let kind = match &layer.op {
            Op::SeparableConv => {
                let kernel = tensor(&vb, &[3, 3, inputs, 1], "depthwise_kernel")?;
                let depthwise = with_values(&kernel, |kernel| {
                    DepthwiseWeights::new(isa, Window::SEPARABLE, kernel, &vec![1.0; inputs])
                })?;
                let kernel = tensor(&vb, &[1, 1, inputs, outputs], "pointwise_kernel")?;
                let weights = pack(&kernel, 1, inputs)?;
                Kind::Separable { depthwise, weights }
            }
            Op::Conv { window, kernel, .. } if is_each_channel(plan, id) => {
                let ([height, width], (_, window)) = (window.kernel, bordered(plan, nodes, id, *window));
                let kernel = tensor(&vb, &[height, width, 1, outputs], kernel)?;
                let weights = with_values(&kernel, |kernel| DepthwiseWeights::new(isa, window, kernel, &scale))?;
                Kind::Depthwise(weights)
            }
            Op::Conv {
                window, kernel, groups, ..
            } => {
                let ([height, width], (of, window)) = (window.kernel, bordered(plan, nodes, id, *window));
                let mut kernel = tensor(&vb, &[height, width, inputs / groups, outputs], kernel)?;
                if *groups > 1 {
                    let all = with_values(&kernel, |kernel| ungrouped(kernel, inputs, outputs, *groups))?;
                    kernel = Tensor::from_vec(all, (height * width * inputs, outputs), kernel.device())?;
                }
                if nodes[of.0].is_image() {
                    let weights = pack(&kernel, 1, height * width * inputs)?;
                    Kind::Image { window, weights }
                } else {
                    let weights = pack(&kernel, height * width, inputs)?;
                    Kind::Patches { window, weights }
                }
            }
            Op::Dense { .. } => {
                let kernel = tensor(&vb, &[inputs, outputs], "kernel")?;
                let weights = pack(&kernel, 1, inputs)?;
                let window = Window::square(1, 1, Padding::Valid);
                Kind::Patches { window, weights }
            }
            Op::Depthwise { window, .. } => {
                let ([height, width], (_, window)) = (window.kernel, bordered(plan, nodes, id, *window));
                let kernel = tensor(&vb, &[height, width, inputs, 1], "depthwise_kernel")?;
                let weights = with_values(&kernel, |kernel| DepthwiseWeights::new(isa, window, kernel, &scale))?;
                Kind::Depthwise(weights)
            }
            op => {
                return Err(candle_core::Error::msg(format!("{op:?} is no convolution")).into());
            }
        };
        Ok(Self {
            kind,
            scale,
            shift,
            norm_shift,
        })
    }
}

/// Scale and shift of a batch normalisation, computed in f64.
fn fold(plan: &Plan, norm: LayerId, channels: usize, vb: &VarBuilder) -> Result<(Vec<f32>, Buffer), NetworkError> {
    let layer = plan.layer(norm);
    let Op::BatchNorm { epsilon, scale, center } = layer.op else {
        return Err(candle_core::Error::msg(format!("{} is no batch normalisation", layer.name)).into());
    };
    let vb = vb.pp(&layer.weights);
    let read = |weight| vector(&vb, channels, weight);
    let gamma = if scale { read("gamma")? } else { vec![1.0; channels] };
    let beta = if center { read("beta")? } else { vec![0.0; channels] };
    let (mean, variance) = (read("moving_mean")?, read("moving_variance")?);
    let mut scales = Vec::with_capacity(channels);
    let mut shift = Buffer::zeros(padded(channels));
    let parameters = gamma.iter().zip(beta).zip(mean.iter().zip(variance));
    for (((gamma, beta), (mean, variance)), shift) in parameters.zip(shift.values_mut()) {
        let scale = f64::from(*gamma) / (f64::from(variance) + epsilon).sqrt();
        *shift = (f64::from(beta) - f64::from(*mean) * scale) as f32;
        scales.push(scale as f32);
    }
    Ok((scales, shift))
}

/// A vector of weights.
pub(super) fn vector(vb: &VarBuilder, len: usize, name: &str) -> Result<Vec<f32>, NetworkError> {
    Ok(tensor(vb, &[len], name)?.to_vec1()?)
}

/// Reads a tensor's values where they lie.
pub(super) fn with_values<T>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> T) -> Result<T, NetworkError> {
    let (storage, layout) = tensor.storage_and_layout();
    match (&*storage, layout.contiguous_offsets()) {
        (Storage::Cpu(CpuStorage::F32(values)), Some((from, to))) => Ok(read(&values[from..to])),
        _ => Err(candle_core::Error::msg("a weight is not contiguous f32 on the CPU").into()),
    }
}
