//! Convolutions that one pass computes together: of an inverted residual (Sandler et al. 2018) the product that widens,
//! the depthwise filter and the product that narrows.
//!
//! While nothing but the last map is kept, what the filter makes is never stored: it goes, through its ReLU, into the tiles
//! of the product. Nor is the wide map where it is larger than the caches of all threads ([`strips`](super::strips)).
//! Every value is computed by the same chain of operations as by itself, so all bits are the same.

use super::CpuNetwork;
use super::buffer::Features;
use super::convolution::{Convolution, Kind};
use super::filter::Filter;
use super::gather::Rows;
use super::nodes::{Node, readers, source};
use super::product::{Product, Residual, parts};
use super::rectifier::Rectifier;
use super::strips::Strips;
use crate::network::layer::LayerId;
use crate::network::plan::Plan;

/// Floats of a wide map for each thread above which it is made in strips: half an L2 cache of 1 MB; few in tests, whose
/// maps are small.
const STORED: usize = if cfg!(test) { 10 << 10 } else { 128 << 10 };

/// One convolution of a chain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Link {
    pub(super) convolution: LayerId,
    /// The layer that is stored for it where it stands alone.
    pub(super) stored: LayerId,
    weights: usize,
}

/// Convolutions of which each alone reads the one before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Chain {
    /// The product in front of the filter, if nothing else reads it: it passes the ReLU between them at once.
    pub(super) wide: Option<Link>,
    /// Whether its result is made strip by strip.
    pub(super) in_strips: bool,
    /// The depthwise filter.
    pub(super) filter: Link,
    /// The product that reads it.
    pub(super) narrow: Link,
}

impl Chain {
    /// The first of its layers.
    pub(super) fn first(&self) -> LayerId {
        match self.wide {
            Some(wide) if self.in_strips => wide.convolution,
            _ => self.filter.convolution,
        }
    }

    /// Whether this layer is computed as a part of it.
    fn skips(&self, id: LayerId) -> bool {
        id == self.filter.stored || self.in_strips && self.wide.is_some_and(|wide| id == wide.stored)
    }
}

/// All chains of a plan.
pub(super) fn chains(plan: &Plan, nodes: &[Node], convolutions: &[Convolution], threads: usize) -> Vec<Chain> {
    let readers = readers(plan);
    let link = |convolution: LayerId| match nodes[convolution.0] {
        Node::Raw { norm, weights } => Some(Link {
            convolution,
            stored: norm,
            weights,
        }),
        Node::Convolution { weights } => Some(Link {
            convolution,
            stored: convolution,
            weights,
        }),
        _ => None,
    };
    // the convolution that alone reads what is stored for a layer
    let only_reader = |mut id: LayerId| loop {
        let [reader] = *readers[id.0].as_slice() else {
            return None;
        };
        match nodes[reader.0] {
            Node::Relu { .. } | Node::Same { .. } | Node::Border { .. } => id = reader,
            _ => return link(reader),
        }
    };
    let kind = |link: &Link| &convolutions[link.weights].kind;
    let is_filter = |link: &Link| matches!(kind(link), Kind::Depthwise(weights) if Filter::fits(weights.window()));
    let is_pointwise = |link: &Link| {
        let input = plan.layer(plan.layer(link.convolution).inputs[0]).shape;
        matches!(kind(link), Kind::Patches { window, .. } if window.is_pointwise() && window.before(input) == [0; 2])
    };
    let is_product = |link: &Link| is_pointwise(link) || matches!(kind(link), Kind::Image { .. });
    let is_large = |link: Link| Features::len(1, plan.layer(link.stored).shape) > STORED * threads;
    let links = || plan.ids().filter_map(link);
    let pairs: Vec<(Link, Link)> = links()
        .filter(is_filter)
        .filter_map(|filter| Some((filter, only_reader(filter.stored).filter(is_pointwise)?)))
        .collect();
    let chain = |&(filter, narrow): &(Link, Link)| {
        // what ends one chain begins no other, as in MobileNet
        let is_free = |link: &Link| pairs.iter().all(|(_, narrow)| narrow != link);
        let wide = links().find(|link| only_reader(link.stored) == Some(filter));
        let wide = wide.filter(is_product).filter(is_free);
        Chain {
            wide,
            in_strips: wide.is_some_and(is_large),
            filter,
            narrow,
        }
    };
    pairs.iter().map(chain).collect()
}

impl CpuNetwork {
    /// Computes a layer as [`CpuNetwork::layer_forward`] does, but chains as one: what lies within them is not stored.
    pub(super) fn layer_forward_chained(&mut self, id: LayerId) {
        if self.chains.iter().any(|chain| chain.skips(id)) {
            return;
        }
        let mut chains = self.chains.iter().copied();
        if let Some(chain) = chains.clone().find(|chain| chain.narrow.stored == id) {
            return self.chain_forward(&chain);
        }
        let wide = chains.find_map(|chain| Some((chain.wide.filter(|wide| wide.stored == id)?, chain.filter)));
        match wide {
            Some((wide, filter)) => self.convolve(id, wide.convolution, wide.weights, self.entry_of(filter)),
            None => self.layer_forward(id),
        }
    }

    /// Computes what is stored for the last convolution of a chain.
    fn chain_forward(&mut self, chain: &Chain) {
        self.write(chain.narrow.stored, |network, out, sums| {
            let narrow = &network.convolutions[chain.narrow.weights];
            let (Some(filter), Some(weights)) = (network.filter_of(chain), narrow.kind.weights()) else {
                return;
            };
            let product = Product {
                rows: Rows::Filtered(filter),
                weights: weights.as_ref(),
                bias: Some(narrow.shift.values()),
                exit: None,
            };
            match chain.wide {
                Some(wide) if chain.in_strips => network.strips(wide, chain.filter, filter, &product, out, sums),
                _ => product.run(network.isa, &network.threads, &network.scratch, out, sums),
            }
        });
    }

    /// The ReLU in front of a convolution, if there is one.
    fn entry_of(&self, link: Link) -> Option<Rectifier> {
        source(&self.nodes, self.input_of(link.convolution)).rectifier
    }

    /// The filter of a chain, over whatever is stored in front of it.
    fn filter_of(&self, chain: &Chain) -> Option<Filter<'_>> {
        let from = source(&self.nodes, self.input_of(chain.filter.convolution));
        let Convolution { kind, shift, .. } = &self.convolutions[chain.filter.weights];
        let Kind::Depthwise(weights) = kind else {
            return None;
        };
        Some(Filter {
            bias: Some(shift.values()),
            exit: self.entry_of(chain.narrow),
            shape: self.plan.layer(from.layer).shape,
            // what is in front of it has passed its ReLU already, if it is part of the chain
            rectifier: from.rectifier.filter(|_| chain.wide.is_none()),
            ..weights.filter(&self.stored[from.layer.0], None, self.zeros.values())
        })
    }

    /// A chain whose wide map is made strip by strip.
    fn strips(
        &self,
        wide: Link,
        reader: Link,
        filter: Filter<'_>,
        narrow: &Product<'_>,
        out: &mut Features,
        sums: Option<Residual<'_>>,
    ) {
        let Convolution { kind, shift, .. } = &self.convolutions[wide.weights];
        let Some((rows, weights)) = self.product_of(wide.convolution, kind) else {
            return;
        };
        let shape = out.shape;
        let band = shape.height.div_ceil(self.threads.count()) * shape.width;
        let strips = Strips {
            rows,
            weights: weights.as_ref(),
            bias: shift.values(),
            exit: self.entry_of(reader),
            filter,
            narrow,
            shape,
            rectifier: sums.as_ref().and_then(|sums| sums.side.rectifier),
        };
        self.threads.each(parts(out, sums, band), |thread, (first, part)| {
            self.scratch.with(thread, strips.scratch_len(), |memory| {
                strips.run(self.isa, memory, first / shape.width, part);
            });
        });
    }
}
