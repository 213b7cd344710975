//! From the plan to what the engine stores: one node a layer.
//!
//! A convolution and its batch normalisation are one operation, whose result is stored *before* the ReLU; whoever
//! reads it applies the ReLU on the way. So three Keras layers share one buffer and each can still be asked for:
//! the normalised value as it is, the activation as its positive part (below 6 for a ReLU6), and the raw convolution by
//! undoing the normalisation.

use super::rectifier::Rectifier;
use crate::network::layer::LayerId;
use crate::network::network::NetworkError;
use crate::network::op::Op;
use crate::network::plain::PlainLayer;
use crate::network::plan::Plan;
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
    /// A stored value cut off below, and perhaps above.
    Relu { of: LayerId, rectifier: Rectifier },
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

impl Node {
    /// Whether this is the image, prepared or not.
    pub(super) fn is_image(self) -> bool {
        matches!(self, Self::Input | Self::Preparation { .. })
    }
}

/// A stored value as a layer reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Source {
    pub(super) layer: LayerId,
    /// What it goes through on the way.
    pub(super) rectifier: Option<Rectifier>,
}

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
        let is_image = |of: LayerId| nodes[of.0].is_image();
        let stores = |of: LayerId| !matches!(nodes[of.0], Node::Relu { .. } | Node::Same { .. } | Node::Raw { .. });
        let ends_product = |of: LayerId| match nodes[of.0] {
            Node::Norm { convolution, .. } => is_product(&plan.layer(convolution).op),
            _ => false,
        };
        let node = match (&layer.op, inputs) {
            _ if id > last => Some(Node::Head),
            (Op::Input, []) => Some(Node::Input),
            (op, &[of]) if is_image(of) && op.is_cellwise() && PlainLayer::knows(op) => {
                Some(Node::Preparation { plain: add_plain() })
            }
            (op, &[of]) if is_convolution(op) && (!is_image(of) || matches!(op, Op::Conv { .. })) => {
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
            (op, &[of]) if !matches!(nodes[of.0], Node::Raw { .. }) && Rectifier::of(op).is_some() => {
                Rectifier::of(op).map(|rectifier| Node::Relu { of, rectifier })
            }
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
                        || ends_product(main) && side < main && first_sum(plan, &readers, main) == Some(id)) =>
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

/// Whether an operation is a [`Convolution`](super::convolution::Convolution).
fn is_convolution(op: &Op) -> bool {
    is_product(op) || matches!(op, Op::Depthwise { multiplier: 1, .. })
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
                Rectifier::of(&plan.layer(side).op).is_none()
                    && plan.layer(side).op != Op::Identity
                    && !is_convolution(&plan.layer(side).op)
            }
            _ => false,
        },
        _ => false,
    }
}

/// Where a layer's output is stored.
pub(super) fn source(nodes: &[Node], layer: LayerId) -> Source {
    match nodes[layer.0] {
        Node::Relu { of, rectifier } => {
            let from = source(nodes, of);
            Source {
                rectifier: Some(rectifier.after(from.rectifier)),
                ..from
            }
        }
        Node::Same { of } => source(nodes, of),
        _ => Source { layer, rectifier: None },
    }
}
