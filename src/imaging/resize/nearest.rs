//! One source pixel for each, as Pillow's `NEAREST` takes it.

use crate::imaging::{Photo, Region};

/// [height, width, 3]: a region of the photo, as `Image.resize` with a `box`.
pub(super) fn resized(photo: &Photo, region: Region, width: u32, height: u32) -> Vec<u8> {
    let columns = sources(photo.width, region.x, region.width, width);
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for row in sources(photo.height, region.y, region.height, height) {
        let start = row * photo.stride();
        let (pixels, _) = photo.rgb[start..start + photo.stride()].as_chunks::<3>();
        for &column in &columns {
            rgb.extend(pixels[column]);
        }
    }
    rgb
}

/// The source index of each of `to` pixels, which share the pixels `start..start + from` of `side` ones.
///
/// Pillow adds the step up in f64 (`ImagingScaleAffine` in `Geometry.c`); computing
/// `(i + 0.5) * step` instead gives another pixel for many widths.
fn sources(side: u32, start: u32, from: u32, to: u32) -> Vec<usize> {
    let step = f64::from(from) / f64::from(to);
    let mut position = f64::from(start) + 0.5 * step;
    let last = side as usize - 1;
    let mut sources = Vec::with_capacity(to as usize);
    for _ in 0..to {
        sources.push((position as usize).min(last));
        position += step;
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn steps_are_added_up() {
        // Computed as (i + 0.5) * step, one index of this width would differ.
        let added_up = sources(1024, 0, 1024, 299);
        let step = 1024.0 / 299.0;
        let multiplied: Vec<_> = (0..299).map(|i| ((f64::from(i) + 0.5) * step) as usize).collect();
        let differing = added_up.iter().zip(&multiplied).filter(|(a, b)| a != b).count();
        assert_eq!(differing, 1);
    }

    proptest! {
        #[test]
        fn sources_are_in_bounds_and_in_order(
            before in 0_u32..50_000, from in 1_u32..100_000, after in 0_u32..50_000, to in 1_u32..5_000,
        ) {
            let sources = sources(before + from + after, before, from, to);
            prop_assert_eq!(sources.len(), to as usize);
            prop_assert!(sources.is_sorted());
            let region = before as usize..(before + from) as usize;
            prop_assert!(sources.iter().all(|source| region.contains(source)));
        }
    }
}
