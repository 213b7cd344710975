//! Photo to another size exactly as Pillow does it, and to the network's input.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Photo;

/// How a photo is brought to another size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resize {
    /// One source pixel for each: Pillow's `NEAREST`, the default of Keras' `load_img`.
    #[default]
    Nearest,
    /// A triangle filter that widens when shrinking (antialiased): Pillow's `BILINEAR`.
    Bilinear,
}

/// A name that is no way of resizing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("unknown way of resizing '{0}'; choose nearest or bilinear")]
pub struct UnknownResize(pub String);

impl Resize {
    /// Every way, the default first.
    pub const ALL: [Self; 2] = [Self::Nearest, Self::Bilinear];

    /// The name that [`FromStr`] reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Bilinear => "bilinear",
        }
    }
}

impl fmt::Display for Resize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Resize {
    type Err = UnknownResize;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|resize| resize.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownResize(name.to_owned()))
    }
}

/// The network's input, NHWC [size, size, 3], each value in -1..=1: x / 127.5 - 1.
///
/// The whole photo is resized; its aspect ratio is not kept.
/// Source: `preprocess_input` in Keras' `applications/imagenet_utils.py`, mode `tf`.
#[must_use]
pub fn network_input(photo: &Photo, size: u32, method: Resize) -> Vec<f32> {
    let resized = resize(photo, size, size, method);
    let input = resized.rgb.iter();
    input.map(|&value| f32::from(value) / 127.5 - 1.0).collect()
}

/// The photo at another size, byte for byte as `Image.resize` of Pillow 13 gives it.
///
/// A side of 0 counts as 1.
#[must_use]
pub fn resize(photo: &Photo, width: u32, height: u32, method: Resize) -> Photo {
    let (width, height) = (width.max(1), height.max(1));
    if (width, height) == (photo.width, photo.height) {
        return photo.clone();
    }
    match method {
        Resize::Nearest => nearest(photo, width, height),
        Resize::Bilinear => bilinear(photo, width, height),
    }
}

fn nearest(photo: &Photo, width: u32, height: u32) -> Photo {
    let columns = nearest_sources(photo.width, width);
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for row in nearest_sources(photo.height, height) {
        let start = row * photo.stride();
        let (pixels, _) = photo.rgb[start..start + photo.stride()].as_chunks::<3>();
        for &column in &columns {
            rgb.extend(pixels[column]);
        }
    }
    Photo { width, height, rgb }
}

/// The source index of each of `to` pixels.
///
/// Pillow adds the step up in f64 (`ImagingScaleAffine` in `Geometry.c`); computing
/// `(i + 0.5) * step` instead gives another pixel for many widths.
fn nearest_sources(from: u32, to: u32) -> Vec<usize> {
    let step = f64::from(from) / f64::from(to);
    let mut position = 0.5 * step;
    let last = from as usize - 1;
    let mut sources = Vec::with_capacity(to as usize);
    for _ in 0..to {
        sources.push((position as usize).min(last));
        position += step;
    }
    sources
}

/// Fractional bits of a weight (`PRECISION_BITS` in Pillow's `Resample.c`: 32 - 8 - 2).
const WEIGHT_BITS: u32 = 22;
/// One half in that unit, so that a shift rounds.
const HALF: i32 = 1 << (WEIGHT_BITS - 1);

/// The source pixels of one target pixel: `weights[i]` belongs to pixel `first + i`.
struct Window {
    first: usize,
    weights: Vec<i32>,
}

/// Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc` (`Resample.c`) for a triangle filter.
fn windows(from: u32, to: u32) -> Vec<Window> {
    let scale = f64::from(from) / f64::from(to);
    // Also the filter's half width.
    let stretch = scale.max(1.0);
    let window = |target: u32| {
        let center = (f64::from(target) + 0.5) * scale;
        let first = (center - stretch + 0.5).max(0.0) as usize;
        let end = ((center + stretch + 0.5) as usize).min(from as usize);
        let triangle = |source: usize| {
            let distance = (source as f64 - center + 0.5) * stretch.recip();
            (1.0 - distance.abs()).max(0.0)
        };
        let weights: Vec<f64> = (first..end).map(triangle).collect();
        let sum: f64 = weights.iter().sum();
        let one = f64::from(1_u32 << WEIGHT_BITS);
        let fixed_point = |weight: f64| (0.5 + weight / sum * one) as i32;
        Window {
            first,
            weights: weights.into_iter().map(fixed_point).collect(),
        }
    };
    (0..to).map(window).collect()
}

/// Two passes, each rounded to 8 bits, as in Pillow's `ImagingResampleInner`.
fn bilinear(photo: &Photo, width: u32, height: u32) -> Photo {
    let removed = |from: u32, to: u32| i64::from(from) - i64::from(to);
    let rows = removed(photo.height, height);
    let columns = removed(photo.width, width);
    // Pillow 13 began to shorten tall photos first; before, the columns always were.
    if rows > 0 && rows > 2 * columns {
        resize_columns(&resize_rows(photo, height), width)
    } else {
        resize_rows(&resize_columns(photo, width), height)
    }
}

fn resize_columns(photo: &Photo, width: u32) -> Photo {
    let windows = windows(photo.width, width);
    let mut rgb = Vec::with_capacity(width as usize * photo.height as usize * 3);
    for row in photo.rgb.chunks_exact(photo.stride()) {
        let (pixels, _) = row.as_chunks::<3>();
        for Window { first, weights } in &windows {
            let mut sums = [HALF; 3];
            for (pixel, weight) in pixels[*first..].iter().zip(weights) {
                for (sum, &value) in sums.iter_mut().zip(pixel) {
                    *sum += i32::from(value) * weight;
                }
            }
            rgb.extend(sums.map(byte));
        }
    }
    Photo {
        width,
        height: photo.height,
        rgb,
    }
}

fn resize_rows(photo: &Photo, height: u32) -> Photo {
    let stride = photo.stride();
    let mut rgb = Vec::with_capacity(stride * height as usize);
    let mut sums = vec![0; stride];
    for Window { first, weights } in windows(photo.height, height) {
        sums.fill(HALF);
        let rows = photo.rgb[first * stride..].chunks_exact(stride);
        for (row, weight) in rows.zip(weights) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += i32::from(value) * weight;
            }
        }
        rgb.extend(sums.iter().copied().map(byte));
    }
    Photo {
        width: photo.width,
        height,
        rgb,
    }
}

fn byte(sum: i32) -> u8 {
    (sum >> WEIGHT_BITS).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nearest_adds_the_step_up() {
        // Computed as (i + 0.5) * step, one index of this width would differ.
        let added_up = nearest_sources(1024, 299);
        let step = 1024.0 / 299.0;
        let multiplied: Vec<_> = (0..299).map(|i| ((f64::from(i) + 0.5) * step) as usize).collect();
        let differing = added_up.iter().zip(&multiplied).filter(|(a, b)| a != b).count();
        assert_eq!(differing, 1);
    }

    #[test]
    fn input_runs_from_minus_one_to_one() {
        let photo = Photo {
            width: 1,
            height: 1,
            rgb: vec![0, 127, 255],
        };
        assert_eq!(
            network_input(&photo, 1, Resize::Nearest),
            [-1.0, 127.0 / 127.5 - 1.0, 1.0]
        );
    }

    #[test]
    fn names_round_trip() {
        for resize in Resize::ALL {
            assert_eq!(resize.to_string().parse(), Ok(resize));
            assert_eq!(resize.name().to_uppercase().parse(), Ok(resize));
        }
        assert_eq!("cubic".parse::<Resize>(), Err(UnknownResize("cubic".to_owned())));
        assert_eq!(Resize::default(), Resize::Nearest);
    }

    proptest! {
        #[test]
        fn nearest_sources_are_in_bounds_and_in_order(from in 1_u32..100_000, to in 1_u32..5_000) {
            let sources = nearest_sources(from, to);
            prop_assert_eq!(sources.len(), to as usize);
            prop_assert!(sources.is_sorted());
            prop_assert!(sources.iter().all(|&source| source < from as usize));
        }

        #[test]
        fn windows_are_in_bounds_and_weigh_one(from in 1_u32..20_000, to in 1_u32..700) {
            for Window { first, weights } in windows(from, to) {
                prop_assert!(!weights.is_empty());
                prop_assert!(first + weights.len() <= from as usize);
                let sum: i32 = weights.iter().sum();
                let rounding = weights.len() as i32;
                prop_assert!((sum - (1 << WEIGHT_BITS)).abs() <= rounding);
            }
        }

        #[test]
        fn one_colour_stays_one_colour(
            colour: [u8; 3], width in 1_u32..40, height in 1_u32..40, to in 1_u32..60,
        ) {
            let photo = Photo { width, height, rgb: colour.repeat((width * height) as usize) };
            for method in Resize::ALL {
                let resized = resize(&photo, to, to + 3, method);
                prop_assert_eq!(resized.rgb, colour.repeat((to * (to + 3)) as usize));
            }
        }
    }
}
