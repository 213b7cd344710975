//! Means over windows that widen when shrinking, as Pillow's `BILINEAR` and `BICUBIC` take them (`Resample.c`).

use crate::imaging::rows::for_each_row;
use crate::imaging::{Photo, Region};

/// The weight of a pixel by its distance.
pub(super) struct Filter {
    /// The distance from which on the weight is 0.
    radius: f64,
    /// The weight at a distance that is not negative, in pixels of the smaller of both pictures.
    weight: fn(f64) -> f64,
}

/// Pillow's `bilinear_filter`.
pub(super) const TRIANGLE: Filter = Filter {
    radius: 1.0,
    weight: |distance| (1.0 - distance).max(0.0),
};

/// Pillow's `bicubic_filter`: Keys' cubic convolution with a = -0.5.
pub(super) const CUBIC: Filter = Filter {
    radius: 2.0,
    weight: |distance| {
        const A: f64 = -0.5;
        if distance < 1.0 {
            ((A + 2.0) * distance - (A + 3.0)) * distance * distance + 1.0
        } else if distance < 2.0 {
            (((distance - 5.0) * distance + 8.0) * distance - 4.0) * A
        } else {
            0.0
        }
    },
};

/// Fractional bits of a weight (`PRECISION_BITS`: 32 - 8 - 2).
const WEIGHT_BITS: u32 = 22;
/// One half in that unit, so that a shift rounds.
const HALF: i32 = 1 << (WEIGHT_BITS - 1);

/// The source pixels of one target pixel: `weights[i]` belongs to pixel `first + i`.
struct Window {
    first: usize,
    weights: Vec<i32>,
}

/// The windows of all target pixels of a row or column.
struct Windows {
    /// The first source pixel of any.
    start: u32,
    /// Source pixels from there to the last of any.
    len: u32,
    /// With `first` counted from `start`.
    list: Vec<Window>,
}

impl Windows {
    /// Of `to` pixels, which share the pixels `start..start + from` of `side` ones: Pillow's `precompute_coeffs` and
    /// `normalize_coeffs_8bpc`.
    ///
    /// At the edges of what they share they reach over, as far as there are pixels.
    fn new(side: u32, start: u32, from: u32, to: u32, filter: &Filter) -> Self {
        let scale = f64::from(from) / f64::from(to);
        let stretch = scale.max(1.0);
        let radius = filter.radius * stretch;
        let window = |target: u32| {
            let center = f64::from(start) + (f64::from(target) + 0.5) * scale;
            let first = (center - radius + 0.5).max(0.0) as usize;
            let end = ((center + radius + 0.5) as usize).min(side as usize);
            let weight = |source: usize| {
                let distance = (source as f64 - center + 0.5) * stretch.recip();
                (filter.weight)(distance.abs())
            };
            let weights: Vec<f64> = (first..end).map(weight).collect();
            let sum: f64 = weights.iter().sum();
            let one = f64::from(1_u32 << WEIGHT_BITS);
            let fixed_point = |weight: f64| {
                let weight = weight / sum * one;
                (weight + 0.5_f64.copysign(weight)) as i32
            };
            Window {
                first,
                weights: weights.into_iter().map(fixed_point).collect(),
            }
        };
        Self::of((0..to).map(window).collect())
    }

    /// Windows that are counted from the first of all pixels.
    fn of(mut list: Vec<Window>) -> Self {
        let start = list.first().map_or(0, |window| window.first);
        let end = list.last().map_or(0, |window| window.first + window.weights.len());
        for window in &mut list {
            window.first -= start;
        }
        Self {
            start: start as u32,
            len: (end - start) as u32,
            list,
        }
    }

    /// Those that have any of the source pixels `from..end`, and the target pixel of the first of them; none if none has.
    fn that_have(self, from: u32, end: u32) -> Option<(u32, Self)> {
        let start = self.start as usize;
        let windows = self.list.into_iter().enumerate().map(|(target, window)| {
            let first = window.first + start;
            (target, Window { first, ..window })
        });
        let has = |window: &Window| window.first < end as usize && window.first + window.weights.len() > from as usize;
        let found: Vec<(usize, Window)> = windows.filter(|(_, window)| has(window)).collect();
        let first = found.first()?.0 as u32;
        Some((first, Self::of(found.into_iter().map(|(_, window)| window).collect())))
    }
}

/// [height, width, 3]: a region of the photo, as `Image.resize` with a `box`: two passes, each rounded to 8 bits
/// (`ImagingResampleInner`).
pub(super) fn resized(photo: &Photo, region: Region, width: u32, height: u32, filter: &Filter) -> Vec<u8> {
    let columns = Windows::new(photo.width, region.x, region.width, width, filter);
    let rows = Windows::new(photo.height, region.y, region.height, height, filter);
    both_ways(photo, [width, height], &columns, &rows)
}

/// The part of the same, and its pixels, that depends on what was `changed` in the photo; none if nothing does.
pub(super) fn resized_part(
    photo: &Photo,
    region: Region,
    [width, height]: [u32; 2],
    filter: &Filter,
    changed: Region,
) -> Option<(Region, Vec<u8>)> {
    let columns = Windows::new(photo.width, region.x, region.width, width, filter);
    let rows = Windows::new(photo.height, region.y, region.height, height, filter);
    let (x, columns) = columns.that_have(changed.x, changed.x + changed.width)?;
    let (y, rows) = rows.that_have(changed.y, changed.y + changed.height)?;
    let part = Region {
        x,
        y,
        width: columns.list.len() as u32,
        height: rows.list.len() as u32,
    };
    Some((part, both_ways(photo, [width, height], &columns, &rows)))
}

/// Some columns and rows of a picture of [width, height].
fn both_ways(photo: &Photo, [width, height]: [u32; 2], columns: &Windows, rows: &Windows) -> Vec<u8> {
    let needed = Region {
        x: columns.start,
        y: rows.start,
        width: columns.len,
        height: rows.len,
    };
    let removed = |from: u32, to: u32| i64::from(from) - i64::from(to);
    let removed_rows = removed(photo.height, height);
    // Pillow 13 began to shorten tall photos first; before, the columns always were.
    let resized = if removed_rows > 0 && removed_rows > 2 * removed(photo.width, width) {
        let short = resize_rows(photo, needed, &rows.list);
        resize_columns(&short, Region::whole(short.width, short.height), &columns.list)
    } else {
        let narrow = resize_columns(photo, needed, &columns.list);
        resize_rows(&narrow, Region::whole(narrow.width, narrow.height), &rows.list)
    };
    resized.rgb
}

fn resize_columns(photo: &Photo, region: Region, windows: &[Window]) -> Photo {
    let mut narrow = Photo::filled(windows.len() as u32, region.height, [0; 3]);
    for_each_row(&mut narrow, |y, narrow, _| {
        let (pixels, _) = photo.row(region, y).as_chunks::<3>();
        for (narrow, Window { first, weights }) in narrow.iter_mut().zip(windows) {
            let (mut red, mut green, mut blue) = (HALF, HALF, HALF);
            for (pixel, weight) in pixels[*first..].iter().zip(weights) {
                red += i32::from(pixel[0]) * weight;
                green += i32::from(pixel[1]) * weight;
                blue += i32::from(pixel[2]) * weight;
            }
            *narrow = [red, green, blue].map(byte);
        }
    });
    narrow
}

fn resize_rows(photo: &Photo, region: Region, windows: &[Window]) -> Photo {
    let mut short = Photo::filled(region.width, windows.len() as u32, [0; 3]);
    for_each_row(&mut short, |y, short, _| {
        let Window { first, weights } = &windows[y];
        let mut sums = vec![HALF; short.as_flattened().len()];
        for (y, weight) in (*first..).zip(weights) {
            for (sum, &value) in sums.iter_mut().zip(photo.row(region, y)) {
                *sum += i32::from(value) * weight;
            }
        }
        for (byte_of, sum) in short.as_flattened_mut().iter_mut().zip(sums) {
            *byte_of = byte(sum);
        }
    });
    short
}

fn byte(sum: i32) -> u8 {
    (sum >> WEIGHT_BITS).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn filters_are_one_in_the_middle_and_zero_at_whole_distances() {
        for Filter { radius, weight } in [TRIANGLE, CUBIC] {
            assert_eq!(weight(0.0), 1.0);
            for distance in [1.0, 2.0, 3.0] {
                assert_eq!(weight(distance), 0.0);
            }
            assert!(weight(radius - 0.1) != 0.0 && weight(radius + 0.1) == 0.0);
            // pixels at whole distances from each other
            let sum: f64 = [1.7, 0.7, 0.3, 1.3].map(weight).iter().sum();
            assert!((sum - 1.0).abs() < 1e-12);
        }
    }

    proptest! {
        #[test]
        fn windows_are_in_bounds_and_weigh_one(
            before in 0_u32..5_000, from in 1_u32..20_000, after in 0_u32..5_000, to in 1_u32..700,
            is_cubic: bool,
        ) {
            let side = before + from + after;
            let filter = if is_cubic { CUBIC } else { TRIANGLE };
            let Windows { start, len, list } = Windows::new(side, before, from, to, &filter);
            prop_assert!(start <= before && before + from <= start + len && start + len <= side);
            prop_assert_eq!(list.len(), to as usize);
            for Window { first, weights } in list {
                prop_assert!(!weights.is_empty());
                prop_assert!(first + weights.len() <= len as usize);
                let sum: i32 = weights.iter().sum();
                let rounding = weights.len() as i32;
                prop_assert!((sum - (1 << WEIGHT_BITS)).abs() <= rounding);
                // so that no sum of bytes overflows
                let absolute: i64 = weights.iter().map(|&weight| i64::from(weight).abs()).sum();
                prop_assert!(255 * absolute + i64::from(HALF) < i64::from(i32::MAX));
            }
        }
    }
}
