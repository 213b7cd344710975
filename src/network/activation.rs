//! Activation functions and their derivatives, as Keras defines them (`keras/src/activations/activations.py`).

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// A function of one value, but for [`Activation::Softmax`], which is one of all channels of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `min(x, max)` from `threshold` on, `slope * (x - threshold)` below it.
    Relu {
        /// The largest output, such as 6.
        max: Option<f64>,
        /// Slope below the threshold, such as LeakyReLU's.
        slope: f64,
        /// Where the function begins to rise.
        threshold: f64,
    },
    /// `x` if positive, else `alpha * (exp(x) - 1)` (Clevert et al. 2016).
    Elu {
        /// What the function approaches far below zero, negated.
        alpha: f64,
    },
    /// ELU with the two constants of Klambauer et al. 2017.
    Selu,
    /// `x * Phi(x)` (Hendrycks and Gimpel 2016).
    Gelu {
        /// Phi by the hyperbolic tangent instead of the error function.
        approximate: bool,
    },
    /// `x * sigmoid(x)`, also called swish.
    Silu,
    /// Hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `slope * x + 0.5`, cut off at 0 and 1: the slope is 1/6 in Keras 3 and 1/5 before it.
    HardSigmoid {
        /// The slope in the middle.
        slope: f64,
    },
    /// `x * relu6(x + 3) / 6`.
    HardSilu,
    /// `log(1 + exp(x))`.
    Softplus,
    /// `exp(x)` divided by the sum over all channels of the cell.
    Softmax,
}

/// SELU's factor for positive values.
pub(super) const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
/// SELU's alpha.
pub(super) const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
/// The cubic coefficient of GELU's approximation.
pub(super) const GELU_CUBIC: f64 = 0.044_715;

impl Activation {
    /// max(x, 0).
    pub const RELU: Self = Self::Relu {
        max: None,
        slope: 0.0,
        threshold: 0.0,
    };

    /// Whether it is max(x, 0), cut off above or not.
    pub fn is_rectifier(self) -> bool {
        matches!(
            self,
            Self::Relu {
                slope: 0.0,
                threshold: 0.0,
                ..
            }
        )
    }

    /// Replaces the values of some cells, `[cells, channels]`, by the function's.
    pub fn apply(self, values: &mut [f64], channels: usize) {
        if self == Self::Softmax {
            values.chunks_exact_mut(channels.max(1)).for_each(softmax);
        } else {
            values.iter_mut().for_each(|x| *x = self.value(*x));
        }
    }

    /// Carries gradients of the output, `[cells, channels]`, to the input, whose values are `input`.
    pub fn pass_back(self, gradient: &mut [f64], input: &[f64], channels: usize) {
        if self != Self::Softmax {
            for (g, x) in gradient.iter_mut().zip(input) {
                *g *= self.derivative(*x);
            }
            return;
        }
        // dp_c/dx_j = p_c (delta_cj - p_j)
        let cells = gradient.chunks_exact_mut(channels.max(1));
        for (gradient, input) in cells.zip(input.chunks_exact(channels.max(1))) {
            let mut p = input.to_vec();
            softmax(&mut p);
            let mean: f64 = gradient.iter().zip(&p).map(|(g, p)| g * p).sum();
            for (g, p) in gradient.iter_mut().zip(&p) {
                *g = p * (*g - mean);
            }
        }
    }

    /// The function of one value; of softmax, that of a single channel.
    pub fn value(self, x: f64) -> f64 {
        match self {
            Self::Relu { max, slope, threshold } => {
                if max.is_some_and(|max| x >= max) {
                    max.unwrap_or(x)
                } else if x >= threshold {
                    x
                } else {
                    slope * (x - threshold)
                }
            }
            Self::Elu { alpha } => {
                if x > 0.0 {
                    x
                } else {
                    alpha * x.exp_m1()
                }
            }
            Self::Selu => SELU_SCALE * Self::Elu { alpha: SELU_ALPHA }.value(x),
            Self::Gelu { approximate: false } => 0.5 * x * (1.0 + libm::erf(x * FRAC_1_SQRT_2)),
            Self::Gelu { approximate: true } => 0.5 * x * (1.0 + gelu_inner(x).tanh()),
            Self::Silu => x * sigmoid(x),
            Self::Tanh => x.tanh(),
            Self::Sigmoid => sigmoid(x),
            Self::HardSigmoid { slope } => (slope * x + 0.5).clamp(0.0, 1.0),
            Self::HardSilu => x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
            Self::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
            Self::Softmax => 1.0,
        }
    }

    /// The derivative at one value; 0 at the corner of a ReLU, as in TensorFlow.
    pub fn derivative(self, x: f64) -> f64 {
        match self {
            Self::Relu { max, slope, threshold } => {
                if max.is_some_and(|max| x >= max) {
                    0.0
                } else if x > threshold {
                    1.0
                } else {
                    slope
                }
            }
            Self::Elu { alpha } => {
                if x > 0.0 {
                    1.0
                } else {
                    alpha * x.exp()
                }
            }
            Self::Selu => SELU_SCALE * Self::Elu { alpha: SELU_ALPHA }.derivative(x),
            Self::Gelu { approximate: false } => {
                let density = (-0.5 * x * x).exp() / (2.0 * PI).sqrt();
                0.5 * (1.0 + libm::erf(x * FRAC_1_SQRT_2)) + x * density
            }
            Self::Gelu { approximate: true } => {
                let tanh = gelu_inner(x).tanh();
                let inner = (2.0 / PI).sqrt() * (1.0 + 3.0 * GELU_CUBIC * x * x);
                0.5 * (1.0 + tanh) + 0.5 * x * (1.0 - tanh * tanh) * inner
            }
            Self::Silu => {
                let s = sigmoid(x);
                s + x * s * (1.0 - s)
            }
            Self::Tanh => 1.0 - x.tanh().powi(2),
            Self::Sigmoid => sigmoid(x) * sigmoid(-x),
            Self::HardSigmoid { slope } => {
                let y = slope * x + 0.5;
                if y > 0.0 && y < 1.0 { slope } else { 0.0 }
            }
            Self::HardSilu => {
                if x <= -3.0 {
                    0.0
                } else if x >= 3.0 {
                    1.0
                } else {
                    x / 3.0 + 0.5
                }
            }
            Self::Softplus => sigmoid(x),
            Self::Softmax => 0.0,
        }
    }
}

/// `1 / (1 + exp(-x))` without overflow.
pub fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// Softmax in place, around the largest value so that nothing overflows.
pub fn softmax(values: &mut [f64]) {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for value in values.iter_mut() {
        *value = (*value - largest).exp();
        sum += *value;
    }
    for value in values {
        *value /= sum;
    }
}

/// The argument of the hyperbolic tangent in GELU's approximation.
fn gelu_inner(x: f64) -> f64 {
    (2.0 / PI).sqrt() * (x + GELU_CUBIC * x * x * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Activation; 14] = [
        Activation::RELU,
        Activation::Relu {
            max: Some(6.0),
            slope: 0.0,
            threshold: 0.0,
        },
        Activation::Relu {
            max: Some(4.0),
            slope: 0.3,
            threshold: 0.5,
        },
        Activation::Elu { alpha: 0.7 },
        Activation::Selu,
        Activation::Gelu { approximate: false },
        Activation::Gelu { approximate: true },
        Activation::Silu,
        Activation::Tanh,
        Activation::Sigmoid,
        Activation::HardSigmoid { slope: 0.2 },
        Activation::HardSilu,
        Activation::Softplus,
        Activation::Softmax,
    ];

    #[test]
    fn derivatives_equal_finite_differences() {
        let inputs: Vec<f64> = (0..40).map(|i| f64::from(i) * 0.43 - 8.3).collect();
        for activation in ALL {
            for channels in [1, 4] {
                for at in 0..inputs.len() {
                    let weights: Vec<f64> = (0..40).map(|i| f64::from(i % 7) - 2.5).collect();
                    let score = |step: f64| {
                        let mut values = inputs.clone();
                        values[at] += step;
                        activation.apply(&mut values, channels);
                        values.iter().zip(&weights).map(|(v, w)| v * w).sum::<f64>()
                    };
                    let expected = (score(1e-6) - score(-1e-6)) / 2e-6;
                    let mut gradient = weights.clone();
                    activation.pass_back(&mut gradient, &inputs, channels);
                    assert!(
                        (gradient[at] - expected).abs() < 1e-6,
                        "{activation:?} at {}: {} instead of {expected}",
                        inputs[at],
                        gradient[at]
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_overflows() {
        for activation in ALL {
            let mut values = vec![-900.0, 0.0, 900.0];
            activation.apply(&mut values, 3);
            assert!(
                values.iter().all(|value| value.is_finite()),
                "{activation:?}: {values:?}"
            );
        }
    }
}
