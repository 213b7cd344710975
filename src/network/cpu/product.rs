//! A convolution over all cells: gathered rows times packed weights, shared out over the threads.

use super::buffer::{Features, Scratch};
use super::gather::{Gather, Rows};
use super::gemm::{Multiply, scratch_len};
use super::isa::Isa;
use super::pack::PackedRef;
use super::rectifier::Rectifier;
use super::steps::Read;
use super::threads::Threads;

/// Floats of gathered rows that one thread works on at a time: 0.6 MB, so that they stay in an L2 cache of 1 MB
/// beside a panel of weights. The middle flow's 361 rows of 736 values then make one part for each of two threads.
const GATHERED: usize = 150_000;

/// Gathered rows, the weights they are multiplied with, and what is added.
pub(super) struct Product<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) weights: PackedRef<'a>,
    /// One value a padded output channel.
    pub(super) bias: Option<&'a [f32]>,
    /// What the result goes through before it is written.
    pub(super) exit: Option<Rectifier>,
}

/// The end of a residual branch.
pub(super) struct Residual<'a> {
    /// What is added to the product.
    pub(super) side: Read<'a>,
    /// The sum.
    pub(super) sum: &'a mut Features,
}

impl Product<'_> {
    /// Computes all cells of `out`, and the sum of a residual branch where it ends here.
    pub(super) fn run(
        &self,
        isa: Isa,
        threads: &Threads,
        scratch: &Scratch,
        out: &mut Features,
        residual: Option<Residual<'_>>,
    ) {
        let (cells, shape, stride) = (out.cells(), out.shape, out.stride());
        let row_len = self.weights.row_len();
        let count = rows_of_a_part(cells, row_len, threads.count());
        let rectifier = residual.as_ref().and_then(|residual| residual.side.rectifier);
        threads.each(parts(out, residual, count), |thread, (first, (out, sum))| {
            scratch.with(thread, scratch_len(count, row_len), |tiles| {
                isa.run(Gather {
                    rows: self.rows,
                    first,
                    count: out.len() / stride,
                    row_len,
                    shape,
                    tiles,
                });
                isa.run(Multiply {
                    tiles,
                    weights: self.weights,
                    bias: self.bias,
                    exit: self.exit,
                    out,
                    sum,
                    rectifier,
                });
            });
        });
    }
}

/// Cells of a part of a map, and the same of a residual branch's other summand and of its sum, where one ends there.
pub(super) type OutPart<'a> = (&'a mut [f32], Option<(&'a [f32], &'a mut [f32])>);

/// Parts of `cells` cells each, with the first cell of each.
pub(super) fn parts<'a>(
    out: &'a mut Features,
    residual: Option<Residual<'a>>,
    cells: usize,
) -> impl Iterator<Item = (usize, OutPart<'a>)> {
    let len = cells * out.stride();
    let mut sums = residual.map(|Residual { side, sum }| {
        let sides = side.features.values().chunks(len);
        sides.zip(sum.values_mut().chunks_mut(len))
    });
    let outs = out.values_mut().chunks_mut(len).enumerate();
    outs.map(move |(index, out)| (index * cells, (out, sums.as_mut().and_then(Iterator::next))))
}

/// Rows for one part: equal parts, as many for each thread, none with more than [`GATHERED`] floats.
fn rows_of_a_part(cells: usize, row_len: usize, threads: usize) -> usize {
    let most = (GATHERED / row_len.max(1)).max(1);
    let turns = cells.div_ceil(threads * most).max(1);
    cells.div_ceil(threads * turns).max(1)
}
