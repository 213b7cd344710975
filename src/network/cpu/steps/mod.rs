//! Layers with height and width that are no convolutions and are stored: normalisations, activations, pools, joins.
//!
//! A family a file, each with its kernels there and back. They read their inputs through the ReLUs in between, as
//! convolutions do. Whatever has no kernel runs as [plain arithmetic](crate::network::plain).

mod backward;
mod curve;
mod join;
mod pool;
mod scale;

use candle_nn::VarBuilder;

use super::buffer::{Buffer, Features, padded};
use super::isa::Isa;
use super::rectifier::Rectifier;
use super::threads::Threads;
use crate::network::activation::Activation;
use crate::network::layer::LayerId;
use crate::network::network::NetworkError;
use crate::network::op::Op;
use crate::network::plain::{PlainLayer, Workers};
use crate::network::plan::Plan;
use crate::network::shape::{Shape, Window};
use join::{AddScaled, CopyChannels, MultiplyByCell, MultiplyCells};
use pool::{Kind, PoolCells, mean};
use scale::ScaleCells;

/// Cells that one thread takes at a time at most.
const PART: usize = 512;

/// A stored layer that is no convolution, ready to run.
pub(super) enum Step {
    /// `x * scale + shift`, one value a padded channel.
    Scale { scale: Buffer, shift: Buffer },
    /// A function of each value.
    Curve(Activation),
    /// The maximum or the mean under a window.
    Pool(Kind, Window),
    /// The mean over all cells.
    Mean,
    /// The sum of inputs of one shape, each times its factor.
    Sum { factors: Vec<f32> },
    /// The product of two maps of one shape.
    Product,
    /// The product of a map and a single cell: the places of both among the inputs.
    Gate { map: usize, cell: usize },
    /// The channels of all inputs.
    Concatenate,
    /// A border of zeros; rows above and columns left of the map.
    ZeroPad { before: [usize; 2] },
    /// Anything else.
    Plain(PlainLayer),
}

/// What a step reads: a stored map, and what its values go through on the way.
#[derive(Clone, Copy)]
pub(super) struct Read<'a> {
    pub(super) features: &'a Features,
    pub(super) rectifier: Option<Rectifier>,
}

impl Read<'_> {
    /// The values as plain arithmetic takes them.
    pub(super) fn widened(self) -> Vec<f64> {
        let mut values = self.features.image_values(0);
        if let Some(rectifier) = self.rectifier {
            for value in &mut values {
                *value = f64::from(rectifier.value(*value as f32));
            }
        }
        values
    }
}

impl Step {
    /// Reads the weights of a layer of the plan.
    ///
    /// # Errors
    /// A tensor that `vb` cannot give.
    pub(super) fn load(plan: &Plan, id: LayerId, vb: &VarBuilder) -> Result<Self, NetworkError> {
        let layer = plan.layer(id);
        let shapes: Vec<Shape> = layer.inputs.iter().map(|&input| plan.layer(input).shape).collect();
        let are_alike = shapes.iter().all(|shape| *shape == layer.shape);
        Ok(match &layer.op {
            Op::BatchNorm { .. } | Op::Affine { .. } | Op::Normalize | Op::LayerScale => {
                let plain = PlainLayer::load(plan, layer, vb)?;
                match plain.scale() {
                    Some(scale) => {
                        let [scale, shift] = scale.values().map(channels);
                        Self::Scale { scale, shift }
                    }
                    None => Self::Plain(plain),
                }
            }
            Op::Activation(activation) if curve::knows(*activation) => Self::Curve(*activation),
            Op::MaxPool { window } => Self::Pool(Kind::Maximum, *window),
            Op::AveragePool { window } => Self::Pool(Kind::Mean, *window),
            Op::GlobalAveragePool => Self::Mean,
            Op::Add if are_alike => Self::Sum { factors: vec![1.0; 2] },
            Op::WeightedSum { factors } if are_alike => Self::Sum {
                factors: factors.iter().map(|&factor| factor as f32).collect(),
            },
            Op::Multiply if are_alike && shapes.len() == 2 => Self::Product,
            Op::Multiply => match *shapes.as_slice() {
                [map, cell] if map == layer.shape && cell == Shape::vector(map.channels) => {
                    Self::Gate { map: 0, cell: 1 }
                }
                [cell, map] if map == layer.shape && cell == Shape::vector(map.channels) => {
                    Self::Gate { map: 1, cell: 0 }
                }
                _ => Self::Plain(PlainLayer::load(plan, layer, vb)?),
            },
            Op::Concatenate => Self::Concatenate,
            Op::ZeroPad { before, .. } => Self::ZeroPad { before: *before },
            _ => Self::Plain(PlainLayer::load(plan, layer, vb)?),
        })
    }

    /// Computes the layer's output.
    pub(super) fn forward(
        &self,
        isa: Isa,
        threads: &Threads,
        inputs: &[Read<'_>],
        out: &mut Features,
        workers: &dyn Workers,
    ) {
        let read = inputs[0];
        let stride = out.stride();
        let channels = out.shape.channels;
        // some cells of the output, and the floats of the first input at their place, where shapes are alike
        let alike = |first: usize, len: usize| &read.features.values()[first * stride..][..len];
        match self {
            Self::Scale { scale, shift } => each_part(threads, out, |first, out| {
                isa.run(ScaleCells {
                    source: alike(first, out.len()),
                    rectifier: read.rectifier,
                    scale: scale.values(),
                    shift: Some(shift.values()),
                    out,
                });
            }),
            Self::Curve(activation) => each_part(threads, out, |first, out| {
                let source = alike(first, out.len());
                curve::apply(isa, *activation, source, read.rectifier, channels, stride, out);
            }),
            Self::Pool(kind, window) => {
                let shape = out.shape;
                each_part(threads, out, |first, out| {
                    isa.run(PoolCells {
                        kind: *kind,
                        window: *window,
                        read,
                        outputs: shape,
                        first,
                        out,
                    });
                });
            }
            Self::Mean => mean(isa, threads, read, out),
            Self::Sum { factors } => each_part(threads, out, |first, out| {
                for (index, (read, factor)) in inputs.iter().zip(factors).enumerate() {
                    isa.run(AddScaled {
                        source: &read.features.values()[first * stride..][..out.len()],
                        rectifier: read.rectifier,
                        factor: *factor,
                        is_first: index == 0,
                        out,
                    });
                }
            }),
            Self::Product => each_part(threads, out, |first, out| {
                isa.run(MultiplyCells {
                    sources: [inputs[0], inputs[1]].map(|read| &read.features.values()[first * stride..][..out.len()]),
                    rectifiers: [inputs[0], inputs[1]].map(|read| read.rectifier),
                    out,
                });
            }),
            Self::Gate { map, cell } => {
                let (map, cell) = (inputs[*map], inputs[*cell]);
                each_part(threads, out, |first, out| {
                    isa.run(MultiplyByCell {
                        source: &map.features.values()[first * stride..][..out.len()],
                        rectifier: map.rectifier,
                        cell: cell.features.values(),
                        cell_rectifier: cell.rectifier,
                        out,
                    });
                });
            }
            Self::Concatenate => each_part(threads, out, |first, out| {
                let mut offset = 0;
                for read in inputs {
                    isa.run(CopyChannels {
                        source: &read.features.values()[first * read.features.stride()..],
                        rectifier: read.rectifier,
                        from: [0, read.features.stride()],
                        to: [offset, stride],
                        channels: read.features.shape.channels,
                        out,
                    });
                    offset += read.features.shape.channels;
                }
            }),
            Self::ZeroPad { before } => {
                let (shape, from) = (out.shape, read.features.shape);
                each_part(threads, out, |first, out| {
                    for (cell, out) in (first..).zip(out.chunks_exact_mut(stride)) {
                        let (y, x) = (cell / shape.width, cell % shape.width);
                        let (y, x) = (y.wrapping_sub(before[0]), x.wrapping_sub(before[1]));
                        if y < from.height && x < from.width {
                            let source = &read.features.values()[(y * from.width + x) * stride..][..stride];
                            isa.run(AddScaled {
                                source,
                                rectifier: read.rectifier,
                                factor: 1.0,
                                is_first: true,
                                out,
                            });
                        } else {
                            out.fill(0.0);
                        }
                    }
                });
            }
            Self::Plain(plain) => {
                let inputs: Vec<Vec<f64>> = inputs.iter().map(|read| read.widened()).collect();
                let inputs: Vec<&[f64]> = inputs.iter().map(Vec::as_slice).collect();
                out.set_values(&plain.forward(&inputs, workers));
            }
        }
    }
}

/// One value a padded channel.
fn channels(values: &[f64]) -> Buffer {
    let mut buffer = Buffer::zeros(padded(values.len()));
    for (to, value) in buffer.values_mut().iter_mut().zip(values) {
        *to = *value as f32;
    }
    buffer
}

/// Shares out the cells of one image: the first cell of a part, and its floats.
fn each_part(threads: &Threads, out: &mut Features, work: impl Fn(usize, &mut [f32]) + Sync) {
    let cells = out.shape.cells();
    let part = cells.div_ceil(threads.count()).clamp(1, PART);
    let stride = out.stride();
    let parts = out.values_mut().chunks_mut(part * stride).enumerate();
    threads.each(parts, |_, (index, out)| work(index * part, out));
}
