//! A factor and a summand a channel: batch normalisation where no convolution precedes it, rescaling, layer scale.

use super::super::buffer::{vectors, vectors_mut};
use super::super::lanes::{Kernel, Lanes};
use super::super::rectifier::{Rectifier, through};

/// `x * scale + shift` of whole cells.
pub(super) struct ScaleCells<'a> {
    pub(super) source: &'a [f32],
    /// What the source goes through first.
    pub(super) rectifier: Option<Rectifier>,
    /// One a padded channel.
    pub(super) scale: &'a [f32],
    /// One a padded channel; none is zero.
    pub(super) shift: Option<&'a [f32]>,
    pub(super) out: &'a mut [f32],
}

impl Kernel for ScaleCells<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let scale = vectors::<S>(self.scale);
        let zeros = vec![simd.splat_f32s(0.0); scale.len()];
        let shift = self.shift.map_or(zeros.as_slice(), vectors::<S>);
        let cells = vectors_mut::<S>(self.out).chunks_exact_mut(scale.len());
        for (out, source) in cells.zip(vectors::<S>(self.source).chunks_exact(scale.len())) {
            for ((out, source), (scale, shift)) in out.iter_mut().zip(source).zip(scale.iter().zip(shift)) {
                let value = through(simd, self.rectifier, *source);
                *out = simd.multiply_add(value, *scale, *shift);
            }
        }
    }
}
