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
use super::buffer::{Buffer, Features};
use super::depthwise::{Depthwise, Filter};
use super::elementwise::{AddMasked, AddStrided, Mask};
use super::forward::widened;
use super::gather::{Gate, Patches, Rows};
use super::isa::Isa;
use super::nodes::{Kind, Node, source};
use super::pool::PoolBackward;
use super::product::Product;
use super::site::CpuSite;
use crate::network::network::{NetworkError, Visit};
use crate::network::plain::magnitude;
use crate::network::plan::LayerId;
use crate::network::shape::{Shape, Window};

/// Scores that are walked back at once: more would save little and need hundreds of megabytes at early layers.
const BATCH: usize = 4;

/// Cells that one thread takes at most at a time in passes without a product.
const PART: usize = 1024;

/// What backward sweeps keep for the next one.
pub(super) struct Memory {
    /// Maps that are not in use.
    free: Vec<Features>,
    /// Where weights are transposed.
    transposed: Buffer,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            free: Vec::new(),
            transposed: Buffer::zeros(0),
        }
    }
}

impl Memory {
    /// Maps with whatever is left in them, from the smallest free memory that is large enough.
    fn take(&mut self, images: usize, shape: Shape) -> Features {
        self.free.sort_unstable_by_key(Features::capacity);
        let len = Features::len(images, shape);
        match self.free.iter().position(|features| features.capacity() >= len) {
            Some(index) => self.free.swap_remove(index).reuse(images, shape),
            None => Features::zeros(images, shape),
        }
    }

    /// Takes maps back when nobody else shares them.
    fn give(&mut self, features: Rc<Features>) {
        self.free.extend(Rc::into_inner(features));
    }
}

/// The gradients of some scores with respect to one layer, one image each.
#[derive(Clone)]
struct Gradient {
    features: Rc<Features>,
    /// The stored layer whose ReLU the gradient has still to pass.
    mask: Option<LayerId>,
}

/// One walk from back to front.
struct Sweep<'a> {
    network: &'a CpuNetwork,
    memory: &'a mut Memory,
    /// Nothing before this layer is needed.
    earliest: LayerId,
    /// One a layer of the plan.
    slots: Vec<Option<Gradient>>,
}

impl CpuNetwork {
    /// Walks all scores back and shows what is asked for.
    pub(super) fn sweep(
        &self,
        memory: &mut Memory,
        unit_gradients: &[Vec<f64>],
        layers: &[LayerId],
        stop: &dyn Fn() -> bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), NetworkError> {
        let Some(&earliest) = layers.iter().min() else {
            return Ok(());
        };
        for (batch, scores) in unit_gradients.chunks(BATCH).enumerate() {
            let mut sweep = Sweep {
                network: self,
                memory: &mut *memory,
                earliest,
                slots: vec![None; self.plan.layers.len()],
            };
            // f32 would lose the gradients of unlikely classes, so they are scaled here and back where they are read
            let factors: Vec<f64> = scores.iter().map(|score| magnitude(score)).collect();
            let known: Vec<_> = scores.iter().map(|_| RefCell::default()).collect();
            let result = sweep.begin(scores, &factors).and_then(|()| {
                sweep.walk(layers, stop, &mut |id, gradient| {
                    for (image, (factor, known)) in factors.iter().zip(&known).enumerate() {
                        let site = CpuSite {
                            network: self,
                            layer: id,
                            gradient: &gradient.features,
                            image,
                            mask: gradient.mask.map(|mask| &self.stored[mask.0]),
                            factor: *factor,
                            known,
                        };
                        visit(batch * BATCH + image, &site)?;
                    }
                    Ok(())
                })
            });
            for gradient in sweep.slots.into_iter().flatten() {
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
}

impl Sweep<'_> {
    /// Fills the slot of the last feature layer.
    fn begin(&mut self, scores: &[Vec<f64>], factors: &[f64]) -> Result<(), NetworkError> {
        let network = self.network;
        let pass = network.head_pass.as_ref().ok_or(NetworkError::NoForward)?;
        let last = network.plan.last_feature_layer();
        let shape = network.plan.layer(last).shape;
        let mut features = self.memory.take(scores.len(), shape);
        for (image, (score, factor)) in scores.iter().zip(factors).enumerate() {
            let scaled: Vec<f64> = score.iter().map(|gradient| gradient / factor).collect();
            features.set_image(image, &network.head.gradient(pass, &scaled));
        }
        self.slots[last.0] = Some(Gradient {
            features: Rc::new(features),
            mask: None,
        });
        Ok(())
    }

    /// Passes all layers down to the earliest, and hands those asked for to `show`.
    fn walk(
        &mut self,
        layers: &[LayerId],
        stop: &dyn Fn() -> bool,
        show: &mut dyn FnMut(LayerId, &Gradient) -> Result<(), NetworkError>,
    ) -> Result<(), NetworkError> {
        let earliest = self.earliest;
        for id in self.network.plan.ids().rev().take_while(|&id| id >= earliest) {
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
            Node::Relu { of } => {
                // a gradient carries one mask at most
                let features = match gradient.mask {
                    Some(_) => Rc::new(self.own(gradient)),
                    None => gradient.features,
                };
                let mask = Some(source(&network.nodes, of).layer);
                self.add(of, Gradient { features, mask });
            }
            Node::Same { of } => self.add(of, gradient),
            Node::Sum { main, side } | Node::PlainSum { main, side } => {
                self.add(main, gradient.clone());
                self.add(side, gradient);
            }
            Node::Norm { convolution, .. } => self.add(convolution, gradient),
            Node::Pool { of } => self.pool(id, of, gradient),
            Node::Plain { of, plain } => self.plain(id, of, plain, gradient),
            Node::Raw { weights, .. } | Node::Convolution { weights } => {
                let input = network.plan.layer(id).inputs[0];
                if input >= self.earliest {
                    self.convolution(input, weights, gradient);
                } else {
                    self.memory.give(gradient.features);
                }
            }
            Node::Input | Node::Preparation { .. } | Node::Head => self.memory.give(gradient.features),
        }
    }

    /// Adds a gradient to a layer's slot.
    fn add(&mut self, id: LayerId, gradient: Gradient) {
        if id < self.earliest {
            return self.memory.give(gradient.features);
        }
        let Some(sum) = self.slots[id.0].take() else {
            self.slots[id.0] = Some(gradient);
            return;
        };
        let mut features = self.own(sum);
        let mask = gradient.mask.map(|mask| self.network.stored[mask.0].values());
        let other = gradient.features.values();
        self.parts(&mut features, |isa, out, whole, image| {
            isa.run(AddMasked {
                out,
                gradient: &other[whole.clone()],
                mask: mask.map(|mask| &mask[image]),
            });
        });
        self.memory.give(gradient.features);
        self.slots[id.0] = Some(Gradient {
            features: Rc::new(features),
            mask: None,
        });
    }

    /// The gradient alone: a copy if others share it, with the ReLU passed.
    fn own(&mut self, gradient: Gradient) -> Features {
        let mut features = match Rc::try_unwrap(gradient.features) {
            Ok(features) => features,
            Err(shared) => {
                let mut copy = self.memory.take(shared.images, shared.shape);
                copy.values_mut().copy_from_slice(shared.values());
                copy
            }
        };
        if let Some(mask) = gradient.mask {
            let mask = self.network.stored[mask.0].values();
            self.parts(&mut features, |isa, gradient, _, image| {
                isa.run(Mask {
                    gradient,
                    mask: &mask[image],
                });
            });
        }
        features
    }

    /// Shares out a pass over all images: some cells, their place in all images, and their place in their own image.
    fn parts(&self, features: &mut Features, work: impl Fn(Isa, &mut [f32], Range<usize>, Range<usize>) + Sync) {
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

    /// Through a pool, to the winners.
    fn pool(&mut self, pool: LayerId, of: LayerId, gradient: Gradient) {
        let network = self.network;
        let gradient = self.own(gradient);
        let source = &network.stored[of.0];
        let mut features = self.memory.take(gradient.images, source.shape);
        let stride = features.stride();
        self.parts(&mut features, |isa, out, whole, _| {
            isa.run(PoolBackward {
                source,
                pooled: &network.stored[pool.0],
                gradient: &gradient,
                first: whole.start / stride,
                out,
            });
        });
        self.memory.give(Rc::new(gradient));
        let features = Rc::new(features);
        self.add(of, Gradient { features, mask: None });
    }

    /// Through a convolution, to the layer it reads.
    fn convolution(&mut self, input: LayerId, weights: usize, gradient: Gradient) {
        let network = self.network;
        let (isa, threads) = (network.isa, &network.threads);
        let convolution = &network.convolutions[weights];
        let images = gradient.features.images;
        let shape = network.plan.layer(input).shape;
        // the rows are patches of the gradient, under the kernel turned by half a turn
        let (product_shape, padding, dilation) = match convolution.kind {
            Kind::Patches(window) if !is_subsampling(window) => {
                let extent = |axis: usize| (window.kernel[axis] - 1) * window.dilation[axis];
                let before = |axis: usize, size| extent(axis) - window.padding(axis, size).0;
                (
                    shape,
                    [before(0, shape.height), before(1, shape.width)],
                    window.dilation,
                )
            }
            // of one cell, or where the gradient is
            _ => {
                let channels = shape.channels;
                let gradient = gradient.features.shape;
                (Shape { channels, ..gradient }, [0; 2], [1; 2])
            }
        };
        let kernel = match convolution.kind {
            Kind::Patches(window) => window.kernel,
            _ => [1; 2],
        };
        let gradient = match convolution.kind {
            Kind::Patches(window) if !is_subsampling(window) && window.stride != [1; 2] => {
                self.spread_out(gradient, window.stride)
            }
            _ => gradient,
        };
        let mut product = self.memory.take(images, product_shape);
        Product {
            rows: Rows::Patches(Patches {
                source: &gradient.features,
                gate: gradient
                    .mask
                    .map_or(Gate::Open, |mask| Gate::Mask(&network.stored[mask.0])),
                kernel,
                stride: [1; 2],
                dilation,
                padding,
            }),
            weights: convolution
                .weights
                .transposed(isa, threads, &mut self.memory.transposed),
            bias: None,
        }
        .run(isa, threads, &network.scratch, &mut product, None);
        self.memory.give(gradient.features);
        match &convolution.kind {
            Kind::Image => self.memory.give(Rc::new(product)),
            Kind::Patches(window) if is_subsampling(*window) => self.spread(input, window.stride, product),
            Kind::Patches(_) => {
                let features = Rc::new(product);
                self.add(input, Gradient { features, mask: None });
            }
            Kind::Separable { depthwise } => {
                let filter = Filter {
                    source: &product,
                    zeros: network.zeros.values(),
                    weights: depthwise.values(),
                    rectified: false,
                    turned: true,
                };
                let sum = self.slots[input.0].take().map(|sum| self.own(sum));
                let accumulate = sum.is_some();
                let mut features = sum.unwrap_or_else(|| self.memory.take(images, shape));
                let stride = features.stride();
                self.parts(&mut features, |isa, out, whole, _| {
                    isa.run(Depthwise {
                        filter,
                        first: whole.start / stride,
                        out,
                        accumulate,
                    });
                });
                self.memory.give(Rc::new(product));
                let features = Rc::new(features);
                self.slots[input.0] = Some(Gradient { features, mask: None });
            }
        }
    }

    /// Through plain arithmetic, image by image.
    fn plain(&mut self, id: LayerId, of: LayerId, plain: usize, gradient: Gradient) {
        let network = self.network;
        let gradient = self.own(gradient);
        let (x, y) = (
            widened(&network.value(of).values()),
            widened(&network.value(id).values()),
        );
        let mut features = self.memory.take(gradient.images, network.plan.layer(of).shape);
        for image in 0..gradient.images {
            let passed = network.plain[plain].backward(gradient.image_values(image), &x, &y);
            features.set_image(image, &passed);
        }
        self.memory.give(Rc::new(gradient));
        let features = Rc::new(features);
        self.add(of, Gradient { features, mask: None });
    }

    /// A gradient with its cells `stride` apart and zeros between them, its ReLU passed.
    fn spread_out(&mut self, gradient: Gradient, stride: [usize; 2]) -> Gradient {
        let small = self.own(gradient);
        let spread = |side: usize, stride: usize| (side - 1) * stride + 1;
        let shape = Shape {
            height: spread(small.shape.height, stride[0]),
            width: spread(small.shape.width, stride[1]),
            ..small.shape
        };
        let mut features = self.memory.take(small.images, shape);
        let floats = features.stride();
        features.values_mut().fill(0.0);
        for (cell, values) in small.values().chunks_exact(floats).enumerate() {
            let (image, cell) = (cell / small.shape.cells(), cell % small.shape.cells());
            let (y, x) = (
                cell / small.shape.width * stride[0],
                cell % small.shape.width * stride[1],
            );
            let at = image * shape.cells() + y * shape.width + x;
            features.values_mut()[at * floats..][..floats].copy_from_slice(values);
        }
        self.memory.give(Rc::new(small));
        let features = Rc::new(features);
        Gradient { features, mask: None }
    }

    /// Adds a product to every `stride`-th cell of the input's gradient.
    fn spread(&mut self, input: LayerId, stride: [usize; 2], product: Features) {
        let shape = self.network.plan.layer(input).shape;
        let mut features = match self.slots[input.0].take() {
            Some(sum) => self.own(sum),
            None => {
                let mut features = self.memory.take(product.images, shape);
                self.parts(&mut features, |_, out, _, _| out.fill(0.0));
                features
            }
        };
        let line = shape.width * features.stride();
        let isa = self.network.isa;
        let lines = features.values_mut().chunks_exact_mut(line);
        self.network.threads.each(lines.enumerate(), |_, (first_line, out)| {
            isa.run(AddStrided {
                out,
                first_line,
                size: [shape.width, shape.height],
                stride,
                small: &product,
            });
        });
        self.memory.give(Rc::new(product));
        let features = Rc::new(features);
        self.slots[input.0] = Some(Gradient { features, mask: None });
    }
}

/// Whether a convolution reads single cells with others left out between them.
fn is_subsampling(window: Window) -> bool {
    window.kernel == [1; 2] && window.stride != [1; 2]
}
