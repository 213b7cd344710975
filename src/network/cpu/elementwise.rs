//! Small kernels that pass over feature maps once: gradients of sums and ReLUs, and the reductions of a map.

use bytemuck::cast_slice;

use super::buffer::{Features, vectors, vectors_mut};
use super::gate::MaskPart;
use super::lanes::{Kernel, Lanes};
use super::rectifier::{Rectifier, through};

/// Adds to `out` what comes back through a ReLU.
pub(super) struct AddMasked<'a> {
    pub(super) out: &'a mut [f32],
    pub(super) gradient: &'a [f32],
    /// What the gradient has to pass; without one, it is added as it is.
    pub(super) mask: Option<MaskPart<'a>>,
}

impl Kernel for AddMasked<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let out = vectors_mut::<S>(self.out);
        let gradient = vectors::<S>(self.gradient);
        match self.mask {
            Some(mask) => {
                for ((out, gradient), through) in out.iter_mut().zip(gradient).zip(vectors::<S>(mask.values)) {
                    *out = simd.add_f32s(*out, mask.rectifier.pass_back(simd, *gradient, *through));
                }
            }
            None => {
                for (out, gradient) in out.iter_mut().zip(gradient) {
                    *out = simd.add_f32s(*out, *gradient);
                }
            }
        }
    }
}

/// Keeps a gradient where it passes a ReLU.
pub(super) struct PassBack<'a> {
    pub(super) gradient: &'a mut [f32],
    pub(super) mask: MaskPart<'a>,
}

impl Kernel for PassBack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let MaskPart { values, rectifier } = self.mask;
        for (gradient, through) in vectors_mut::<S>(self.gradient).iter_mut().zip(vectors::<S>(values)) {
            *gradient = rectifier.pass_back(simd, *gradient, *through);
        }
    }
}

/// Adds to every `stride`-th line and column the cells of a smaller map, beginning with the first cell.
pub(super) struct AddStrided<'a> {
    /// Whole lines of the larger map.
    pub(super) out: &'a mut [f32],
    /// The first of these lines, counted through all images.
    pub(super) first_line: usize,
    /// Cells in a line of the larger map, and lines of one image.
    pub(super) size: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) small: &'a Features,
}

impl Kernel for AddStrided<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let channels = self.small.stride() / S::F32_LANES;
        let [width, height] = self.size;
        let shape = self.small.shape;
        let small = vectors::<S>(self.small.values());
        let lines = vectors_mut::<S>(self.out).chunks_exact_mut(width * channels);
        for (line, out) in (self.first_line..).zip(lines) {
            let (image, y) = (line / height, line % height);
            if y % self.stride[0] != 0 {
                continue;
            }
            let from = (image * shape.cells() + y / self.stride[0] * shape.width) * channels;
            let small = small[from..][..shape.width * channels].chunks_exact(channels);
            for (out, small) in out.chunks_mut(self.stride[1] * channels).zip(small) {
                for (out, small) in out.iter_mut().zip(small) {
                    *out = simd.add_f32s(*out, *small);
                }
            }
        }
    }
}

/// Cells that are summed in f32 before they are added up in f64.
const SHORT_SUM: usize = 32;

/// Adds the sum over cells to `sums`, one a padded channel.
pub(super) struct SumCells<'a> {
    /// Whole cells.
    pub(super) values: &'a [f32],
    /// A ReLU that the values have still to pass.
    pub(super) mask: Option<MaskPart<'a>>,
    pub(super) sums: &'a mut [f64],
}

impl Kernel for SumCells<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let zero = simd.splat_f32s(0.0);
        let channels = self.sums.len() / S::F32_LANES;
        let values = vectors::<S>(self.values);
        let mask = self.mask.map(|mask| (vectors::<S>(mask.values), mask.rectifier));
        // cell by cell, as they lie in memory
        let mut short_sums = vec![zero; channels];
        for (index, values) in values.chunks(SHORT_SUM * channels).enumerate() {
            short_sums.fill(zero);
            match mask {
                Some((mask, rectifier)) => {
                    let mask = &mask[index * SHORT_SUM * channels..][..values.len()];
                    for (cell, mask) in values.chunks_exact(channels).zip(mask.chunks_exact(channels)) {
                        for (sum, (value, through)) in short_sums.iter_mut().zip(cell.iter().zip(mask)) {
                            *sum = simd.add_f32s(*sum, rectifier.pass_back(simd, *value, *through));
                        }
                    }
                }
                None => {
                    for cell in values.chunks_exact(channels) {
                        for (sum, value) in short_sums.iter_mut().zip(cell) {
                            *sum = simd.add_f32s(*sum, *value);
                        }
                    }
                }
            }
            for (sum, short_sum) in self.sums.iter_mut().zip(cast_slice::<_, f32>(&short_sums)) {
                *sum += f64::from(*short_sum);
            }
        }
    }
}

/// The weighted sum over channels of each cell.
pub(super) struct WeightedSum<'a> {
    /// Whole cells.
    pub(super) values: &'a [f32],
    /// What the values go through first.
    pub(super) rectifier: Option<Rectifier>,
    /// One a padded channel.
    pub(super) weights: &'a [f32],
    /// One a cell.
    pub(super) out: &'a mut [f64],
}

impl Kernel for WeightedSum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let zero = simd.splat_f32s(0.0);
        let weights = vectors::<S>(self.weights);
        for (out, cell) in self
            .out
            .iter_mut()
            .zip(vectors::<S>(self.values).chunks_exact(weights.len()))
        {
            // two sums, as one would wait for itself
            let mut sums = [zero; 2];
            for (pair, weights) in cell.chunks_exact(2).zip(weights.chunks_exact(2)) {
                for (sum, (value, weight)) in sums.iter_mut().zip(pair.iter().zip(weights)) {
                    let value = through(simd, self.rectifier, *value);
                    *sum = simd.multiply_add(value, *weight, *sum);
                }
            }
            *out = f64::from(simd.reduce_sum_f32s(simd.add_f32s(sums[0], sums[1])));
        }
    }
}
