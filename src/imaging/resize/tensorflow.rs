//! Between four source pixels and in floats, as `tf.image.resize` with `bilinear` and without antialiasing.

use crate::imaging::{Photo, Region};

/// Two neighbours and where between them a pixel lies.
struct Between {
    before: usize,
    after: usize,
    /// The share of `after`, 0..1.
    share: f32,
}

/// [height, width, 3], 0..=255: a region of the photo, cut out first, as `smart_resize` does.
///
/// Source: `compute_interpolation_weights` and `compute_lerp` with `half_pixel_centers` in TensorFlow's
/// `kernels/image/resize_bilinear_op.cc`, all in f32.
pub(super) fn resized(photo: &Photo, region: Region, width: u32, height: u32) -> Vec<f32> {
    let rows: Vec<&[[u8; 3]]> = photo.rows(region).map(|row| row.as_chunks().0).collect();
    let columns = between(region.width, width);
    let mut levels = Vec::with_capacity(width as usize * height as usize * 3);
    for row in between(region.height, height) {
        let (upper, lower) = (rows[row.before], rows[row.after]);
        for column in &columns {
            let across = |pixels: &[[u8; 3]], channel: usize| {
                let before = f32::from(pixels[column.before][channel]);
                let after = f32::from(pixels[column.after][channel]);
                before + (after - before) * column.share
            };
            levels.extend([0, 1, 2].map(|channel| {
                let (upper, lower) = (across(upper, channel), across(lower, channel));
                upper + (lower - upper) * row.share
            }));
        }
    }
    levels
}

fn between(from: u32, to: u32) -> Vec<Between> {
    let scale = from as f32 / to as f32;
    let last = from as usize - 1;
    let place = |index: u32| {
        let position = (index as f32 + 0.5) * scale - 0.5;
        // Casts from negative numbers give 0.
        Between {
            before: (position.floor() as usize).min(last),
            after: (position.ceil() as usize).min(last),
            share: position - position.floor(),
        }
    };
    (0..to).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_have_half_pixel_centres_and_edges_are_clamped() {
        let photo = Photo {
            width: 2,
            height: 1,
            rgb: vec![0, 10, 7, 100, 20, 7],
        };
        let levels = resized(&photo, Region::whole(2, 1), 4, 1);
        let expected = [
            [0.0, 10.0, 7.0],
            [25.0, 12.5, 7.0],
            [75.0, 17.5, 7.0],
            [100.0, 20.0, 7.0],
        ];
        assert_eq!(levels, expected.concat());
    }

    #[test]
    fn shrinking_skips_pixels() {
        let photo = Photo {
            width: 9,
            height: 1,
            rgb: (0..9).flat_map(|x| [10 * x; 3]).collect(),
        };
        assert_eq!(
            resized(&photo, Region::whole(9, 1), 3, 1),
            [[10.0; 3], [40.0; 3], [70.0; 3]].concat()
        );
    }
}
