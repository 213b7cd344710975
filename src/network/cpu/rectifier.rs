//! ReLU and its capped kin, as they lie between a stored value and whoever reads it.

use super::lanes::Lanes;
use crate::network::activation::Activation;
use crate::network::op::Op;

/// `min(max(x, 0), most)`: the plain ReLU where `most` is infinite, ReLU6 where it is 6.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rectifier {
    most: f32,
}

impl Rectifier {
    /// max(x, 0).
    pub(super) const RELU: Self = Self { most: f32::INFINITY };

    /// max(x, 0), cut off at `most`.
    pub(super) const fn capped(most: f32) -> Self {
        Self { most }
    }

    /// The rectifier that an operation is, if it is one.
    pub(super) fn of(op: &Op) -> Option<Self> {
        match *op {
            Op::Activation(Activation::Relu {
                max,
                slope: 0.0,
                threshold: 0.0,
            }) => match max {
                None => Some(Self::RELU),
                Some(most) if most > 0.0 => Some(Self::capped(most as f32)),
                Some(_) => None,
            },
            _ => None,
        }
    }

    /// This rectifier after another: the lower cap counts.
    pub(super) fn after(self, other: Option<Self>) -> Self {
        let most = other.map_or(f32::INFINITY, |other| other.most);
        Self::capped(self.most.min(most))
    }

    /// Whether large values are cut off.
    pub(super) fn is_capped(self) -> bool {
        self.most < f32::INFINITY
    }

    /// One value.
    pub(super) fn value(self, x: f32) -> f32 {
        x.max(0.0).min(self.most)
    }

    /// Whether a gradient passes where the value that went in was `x`.
    pub(super) fn lets_pass(self, x: f32) -> bool {
        x > 0.0 && x < self.most
    }

    /// One vector of values.
    #[inline(always)]
    pub(super) fn values<S: Lanes>(self, simd: S, x: S::f32s) -> S::f32s {
        let positive = simd.max_f32s(x, simd.splat_f32s(0.0));
        simd.min_f32s(positive, simd.splat_f32s(self.most))
    }

    /// A gradient where the values that went in let it pass, else 0.
    #[inline(always)]
    pub(super) fn pass_back<S: Lanes>(self, simd: S, gradient: S::f32s, x: S::f32s) -> S::f32s {
        let zero = simd.splat_f32s(0.0);
        let passed = simd.select_f32s(simd.greater_than_f32s(x, zero), gradient, zero);
        simd.select_f32s(simd.less_than_f32s(x, simd.splat_f32s(self.most)), passed, zero)
    }
}

/// One vector of stored values as whoever reads them sees them: through the rectifier, if one lies between.
#[inline(always)]
pub(super) fn through<S: Lanes>(simd: S, rectifier: Option<Rectifier>, value: S::f32s) -> S::f32s {
    match rectifier {
        Some(rectifier) => rectifier.values(simd, value),
        None => value,
    }
}
