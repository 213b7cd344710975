//! Sums, products and channels put together, cell by cell.

use super::super::buffer::{vectors, vectors_mut};
use super::super::lanes::{Kernel, Lanes};
use super::super::rectifier::{Rectifier, through};

/// `out = source * factor`, or `out += source * factor`.
pub(super) struct AddScaled<'a> {
    pub(super) source: &'a [f32],
    pub(super) rectifier: Option<Rectifier>,
    pub(super) factor: f32,
    /// Whether there is nothing in `out` yet.
    pub(super) is_first: bool,
    pub(super) out: &'a mut [f32],
}

impl Kernel for AddScaled<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let factor = simd.splat_f32s(self.factor);
        let pairs = vectors_mut::<S>(self.out).iter_mut().zip(vectors::<S>(self.source));
        if self.is_first {
            for (out, source) in pairs {
                *out = simd.mul_f32s(through(simd, self.rectifier, *source), factor);
            }
        } else {
            for (out, source) in pairs {
                *out = simd.multiply_add(through(simd, self.rectifier, *source), factor, *out);
            }
        }
    }
}

/// The product of two maps, value by value.
pub(super) struct MultiplyCells<'a> {
    pub(super) sources: [&'a [f32]; 2],
    pub(super) rectifiers: [Option<Rectifier>; 2],
    pub(super) out: &'a mut [f32],
}

impl Kernel for MultiplyCells<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let [a, b] = self.sources.map(vectors::<S>);
        for (out, (a, b)) in vectors_mut::<S>(self.out).iter_mut().zip(a.iter().zip(b)) {
            let a = through(simd, self.rectifiers[0], *a);
            *out = simd.mul_f32s(a, through(simd, self.rectifiers[1], *b));
        }
    }
}

/// Every cell of a map times one cell.
pub(super) struct MultiplyByCell<'a> {
    /// Whole cells.
    pub(super) source: &'a [f32],
    pub(super) rectifier: Option<Rectifier>,
    pub(super) cell: &'a [f32],
    pub(super) cell_rectifier: Option<Rectifier>,
    pub(super) out: &'a mut [f32],
}

impl Kernel for MultiplyByCell<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let cell = vectors::<S>(self.cell);
        let cells = vectors_mut::<S>(self.out).chunks_exact_mut(cell.len());
        for (out, source) in cells.zip(vectors::<S>(self.source).chunks_exact(cell.len())) {
            for ((out, source), factor) in out.iter_mut().zip(source).zip(cell) {
                let factor = through(simd, self.cell_rectifier, *factor);
                *out = simd.mul_f32s(through(simd, self.rectifier, *source), factor);
            }
        }
    }
}

/// Adds to `sums`, one a padded channel, the products of two maps in sum over cells.
pub(super) struct SumProducts<'a> {
    /// Whole cells of a gradient.
    pub(super) gradient: &'a [f32],
    /// The same cells of the map.
    pub(super) source: &'a [f32],
    pub(super) rectifier: Option<Rectifier>,
    pub(super) sums: &'a mut [f32],
}

impl Kernel for SumProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let sums = vectors_mut::<S>(self.sums);
        let cells = vectors::<S>(self.gradient).chunks_exact(sums.len());
        for (gradient, source) in cells.zip(vectors::<S>(self.source).chunks_exact(sums.len())) {
            for (sum, (gradient, source)) in sums.iter_mut().zip(gradient.iter().zip(source)) {
                *sum = simd.multiply_add(*gradient, through(simd, self.rectifier, *source), *sum);
            }
        }
    }
}

/// Copies some channels of each cell to other channels of another map's cells.
pub(super) struct CopyChannels<'a> {
    pub(super) source: &'a [f32],
    pub(super) rectifier: Option<Rectifier>,
    /// The first channel, and floats from cell to cell.
    pub(super) from: [usize; 2],
    /// The same of the target.
    pub(super) to: [usize; 2],
    pub(super) channels: usize,
    pub(super) out: &'a mut [f32],
}

/// Plain loops, as channels may begin anywhere; the compiler makes vectors of them.
impl Kernel for CopyChannels<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, _: S) {
        let cells = self.out.chunks_exact_mut(self.to[1]);
        for (out, source) in cells.zip(self.source.chunks_exact(self.from[1])) {
            let out = &mut out[self.to[0]..][..self.channels];
            let source = &source[self.from[0]..][..self.channels];
            match self.rectifier {
                None => out.copy_from_slice(source),
                Some(rectifier) => {
                    for (out, source) in out.iter_mut().zip(source) {
                        *out = rectifier.value(*source);
                    }
                }
            }
        }
    }
}
