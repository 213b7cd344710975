//! Layers with several inputs: sums, products, extremes, channels put together.

use crate::network::shape::Shape;

/// The place in a map of shape `of` that meets place `at` of a map of shape `whole`: sides of 1 are repeated.
fn place(at: usize, whole: Shape, of: Shape) -> usize {
    let (cell, channel) = (at / whole.channels, at % whole.channels);
    let (y, x) = (cell / whole.width, cell % whole.width);
    let along = |position: usize, side: usize| if side == 1 { 0 } else { position };
    (along(y, of.height) * of.width + along(x, of.width)) * of.channels + along(channel, of.channels)
}

/// Calls `with` for each place of the output and the place of an input that meets it.
fn each_place(whole: Shape, of: Shape, mut with: impl FnMut(usize, usize)) {
    for at in 0..whole.len() {
        with(at, if of == whole { at } else { place(at, whole, of) });
    }
}

/// The sum of all inputs, each times its factor.
pub fn weighted_sum(inputs: &[&[f64]], shapes: &[Shape], output: Shape, factor: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; output.len()];
    for (index, (input, shape)) in inputs.iter().zip(shapes).enumerate() {
        let factor = factor(index);
        each_place(output, *shape, |at, from| sums[at] += factor * input[from]);
    }
    sums
}

/// Each input gets the gradient times its factor, in sum over the places that it is repeated to.
pub fn weighted_sum_backward(
    gradient: &[f64],
    shapes: &[Shape],
    output: Shape,
    factor: impl Fn(usize) -> f64,
) -> Vec<Vec<f64>> {
    let parts = shapes.iter().enumerate().map(|(index, shape)| {
        let (mut sums, factor) = (vec![0.0; shape.len()], factor(index));
        each_place(output, *shape, |at, from| sums[from] += factor * gradient[at]);
        sums
    });
    parts.collect()
}

/// The product of all inputs but the one left out.
fn product(inputs: &[&[f64]], shapes: &[Shape], output: Shape, left_out: Option<usize>) -> Vec<f64> {
    let mut products = vec![1.0; output.len()];
    for (index, (input, shape)) in inputs.iter().zip(shapes).enumerate() {
        if Some(index) != left_out {
            each_place(output, *shape, |at, from| products[at] *= input[from]);
        }
    }
    products
}

/// The product of all inputs.
pub fn multiply(inputs: &[&[f64]], shapes: &[Shape], output: Shape) -> Vec<f64> {
    product(inputs, shapes, output, None)
}

/// Each input gets the gradient times the product of the others.
pub fn multiply_backward(gradient: &[f64], inputs: &[&[f64]], shapes: &[Shape], output: Shape) -> Vec<Vec<f64>> {
    let parts = shapes.iter().enumerate().map(|(index, shape)| {
        let others = product(inputs, shapes, output, Some(index));
        let mut sums = vec![0.0; shape.len()];
        each_place(output, *shape, |at, from| sums[from] += others[at] * gradient[at]);
        sums
    });
    parts.collect()
}

/// The extreme of all inputs: whatever `wins` against what was found so far.
pub fn extreme(inputs: &[&[f64]], wins: impl Fn(f64, f64) -> bool) -> Vec<f64> {
    let (first, others) = inputs.split_first().map_or((&[][..], &[][..]), |(f, o)| (f, o));
    let mut found = first.to_vec();
    for other in others {
        for (found, value) in found.iter_mut().zip(*other) {
            if wins(*value, *found) {
                *found = *value;
            }
        }
    }
    found
}

/// The gradient goes to the first input that is the extreme, as in TensorFlow (`_MaximumGrad` in `math_grad.py`).
pub fn extreme_backward(gradient: &[f64], inputs: &[&[f64]], y: &[f64]) -> Vec<Vec<f64>> {
    let mut parts = vec![vec![0.0; gradient.len()]; inputs.len()];
    for (at, (g, y)) in gradient.iter().zip(y).enumerate() {
        if let Some(winner) = inputs.iter().position(|input| input[at] == *y) {
            parts[winner][at] = *g;
        }
    }
    parts
}

/// The channels of all inputs, one after the other.
pub fn concatenate(inputs: &[&[f64]], shapes: &[Shape], output: Shape) -> Vec<f64> {
    let mut values = Vec::with_capacity(output.len());
    for cell in 0..output.cells() {
        for (input, shape) in inputs.iter().zip(shapes) {
            values.extend_from_slice(&input[cell * shape.channels..][..shape.channels]);
        }
    }
    values
}

/// Each input gets its channels.
pub fn concatenate_backward(gradient: &[f64], shapes: &[Shape], output: Shape) -> Vec<Vec<f64>> {
    let mut first = 0;
    let parts = shapes.iter().map(|shape| {
        let channels = first..first + shape.channels;
        first = channels.end;
        let cells = gradient.chunks_exact(output.channels);
        cells.flat_map(|cell| cell[channels.clone()].iter().copied()).collect()
    });
    parts.collect()
}
