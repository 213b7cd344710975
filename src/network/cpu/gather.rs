//! Gathers: what each output cell of a convolution sees, written into the tiles of the matrix product.

use super::buffer::{Features, vectors_mut};
use super::filter::{Filter, RowRange, Sink, filter_rows};
use super::gate::Gate;
use super::gemm::Tiling;
use super::lanes::{Kernel, Lanes};
use super::rectifier::{Rectifier, through};
use crate::network::shape::{Shape, Window};

/// Rows of pixels that are gathered before they are copied into tiles: a processor waits where a vector is read that was
/// just written in pieces.
const GROUP: usize = 8;

/// Where the rows of a matrix product come from.
#[derive(Clone, Copy)]
pub(super) enum Rows<'a> {
    /// The pixels under a kernel; zeros outside.
    Image(Pixels<'a>),
    /// A depthwise convolution: one value a channel.
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
    /// Zeros above and left of the image.
    pub(super) padding: [usize; 2],
}

impl<'a> Pixels<'a> {
    /// The pixels under a window.
    pub(super) fn of(values: &'a [f32], shape: Shape, window: Window) -> Self {
        Self {
            values,
            shape,
            window,
            padding: window.before(shape),
        }
    }
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
                let mut rows = vec![0.0; GROUP * self.row_len];
                let mut cells = Cells::from(self.first, self.shape);
                let places: Vec<usize> = tiling.places().collect();
                let tiles = vectors_mut::<S>(self.tiles);
                for places in places.chunks(GROUP) {
                    let cells = cells.by_ref().take(places.len());
                    for (row, cell) in rows.chunks_exact_mut(self.row_len).zip(cells) {
                        pixels.gather(cell, row);
                    }
                    for (row, place) in rows.chunks_exact(self.row_len).zip(places) {
                        let target = tiles[*place..].iter_mut().step_by(tiling.step());
                        for (target, values) in target.zip(row.chunks_exact(S::F32_LANES)) {
                            *target = bytemuck::pod_read_unaligned(bytemuck::cast_slice(values));
                        }
                    }
                }
            }
            Rows::Filtered(filter) => {
                let mut sink = Tiles {
                    tiles: vectors_mut::<S>(self.tiles),
                    places: tiling.places().collect(),
                    step: tiling.step(),
                    exit: filter.exit,
                };
                let range = RowRange {
                    first: self.first,
                    count: self.count,
                };
                filter_rows(simd, filter, range, &mut sink);
            }
            Rows::Patches(patches) if patches.is_pointwise() => {
                let places: Vec<usize> = tiling.places().collect();
                let tiles = vectors_mut::<S>(self.tiles);
                patches
                    .gate
                    .copy(simd, patches.source, self.first, &places, tiles, tiling.step());
            }
            Rows::Patches(patches) => {
                let tiles = vectors_mut::<S>(self.tiles);
                for (cell, place) in Cells::from(self.first, self.shape).zip(tiling.places()) {
                    patches.gather(simd, cell, &mut tiles[place..], tiling.step());
                }
            }
        }
    }
}

/// One output cell.
#[derive(Clone, Copy)]
struct Cell {
    image: usize,
    y: usize,
    x: usize,
}

/// Output cells one after another, without a division for each.
struct Cells {
    next: Cell,
    shape: Shape,
}

impl Cells {
    #[inline(always)]
    fn from(first: usize, shape: Shape) -> Self {
        let (image, cell) = (first / shape.cells(), first % shape.cells());
        let (y, x) = (cell / shape.width, cell % shape.width);
        let next = Cell { image, y, x };
        Self { next, shape }
    }
}

impl Iterator for Cells {
    type Item = Cell;

    #[inline(always)]
    fn next(&mut self) -> Option<Cell> {
        let cell = self.next;
        self.next.x += 1;
        if self.next.x == self.shape.width {
            (self.next.x, self.next.y) = (0, cell.y + 1);
        }
        if self.next.y == self.shape.height {
            (self.next.y, self.next.image) = (0, cell.image + 1);
        }
        Some(cell)
    }
}

/// Tiles of a matrix product, with the place of each row.
struct Tiles<'a, V> {
    tiles: &'a mut [V],
    places: Vec<usize>,
    step: usize,
    /// What values go through.
    exit: Option<Rectifier>,
}

impl<S: Lanes> Sink<S> for Tiles<'_, S::f32s> {
    #[inline(always)]
    fn put(&mut self, simd: S, cell: usize, channel: usize, value: S::f32s) {
        self.tiles[self.places[cell] + channel * self.step] = through(simd, self.exit, value);
    }

    /// Tiles are in a cache already.
    #[inline(always)]
    fn begin(&mut self, _: S, _: usize, _: usize) {}
}

impl Pixels<'_> {
    /// Writes the patch of one output cell, line by line of the kernel, to the beginning of `row`.
    #[inline(always)]
    fn gather(self, cell: Cell, row: &mut [f32]) {
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
        let (top, left) = (cell.y * stride[0], cell.x * stride[1]);
        if dilation == [1; 2]
            && let Some(line) = top.checked_sub(self.padding[0])
            && let Some(column) = left.checked_sub(self.padding[1])
            && line + kernel[0] <= height
            && column + kernel[1] <= width
        {
            // nothing lies outside
            let run = kernel[1] * channels;
            let lines = self.values[(line * width + column) * channels..].chunks(width * channels);
            for (target, values) in row.chunks_exact_mut(run).take(kernel[0]).zip(lines) {
                copy_few(target, &values[..run]);
            }
            return;
        }
        // pixels that lie side by side in the image are copied as one
        let (runs, run) = if dilation[1] == 1 {
            (1, kernel[1])
        } else {
            (kernel[1], 1)
        };
        for down in 0..kernel[0] {
            let line = (top + down * dilation[0]).wrapping_sub(self.padding[0]);
            for right in 0..runs {
                let target = &mut row[(down * runs + right) * run * channels..][..run * channels];
                let start = left + right * dilation[1];
                let outside = self.padding[1].saturating_sub(start).min(run);
                let from = (start + outside).saturating_sub(self.padding[1]).min(width);
                let to = (start + run).saturating_sub(self.padding[1]).min(width).max(from);
                if line >= height || to - from < run {
                    target.fill(0.0);
                }
                if line < height {
                    let values = &self.values[(line * width + from) * channels..(line * width + to) * channels];
                    copy_few(&mut target[outside * channels..], values);
                }
            }
        }
    }
}

/// Copies a few values to the beginning of `target`: those of three, five and seven coloured pixels without a call.
#[inline(always)]
fn copy_few(target: &mut [f32], values: &[f32]) {
    #[inline(always)]
    fn of<const N: usize>(target: &mut [f32], values: &[f32]) {
        if let (Some(target), Some(values)) = (target.first_chunk_mut::<N>(), values.first_chunk::<N>()) {
            *target = *values;
        }
    }
    match values.len() {
        9 => of::<9>(target, values),
        15 => of::<15>(target, values),
        21 => of::<21>(target, values),
        count => target[..count].copy_from_slice(values),
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
            padding: window.before(source.shape),
        }
    }

    /// Whether the patches are the cells themselves.
    fn is_pointwise(self) -> bool {
        (self.kernel, self.stride, self.padding) == ([1; 2], [1; 2], [0; 2])
    }

    /// Writes the patch of one output cell to every `step`-th vector of `target`.
    #[inline(always)]
    fn gather<S: Lanes>(self, simd: S, cell: Cell, target: &mut [S::f32s], step: usize) {
        let zero = simd.splat_f32s(0.0);
        let from = self.source.shape;
        let channels = self.source.stride() / S::F32_LANES;
        let Cell { image, y, x } = cell;
        let [kernel_height, kernel_width] = self.kernel;
        let taps = (0..kernel_height).flat_map(|down| (0..kernel_width).map(move |right| (down, right)));
        for (tap, (down, right)) in taps.enumerate() {
            let line = (y * self.stride[0] + down * self.dilation[0]).wrapping_sub(self.padding[0]);
            let column = (x * self.stride[1] + right * self.dilation[1]).wrapping_sub(self.padding[1]);
            if line >= from.height || column >= from.width {
                let outside = target[tap * channels * step..].iter_mut().step_by(step).take(channels);
                outside.for_each(|target| *target = zero);
                continue;
            }
            let cell = (image * from.height + line) * from.width + column;
            self.gate
                .copy(simd, self.source, cell, &[tap * channels * step], target, step);
        }
    }
}
