//! Between four source pixels with weights of 11 bits, as `cv2.resize` with `INTER_LINEAR` does it to bytes.

use crate::imaging::{Photo, Region};

/// Fractional bits of a weight (`INTER_RESIZE_COEF_BITS`).
const WEIGHT_BITS: u32 = 11;

/// Two neighbours and their weights.
struct Between {
    before: usize,
    after: usize,
    before_weight: i32,
    after_weight: i32,
}

/// [height, width, 3]: a region of the photo, cut out first, as OpenCV's users do.
///
/// Source: `HResizeLinear` and `VResizeLinear` for `uchar` in OpenCV's `resize.cpp`. The four lowest bits of a row's
/// sum are dropped before the rows are mixed, and each product's 16 lowest after.
pub(super) fn resized(photo: &Photo, region: Region, width: u32, height: u32) -> Vec<u8> {
    let rows: Vec<&[[u8; 3]]> = photo.rows(region).map(|row| row.as_chunks().0).collect();
    let columns = between(region.width, width, true);
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for row in between(region.height, height, false) {
        let (upper, lower) = (rows[row.before], rows[row.after]);
        for column in &columns {
            let across = |pixels: &[[u8; 3]], channel: usize| {
                let before = i32::from(pixels[column.before][channel]) * column.before_weight;
                before + i32::from(pixels[column.after][channel]) * column.after_weight
            };
            rgb.extend([0, 1, 2].map(|channel| {
                let upper = ((across(upper, channel) >> 4) * row.before_weight) >> 16;
                let lower = ((across(lower, channel) >> 4) * row.after_weight) >> 16;
                ((upper + lower + 2) >> 2) as u8
            }));
        }
    }
    rgb
}

/// Beyond the outermost centres, columns are their neighbour (`clamps`); rows mix their neighbour with itself.
fn between(from: u32, to: u32, clamps: bool) -> Vec<Between> {
    // not the same as from / to in every bit
    let scale = (f64::from(to) / f64::from(from)).recip();
    let last = i64::from(from) - 1;
    let place = |index: u32| {
        let position = ((f64::from(index) + 0.5) * scale - 0.5) as f32;
        let before = position.floor() as i64;
        let mut share = position - before as f32;
        if clamps && (before < 0 || before >= last) {
            share = 0.0;
        }
        let weight = |share: f32| (share * (1 << WEIGHT_BITS) as f32).round_ties_even() as i32;
        Between {
            before: before.clamp(0, last) as usize,
            after: (before + 1).clamp(0, last) as usize,
            before_weight: weight(1.0 - share),
            after_weight: weight(share),
        }
    };
    (0..to).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_the_size_is_the_mean_of_four() {
        let photo = Photo {
            width: 2,
            height: 2,
            rgb: [[1, 0, 255], [2, 0, 255], [3, 0, 255], [4, 1, 255]].concat(),
        };
        // (1 + 2 + 3 + 4) / 4 is rounded up
        assert_eq!(resized(&photo, Region::whole(2, 2), 1, 1), [3, 0, 255]);
    }

    proptest! {
        #[test]
        fn weights_make_one_and_neighbours_are_in_bounds(from in 1_u32..20_000, to in 1_u32..700, clamps: bool) {
            for between in between(from, to, clamps) {
                prop_assert_eq!(between.before_weight + between.after_weight, 1 << WEIGHT_BITS);
                prop_assert!(between.before_weight >= 0 && between.after_weight >= 0);
                prop_assert!(between.before <= between.after && between.after < from as usize);
                prop_assert!(between.after - between.before <= 1);
            }
        }
    }
}
