//! From the plan to what the engine stores: one node a layer.
//!
//! A convolution and its batch normalisation are one operation, whose result is stored *before* the ReLU; whoever
//! reads it applies the ReLU on the way. So three Keras layers share one buffer and each can still be asked for:
//! the normalised value as it is, the activation as its positive part (below 6 for a ReLU6), and the raw convolution by
//! undoing the normalisation.
//!
//! The picture becomes what the first layers read in a chain of preparations. Whatever else has height and width is a
//! [`Step`](super::steps::Step), stored as well.

use super::rectifier::Rectifier;
use crate::network::layer::LayerId;
use crate::network::op::Op;
use crate::network::plan::Plan;
use crate::network::shape::{Padding, Window};

/// What the engine does for one layer of the plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Node {
    /// The image.
    Input,
    /// Prepares the image before anything else reads it; `plain` counts the plain layers.
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
    /// A border of zeros that only convolutions read, as part of their windows: not stored.
    Border { of: LayerId },
    /// A pool, computed by the sum that follows: stored.
    Pool { of: LayerId },
    /// The sum of two branches, computed by the product or pool that ends its main branch: stored.
    Sum { main: LayerId, side: LayerId },
    /// Anything else with height and width, or a vector before the head: stored. `step` counts the steps.
    Step { step: usize },
    /// A layer whose output was given from outside, in place of the view of another that it is: stored.
    Given,
    /// A layer of the head.
    Head,
}

impl Node {
    /// Whether a map is stored for it.
    pub(super) fn is_stored(self) -> bool {
        matches!(
            self,
            Self::Norm { .. } | Self::Convolution { .. } | Self::Pool { .. } | Self::Sum { .. } | Self::Step { .. }
        )
    }

    /// Whether this is the image, prepared or not.
    pub(super) fn is_image(self) -> bool {
        matches!(self, Self::Input | Self::Preparation { .. })
    }
}

/// What becomes of a plan's layers.
pub(super) struct Nodes {
    /// One a layer.
    pub(super) nodes: Vec<Node>,
    /// The layers that prepare the image.
    pub(super) preparations: Vec<LayerId>,
    /// The layers that are steps.
    pub(super) steps: Vec<LayerId>,
    /// The image as it is after all preparations, if others than convolutions read it: stored as well.
    pub(super) picture: Option<LayerId>,
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

/// The layers that read each layer, in order.
pub(super) fn readers(plan: &Plan) -> Vec<Vec<LayerId>> {
    let mut readers: Vec<Vec<LayerId>> = vec![Vec::new(); plan.layers.len()];
    for id in plan.ids() {
        for input in &plan.layer(id).inputs {
            readers[input.0].push(id);
        }
    }
    readers
}

/// Decides what becomes of all layers of a plan.
///
/// What is fused is decided by the graph: a convolution with the only batch normalisation that reads it, a border of
/// zeros with the convolutions that read it, and a sum with the product or pool that ends its main branch.
pub(super) fn nodes(plan: &Plan) -> Nodes {
    let readers = readers(plan);
    let last = plan.last_feature_layer();
    let image = image(plan, &readers);
    let mut nodes: Vec<Node> = Vec::with_capacity(plan.layers.len());
    let mut convolutions = 0..;
    let (mut preparations, mut steps) = (Vec::new(), Vec::new());
    for id in plan.ids() {
        let layer = plan.layer(id);
        let inputs = layer.inputs.as_slice();
        let next = |ids: &mut Vec<LayerId>| {
            ids.push(id);
            ids.len() - 1
        };
        let stores = |of: LayerId| {
            !matches!(
                nodes[of.0],
                Node::Relu { .. } | Node::Same { .. } | Node::Raw { .. } | Node::Border { .. }
            )
        };
        let ends_product = |of: LayerId| match nodes[of.0] {
            Node::Norm { convolution, .. } => is_product(plan, convolution),
            Node::Convolution { .. } => is_product(plan, of),
            _ => false,
        };
        // a sum is made by the product that ends its main branch, or together with the pool
        let is_fused = |main: LayerId, side: LayerId| {
            let is_pool = matches!(nodes[main.0], Node::Pool { .. });
            let side = source(&nodes, side);
            let is_plain_side = side.rectifier.is_none() && stores(side.layer);
            main != side.layer
                && (is_pool && is_plain_side
                    || ends_product(main)
                        && side.layer < main
                        && stores(side.layer)
                        && first_sum(plan, &readers, main) == Some(id))
        };
        let shapes_are_alike = inputs.iter().all(|&input| plan.layer(input).shape == layer.shape);
        let node = match (&layer.op, inputs) {
            _ if id > last => Node::Head,
            (Op::Input, _) => Node::Input,
            _ if id <= image => Node::Preparation {
                plain: next(&mut preparations),
            },
            (_, &[_]) if is_convolution(plan, id) => {
                let weights = convolutions.next().unwrap_or(0);
                match *readers[id.0].as_slice() {
                    [norm] if matches!(plan.layer(norm).op, Op::BatchNorm { .. }) && norm <= last => {
                        Node::Raw { norm, weights }
                    }
                    _ => Node::Convolution { weights },
                }
            }
            (Op::BatchNorm { .. }, &[convolution]) if matches!(nodes[convolution.0], Node::Raw { .. }) => {
                match nodes[convolution.0] {
                    Node::Raw { weights, .. } => Node::Norm { convolution, weights },
                    node => node,
                }
            }
            (op, &[of]) if Rectifier::of(op).is_some() && of != image => match Rectifier::of(op) {
                Some(rectifier) => Node::Relu { of, rectifier },
                None => Node::Same { of },
            },
            (Op::Identity, &[of]) => Node::Same { of },
            (Op::Flatten, &[of]) if shapes_are_alike => Node::Same { of },
            (Op::ZeroPad { before, .. }, &[of]) if is_border(plan, &readers, id, *before) => Node::Border { of },
            (Op::MaxPool { window }, &[of])
                if *window == POOL_WINDOW
                    && matches!(nodes[of.0], Node::Norm { .. })
                    && is_summed(plan, &readers, id) =>
            {
                Node::Pool { of }
            }
            (Op::Add, &[main, side]) if shapes_are_alike && is_fused(main, side) => Node::Sum { main, side },
            (Op::Add, &[side, main]) if shapes_are_alike && is_fused(main, side) => Node::Sum { main, side },
            _ => Node::Step { step: next(&mut steps) },
        };
        nodes.push(node);
    }
    let reads_pixels = |id: &LayerId| matches!(plan.layer(*id).op, Op::Conv { .. }) && is_product(plan, *id);
    let reads_picture = |id: &LayerId| match nodes[id.0] {
        Node::Border { .. } => !readers[id.0].iter().all(reads_pixels),
        _ => !reads_pixels(id),
    };
    let picture = readers[image.0].iter().any(reads_picture).then_some(image);
    Nodes {
        nodes,
        preparations,
        steps,
        picture,
    }
}

/// The last of the layers that prepare the image, each of which alone reads the one before it; the input if there are
/// none.
fn image(plan: &Plan, readers: &[Vec<LayerId>]) -> LayerId {
    let mut image = LayerId(0);
    while let [reader] = *readers[image.0].as_slice() {
        let layer = plan.layer(reader);
        let prepares = matches!(
            layer.op,
            Op::Affine { .. } | Op::Normalize | Op::Reorder { .. } | Op::Identity
        );
        // preparations stand at the beginning of the list, without anything between them
        if !prepares || reader.0 != image.0 + 1 || reader >= plan.last_feature_layer() {
            break;
        }
        image = reader;
    }
    image
}

/// Whether zeros around a map can be part of the windows of all that reads them: convolutions without padding of their
/// own, whose kernels reach the map from every place.
fn is_border(plan: &Plan, readers: &[Vec<LayerId>], id: LayerId, before: [usize; 2]) -> bool {
    let fits = |reader: &LayerId| match &plan.layer(*reader).op {
        Op::Conv { window, .. }
        | Op::Depthwise {
            window, multiplier: 1, ..
        } => {
            window.padding == Padding::Valid
                && (0..2).all(|axis| before[axis] <= (window.kernel[axis] - 1) * window.dilation[axis])
        }
        _ => false,
    };
    !readers[id.0].is_empty() && readers[id.0].iter().all(fits)
}

/// The map within a border of zeros that is part of its readers' windows; any other layer is what it is.
pub(super) fn within_border(nodes: &[Node], input: LayerId) -> LayerId {
    match nodes[input.0] {
        Node::Border { of } => of,
        _ => input,
    }
}

/// What a convolution reads and with which window, where a border of zeros is part of it.
pub(super) fn bordered(plan: &Plan, nodes: &[Node], id: LayerId, window: Window) -> (LayerId, Window) {
    let input = plan.layer(id).inputs[0];
    match (nodes[input.0], &plan.layer(input).op) {
        (Node::Border { of }, &Op::ZeroPad { before, after }) => {
            let padding = Padding::Zeros { before, after };
            (of, Window { padding, ..window })
        }
        _ => (input, window),
    }
}

/// Whether a convolution keeps all channels apart: as many groups as channels, such as ConvNeXt's.
pub(super) fn is_each_channel(plan: &Plan, id: LayerId) -> bool {
    let layer = plan.layer(id);
    let inputs = layer
        .inputs
        .first()
        .map_or(0, |&input| plan.layer(input).shape.channels);
    match layer.op {
        Op::Depthwise { multiplier: 1, .. } => true,
        Op::Conv { groups, .. } => groups > 1 && groups == inputs && layer.shape.channels == inputs,
        _ => false,
    }
}

/// Whether a layer is a matrix product over the channels of gathered cells.
fn is_product(plan: &Plan, id: LayerId) -> bool {
    let op = &plan.layer(id).op;
    matches!(op, Op::Conv { .. } | Op::SeparableConv | Op::Dense { .. }) && !is_each_channel(plan, id)
}

/// Whether a layer is a [`Convolution`](super::convolution::Convolution).
fn is_convolution(plan: &Plan, id: LayerId) -> bool {
    is_product(plan, id) || is_each_channel(plan, id)
}

/// The first sum that reads this layer.
fn first_sum(plan: &Plan, readers: &[Vec<LayerId>], main: LayerId) -> Option<LayerId> {
    readers[main.0].iter().copied().find(|&id| plan.layer(id).op == Op::Add)
}

/// Whether the one thing that is done with a pool is to add a stored layer to it.
fn is_summed(plan: &Plan, readers: &[Vec<LayerId>], pool: LayerId) -> bool {
    match *readers[pool.0].as_slice() {
        [sum] => match *plan.layer(sum).inputs.as_slice() {
            // what is added to the pool must be neither a ReLU nor another view of a stored value
            [main, side] if plan.layer(sum).op == Op::Add && main == pool => {
                Rectifier::of(&plan.layer(side).op).is_none()
                    && plan.layer(side).op != Op::Identity
                    && !is_convolution(plan, side)
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
