//! Vector-Jacobian products: scores walked back through the activations of the last forward pass.
//!
//! The plan is walked from back to front. A gradient belongs to a layer's slot until the walk comes by; then it is
//! shown if asked for, and moved on to the slots of the layer's inputs:
//!
//! * a **separable convolution** multiplies by the transposed pointwise kernel, then filters with the depthwise kernel
//!   turned by half a turn; other convolutions gather from the gradient in place of the activation;
//! * a **batch normalisation** is part of its convolution's weights, so its gradient is moved on as it is;
//! * a **ReLU** is only noted: whoever reads the gradient next takes it where the activation is positive;
//! * a **sum** shares one gradient between both of its branches;
//! * several scores at once are several images in one buffer, which share the weights and their transposition.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use super::CpuNetwork;
use super::buffer::Features;
use super::elementwise::{AddMasked, PassBack};
use super::gate::Mask;
use super::isa::Isa;
use super::memory::Memory;
use super::nodes::{Node, source};
use super::rectifier::Rectifier;
use super::site::CpuSite;
use crate::network::layer::LayerId;
use crate::network::network::{NetworkError, ReluRule, Visit};
use crate::network::plain::magnitude;

/// Scores that are walked back at once: more would save little and need hundreds of megabytes at early layers.
const BATCH: usize = 4;

/// Cells that one thread takes at most at a time in passes without a product.
const PART: usize = 1024;

/// The gradients of some scores with respect to one layer, one image each.
#[derive(Clone)]
pub(super) struct Gradient {
    pub(super) features: Rc<Features>,
    /// The stored layer whose ReLU the gradient has still to pass, and that ReLU.
    pub(super) mask: Option<(LayerId, Rectifier)>,
}

impl Gradient {
    /// A gradient that has passed everything.
    pub(super) fn open(features: Features) -> Self {
        Self {
            features: Rc::new(features),
            mask: None,
        }
    }
}

/// One walk from back to front.
pub(super) struct Sweep<'a> {
    pub(super) network: &'a CpuNetwork,
    pub(super) memory: &'a mut Memory,
    /// Nothing before this layer is needed.
    pub(super) earliest: LayerId,
    /// What ReLUs pass.
    rule: ReluRule,
    /// One a layer of the plan.
    pub(super) slots: Vec<Option<Gradient>>,
}

impl CpuNetwork {
    /// The map behind a mask.
    pub(super) fn mask(&self, mask: Option<(LayerId, Rectifier)>) -> Option<Mask<'_>> {
        mask.map(|(layer, rectifier)| Mask {
            features: &self.stored[layer.0],
            rectifier,
        })
    }

    /// Walks all scores back and shows what is asked for.
    pub(super) fn sweep(
        &mut self,
        memory: &mut Memory,
        (unit_gradients, rule): (&[Vec<f64>], ReluRule),
        layers: &[LayerId],
        stop: &dyn Fn() -> bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), NetworkError> {
        let Some(&earliest) = layers.iter().min() else {
            return Ok(());
        };
        for (batch, scores) in unit_gradients.chunks(BATCH).enumerate() {
            let mut slots = vec![None; self.plan.layers.len()];
            // f32 would lose the gradients of unlikely classes, so they are scaled here and back where they are read
            let factors: Vec<f64> = scores.iter().map(|score| magnitude(score)).collect();
            let known: Vec<_> = scores.iter().map(|_| RefCell::default()).collect();
            let mut result = self.begin(memory, &mut slots, (scores, rule), &factors);
            for part in (0..self.parts.len()).rev() {
                let range = self.parts[part].layers.clone();
                if result.is_err() || range.end <= earliest.0 {
                    break;
                }
                if !self.parts[part].let_go.is_empty() {
                    self.compute(part, memory);
                }
                let network = &*self;
                let mut sweep = Sweep {
                    network,
                    memory: &mut *memory,
                    earliest,
                    rule,
                    slots,
                };
                result = sweep.walk(range, layers, stop, &mut |id, gradient| {
                    for (image, (factor, known)) in factors.iter().zip(&known).enumerate() {
                        let site = CpuSite {
                            network,
                            layer: id,
                            gradient: &gradient.features,
                            image,
                            mask: network.mask(gradient.mask),
                            factor: *factor,
                            known,
                        };
                        visit(batch * BATCH + image, &site)?;
                    }
                    Ok(())
                });
                slots = sweep.slots;
                self.let_go(part, memory);
            }
            for gradient in slots.into_iter().flatten() {
                memory.give(gradient.features);
            }
            result?;
        }
        if unit_gradients.len() > 1 {
            // several images need several times as much, and rarely come
            memory.free.clear();
        }
        Ok(())
    }

    /// Fills the slot of the last feature layer.
    fn begin(
        &self,
        memory: &mut Memory,
        slots: &mut [Option<Gradient>],
        (scores, rule): (&[Vec<f64>], ReluRule),
        factors: &[f64],
    ) -> Result<(), NetworkError> {
        let pass = self.head_pass.as_ref().ok_or(NetworkError::NoForward)?;
        let last = self.plan.last_feature_layer();
        let mut features = memory.take(scores.len(), self.plan.layer(last).shape);
        for (image, (score, factor)) in scores.iter().zip(factors).enumerate() {
            let scaled: Vec<f64> = score.iter().map(|gradient| gradient / factor).collect();
            features.set_image(image, &self.head.gradient(pass, &scaled, rule));
        }
        slots[last.0] = Some(Gradient::open(features));
        Ok(())
    }
}

impl Sweep<'_> {
    /// Passes the layers of a range down to the earliest, and hands those asked for to `show`.
    fn walk(
        &mut self,
        range: Range<usize>,
        layers: &[LayerId],
        stop: &dyn Fn() -> bool,
        show: &mut dyn FnMut(LayerId, &Gradient) -> Result<(), NetworkError>,
    ) -> Result<(), NetworkError> {
        let earliest = self.earliest;
        for id in range.rev().map(LayerId).take_while(|&id| id >= earliest) {
            if stop() {
                return Err(NetworkError::Stopped);
            }
            if let Some(gradient) = self.slots[id.0].take() {
                if layers.contains(&id) {
                    show(id, &gradient)?;
                }
                self.pass_on(id, gradient);
            }
        }
        Ok(())
    }

    /// Moves a layer's gradient on to its inputs.
    fn pass_on(&mut self, id: LayerId, gradient: Gradient) {
        let network = self.network;
        match network.nodes[id.0] {
            Node::Relu { of, rectifier } => {
                let features = match (self.rule, gradient.mask) {
                    (ReluRule::Guided, _) => Rc::new(self.positive(gradient)),
                    // a gradient carries one mask at most
                    (ReluRule::True, Some(_)) => Rc::new(self.own(gradient)),
                    (ReluRule::True, None) => gradient.features,
                };
                // of what is stored, not of what another ReLU before this one makes of it: where that one cuts off,
                // its own mask follows
                let mask = Some((source(&network.nodes, of).layer, rectifier));
                self.add(of, Gradient { features, mask });
            }
            Node::Same { of } => self.add(of, gradient),
            Node::Sum { main, side } => {
                self.add(main, gradient.clone());
                self.add(side, gradient);
            }
            Node::Norm { convolution, .. } => self.add(convolution, gradient),
            Node::Pool { of } => self.pool(id, of, gradient),
            Node::Step { step } => self.step(id, &network.steps[step], gradient),
            Node::Raw { weights, .. } | Node::Convolution { weights } => {
                let input = network.input_of(id);
                if input >= self.earliest {
                    self.convolution(input, weights, gradient);
                } else {
                    self.memory.give(gradient.features);
                }
            }
            Node::Input | Node::Preparation { .. } | Node::Border { .. } | Node::Given | Node::Head => {
                self.memory.give(gradient.features);
            }
        }
    }

    /// Adds a gradient to a layer's slot.
    pub(super) fn add(&mut self, id: LayerId, gradient: Gradient) {
        if id < self.earliest {
            return self.memory.give(gradient.features);
        }
        let Some(sum) = self.slots[id.0].take() else {
            self.slots[id.0] = Some(gradient);
            return;
        };
        let mut features = self.own(sum);
        let mask = self.network.mask(gradient.mask);
        let other = gradient.features.values();
        self.parts(&mut features, |isa, out, whole, image| {
            isa.run(AddMasked {
                out,
                gradient: &other[whole],
                mask: mask.map(|mask| mask.part(image.start, image.len())),
            });
        });
        self.memory.give(gradient.features);
        self.slots[id.0] = Some(Gradient::open(features));
    }

    /// The gradient alone: a copy if others share it, with the ReLU passed.
    pub(super) fn own(&mut self, gradient: Gradient) -> Features {
        let mut features = match Rc::try_unwrap(gradient.features) {
            Ok(features) => features,
            Err(shared) => {
                let mut copy = self.memory.take(shared.images, shared.shape);
                copy.values_mut().copy_from_slice(shared.values());
                copy
            }
        };
        if let Some(mask) = self.network.mask(gradient.mask) {
            self.parts(&mut features, |isa, gradient, _, image| {
                isa.run(PassBack {
                    gradient,
                    mask: mask.part(image.start, image.len()),
                });
            });
        }
        features
    }

    /// What is positive of a gradient that has passed everything.
    fn positive(&mut self, gradient: Gradient) -> Features {
        let mut features = self.own(gradient);
        self.parts(&mut features, |_, gradient, _, _| {
            gradient.iter_mut().for_each(|g| *g = g.max(0.0));
        });
        features
    }

    /// Shares out a pass over all images: some cells, their place in all images, and their place in their own image.
    pub(super) fn parts(
        &self,
        features: &mut Features,
        work: impl Fn(Isa, &mut [f32], Range<usize>, Range<usize>) + Sync,
    ) {
        let cells = features.shape.cells();
        let len = cells * features.stride();
        // small maps are cut as well, so that every thread has work
        let part = cells.div_ceil(self.network.threads.count()).clamp(1, PART) * features.stride();
        let images = features.values_mut().chunks_exact_mut(len).enumerate();
        let parts = images.flat_map(|(index, image)| {
            let parts = image.chunks_mut(part).enumerate();
            parts.map(move |(part_index, values)| (index * len, part_index * part, values))
        });
        self.network.threads.each(parts, |_, (before, start, values)| {
            let end = start + values.len();
            work(self.network.isa, values, before + start..before + end, start..end);
        });
    }
}
