//! Which activations are kept between the passes, where all of them would take too much memory.
//!
//! A backward sweep reads the activations of the forward pass. Large inputs have gigabytes of them, nearly all in the
//! first layers. Such a network is cut into parts. Of the early parts only what later parts read is kept; a sweep that
//! comes to one computes the rest again, walks it, and lets it go (Chen et al. 2016, "Training Deep Nets with Sublinear
//! Memory Cost"). The values are the same bits, as each is computed by the same chain of operations.

use std::ops::Range;

use super::buffer::Features;
use super::chain::Chain;
use super::nodes::{Node, source, within_border};
use crate::network::layer::LayerId;
use crate::network::plan::Plan;

/// Bytes of activations above which not all are kept between the passes.
pub const MOST_KEPT: usize = 1_500_000_000;

/// Parts that a network is cut into for each bound of memory.
const PARTS: usize = 4;

/// Some layers of a plan, one after another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    /// By their places in the plan.
    pub(super) layers: Range<usize>,
    /// The stored layers of it that are let go when it is done, to be computed again.
    pub(super) let_go: Vec<LayerId>,
}

/// The parts of a network, in order, such that no more than about `most` bytes are kept at once.
pub(super) fn parts(plan: &Plan, nodes: &[Node], is_stored: impl Fn(LayerId) -> bool, most: usize) -> Vec<Part> {
    let bytes = |id: LayerId| match is_stored(id) {
        true => Features::len(1, plan.layer(id).shape) * size_of::<f32>(),
        false => 0,
    };
    let total: usize = plan.ids().map(bytes).sum();
    let whole = |layers| Part {
        layers,
        let_go: Vec::new(),
    };
    let count = plan.layers.len();
    if total <= most {
        return vec![whole(0..count)];
    }
    let last_reads = last_reads(plan, nodes);
    let may_cut = cuts(plan, nodes);
    let mut parts = Vec::new();
    let (mut first, mut held, mut kept) = (0, 0, total);
    for index in 0..plan.last_feature_layer().0 {
        held += bytes(LayerId(index));
        if held * PARTS < most || !may_cut[index + 1] {
            continue;
        }
        let layers = first..index + 1;
        let let_go: Vec<LayerId> = layers
            .clone()
            .map(LayerId)
            .filter(|id| is_stored(*id) && last_reads[id.0] <= index)
            .collect();
        kept -= let_go.iter().copied().map(bytes).sum::<usize>();
        parts.push(Part { layers, let_go });
        (first, held) = (index + 1, 0);
        // the part that is computed again comes on top
        if kept + most / PARTS <= most {
            break;
        }
    }
    parts.push(whole(first..count));
    parts
}

/// For each layer of the plan the stored ones that nothing behind it reads, when it is computed; what the head reads is in
/// none.
pub(super) fn last_used(
    plan: &Plan,
    nodes: &[Node],
    chains: &[Chain],
    is_stored: impl Fn(LayerId) -> bool,
) -> Vec<Vec<LayerId>> {
    let last_reads = last_reads(plan, nodes);
    let mut may_cut = cuts(plan, nodes);
    for chain in chains {
        may_cut[chain.first().0 + 1..=chain.narrow.stored.0].fill(false);
    }
    let stays = source(nodes, plan.last_feature_layer()).layer;
    let mut used = vec![Vec::new(); plan.layers.len()];
    for id in plan.ids().filter(|&id| is_stored(id) && id != stays) {
        // what is computed together reads it until the last of it is
        let end = (last_reads[id.0]..used.len()).find(|&index| may_cut[index + 1]);
        if let Some(end) = end {
            used[end].push(id);
        }
    }
    used
}

/// For each stored layer the last layer that reads it, itself where none does.
fn last_reads(plan: &Plan, nodes: &[Node]) -> Vec<usize> {
    let mut last: Vec<usize> = (0..plan.layers.len()).collect();
    let mut read = |of: LayerId, by: usize| last[of.0] = last[of.0].max(by);
    for id in plan.ids() {
        read(source(nodes, id).layer, id.0);
        for &input in &plan.layer(id).inputs {
            read(source(nodes, within_border(nodes, input)).layer, id.0);
        }
    }
    last
}

/// Whether a part may begin at each layer: not between layers that are computed together.
fn cuts(plan: &Plan, nodes: &[Node]) -> Vec<bool> {
    let mut may_cut = vec![true; plan.layers.len() + 1];
    let mut together = |first: usize, last: usize| may_cut[first + 1..=last].fill(false);
    for (index, node) in nodes.iter().enumerate() {
        match *node {
            Node::Norm { convolution, .. } => together(convolution.0, index),
            Node::Sum { main, .. } => together(main.0, index),
            Node::Pool { of } | Node::Border { of } => together(of.0, index),
            Node::Input | Node::Preparation { .. } => together(0, index),
            _ => {}
        }
    }
    // a border belongs to what reads it
    for id in plan.ids() {
        for input in &plan.layer(id).inputs {
            if matches!(nodes[input.0], Node::Border { .. }) {
                together(input.0, id.0);
            }
        }
    }
    may_cut
}
