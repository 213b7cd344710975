//! A map: signed evidence a cell, and what is shown of it.

/// Evidence for a score, one value a cell of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The weighted sum of feature maps before the ReLU, row-major `[height, width]`: evidence for the class where
    /// positive, against it where negative. Always finite.
    pub signed: Vec<f64>,
}

impl Map {
    /// Takes signed values, row-major; a value that is not finite counts as no evidence.
    pub fn new(width: usize, height: usize, mut signed: Vec<f64>) -> Self {
        for value in &mut signed {
            if !value.is_finite() {
                *value = 0.0;
            }
        }
        Self { width, height, signed }
    }

    /// The smallest signed value.
    pub fn min(&self) -> f64 {
        self.signed.iter().copied().reduce(f64::min).unwrap_or(0.0)
    }

    /// The largest signed value.
    pub fn max(&self) -> f64 {
        self.signed.iter().copied().reduce(f64::max).unwrap_or(0.0)
    }

    /// The largest magnitude.
    pub fn max_abs(&self) -> f64 {
        self.max().abs().max(self.min().abs())
    }

    /// The signed values as shares of the largest magnitude, -1..=1: those of unlikely classes are too small for f32 as they
    /// are. All zeros of a map of zeros.
    pub fn shares(&self) -> impl Iterator<Item = f64> + '_ {
        let largest = self.max_abs();
        let scale = if largest > 0.0 { largest } else { 1.0 };
        self.signed.iter().map(move |value| value / scale)
    }

    /// Whether no cell argues for the score, so that there is nothing to normalise.
    pub fn is_empty(&self) -> bool {
        self.max() <= 0.0
    }

    /// The share of the positive evidence that lies in the middle: the rectangle of half the width and half the height
    /// around the centre, of which cells at its edge count as far as they lie inside. None of an empty map.
    pub fn share_in_the_middle(&self) -> Option<f64> {
        // how much of each of `count` cells in a line lies between its quarters
        let inside = |count: usize| {
            let (from, to) = (count as f64 / 4.0, count as f64 * 3.0 / 4.0);
            (0..count).map(move |cell| (to.min(cell as f64 + 1.0) - from.max(cell as f64)).max(0.0))
        };
        let positive = |value: &f64| value.max(0.0);
        let all: f64 = self.signed.iter().map(positive).sum();
        let rows = self.signed.chunks_exact(self.width.max(1)).zip(inside(self.height));
        let middle: f64 = rows
            .map(|(row, y)| {
                row.iter()
                    .zip(inside(self.width))
                    .map(|(value, x)| positive(value) * x * y)
                    .sum::<f64>()
            })
            .sum();
        (all > 0.0).then(|| middle / all)
    }

    /// The value of the strongest colour on a scale of the map's own: the maximum, or of a signed map the largest magnitude.
    pub fn strongest(&self, is_signed: bool) -> f64 {
        if is_signed { self.max_abs() } else { self.max() }
    }

    /// max(s, 0) / max(s), from 0 to 1 (Selvaraju et al. 2017, equation 2, then the tutorial's normalisation).
    ///
    /// All zeros where the map is empty: the tutorial divides 0 by 0 there.
    pub fn heat(&self) -> Vec<f32> {
        self.heat_with_maximum(self.max())
    }

    /// max(s, 0) / `maximum`, cut off at 1: for maps that share one scale.
    pub fn heat_with_maximum(&self, maximum: f64) -> Vec<f32> {
        if maximum <= 0.0 {
            return vec![0.0; self.signed.len()];
        }
        self.signed
            .iter()
            .map(|&s| (s.max(0.0) / maximum).min(1.0) as f32)
            .collect()
    }

    /// 0.5 + s / (2 `maximum`), cut off at 0 and 1: signed evidence for a diverging colormap, none at 0.5.
    pub fn signed_unit(&self, maximum: f64) -> Vec<f32> {
        if maximum <= 0.0 {
            return vec![0.5; self.signed.len()];
        }
        self.signed
            .iter()
            .map(|&s| (0.5 + 0.5 * s / maximum).clamp(0.0, 1.0) as f32)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heat_is_normalised_positive_evidence() {
        let map = Map::new(2, 2, vec![-4.0, 0.0, 1.0, 2.0]);
        assert_eq!(map.heat(), [0.0, 0.0, 0.5, 1.0]);
        assert!(!map.is_empty());
        assert_eq!((map.min(), map.max(), map.max_abs()), (-4.0, 2.0, 4.0));
    }

    #[test]
    fn a_map_without_positive_evidence_is_empty_and_never_nan() {
        for signed in [vec![-1.0, -2.0], vec![0.0, 0.0], vec![f64::NAN, -1.0], vec![]] {
            let map = Map::new(signed.len(), 1, signed);
            assert!(map.is_empty());
            assert!(map.heat().iter().all(|&h| h == 0.0));
        }
    }

    #[test]
    fn signed_evidence_is_centred() {
        let map = Map::new(3, 1, vec![-2.0, 0.0, 1.0]);
        assert_eq!(map.signed_unit(map.max_abs()), [0.0, 0.5, 0.75]);
        assert_eq!(Map::new(1, 1, vec![0.0]).signed_unit(0.0), [0.5]);
    }

    #[test]
    fn the_middle_is_a_quarter_of_the_area_around_the_centre() {
        let share = |width, height, signed| Map::new(width, height, signed).share_in_the_middle();
        for (width, height) in [(4, 4), (7, 7), (10, 3), (1, 1)] {
            let even = share(width, height, vec![2.0; width * height]).unwrap();
            assert!((even - 0.25).abs() < 1e-12, "{width} x {height}: {even}");
        }
        let mut corner = vec![0.0; 49];
        corner[0] = 3.0;
        assert_eq!(share(7, 7, corner.clone()), Some(0.0));
        // what argues against it does not count
        corner[0] = -3.0;
        corner[24] = 1.0;
        assert_eq!(share(7, 7, corner), Some(1.0));
        assert_eq!(share(2, 1, vec![-1.0, 0.0]), None);
    }

    #[test]
    fn tiny_evidence_keeps_its_shape() {
        let map = Map::new(2, 1, vec![1e-290, 2e-290]);
        assert_eq!(map.heat(), [0.5, 1.0]);
    }
}
