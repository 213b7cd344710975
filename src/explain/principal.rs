//! The first principal component of what a layer's cells hold.

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
    let project = |direction: &[f64]| -> Vec<f64> {
        let cells = values.chunks_exact(channels);
        cells
            .map(|cell| cell.iter().zip(direction).map(|(a, b)| a * b).sum())
            .collect()
    };
    // begins with the cell that differs most from the mean, which no component of weight can be at right angles to
    let norm = |cell: &[f64]| cell.iter().map(|value| value * value).sum::<f64>();
    let farthest = values.chunks_exact(channels).max_by(|a, b| norm(a).total_cmp(&norm(b)));
    let mut direction = farthest.map_or_else(|| vec![0.0; channels], <[f64]>::to_vec);
    if !normalise(&mut direction) {
        return vec![0.0; cells];
    }
    for _ in 0..STEPS {
        let shares = project(&direction);
        let mut next = vec![0.0; channels];
        for (cell, share) in values.chunks_exact(channels).zip(shares) {
            for (next, value) in next.iter_mut().zip(cell) {
                *next += share * value;
            }
        }
        if !normalise(&mut next) {
            break;
        }
        let change = norm(&next.iter().zip(&direction).map(|(a, b)| a - b).collect::<Vec<_>>());
        direction = next;
        if change < SETTLED * SETTLED {
            break;
        }
    }
    let mut projected = project(&direction);
    let extreme = |pick: fn(f64, f64) -> f64| projected.iter().copied().fold(0.0, pick);
    if -extreme(f64::min) > extreme(f64::max) {
        projected.iter_mut().for_each(|value| *value = -*value);
    }
    projected
}

/// Scales to length 1; false where there is no direction.
fn normalise(values: &mut [f64]) -> bool {
    let length = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    if !(length > 0.0 && length.is_finite()) {
        return false;
    }
    values.iter_mut().for_each(|value| *value /= length);
    true
}

#[cfg(test)]
mod tests {
    use super::projection;

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
}
