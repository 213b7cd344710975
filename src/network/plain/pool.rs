//! Pools of any window, and over all cells.

use crate::network::shape::{Shape, Window};

/// Calls `with` for each output cell and each input cell under its window, in row-major order.
pub fn each_pair(input: Shape, output: Shape, window: Window, mut with: impl FnMut(usize, usize, usize)) {
    for out in 0..output.cells() {
        let (y, x) = (out / output.width, out % output.width);
        for tap in 0..window.kernel[0] * window.kernel[1] {
            let row = window.position(0, input.height, y, tap / window.kernel[1]);
            let column = window.position(1, input.width, x, tap % window.kernel[1]);
            if let (Some(row), Some(column)) = (row, column) {
                with(out, row * input.width + column, tap);
            }
        }
    }
}

/// The maximum under each window.
pub fn maximum(x: &[f64], input: Shape, output: Shape, window: Window) -> Vec<f64> {
    let channels = input.channels;
    let mut values = vec![f64::NEG_INFINITY; output.len()];
    each_pair(input, output, window, |out, from, _| {
        let cell = &x[from * channels..][..channels];
        for (value, x) in values[out * channels..].iter_mut().zip(cell) {
            *value = value.max(*x);
        }
    });
    values
}

/// The gradient goes to the first position, in row-major order, that holds the maximum.
pub fn maximum_backward(
    gradient: &[f64],
    x: &[f64],
    y: &[f64],
    input: Shape,
    output: Shape,
    window: Window,
) -> Vec<f64> {
    let channels = input.channels;
    let mut sums = vec![0.0; input.len()];
    let mut given = vec![false; output.len()];
    each_pair(input, output, window, |out, from, _| {
        for channel in 0..channels {
            let (out, from) = (out * channels + channel, from * channels + channel);
            if !given[out] && x[from] == y[out] {
                given[out] = true;
                sums[from] += gradient[out];
            }
        }
    });
    sums
}

/// Cells inside of the map under each window.
fn counts(input: Shape, output: Shape, window: Window) -> Vec<f64> {
    let mut counts = vec![0.0; output.cells()];
    each_pair(input, output, window, |out, _, _| counts[out] += 1.0);
    counts
}

/// The mean of the cells inside of the map under each window.
pub fn average(x: &[f64], input: Shape, output: Shape, window: Window) -> Vec<f64> {
    let channels = input.channels;
    let counts = counts(input, output, window);
    let mut values = vec![0.0; output.len()];
    each_pair(input, output, window, |out, from, _| {
        let cell = &x[from * channels..][..channels];
        for (value, x) in values[out * channels..].iter_mut().zip(cell) {
            *value += x / counts[out];
        }
    });
    values
}

/// Each cell under a window gets an equal share of its gradient.
pub fn average_backward(gradient: &[f64], input: Shape, output: Shape, window: Window) -> Vec<f64> {
    let channels = input.channels;
    let counts = counts(input, output, window);
    let mut sums = vec![0.0; input.len()];
    each_pair(input, output, window, |out, from, _| {
        let cell = &gradient[out * channels..][..channels];
        for (sum, g) in sums[from * channels..].iter_mut().zip(cell) {
            *sum += g / counts[out];
        }
    });
    sums
}

/// The mean over all cells.
pub fn global_average(x: &[f64], channels: usize) -> Vec<f64> {
    let mut sums = vec![0.0; channels];
    for cell in x.chunks_exact(channels) {
        for (sum, x) in sums.iter_mut().zip(cell) {
            *sum += x;
        }
    }
    let cells = (x.len() / channels) as f64;
    sums.into_iter().map(|sum| sum / cells).collect()
}

/// One part for every cell.
pub fn global_average_backward(gradient: &[f64], input: Shape) -> Vec<f64> {
    let cells = input.cells();
    let part: Vec<f64> = gradient.iter().map(|g| g / cells as f64).collect();
    part.repeat(cells)
}

/// The maximum over all cells.
pub fn global_maximum(x: &[f64], channels: usize) -> Vec<f64> {
    let mut most = vec![f64::NEG_INFINITY; channels];
    for cell in x.chunks_exact(channels) {
        for (most, x) in most.iter_mut().zip(cell) {
            *most = most.max(*x);
        }
    }
    most
}

/// Cells that share the maximum share the gradient, as in TensorFlow (`_MinOrMaxGrad` in `math_grad.py`).
pub fn global_maximum_backward(gradient: &[f64], x: &[f64], y: &[f64]) -> Vec<f64> {
    let channels = gradient.len();
    let mut winners = vec![0.0; channels];
    for cell in x.chunks_exact(channels) {
        for ((winners, x), y) in winners.iter_mut().zip(cell).zip(y) {
            *winners += f64::from(x == y);
        }
    }
    let mut parts = Vec::with_capacity(x.len());
    for cell in x.chunks_exact(channels) {
        for (channel, x) in cell.iter().enumerate() {
            parts.push(if *x == y[channel] {
                gradient[channel] / winners[channel]
            } else {
                0.0
            });
        }
    }
    parts
}
