//! ROAD, remove and debias (Rong et al. 2022): pixels are replaced by what their neighbours tell of them, so that the shape
//! of what was hidden tells nothing.
//!
//! As `ROADCombined` of pytorch-grad-cam (`metrics/road.py`): for each percentile from 10 to 90 the pixels at or above it are
//! hidden, once by relevance and once by its opposite; the result is half of the mean difference of the answers.

use super::super::asking::Asking;
use super::super::noise::Noise;
use crate::network::NetworkError;

/// Percentiles of relevance from which on pixels are hidden.
pub(super) const PERCENTILES: [f64; 9] = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0];

/// Neighbours of a pixel and their weights (equation 3 of the paper).
const NEIGHBOURS: [([isize; 2], f64); 8] = [
    ([1, 1], 1.0 / 12.0),
    ([0, 1], 1.0 / 6.0),
    ([-1, 1], 1.0 / 12.0),
    ([1, -1], 1.0 / 12.0),
    ([0, -1], 1.0 / 6.0),
    ([-1, -1], 1.0 / 12.0),
    ([1, 0], 1.0 / 6.0),
    ([-1, 0], 1.0 / 6.0),
];
const SEED: u64 = 0x524F_4144;
/// Steps at most of the conjugate gradients, and the residual, relative to the first, at which they end.
const STEPS: usize = 2000;
const SETTLED: f64 = 1e-10;

/// The measure; `relevance` is `[height, width]` of the picture.
pub(super) fn road(
    asking: &mut Asking<'_, '_>,
    relevance: &[f32],
    answer: f64,
    noise: f64,
) -> Result<f64, NetworkError> {
    let opposite: Vec<f32> = relevance.iter().map(|value| -value).collect();
    let mut mean_change = |relevance: &[f32]| -> Result<f64, NetworkError> {
        let mut sum = 0.0;
        for percentile in PERCENTILES {
            let threshold = self::percentile(relevance, percentile);
            let hidden: Vec<bool> = relevance.iter().map(|&value| f64::from(value) >= threshold).collect();
            let mut noise = (Noise::new(SEED), noise);
            let input = imputed(asking.picture.values, asking.size(), &hidden, &mut noise);
            sum += asking.score_of(&input)? - answer;
        }
        Ok(sum / PERCENTILES.len() as f64)
    };
    let most_relevant = mean_change(relevance)?;
    let least_relevant = mean_change(&opposite)?;
    Ok((least_relevant - most_relevant) / 2.0)
}

/// A percentile between two values, as `numpy.percentile` has it.
fn percentile(values: &[f32], percent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let position = percent / 100.0 * last as f64;
    let before = position.floor() as usize;
    let at = |index: usize| f64::from(sorted[index.min(last)]);
    at(before) + (at(before + 1) - at(before)) * (position - before as f64)
}

/// The picture with hidden pixels between their neighbours: each is the weighted mean of those, which is a linear system,
/// plus a little noise. Where all is hidden, the mean colour is all that can be told.
fn imputed(values: &[f32], [height, width]: [usize; 2], hidden: &[bool], noise: &mut (Noise, f64)) -> Vec<f32> {
    let channels = (values.len() / hidden.len().max(1)).max(1);
    let unknown: Vec<usize> = (0..hidden.len()).filter(|&pixel| hidden[pixel]).collect();
    let mut number = vec![usize::MAX; hidden.len()];
    for (index, &pixel) in unknown.iter().enumerate() {
        number[pixel] = index;
    }
    let is_all = unknown.len() == hidden.len();
    let mut result = values.to_vec();
    for channel in 0..channels {
        let value = |pixel: usize| f64::from(values[pixel * channels + channel]);
        let seen = (0..hidden.len()).filter(|&pixel| is_all || !hidden[pixel]);
        let (sum, count) = seen.fold((0.0, 0_usize), |(sum, count), pixel| (sum + value(pixel), count + 1));
        let mean = sum / count.max(1) as f64;
        let mut found = vec![mean; unknown.len()];
        if !is_all {
            let neighbours = |index: usize| {
                let pixel = unknown[index];
                let [y, x] = [pixel / width, pixel % width].map(|place| place as isize);
                NEIGHBOURS.iter().filter_map(move |&([down, right], weight)| {
                    let (y, x) = (y + down, x + right);
                    let is_there = (0..height as isize).contains(&y) && (0..width as isize).contains(&x);
                    is_there.then(|| (y as usize * width + x as usize, weight))
                })
            };
            // what neighbours that are seen say, and the system applied to what is not known
            let says: Vec<f64> = (0..unknown.len())
                .map(|index| {
                    let seen = neighbours(index).filter(|&(pixel, _)| !hidden[pixel]);
                    seen.map(|(pixel, weight)| weight * value(pixel)).sum()
                })
                .collect();
            let apply = |x: &[f64]| -> Vec<f64> {
                (0..unknown.len())
                    .map(|index| {
                        neighbours(index)
                            .map(|(pixel, weight)| {
                                let other = if hidden[pixel] { x[number[pixel]] } else { 0.0 };
                                weight * (x[index] - other)
                            })
                            .sum()
                    })
                    .collect()
            };
            conjugate_gradients(&apply, &says, &mut found);
        }
        for (&pixel, found) in unknown.iter().zip(found) {
            result[pixel * channels + channel] = (found + noise.1 * noise.0.normal()) as f32;
        }
    }
    result
}

/// Solves a symmetric, positive definite system from a first guess (Hestenes and Stiefel 1952).
fn conjugate_gradients(apply: &dyn Fn(&[f64]) -> Vec<f64>, right: &[f64], x: &mut [f64]) {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut residual: Vec<f64> = right.iter().zip(apply(x)).map(|(right, left)| right - left).collect();
    let mut direction = residual.clone();
    let mut size = dot(&residual, &residual);
    let enough = size * SETTLED * SETTLED;
    for _ in 0..STEPS {
        if size <= enough {
            break;
        }
        let along = apply(&direction);
        let step = size / dot(&direction, &along);
        for ((x, residual), (direction, along)) in x.iter_mut().zip(&mut residual).zip(direction.iter().zip(&along)) {
            *x += step * direction;
            *residual -= step * along;
        }
        let next = dot(&residual, &residual);
        let turn = next / size;
        size = next;
        for (direction, residual) in direction.iter_mut().zip(&residual) {
            *direction = residual + turn * *direction;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_values_as_in_numpy() {
        assert_eq!(percentile(&[4.0, 1.0, 3.0, 2.0], 50.0), 2.5);
        assert_eq!(percentile(&[1.0, 2.0], 10.0), 1.1);
        assert_eq!(percentile(&[7.0], 90.0), 7.0);
    }

    #[test]
    fn what_is_hidden_lies_between_its_neighbours() {
        let none = || (Noise::new(1), 0.0);
        // a slope with a hole in it
        let values: Vec<f32> = (0..7 * 7).map(|at| (at % 7) as f32).collect();
        let hidden: Vec<bool> = (0..7 * 7)
            .map(|at| (2..5).contains(&(at % 7)) && (2..5).contains(&(at / 7)))
            .collect();
        let found = imputed(&values, [7, 7], &hidden, &mut none());
        for (found, value) in found.iter().zip(&values) {
            assert!((found - value).abs() < 1e-5, "{found} {value}");
        }
        let all = imputed(&values, [7, 7], &[true; 49], &mut none());
        assert!(all.iter().all(|value| (value - 3.0).abs() < 1e-6));
    }
}
