//! Depthwise convolutions, 3x3 and 5x5 with stride 1 or 2: of separable convolutions, for the product to read at once, and
//! as operations of their own.
//!
//! Each channel is filtered by itself, so this is a vector operation over channels. Along a line each column of values
//! under the kernel is loaded once, passes its ReLU once and is used for all outputs whose windows hold it; their sums
//! wait in registers.

use std::hint::black_box;

use super::buffer::{Features, padded, vectors, vectors_mut};
use super::isa::Isa;
use super::lanes::{Kernel, Lanes};
use super::rectifier::Rectifier;
use super::threads::Threads;
use crate::network::shape::{Shape, Window};

/// Parts for each thread: a few, so that none waits long for another.
const PARTS: usize = 2;

/// Taps of the largest kernel.
const MOST_TAPS: usize = 25;

/// A depthwise convolution of all channels.
#[derive(Clone, Copy)]
pub(super) struct Filter<'a> {
    /// The map, or some lines of it: padded channels, images one after another.
    pub(super) values: &'a [f32],
    /// Shape of the whole map.
    pub(super) shape: Shape,
    /// Lines of the map, counted through all images, that lie before `values`.
    pub(super) skipped: usize,
    /// Zeros in place of a line above or below the image: at least `width * stride`.
    pub(super) zeros: &'a [f32],
    /// `[channel vector][tap][lane]`: kernel positions line by line.
    pub(super) weights: &'a [f32],
    pub(super) window: Window,
    /// One a padded channel.
    pub(super) bias: Option<&'a [f32]>,
    /// What the values that are read go through.
    pub(super) rectifier: Option<Rectifier>,
    /// What its own values go through where a product reads them at once.
    pub(super) exit: Option<Rectifier>,
    /// Whether the kernel is turned by half a turn, as the vector-Jacobian product needs it.
    pub(super) turned: bool,
}

impl Filter<'_> {
    /// Computes all of `out`, or adds to it.
    pub(super) fn run(self, isa: Isa, threads: &Threads, out: &mut Features, accumulate: bool) {
        let (lines, stride) = (out.images * out.shape.height, out.stride());
        // whole lines, as each reads those around it
        let cells = lines.div_ceil(PARTS * threads.count()).max(1) * out.shape.width;
        let parts = out.values_mut().chunks_mut((cells * stride).max(1)).enumerate();
        threads.each(parts, |_, (index, out)| {
            isa.run(FilterCells {
                filter: self,
                first: index * cells,
                out,
                accumulate,
            });
        });
    }

    /// Whether there is a loop for this window.
    pub(super) fn fits(window: Window) -> bool {
        matches!(
            (window.kernel, window.stride, window.dilation),
            ([3, 3] | [5, 5], [1, 1] | [2, 2], [1, 1])
        )
    }
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

    /// Told before the cells from `first` on, which are put channel by channel.
    fn begin(&mut self, simd: S, first: usize, count: usize);
}

/// Computes the cells of `range` with the loop that [fits](Filter::fits) the window: kernel, stride, and the outputs
/// whose windows hold one column.
#[inline(always)]
pub(super) fn filter_rows<S: Lanes>(simd: S, filter: Filter<'_>, range: RowRange, sink: &mut impl Sink<S>) {
    match (filter.window.kernel[0], filter.window.stride[0]) {
        (3, 1) => filter_lines::<S, 3, 1, 3>(simd, filter, range, sink),
        (3, _) => filter_lines::<S, 3, 2, 2>(simd, filter, range, sink),
        (_, 1) => filter_lines::<S, 5, 1, 5>(simd, filter, range, sink),
        _ => filter_lines::<S, 5, 2, 3>(simd, filter, range, sink),
    }
}

#[inline(always)]
fn filter_lines<S: Lanes, const KERNEL: usize, const STRIDE: usize, const OPEN: usize>(
    simd: S,
    filter: Filter<'_>,
    range: RowRange,
    sink: &mut impl Sink<S>,
) {
    let shape = filter.shape;
    let Shape { height, width, .. } = filter.window.output(shape);
    let [top, left] = filter.window.before(shape);
    let channels = padded(shape.channels) / S::F32_LANES;
    let values = vectors::<S>(filter.values);
    let all_weights = vectors::<S>(filter.weights).chunks_exact(KERNEL * KERNEL);
    let bias = filter.bias.map(vectors::<S>);
    let line_len = shape.width * channels;
    let zeros = &vectors::<S>(filter.zeros)[..line_len];
    let mut done = 0;
    while done < range.count {
        // the cells of the range in one line of one image
        let cell = range.first + done;
        let (line, from) = (cell / width, cell % width);
        let to = width.min(from + range.count - done);
        let (image, y) = (line / height, line % height);
        let mut lines = [zeros; KERNEL];
        for (down, line) in lines.iter_mut().enumerate() {
            let source = (y * STRIDE + down).wrapping_sub(top);
            if source < shape.height {
                *line = &values[(image * shape.height + source - filter.skipped) * line_len..][..line_len];
            }
        }
        let seen = if done == 0 { 0 } else { KERNEL - STRIDE };
        for line in &lines[seen..] {
            let start = (from * STRIDE).saturating_sub(left);
            let end = shape.width.min(to * STRIDE + KERNEL);
            warm(simd, &line[start.min(end) * channels..end * channels]);
        }
        sink.begin(simd, done, to - from);
        for (channel, weights) in all_weights.clone().enumerate() {
            let mut kernel = [simd.splat_f32s(0.0); MOST_TAPS];
            for tap in 0..KERNEL * KERNEL {
                kernel[tap] = weights[if filter.turned { KERNEL * KERNEL - 1 - tap } else { tap }];
            }
            let segment = Segment {
                from,
                to,
                width: shape.width,
                left,
                first: done,
                channel,
                channels,
                bias: bias.map_or(simd.splat_f32s(0.0), |bias| bias[channel]),
            };
            // one copy for each kind, as the plain ReLU is one operation and this loop counts them
            match filter.rectifier {
                None => filter_line::<S, _, KERNEL, STRIDE, OPEN>(simd, &kernel, lines, segment, Open, sink),
                Some(rectifier) if rectifier.is_capped() => {
                    filter_line::<S, _, KERNEL, STRIDE, OPEN>(simd, &kernel, lines, segment, Capped(rectifier), sink);
                }
                Some(_) => filter_line::<S, _, KERNEL, STRIDE, OPEN>(simd, &kernel, lines, segment, Positive, sink),
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

/// One vector of channels of the outputs `from..to` in a line that reads `width` cells.
#[derive(Clone, Copy)]
struct Segment<V> {
    from: usize,
    to: usize,
    width: usize,
    /// Zeros left of the line.
    left: usize,
    /// Cell of the range that lies at `from`.
    first: usize,
    channel: usize,
    channels: usize,
    bias: V,
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
fn filter_line<S: Lanes, E: Entry, const KERNEL: usize, const STRIDE: usize, const OPEN: usize>(
    simd: S,
    kernel: &[S::f32s; MOST_TAPS],
    lines: [&[S::f32s]; KERNEL],
    segment: Segment<S::f32s>,
    entry: E,
    sink: &mut impl Sink<S>,
) {
    let Segment {
        from,
        to,
        width,
        left,
        first,
        channel,
        channels,
        bias,
    } = segment;
    // of the outputs whose windows are open: the one that begins at this step first
    let mut sums = [bias; OPEN];
    for step in from..to + OPEN - 1 {
        for column in 0..STRIDE {
            let x = (step * STRIDE + column).wrapping_sub(left);
            if x >= width {
                continue;
            }
            let mut values = [bias; KERNEL];
            for down in 0..KERNEL {
                values[down] = entry.value(simd, lines[down][x * channels + channel]);
            }
            for (open, sum) in sums.iter_mut().enumerate() {
                let right = column + STRIDE * open;
                if right < KERNEL {
                    // by itself first, as the sum would wait for each of them
                    let mut part = simd.mul_f32s(values[0], kernel[right]);
                    for down in 1..KERNEL {
                        part = simd.multiply_add(values[down], kernel[down * KERNEL + right], part);
                    }
                    *sum = simd.add_f32s(*sum, part);
                }
            }
        }
        if step + 1 >= from + OPEN {
            sink.put(simd, first + step + 1 - OPEN - from, channel, sums[OPEN - 1]);
        }
        for open in (1..OPEN).rev() {
            sums[open] = sums[open - 1];
        }
        sums[0] = bias;
    }
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
        let channels = padded(self.filter.shape.channels) / S::F32_LANES;
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

    /// Writes in the order of memory, so that what follows finds the cells in a cache.
    #[inline(always)]
    fn begin(&mut self, simd: S, first: usize, count: usize) {
        if !self.accumulate {
            self.out[first * self.channels..][..count * self.channels].fill(simd.splat_f32s(0.0));
        }
    }
}
