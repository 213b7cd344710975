//! Cells that only move: borders added or cut off, and cells repeated.

use crate::network::op::Op;
use crate::network::shape::Shape;

/// Calls `with` for each output cell that shows an input cell, and that one.
fn each_pair(op: &Op, input: Shape, output: Shape, mut with: impl FnMut(usize, usize)) {
    for out in 0..output.cells() {
        let position = [out / output.width, out % output.width];
        let from = |axis: usize, side: usize| {
            let from = match op {
                Op::ZeroPad { before, .. } => position[axis].checked_sub(before[axis])?,
                Op::Crop { before, .. } => position[axis] + before[axis],
                Op::Repeat { times } => position[axis] / times[axis],
                _ => position[axis],
            };
            (from < side).then_some(from)
        };
        if let (Some(y), Some(x)) = (from(0, input.height), from(1, input.width)) {
            with(out, y * input.width + x);
        }
    }
}

/// The cells at their new places, zeros elsewhere.
pub fn forward(op: &Op, x: &[f64], input: Shape, output: Shape) -> Vec<f64> {
    let channels = input.channels;
    let mut values = vec![0.0; output.len()];
    each_pair(op, input, output, |out, from| {
        values[out * channels..][..channels].copy_from_slice(&x[from * channels..][..channels]);
    });
    values
}

/// Each input cell gets the gradients of all places where it is shown.
pub fn backward(op: &Op, gradient: &[f64], input: Shape, output: Shape) -> Vec<f64> {
    let channels = input.channels;
    let mut sums = vec![0.0; input.len()];
    each_pair(op, input, output, |out, from| {
        let cell = &gradient[out * channels..][..channels];
        for (sum, g) in sums[from * channels..].iter_mut().zip(cell) {
            *sum += g;
        }
    });
    sums
}
