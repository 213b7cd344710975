//! How alike two maps look, place by place.

use super::map::Map;

/// Side of the windows that are compared, in cells, where the maps are so large.
const WINDOW: usize = 7;
/// What keeps quotients finite where a window is black, for values of a range of one.
const C1: f64 = 0.01 * 0.01;
const C2: f64 = 0.03 * 0.03;

/// The structural similarity of two maps' heat (SSIM; Wang, Bovik, Sheikh and Simoncelli 2004), 1 for the same heat.
///
/// The mean over all windows of 7 x 7 cells that lie inside, or of the largest odd side that fits, with sample covariances and
/// a range of 1: scikit-image's `structural_similarity` with that `win_size`. None of maps of different sizes or without cells.
pub fn structural_similarity(a: &Map, b: &Map) -> Option<f64> {
    let (width, height) = (a.width, a.height);
    let least = width.min(height);
    if (b.width, b.height) != (width, height) || least == 0 {
        return None;
    }
    let side = WINDOW.min(least - (least + 1) % 2);
    let (a, b) = (a.heat(), b.heat());
    let mut total = 0.0;
    for top in 0..=height - side {
        for left in 0..=width - side {
            let cells = (top..top + side).flat_map(|row| (left..left + side).map(move |column| row * width + column));
            total += window(cells.map(|cell| (f64::from(a[cell]), f64::from(b[cell]))));
        }
    }
    Some(total / ((height - side + 1) * (width - side + 1)) as f64)
}

/// The similarity in one window.
fn window(values: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let count = values.clone().count() as f64;
    let mean = |value: &dyn Fn((f64, f64)) -> f64| values.clone().map(value).sum::<f64>() / count;
    let (mean_a, mean_b) = (mean(&|(a, _)| a), mean(&|(_, b)| b));
    // of a single cell there is no sample covariance, and none is needed
    let sample = count / (count - 1.0).max(1.0);
    let variance_a = sample * mean(&|(a, _)| (a - mean_a).powi(2));
    let variance_b = sample * mean(&|(_, b)| (b - mean_b).powi(2));
    let covariance = sample * mean(&|(a, b)| (a - mean_a) * (b - mean_b));
    (2.0 * mean_a * mean_b + C1) * (2.0 * covariance + C2)
        / ((mean_a.powi(2) + mean_b.powi(2) + C1) * (variance_a + variance_b + C2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Heat is what it is given: its largest value is one.
    fn map(width: usize, height: usize, value: impl Fn(f64) -> f64) -> Map {
        let mut values: Vec<f64> = (0..width * height).map(|cell| value(cell as f64)).collect();
        let most = values.iter().copied().fold(0.0, f64::max);
        values.iter_mut().for_each(|value| *value /= most);
        Map::new(width, height, values)
    }

    /// `structural_similarity(a, b, win_size=side, data_range=1.0)` of scikit-image 0.26.0, of the float32 heat.
    #[test]
    fn it_is_that_of_scikit_image() {
        for (width, height, expected) in [
            (7, 7, 0.025501262),
            (12, 10, -0.003393650),
            (9, 5, 0.015238316),
            (3, 3, 0.801899093),
            (4, 4, -0.041526059),
        ] {
            let a = map(width, height, |cell| (0.7 * cell).sin() * 0.5 + 0.5);
            let b = map(width, height, |cell| (0.3 * cell).cos() * 0.5 + 0.5);
            let found = structural_similarity(&a, &b).unwrap();
            assert!((found - expected).abs() < 1e-6, "{width} x {height}: {found}");
            assert!((structural_similarity(&a, &a).unwrap() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn maps_of_different_sizes_are_not_compared() {
        let [a, b] = [map(3, 2, |cell| cell), map(2, 3, |cell| cell)];
        assert_eq!(structural_similarity(&a, &b), None);
        let none = Map::new(0, 0, Vec::new());
        assert_eq!(structural_similarity(&none, &none), None);
    }
}
