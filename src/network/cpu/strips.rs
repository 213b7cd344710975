//! A wide map that is never there as a whole: each thread makes a strip of it at a time, as many lines as stay in its L2
//! cache, filters it, and multiplies the result. The next strip begins with the lines that both need.

use std::ops::Range;

use super::buffer::padded;
use super::filter::Filter;
use super::gather::{Gather, Rows};
use super::gemm::{Multiply, scratch_len};
use super::isa::Isa;
use super::pack::PackedRef;
use super::product::{OutPart, Product};
use super::rectifier::Rectifier;
use crate::network::shape::Shape;

/// Floats of a strip: a quarter of an L2 cache of 1 MB, so that it stays there beside what is made of it; few in tests.
const STRIP: usize = if cfg!(test) { 2 << 10 } else { 64 << 10 };
/// Lines of a wide map that are gathered at a time.
const WIDE_LINES: usize = 4;

/// A chain on its way through a band of lines.
pub(super) struct Strips<'a> {
    /// What the wide map is a product of.
    pub(super) rows: Rows<'a>,
    pub(super) weights: PackedRef<'a>,
    pub(super) bias: &'a [f32],
    /// What the wide map goes through.
    pub(super) exit: Option<Rectifier>,
    pub(super) filter: Filter<'a>,
    pub(super) narrow: &'a Product<'a>,
    /// Shape of the result.
    pub(super) shape: Shape,
    /// What the other summand goes through first.
    pub(super) rectifier: Option<Rectifier>,
}

impl Strips<'_> {
    /// Floats of a line of the wide map.
    fn wide_line(&self) -> usize {
        self.filter.shape.width * padded(self.filter.shape.channels)
    }

    /// Lines of the result that are made of one strip.
    fn lines(&self) -> usize {
        let (kernel, stride) = (self.filter.window.kernel[0], self.filter.window.stride[0]);
        let lines = STRIP / self.wide_line();
        (lines.saturating_sub(kernel) / stride + 1).min(self.shape.height)
    }

    /// Lines of the widest strip.
    fn strip_lines(&self) -> usize {
        let (kernel, stride) = (self.filter.window.kernel[0], self.filter.window.stride[0]);
        (self.lines() - 1) * stride + kernel
    }

    /// Floats of tiles, of either product.
    fn tiles_len(&self) -> usize {
        let wide = scratch_len(WIDE_LINES * self.filter.shape.width, self.weights.row_len());
        let narrow = scratch_len(self.lines() * self.shape.width, self.narrow.weights.row_len());
        wide.max(narrow)
    }

    /// Floats of scratch that [`Strips::run`] needs.
    pub(super) fn scratch_len(&self) -> usize {
        self.tiles_len() + self.strip_lines() * self.wide_line()
    }

    /// Computes whole lines of the result from the line `first` on.
    pub(super) fn run(&self, isa: Isa, memory: &mut [f32], first: usize, (out, sum): OutPart<'_>) {
        let (tiles, strip) = memory.split_at_mut(self.tiles_len());
        let window = self.filter.window;
        let ([kernel, _], [stride, _]) = (window.kernel, window.stride);
        let [top, _] = window.before(self.filter.shape);
        let out_line = self.shape.width * self.narrow.weights.output_stride();
        let chunk = self.lines() * out_line;
        let mut sums = sum.map(|(side, sum)| side.chunks(chunk).zip(sum.chunks_mut(chunk)));
        // the lines that the strip holds
        let mut held = 0..0;
        for (index, out) in out.chunks_mut(chunk).enumerate() {
            let line = first + index * self.lines();
            let count = out.len() / out_line;
            let from = (line * stride).saturating_sub(top);
            let to = ((line + count - 1) * stride + kernel)
                .saturating_sub(top)
                .min(self.filter.shape.height);
            let next = self.move_up(strip, held, from);
            self.widen(isa, tiles, &mut strip[(next - from) * self.wide_line()..], next..to);
            held = from..to;
            let filter = Filter {
                values: strip,
                skipped: from,
                ..self.filter
            };
            isa.run(Gather {
                rows: Rows::Filtered(filter),
                first: line * self.shape.width,
                count: count * self.shape.width,
                row_len: self.narrow.weights.row_len(),
                shape: self.shape,
                tiles,
            });
            isa.run(Multiply {
                tiles,
                weights: self.narrow.weights,
                bias: self.narrow.bias,
                exit: self.narrow.exit,
                out,
                sum: sums.as_mut().and_then(Iterator::next),
                rectifier: self.rectifier,
            });
        }
    }

    /// Moves the lines that the last strip has in common with one that begins at `from` to the front; gives the first
    /// line that is not there yet.
    fn move_up(&self, strip: &mut [f32], held: Range<usize>, from: usize) -> usize {
        if from >= held.end {
            return from;
        }
        let line = self.wide_line();
        strip.copy_within((from - held.start) * line..(held.end - held.start) * line, 0);
        held.end
    }

    /// Computes lines of the wide map.
    fn widen(&self, isa: Isa, tiles: &mut [f32], strip: &mut [f32], lines: Range<usize>) {
        let (width, line) = (self.filter.shape.width, self.wide_line());
        for (out, first) in strip
            .chunks_mut(WIDE_LINES * line)
            .zip(lines.clone().step_by(WIDE_LINES))
        {
            let count = WIDE_LINES.min(lines.end - first);
            isa.run(Gather {
                rows: self.rows,
                first: first * width,
                count: count * width,
                row_len: self.weights.row_len(),
                shape: self.filter.shape,
                tiles,
            });
            isa.run(Multiply {
                tiles,
                weights: self.weights,
                bias: Some(self.bias),
                exit: self.exit,
                out: &mut out[..count * line],
                sum: None,
                rectifier: None,
            });
        }
    }
}
