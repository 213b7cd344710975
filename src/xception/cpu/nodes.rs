//! From the plan to what the engine stores: one node a Keras layer.
//!
//! A convolution and its batch normalisation are one operation, whose result is stored *before* the ReLU; whoever
//! reads it applies the ReLU on the way. So three Keras layers share one buffer and each can still be asked for:
//! the normalised value as it is, the activation as its positive part, and the raw convolution by undoing the
//! normalisation.

use candle_core::{CpuStorage, DType, Device, Storage, Tensor};
use candle_nn::VarBuilder;

use super::buffer::{Buffer, padded};
use super::isa::Isa;
use super::pack::Packed;
use crate::xception::network::NetworkError;
use crate::xception::plan::{LayerId, Op, Plan};

/// What the engine does for one layer of the plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Node {
    /// The image.
    Input,
    /// A convolution before its batch normalisation: not stored. `weights` counts the convolutions.
    Raw { norm: LayerId, weights: usize },
    /// A convolution with its batch normalisation: stored.
    Norm { convolution: LayerId, weights: usize },
    /// The positive part of a stored value.
    Relu { of: LayerId },
    /// A pool, computed by the sum that follows: stored.
    Pool { of: LayerId },
    /// The sum of two branches: stored.
    Sum { main: LayerId, side: LayerId },
    /// Global average.
    Average { of: LayerId },
    /// The logits.
    Dense,
}

/// A stored value as a layer reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Source {
    pub(super) layer: LayerId,
    /// Whether its positive part is meant.
    pub(super) rectified: bool,
}

/// What a convolution's rows are made of.
pub(super) enum Kind {
    /// 3x3, stride 2, of the image's three channels.
    Image,
    /// A square kernel.
    Square { kernel: usize, stride: usize },
    /// Depthwise 3x3 before the matrix product; weights `[9, padded inputs]`.
    Separable { depthwise: Buffer },
}

/// A convolution with its batch normalisation folded in: `bn = product * scale + shift`.
pub(super) struct Convolution {
    pub(super) kind: Kind,
    /// Already multiplied by `scale`.
    pub(super) weights: Packed,
    /// gamma / sqrt(variance + epsilon), one a channel.
    pub(super) scale: Vec<f32>,
    /// beta - mean * scale, one a padded channel.
    pub(super) shift: Buffer,
}

/// Nodes for all layers of a plan.
///
/// # Errors
/// A layer in a place where Xception has none of its kind.
pub(super) fn nodes(plan: &Plan) -> Result<Vec<Node>, NetworkError> {
    let mut nodes: Vec<Node> = Vec::with_capacity(plan.layers.len());
    let mut convolutions = 0..;
    for id in plan.ids() {
        let layer = plan.layer(id);
        let inputs = layer.inputs.as_slice();
        let op = |id: &LayerId| plan.layer(*id).op;
        let node = match (layer.op, inputs) {
            (Op::Input, []) => Some(Node::Input),
            (Op::Conv { .. } | Op::SeparableConv, [_]) => plan
                .ids()
                .find(|&norm| plan.layer(norm).op == Op::BatchNorm && plan.layer(norm).inputs == [id])
                .zip(convolutions.next())
                .map(|(norm, weights)| Node::Raw { norm, weights }),
            (Op::BatchNorm, &[convolution]) => match nodes.get(convolution.0) {
                Some(&Node::Raw { weights, .. }) => Some(Node::Norm { convolution, weights }),
                _ => None,
            },
            (Op::Relu, &[of]) => Some(Node::Relu { of }),
            (Op::MaxPool, &[of]) if op(&of) == Op::BatchNorm => Some(Node::Pool { of }),
            // a sum is made by the product that ends its main branch, or together with the pool
            (Op::Add, &[main, side]) if op(&main) == Op::MaxPool || op(&main) == Op::BatchNorm && side < main => {
                Some(Node::Sum { main, side })
            }
            (Op::GlobalAveragePool, &[of]) => Some(Node::Average { of }),
            (Op::Dense, [_]) => Some(Node::Dense),
            _ => None,
        };
        nodes.push(node.ok_or_else(|| {
            candle_core::Error::msg(format!(
                "the engine cannot compute {} where the plan has it",
                layer.name
            ))
        })?);
    }
    Ok(nodes)
}

/// Where a layer's output is stored.
pub(super) fn source(nodes: &[Node], layer: LayerId) -> Source {
    match nodes[layer.0] {
        Node::Relu { of } => Source {
            layer: of,
            rectified: true,
        },
        _ => Source {
            layer,
            rectified: false,
        },
    }
}

impl Convolution {
    /// Reads, folds and packs the convolution `id` of the plan and its batch normalisation `norm`.
    pub(super) fn load(
        isa: Isa,
        plan: &Plan,
        id: LayerId,
        norm: LayerId,
        vb: &VarBuilder,
    ) -> Result<Self, NetworkError> {
        let layer = plan.layer(id);
        let inputs = layer.inputs.first().map_or(0, |&id| plan.layer(id).shape.channels);
        let outputs = layer.shape.channels;
        let (scale, shift) = fold(plan, norm, outputs, vb)?;
        let vb = vb.pp(&layer.name);
        let (kind, weights) = match layer.op {
            Op::SeparableConv => {
                let mut depthwise = Buffer::zeros(9 * padded(inputs));
                let kernel = tensor(&vb, &[3, 3, inputs, 1], "depthwise_kernel")?;
                with_values(&kernel, |values| {
                    let rows = depthwise.values_mut().chunks_exact_mut(padded(inputs));
                    for (row, values) in rows.zip(values.chunks_exact(inputs)) {
                        row[..inputs].copy_from_slice(values);
                    }
                })?;
                let kernel = tensor(&vb, &[1, 1, inputs, outputs], "pointwise_kernel")?;
                let packed = with_values(&kernel, |values| Packed::new(isa, values, 1, inputs, outputs, &scale))?;
                (Kind::Separable { depthwise }, packed)
            }
            Op::Conv { kernel, stride } => {
                let reads_image = layer.inputs.first() == Some(&LayerId(0));
                let (kind, taps, depth) = if reads_image {
                    (Kind::Image, 1, 9 * inputs)
                } else {
                    (Kind::Square { kernel, stride }, kernel * kernel, inputs)
                };
                let kernel = tensor(&vb, &[kernel, kernel, inputs, outputs], "kernel")?;
                let packed = with_values(&kernel, |values| Packed::new(isa, values, taps, depth, outputs, &scale))?;
                (kind, packed)
            }
            op => {
                return Err(candle_core::Error::msg(format!("{op:?} is no convolution")).into());
            }
        };
        Ok(Self {
            kind,
            weights,
            scale,
            shift,
        })
    }
}

/// Scale and shift of a batch normalisation, computed in f64.
fn fold(plan: &Plan, norm: LayerId, channels: usize, vb: &VarBuilder) -> Result<(Vec<f32>, Buffer), NetworkError> {
    let vb = vb.pp(&plan.layer(norm).name);
    let read = |weight| vector(&vb, channels, weight);
    let (gamma, beta) = (read("gamma")?, read("beta")?);
    let (mean, variance) = (read("moving_mean")?, read("moving_variance")?);
    let mut scales = Vec::with_capacity(channels);
    let mut shift = Buffer::zeros(padded(channels));
    let parameters = gamma.iter().zip(beta).zip(mean.iter().zip(variance));
    for (((gamma, beta), (mean, variance)), shift) in parameters.zip(shift.values_mut()) {
        let scale = f64::from(*gamma) / (f64::from(variance) + plan.architecture.bn_epsilon).sqrt();
        *shift = (f64::from(beta) - f64::from(*mean) * scale) as f32;
        scales.push(scale as f32);
    }
    Ok((scales, shift))
}

/// A vector of weights.
pub(super) fn vector(vb: &VarBuilder, len: usize, name: &str) -> Result<Vec<f32>, NetworkError> {
    Ok(tensor(vb, &[len], name)?.to_vec1()?)
}

/// A tensor in f32 on the CPU.
pub(super) fn tensor(vb: &VarBuilder, shape: &[usize], name: &str) -> Result<Tensor, NetworkError> {
    let tensor = vb.get_with_hints_dtype(shape, name, Default::default(), DType::F32)?;
    Ok(tensor.to_device(&Device::Cpu)?.contiguous()?)
}

/// Reads a tensor's values where they lie.
pub(super) fn with_values<T>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> T) -> Result<T, NetworkError> {
    let (storage, layout) = tensor.storage_and_layout();
    match (&*storage, layout.contiguous_offsets()) {
        (Storage::Cpu(CpuStorage::F32(values)), Some((from, to))) => Ok(read(&values[from..to])),
        _ => Err(candle_core::Error::msg("a weight is not contiguous f32 on the CPU").into()),
    }
}
