//! Depthwise filters, into maps and into the tiles of a product.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

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
}
