//! Depthwise convolutions of any window, forward and backward.

use proptest::prelude::*;

use super::super::buffer::{Buffer, Scratch, padded};
use super::super::depthwise::{Depthwise, DepthwiseWeights};
use super::super::gate::{Gate, Mask};
use super::super::isa::Isa;
use super::super::threads::Threads;
use super::{RECTIFIERS, any_window, assert_close, each_tap, features, gated, noise, rubbish, shape, values};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_window_equals_plain_loops(
        height in 1..20usize, width in 1..20usize, channels in 1..70usize, window in any_window(),
        gate in 0..3usize, threads in 1..4usize, seed in 0..1000u64,
    ) {
        let from = shape(height, width, channels);
        let out = window.output(from);
        prop_assume!(!out.is_empty());
        let taps = window.kernel[0] * window.kernel[1];
        let (x, kernel) = (noise(seed, from.len()), noise(seed + 1, taps * channels));
        let (scale, shift) = (noise(seed + 2, channels), noise(seed + 3, channels));
        let mut bias = Buffer::zeros(padded(channels));
        bias.values_mut()[..channels].copy_from_slice(&shift);
        let gate = [Gate::Open, Gate::Rectified(RECTIFIERS[0]), Gate::Rectified(RECTIFIERS[1])][gate];
        let mut expected: Vec<f32> = shift.iter().copied().cycle().take(out.len()).collect();
        each_tap(window, from, out, |cell, tap, source| {
            for channel in 0..channels {
                let value = gated(gate, x[source * channels + channel], 0.0);
                expected[cell * channels + channel] += value * kernel[tap * channels + channel] * scale[channel];
            }
        });
        let source = features(1, from, &x);
        let threads = Threads::start(threads).unwrap();
        for isa in Isa::available() {
            let weights = DepthwiseWeights::new(isa, window, &kernel, &scale);
            let mut found = rubbish(1, out);
            let depthwise = Depthwise::forward(&source, gate, &weights, bias.values());
            depthwise.run(isa, &threads, &Scratch::new(threads.count()), &mut found, false);
            assert_close(&values(&found), &expected);
        }
    }

    #[test]
    fn gradients_of_any_window_equal_plain_loops(
        height in 1..20usize, width in 1..20usize, channels in 1..70usize, window in any_window(),
        gate in 0..3usize, accumulate: bool, seed in 0..1000u64,
    ) {
        let input = shape(height, width, channels);
        let out = window.output(input);
        prop_assume!(!out.is_empty());
        let taps = window.kernel[0] * window.kernel[1];
        let (gradient, through) = (noise(seed, 2 * out.len()), noise(seed + 1, out.len()));
        let (kernel, before) = (noise(seed + 2, taps * channels), noise(seed + 3, 2 * input.len()));
        let mask = features(1, out, &through);
        let masks = RECTIFIERS.map(|rectifier| Gate::Masked(Mask { features: &mask, rectifier }));
        let gate = [Gate::Open, masks[0], masks[1]][gate];
        let mut expected = if accumulate { before.clone() } else { vec![0.0; before.len()] };
        each_tap(window, input, out, |cell, tap, source| {
            for image in 0..2 {
                for channel in 0..channels {
                    let at = cell * channels + channel;
                    let g = gated(gate, gradient[image * out.len() + at], through[at]);
                    expected[image * input.len() + source * channels + channel] += g * kernel[tap * channels + channel];
                }
            }
        });
        let gradient = features(2, out, &gradient);
        let threads = Threads::start(2).unwrap();
        for isa in Isa::available() {
            let weights = DepthwiseWeights::new(isa, window, &kernel, &vec![1.0; channels]);
            let mut found = if accumulate { features(2, input, &before) } else { rubbish(2, input) };
            let depthwise = Depthwise::backward(&gradient, gate, &weights, input);
            depthwise.run(isa, &threads, &Scratch::new(2), &mut found, accumulate);
            assert_close(&values(&found), &expected);
        }
    }
}
