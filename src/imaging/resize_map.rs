//! A map of floats to another size, as OpenCV's `INTER_LINEAR` does it.

/// A map [height, width] at another size [out_height, out_width]: bilinear with half-pixel
/// centres, clamped at the edges and not antialiased, as `cv2.resize` with `INTER_LINEAR`.
///
/// # Panics
/// When `values` does not hold `width * height` values, or none.
#[must_use]
pub fn resize_map(values: &[f32], width: usize, height: usize, out_width: usize, out_height: usize) -> Vec<f32> {
    let rows = ResizedRows::new(values, width, height, out_width, out_height);
    let mut resized = vec![0.0; out_width * out_height];
    for (y, row) in resized.chunks_exact_mut(out_width.max(1)).enumerate() {
        rows.write(y, row);
    }
    resized
}

/// The rows of a map at another size, one at a time, so that a large one need never exist whole.
pub(super) struct ResizedRows {
    out_width: usize,
    /// [height, out_width]: each row of the map, already at the new width.
    widened: Vec<f32>,
    /// For each row of the result.
    between: Vec<Between>,
}

/// Two neighbours and where between them a value lies.
#[derive(Clone, Copy)]
struct Between {
    before: usize,
    after: usize,
    /// The share of `after`, 0..1.
    share: f32,
}

impl ResizedRows {
    /// Panics as [`resize_map`] does.
    pub(super) fn new(values: &[f32], width: usize, height: usize, out_width: usize, out_height: usize) -> Self {
        assert!(!values.is_empty(), "a map needs at least one value");
        assert_eq!(values.len(), width * height, "values of a {width} x {height} map");
        let columns = between(width, out_width);
        let mut widened = Vec::with_capacity(height * out_width);
        for row in values.chunks_exact(width) {
            widened.extend(
                columns
                    .iter()
                    .map(|column| mix(row[column.before], row[column.after], column.share)),
            );
        }
        Self {
            out_width,
            widened,
            between: between(height, out_height),
        }
    }

    /// Writes row `y` of the result.
    pub(super) fn write(&self, y: usize, row: &mut [f32]) {
        let Between { before, after, share } = self.between[y];
        let widened = |y: usize| &self.widened[y * self.out_width..][..self.out_width];
        for ((value, &a), &b) in row.iter_mut().zip(widened(before)).zip(widened(after)) {
            *value = mix(a, b, share);
        }
    }
}

fn mix(before: f32, after: f32, share: f32) -> f32 {
    // In this form equal neighbours give exactly their value.
    before + (after - before) * share
}

/// OpenCV computes the position in f64 and the share in f32 (`resize.cpp`, `INTER_LINEAR`).
fn between(from: usize, to: usize) -> Vec<Between> {
    let scale = from as f64 / to as f64;
    let last = from - 1;
    let place = |index: usize| {
        let position = ((index as f64 + 0.5) * scale - 0.5) as f32;
        if position < 0.0 {
            return Between {
                before: 0,
                after: 0,
                share: 0.0,
            };
        }
        let before = position as usize;
        if before >= last {
            return Between {
                before: last,
                after: last,
                share: 0.0,
            };
        }
        Between {
            before,
            after: before + 1,
            share: position - position.floor(),
        }
    };
    (0..to).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pixels_have_half_pixel_centres_and_edges_are_clamped() {
        assert_eq!(
            resize_map(&[0.0, 1.0], 2, 1, 4, 2),
            [0.0, 0.25, 0.75, 1.0, 0.0, 0.25, 0.75, 1.0]
        );
        assert_eq!(resize_map(&[1.0, 2.0, 3.0, 4.0], 4, 1, 2, 1), [1.5, 3.5]);
        assert_eq!(resize_map(&[7.0], 1, 1, 3, 1), [7.0; 3]);
        assert_eq!(resize_map(&[7.0], 1, 1, 0, 5), [0.0; 0]);
    }

    #[test]
    fn a_flat_map_stays_flat() {
        assert_eq!(resize_map(&[0.3; 30], 6, 5, 41, 37), [0.3; 41 * 37]);
    }

    #[test]
    fn the_same_size_is_a_copy() {
        let values: Vec<f32> = (0..35).map(|i| (i as f32 * 0.37).sin()).collect();
        assert_eq!(resize_map(&values, 7, 5, 7, 5), values);
    }

    proptest! {
        #[test]
        fn values_stay_within_the_range(
            width in 1_usize..20, height in 1_usize..20,
            out_width in 1_usize..50, out_height in 1_usize..50,
            seed in prop::collection::vec(-1.0_f32..1.0, 400),
        ) {
            let values = &seed[..width * height];
            let (low, high) = range(values);
            let resized = resize_map(values, width, height, out_width, out_height);
            prop_assert_eq!(resized.len(), out_width * out_height);
            let (out_low, out_high) = range(&resized);
            prop_assert!(out_low >= low - 1e-6 && out_high <= high + 1e-6);
        }

        #[test]
        fn whole_multiples_from_three_keep_the_extremes(
            width in 1_usize..12, height in 1_usize..12, odd in 0_usize..4,
            seed in prop::collection::vec(-1.0_f32..1.0, 144),
        ) {
            // An odd factor puts a target pixel on the centre of each source pixel.
            let values = &seed[..width * height];
            let factor = 2 * odd + 1;
            let resized = resize_map(values, width, height, width * factor, height * factor);
            let ((low, high), (out_low, out_high)) = (range(values), range(&resized));
            prop_assert!((out_low - low).abs() < 1e-5 && (out_high - high).abs() < 1e-5);
        }
    }

    fn range(values: &[f32]) -> (f32, f32) {
        let low = values.iter().copied().fold(f32::INFINITY, f32::min);
        (low, values.iter().copied().fold(f32::NEG_INFINITY, f32::max))
    }
}
