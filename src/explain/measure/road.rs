//! ROAD, remove and debias (Rong et al. 2022): pixels are replaced by what their neighbours tell of them, so that the shape
//! of what was hidden tells nothing.
//!
//! As `ROADCombined` of pytorch-grad-cam (`metrics/road.py`): for each percentile from 10 to 90 the pixels at or above it are
//! hidden, once by relevance and once by its opposite; the result is half of the mean difference of the answers.

use super::super::asking::Asking;
use super::hidden::Hidden;
use crate::network::NetworkError;

/// Percentiles of relevance from which on pixels are hidden.
pub(super) const PERCENTILES: [f64; 9] = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0];

/// The measure; `relevance` is `[height, width]` of the picture, whose hidden pixels [`Fill::NoisyLinear`] fills.
///
/// [`Fill::NoisyLinear`]: super::Fill::NoisyLinear
pub(super) fn road(
    asking: &mut Asking<'_, '_>,
    relevance: &[f32],
    answer: f64,
    picture: &Hidden<'_>,
) -> Result<f64, NetworkError> {
    let opposite: Vec<f32> = relevance.iter().map(|value| -value).collect();
    let mut mean_change = |relevance: &[f32]| -> Result<f64, NetworkError> {
        let mut sum = 0.0;
        for percentile in PERCENTILES {
            let threshold = self::percentile(relevance, percentile);
            let hidden: Vec<bool> = relevance.iter().map(|&value| f64::from(value) >= threshold).collect();
            sum += asking.score_of(&picture.with(&hidden))? - answer;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_values_as_in_numpy() {
        assert_eq!(percentile(&[4.0, 1.0, 3.0, 2.0], 50.0), 2.5);
        assert_eq!(percentile(&[1.0, 2.0], 10.0), 1.1);
        assert_eq!(percentile(&[7.0], 90.0), 7.0);
    }
}
