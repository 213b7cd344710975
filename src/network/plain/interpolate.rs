//! Maps made larger by bilinear interpolation.

use crate::network::shape::{Shape, between};

/// Calls `with` for each output cell, the four input cells around it, and their shares.
fn each_cell(input: Shape, output: Shape, times: [usize; 2], mut with: impl FnMut(usize, usize, f64)) {
    for y in 0..output.height {
        let (rows, below) = between(y, times[0], input.height);
        for x in 0..output.width {
            let (columns, right) = between(x, times[1], input.width);
            let out = y * output.width + x;
            for (row, share) in rows.into_iter().zip([1.0 - below, below]) {
                with(out, row * input.width + columns[0], share * (1.0 - right));
                with(out, row * input.width + columns[1], share * right);
            }
        }
    }
}

/// Each output cell as the mean of the cells around it, by their nearness.
pub fn forward(x: &[f64], input: Shape, output: Shape, times: [usize; 2]) -> Vec<f64> {
    let mut values = vec![0.0; output.len()];
    add(x, &mut values, input.channels, |with| {
        each_cell(input, output, times, |out, cell, share| with(cell, out, share));
    });
    values
}

/// Each input cell gets its share of the gradients around it.
pub fn backward(gradient: &[f64], input: Shape, output: Shape, times: [usize; 2]) -> Vec<f64> {
    let mut sums = vec![0.0; input.len()];
    add(gradient, &mut sums, input.channels, |with| {
        each_cell(input, output, times, with);
    });
    sums
}

/// Adds cells of `from` to cells of `to`, for all that `each` names, times their share.
fn add(from: &[f64], to: &mut [f64], channels: usize, each: impl FnOnce(&mut dyn FnMut(usize, usize, f64))) {
    each(&mut |source, target, share| {
        let cell = &from[source * channels..][..channels];
        for (sum, value) in to[target * channels..].iter_mut().zip(cell) {
            *sum += share * value;
        }
    });
}
