//! The matrix product behind convolutions, its gathers and its transposed weights.

use super::*;
use crate::network::cpu::product::Residual;
use crate::network::cpu::steps::Read;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn columns_are_packed_as_a_kernel_of_them_alone(
        inputs in 1..70usize, all in 1..200usize, from in 0..200usize, count in 1..65usize, seed in 0..1000u64,
    ) {
        let start = from % all;
        let wanted = start..(start + count).min(all);
        let kernel = noise(seed, inputs * all);
        let scale = noise(seed + 1, all);
        let alone: Vec<f32> = kernel.chunks_exact(all).flat_map(|row| row[wanted.clone()].to_vec()).collect();
        for isa in Isa::available() {
            let expected = Packed::new(isa, &alone, 1, inputs, wanted.len(), &scale[wanted.clone()]);
            let mut memory = vec![f32::NAN; padded(inputs) * padded(count)];
            let columns = Columns { kernel: &kernel, inputs, scale: &scale, wanted: wanted.clone() };
            let packed = columns.pack(isa, &mut memory);
            prop_assert_eq!(packed.values, expected.as_ref().values);
            prop_assert_eq!(packed.outputs(), wanted.len());
        }
    }

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
        let (source, other) = (features(1, whole, &x), features(1, whole, &other));
        for isa in Isa::available() {
            let packed = Packed::new(isa, &weights, 1, channels, channels, &vec![1.0; channels]);
            let (mut out, mut sum) = (rubbish(1, whole), rubbish(1, whole));
            let rows = Patches { source: &source, gate: Gate::Open, kernel: [1; 2], stride: [1; 2], dilation: [1; 2], padding: [0; 2] };
            let threads = Threads::start(3).unwrap();
            for rectifier in [None, Some(Rectifier::RELU), Some(Rectifier::capped(0.5))] {
                let through = |value: f32| rectifier.map_or(value, |rectifier| rectifier.value(value));
                let expected: Vec<f32> = product.iter().zip(values(&other)).map(|(a, b)| a + through(b)).collect();
                let residual = Residual { side: Read { features: &other, rectifier }, sum: &mut sum };
                Product { rows: Rows::Patches(rows), weights: packed.as_ref(), bias: None, exit: None }
                    .run(isa, &threads, &Scratch::new(3), &mut out, Some(residual));
                assert_close(&values(&out), &product);
                assert_close(&values(&sum), &expected);
            }
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
}
