//! The forward pass: each stored layer from those before it.

use super::CpuNetwork;
use super::buffer::Features;
use super::convolution::{Convolution, Kind};
use super::depthwise::Depthwise;
use super::filter::Filter;
use super::gate::Gate;
use super::gather::{Patches, Pixels, Rows};
use super::lanes::{Kernel, Lanes};
use super::nodes::{Node, source, within_border};
use super::pack::Packed;
use super::pool::PoolAndAdd;
use super::product::{Product, Residual};
use super::rectifier::Rectifier;
use super::steps::Step;
use crate::network::layer::LayerId;
use crate::network::plain::Scale;

/// Pixels that one thread prepares at a time.
const PIXELS: usize = 4096;

impl CpuNetwork {
    /// Computes what the engine stores for one layer, if anything.
    pub(super) fn layer_forward(&mut self, id: LayerId) {
        if self.is_given(id) {
            return self.store_given();
        }
        match self.nodes[id.0] {
            Node::Norm { convolution, weights } => self.convolve(id, convolution, weights, None),
            Node::Convolution { weights } => self.convolve(id, id, weights, None),
            Node::Sum { main, side } => match self.nodes[main.0] {
                _ if self.is_given(main) => self.add_branches(id, main, side),
                Node::Pool { of } => self.pool_and_add(id, main, of, side),
                // made by the product that ends the main branch
                _ => {}
            },
            Node::Step { step } => {
                let mut out = self.take(id);
                let inputs: Vec<_> = self
                    .plan
                    .layer(id)
                    .inputs
                    .iter()
                    .map(|&input| self.read(input))
                    .collect();
                let workers = self.workers();
                self.steps[step].forward(self.isa, &self.threads, &inputs, &mut out, &workers);
                self.stored[id.0] = out;
            }
            Node::Input | Node::Preparation { .. } => self.keep_picture(id),
            Node::Raw { .. }
            | Node::Relu { .. }
            | Node::Same { .. }
            | Node::Border { .. }
            | Node::Pool { .. }
            | Node::Given
            | Node::Head => {}
        }
    }

    /// A sum of branches that are there, where nothing that ends the main one is computed.
    pub(super) fn add_branches(&mut self, sum: LayerId, main: LayerId, side: LayerId) {
        let mut out = self.take(sum);
        let inputs = [main, side].map(|branch| self.read(branch));
        let step = Step::Sum { factors: vec![1.0; 2] };
        step.forward(self.isa, &self.threads, &inputs, &mut out, &self.workers());
        self.stored[sum.0] = out;
    }

    /// Stores the image as a map if this is its last preparation and others than convolutions read it.
    fn keep_picture(&mut self, id: LayerId) {
        if self.picture == Some(id) {
            let mut picture = self.take(id);
            picture.set_values(&widened(&self.image));
            self.stored[id.0] = picture;
        }
    }

    /// A convolution with its batch normalisation, and the sum that follows at the end of a middle block.
    ///
    /// What a product writes goes through `exit` first.
    pub(super) fn convolve(&mut self, stored: LayerId, convolution: LayerId, weights: usize, exit: Option<Rectifier>) {
        self.write(stored, |network, out, sums| {
            let Convolution { kind, shift, .. } = &network.convolutions[weights];
            let (isa, threads, scratch) = (network.isa, &network.threads, &network.scratch);
            if let Some((rows, weights)) = network.product_of(convolution, kind) {
                let product = Product {
                    rows,
                    weights: weights.as_ref(),
                    bias: Some(shift.values()),
                    exit,
                };
                product.run(isa, threads, scratch, out, sums);
            }
            if let Kind::Depthwise(weights) = kind {
                let from = source(&network.nodes, network.input_of(convolution));
                let features = &network.stored[from.layer.0];
                if Filter::fits(weights.window()) {
                    let filter = Filter {
                        bias: Some(shift.values()),
                        ..weights.filter(features, from.rectifier, network.zeros.values())
                    };
                    filter.run(isa, threads, out, false);
                } else {
                    let gate = Gate::forward(from.rectifier);
                    let depthwise = Depthwise::forward(features, gate, weights, shift.values());
                    depthwise.run(isa, threads, scratch, out, false);
                }
            }
        });
    }

    /// Writes what is stored for a convolution, and the sum that ends there, if one does.
    pub(super) fn write(&mut self, stored: LayerId, compute: impl FnOnce(&Self, &mut Features, Option<Residual<'_>>)) {
        let sum = self.plan.ids().zip(&self.nodes).find_map(|(id, node)| match *node {
            Node::Sum { main, side } if main == stored => Some((id, side)),
            _ => None,
        });
        // taken out while they are written, as all other layers may be read
        let mut out = self.take(stored);
        let mut sum = sum.map(|(id, side)| (id, side, self.take(id)));
        let sums = sum.as_mut().map(|(_, side, sum)| Residual {
            side: self.read(*side),
            sum,
        });
        compute(self, &mut out, sums);
        self.stored[stored.0] = out;
        if let Some((id, _, sum)) = sum {
            self.stored[id.0] = sum;
        }
    }

    /// What a convolution multiplies, and its weights; none where each channel is by itself.
    pub(super) fn product_of<'a>(&'a self, convolution: LayerId, kind: &'a Kind) -> Option<(Rows<'a>, &'a Packed)> {
        let input = self.input_of(convolution);
        let from = source(&self.nodes, input);
        let features = &self.stored[from.layer.0];
        Some(match kind {
            Kind::Image { window, weights } => {
                let pixels = Pixels::of(&self.image, self.plan.layer(input).shape, *window);
                (Rows::Image(pixels), weights)
            }
            Kind::Patches { window, weights } => {
                let gate = Gate::forward(from.rectifier);
                (Rows::Patches(Patches::of(features, gate, *window)), weights)
            }
            Kind::Separable { depthwise, weights } => {
                let filter = depthwise.filter(features, from.rectifier, self.zeros.values());
                (Rows::Filtered(filter), weights)
            }
            Kind::Depthwise(_) => return None,
        })
    }

    /// All steps of the preparation, once a pass: layers may be computed again, but the image stays as it is then.
    pub(super) fn prepare_image(&mut self) {
        for id in self.plan.ids() {
            if let Node::Preparation { plain } = self.nodes[id.0] {
                self.prepare(id, plain);
            }
        }
    }

    /// A step of the preparation, which is one of single pixels.
    fn prepare(&mut self, id: LayerId, plain: usize) {
        let channels = |id: LayerId| self.plan.layer(id).shape.channels;
        let (from, to) = (channels(self.plan.layer(id).inputs[0]), channels(id));
        let layer = &self.preparations[plain];
        if let Some(scale) = layer.scale() {
            let parts = self.image.chunks_mut(PIXELS * from);
            self.threads
                .each(parts, |_, values| self.isa.run(ScalePart { scale, values }));
            return;
        }
        let mut prepared = vec![0.0; self.plan.layer(id).shape.len()];
        let parts = self.image.chunks(PIXELS * from).zip(prepared.chunks_mut(PIXELS * to));
        self.threads.each(parts, |_, (pixels, prepared)| {
            let output = layer.forward(&[&widened(pixels)], &());
            for (prepared, value) in prepared.iter_mut().zip(output) {
                *prepared = value as f32;
            }
        });
        self.image = prepared;
    }

    fn pool_and_add(&mut self, sum: LayerId, pool: LayerId, of: LayerId, side: LayerId) {
        let (mut pooled, mut total) = (self.take(pool), self.take(sum));
        let (source, side) = (&self.stored[of.0], self.read(side).features);
        let line = pooled.shape.width * pooled.stride();
        let cells = pooled.shape.width;
        let parts = pooled
            .values_mut()
            .chunks_mut(line)
            .zip(side.values().chunks(line))
            .zip(total.values_mut().chunks_mut(line));
        self.threads
            .each(parts.enumerate(), |_, (index, ((pooled, side), sum))| {
                self.isa.run(PoolAndAdd {
                    source,
                    first: index * cells,
                    pooled,
                    side,
                    sum,
                });
            });
        self.stored[pool.0] = pooled;
        self.stored[sum.0] = total;
    }

    /// What a convolution reads: the map within a border that is part of its windows.
    pub(super) fn input_of(&self, convolution: LayerId) -> LayerId {
        within_border(&self.nodes, self.plan.layer(convolution).inputs[0])
    }

    /// The map of a layer, to be written; in memory that was let go where it has none.
    pub(super) fn take(&mut self, id: LayerId) -> Features {
        let features = std::mem::replace(&mut self.stored[id.0], Features::none());
        if features.cells() > 0 {
            return features;
        }
        let mut features = self.memory.take(1, self.plan.layer(id).shape);
        features.clear_padding();
        features
    }
}

/// Some pixels and what they are scaled with.
struct ScalePart<'a> {
    scale: &'a Scale,
    values: &'a mut [f32],
}

/// Plain loops, of which the compiler makes vectors of the instruction set.
impl Kernel for ScalePart<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, _: S) {
        self.scale.apply(self.values);
    }
}

/// Values as plain arithmetic takes them.
pub(super) fn widened(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}
