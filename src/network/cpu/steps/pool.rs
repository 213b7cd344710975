//! Pools of any window, and the mean over all cells.

use std::ops::Range;

use bytemuck::cast_slice;

use super::super::buffer::{Features, vectors, vectors_mut};
use super::super::isa::Isa;
use super::super::lanes::{Kernel, Lanes};
use super::super::rectifier::{Rectifier, through};
use super::super::threads::Threads;
use super::Read;
use crate::network::shape::{Shape, Window};

/// What a pool takes of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// The largest value; padding never wins.
    Maximum,
    /// The mean of the cells inside of the map.
    Mean,
}

/// The lines (axis 0) or columns (axis 1) of the window of one output, clipped to a source of this size.
fn seen(window: Window, axis: usize, output: usize, size: usize) -> Range<usize> {
    let before = window.padding(axis, size).0;
    let start = output * window.stride[axis];
    let end = (start + window.kernel[axis]).saturating_sub(before);
    start.saturating_sub(before)..size.min(end)
}

/// The outputs, of which there are `outputs`, whose windows hold one line (or column) of the source.
fn outputs_over(window: Window, axis: usize, position: usize, size: usize, outputs: usize) -> Range<usize> {
    let shifted = position + window.padding(axis, size).0;
    let first = (shifted + 1)
        .saturating_sub(window.kernel[axis])
        .div_ceil(window.stride[axis]);
    first..outputs.min(shifted / window.stride[axis] + 1)
}

/// Some cells of a pool's output.
pub(super) struct PoolCells<'a> {
    pub(super) kind: Kind,
    pub(super) window: Window,
    pub(super) read: Read<'a>,
    pub(super) outputs: Shape,
    /// First output cell.
    pub(super) first: usize,
    pub(super) out: &'a mut [f32],
}

impl Kernel for PoolCells<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let Shape { height, width, .. } = self.read.features.shape;
        let channels = self.read.features.stride() / S::F32_LANES;
        let source = vectors::<S>(self.read.features.values());
        let rectifier = self.read.rectifier;
        for (cell, out) in (self.first..).zip(vectors_mut::<S>(self.out).chunks_exact_mut(channels)) {
            let lines = seen(self.window, 0, cell / self.outputs.width, height);
            let columns = seen(self.window, 1, cell % self.outputs.width, width);
            let count = lines.len() * columns.len();
            let mut is_first = true;
            for line in lines {
                for column in columns.clone() {
                    let source = &source[(line * width + column) * channels..][..channels];
                    for (out, source) in out.iter_mut().zip(source) {
                        let value = through(simd, rectifier, *source);
                        *out = match (is_first, self.kind) {
                            (true, _) => value,
                            (false, Kind::Maximum) => simd.max_f32s(*out, value),
                            (false, Kind::Mean) => simd.add_f32s(*out, value),
                        };
                    }
                    is_first = false;
                }
            }
            if self.kind == Kind::Mean {
                let share = simd.splat_f32s(1.0 / count.max(1) as f32);
                for out in out.iter_mut() {
                    *out = simd.mul_f32s(*out, share);
                }
            }
        }
    }
}

/// The gradient of a pool's input: each output's goes to the first maximum of its window, line by line, or in equal
/// shares to all of it.
pub(super) struct PoolBack<'a> {
    pub(super) kind: Kind,
    pub(super) window: Window,
    pub(super) read: Read<'a>,
    pub(super) pooled: &'a Features,
    /// With respect to the output, one image a score.
    pub(super) gradient: &'a Features,
    /// First input cell, counted through all images.
    pub(super) first: usize,
    /// The gradient of the cells from `first` on.
    pub(super) out: &'a mut [f32],
}

impl Kernel for PoolBack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let (shape, window) = (self.read.features.shape, self.window);
        let Shape { height, width, .. } = shape;
        let channels = self.read.features.stride() / S::F32_LANES;
        let source = vectors::<S>(self.read.features.values());
        let pooled = vectors::<S>(self.pooled.values());
        let gradient = vectors::<S>(self.gradient.values());
        let zero = simd.splat_f32s(0.0);
        let outputs = self.pooled.shape;
        for (cell, out) in (self.first..).zip(vectors_mut::<S>(self.out).chunks_exact_mut(channels)) {
            let (image, cell) = (cell / shape.cells(), cell % shape.cells());
            let (y, x) = (cell / width, cell % width);
            out.fill(zero);
            for output_y in outputs_over(window, 0, y, height, outputs.height) {
                for output_x in outputs_over(window, 1, x, width, outputs.width) {
                    let output = output_y * outputs.width + output_x;
                    let gradient = &gradient[(image * outputs.cells() + output) * channels..][..channels];
                    let (lines, columns) = (seen(window, 0, output_y, height), seen(window, 1, output_x, width));
                    if self.kind == Kind::Mean {
                        let share = simd.splat_f32s(1.0 / (lines.len() * columns.len()) as f32);
                        for (out, gradient) in out.iter_mut().zip(gradient) {
                            *out = simd.multiply_add(*gradient, share, *out);
                        }
                        continue;
                    }
                    let most = &pooled[output * channels..][..channels];
                    let here = &source[cell * channels..][..channels];
                    for channel in 0..channels {
                        let value = through(simd, self.read.rectifier, here[channel]);
                        let wins = simd.equal_f32s(value, most[channel]);
                        let mut won = simd.select_f32s(wins, gradient[channel], zero);
                        // unless an earlier cell of the window is as large
                        for line in lines.start..=y {
                            for column in columns.clone() {
                                if line == y && column >= x {
                                    break;
                                }
                                let earlier = source[(line * width + column) * channels + channel];
                                let earlier = through(simd, self.read.rectifier, earlier);
                                let beaten = simd.equal_f32s(earlier, most[channel]);
                                won = simd.select_f32s(beaten, zero, won);
                            }
                        }
                        out[channel] = simd.add_f32s(out[channel], won);
                    }
                }
            }
        }
    }
}

/// Cells whose values are summed at a time; fixed, so that sums do not depend on the number of threads.
const PART: usize = 64;

/// Sums over cells of values on their way, one a padded channel.
struct SumRead<'a> {
    /// Whole cells.
    values: &'a [f32],
    rectifier: Option<Rectifier>,
    sums: &'a mut [f64],
}

impl Kernel for SumRead<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let channels = self.sums.len() / S::F32_LANES;
        let mut totals = vec![simd.splat_f32s(0.0); channels];
        for cell in vectors::<S>(self.values).chunks_exact(channels) {
            for (total, value) in totals.iter_mut().zip(cell) {
                *total = simd.add_f32s(*total, through(simd, self.rectifier, *value));
            }
        }
        for (sum, total) in self.sums.iter_mut().zip(cast_slice::<_, f32>(&totals)) {
            *sum = f64::from(*total);
        }
    }
}

/// The mean over all cells.
pub(super) fn mean(isa: Isa, threads: &Threads, read: Read<'_>, out: &mut Features) {
    let stride = read.features.stride();
    let values = read.features.values();
    let mut sums = vec![0.0; values.len().div_ceil(PART * stride) * stride];
    let parts = values.chunks(PART * stride).zip(sums.chunks_mut(stride));
    threads.each(parts, |_, (values, sums)| {
        isa.run(SumRead {
            values,
            rectifier: read.rectifier,
            sums,
        });
    });
    let mut totals = vec![0.0; stride];
    for sums in sums.chunks_exact(stride) {
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total += sum;
        }
    }
    let cells = read.features.shape.cells() as f64;
    for (out, total) in out.values_mut().iter_mut().zip(totals) {
        *out = (total / cells) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::shape::Padding;

    #[test]
    fn windows_and_their_inverse_agree() {
        let paddings = [
            Padding::Valid,
            Padding::Same,
            Padding::Zeros {
                before: [1; 2],
                after: [2; 2],
            },
        ];
        for (kernel, stride) in [(1, 2), (2, 2), (3, 1), (3, 2), (2, 3), (5, 2)] {
            for padding in paddings {
                let window = Window::square(kernel, stride, padding);
                for size in 1..24 {
                    let outputs = window.outputs(0, size);
                    for position in 0..size {
                        let inverse = outputs_over(window, 0, position, size, outputs);
                        for output in 0..outputs {
                            assert_eq!(
                                seen(window, 0, output, size).contains(&position),
                                inverse.contains(&output),
                                "{window:?}: position {position} of {size}, output {output}"
                            );
                        }
                    }
                }
            }
        }
    }
}
