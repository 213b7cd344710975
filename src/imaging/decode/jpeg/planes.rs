//! Planes of samples to pixels, as libjpeg's `jdsample.c` and `jdcolor.c` do it.

use libjpeg_turbo_rs::{ColorSpace, ComponentInfo, Decoder, FrameHeader};

use super::scans::Scan;
use super::{damaged, fault, open, unsupported};
use crate::imaging::decode::Limits;
use crate::imaging::decode::samples::rgb_from_cmyk;
use crate::imaging::{ImageError, Photo};

/// The samples of a component.
#[derive(Debug, Default)]
struct Plane {
    samples: Vec<u8>,
    stride: usize,
    /// Samples across and down that count; what lies beyond fills up blocks.
    width: usize,
    height: usize,
    /// Pixels across and down that a sample covers.
    expand: (usize, usize),
}

/// Whether the decoder of pixels cannot read these: the first component is not the finest, or inks are of unequal
/// fineness.
pub(super) fn are_needed(header: &FrameHeader) -> bool {
    let Some(first) = header.components.first() else {
        return false;
    };
    let (across, down) = (first.horizontal_sampling, first.vertical_sampling);
    let mut others = header.components.iter();
    let is_odd = if header.components.len() == 4 {
        others.any(|other| other.horizontal_sampling != across || other.vertical_sampling != down)
    } else {
        others.any(|other| other.horizontal_sampling > across || other.vertical_sampling > down)
    };
    is_odd && !header.is_lossless
}

/// Reads all scans of a file at once.
pub(super) fn decode(bytes: &[u8], whole: &Decoder<'_>, limits: &Limits) -> Result<Photo, ImageError> {
    let all = (0..whole.header().components.len()).collect();
    let parts = vec![(all, open(bytes, limits).map_err(|error| fault(limits, error))?)];
    put_together(parts, whole, limits)
}

/// Reads scans that are files of their own.
pub(super) fn decode_scans(scans: &[Scan], whole: &Decoder<'_>, limits: &Limits) -> Result<Photo, ImageError> {
    let mut parts = Vec::with_capacity(scans.len());
    for scan in scans {
        let decoder = open(&scan.jpeg, limits).map_err(|error| fault(limits, error))?;
        parts.push((scan.components.clone(), decoder));
    }
    put_together(parts, whole, limits)
}

fn put_together(
    parts: Vec<(Vec<usize>, Decoder<'_>)>,
    whole: &Decoder<'_>,
    limits: &Limits,
) -> Result<Photo, ImageError> {
    let header = whole.header();
    let (width, height) = header.dimensions();
    let count = header.components.len();
    limits.check(
        header.width.into(),
        header.height.into(),
        (width * height * count) as u64,
    )?;
    let most = |factor: fn(&_) -> u8| header.components.iter().map(factor).max().map_or(1, usize::from);
    let across = most(|c: &ComponentInfo| c.horizontal_sampling);
    let down = most(|c| c.vertical_sampling);
    let mut planes: Vec<Plane> = Vec::new();
    planes.resize_with(count, Plane::default);
    for (places, decoder) in parts {
        let raw = decoder.decode_raw().map_err(|error| fault(limits, error))?;
        let sizes = raw.plane_widths.into_iter().zip(raw.plane_heights);
        for (place, (samples, (stride, rows))) in places.into_iter().zip(raw.planes.into_iter().zip(sizes)) {
            let (Some(plane), Some(component)) = (planes.get_mut(place), header.components.get(place)) else {
                continue;
            };
            let own_across = usize::from(component.horizontal_sampling).max(1);
            let own_down = usize::from(component.vertical_sampling).max(1);
            if across % own_across != 0 || down % own_down != 0 {
                return Err(unsupported("a component that is finer by a fraction"));
            }
            *plane = Plane {
                width: (width * own_across).div_ceil(across),
                height: (height * own_down).div_ceil(down),
                expand: (across / own_across, down / own_down),
                samples,
                stride,
            };
            if plane.width > stride || plane.height > rows || plane.samples.len() < stride * rows {
                return Err(damaged("its planes do not fit its size"));
            }
        }
    }
    if planes.iter().any(|plane| plane.width == 0) {
        return Err(damaged("a component is missing"));
    }
    let rgb = pixels(&planes, width, height, whole.jpeg_color_space())?;
    Photo::new(header.width.into(), header.height.into(), rgb)
}

/// Enlarges and converts row by row.
fn pixels(planes: &[Plane], width: usize, height: usize, space: ColorSpace) -> Result<Vec<u8>, ImageError> {
    let mut rows: Vec<Vec<u8>> = planes
        .iter()
        .map(|plane| vec![0; plane.width * plane.expand.0])
        .collect();
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for (plane, row) in planes.iter().zip(&mut rows) {
            plane.row(y, row);
        }
        match (&rows[..], space) {
            ([gray], _) => rgb.extend(gray.iter().take(width).flat_map(|&gray| [gray; 3])),
            ([red, green, blue], ColorSpace::Rgb) => {
                let pixels = red.iter().zip(green).zip(blue).take(width);
                rgb.extend(pixels.flat_map(|((&red, &green), &blue)| [red, green, blue]));
            }
            ([luma, cb, cr], ColorSpace::YCbCr) => {
                let pixels = luma.iter().zip(cb).zip(cr).take(width);
                rgb.extend(pixels.flat_map(|((&luma, &cb), &cr)| rgb_from_ycbcr(luma, cb, cr)));
            }
            ([a, b, c, key], ColorSpace::Cmyk | ColorSpace::Ycck) => {
                let pixels = a.iter().zip(b).zip(c).zip(key).take(width);
                rgb.extend(pixels.flat_map(|(((&a, &b), &c), &key)| {
                    // YCCK is the YCbCr of 255 less the ink, and the file holds 255 less the ink itself
                    let ink = match space {
                        ColorSpace::Ycck => rgb_from_ycbcr(a, b, c),
                        _ => [a, b, c].map(|stored| 255 - stored),
                    };
                    rgb_from_cmyk([ink[0], ink[1], ink[2], 255 - key])
                }));
            }
            _ => return Err(unsupported("components in an unknown colour space")),
        }
    }
    Ok(rgb)
}

impl Plane {
    fn line(&self, y: usize) -> &[u8] {
        let start = y.min(self.height.saturating_sub(1)) * self.stride;
        self.samples.get(start..start + self.width).unwrap_or_default()
    }

    /// Row `y` of the picture. Halved sides are interpolated where libjpeg does so, others repeated.
    fn row(&self, y: usize, out: &mut [u8]) {
        let (across, down) = self.expand;
        let line = self.line(y / down);
        // the line that is next to this half of the sample
        let below = y % 2 == 1;
        let other = match (y / 2, below) {
            (own, true) => self.line(own + 1),
            (own, false) => self.line(own.saturating_sub(1)),
        };
        match (across, down) {
            (1, 1) => out.copy_from_slice(line),
            (1, 2) => {
                let round = if below { 2 } else { 1 };
                for ((out, &near), &far) in out.iter_mut().zip(line).zip(other) {
                    *out = ((u16::from(near) * 3 + u16::from(far) + round) >> 2) as u8;
                }
            }
            (2, 1) if self.width > 2 => {
                let sums: Vec<u16> = line.iter().map(|&sample| u16::from(sample)).collect();
                widen(&sums, out, 2, [1, 2]);
            }
            (2, 2) if self.width > 2 => {
                let near_and_far = line.iter().zip(other);
                let sums: Vec<u16> = near_and_far
                    .map(|(&near, &far)| u16::from(near) * 3 + u16::from(far))
                    .collect();
                widen(&sums, out, 4, [8, 7]);
            }
            _ => {
                for (out, &sample) in out.chunks_mut(across).zip(line) {
                    out.fill(sample);
                }
            }
        }
    }
}

/// Twice as many samples, each of three parts of the near and one part of the far one; `round` for left and right.
fn widen(sums: &[u16], out: &mut [u8], shift: u32, round: [u16; 2]) {
    let at = |index: usize| sums.get(index).or(sums.last()).copied().unwrap_or(0);
    for (x, pair) in out.chunks_exact_mut(2).enumerate() {
        let near = at(x);
        for ((out, far), round) in pair.iter_mut().zip([at(x.saturating_sub(1)), at(x + 1)]).zip(round) {
            *out = ((near * 3 + far + round) >> shift) as u8;
        }
    }
}

/// libjpeg's tables, in 16 bits behind the point.
fn rgb_from_ycbcr(luma: u8, cb: u8, cr: u8) -> [u8; 3] {
    const HALF: i32 = 1 << 15;
    let (luma, cb, cr) = (i32::from(luma), i32::from(cb) - 128, i32::from(cr) - 128);
    let red = luma + ((91_881 * cr + HALF) >> 16);
    let green = luma + ((-22_554 * cb - 46_802 * cr + HALF) >> 16);
    let blue = luma + ((116_130 * cb + HALF) >> 16);
    [red, green, blue].map(|value| value.clamp(0, 255) as u8)
}
