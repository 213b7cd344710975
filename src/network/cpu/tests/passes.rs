//! Kernels that pass over maps once: pools, reductions and additions, forward and backward.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

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
