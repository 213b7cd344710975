//! One layer's step of a backward sweep: from the gradient of its output to those of its inputs.

use std::rc::Rc;

use super::buffer::Features;
use super::convolution::Kind;
use super::depthwise::{Depthwise, DepthwiseWeights};
use super::elementwise::AddStrided;
use super::filter::Filter;
use super::gate::Gate;
use super::gather::{Patches, Rows};
use super::pack::Packed;
use super::pool::PoolBackward;
use super::product::Product;
use super::sweep::{Gradient, Sweep};
use crate::network::layer::LayerId;
use crate::network::shape::{Padding, Shape, Window};

impl Sweep<'_> {
    /// Through a pool, to the winners.
    pub(super) fn pool(&mut self, pool: LayerId, of: LayerId, gradient: Gradient) {
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
        self.add(of, Gradient::open(features));
    }

    /// Through a convolution, to the layer it reads.
    pub(super) fn convolution(&mut self, input: LayerId, weights: usize, gradient: Gradient) {
        let network = self.network;
        let shape = network.plan.layer(input).shape;
        match &network.convolutions[weights].kind {
            // nothing is asked before the image
            Kind::Image { .. } => self.memory.give(gradient.features),
            Kind::Patches { window, weights } if is_subsampling(*window) => {
                let product = self.pointwise(gradient, weights, shape.channels);
                self.spread(input, window.stride, product);
            }
            Kind::Patches { window, weights } => {
                let product = self.turned(gradient, *window, weights, shape);
                self.add(input, Gradient::open(product));
            }
            Kind::Separable { depthwise, weights } => {
                let product = self.pointwise(gradient, weights, shape.channels);
                self.filter_back(input, depthwise, depthwise.window(), product);
            }
            Kind::Depthwise(weights) => {
                if let Some(window) = turned_filter(weights.window(), shape) {
                    let gradient = self.own(gradient);
                    return self.filter_back(input, weights, window, gradient);
                }
                let source = &gradient.features;
                let gate = Gate::backward(network.mask(gradient.mask));
                let depthwise = Depthwise::backward(source, gate, weights, shape);
                self.accumulate(input, source.images, |features, accumulate| {
                    depthwise.run(network.isa, &network.threads, &network.scratch, features, accumulate);
                });
                self.memory.give(gradient.features);
            }
        }
    }

    /// A gradient that has passed its ReLU, through a depthwise filter of stride 1 turned by half a turn.
    fn filter_back(&mut self, input: LayerId, weights: &DepthwiseWeights, window: Window, gradient: Features) {
        let network = self.network;
        let filter = Filter {
            window,
            turned: true,
            ..weights.filter(&gradient, None, network.zeros.values())
        };
        self.accumulate(input, gradient.images, |features, accumulate| {
            filter.run(network.isa, &network.threads, features, accumulate);
        });
        self.memory.give(Rc::new(gradient));
    }

    /// Lets `write` fill a layer's slot, or add to what is there.
    fn accumulate(&mut self, input: LayerId, images: usize, write: impl FnOnce(&mut Features, bool)) {
        let sum = self.slots[input.0].take().map(|sum| self.own(sum));
        let accumulate = sum.is_some();
        let shape = self.network.plan.layer(input).shape;
        let mut features = sum.unwrap_or_else(|| self.memory.take(images, shape));
        write(&mut features, accumulate);
        self.slots[input.0] = Some(Gradient::open(features));
    }

    /// A gradient times transposed weights, cell by cell.
    fn pointwise(&mut self, gradient: Gradient, weights: &Packed, channels: usize) -> Features {
        let shape = gradient.features.shape;
        let window = Window::square(1, 1, Padding::Valid);
        self.turned(gradient, window, weights, Shape { channels, ..shape })
    }

    /// The patches of a gradient under a kernel turned by half a turn, times transposed weights: the gradient of the
    /// convolution's input, whose shape is `shape`.
    fn turned(&mut self, gradient: Gradient, window: Window, weights: &Packed, shape: Shape) -> Features {
        let network = self.network;
        let (isa, threads) = (network.isa, &network.threads);
        let gradient = match window.stride {
            [1, 1] => gradient,
            stride => self.spread_out(gradient, stride),
        };
        let before = window.before(shape);
        let mut product = self.memory.take(gradient.features.images, shape);
        Product {
            rows: Rows::Patches(Patches {
                source: &gradient.features,
                gate: Gate::backward(network.mask(gradient.mask)),
                kernel: window.kernel,
                stride: [1; 2],
                dilation: window.dilation,
                padding: [0, 1].map(|axis| (window.kernel[axis] - 1) * window.dilation[axis] - before[axis]),
            }),
            weights: weights.transposed(isa, threads, &mut self.memory.transposed),
            bias: None,
            exit: None,
        }
        .run(isa, threads, &network.scratch, &mut product, None);
        self.memory.give(gradient.features);
        product
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
        Gradient::open(features)
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
        self.slots[input.0] = Some(Gradient::open(features));
    }
}

/// The window of the filter that walks a depthwise convolution of a map back, if there is one: where all steps are 1, and
/// every zero around the map lies under a window that reaches it.
fn turned_filter(window: Window, shape: Shape) -> Option<Window> {
    if window.stride != [1; 2] || !Filter::fits(window) {
        return None;
    }
    let [(top, bottom), (left, right)] = [window.padding(0, shape.height), window.padding(1, shape.width)];
    let [height, width] = window.kernel;
    let padding = Padding::Zeros {
        before: [(height - 1).checked_sub(top)?, (width - 1).checked_sub(left)?],
        after: [(height - 1).checked_sub(bottom)?, (width - 1).checked_sub(right)?],
    };
    Some(Window { padding, ..window })
}

/// Whether a convolution reads single cells with others left out between them.
fn is_subsampling(window: Window) -> bool {
    window.kernel == [1; 2] && window.stride != [1; 2]
}
