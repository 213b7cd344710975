//! What a value goes through on its way from a stored map to whoever reads it.

use super::buffer::{Features, vectors};
use super::lanes::Lanes;
use super::rectifier::Rectifier;

/// A ReLU between a stored map and its reader, or none.
#[derive(Clone, Copy)]
pub(super) enum Gate<'a> {
    /// Values as they are.
    Open,
    /// Forward.
    Rectified(Rectifier),
    /// Backward: x where the value that went through the ReLU lets it pass, else 0.
    Masked(Mask<'a>),
}

/// A stored map whose ReLU a gradient has still to pass: one image for all gradients.
#[derive(Clone, Copy)]
pub(super) struct Mask<'a> {
    pub(super) features: &'a Features,
    pub(super) rectifier: Rectifier,
}

/// Some cells of a [`Mask`].
#[derive(Clone, Copy)]
pub(super) struct MaskPart<'a> {
    /// What went through the ReLU.
    pub(super) values: &'a [f32],
    pub(super) rectifier: Rectifier,
}

impl<'a> Mask<'a> {
    /// `len` floats from `start` on.
    pub(super) fn part(self, start: usize, len: usize) -> MaskPart<'a> {
        MaskPart {
            values: &self.features.values()[start..][..len],
            rectifier: self.rectifier,
        }
    }
}

impl<'a> Gate<'a> {
    /// The way forward.
    pub(super) fn forward(rectifier: Option<Rectifier>) -> Self {
        rectifier.map_or(Self::Open, Self::Rectified)
    }

    /// The way back.
    pub(super) fn backward(mask: Option<Mask<'a>>) -> Self {
        mask.map_or(Self::Open, Self::Masked)
    }

    /// Copies neighbouring cells of `source` from `first` on, counted through all images: each to every `step`-th vector
    /// of `target` from its place on.
    #[inline(always)]
    pub(super) fn copy<S: Lanes>(
        self,
        simd: S,
        source: &Features,
        first: usize,
        places: &[usize],
        target: &mut [S::f32s],
        step: usize,
    ) {
        let channels = source.stride() / S::F32_LANES;
        let cells = vectors::<S>(source.values())[first * channels..].chunks_exact(channels);
        let cells = cells.zip(places);
        match self {
            Self::Open => {
                for (cell, place) in cells {
                    for (target, value) in target[*place..].iter_mut().step_by(step).zip(cell) {
                        *target = *value;
                    }
                }
            }
            Self::Rectified(rectifier) => {
                for (cell, place) in cells {
                    for (target, value) in target[*place..].iter_mut().step_by(step).zip(cell) {
                        *target = rectifier.values(simd, *value);
                    }
                }
            }
            Self::Masked(mask) => {
                let all = vectors::<S>(mask.features.values());
                for (index, (cell, place)) in cells.enumerate() {
                    let at = (first + index) % source.shape.cells() * channels;
                    let through = &all[at..][..channels];
                    let target = target[*place..].iter_mut().step_by(step);
                    for (target, (value, through)) in target.zip(cell.iter().zip(through)) {
                        *target = mask.rectifier.pass_back(simd, *value, *through);
                    }
                }
            }
        }
    }
}
