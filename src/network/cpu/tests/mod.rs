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
use super::pack::Packed;
use super::pool::{PoolAndAdd, PoolBackward};
use super::product::Product;
use super::rectifier::Rectifier;
use super::threads::Threads;
use crate::network::shape::{Padding, Shape, Window};

mod depthwise;

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
    Product { rows, weights, bias }.run(isa, &threads, &Scratch::new(2), &mut out, None);
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn products_equal_plain_convolutions(
        height in 3..9usize, width in 3..9usize, inputs in 1..70usize, outputs in 1..70usize,
        kernel in prop::sample::select(vec![1, 3]), stride in 1..3usize, padding in 0..3usize, seed in 0..1000u64,
    ) {
        let padding = padding.min(kernel - 1);
        let from = shape(height, width, inputs);
        let side = |size: usize| (size + 2 * padding - kernel) / stride + 1;
        let out = shape(side(height), side(width), outputs);
        let x = noise(seed, from.len());
        let weights = noise(seed + 1, kernel * kernel * inputs * outputs);
        let gates = noise(seed + 2, from.len());
        let (source, mask) = (features(1, from, &x), features(1, from, &gates));
        for isa in Isa::available() {
            let packed = Packed::new(isa, &weights, kernel * kernel, inputs, outputs, &vec![1.0; outputs]);
            let masks = RECTIFIERS.map(|rectifier| Gate::Masked(Mask { features: &mask, rectifier }));
            let forward = RECTIFIERS.map(Gate::Rectified);
            for gate in [Gate::Open].into_iter().chain(forward).chain(masks) {
                let rows = Rows::Patches(Patches { source: &source, gate, kernel: [kernel; 2], stride: [stride; 2], dilation: [1; 2], padding: [padding; 2] });
                let x: Vec<f32> = x.iter().zip(&gates).map(|(&value, &mask)| gated(gate, value, mask)).collect();
                let expected = convolution(&x, from, &weights, out, [kernel, stride, padding]);
                assert_close(&multiply(isa, rows, &packed, rubbish(1, out), None), &expected);
            }
        }
    }

    #[test]
    fn images_are_convolved_with_scale_and_bias(
        height in 7..30usize, width in 7..30usize, channels in 1..5usize, outputs in 1..70usize,
        window in any_window(), seed in 0..1000u64,
    ) {
        let from = shape(height, width, channels);
        let out = Shape { channels: outputs, ..window.output(from) };
        prop_assume!(!out.is_empty());
        let taps = window.kernel[0] * window.kernel[1];
        let (x, weights) = (noise(seed, from.len()), noise(seed + 1, taps * channels * outputs));
        let scale = noise(seed + 2, outputs);
        let mut bias = Buffer::zeros(padded(outputs));
        bias.values_mut()[..outputs].copy_from_slice(&noise(seed + 3, outputs));
        let mut expected = vec![0.0; out.len()];
        each_tap(window, from, out, |cell, tap, source| {
            for output in 0..outputs {
                for channel in 0..channels {
                    expected[cell * outputs + output] +=
                        x[source * channels + channel] * weights[(tap * channels + channel) * outputs + output];
                }
            }
        });
        for cell in expected.chunks_exact_mut(outputs) {
            for ((value, scale), bias) in cell.iter_mut().zip(&scale).zip(bias.values()) {
                *value = *value * scale + bias;
            }
        }
        for isa in Isa::available() {
            let packed = Packed::new(isa, &weights, 1, taps * channels, outputs, &scale);
            let rows = Rows::Image(Pixels::of(&x, from, window));
            assert_close(&multiply(isa, rows, &packed, rubbish(1, out), Some(bias.values())), &expected);
        }
    }

    #[test]
    fn sums_are_the_product_plus_the_residual(cells in 1..60usize, channels in 1..70usize, seed in 0..1000u64) {
        let whole = shape(1, cells, channels);
        let (x, weights, other) =
            (noise(seed, whole.len()), noise(seed + 1, channels * channels), noise(seed + 2, whole.len()));
        let product = convolution(&x, whole, &weights, whole, [1, 1, 0]);
        let expected: Vec<f32> = product.iter().zip(&other).map(|(a, b)| a + b).collect();
        let (source, other) = (features(1, whole, &x), features(1, whole, &other));
        for isa in Isa::available() {
            let packed = Packed::new(isa, &weights, 1, channels, channels, &vec![1.0; channels]);
            let (mut out, mut sum) = (rubbish(1, whole), rubbish(1, whole));
            let rows = Patches { source: &source, gate: Gate::Open, kernel: [1; 2], stride: [1; 2], dilation: [1; 2], padding: [0; 2] };
            let threads = Threads::start(3).unwrap();
            Product { rows: Rows::Patches(rows), weights: packed.as_ref(), bias: None }
                .run(isa, &threads, &Scratch::new(3), &mut out, Some((&other, &mut sum)));
            assert_close(&values(&out), &product);
            assert_close(&values(&sum), &expected);
        }
    }

    #[test]
    fn transposed_weights_multiply_as_transposed(
        inputs in 1..140usize, outputs in 1..140usize, taps in prop::sample::select(vec![1, 9]), seed in 0..1000u64,
    ) {
        let weights = noise(seed, taps * inputs * outputs);
        let mut turned = vec![0.0; weights.len()];
        for (tap, kernel) in weights.chunks_exact(inputs * outputs).enumerate() {
            for (index, weight) in kernel.iter().enumerate() {
                let (input, output) = (index / outputs, index % outputs);
                turned[((taps - 1 - tap) * outputs + output) * inputs + input] = *weight;
            }
        }
        let threads = Threads::start(2).unwrap();
        for isa in Isa::available() {
            let packed = Packed::new(isa, &weights, taps, inputs, outputs, &vec![1.0; outputs]);
            let expected = Packed::new(isa, &turned, taps, outputs, inputs, &vec![1.0; inputs]);
            // memory with something else in it
            let mut memory = Buffer::zeros(0);
            for _ in 0..2 {
                assert_eq!(packed.transposed(isa, &threads, &mut memory).values, expected.as_ref().values);
                memory.values_mut().fill(f32::NAN);
            }
        }
    }

    #[test]
    fn filters_equal_plain_loops(
        height in 1..12usize, width in 1..12usize, channels in 1..70usize, images in 1..3usize,
        kernel in prop::sample::select(vec![3, 5]), stride in 1..3usize, same: bool,
        gate in 0..3usize, turned: bool, accumulate: bool, seed in 0..1000u64,
    ) {
        let rectifier = [None, Some(RECTIFIERS[0]), Some(RECTIFIERS[1])][gate];
        let window = Window::square(kernel, stride, if same { Padding::Same } else { Padding::Valid });
        let taps = kernel * kernel;
        let one = shape(height, width, channels);
        let out_shape = window.output(one);
        prop_assume!(!out_shape.is_empty());
        let (x, kernel) = (noise(seed, images * one.len()), noise(seed + 1, taps * channels));
        let before = noise(seed + 2, images * out_shape.len());
        let shift = noise(seed + 3, channels);
        let mut expected: Vec<f32> = before
            .iter()
            .enumerate()
            .map(|(index, before)| shift[index % channels] + if accumulate { *before } else { 0.0 })
            .collect();
        each_tap(window, one, out_shape, |cell, tap, source| {
            for image in 0..images {
                for channel in 0..channels {
                    let value = x[image * one.len() + source * channels + channel];
                    let value = rectifier.map_or(value, |r| r.value(value));
                    let weight = kernel[if turned { taps - 1 - tap } else { tap } * channels + channel];
                    expected[image * out_shape.len() + cell * channels + channel] += value * weight;
                }
            }
        });
        let source = features(images, one, &x);
        let zeros = Buffer::zeros(width * padded(channels));
        let mut bias = Buffer::zeros(padded(channels));
        bias.values_mut()[..channels].copy_from_slice(&shift);
        for isa in Isa::available() {
            let weights = DepthwiseWeights::new(isa, window, &kernel, &vec![1.0; channels]);
            let filter = Filter { bias: Some(bias.values()), turned, ..weights.filter(&source, rectifier, zeros.values()) };
            let mut out = if accumulate { features(images, out_shape, &before) } else { rubbish(images, out_shape) };
            let stride = out.stride();
            // parts that begin and end anywhere in a line
            for (index, out) in out.values_mut().chunks_mut(5 * stride).enumerate() {
                isa.run(FilterCells { filter, first: 5 * index, out, accumulate });
            }
            assert_close(&values(&out), &expected);
            if !accumulate {
                let packed = Packed::new(isa, &identity(channels), 1, channels, channels, &vec![1.0; channels]);
                let product = multiply(isa, Rows::Filtered(filter), &packed, rubbish(images, out_shape), None);
                assert_close(&product, &expected);
                let mut whole = rubbish(images, out_shape);
                filter.run(isa, &Threads::start(2).unwrap(), &mut whole, false);
                assert_close(&values(&whole), &expected);
            }
        }
    }

    #[test]
    fn pools_give_the_gradient_to_the_first_maximum(
        height in 1..12usize, width in 1..12usize, channels in 1..40usize, seed in 0..1000u64, levels in 1..4usize,
    ) {
        let from = shape(height, width, channels);
        let to = shape(height.div_ceil(2), width.div_ceil(2), channels);
        // few different values, so that many maxima are ties
        let x: Vec<f32> = noise(seed, from.len()).into_iter().map(|v| (v * levels as f32).round() - 1.0).collect();
        let (side, gradient) = (noise(seed + 1, to.len()), noise(seed + 2, 2 * to.len()));
        let mut pooled = Vec::new();
        let mut expected = vec![0.0; 2 * from.len()];
        for output in 0..to.len() {
            let (cell, channel) = (output / channels, output % channels);
            let mut most: Option<usize> = None;
            for tap in 0..9 {
                let line = (2 * (cell / to.width) + tap / 3).wrapping_sub(POOL_WINDOW.padding(0, height).0);
                let column = (2 * (cell % to.width) + tap % 3).wrapping_sub(POOL_WINDOW.padding(1, width).0);
                let at = (line.wrapping_mul(width).wrapping_add(column)).wrapping_mul(channels).wrapping_add(channel);
                if line < height && column < width && most.is_none_or(|most| x[at] > x[most]) {
                    most = Some(at);
                }
            }
            let most = most.unwrap();
            pooled.push(x[most]);
            for image in 0..2 {
                expected[image * from.len() + most] += gradient[image * to.len() + output];
            }
        }
        let sum: Vec<f32> = pooled.iter().zip(&side).map(|(a, b)| a + b).collect();
        let (source, side) = (features(1, from, &x), features(1, to, &side));
        let gradient = features(2, to, &gradient);
        for isa in Isa::available() {
            let (mut maxima, mut total) = (rubbish(1, to), rubbish(1, to));
            let stride = maxima.stride();
            let parts = maxima.values_mut().chunks_mut(3 * stride).zip(total.values_mut().chunks_mut(3 * stride));
            for (index, (pooled, sum)) in parts.enumerate() {
                let side = &side.values()[3 * index * stride..][..pooled.len()];
                isa.run(PoolAndAdd { source: &source, first: 3 * index, pooled, side, sum });
            }
            assert_eq!(values(&maxima), pooled);
            assert_close(&values(&total), &sum);
            let mut out = rubbish(2, from);
            for (index, out) in out.values_mut().chunks_mut(4 * stride).enumerate() {
                let first = 4 * index;
                isa.run(PoolBackward { source: &source, pooled: &maxima, gradient: &gradient, first, out });
            }
            assert_close(&values(&out), &expected);
        }
    }

    #[test]
    fn reductions_equal_plain_sums(cells in 1..100usize, channels in 1..70usize, seed in 0..1000u64) {
        let whole = shape(1, cells, channels);
        let (x, mask, weights) = (noise(seed, whole.len()), noise(seed + 1, whole.len()), noise(seed + 2, channels));
        let (map, gate) = (features(1, whole, &x), features(1, whole, &mask));
        let mut padded_weights = Buffer::zeros(padded(channels));
        padded_weights.values_mut()[..channels].copy_from_slice(&weights);
        for isa in Isa::available() {
            for rectifier in [None, Some(RECTIFIERS[0]), Some(RECTIFIERS[1])] {
                let gate = rectifier.map(|rectifier| Mask { features: &gate, rectifier }.part(0, map.values().len()));
                let mut sums = vec![0.0; map.stride()];
                isa.run(SumCells { values: map.values(), mask: gate, sums: &mut sums });
                for (channel, sum) in sums.iter().take(channels).enumerate() {
                    let kept = (channel..x.len()).step_by(channels).filter(|&at| rectifier.is_none_or(|r| r.lets_pass(mask[at])));
                    prop_assert!((sum - kept.map(|at| f64::from(x[at])).sum::<f64>()).abs() < 1e-4);
                }
            }
            for rectifier in [None, Some(RECTIFIERS[0]), Some(RECTIFIERS[1])] {
                let mut out = vec![0.0; cells];
                isa.run(WeightedSum { values: map.values(), rectifier, weights: padded_weights.values(), out: &mut out });
                for (out, cell) in out.iter().zip(x.chunks_exact(channels)) {
                    let products = cell.iter().zip(&weights).map(|(value, weight)| {
                        f64::from(rectifier.map_or(*value, |r| r.value(*value))) * f64::from(*weight)
                    });
                    prop_assert!((out - products.sum::<f64>()).abs() < 1e-4);
                }
            }
        }
    }

    #[test]
    fn masked_and_strided_additions_equal_plain_loops(
        height in 1..9usize, width in 1..9usize, channels in 1..40usize, stride in 1..4usize, seed in 0..1000u64,
    ) {
        let large = shape(height, width, channels);
        let small = shape(height.div_ceil(stride), width.div_ceil(stride), channels);
        let (x, gradient, mask) =
            (noise(seed, 2 * large.len()), noise(seed + 1, 2 * large.len()), noise(seed + 2, 2 * large.len()));
        let y = noise(seed + 3, 2 * small.len());
        for isa in Isa::available() {
            for rectifier in [None, Some(RECTIFIERS[0]), Some(RECTIFIERS[1])] {
                let mut out = features(2, large, &x);
                let through = features(2, large, &mask);
                let len = through.values().len();
                isa.run(AddMasked {
                    out: out.values_mut(),
                    gradient: features(2, large, &gradient).values(),
                    mask: rectifier.map(|rectifier| Mask { features: &through, rectifier }.part(0, len)),
                });
                let passes = |m: f32| rectifier.is_none_or(|r| r.lets_pass(m));
                let added = gradient.iter().zip(&mask).map(|(g, m)| if passes(*m) { *g } else { 0.0 });
                assert_close(&values(&out), &x.iter().zip(added).map(|(a, b)| a + b).collect::<Vec<_>>());
            }
            let mut out = features(2, large, &x);
            isa.run(AddStrided {
                out: out.values_mut(),
                first_line: 0,
                size: [width, height],
                stride: [stride; 2],
                small: &features(2, small, &y),
            });
            let mut expected = x.clone();
            for (index, value) in y.iter().enumerate() {
                let (cell, channel) = (index / channels, index % channels);
                let (image, cell) = (cell / small.cells(), cell % small.cells());
                let (line, column) = (cell / small.width * stride, cell % small.width * stride);
                expected[image * large.len() + (line * width + column) * channels + channel] += value;
            }
            assert_close(&values(&out), &expected);
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
