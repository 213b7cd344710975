//! Every kernel on every instruction set against the plainest loops that compute the same.

use proptest::prelude::*;

use super::buffer::{Buffer, Features, Scratch, padded};
use super::depthwise::DepthwiseWeights;
use super::elementwise::{AddMasked, AddStrided, SumCells, WeightedSum};
use super::filter::{Filter, FilterCells};
use super::gate::{Gate, Mask};
use super::gather::{Patches, Pixels, Rows};
use super::isa::Isa;
use super::nodes::POOL_WINDOW;
use super::pack::{Columns, Packed};
use super::pool::{PoolAndAdd, PoolBackward};
use super::product::Product;
use super::rectifier::Rectifier;
use super::threads::Threads;
use crate::network::shape::{Padding, Shape, Window};

mod chains;
mod depthwise;
mod filters;
mod passes;
mod products;

/// Every kind of ReLU, with a cap that noise in -1..1 reaches.
const RECTIFIERS: [Rectifier; 2] = [Rectifier::RELU, Rectifier::capped(0.5)];

fn shape(height: usize, width: usize, channels: usize) -> Shape {
    Shape {
        height,
        width,
        channels,
    }
}

/// Values in -1..1 without a pattern.
fn noise(seed: u64, count: usize) -> Vec<f32> {
    let value = |index: u64| {
        let mut z = (seed << 32 | index).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count as u64).map(value).collect()
}

fn features(images: usize, shape: Shape, values: &[f32]) -> Features {
    let mut features = Features::zeros(images, shape);
    let stride = features.stride();
    let cells = features.values_mut().chunks_exact_mut(stride);
    for (cell, values) in cells.zip(values.chunks_exact(shape.channels)) {
        cell[..shape.channels].copy_from_slice(values);
    }
    features
}

/// Maps full of rubbish, to be written over.
fn rubbish(images: usize, shape: Shape) -> Features {
    let mut features = Features::zeros(images, shape);
    features.values_mut().fill(f32::NAN);
    features
}

/// Without padding, which must be zero.
fn values(features: &Features) -> Vec<f32> {
    let channels = features.shape.channels;
    let cells = features.values().chunks_exact(features.stride());
    assert!(
        cells
            .clone()
            .all(|cell| cell[channels..].iter().all(|value| *value == 0.0))
    );
    cells.flat_map(|cell| cell[..channels].to_vec()).collect()
}

fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (index, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= 1e-5 * b.abs().max(1.0),
            "value {index}: {a}, expected {b}"
        );
    }
}

/// A convolution as its definition says; `weights` is `[kernel, kernel, inputs, outputs]`.
fn convolution(x: &[f32], from: Shape, weights: &[f32], out: Shape, [kernel, stride, padding]: [usize; 3]) -> Vec<f32> {
    let mut result = Vec::new();
    for cell in 0..out.cells() {
        let (y, x0) = (cell / out.width, cell % out.width);
        for output in 0..out.channels {
            let mut sum = 0.0;
            for tap in 0..kernel * kernel {
                let line = (y * stride + tap / kernel).wrapping_sub(padding);
                let column = (x0 * stride + tap % kernel).wrapping_sub(padding);
                for input in 0..from.channels {
                    if line < from.height && column < from.width {
                        let value = x[(line * from.width + column) * from.channels + input];
                        sum += value * weights[(tap * from.channels + input) * out.channels + output];
                    }
                }
            }
            result.push(sum);
        }
    }
    result
}

/// One value behind a gate; `through` is what a mask looks at.
fn gated(gate: Gate<'_>, value: f32, through: f32) -> f32 {
    match gate {
        Gate::Open => value,
        Gate::Rectified(rectifier) => rectifier.value(value),
        Gate::Masked(mask) => {
            if mask.rectifier.lets_pass(through) {
                value
            } else {
                0.0
            }
        }
    }
}

/// Runs a product on two threads.
fn multiply(isa: Isa, rows: Rows<'_>, packed: &Packed, mut out: Features, bias: Option<&[f32]>) -> Vec<f32> {
    let threads = Threads::start(2).unwrap();
    let weights = packed.as_ref();
    Product {
        rows,
        weights,
        bias,
        exit: None,
    }
    .run(isa, &threads, &Scratch::new(2), &mut out, None);
    values(&out)
}

/// Windows of all kinds that a small map can hold.
fn any_window() -> impl Strategy<Value = Window> {
    let side = || (1..6usize, 1..4usize, 1..3usize);
    (side(), side(), any::<bool>()).prop_map(|(down, right, same)| Window {
        kernel: [down.0, right.0],
        stride: [down.1, right.1],
        dilation: [down.2, right.2],
        padding: if same { Padding::Same } else { Padding::Valid },
    })
}

/// Calls `each` with every output cell, tap and source cell that belong together.
fn each_tap(window: Window, from: Shape, out: Shape, mut each: impl FnMut(usize, usize, usize)) {
    for cell in 0..out.cells() {
        for tap in 0..window.kernel[0] * window.kernel[1] {
            let line = window.position(0, from.height, cell / out.width, tap / window.kernel[1]);
            let column = window.position(1, from.width, cell % out.width, tap % window.kernel[1]);
            if let (Some(line), Some(column)) = (line, column) {
                each(cell, tap, line * from.width + column);
            }
        }
    }
}

fn identity(side: usize) -> Vec<f32> {
    (0..side * side)
        .map(|index| if index / side == index % side { 1.0 } else { 0.0 })
        .collect()
}

#[test]
fn the_portable_path_is_always_there_and_the_best_comes_first() {
    let available = Isa::available();
    // behind it only what tests alone have
    let names: Vec<String> = available.iter().map(Isa::to_string).collect();
    assert!(
        names.ends_with(&["portable".to_owned(), "like NEON".to_owned()]),
        "{names:?}"
    );
    assert_eq!(available[0].to_string(), Isa::best().to_string());
    assert!(available.iter().all(|isa| padded(1).is_multiple_of(2 * isa.lanes())));
}
