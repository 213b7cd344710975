//! Gathers: what each output cell of a convolution sees, written into the tiles of the matrix product.

use super::buffer::{Features, vectors_mut};
use super::filter::{Filter, RowRange, Sink, filter_rows};
use super::gate::Gate;
use super::gemm::Tiling;
use super::lanes::{Kernel, Lanes};
use crate::network::shape::{Shape, Window};

/// Where the rows of a matrix product come from.
#[derive(Clone, Copy)]
pub(super) enum Rows<'a> {
    /// The pixels under a kernel; zeros outside.
    Image(Pixels<'a>),
    /// A depthwise 3x3 convolution: one value a channel.
    Filtered(Filter<'a>),
    /// The cells under a kernel.
    Patches(Patches<'a>),
}

/// The image as a convolution reads it: few channels, without padding between the pixels.
#[derive(Clone, Copy)]
pub(super) struct Pixels<'a> {
    /// `[height, width, channels]`.
    pub(super) values: &'a [f32],
    pub(super) shape: Shape,
    pub(super) window: Window,
}

/// The cells under a kernel, one after another; zeros outside.
#[derive(Clone, Copy)]
pub(super) struct Patches<'a> {
    pub(super) source: &'a Features,
    /// What happens to a value on the way.
    pub(super) gate: Gate<'a>,
    /// Rows and columns of the kernel.
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) dilation: [usize; 2],
    /// Zeros above and left of the source; those below and right are implied.
    pub(super) padding: [usize; 2],
}

/// Writes the rows of the output cells from `first` on into tiles.
pub(super) struct Gather<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) row_len: usize,
    /// Shape of the output.
    pub(super) shape: Shape,
    pub(super) tiles: &'a mut [f32],
}

impl Kernel for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let tiling = Tiling::new::<S>(self.count, self.row_len);
        match self.rows {
            Rows::Image(pixels) => {
                self.tiles.fill(0.0);
                for (cell, place) in (self.first..).zip(tiling.places()) {
                    pixels.gather::<S>(self.shape, cell, &mut self.tiles[place * S::F32_LANES..], tiling.step());
                }
            }
            Rows::Filtered(filter) => {
                let mut sink = Tiles {
                    tiles: vectors_mut::<S>(self.tiles),
                    places: tiling.places().collect(),
                    step: tiling.step(),
                };
                let range = RowRange {
                    first: self.first,
                    count: self.count,
                };
                filter_rows(simd, filter, range, &mut sink);
            }
            Rows::Patches(patches) => {
                let tiles = vectors_mut::<S>(self.tiles);
                for (cell, place) in (self.first..).zip(tiling.places()) {
                    patches.gather(simd, self.shape, cell, &mut tiles[place..], tiling.step());
                }
            }
        }
    }
}

/// Tiles of a matrix product, with the place of each row.
struct Tiles<'a, V> {
    tiles: &'a mut [V],
    places: Vec<usize>,
    step: usize,
}

impl<S: Lanes> Sink<S> for Tiles<'_, S::f32s> {
    #[inline(always)]
    fn put(&mut self, _: S, cell: usize, channel: usize, value: S::f32s) {
        self.tiles[self.places[cell] + channel * self.step] = value;
    }
}

impl Pixels<'_> {
    /// Writes the patch of one output cell, line by line of the kernel, to vectors that lie `step` apart; what lies
    /// outside of the image, and what fills the last vector, is zero already.
    #[inline(always)]
    fn gather<S: Lanes>(self, shape: Shape, cell: usize, target: &mut [f32], step: usize) {
        let Window {
            kernel,
            stride,
            dilation,
            ..
        } = self.window;
        let Shape {
            height,
            width,
            channels,
        } = self.shape;
        let before = [self.window.padding(0, height).0, self.window.padding(1, width).0];
        let (top, left) = (cell / shape.width * stride[0], cell % shape.width * stride[1]);
        // pixels that lie side by side in the image are copied as one
        let (runs, run) = if dilation[1] == 1 {
            (1, kernel[1])
        } else {
            (kernel[1], 1)
        };
        for down in 0..kernel[0] {
            let line = (top + down * dilation[0]).wrapping_sub(before[0]);
            if line >= height {
                continue;
            }
            for right in 0..runs {
                let start = left + right * dilation[1];
                let outside = before[1].saturating_sub(start).min(run);
                let from = (start + outside).saturating_sub(before[1]).min(width);
                let to = (start + run).saturating_sub(before[1]).min(width);
                let values = &self.values[(line * width + from) * channels..(line * width + to.max(from)) * channels];
                let first = (down * kernel[1] + right * run + outside) * channels;
                for (index, value) in (first..).zip(values) {
                    target[index / S::F32_LANES * step * S::F32_LANES + index % S::F32_LANES] = *value;
                }
            }
        }
    }
}

impl<'a> Patches<'a> {
    /// The cells under a window.
    pub(super) fn of(source: &'a Features, gate: Gate<'a>, window: Window) -> Self {
        Self {
            source,
            gate,
            kernel: window.kernel,
            stride: window.stride,
            dilation: window.dilation,
            padding: [
                window.padding(0, source.shape.height).0,
                window.padding(1, source.shape.width).0,
            ],
        }
    }

    /// Writes the patch of one output cell to every `step`-th vector of `target`.
    #[inline(always)]
    fn gather<S: Lanes>(self, simd: S, shape: Shape, cell: usize, target: &mut [S::f32s], step: usize) {
        let zero = simd.splat_f32s(0.0);
        let from = self.source.shape;
        let channels = self.source.stride() / S::F32_LANES;
        let (image, cell) = (cell / shape.cells(), cell % shape.cells());
        let (y, x) = (cell / shape.width, cell % shape.width);
        let [kernel_height, kernel_width] = self.kernel;
        for tap in 0..kernel_height * kernel_width {
            let (down, right) = (tap / kernel_width, tap % kernel_width);
            let line = (y * self.stride[0] + down * self.dilation[0]).wrapping_sub(self.padding[0]);
            let column = (x * self.stride[1] + right * self.dilation[1]).wrapping_sub(self.padding[1]);
            if line >= from.height || column >= from.width {
                let outside = target[tap * channels * step..].iter_mut().step_by(step).take(channels);
                outside.for_each(|target| *target = zero);
                continue;
            }
            let cell = (image * from.height + line) * from.width + column;
            self.gate
                .copy(simd, self.source, cell, &mut target[tap * channels * step..], step);
        }
    }
}
