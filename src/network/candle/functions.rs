//! Activation functions and normalisations over channels as candle operations, with their vector-Jacobian products.

use candle_core::{D, Result, Tensor};

use crate::network::activation::{Activation, GELU_CUBIC, SELU_ALPHA, SELU_SCALE};
use crate::network::op::UNIT_EPSILON;

/// The function of each value; of softmax, of the channels of each cell.
pub fn apply(activation: Activation, x: &Tensor) -> Result<Tensor> {
    match activation {
        Activation::Relu { max, slope, threshold } => {
            let above = x.ge(threshold)?.to_dtype(x.dtype())?;
            let below = (1.0 - &above)?;
            let y = ((x * above)? + ((x - threshold)? * slope)?.mul(&below)?)?;
            match max {
                Some(max) => y.minimum(max),
                None => Ok(y),
            }
        }
        Activation::Elu { alpha } => x.relu()? + ((x.minimum(0.0)?.exp()? - 1.0)? * alpha)?,
        Activation::Selu => apply(Activation::Elu { alpha: SELU_ALPHA }, x)? * SELU_SCALE,
        Activation::Gelu { approximate: false } => x.gelu_erf(),
        Activation::Gelu { approximate: true } => (x * 0.5)? * (gelu_inner(x)?.tanh()? + 1.0)?,
        Activation::Silu => x * sigmoid(x)?,
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => sigmoid(x),
        Activation::HardSigmoid { slope } => ((x * slope)? + 0.5)?.clamp(0.0, 1.0),
        Activation::HardSilu => x * ((x / 6.0)? + 0.5)?.clamp(0.0, 1.0)?,
        Activation::Softplus => x.relu()? + ((x.abs()?.neg()?.exp()? + 1.0)?.log()?),
        Activation::Softmax => candle_nn::ops::softmax(x, D::Minus1),
    }
}

/// The gradient of the output carried to the input `x`.
pub fn pass_back(activation: Activation, g: &Tensor, x: &Tensor) -> Result<Tensor> {
    if activation == Activation::Softmax {
        let p = apply(activation, x)?;
        let mean = (g * &p)?.sum_keepdim(D::Minus1)?;
        return p * g.broadcast_sub(&mean)?;
    }
    let one = |condition: Tensor| condition.to_dtype(x.dtype());
    let derivative = match activation {
        Activation::Relu { max, slope, threshold } => {
            let above = one(x.gt(threshold)?)?;
            let slopes = ((&above * (1.0 - slope))? + slope)?;
            match max {
                Some(max) => (slopes * one(x.lt(max)?)?)?,
                None => slopes,
            }
        }
        Activation::Elu { alpha } => {
            let positive = one(x.gt(0.0)?)?;
            let negative = (1.0 - &positive)?;
            (positive + ((x.minimum(0.0)?.exp()? * alpha)? * negative)?)?
        }
        Activation::Selu => {
            return pass_back(Activation::Elu { alpha: SELU_ALPHA }, g, x)? * SELU_SCALE;
        }
        Activation::Gelu { approximate: false } => {
            let density = ((x.sqr()? * -0.5)?.exp()? / (2.0 * std::f64::consts::PI).sqrt())?;
            let below = (((x * std::f64::consts::FRAC_1_SQRT_2)?.erf()? + 1.0)? * 0.5)?;
            (below + (x * density)?)?
        }
        Activation::Gelu { approximate: true } => {
            let tanh = gelu_inner(x)?.tanh()?;
            let inner = (((x.sqr()? * (3.0 * GELU_CUBIC))? + 1.0)? * (2.0 / std::f64::consts::PI).sqrt())?;
            let rise = ((1.0 - tanh.sqr()?)? * inner)?;
            (((tanh + 1.0)? * 0.5)? + ((x * 0.5)? * rise)?)?
        }
        Activation::Silu => {
            let s = sigmoid(x)?;
            (&s + ((x * &s)? * (1.0 - &s)?)?)?
        }
        Activation::Tanh => (1.0 - x.tanh()?.sqr()?)?,
        Activation::Sigmoid => (sigmoid(x)? * sigmoid(&x.neg()?)?)?,
        Activation::HardSigmoid { slope } => {
            let y = ((x * slope)? + 0.5)?;
            ((one(y.gt(0.0)?)? * one(y.lt(1.0)?)?)? * slope)?
        }
        Activation::HardSilu => {
            let inside = (one(x.gt(-3.0)?)? * one(x.lt(3.0)?)?)?;
            ((((x / 3.0)? + 0.5)? * inside)? + one(x.ge(3.0)?)?)?
        }
        Activation::Softplus => sigmoid(x)?,
        Activation::Softmax => x.ones_like()?,
    };
    g * derivative
}

fn gelu_inner(x: &Tensor) -> Result<Tensor> {
    (x + ((x.sqr()? * x)? * GELU_CUBIC)?)? * (2.0 / std::f64::consts::PI).sqrt()
}

/// `1 / (1 + exp(-x))` from the side that does not overflow.
fn sigmoid(x: &Tensor) -> Result<Tensor> {
    let e = x.abs()?.neg()?.exp()?;
    let negative = x.lt(0.0)?.to_dtype(x.dtype())?;
    let numerator = ((&e * &negative)? + (1.0 - &negative)?)?;
    numerator / (e + 1.0)?
}

/// `(x - mean) / deviation` of each cell's channels, and one over the deviation.
pub fn normalised(x: &Tensor, epsilon: f64) -> Result<(Tensor, Tensor)> {
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    let factor = (variance + epsilon)?.sqrt()?.recip()?;
    Ok((centred.broadcast_mul(&factor)?, factor))
}

/// The gradient of [`normalised`].
pub fn normalised_backward(g: &Tensor, x: &Tensor, epsilon: f64) -> Result<Tensor> {
    let (normal, factor) = normalised(x, epsilon)?;
    let centred = g.broadcast_sub(&g.mean_keepdim(D::Minus1)?)?;
    let product = (g * &normal)?.mean_keepdim(D::Minus1)?;
    (centred - normal.broadcast_mul(&product)?)?.broadcast_mul(&factor)
}

/// One over the length of each cell's channels.
fn inverse_length(x: &Tensor) -> Result<Tensor> {
    x.sqr()?.sum_keepdim(D::Minus1)?.maximum(UNIT_EPSILON)?.sqrt()?.recip()
}

/// Each cell divided by its length.
pub fn unit_norm(x: &Tensor) -> Result<Tensor> {
    x.broadcast_mul(&inverse_length(x)?)
}

/// The gradient of [`unit_norm`].
pub fn unit_norm_backward(g: &Tensor, x: &Tensor) -> Result<Tensor> {
    let factor = inverse_length(x)?;
    let unit = x.broadcast_mul(&factor)?;
    let product = (g * &unit)?.sum_keepdim(D::Minus1)?;
    (g - unit.broadcast_mul(&product)?)?.broadcast_mul(&factor)
}
