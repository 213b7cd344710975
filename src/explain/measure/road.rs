//! ROAD, remove and debias (Rong et al. 2022): pixels are replaced by what their neighbours tell of them, so that the shape
//! of what was hidden tells nothing.
//!
//! As `ROADCombined` of pytorch-grad-cam (`metrics/road.py`): for each percentile from 10 to 90 the pixels at or above it are
//! hidden, once by relevance and once by its opposite; the result is half of the mean difference of the answers.

use super::super::asking::Asking;
use super::fill::mean_colour;
use crate::network::NetworkError;
use crate::noise::Noise;

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
/// Steps at most of the conjugate gradients, and the residual, relative to the right side, at which they end.
const STEPS: usize = 2000;
const SETTLED: f64 = 1e-5;

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
    let guess = match is_all {
        true => mean_colour(values, channels).repeat(hidden.len()),
        false => guessed(values, [height, width], channels, hidden),
    };
    // the numbers of hidden neighbours, and the weights of all that are there
    let mut links = vec![[u32::MAX; NEIGHBOURS.len()]; unknown.len()];
    let mut sums = vec![0.0; unknown.len()];
    for ((links, sum), &pixel) in links.iter_mut().zip(&mut sums).zip(&unknown) {
        for (at, (offset, weight)) in NEIGHBOURS.iter().enumerate() {
            if let Some(neighbour) = beside(pixel, *offset, [height, width]) {
                *sum += weight;
                links[at] = u32::try_from(number[neighbour]).unwrap_or(u32::MAX);
            }
        }
    }
    let mut result = values.to_vec();
    for channel in 0..channels {
        let value = |pixel: usize| f64::from(values[pixel * channels + channel]);
        let mut found: Vec<f64> = unknown.iter().map(|&pixel| guess[pixel * channels + channel]).collect();
        if !is_all {
            // what neighbours that are seen say, and the system applied to what is not known
            let says: Vec<f64> = (unknown.iter())
                .map(|&pixel| {
                    let seen = neighbours(pixel, [height, width]).filter(|&(pixel, _)| !hidden[pixel]);
                    seen.map(|(pixel, weight)| weight * value(pixel)).sum()
                })
                .collect();
            let apply = |x: &[f64]| -> Vec<f64> {
                (links.iter().zip(x).zip(&sums))
                    .map(|((links, own), sum)| {
                        let others = links
                            .iter()
                            .zip(&NEIGHBOURS)
                            .map(|(&link, (_, weight))| weight * x.get(link as usize).copied().unwrap_or(0.0));
                        sum * own - others.sum::<f64>()
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

/// The pixel beside another, if it is in the picture.
fn beside(pixel: usize, [down, right]: [isize; 2], [height, width]: [usize; 2]) -> Option<usize> {
    let y = (pixel / width).checked_add_signed(down).filter(|&y| y < height)?;
    let x = (pixel % width).checked_add_signed(right).filter(|&x| x < width)?;
    Some(y * width + x)
}

/// All pixels beside one, with their weights.
fn neighbours(pixel: usize, size: [usize; 2]) -> impl Iterator<Item = (usize, f64)> {
    let there = move |&(offset, weight): &([isize; 2], f64)| Some((beside(pixel, offset, size)?, weight));
    NEIGHBOURS.iter().filter_map(there)
}

/// A first guess of what is hidden, `[height, width, channels]`: the mean of what is seen in the smallest square of a
/// pyramid that has something. The system's solution is not far from it, which saves most of its steps.
fn guessed(values: &[f32], [height, width]: [usize; 2], channels: usize, hidden: &[bool]) -> Vec<f64> {
    let mut guess: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
    let seen = |pixel: usize| if hidden[pixel] { 0.0 } else { 1.0 };
    // sums over what is seen in each square, and how much that is
    let mut counts: Vec<f64> = (0..hidden.len()).map(seen).collect();
    let mut sums: Vec<f64> = (0..guess.len()).map(|at| guess[at] * counts[at / channels]).collect();
    let (mut size, mut side) = ([height, width], 1);
    let mut missing: Vec<usize> = (0..hidden.len()).filter(|&pixel| hidden[pixel]).collect();
    while !missing.is_empty() && size != [1, 1] {
        let half = size.map(|length| length.div_ceil(2));
        let (mut fewer, mut sparser) = (vec![0.0; half[0] * half[1]], vec![0.0; half[0] * half[1] * channels]);
        for square in 0..counts.len() {
            let into = square / size[1] / 2 * half[1] + square % size[1] / 2;
            fewer[into] += counts[square];
            for channel in 0..channels {
                sparser[into * channels + channel] += sums[square * channels + channel];
            }
        }
        (counts, sums, size, side) = (fewer, sparser, half, side * 2);
        missing.retain(|&pixel| {
            let square = pixel / width / side * size[1] + pixel % width / side;
            let count = counts[square];
            for channel in 0..channels {
                if count > 0.0 {
                    guess[pixel * channels + channel] = sums[square * channels + channel] / count;
                }
            }
            count == 0.0
        });
    }
    guess
}

/// Solves a symmetric, positive definite system from a first guess (Hestenes and Stiefel 1952).
fn conjugate_gradients(apply: &dyn Fn(&[f64]) -> Vec<f64>, right: &[f64], x: &mut [f64]) {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut residual: Vec<f64> = right.iter().zip(apply(x)).map(|(right, left)| right - left).collect();
    let mut direction = residual.clone();
    let mut size = dot(&residual, &residual);
    let enough = dot(right, right) * SETTLED * SETTLED;
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
