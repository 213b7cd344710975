//! Normalisations, and everything else that is a factor and a summand a channel.

use crate::network::op::{Op, SMALLEST_DEVIATION, UNIT_EPSILON};

/// Cells that are scaled together.
const STRETCH: usize = 16;

/// `x * scale + shift`, one value a channel.
pub struct Scale {
    scale: Vec<f64>,
    shift: Vec<f64>,
}

impl Scale {
    /// From an operation and its tensors.
    pub fn new(op: &Op, tensors: &[Vec<f32>], channels: usize) -> Self {
        let mut tensors = tensors
            .iter()
            .map(|tensor| tensor.iter().map(|&value| f64::from(value)).collect());
        let mut next = |present: bool, otherwise: f64| -> Vec<f64> {
            let tensor = if present { tensors.next() } else { None };
            tensor.unwrap_or_else(|| vec![otherwise; channels])
        };
        match op {
            Op::Affine { scale, shift } => Self {
                scale: scale.clone(),
                shift: shift.clone(),
            },
            Op::Normalize => {
                let (mean, variance) = (next(true, 0.0), next(true, 1.0));
                let scale: Vec<f64> = variance
                    .iter()
                    .map(|variance| 1.0 / variance.sqrt().max(SMALLEST_DEVIATION))
                    .collect();
                let shift = mean.iter().zip(&scale).map(|(mean, scale)| -mean * scale).collect();
                Self { scale, shift }
            }
            Op::BatchNorm { epsilon, scale, center } => {
                let (gamma, beta) = (next(*scale, 1.0), next(*center, 0.0));
                let (mean, variance) = (next(true, 0.0), next(true, 1.0));
                let scale: Vec<f64> = gamma
                    .iter()
                    .zip(&variance)
                    .map(|(gamma, variance)| gamma / (variance + epsilon).sqrt())
                    .collect();
                let shift = beta.iter().zip(mean.iter().zip(&scale));
                let shift = shift.map(|(beta, (mean, scale))| beta - mean * scale).collect();
                Self { scale, shift }
            }
            Op::LayerScale => Self {
                scale: next(true, 1.0),
                shift: vec![0.0; channels],
            },
            _ => Self {
                scale: vec![1.0; channels],
                shift: vec![0.0; channels],
            },
        }
    }

    /// Factors and summands, one a channel.
    pub fn values(&self) -> [&[f64]; 2] {
        [&self.scale, &self.shift]
    }

    pub fn forward(&self, x: &[f64]) -> Vec<f64> {
        // a stretch of cells at a time, so that the compiler makes vectors of few channels too
        let (scale, shift) = (self.scale.repeat(STRETCH), self.shift.repeat(STRETCH));
        let mut values = x.to_vec();
        for values in values.chunks_mut(scale.len().max(1)) {
            for (value, (scale, shift)) in values.iter_mut().zip(scale.iter().zip(&shift)) {
                *value = *value * scale + shift;
            }
        }
        values
    }

    /// The same in place, each value in f64 and rounded at the end; inlined, so that it is compiled for the instructions
    /// of whoever calls it.
    #[inline(always)]
    pub fn apply(&self, values: &mut [f32]) {
        let (scale, shift) = (self.scale.repeat(STRETCH), self.shift.repeat(STRETCH));
        for values in values.chunks_mut(scale.len().max(1)) {
            for (value, (scale, shift)) in values.iter_mut().zip(scale.iter().zip(&shift)) {
                *value = (f64::from(*value) * scale + shift) as f32;
            }
        }
    }

    pub fn backward(&self, mut gradient: Vec<f64>) -> Vec<f64> {
        for (g, scale) in gradient.iter_mut().zip(self.scale.iter().cycle()) {
            *g *= scale;
        }
        gradient
    }
}

/// Mean, and one over the deviation, of the channels of a cell.
fn moments(cell: &[f64], epsilon: f64) -> (f64, f64) {
    let count = cell.len() as f64;
    let mean = cell.iter().sum::<f64>() / count;
    let variance = cell.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    (mean, 1.0 / (variance + epsilon).sqrt())
}

/// `(x - mean) / deviation * gamma + beta` in each cell.
pub fn layer_norm(
    x: &[f64],
    channels: usize,
    epsilon: f64,
    (gamma, beta): (Option<&[f32]>, Option<&[f32]>),
) -> Vec<f64> {
    let value = |tensor: Option<&[f32]>, channel: usize, otherwise: f64| {
        tensor
            .and_then(|tensor| tensor.get(channel))
            .map_or(otherwise, |&value| f64::from(value))
    };
    let mut values = Vec::with_capacity(x.len());
    for cell in x.chunks_exact(channels) {
        let (mean, factor) = moments(cell, epsilon);
        let cell = cell.iter().enumerate();
        values.extend(cell.map(|(k, x)| (x - mean) * factor * value(gamma, k, 1.0) + value(beta, k, 0.0)));
    }
    values
}

/// With n = (x - mean) / deviation and h = g * gamma: (h - mean of h - n * mean of h n) / deviation.
pub fn layer_norm_backward(
    mut gradient: Vec<f64>,
    x: &[f64],
    channels: usize,
    epsilon: f64,
    gamma: Option<&[f32]>,
) -> Vec<f64> {
    for (gradient, cell) in gradient.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
        let (mean, factor) = moments(cell, epsilon);
        if let Some(gamma) = gamma {
            for (g, gamma) in gradient.iter_mut().zip(gamma) {
                *g *= f64::from(*gamma);
            }
        }
        let count = channels as f64;
        let normal = |x: f64| (x - mean) * factor;
        let mean_gradient = gradient.iter().sum::<f64>() / count;
        let products = gradient.iter().zip(cell).map(|(g, x)| g * normal(*x));
        let mean_product = products.sum::<f64>() / count;
        for (g, x) in gradient.iter_mut().zip(cell) {
            *g = (*g - mean_gradient - normal(*x) * mean_product) * factor;
        }
    }
    gradient
}

/// One over the length of a cell's channels.
fn inverse_length(cell: &[f64]) -> f64 {
    let squares: f64 = cell.iter().map(|x| x * x).sum();
    1.0 / squares.max(UNIT_EPSILON).sqrt()
}

/// Each cell divided by its length.
pub fn unit_norm(x: &[f64], channels: usize) -> Vec<f64> {
    let mut values = Vec::with_capacity(x.len());
    for cell in x.chunks_exact(channels) {
        let factor = inverse_length(cell);
        values.extend(cell.iter().map(|x| x * factor));
    }
    values
}

/// With u = x / length: (g - u * sum of g u) / length.
pub fn unit_norm_backward(mut gradient: Vec<f64>, x: &[f64], channels: usize) -> Vec<f64> {
    for (gradient, cell) in gradient.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
        let factor = inverse_length(cell);
        let product: f64 = gradient.iter().zip(cell).map(|(g, x)| g * x * factor).sum();
        for (g, x) in gradient.iter_mut().zip(cell) {
            *g = (*g - x * factor * product) * factor;
        }
    }
    gradient
}
