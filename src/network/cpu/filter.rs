//! The depthwise half of separable convolutions, 3x3 with `same` zero padding, for the product to read at once.
//!
//! Each channel is filtered by itself, so this is a vector operation over channels.
//! Along a line of the image each column of three values is loaded once and used three times: for the outputs to its
//! right, at its place and to its left. The three partial sums wait in registers.

use std::hint::black_box;

use super::buffer::{Features, vectors, vectors_mut};
use super::lanes::{Kernel, Lanes};
use super::rectifier::Rectifier;

/// A depthwise 3x3 convolution of all channels.
#[derive(Clone, Copy)]
pub(super) struct Filter<'a> {
    pub(super) source: &'a Features,
    /// Zeros in place of a line above or below the image: at least `width * stride`.
    pub(super) zeros: &'a [f32],
    /// `[9, stride]`: kernel positions line by line.
    pub(super) weights: &'a [f32],
    /// What the values that are read go through.
    pub(super) rectifier: Option<Rectifier>,
    /// Whether the kernel is turned by half a turn, as the vector-Jacobian product needs it.
    pub(super) turned: bool,
}

/// Consecutive cells, counted through all images.
#[derive(Clone, Copy)]
pub(super) struct RowRange {
    pub(super) first: usize,
    pub(super) count: usize,
}

/// Where filtered vectors go.
pub(super) trait Sink<S: Lanes> {
    /// Takes the vector `channel` of a cell, which is counted from the start of the range.
    ///
    /// A trait and no closure, as closures cannot be `#[inline(always)]`, which all kernels must be.
    fn put(&mut self, simd: S, cell: usize, channel: usize, value: S::f32s);
}

/// Computes the cells of `range`.
#[inline(always)]
pub(super) fn filter_rows<S: Lanes>(simd: S, filter: Filter<'_>, range: RowRange, sink: &mut impl Sink<S>) {
    let shape = filter.source.shape;
    let channels = filter.source.stride() / S::F32_LANES;
    let values = vectors::<S>(filter.source.values());
    let weights = vectors::<S>(filter.weights);
    let line_len = shape.width * channels;
    let zeros = &vectors::<S>(filter.zeros)[..line_len];
    let mut done = 0;
    while done < range.count {
        // the cells of the range in one line of one image
        let cell = range.first + done;
        let (line, from) = (cell / shape.width, cell % shape.width);
        let to = shape.width.min(from + range.count - done);
        let y = line % shape.height;
        let source = |present: bool, line: usize| {
            if present {
                &values[line * line_len..][..line_len]
            } else {
                zeros
            }
        };
        let lines = [
            source(y > 0, line.wrapping_sub(1)),
            source(true, line),
            source(y + 1 < shape.height, line + 1),
        ];
        let seen = if done == 0 { 0 } else { 2 };
        for line in &lines[seen..] {
            warm(
                simd,
                &line[from.saturating_sub(1) * channels..shape.width.min(to + 1) * channels],
            );
        }
        for channel in 0..channels {
            let mut kernel = [simd.splat_f32s(0.0); 9];
            for (tap, kernel) in kernel.iter_mut().enumerate() {
                let tap = if filter.turned { 8 - tap } else { tap };
                *kernel = weights[tap * channels + channel];
            }
            let segment = Segment {
                from,
                to,
                width: shape.width,
                first: done,
                channel,
                channels,
            };
            // one copy for each kind, as the plain ReLU is one operation and this loop counts them
            match filter.rectifier {
                None => filter_line::<S, _>(simd, kernel, lines, segment, Open, sink),
                Some(rectifier) if rectifier.is_capped() => {
                    filter_line::<S, _>(simd, kernel, lines, segment, Capped(rectifier), sink);
                }
                Some(_) => filter_line::<S, _>(simd, kernel, lines, segment, Positive, sink),
            }
        }
        done += to - from;
    }
}

/// Reads values in the order of memory, so that they come into the cache as a stream.
///
/// The filter itself steps from cell to cell and would wait for each of them.
#[inline(always)]
fn warm<S: Lanes>(simd: S, values: &[S::f32s]) {
    let mut sum = simd.splat_f32s(0.0);
    for value in values {
        sum = simd.max_f32s(sum, *value);
    }
    black_box(sum);
}

/// One vector of channels of the cells `from..to` in a line of `width` cells.
#[derive(Clone, Copy)]
struct Segment {
    from: usize,
    to: usize,
    width: usize,
    /// Cell of the range that lies at `from`.
    first: usize,
    channel: usize,
    channels: usize,
}

/// What happens to each vector that the filter reads.
trait Entry: Copy {
    fn value<S: Lanes>(self, simd: S, value: S::f32s) -> S::f32s;
}

#[derive(Clone, Copy)]
struct Open;

#[derive(Clone, Copy)]
struct Positive;

#[derive(Clone, Copy)]
struct Capped(Rectifier);

impl Entry for Open {
    #[inline(always)]
    fn value<S: Lanes>(self, _: S, value: S::f32s) -> S::f32s {
        value
    }
}

impl Entry for Positive {
    #[inline(always)]
    fn value<S: Lanes>(self, simd: S, value: S::f32s) -> S::f32s {
        simd.max_f32s(value, simd.splat_f32s(0.0))
    }
}

impl Entry for Capped {
    #[inline(always)]
    fn value<S: Lanes>(self, simd: S, value: S::f32s) -> S::f32s {
        self.0.values(simd, value)
    }
}

#[inline(always)]
fn filter_line<S: Lanes, E: Entry>(
    simd: S,
    kernel: [S::f32s; 9],
    lines: [&[S::f32s]; 3],
    segment: Segment,
    entry: E,
    sink: &mut impl Sink<S>,
) {
    let Segment {
        from,
        to,
        width,
        first,
        channel,
        channels,
    } = segment;
    let zero = simd.splat_f32s(0.0);
    // sums of the outputs left of the current column and at it
    let (mut left, mut here) = (zero, zero);
    let [above, middle, below] = lines.map(|line| &line[..width * channels]);
    let start = from.saturating_sub(1);
    for (index, x) in (start..width.min(to + 1)).enumerate() {
        let at = start * channels + channel + index * channels;
        let column = [
            entry.value(simd, above[at]),
            entry.value(simd, middle[at]),
            entry.value(simd, below[at]),
        ];
        if x > from {
            let sum = simd.add_f32s(left, weighted(simd, kernel, 2, column));
            sink.put(simd, first + x - 1 - from, channel, sum);
        }
        left = simd.add_f32s(here, weighted(simd, kernel, 1, column));
        here = weighted(simd, kernel, 0, column);
    }
    if to == width {
        sink.put(simd, first + to - 1 - from, channel, left);
    }
}

/// Three values of a column through one column of the kernel.
#[inline(always)]
fn weighted<S: Lanes>(simd: S, kernel: [S::f32s; 9], kernel_column: usize, column: [S::f32s; 3]) -> S::f32s {
    let sum = simd.mul_f32s(column[0], kernel[kernel_column]);
    let sum = simd.multiply_add(column[1], kernel[3 + kernel_column], sum);
    simd.multiply_add(column[2], kernel[6 + kernel_column], sum)
}

/// The filter into ordinary feature maps.
pub(super) struct FilterCells<'a> {
    pub(super) filter: Filter<'a>,
    /// First cell.
    pub(super) first: usize,
    /// The cells from `first` on, `[count, stride]`.
    pub(super) out: &'a mut [f32],
    /// Whether to add to what is in `out`.
    pub(super) accumulate: bool,
}

impl Kernel for FilterCells<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let channels = self.filter.source.stride() / S::F32_LANES;
        let mut sink = Cells {
            out: vectors_mut::<S>(self.out),
            channels,
            accumulate: self.accumulate,
        };
        let range = RowRange {
            first: self.first,
            count: sink.out.len() / channels,
        };
        filter_rows(simd, self.filter, range, &mut sink);
    }
}

/// Ordinary feature maps.
struct Cells<'a, V> {
    out: &'a mut [V],
    channels: usize,
    accumulate: bool,
}

impl<S: Lanes> Sink<S> for Cells<'_, S::f32s> {
    #[inline(always)]
    fn put(&mut self, simd: S, cell: usize, channel: usize, value: S::f32s) {
        let out = &mut self.out[cell * self.channels + channel];
        *out = if self.accumulate {
            simd.add_f32s(*out, value)
        } else {
            value
        };
    }
}
