//! Operations with several inputs, `[h, w, c]`; sides of 1 are repeated where the inputs differ.

use candle_core::{Result, Tensor};

/// The gradient of a repeated input: the sum over the places that it is repeated to.
fn reduced(g: Tensor, like: &Tensor) -> Result<Tensor> {
    let mut sum = g;
    for axis in 0..3 {
        if like.dim(axis)? == 1 && sum.dim(axis)? > 1 {
            sum = sum.sum_keepdim(axis)?;
        }
    }
    Ok(sum)
}

fn folded(inputs: &[&Tensor], fold: impl Fn(&Tensor, &Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let (first, others) = inputs
        .split_first()
        .ok_or_else(|| candle_core::Error::msg("a layer that joins nothing"))?;
    others
        .iter()
        .try_fold((*first).clone(), |found, other| fold(&found, other))
}

/// The sum of all inputs, each times its factor.
pub fn weighted_sum(inputs: &[&Tensor], factors: &[f64]) -> Result<Tensor> {
    let scaled = inputs.iter().zip(factors).map(|(input, factor)| *input * *factor);
    let scaled = scaled.collect::<Result<Vec<Tensor>>>()?;
    folded(&scaled.iter().collect::<Vec<_>>(), Tensor::broadcast_add)
}

/// Each input gets the gradient times its factor.
pub fn weighted_sum_backward(g: &Tensor, inputs: &[&Tensor], factors: &[f64]) -> Result<Vec<Tensor>> {
    let parts = inputs.iter().zip(factors);
    parts.map(|(input, factor)| reduced((g * *factor)?, input)).collect()
}

/// The product of all inputs.
pub fn multiply(inputs: &[&Tensor]) -> Result<Tensor> {
    folded(inputs, Tensor::broadcast_mul)
}

/// Each input gets the gradient times the product of the others.
pub fn multiply_backward(g: &Tensor, inputs: &[&Tensor]) -> Result<Vec<Tensor>> {
    let parts = (0..inputs.len()).map(|index| {
        let mut part = g.clone();
        for (other, input) in inputs.iter().enumerate() {
            if other != index {
                part = part.broadcast_mul(input)?;
            }
        }
        reduced(part, inputs[index])
    });
    parts.collect()
}

/// The largest or smallest of all inputs.
pub fn extreme(inputs: &[&Tensor], of: impl Fn(&Tensor, &Tensor) -> Result<Tensor>) -> Result<Tensor> {
    folded(inputs, of)
}

/// The gradient goes to the first input that is the extreme.
pub fn extreme_backward(g: &Tensor, inputs: &[&Tensor], y: &Tensor) -> Result<Vec<Tensor>> {
    let mut free = y.ones_like()?;
    let parts = inputs.iter().map(|input| {
        let wins = (input.eq(y)?.to_dtype(g.dtype())? * &free)?;
        free = (&free - &wins)?;
        g * wins
    });
    parts.collect()
}

/// Each input gets its channels.
pub fn concatenate_backward(g: &Tensor, inputs: &[&Tensor]) -> Result<Vec<Tensor>> {
    let mut first = 0;
    let parts = inputs.iter().map(|input| {
        let channels = input.dim(2)?;
        let part = g.narrow(2, first, channels)?.contiguous();
        first += channels;
        part
    });
    parts.collect()
}
