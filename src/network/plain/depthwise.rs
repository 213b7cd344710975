//! Convolutions of each channel with kernels of its own.

use super::pool::each_pair;
use crate::network::shape::{Shape, Window};

/// Output channel `c * multiplier + m` is input channel `c` under kernel `m`, plus the bias where there is one.
pub fn forward(x: &[f64], input: Shape, output: Shape, window: Window, tensors: &[Vec<f32>]) -> Vec<f64> {
    let [kernel, bias] = [0, 1].map(|index| tensors.get(index).map_or(&[][..], Vec::as_slice));
    let (inputs, outputs) = (input.channels, output.channels);
    let multiplier = outputs / inputs;
    let mut values = vec![0.0; output.len()];
    for cell in values.chunks_exact_mut(outputs) {
        for (value, bias) in cell.iter_mut().zip(bias) {
            *value = f64::from(*bias);
        }
    }
    each_pair(input, output, window, |out, from, tap| {
        let cell = &mut values[out * outputs..][..outputs];
        let weights = &kernel[tap * outputs..][..outputs];
        for (channel, (value, weight)) in cell.iter_mut().zip(weights).enumerate() {
            *value += x[from * inputs + channel / multiplier] * f64::from(*weight);
        }
    });
    values
}

/// The gradient of each output goes to the cells under its window, times the kernel.
pub fn backward(gradient: &[f64], input: Shape, output: Shape, window: Window, tensors: &[Vec<f32>]) -> Vec<f64> {
    let kernel = tensors.first().map_or(&[][..], Vec::as_slice);
    let (inputs, outputs) = (input.channels, output.channels);
    let multiplier = outputs / inputs;
    let mut sums = vec![0.0; input.len()];
    each_pair(input, output, window, |out, from, tap| {
        let cell = &gradient[out * outputs..][..outputs];
        let weights = &kernel[tap * outputs..][..outputs];
        for (channel, (g, weight)) in cell.iter().zip(weights).enumerate() {
            sums[from * inputs + channel / multiplier] += g * f64::from(*weight);
        }
    });
    sums
}
