//! The first principal component of what a layer's cells hold.

use crate::network::NetworkError;

/// Steps at most of the power iteration.
const STEPS: usize = 2000;
/// The change of direction from which on it has settled.
const SETTLED: f64 = 1e-12;

/// The projection of each cell on the first principal component of all cells, `[cells]`, from values `[cells, channels]`.
///
/// Channels are centred before, as without it the component would mostly be the mean; so is it in pytorch-grad-cam
/// (`utils/svd_on_activations.py`). The sign of a component means nothing by itself. The side with the larger values is
/// taken for the object, as Chung and Ying 2025 ("Seg-Eigen-CAM", equation 13) and that library's
/// `get_2d_projection_with_sign_correction` do.
pub(super) fn projection(mut values: Vec<f64>, channels: usize) -> Vec<f64> {
    let channels = channels.max(1);
    let cells = values.len() / channels;
    centre(&mut values, channels);
    let project = |direction: &[f64]| -> Vec<f64> {
        let cells = values.chunks_exact(channels);
        cells
            .map(|cell| cell.iter().zip(direction).map(|(a, b)| a * b).sum())
            .collect()
    };
    let times = |direction: &[f64]| -> Vec<f64> {
        let mut next = vec![0.0; channels];
        for (cell, share) in values.chunks_exact(channels).zip(project(direction)) {
            for (next, value) in next.iter_mut().zip(cell) {
                *next += share * value;
            }
        }
        next
    };
    // begins with the cell that differs most from the mean, which no component of weight can be at right angles to
    let farthest = values
        .chunks_exact(channels)
        .max_by(|a, b| square(a).total_cmp(&square(b)));
    let start = farthest.map_or_else(Vec::new, <[f64]>::to_vec);
    let Ok(Some((_, direction))) = eigenvector(start, times, &|| false) else {
        return vec![0.0; cells];
    };
    let mut projected = project(&direction);
    turned_to_the_larger(&mut projected);
    projected
}

/// Takes the mean of each channel from values `[cells, channels]`.
pub(super) fn centre(values: &mut [f64], channels: usize) {
    let cells = values.len() / channels;
    let mut means = vec![0.0; channels];
    for cell in values.chunks_exact(channels) {
        for (mean, value) in means.iter_mut().zip(cell) {
            *mean += value / cells as f64;
        }
    }
    for cell in values.chunks_exact_mut(channels) {
        for (value, mean) in cell.iter_mut().zip(&means) {
            *value -= mean;
        }
    }
}

/// Turns a component so that its largest magnitude is positive.
pub(super) fn turned_to_the_larger(component: &mut [f64]) {
    let extreme = |pick: fn(f64, f64) -> f64| component.iter().copied().fold(0.0, pick);
    if -extreme(f64::min) > extreme(f64::max) {
        component.iter_mut().for_each(|value| *value = -*value);
    }
}

/// The eigenvalue of the largest magnitude of a symmetric matrix and its eigenvector of length 1, by power iteration; none
/// where the start, or what becomes of it, is zero. `times` multiplies the matrix with a vector.
///
/// # Errors
/// [`NetworkError::Stopped`] as soon as `stop` answers true.
pub(super) fn eigenvector(
    mut vector: Vec<f64>,
    times: impl Fn(&[f64]) -> Vec<f64>,
    stop: &dyn Fn() -> bool,
) -> Result<Option<(f64, Vec<f64>)>, NetworkError> {
    if !normalise(&mut vector) {
        return Ok(None);
    }
    let mut value = 0.0;
    for _ in 0..STEPS {
        if stop() {
            return Err(NetworkError::Stopped);
        }
        let mut next = times(&vector);
        value = next.iter().zip(&vector).map(|(a, b)| a * b).sum();
        if !normalise(&mut next) {
            break;
        }
        // of a negative eigenvalue each step turns the vector round
        let sign = if value < 0.0 { -1.0 } else { 1.0 };
        let change = next.iter().zip(&vector).map(|(a, b)| (a * sign - b) * (a * sign - b));
        let change: f64 = change.sum();
        vector = next;
        if change < SETTLED * SETTLED {
            break;
        }
    }
    Ok(Some((value, vector)))
}

fn square(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum()
}

/// Scales to length 1; false where there is no direction.
fn normalise(values: &mut [f64]) -> bool {
    let length = square(values).sqrt();
    if !(length > 0.0 && length.is_finite()) {
        return false;
    }
    values.iter_mut().for_each(|value| *value /= length);
    true
}

#[cfg(test)]
mod tests {
    use super::{eigenvector, projection};

    #[test]
    fn the_component_of_a_line_is_the_way_along_it() {
        // three cells on a line of slope 2
        let found = projection(vec![0.0, 0.0, 1.0, 2.0, 5.0, 10.0], 2);
        let root = 5_f64.sqrt();
        for (found, place) in found.iter().zip([-2.0, -1.0, 3.0]) {
            assert!((found - root * place).abs() < 1e-9, "{found} {place}");
        }
    }

    #[test]
    fn equal_cells_have_no_component() {
        assert_eq!(projection(vec![3.0, 1.0, 3.0, 1.0], 2), [0.0, 0.0]);
        assert!(projection(Vec::new(), 4).is_empty());
    }

    #[test]
    fn the_eigenvalue_of_the_largest_magnitude_may_be_negative() {
        // eigenvalues 1 and -3
        let times = |v: &[f64]| vec![-v[0] + 2.0 * v[1], 2.0 * v[0] - v[1]];
        let (value, vector) = eigenvector(vec![1.0, 0.0], times, &|| false).unwrap().unwrap();
        assert!((value + 3.0).abs() < 1e-9, "{value}");
        assert!((vector[0] + vector[1]).abs() < 1e-9, "{vector:?}");
        assert!(eigenvector(vec![1.0, 0.0], times, &|| true).is_err());
    }
}
