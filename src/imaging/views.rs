//! Other ways to show a photo and a map together: next to each other, the photo where the map is hot, lines of equal heat.

use super::resize_map::ResizedRows;
use super::rows::for_each_row;
use super::{Colormap, Photo, heatmap};

/// How much heat lies between covered and shown pixels of [`mask`].
const MASK_EDGE: f32 = 0.02;
/// The values whose lines [`contours`] draws.
pub const CONTOUR_LEVELS: [f32; 4] = [0.2, 0.4, 0.6, 0.8];
/// Side of a photo, in pixels, on which a line is one pixel wide.
const LINE_SIDE: f32 = 400.0;
/// How much of the photo a line's dark edge lets through.
const EDGE_SHARE: f32 = 0.5;

/// How much of the photo [`mask`] shows where the heat is `value`: 0 below the threshold, 1 above, with a narrow edge.
#[must_use]
pub fn mask_share(value: f32, threshold: f32) -> f32 {
    ((value - threshold) / MASK_EDGE + 0.5).clamp(0.0, 1.0)
}

/// The photo where the heat reaches `threshold`, and the colour `cover` elsewhere; at the photo's own size.
///
/// `heat` [map_height, map_width], 0..=1, is resized as in [`overlay`](super::overlay()).
///
/// # Panics
/// When `heat` does not hold `map_width * map_height` values, or none.
#[must_use]
pub fn mask(photo: &Photo, heat: &[f32], [map_width, map_height]: [usize; 2], threshold: f32, cover: [u8; 3]) -> Photo {
    let rows = ResizedRows::new(heat, map_width, map_height, photo.width as usize, photo.height as usize);
    let mut masked = photo.clone();
    for_each_row(&mut masked, |y, pixels, values| {
        rows.write(y, values);
        for (pixel, value) in pixels.iter_mut().zip(values.iter()) {
            *pixel = mixed(cover, *pixel, mask_share(*value, threshold));
        }
    });
    masked
}

/// How much of a signed map's colour lies over the photo where the map is `unit` (0..=1, 0.5 for neither): as much as its
/// evidence is of the most there can be, so that nothing has an edge where it crosses zero.
#[must_use]
pub fn signed_share(unit: f32) -> f32 {
    (2.0 * unit - 1.0).abs().min(1.0)
}

/// The colours of a signed map over a photo: of evidence against, and of evidence for. The ends of the table, since its
/// pale middle would be a veil over the photo; how much evidence there is, [`signed_share`] says.
#[must_use]
pub fn signed_colours(colormap: Colormap) -> [[u8; 3]; 2] {
    let table = colormap.table();
    [table[0], table[255]]
}

/// What [`signed_share`] is multiplied by for a blend of 0..=1. With the photo in sight where the map says nothing, the
/// rest can be stronger than in [`overlay`](super::overlay()).
#[must_use]
pub fn signed_strength(blend: f32) -> f32 {
    (2.0 * blend).clamp(0.0, 1.0)
}

/// The photo under a signed map, whose colours are the stronger the more it says; at the photo's own size.
///
/// `units` [map_height, map_width], 0..=1 with 0.5 for neither, is resized as in [`overlay`](super::overlay()).
///
/// # Panics
/// As [`mask`].
#[must_use]
pub fn signed_overlay(photo: &Photo, units: &[f32], map_size: [usize; 2], colormap: Colormap, blend: f32) -> Photo {
    let rows = ResizedRows::new(
        units,
        map_size[0],
        map_size[1],
        photo.width as usize,
        photo.height as usize,
    );
    let ([against, evidence_for], strength) = (signed_colours(colormap), signed_strength(blend));
    let mut overlaid = photo.clone();
    for_each_row(&mut overlaid, |y, pixels, values| {
        rows.write(y, values);
        for (pixel, &unit) in pixels.iter_mut().zip(values.iter()) {
            let colour = if unit < 0.5 { against } else { evidence_for };
            *pixel = mixed(*pixel, colour, strength * signed_share(unit));
        }
    });
    overlaid
}

/// The photo and the coloured map next to each other, with a gap of the colour `between`.
///
/// # Panics
/// As [`mask`].
#[must_use]
pub fn beside(
    photo: &Photo,
    heat: &[f32],
    [map_width, map_height]: [usize; 2],
    colormap: Colormap,
    between: [u8; 3],
) -> Photo {
    let map = heatmap(heat, map_width, map_height, colormap, photo.width, photo.height);
    side_by_side(photo, &map, between)
}

/// Two pictures of the same height next to each other, with a gap of the colour `between`.
///
/// # Panics
/// When their heights differ.
#[must_use]
pub fn side_by_side(left: &Photo, right: &Photo, between: [u8; 3]) -> Photo {
    assert_eq!(left.height, right.height, "pictures next to each other");
    let gap = between.repeat((left.width as usize / 50).max(1));
    let mut rgb = Vec::with_capacity(left.rgb.len() + right.rgb.len() + gap.len() * left.height as usize);
    let rows = |photo: &Photo| photo.stride().max(1);
    for (left, right) in left
        .rgb
        .chunks_exact(rows(left))
        .zip(right.rgb.chunks_exact(rows(right)))
    {
        rgb.extend_from_slice(left);
        rgb.extend_from_slice(&gap);
        rgb.extend_from_slice(right);
    }
    Photo {
        width: left.width + right.width + (gap.len() / 3) as u32,
        height: left.height,
        rgb,
    }
}

/// The photo with lines of equal heat ([`CONTOUR_LEVELS`]) in the colours of their values, with dark edges.
///
/// A pixel's distance from a line is what its value lacks, divided by the slope of the map there.
///
/// # Panics
/// As [`mask`].
#[must_use]
pub fn contours(photo: &Photo, heat: &[f32], [map_width, map_height]: [usize; 2], colormap: Colormap) -> Photo {
    let (width, height) = (photo.width as usize, photo.height as usize);
    let rows = ResizedRows::new(heat, map_width, map_height, width, height);
    let half_width = (width.max(height) as f32 / LINE_SIDE).max(1.0) / 2.0;
    let table = colormap.table();
    let mut lined = photo.clone();
    for_each_row(&mut lined, |y, pixels, values| {
        rows.write(y, values);
        let mut neighbours = vec![0.0; width];
        rows.write(
            if y + 1 < height { y + 1 } else { y.saturating_sub(1) },
            &mut neighbours,
        );
        for (x, pixel) in pixels.iter_mut().enumerate() {
            let value = values[x];
            let across = values.get(x + 1).or_else(|| values.get(x.wrapping_sub(1)));
            let slope = (across.unwrap_or(&value) - value).hypot(neighbours[x] - value);
            if slope <= 0.0 {
                continue;
            }
            for level in CONTOUR_LEVELS {
                let distance = (value - level).abs() / slope;
                let share = |half_width: f32| (half_width + 0.5 - distance).clamp(0.0, 1.0);
                *pixel = mixed(*pixel, [0; 3], share(2.0 * half_width) * EDGE_SHARE);
                *pixel = mixed(*pixel, table[(255.0 * level) as usize], share(half_width));
            }
        }
    });
    lined
}

/// Each cell of a map [map_height, map_width] as a block of equal values, [height, width].
///
/// # Panics
/// As [`mask`].
#[must_use]
pub fn cells(values: &[f32], [map_width, map_height]: [usize; 2], [width, height]: [usize; 2]) -> Vec<f32> {
    assert_eq!(values.len(), map_width * map_height, "one value a cell");
    let mut blocks = Vec::with_capacity(width * height);
    for y in 0..height {
        let row = &values[y * map_height / height * map_width..][..map_width];
        blocks.extend((0..width).map(|x| row[x * map_width / width]));
    }
    blocks
}

/// `share` of `b` and the rest of `a`.
fn mixed(a: [u8; 3], b: [u8; 3], share: f32) -> [u8; 3] {
    let mix = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share).round() as u8;
    [mix(a[0], b[0]), mix(a[1], b[1]), mix(a[2], b[2])]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u32 = 60;

    fn white() -> Photo {
        Photo {
            width: SIZE,
            height: SIZE,
            rgb: vec![255; (SIZE * SIZE * 3) as usize],
        }
    }

    fn pixel(photo: &Photo, x: u32, y: u32) -> [u8; 3] {
        let at = ((y * photo.width + x) * 3) as usize;
        [photo.rgb[at], photo.rgb[at + 1], photo.rgb[at + 2]]
    }

    /// Cold on the left, hot on the right.
    const HEAT: [f32; 4] = [0.0, 1.0, 0.0, 1.0];

    #[test]
    fn a_mask_shows_the_photo_where_the_map_is_hot() {
        let masked = mask(&white(), &HEAT, [2, 2], 0.5, [7, 8, 9]);
        assert_eq!(pixel(&masked, 5, 30), [7, 8, 9]);
        assert_eq!(pixel(&masked, 55, 30), [255; 3]);
        assert_eq!(mask(&white(), &HEAT, [2, 2], -1.0, [0; 3]), white());
    }

    #[test]
    fn a_signed_map_hides_the_photo_only_where_it_says_something() {
        let overlaid = signed_overlay(&white(), &[0.0, 0.5, 1.0, 0.5], [4, 1], Colormap::Diverging, 0.5);
        let table = Colormap::Diverging.table();
        assert_eq!(pixel(&overlaid, 2, 30), table[0]);
        assert_eq!(pixel(&overlaid, 22, 30), [255; 3]);
        assert_eq!(pixel(&overlaid, 37, 30), table[255]);
        let none = signed_overlay(&white(), &[0.0, 0.5, 1.0, 0.5], [4, 1], Colormap::Diverging, 0.0);
        assert_eq!(none, white());
    }

    #[test]
    fn a_signed_map_grows_stronger_with_its_evidence_and_has_no_edge_where_it_crosses_zero() {
        for grey in [0, 128, 255] {
            let photo = Photo::filled(600, 1, [grey; 3]);
            let overlaid = signed_overlay(&photo, &[0.0, 1.0], [2, 1], Colormap::Diverging, 0.4);
            // the map climbs from 150 to 450; to either side of its middle nothing ever turns back towards the photo
            let changed = |x: u32| pixel(&overlaid, x, 0).map(|level| level.abs_diff(grey));
            assert!(changed(299).iter().all(|change| *change <= 1), "{:?}", changed(299));
            for x in 150..299 {
                for (side, closer) in [(x, x + 1), (599 - x, 598 - x)] {
                    let (more, less) = (changed(side), changed(closer));
                    assert!(
                        (0..3).all(|channel| more[channel] >= less[channel]),
                        "{grey} at {side}: {more:?} {less:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn photo_and_map_lie_next_to_each_other() {
        let both = beside(&white(), &HEAT, [2, 2], Colormap::Gray, [1, 2, 3]);
        assert_eq!((both.width, both.height), (2 * SIZE + 1, SIZE));
        assert_eq!(pixel(&both, SIZE - 1, 3), [255; 3]);
        assert_eq!(pixel(&both, SIZE, 3), [1, 2, 3]);
        assert_eq!(pixel(&both, SIZE + 1, 3), [0; 3]);
        assert_eq!(pixel(&both, 2 * SIZE, 3), [255; 3]);
    }

    #[test]
    fn pictures_next_to_each_other_may_differ_in_width() {
        let left = Photo::filled(2, 3, [1; 3]);
        let right = Photo::filled(5, 3, [2; 3]);
        let both = side_by_side(&left, &right, [3; 3]);
        assert_eq!((both.width, both.height), (8, 3));
        assert_eq!(both.rgb, [[1; 6].as_slice(), &[3; 3], &[2; 15]].concat().repeat(3));
    }

    #[test]
    fn lines_lie_where_the_map_has_their_value_and_nowhere_else() {
        let lined = contours(&white(), &HEAT, [2, 2], Colormap::Gray);
        // the smooth map climbs from a quarter to three quarters of the width
        for level in CONTOUR_LEVELS {
            let x = (15.0 + 30.0 * level - 0.5).round() as u32;
            let grey = (255.0 * level) as u8;
            let found = (x - 1..=x + 1).any(|x| pixel(&lined, x, 30).iter().all(|byte| byte.abs_diff(grey) < 40));
            assert!(found, "no line at {level}");
        }
        for x in [2, 10, 30, 50, 57] {
            assert_eq!(pixel(&lined, x, 30), [255; 3], "a line at {x}");
        }
        assert_eq!(contours(&white(), &[0.5; 4], [2, 2], Colormap::Jet), white());
    }

    #[test]
    fn cells_are_blocks() {
        assert_eq!(
            cells(&[1.0, 2.0, 3.0, 4.0], [2, 2], [4, 2]),
            [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]
        );
    }
}
