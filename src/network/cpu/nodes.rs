//! From the plan to what the engine stores: one node a layer.
//!
//! A convolution and its batch normalisation are one operation, whose result is stored *before* the ReLU; whoever
//! reads it applies the ReLU on the way. So three Keras layers share one buffer and each can still be asked for:
//! the normalised value as it is, the activation as its positive part, and the raw convolution by undoing the
//! normalisation.

use candle_core::{CpuStorage, Storage, Tensor};
use candle_nn::VarBuilder;

use super::buffer::{Buffer, padded};
use super::isa::Isa;
use super::pack::Packed;
use crate::network::network::NetworkError;
use crate::network::op::{Op, ungrouped};
use crate::network::plain::{PlainLayer, tensor};
use crate::network::plan::{LayerId, Plan};
use crate::network::shape::{Padding, Window};

/// What the engine does for one layer of the plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Node {
    /// The image.
    Input,
    /// Prepares the image before the first convolution; `plain` counts the plain layers.
    Preparation { plain: usize },
    /// A convolution before its batch normalisation: not stored. `weights` counts the convolutions.
    Raw { norm: LayerId, weights: usize },
    /// A convolution with its batch normalisation: stored.
    Norm { convolution: LayerId, weights: usize },
    /// A convolution without batch normalisation: stored.
    Convolution { weights: usize },
    /// The positive part of a stored value.
    Relu { of: LayerId },
    /// The value of another layer.
    Same { of: LayerId },
    /// A pool, computed by the sum that follows: stored.
    Pool { of: LayerId },
    /// The sum of two branches, computed by the product or pool that ends its main branch: stored.
    Sum { main: LayerId, side: LayerId },
    /// The sum of any two layers: stored.
    PlainSum { main: LayerId, side: LayerId },
    /// Anything else with height and width, by plain arithmetic: stored.
    Plain { of: LayerId, plain: usize },
    /// A layer of the head.
    Head,
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
    /// The cells under a window.
    Patches(Window),
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
    /// beta + (bias - mean) * scale, one a padded channel.
    pub(super) shift: Buffer,
}

/// The window of Xception's first convolution, for which the image needs no padding.
const IMAGE_WINDOW: Window = Window {
    kernel: [3; 2],
    stride: [2; 2],
    dilation: [1; 2],
    padding: Padding::Valid,
};

/// The window of Xception's pools.
pub(super) const POOL_WINDOW: Window = Window {
    kernel: [3; 2],
    stride: [2; 2],
    dilation: [1; 2],
    padding: Padding::Same,
};

/// Nodes for all layers of a plan, and the layers that are computed by plain arithmetic.
///
/// What is fused is decided by the graph: a convolution with the only batch normalisation that reads it, and a sum with
/// the product or pool that ends its main branch.
///
/// # Errors
/// A layer that the engine cannot compute where it stands.
pub(super) fn nodes(plan: &Plan) -> Result<(Vec<Node>, Vec<LayerId>), NetworkError> {
    let mut readers: Vec<Vec<LayerId>> = vec![Vec::new(); plan.layers.len()];
    for id in plan.ids() {
        for input in &plan.layer(id).inputs {
            readers[input.0].push(id);
        }
    }
    let last = plan.last_feature_layer();
    let mut nodes: Vec<Node> = Vec::with_capacity(plan.layers.len());
    let mut convolutions = 0..;
    let mut plain = Vec::new();
    for id in plan.ids() {
        let layer = plan.layer(id);
        let inputs = layer.inputs.as_slice();
        let mut add_plain = || {
            plain.push(id);
            plain.len() - 1
        };
        let is_image = |of: LayerId| matches!(nodes[of.0], Node::Input | Node::Preparation { .. });
        let stores = |of: LayerId| !matches!(nodes[of.0], Node::Relu { .. } | Node::Same { .. } | Node::Raw { .. });
        let node = match (&layer.op, inputs) {
            _ if id > last => Some(Node::Head),
            (Op::Input, []) => Some(Node::Input),
            (op, &[of]) if is_image(of) && op.is_cellwise() && PlainLayer::knows(op) => {
                Some(Node::Preparation { plain: add_plain() })
            }
            (op, &[of]) if is_product(op) && (!is_image(of) || reads_image(plan, id)) => {
                let weights = convolutions.next().unwrap_or(0);
                let norm = match *readers[id.0].as_slice() {
                    [norm] if matches!(plan.layer(norm).op, Op::BatchNorm { .. }) => Some(norm),
                    _ => None,
                };
                Some(match norm {
                    Some(norm) => Node::Raw { norm, weights },
                    None => Node::Convolution { weights },
                })
            }
            (_, &[of]) if is_image(of) => None,
            (Op::BatchNorm { .. }, &[convolution]) if matches!(nodes[convolution.0], Node::Raw { .. }) => {
                match nodes[convolution.0] {
                    Node::Raw { weights, .. } => Some(Node::Norm { convolution, weights }),
                    _ => None,
                }
            }
            (op, &[of]) if op.is_relu() && !matches!(nodes[of.0], Node::Raw { .. }) => Some(Node::Relu { of }),
            (Op::Identity, &[of]) => Some(Node::Same { of }),
            (Op::MaxPool { window }, &[of])
                if *window == POOL_WINDOW
                    && matches!(nodes[of.0], Node::Norm { .. })
                    && is_summed(plan, &readers, id) =>
            {
                Some(Node::Pool { of })
            }
            // a sum is made by the product that ends its main branch, or together with the pool
            (Op::Add, &[main, side])
                if stores(side)
                    && (matches!(nodes[main.0], Node::Pool { .. })
                        || matches!(nodes[main.0], Node::Norm { .. })
                            && side < main
                            && first_sum(plan, &readers, main) == Some(id)) =>
            {
                Some(Node::Sum { main, side })
            }
            (Op::Add, &[main, side]) => Some(Node::PlainSum { main, side }),
            (op, &[of]) if PlainLayer::knows(op) => Some(Node::Plain { of, plain: add_plain() }),
            _ => None,
        };
        nodes.push(node.ok_or_else(|| {
            candle_core::Error::msg(format!(
                "the engine cannot compute {} where the plan has it",
                layer.name
            ))
        })?);
    }
    Ok((nodes, plain))
}

/// Whether an operation is a matrix product over the channels of gathered cells.
fn is_product(op: &Op) -> bool {
    matches!(op, Op::Conv { .. } | Op::SeparableConv | Op::Dense { .. })
}

/// Whether a layer is a convolution for which the image can be gathered as it is.
fn reads_image(plan: &Plan, id: LayerId) -> bool {
    matches!(plan.layer(id).op, Op::Conv { window, .. } if window == IMAGE_WINDOW) && plan.input().channels == 3
}

/// The first sum whose main branch ends with this layer.
fn first_sum(plan: &Plan, readers: &[Vec<LayerId>], main: LayerId) -> Option<LayerId> {
    let mut readers = readers[main.0].iter().copied();
    readers.find(|&id| plan.layer(id).op == Op::Add && plan.layer(id).inputs.first() == Some(&main))
}

/// Whether the one thing that is done with a pool is to add a stored layer to it.
fn is_summed(plan: &Plan, readers: &[Vec<LayerId>], pool: LayerId) -> bool {
    match *readers[pool.0].as_slice() {
        [sum] => match *plan.layer(sum).inputs.as_slice() {
            // what is added to the pool must be neither a ReLU nor another view of a stored value
            [main, side] if plan.layer(sum).op == Op::Add && main == pool => {
                !plan.layer(side).op.is_relu()
                    && plan.layer(side).op != Op::Identity
                    && !is_product(&plan.layer(side).op)
            }
            _ => false,
        },
        _ => false,
    }
}

/// Where a layer's output is stored.
pub(super) fn source(nodes: &[Node], layer: LayerId) -> Source {
    match nodes[layer.0] {
        Node::Relu { of } => Source {
            rectified: true,
            ..source(nodes, of)
        },
        Node::Same { of } => source(nodes, of),
        _ => Source {
            layer,
            rectified: false,
        },
    }
}

impl Convolution {
    /// Reads, folds and packs the convolution `id` of the plan and the batch normalisation `norm` behind it.
    pub(super) fn load(
        isa: Isa,
        plan: &Plan,
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
        let vb = vb.pp(&layer.weights);
        if let Op::Conv { bias: true, .. } | Op::Dense { bias: true } = layer.op {
            let bias = vector(&vb, outputs, "bias")?;
            for ((shift, bias), scale) in shift.values_mut().iter_mut().zip(bias).zip(&scale) {
                *shift += bias * scale;
            }
        }
        let pack = |kernel: &Tensor, taps, depth| {
            with_values(kernel, |values| Packed::new(isa, values, taps, depth, outputs, &scale))
        };
        let (kind, weights) = match &layer.op {
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
                (Kind::Separable { depthwise }, pack(&kernel, 1, inputs)?)
            }
            Op::Conv {
                window, kernel, groups, ..
            } => {
                let [height, width] = window.kernel;
                let mut kernel = tensor(&vb, &[height, width, inputs / groups, outputs], kernel)?;
                if *groups > 1 {
                    let all = with_values(&kernel, |kernel| ungrouped(kernel, inputs, outputs, *groups))?;
                    kernel = Tensor::from_vec(all, (height * width * inputs, outputs), kernel.device())?;
                }
                if reads_image(plan, id) {
                    (Kind::Image, pack(&kernel, 1, height * width * inputs)?)
                } else {
                    (Kind::Patches(*window), pack(&kernel, height * width, inputs)?)
                }
            }
            Op::Dense { .. } => {
                let kernel = tensor(&vb, &[inputs, outputs], "kernel")?;
                let window = Window::square(1, 1, Padding::Valid);
                (Kind::Patches(window), pack(&kernel, 1, inputs)?)
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
