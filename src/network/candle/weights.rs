//! The tensors of a layer in the form in which its operation reads them.

use candle_core::{DType, Device, Tensor};

use crate::network::layer::Layer;
use crate::network::op::{Op, SMALLEST_DEVIATION, ungrouped};

/// A layer's tensors as its operation reads them: matrices for convolutions, factors and summands for normalisations.
pub(super) fn prepared(
    layer: &Layer,
    inputs: usize,
    mut tensors: Vec<Tensor>,
    dtype: DType,
    device: &Device,
) -> candle_core::Result<Vec<Tensor>> {
    if let (Op::Conv { groups, .. }, [kernel, ..]) = (&layer.op, tensors.as_mut_slice())
        && *groups > 1
    {
        let outputs = layer.shape.channels;
        let values = kernel.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
        let all = ungrouped(&values, inputs, outputs, *groups);
        *kernel = Tensor::from_vec(all, ((), outputs), device)?.to_dtype(dtype)?;
    }
    let channels = layer.shape.channels;
    let vector = |values: &[f64]| Tensor::new(values, device)?.to_dtype(dtype);
    let mut tensors = tensors.into_iter();
    let mut next = || {
        let missing = || candle_core::Error::msg(format!("{} has too few tensors", layer.name));
        tensors.next().ok_or_else(missing)
    };
    Ok(match &layer.op {
        Op::Affine { scale, shift } => vec![vector(scale)?, vector(shift)?],
        Op::Reorder { channels } => {
            let channels: Vec<u32> = channels.iter().map(|&channel| channel as u32).collect();
            vec![Tensor::new(channels, device)?]
        }
        Op::Normalize => {
            let (mean, variance) = (next()?, next()?);
            let scale = variance.sqrt()?.maximum(SMALLEST_DEVIATION)?.recip()?;
            let shift = (mean * &scale)?.neg()?;
            vec![scale, shift]
        }
        Op::BatchNorm { epsilon, scale, center } => {
            let gamma = scale.then(&mut next).transpose()?;
            let beta = center.then(&mut next).transpose()?;
            let (mean, variance) = (next()?, next()?);
            let mut factor = (variance + *epsilon)?.sqrt()?.recip()?;
            if let Some(gamma) = gamma {
                factor = (factor * gamma)?;
            }
            let mut shift = (mean * &factor)?.neg()?;
            if let Some(beta) = beta {
                shift = (shift + beta)?;
            }
            vec![factor, shift]
        }
        Op::LayerNorm { scale, center, .. } => {
            let gamma = if *scale { next()? } else { vector(&vec![1.0; channels])? };
            let beta = if *center {
                next()?
            } else {
                vector(&vec![0.0; channels])?
            };
            vec![gamma, beta]
        }
        Op::SeparableConv => vec![next()?.contiguous()?.reshape((9, ()))?, matrix(&next()?)?],
        Op::Conv { .. } | Op::Dense { .. } => {
            let kernel = matrix(&next()?)?;
            std::iter::once(kernel).chain(tensors).collect()
        }
        Op::Depthwise { window, .. } => {
            let taps = window.kernel[0] * window.kernel[1];
            let kernel = next()?.contiguous()?.reshape((taps, channels))?;
            std::iter::once(kernel).chain(tensors).collect()
        }
        _ => tensors.collect(),
    })
}

/// A kernel `[.., out]` as a matrix `[all others, out]`.
fn matrix(kernel: &Tensor) -> candle_core::Result<Tensor> {
    let outputs = kernel.dim(kernel.rank() - 1)?;
    kernel.contiguous()?.reshape(((), outputs))
}
