//! Gathers: what each output cell of a convolution sees, written into the tiles of the matrix product.

use super::buffer::{Features, vectors, vectors_mut};
use super::depthwise::{Filter, RowRange, Sink, filter_rows};
use super::gemm::Tiling;
use super::isa::{Kernel, Lanes};
use crate::network::shape::{Shape, Window};

/// Where the rows of a matrix product come from.
#[derive(Clone, Copy)]
pub(super) enum Rows<'a> {
    /// The 3x3 patches of the image `[height, width, 3]`, every second pixel; nine values from each of three lines.
    Image { values: &'a [f32], width: usize },
    /// A depthwise convolution: one value a channel.
    Depthwise(Filter<'a>),
    /// The cells under a kernel.
    Patches(Patches<'a>),
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

/// A ReLU on the way through a gather.
#[derive(Clone, Copy)]
pub(super) enum Gate<'a> {
    /// Values as they are.
    Open,
    /// max(x, 0), forward.
    Relu,
    /// x where the value that went through the ReLU was positive, else 0: backward. One image for all gradients.
    Mask(&'a Features),
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
            Rows::Image { values, width } => {
                // line by line of the kernel: `9 * 3` values, then zeros up to whole vectors
                self.tiles.fill(0.0);
                for (cell, place) in (self.first..).zip(tiling.places()) {
                    let (y, x) = (cell / self.shape.width, cell % self.shape.width);
                    for line in 0..3 {
                        let from = ((2 * y + line) * width + 2 * x) * 3;
                        for (index, value) in (line * 9..).zip(&values[from..from + 9]) {
                            let vector = place + index / S::F32_LANES * tiling.step();
                            self.tiles[vector * S::F32_LANES + index % S::F32_LANES] = *value;
                        }
                    }
                }
            }
            Rows::Depthwise(filter) => {
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
        let values = vectors::<S>(self.source.values());
        let channels = self.source.stride() / S::F32_LANES;
        let (image, cell) = (cell / shape.cells(), cell % shape.cells());
        let (y, x) = (cell / shape.width, cell % shape.width);
        let [kernel_height, kernel_width] = self.kernel;
        for tap in 0..kernel_height * kernel_width {
            let (down, right) = (tap / kernel_width, tap % kernel_width);
            let line = (y * self.stride[0] + down * self.dilation[0]).wrapping_sub(self.padding[0]);
            let column = (x * self.stride[1] + right * self.dilation[1]).wrapping_sub(self.padding[1]);
            let target = target[tap * channels * step..].iter_mut().step_by(step).take(channels);
            if line >= from.height || column >= from.width {
                target.for_each(|target| *target = zero);
                continue;
            }
            let cell = line * from.width + column;
            let source = &values[(image * from.cells() + cell) * channels..][..channels];
            match self.gate {
                Gate::Open => {
                    for (target, value) in target.zip(source) {
                        *target = *value;
                    }
                }
                Gate::Relu => {
                    for (target, value) in target.zip(source) {
                        *target = simd.max_f32s(*value, zero);
                    }
                }
                Gate::Mask(mask) => {
                    let mask = &vectors::<S>(mask.values())[cell * channels..][..channels];
                    for (target, (value, mask)) in target.zip(source.iter().zip(mask)) {
                        let positive = simd.greater_than_f32s(*mask, zero);
                        *target = simd.select_f32s(positive, *value, zero);
                    }
                }
            }
        }
    }
}
