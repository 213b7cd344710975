//! Maps as colours, alone and over the photo, as OpenCV makes them.

use super::resize_map::ResizedRows;
use super::rows::for_each_row;
use super::{Colormap, Photo};

/// The colours [h, w, 3] of a map [h, w] of values in 0..=1.
///
/// The colour's index is `255 * value`, truncated as by numpy's `astype(uint8)`; values outside
/// are clamped and NaN counts as 0.
#[must_use]
pub fn colorize(map: &[f32], colormap: Colormap) -> Vec<u8> {
    let table = colormap.table();
    let mut rgb = Vec::with_capacity(map.len() * 3);
    for &value in map {
        rgb.extend(table[index(value)]);
    }
    rgb
}

/// The photo with a map over it, at the photo's own size.
///
/// `heat` [map_height, map_width], 0..=1, is resized as floats ([`resize_map`](super::resize_map)),
/// then coloured ([`colorize`]), then mixed: `photo * (1 - blend) + colour * blend`, rounded as
/// `cv2.addWeighted` does.
/// `blend` is the share of the map, 0..=1; NaN counts as 0.
///
/// # Panics
/// When `heat` does not hold `map_width * map_height` values, or none.
#[must_use]
pub fn overlay(
    photo: &Photo,
    heat: &[f32],
    map_width: usize,
    map_height: usize,
    colormap: Colormap,
    blend: f32,
) -> Photo {
    let (width, height) = (photo.width as usize, photo.height as usize);
    let rows = ResizedRows::new(heat, map_width, map_height, width, height);
    let table = colormap.table();
    let mixed = mix_table(blend);
    let mut overlaid = photo.clone();
    for_each_row(&mut overlaid, |y, pixels, values| {
        rows.write(y, values);
        for (pixel, &value) in pixels.iter_mut().zip(values.iter()) {
            for (byte, colour) in pixel.iter_mut().zip(table[index(value)]) {
                *byte = mixed[usize::from(colour)][usize::from(*byte)];
            }
        }
    });
    overlaid
}

/// The map alone at `width` x `height` pixels, resized and coloured as in [`overlay`].
///
/// A side of 0 counts as 1.
///
/// # Panics
/// When `heat` does not hold `map_width * map_height` values, or none.
#[must_use]
pub fn heatmap(
    heat: &[f32],
    map_width: usize,
    map_height: usize,
    colormap: Colormap,
    width: u32,
    height: u32,
) -> Photo {
    let (width, height) = (width.max(1), height.max(1));
    let mut picture = Photo {
        width,
        height,
        rgb: vec![0; width as usize * height as usize * 3],
    };
    let rows = ResizedRows::new(heat, map_width, map_height, width as usize, height as usize);
    let table = colormap.table();
    for_each_row(&mut picture, |y, pixels, values| {
        rows.write(y, values);
        for (pixel, &value) in pixels.iter_mut().zip(values.iter()) {
            *pixel = table[index(value)];
        }
    });
    picture
}

pub(super) fn index(value: f32) -> usize {
    // The cast truncates, saturates and takes NaN to 0.
    usize::from((255.0 * value) as u8)
}

/// `mix_table(blend)[colour][byte]` is `byte * (1 - blend) + colour * blend`.
///
/// OpenCV adds the two terms by a fused multiply-add in f32 and rounds halves to even
/// (`arithm.simd.hpp`). The f64 sum of these short factors is exact, so that rounding it to f32
/// equals the fused result, on every machine.
fn mix_table(blend: f32) -> Box<[[u8; 256]; 256]> {
    let blend = if blend.is_nan() { 0.0 } else { blend.clamp(0.0, 1.0) };
    let rest = f64::from((1.0 - f64::from(blend)) as f32);
    let mut table = Box::new([[0; 256]; 256]);
    for (colour, row) in table.iter_mut().enumerate() {
        let colour_term = f64::from(colour as f32 * blend);
        for (byte, mixed) in row.iter_mut().enumerate() {
            let sum = (byte as f64 * rest + colour_term) as f32;
            *mixed = sum.round_ties_even() as u8;
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::resize_map;
    use proptest::prelude::*;

    #[test]
    fn the_index_is_truncated_and_clamped() {
        let values = [0.0, 0.999, 1.0, 0.5, -3.0, 7.0, f32::NAN, f32::INFINITY];
        let expected = [0, 254, 255, 127, 0, 255, 0, 255];
        let gray: Vec<u8> = expected.iter().flat_map(|&value| [value; 3]).collect();
        assert_eq!(colorize(&values, Colormap::Gray), gray);
        assert_eq!(colorize(&[0.0], Colormap::Jet), [0, 0, 128]);
    }

    #[test]
    fn blends_outside_the_range_are_clamped() {
        for (given, meant) in [(f32::NAN, 0.0), (-1.0, 0.0), (2.0, 1.0), (f32::INFINITY, 1.0)] {
            assert_eq!(mix_table(given), mix_table(meant));
        }
    }

    #[test]
    fn halves_are_rounded_to_even() {
        let table = mix_table(0.5);
        assert_eq!((table[0][1], table[0][3], table[255][0]), (0, 2, 128));
    }

    #[test]
    fn many_threads_give_what_one_gives() {
        let (width, height) = (700, 601);
        let photo = Photo {
            width,
            height,
            rgb: (0..width * height * 3).map(|i| (i * 7 % 251) as u8).collect(),
        };
        let heat: Vec<f32> = (0..100).map(|i| i as f32 / 99.0).collect();
        let overlaid = overlay(&photo, &heat, 10, 10, Colormap::Turbo, 0.4);
        let values = resize_map(&heat, 10, 10, width as usize, height as usize);
        let colours = colorize(&values, Colormap::Turbo);
        let table = mix_table(0.4);
        let mixed = photo.rgb.iter().zip(&colours);
        let expected = mixed.map(|(&byte, &colour)| table[usize::from(colour)][usize::from(byte)]);
        assert!(overlaid.rgb.iter().copied().eq(expected));
        assert_eq!(heatmap(&heat, 10, 10, Colormap::Turbo, width, height).rgb, colours);
    }

    proptest! {
        #[test]
        fn blend_0_is_the_photo_and_blend_1_the_map(
            width in 1_u32..40, height in 1_u32..40,
            map_width in 1_usize..12, map_height in 1_usize..12,
            bytes in prop::collection::vec(any::<u8>(), 4563),
            seed in prop::collection::vec(any::<f32>(), 144),
            colormap in prop::sample::select(Colormap::ALL.to_vec()),
        ) {
            let photo = Photo { width, height, rgb: bytes[..(width * height * 3) as usize].to_vec() };
            let heat = &seed[..map_width * map_height];
            prop_assert_eq!(&overlay(&photo, heat, map_width, map_height, colormap, 0.0), &photo);
            let map = heatmap(heat, map_width, map_height, colormap, width, height);
            prop_assert_eq!(overlay(&photo, heat, map_width, map_height, colormap, 1.0), map);
        }
    }
}
