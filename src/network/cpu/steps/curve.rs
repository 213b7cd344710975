//! Activation functions of single values and their derivatives in f32.
//!
//! Plain loops, of which the compiler makes vectors of the instruction set: each function is a few products and sums
//! without a branch. The exponential is that of Cephes (`expf.c`): a polynomial around the nearest power of two.

use super::super::isa::Isa;
use super::super::lanes::{Kernel, Lanes};
use super::super::rectifier::Rectifier;
use crate::network::activation::{Activation, SELU_ALPHA, SELU_SCALE};

/// Whether there is a kernel for a function.
pub(super) fn knows(activation: Activation) -> bool {
    !matches!(activation, Activation::Softmax | Activation::Softplus)
}

/// `exp(x)` to about 2 units in the last place, for all x; 0 and a large number where f32 ends.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// 1.5 * 2^23: adding it rounds to a whole number, which then is in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let power = rounded - ROUND;
    // ln 2 in two parts, so that the difference is exact
    let rest = (x - power * 0.693_359_4) + power * 2.121_944_4e-4;
    let mut series = 1.987_569_1e-4;
    series = series * rest + 1.398_199_9e-3;
    series = series * rest + 8.333_452e-3;
    series = series * rest + 4.166_579_6e-2;
    series = series * rest + 1.666_666_6e-1;
    series = series * rest + 0.5;
    let value = series * rest * rest + rest + 1.0;
    f32::from_bits(value.to_bits().wrapping_add(rounded.to_bits() << 23))
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[inline(always)]
fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}

/// The share of a normal distribution below x, to 1e-7 (Abramowitz and Stegun, 7.1.26).
#[inline(always)]
fn below(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let mut series = 1.061_405_4;
    series = series * t - 1.453_152;
    series = series * t + 1.421_413_7;
    series = series * t - 0.284_496_74;
    series = series * t + 0.254_829_6;
    let above = 0.5 * series * t * exp(-z * z);
    if x > 0.0 { 1.0 - above } else { above }
}

#[inline(always)]
fn density(x: f32) -> f32 {
    0.398_942_3 * exp(-0.5 * x * x)
}

/// The inside of GELU's tanh, and its derivative.
#[inline(always)]
fn gelu_inner(x: f32) -> [f32; 2] {
    let square = 0.044_715 * x * x;
    [0.797_884_6 * x * (1.0 + square), 0.797_884_6 * (1.0 + 3.0 * square)]
}

/// A function and its derivative.
trait Curve: Copy {
    fn value(self, x: f32) -> f32;
    fn slope(self, x: f32) -> f32;
}

macro_rules! curves {
    ($($name:ident { $($field:ident),* } : |$self:ident, $x:ident| $value:expr, $slope:expr;)*) => {$(
        #[derive(Clone, Copy)]
        struct $name { $($field: f32),* }

        impl Curve for $name {
            #[inline(always)]
            fn value($self, $x: f32) -> f32 {
                $value
            }

            #[inline(always)]
            fn slope($self, $x: f32) -> f32 {
                $slope
            }
        }
    )*};
}

curves! {
    Bent { most, slope, threshold }: |self, x| {
        let below = if x >= self.threshold { x } else { self.slope * (x - self.threshold) };
        below.min(self.most)
    }, {
        let below = if x > self.threshold { 1.0 } else { self.slope };
        if x >= self.most { 0.0 } else { below }
    };
    Exponential { scale, alpha }: |self, x| {
        let below = self.alpha * (exp(x.min(0.0)) - 1.0);
        self.scale * if x > 0.0 { x } else { below }
    }, {
        let below = self.alpha * exp(x.min(0.0));
        self.scale * if x > 0.0 { 1.0 } else { below }
    };
    Gelu { }: |self, x| x * below(x), below(x) + x * density(x);
    GeluByTanh { }: |self, x| 0.5 * x * (1.0 + tanh(gelu_inner(x)[0])), {
        // far out, where the slope is 0 or 1, its parts would be infinite
        let x = x.clamp(-30.0, 30.0);
        let [inner, slope] = gelu_inner(x);
        let tanh = tanh(inner);
        0.5 * (1.0 + tanh) + 0.5 * x * (1.0 - tanh * tanh) * slope
    };
    Silu { }: |self, x| x * sigmoid(x), {
        let share = sigmoid(x);
        share * (1.0 + x * (1.0 - share))
    };
    Tanh { }: |self, x| tanh(x), {
        let tanh = tanh(x);
        1.0 - tanh * tanh
    };
    Sigmoid { }: |self, x| sigmoid(x), {
        let share = sigmoid(x);
        share * (1.0 - share)
    };
    HardSigmoid { slope }: |self, x| (self.slope * x + 0.5).clamp(0.0, 1.0), {
        let value = self.slope * x + 0.5;
        if value > 0.0 && value < 1.0 { self.slope } else { 0.0 }
    };
    HardSilu { }: |self, x| x * (x / 6.0 + 0.5).clamp(0.0, 1.0), {
        let inside = x / 3.0 + 0.5;
        let below = if x > -3.0 { inside } else { 0.0 };
        if x < 3.0 { below } else { 1.0 }
    };
}

/// The function of some cells.
struct Apply<'a, C> {
    curve: C,
    source: &'a [f32],
    rectifier: Option<Rectifier>,
    channels: usize,
    /// Floats from cell to cell.
    stride: usize,
    out: &'a mut [f32],
}

impl<C: Curve> Kernel for Apply<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, _: S) {
        // what is behind the channels stays zero
        let (run, stride) = match self.channels == self.stride {
            true => (self.source.len(), self.source.len().max(1)),
            false => (self.channels, self.stride),
        };
        for (out, source) in self.out.chunks_mut(stride).zip(self.source.chunks(stride)) {
            let pairs = out[..run].iter_mut().zip(&source[..run]);
            match self.rectifier {
                None => {
                    for (out, x) in pairs {
                        *out = self.curve.value(*x);
                    }
                }
                Some(rectifier) => {
                    for (out, x) in pairs {
                        *out = self.curve.value(rectifier.value(*x));
                    }
                }
            }
        }
    }
}

/// A gradient times the derivative.
struct PassSlope<'a, C> {
    curve: C,
    source: &'a [f32],
    rectifier: Option<Rectifier>,
    gradient: &'a mut [f32],
}

impl<C: Curve> Kernel for PassSlope<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, _: S) {
        let pairs = self.gradient.iter_mut().zip(self.source);
        match self.rectifier {
            None => {
                for (gradient, x) in pairs {
                    *gradient *= self.curve.slope(*x);
                }
            }
            Some(rectifier) => {
                for (gradient, x) in pairs {
                    *gradient *= self.curve.slope(rectifier.value(*x));
                }
            }
        }
    }
}

/// Runs a block with the curve of an activation.
macro_rules! with_curve {
    ($activation:expr, $curve:ident => $run:expr) => {
        match $activation {
            Activation::Relu { max, slope, threshold } => {
                let $curve = Bent {
                    most: max.map_or(f32::INFINITY, |max| max as f32),
                    slope: slope as f32,
                    threshold: threshold as f32,
                };
                $run
            }
            Activation::Elu { alpha } => {
                let $curve = Exponential {
                    scale: 1.0,
                    alpha: alpha as f32,
                };
                $run
            }
            Activation::Selu => {
                let $curve = Exponential {
                    scale: SELU_SCALE as f32,
                    alpha: SELU_ALPHA as f32,
                };
                $run
            }
            Activation::Gelu { approximate: false } => {
                let $curve = Gelu {};
                $run
            }
            Activation::Gelu { approximate: true } => {
                let $curve = GeluByTanh {};
                $run
            }
            Activation::Silu => {
                let $curve = Silu {};
                $run
            }
            Activation::Tanh => {
                let $curve = Tanh {};
                $run
            }
            Activation::Sigmoid => {
                let $curve = Sigmoid {};
                $run
            }
            Activation::HardSigmoid { slope } => {
                let $curve = HardSigmoid { slope: slope as f32 };
                $run
            }
            Activation::HardSilu => {
                let $curve = HardSilu {};
                $run
            }
            // not known here
            Activation::Softplus | Activation::Softmax => {}
        }
    };
}

/// The function of whole cells of `source`, whose ReLU is passed first.
pub(super) fn apply(
    isa: Isa,
    activation: Activation,
    source: &[f32],
    rectifier: Option<Rectifier>,
    channels: usize,
    stride: usize,
    out: &mut [f32],
) {
    with_curve!(activation, curve => isa.run(Apply { curve, source, rectifier, channels, stride, out }));
}

/// A gradient times the derivative at `source`, whose ReLU is passed first.
pub(super) fn pass_back(
    isa: Isa,
    activation: Activation,
    source: &[f32],
    rectifier: Option<Rectifier>,
    gradient: &mut [f32],
) {
    with_curve!(activation, curve => isa.run(PassSlope { curve, source, rectifier, gradient }));
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Activation; 13] = [
        Activation::Relu {
            max: None,
            slope: 0.3,
            threshold: 0.0,
        },
        Activation::Relu {
            max: Some(4.0),
            slope: 0.1,
            threshold: 1.5,
        },
        Activation::Elu { alpha: 0.7 },
        Activation::Selu,
        Activation::Gelu { approximate: false },
        Activation::Gelu { approximate: true },
        Activation::Silu,
        Activation::Tanh,
        Activation::Sigmoid,
        Activation::HardSigmoid { slope: 0.2 },
        Activation::HardSigmoid { slope: 1.0 / 6.0 },
        Activation::HardSilu,
        Activation::RELU,
    ];

    #[test]
    fn functions_and_derivatives_are_those_in_f64() {
        let mut xs: Vec<f32> = (-4000..4000).map(|step| step as f32 * 0.005 + 0.001).collect();
        xs.extend([-1e30, -500.0, -88.0, 88.0, 500.0, 1e30, 0.0]);
        for activation in ALL {
            for isa in Isa::available() {
                let mut values = vec![0.0; xs.len()];
                apply(isa, activation, &xs, None, xs.len(), xs.len(), &mut values);
                let mut slopes = vec![1.0; xs.len()];
                pass_back(isa, activation, &xs, None, &mut slopes);
                for ((x, value), slope) in xs.iter().zip(values).zip(slopes) {
                    let exact = activation.value(f64::from(*x));
                    let error = (f64::from(value) - exact).abs() / exact.abs().max(1.0);
                    assert!(error < 5e-7, "{activation:?} at {x} by {isa}: {value}, not {exact}");
                    let exact = activation.derivative(f64::from(*x));
                    let error = (f64::from(slope) - exact).abs();
                    assert!(error < 2e-6, "{activation:?}' at {x} by {isa}: {slope}, not {exact}");
                }
            }
        }
    }
}
