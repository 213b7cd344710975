//! Depthwise 3x3 convolutions with `same` zero padding: each channel by itself, so a vector operation over channels.
//!
//! Along a line of the image each column of three values is loaded once and used three times: for the outputs to its
//! right, at its place and to its left. The three partial sums wait in registers.

use super::buffer::{Features, vectors, vectors_mut};
use super::isa::{Kernel, Lanes};

/// A depthwise convolution of all channels.
#[derive(Clone, Copy)]
pub(super) struct Filter<'a> {
    pub(super) source: &'a Features,
    /// `[9, stride]`: kernel positions line by line.
    pub(super) weights: &'a [f32],
    /// Whether max(x, 0) is taken of what is read.
    pub(super) rectified: bool,
    /// Whether the kernel is turned by half a turn, as the vector-Jacobian product needs it.
    pub(super) turned: bool,
}

/// Consecutive cells, counted through all images.
#[derive(Clone, Copy)]
pub(super) struct RowRange {
    pub(super) first: usize,
    pub(super) count: usize,
}

/// A line of the source, or zeros in place of a line above or below the image.
#[derive(Clone, Copy)]
struct Line<'a, V> {
    values: &'a [V],
    /// Vectors from cell to cell, and from channel to channel.
    steps: [usize; 2],
}

/// Computes the cells of `range`, and hands each vector to `put` with its cell, counted from the range's start, and
/// the index of its vector of channels.
#[inline(always)]
pub(super) fn filter_rows<S: Lanes>(
    simd: S,
    filter: Filter<'_>,
    range: RowRange,
    mut put: impl FnMut(usize, usize, S::f32s),
) {
    let shape = filter.source.shape;
    let channels = filter.source.stride() / S::F32_LANES;
    let values = vectors::<S>(filter.source.values());
    let weights = vectors::<S>(filter.weights);
    let zeros = [simd.splat_f32s(0.0)];
    let line_len = shape.width * channels;
    let mut done = 0;
    while done < range.count {
        // the cells of the range in one line of one image
        let cell = range.first + done;
        let (line, from) = (cell / shape.width, cell % shape.width);
        let to = shape.width.min(from + range.count - done);
        let y = line % shape.height;
        let lines = [0, 1, 2].map(|offset| {
            if y + offset == 0 || y + offset > shape.height {
                Line {
                    values: zeros.as_slice(),
                    steps: [0, 0],
                }
            } else {
                Line {
                    values: &values[(line + offset - 1) * line_len..][..line_len],
                    steps: [channels, 1],
                }
            }
        });
        for channel in 0..channels {
            let mut kernel = [zeros[0]; 9];
            for (tap, kernel) in kernel.iter_mut().enumerate() {
                let tap = if filter.turned { 8 - tap } else { tap };
                *kernel = weights[tap * channels + channel];
            }
            let put = |x: usize, value| put(done + x - from, channel, value);
            if filter.rectified {
                filter_line::<S, true>(simd, kernel, lines, channel, [from, to, shape.width], put);
            } else {
                filter_line::<S, false>(simd, kernel, lines, channel, [from, to, shape.width], put);
            }
        }
        done += to - from;
    }
}

/// One vector of channels of the cells `from..to` in a line of `width` cells.
#[inline(always)]
fn filter_line<S: Lanes, const RECTIFIED: bool>(
    simd: S,
    kernel: [S::f32s; 9],
    lines: [Line<'_, S::f32s>; 3],
    channel: usize,
    [from, to, width]: [usize; 3],
    mut put: impl FnMut(usize, S::f32s),
) {
    let zero = simd.splat_f32s(0.0);
    // sums of the outputs left of the current column and at it
    let (mut left, mut here) = (zero, zero);
    for x in from.saturating_sub(1)..width.min(to + 1) {
        let column = lines.map(|line| {
            let value = line.values[x * line.steps[0] + channel * line.steps[1]];
            if RECTIFIED { simd.max_f32s(value, zero) } else { value }
        });
        if x > from {
            put(x - 1, simd.add_f32s(left, weighted(simd, kernel, 2, column)));
        }
        left = simd.add_f32s(here, weighted(simd, kernel, 1, column));
        here = weighted(simd, kernel, 0, column);
    }
    if to == width {
        put(to - 1, left);
    }
}

/// Three values of a column through one column of the kernel.
#[inline(always)]
fn weighted<S: Lanes>(simd: S, kernel: [S::f32s; 9], kernel_column: usize, column: [S::f32s; 3]) -> S::f32s {
    let sum = simd.mul_f32s(column[0], kernel[kernel_column]);
    let sum = simd.multiply_add(column[1], kernel[3 + kernel_column], sum);
    simd.multiply_add(column[2], kernel[6 + kernel_column], sum)
}

/// A depthwise convolution into ordinary feature maps.
pub(super) struct Depthwise<'a> {
    pub(super) filter: Filter<'a>,
    /// First cell.
    pub(super) first: usize,
    /// The cells from `first` on, `[count, stride]`.
    pub(super) out: &'a mut [f32],
    /// Whether to add to what is in `out`.
    pub(super) accumulate: bool,
}

impl Kernel for Depthwise<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let channels = self.filter.source.stride() / S::F32_LANES;
        let out = vectors_mut::<S>(self.out);
        let range = RowRange {
            first: self.first,
            count: out.len() / channels,
        };
        if self.accumulate {
            filter_rows(simd, self.filter, range, |cell, channel, value| {
                let out = &mut out[cell * channels + channel];
                *out = simd.add_f32s(*out, value);
            });
        } else {
            filter_rows(simd, self.filter, range, |cell, channel, value| {
                out[cell * channels + channel] = value;
            });
        }
    }
}
