//! Steps walked back: from the gradient of a stored layer to those of its inputs.

use std::rc::Rc;

use super::super::buffer::Features;
use super::super::sweep::{Gradient, Sweep};
use super::join::{AddScaled, CopyChannels, MultiplyByCell, MultiplyCells, SumProducts};
use super::pool::PoolBack;
use super::scale::ScaleCells;
use super::{Read, Step, curve};
use crate::network::layer::LayerId;
use crate::network::shape::Shape;

impl Sweep<'_> {
    /// From the gradient of the layer `id`, which is computed by this step, to those of its inputs.
    pub(in super::super) fn step(&mut self, id: LayerId, step: &Step, gradient: Gradient) {
        let network = self.network;
        let inputs = network.plan.layer(id).inputs.as_slice();
        if inputs.iter().all(|input| *input < self.earliest) {
            return self.memory.give(gradient.features);
        }
        let read = |input: LayerId| network.read(input);
        match step {
            // a shared gradient may stay shared, its ReLU unpassed
            Step::Sum { factors } if factors.iter().all(|factor| *factor == 1.0) => {
                for input in &inputs[1..] {
                    self.add(*input, gradient.clone());
                }
                self.add(inputs[0], gradient);
            }
            Step::Sum { factors } => {
                let gradient = self.own(gradient);
                for (input, factor) in inputs.iter().zip(factors) {
                    let mut part = self.memory.take(gradient.images, gradient.shape);
                    self.parts(&mut part, |isa, out, whole, _| {
                        isa.run(AddScaled {
                            source: &gradient.values()[whole],
                            rectifier: None,
                            factor: *factor,
                            is_first: true,
                            out,
                        });
                    });
                    self.add(*input, Gradient::open(part));
                }
                self.memory.give(Rc::new(gradient));
            }
            Step::Scale { scale, .. } => {
                let gradient = self.own(gradient);
                let mut passed = self.memory.take(gradient.images, gradient.shape);
                self.parts(&mut passed, |isa, out, whole, _| {
                    isa.run(ScaleCells {
                        source: &gradient.values()[whole],
                        rectifier: None,
                        scale: scale.values(),
                        shift: None,
                        out,
                    });
                });
                self.memory.give(Rc::new(gradient));
                self.add(inputs[0], Gradient::open(passed));
            }
            Step::Curve(activation) => {
                let mut gradient = self.own(gradient);
                let Read { features, rectifier } = read(inputs[0]);
                self.parts(&mut gradient, |isa, gradient, _, image| {
                    let source = &features.values()[image];
                    curve::pass_back(isa, *activation, source, rectifier, gradient);
                });
                self.add(inputs[0], Gradient::open(gradient));
            }
            Step::Pool(kind, window) => {
                let gradient = self.own(gradient);
                let read = read(inputs[0]);
                let mut passed = self.memory.take(gradient.images, read.features.shape);
                let stride = passed.stride();
                self.parts(&mut passed, |isa, out, whole, _| {
                    isa.run(PoolBack {
                        kind: *kind,
                        window: *window,
                        read,
                        pooled: &network.stored[id.0],
                        gradient: &gradient,
                        first: whole.start / stride,
                        out,
                    });
                });
                self.memory.give(Rc::new(gradient));
                self.add(inputs[0], Gradient::open(passed));
            }
            Step::Mean => {
                let mut gradient = self.own(gradient);
                let shape = network.plan.layer(inputs[0]).shape;
                let share = 1.0 / shape.cells() as f32;
                for value in gradient.values_mut() {
                    *value *= share;
                }
                let mut passed = self.memory.take(gradient.images, shape);
                let stride = passed.stride();
                self.parts(&mut passed, |_, out, whole, _| {
                    let image = whole.start / (shape.cells() * stride);
                    for cell in out.chunks_exact_mut(stride) {
                        cell.copy_from_slice(gradient.image(image));
                    }
                });
                self.memory.give(Rc::new(gradient));
                self.add(inputs[0], Gradient::open(passed));
            }
            Step::Product => {
                let gradient = self.own(gradient);
                for (input, other) in [(inputs[0], inputs[1]), (inputs[1], inputs[0])] {
                    let other = read(other);
                    let mut part = self.memory.take(gradient.images, gradient.shape);
                    self.parts(&mut part, |isa, out, whole, image| {
                        isa.run(MultiplyCells {
                            sources: [&gradient.values()[whole], &other.features.values()[image]],
                            rectifiers: [None, other.rectifier],
                            out,
                        });
                    });
                    self.add(input, Gradient::open(part));
                }
                self.memory.give(Rc::new(gradient));
            }
            Step::Gate { map, cell } => {
                let gradient = self.own(gradient);
                self.gate(inputs[*map], inputs[*cell], &gradient);
                self.memory.give(Rc::new(gradient));
            }
            Step::Concatenate => {
                let gradient = self.own(gradient);
                let mut first = 0;
                for &input in inputs {
                    let shape = network.plan.layer(input).shape;
                    let mut part = self.memory.take(gradient.images, shape);
                    let strides = [gradient.stride(), part.stride()];
                    self.parts(&mut part, |isa, out, whole, _| {
                        out.fill(0.0);
                        isa.run(CopyChannels {
                            source: &gradient.values()[whole.start / strides[1] * strides[0]..],
                            rectifier: None,
                            from: [first, strides[0]],
                            to: [0, strides[1]],
                            channels: shape.channels,
                            out,
                        });
                    });
                    first += shape.channels;
                    self.add(input, Gradient::open(part));
                }
                self.memory.give(Rc::new(gradient));
            }
            Step::ZeroPad { before } => {
                let gradient = self.own(gradient);
                let (shape, padded) = (network.plan.layer(inputs[0]).shape, gradient.shape);
                let mut passed = self.memory.take(gradient.images, shape);
                let stride = passed.stride();
                self.parts(&mut passed, |_, out, whole, _| {
                    for (cell, out) in (whole.start / stride..).zip(out.chunks_exact_mut(stride)) {
                        let (image, cell) = (cell / shape.cells(), cell % shape.cells());
                        let (y, x) = (cell / shape.width + before[0], cell % shape.width + before[1]);
                        let from = (image * padded.cells() + y * padded.width + x) * stride;
                        out.copy_from_slice(&gradient.values()[from..][..stride]);
                    }
                });
                self.memory.give(Rc::new(gradient));
                self.add(inputs[0], Gradient::open(passed));
            }
            Step::Plain(plain) => {
                let gradient = self.own(gradient);
                let seen: Vec<Vec<f64>> = inputs.iter().map(|&input| read(input).widened()).collect();
                let seen: Vec<&[f64]> = seen.iter().map(Vec::as_slice).collect();
                let y = network.stored[id.0].image_values(0);
                let shapes = inputs.iter().map(|&input| network.plan.layer(input).shape);
                let mut parts: Vec<Features> = shapes.map(|shape| self.memory.take(gradient.images, shape)).collect();
                for image in 0..gradient.images {
                    let passed = plain.backward(gradient.image_values(image), &seen, &y);
                    for (part, passed) in parts.iter_mut().zip(passed) {
                        part.set_image(image, &passed);
                    }
                }
                self.memory.give(Rc::new(gradient));
                for (&input, part) in inputs.iter().zip(parts) {
                    self.add(input, Gradient::open(part));
                }
            }
        }
    }

    /// Back through the product of a map and a single cell.
    fn gate(&mut self, map: LayerId, cell: LayerId, gradient: &Features) {
        let network = self.network;
        let (of_map, of_cell) = (network.read(map), network.read(cell));
        let stride = gradient.stride();
        let mut part = self.memory.take(gradient.images, gradient.shape);
        self.parts(&mut part, |isa, out, whole, _| {
            isa.run(MultiplyByCell {
                source: &gradient.values()[whole],
                rectifier: None,
                cell: of_cell.features.values(),
                cell_rectifier: of_cell.rectifier,
                out,
            });
        });
        self.add(map, Gradient::open(part));
        let shape = Shape::vector(gradient.shape.channels);
        let mut sums = self.memory.take(gradient.images, shape);
        // sums are cut at fixed places, so that they do not depend on the number of threads
        let run = super::PART * stride;
        for image in 0..gradient.images {
            let values = gradient.image(image);
            let mut partial = vec![0.0_f32; values.len().div_ceil(run) * stride];
            let mut buffers: Vec<_> = (0..values.len().div_ceil(run))
                .map(|_| self.memory.take(1, shape))
                .collect();
            let parts = values
                .chunks(run)
                .zip(of_map.features.values().chunks(run))
                .zip(&mut buffers);
            network.threads.each(parts, |_, ((gradient, source), sums)| {
                sums.values_mut().fill(0.0);
                network.isa.run(SumProducts {
                    gradient,
                    source,
                    rectifier: of_map.rectifier,
                    sums: sums.values_mut(),
                });
            });
            for (partial, sums) in partial.chunks_exact_mut(stride).zip(buffers) {
                partial.copy_from_slice(sums.values());
                self.memory.give(Rc::new(sums));
            }
            let target = &mut sums.values_mut()[image * stride..][..stride];
            for (channel, target) in target.iter_mut().enumerate() {
                let total: f64 = partial
                    .iter()
                    .skip(channel)
                    .step_by(stride)
                    .map(|&sum| f64::from(sum))
                    .sum();
                *target = total as f32;
            }
        }
        self.add(cell, Gradient::open(sums));
    }
}
