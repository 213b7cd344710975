//! Convolutions of all channels, for the few cells that heads have.

use super::pool::each_pair;
use crate::network::shape::{Shape, Window};

/// `kernel` is `[taps, in / groups, out]`, the bias empty where there is none.
pub fn forward(
    x: &[f64],
    input: Shape,
    output: Shape,
    window: Window,
    groups: usize,
    tensors: &[Vec<f32>],
) -> Vec<f64> {
    let [kernel, bias] = [0, 1].map(|index| tensors.get(index).map_or(&[][..], Vec::as_slice));
    let (rows, columns) = (input.channels / groups, output.channels / groups);
    let mut values = vec![0.0; output.len()];
    for cell in values.chunks_exact_mut(output.channels) {
        for (value, bias) in cell.iter_mut().zip(bias) {
            *value = f64::from(*bias);
        }
    }
    each_pair(input, output, window, |out, from, tap| {
        let cell = &mut values[out * output.channels..][..output.channels];
        let seen = &x[from * input.channels..][..input.channels];
        for (channel, value) in cell.iter_mut().enumerate() {
            let seen = &seen[channel / columns * rows..][..rows];
            for (row, seen) in seen.iter().enumerate() {
                *value += seen * f64::from(kernel[(tap * rows + row) * output.channels + channel]);
            }
        }
    });
    values
}

/// The gradient of each output goes to the cells under its window, times the kernel.
pub fn backward(
    gradient: &[f64],
    input: Shape,
    output: Shape,
    window: Window,
    groups: usize,
    tensors: &[Vec<f32>],
) -> Vec<f64> {
    let kernel = tensors.first().map_or(&[][..], Vec::as_slice);
    let (rows, columns) = (input.channels / groups, output.channels / groups);
    let mut sums = vec![0.0; input.len()];
    each_pair(input, output, window, |out, from, tap| {
        let cell = &gradient[out * output.channels..][..output.channels];
        let seen = &mut sums[from * input.channels..][..input.channels];
        for (group, (cell, seen)) in cell.chunks_exact(columns).zip(seen.chunks_exact_mut(rows)).enumerate() {
            for (row, sum) in seen.iter_mut().enumerate() {
                let kernel = &kernel[(tap * rows + row) * output.channels + group * columns..][..columns];
                *sum += product(cell, kernel);
            }
        }
    });
    sums
}

/// The sum of products, in four sums side by side, so that none waits for the one before.
fn product(a: &[f64], b: &[f32]) -> f64 {
    let (fours, rest) = a.as_chunks::<4>();
    let (their_fours, their_rest) = b.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (a, b) in fours.iter().zip(their_fours) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * f64::from(*b);
        }
    }
    let rest: f64 = rest.iter().zip(their_rest).map(|(a, b)| a * f64::from(*b)).sum();
    sums.iter().sum::<f64>() + rest
}
