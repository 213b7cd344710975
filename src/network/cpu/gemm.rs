//! The matrix product behind every convolution: rows gathered into tiles, times packed weights.
//!
//! A convolution is a product of [cells, depth] with [depth, outputs], where a row holds what one output cell sees.
//! Rows are never all in memory: each thread gathers some hundred of them into its scratch, which stays in its L2
//! cache, and multiplies them at once.
//!
//! * **Tiles** (left side): `[tile][depth / LANES][ROWS][LANES]`. A gather writes whole vectors, and the product reads
//!   at constant distances from one pointer. The rows of a part are spread evenly, so no tile is nearly empty.
//! * **Panels** (right side): `[panel][depth][2 * LANES]`, read from front to back exactly once a tile.
//! * **Registers**: ROWS x 2 accumulators, 2 vectors of the panel, 1 broadcast value: 27 of AVX-512's 32 registers
//!   with 12 rows, 15 of AVX2's 16 with 6. Each step of the depth is then 2 loads, 12 broadcasts and 24 multiply-adds,
//!   which keeps the multipliers busy on every core with no more than twice as many multipliers as load ports.
//!
//! Each output is one chain of multiply-adds in the order of the depth, so results do not depend on tiles or threads.

use pulp::Simd;

use super::buffer::{CHANNEL_BLOCK, vectors, vectors_mut};
use super::lanes::{Kernel, Lanes};
use super::pack::PackedRef;
use super::rectifier::Rectifier;

/// Steps of the depth that the product takes at once.
const UNROLL: usize = 4;

/// How the rows of one part are spread over tiles.
#[derive(Clone, Copy)]
pub(super) struct Tiling {
    rows: usize,
    tiles: usize,
    tile_rows: usize,
    /// Vectors in a row.
    pub(super) row_vectors: usize,
}

impl Tiling {
    #[inline(always)]
    pub(super) fn new<S: Lanes>(rows: usize, row_len: usize) -> Self {
        Self {
            rows,
            tiles: rows.div_ceil(S::ROWS),
            tile_rows: S::ROWS,
            row_vectors: row_len / S::F32_LANES,
        }
    }

    #[inline(always)]
    fn first_row(self, tile: usize) -> usize {
        tile * self.rows / self.tiles.max(1)
    }

    #[inline(always)]
    fn tile_vectors(self) -> usize {
        self.row_vectors * self.tile_rows
    }

    /// The place of each row's first vector; the following ones lie [`Tiling::step`] further each.
    #[inline(always)]
    pub(super) fn places(self) -> impl Iterator<Item = usize> {
        (0..self.tiles).flat_map(move |tile| {
            (0..self.first_row(tile + 1) - self.first_row(tile)).map(move |row| tile * self.tile_vectors() + row)
        })
    }

    /// Vectors from one vector of a row to its next.
    #[inline(always)]
    pub(super) fn step(self) -> usize {
        self.tile_rows
    }
}

/// Floats of scratch for `rows` gathered rows of `row_len` values, for every instruction set.
pub(super) fn scratch_len(rows: usize, row_len: usize) -> usize {
    // the largest number of rows in a tile
    const MOST_ROWS: usize = 12;
    rows.next_multiple_of(MOST_ROWS) * row_len
}

/// `out = tiles * weights + bias`, and `sum = out + residual` where a residual branch ends here.
pub(super) struct Multiply<'a> {
    pub(super) tiles: &'a [f32],
    pub(super) weights: PackedRef<'a>,
    pub(super) bias: Option<&'a [f32]>,
    /// What the result goes through before it is written.
    pub(super) exit: Option<Rectifier>,
    /// `[rows, output_stride]`
    pub(super) out: &'a mut [f32],
    /// The other summand and the result, each like `out`.
    pub(super) sum: Option<(&'a [f32], &'a mut [f32])>,
    /// What the other summand goes through first.
    pub(super) rectifier: Option<Rectifier>,
}

impl Kernel for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let lanes = S::F32_LANES;
        let stride = self.weights.output_stride() / lanes;
        let depth = self.weights.depth().next_multiple_of(UNROLL);
        let weights = vectors::<S>(self.weights.values);
        let mut result = Outputs::<S> {
            out: vectors_mut::<S>(self.out),
            exit: self.exit,
            sum: self.sum.map(|(other, sum)| Sum {
                other: vectors::<S>(other),
                rectifier: self.rectifier,
                total: vectors_mut::<S>(sum),
            }),
            stride,
        };
        let tiling = Tiling::new::<S>(result.out.len() / stride, self.weights.row_len());
        let tiles = self.tiles.chunks_exact(tiling.tile_vectors() * lanes);
        // panels of nothing but padding are left out
        let panels = self.weights.outputs().div_ceil(2 * lanes);
        for (index, panel) in weights
            .chunks_exact(2 * self.weights.row_len())
            .take(panels)
            .enumerate()
        {
            let column = 2 * index;
            let bias = self.bias.map_or([simd.splat_f32s(0.0); 2], |bias| {
                let bias = vectors::<S>(bias);
                [bias[column], bias[column + 1]]
            });
            // the second vector of the last panel may be nothing but padding
            let is_half = self.weights.outputs() <= (column + 1) * lanes;
            for (index, tile) in tiles.clone().take(tiling.tiles).enumerate() {
                let first = tiling.first_row(index);
                let rows = tiling.first_row(index + 1) - first;
                let at = first * stride + column;
                let panel = &panel[..2 * depth];
                // one copy of the product for each number of rows, as accumulators must be registers
                macro_rules! product {
                    ($($rows:literal)*) => {
                        match rows {
                            $($rows if $rows <= S::ROWS => {
                                if is_half {
                                    tile_product::<S, $rows, 1>(simd, tile, panel, bias, &mut result, at);
                                } else {
                                    tile_product::<S, $rows, 2>(simd, tile, panel, bias, &mut result, at);
                                }
                            })*
                            _ => {}
                        }
                    };
                }
                product!(1 2 3 4 5 6 7 8 9 10 11 12);
            }
        }
        result.clear(simd, 2 * panels);
    }
}

/// The end of a residual branch, as vectors.
struct Sum<'a, V> {
    other: &'a [V],
    rectifier: Option<Rectifier>,
    total: &'a mut [V],
}

/// Where a product goes, as vectors.
struct Outputs<'a, S: Simd> {
    out: &'a mut [S::f32s],
    exit: Option<Rectifier>,
    sum: Option<Sum<'a, S::f32s>>,
    /// Vectors from row to row.
    stride: usize,
}

impl<S: Lanes> Outputs<'_, S> {
    /// Zeros in the vectors of each row from `first` on, as the memory may have been used before.
    #[inline(always)]
    fn clear(&mut self, simd: S, first: usize) {
        if first == self.stride {
            return;
        }
        let zero = simd.splat_f32s(0.0);
        for row in self.out.chunks_exact_mut(self.stride) {
            row[first..].fill(zero);
        }
        if let Some(Sum { total, .. }) = &mut self.sum {
            for row in total.chunks_exact_mut(self.stride) {
                row[first..].fill(zero);
            }
        }
    }

    #[inline(always)]
    fn store(&mut self, simd: S, at: usize, sums: [S::f32s; 2], bias: [S::f32s; 2]) {
        let mut values = [simd.add_f32s(sums[0], bias[0]), simd.add_f32s(sums[1], bias[1])];
        if let Some(exit) = self.exit {
            values = [exit.values(simd, values[0]), exit.values(simd, values[1])];
        }
        self.out[at..at + 2].copy_from_slice(&values);
        if let Some(Sum {
            other,
            rectifier,
            total,
        }) = &mut self.sum
        {
            let mut other = [other[at], other[at + 1]];
            if let Some(rectifier) = rectifier {
                other = [rectifier.values(simd, other[0]), rectifier.values(simd, other[1])];
            }
            let total = &mut total[at..at + 2];
            total[0] = simd.add_f32s(values[0], other[0]);
            total[1] = simd.add_f32s(values[1], other[1]);
        }
    }
}

/// Repeats a block for each row, as text: an array that is indexed in a loop may end up in memory, which halves the
/// speed of the product, but one that is indexed by literals is always kept in registers.
macro_rules! each_row {
    ($row:ident < $rows:ident, $body:block) => {
        each_row!($row < $rows, $body, 0 1 2 3 4 5 6 7 8 9 10 11)
    };
    ($row:ident < $rows:ident, $body:block, $($index:literal)*) => {
        $(if $index < $rows {
            let $row = $index;
            $body
        })*
    };
}

/// The microkernel: `R` rows of a tile times the first `WIDTH` vectors of one panel, written to the rows of `result` from
/// `at` on, two vectors wide.
#[inline(always)]
fn tile_product<S: Lanes, const R: usize, const WIDTH: usize>(
    simd: S,
    tile: &[f32],
    panel: &[S::f32s],
    bias: [S::f32s; 2],
    result: &mut Outputs<'_, S>,
    at: usize,
) {
    let lanes = S::F32_LANES;
    let mut sums = [[simd.splat_f32s(0.0); 2]; R];
    for (block, panel) in tile.chunks_exact(S::ROWS * lanes).zip(panel.chunks(2 * lanes)) {
        for (index, steps) in panel.chunks_exact(2 * UNROLL).enumerate() {
            // one check of bounds for all that follows
            let block = &block[index * UNROLL..][..(R - 1) * lanes + UNROLL];
            for step in 0..UNROLL {
                let weights = [steps[2 * step], steps[2 * step + 1]];
                each_row!(row < R, {
                    let value = simd.splat_f32s(block[row * lanes + step]);
                    sums[row][0] = simd.multiply_add(value, weights[0], sums[row][0]);
                    if WIDTH > 1 {
                        sums[row][1] = simd.multiply_add(value, weights[1], sums[row][1]);
                    }
                });
            }
        }
    }
    each_row!(row < R, {
        result.store(simd, at + row * result.stride, sums[row], bias);
    });
}

const _: () = assert!(CHANNEL_BLOCK.is_multiple_of(UNROLL));
