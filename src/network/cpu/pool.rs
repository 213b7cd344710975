//! 3x3 maximum with stride 2 and `same` padding, forward together with the residual sum, and backward.

use super::buffer::{Features, vectors, vectors_mut};
use super::lanes::{Kernel, Lanes};
use super::nodes::POOL_WINDOW;
use crate::network::shape::Shape;

/// The lines (or columns) of the window of one output, clipped to the source: padding never wins.
fn window(output: usize, size: usize) -> std::ops::Range<usize> {
    let start = 2 * output;
    let before = POOL_WINDOW.padding(0, size).0;
    start.saturating_sub(before)..size.min(start + 3 - before)
}

/// The outputs whose windows hold one line (or column) of the source.
fn windows_over(position: usize, size: usize) -> std::ops::Range<usize> {
    let shifted = position + POOL_WINDOW.padding(0, size).0;
    (shifted.saturating_sub(1)) / 2..size.div_ceil(2).min(shifted / 2 + 1)
}

/// Pools, and adds the residual branch in the same pass.
pub(super) struct PoolAndAdd<'a> {
    pub(super) source: &'a Features,
    /// First output cell.
    pub(super) first: usize,
    /// The maxima of the cells from `first` on.
    pub(super) pooled: &'a mut [f32],
    /// The residual branch, the same cells.
    pub(super) side: &'a [f32],
    /// `pooled + side`.
    pub(super) sum: &'a mut [f32],
}

impl Kernel for PoolAndAdd<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let Shape { height, width, .. } = self.source.shape;
        let channels = self.source.stride() / S::F32_LANES;
        let source = vectors::<S>(self.source.values());
        let cells = vectors_mut::<S>(self.pooled)
            .chunks_exact_mut(channels)
            .zip(vectors::<S>(self.side).chunks_exact(channels))
            .zip(vectors_mut::<S>(self.sum).chunks_exact_mut(channels));
        let outputs = width.div_ceil(2);
        for (cell, ((pooled, side), sum)) in (self.first..).zip(cells) {
            let (lines, columns) = (window(cell / outputs, height), window(cell % outputs, width));
            // cell by cell of the window, each as one run through memory
            let cells = lines.flat_map(|line| columns.clone().map(move |column| line * width + column));
            for (index, cell) in cells.enumerate() {
                let source = &source[cell * channels..][..channels];
                if index == 0 {
                    pooled.copy_from_slice(source);
                } else {
                    for (pooled, source) in pooled.iter_mut().zip(source) {
                        *pooled = simd.max_f32s(*pooled, *source);
                    }
                }
            }
            for ((sum, pooled), side) in sum.iter_mut().zip(pooled).zip(side) {
                *sum = simd.add_f32s(*pooled, *side);
            }
        }
    }
}

/// The gradient of the pool's input: that of each output goes to the first maximum of its window, line by line.
///
/// Every input cell collects what it won, at most four times, so that threads write to cells of their own.
pub(super) struct PoolBackward<'a> {
    pub(super) source: &'a Features,
    pub(super) pooled: &'a Features,
    /// With respect to the output, one image a score.
    pub(super) gradient: &'a Features,
    /// First input cell, counted through all images.
    pub(super) first: usize,
    /// The gradient of the cells from `first` on.
    pub(super) out: &'a mut [f32],
}

impl Kernel for PoolBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let shape = self.source.shape;
        let Shape { height, width, .. } = shape;
        let channels = self.source.stride() / S::F32_LANES;
        let source = vectors::<S>(self.source.values());
        let pooled = vectors::<S>(self.pooled.values());
        let gradient = vectors::<S>(self.gradient.values());
        let zero = simd.splat_f32s(0.0);
        let outputs = self.pooled.shape;
        for (cell, out) in (self.first..).zip(vectors_mut::<S>(self.out).chunks_exact_mut(channels)) {
            let (image, cell) = (cell / shape.cells(), cell % shape.cells());
            let (y, x) = (cell / width, cell % width);
            let here = &source[cell * channels..][..channels];
            out.fill(zero);
            for output_y in windows_over(y, height) {
                for output_x in windows_over(x, width) {
                    let output = output_y * outputs.width + output_x;
                    let most = &pooled[output * channels..][..channels];
                    let gradient = &gradient[(image * outputs.cells() + output) * channels..][..channels];
                    let (lines, columns) = (window(output_y, height), window(output_x, width));
                    for channel in 0..channels {
                        let wins = simd.equal_f32s(here[channel], most[channel]);
                        let mut won = simd.select_f32s(wins, gradient[channel], zero);
                        // unless an earlier cell of the window is as large
                        for line in lines.start..=y {
                            for column in columns.clone() {
                                if line == y && column >= x {
                                    break;
                                }
                                let earlier = source[(line * width + column) * channels + channel];
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_and_their_inverse_agree() {
        for size in 1..40 {
            for position in 0..size {
                let inverse = windows_over(position, size);
                for output in 0..size.div_ceil(2) {
                    assert_eq!(
                        window(output, size).contains(&position),
                        inverse.contains(&output),
                        "position {position} of {size}, output {output}"
                    );
                }
            }
        }
    }
}
