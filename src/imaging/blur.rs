//! A normal blur of plain values.

/// Values `[height, width, channels]` out of focus by a normal distribution of this deviation in pixels, cut off at three
/// deviations; at the edges the outermost values go on.
pub fn blurred(values: &[f32], [height, width]: [usize; 2], channels: usize, deviation: f64) -> Vec<f32> {
    let line = width * channels;
    let across = along(
        values,
        deviation,
        width,
        |at, x| at / line * line + x * channels + at % channels,
        |at| at % line / channels,
    );
    along(&across, deviation, height, |at, y| y * line + at % line, |at| at / line)
}

/// The blur along one side: `place` finds the value at another place of the side, `along` the place of a value.
fn along(
    values: &[f32],
    deviation: f64,
    length: usize,
    place: impl Fn(usize, usize) -> usize,
    along: impl Fn(usize) -> usize,
) -> Vec<f32> {
    let reach = (3.0 * deviation).ceil() as isize;
    let weights: Vec<f64> = (-reach..=reach)
        .map(|offset| (-0.5 * (offset as f64 / deviation.max(1e-9)).powi(2)).exp())
        .collect();
    let sum: f64 = weights.iter().sum();
    let last = length as isize - 1;
    (0..values.len())
        .map(|at| {
            let taps = weights.iter().zip(-reach..=reach).map(|(weight, offset)| {
                let there = (along(at) as isize + offset).clamp(0, last);
                weight * f64::from(values[place(at, there as usize)])
            });
            (taps.sum::<f64>() / sum) as f32
        })
        .collect()
}
