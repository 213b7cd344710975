//! Samples of eight bits to RGB, as Pillow and libtiff make it of each kind of TIFF file.

use super::layout::{Alpha, Color, Layout, YCbCr};
use crate::imaging::decode::samples::rgb_from_cmyk;

/// Tables for one kind of YCbCr, as libtiff makes them, in 16 bits behind the point.
#[derive(Debug)]
pub(super) struct YCbCrTables {
    luma: Vec<i32>,
    red: Vec<i32>,
    blue: Vec<i32>,
    green_of_cb: Vec<i32>,
    green_of_cr: Vec<i32>,
}

/// One row of pixels; `samples` are those of the pixels in turn, `out` is their RGB.
///
/// YCbCr has been converted before.
pub(super) fn convert(samples: &[u8], layout: &Layout, out: &mut [u8]) {
    let pixels = samples.chunks_exact(layout.samples).zip(out.as_chunks_mut::<3>().0);
    let is_multiplied = layout.alpha == Alpha::Multiplied;
    for (pixel, out) in pixels {
        *out = match (&layout.color, pixel) {
            (Color::Gray { is_inverted }, &[gray, ref rest @ ..]) => {
                let gray = if *is_inverted { 255 - gray } else { gray };
                match rest {
                    &[alpha, ..] if is_multiplied => [divide(gray, alpha); 3],
                    _ => [gray; 3],
                }
            }
            (Color::Palette(colors), &[index, ..]) => colors.get(usize::from(index)).copied().unwrap_or_default(),
            (Color::Cmyk, &[cyan, magenta, yellow, key, ..]) => rgb_from_cmyk([cyan, magenta, yellow, key]),
            (_, &[red, green, blue, alpha, ..]) if is_multiplied => [red, green, blue].map(|c| divide(c, alpha)),
            (_, &[red, green, blue, ..]) => [red, green, blue],
            _ => [0; 3],
        };
    }
}

/// Takes the alpha out of a colour that was multiplied by it; where nothing is seen there is black.
fn divide(color: u8, alpha: u8) -> u8 {
    match alpha {
        0 => 0,
        _ => (u32::from(color) * 255 / u32::from(alpha)).min(255) as u8,
    }
}

impl YCbCrTables {
    /// Tables for these shares and ranges.
    pub fn new(how: &YCbCr) -> Self {
        const HALF: i32 = 1 << 15;
        let fixed = |value: f32| (value * 65536.0 + 0.5) as i32;
        let [red, green, blue] = how.shares;
        let [black, white, cb_black, cb_white, cr_black, cr_white] = how.ranges;
        let range = |code: i32, black: f32, white: f32, most: f32| {
            let span = if white == black { 1.0 } else { white - black };
            (((code - black as i32) as f32 * most) / span).clamp(-4096.0, 4096.0) as i32
        };
        let to_red = fixed((2.0 - 2.0 * red).clamp(0.0, 2.0));
        let to_blue = fixed((2.0 - 2.0 * blue).clamp(0.0, 2.0));
        let cr_to_green = -fixed((red * (2.0 - 2.0 * red) / green).clamp(0.0, 2.0));
        let cb_to_green = -fixed((blue * (2.0 - 2.0 * blue) / green).clamp(0.0, 2.0));
        let codes = || -128..128;
        let cb = |code| range(code, cb_black - 128.0, cb_white - 128.0, 127.0);
        let cr = |code| range(code, cr_black - 128.0, cr_white - 128.0, 127.0);
        Self {
            luma: codes().map(|code| range(code + 128, black, white, 255.0)).collect(),
            red: codes().map(|code| (to_red * cr(code) + HALF) >> 16).collect(),
            blue: codes().map(|code| (to_blue * cb(code) + HALF) >> 16).collect(),
            green_of_cb: codes().map(|code| cb_to_green * cb(code) + HALF).collect(),
            green_of_cr: codes().map(|code| cr_to_green * cr(code)).collect(),
        }
    }

    fn rgb(&self, luma: u8, cb: u8, cr: u8) -> [u8; 3] {
        let at = |table: &[i32], code: u8| table.get(usize::from(code)).copied().unwrap_or(0);
        let luma = at(&self.luma, luma);
        let green = (at(&self.green_of_cb, cb) + at(&self.green_of_cr, cr)) >> 16;
        [luma + at(&self.red, cr), luma + green, luma + at(&self.blue, cb)].map(|value| value.clamp(0, 255) as u8)
    }

    /// A piece whose pixels share colours in groups: the lumas of a group, then its Cb and Cr. Returns its RGB.
    pub fn convert(&self, bytes: &[u8], [across, down]: [usize; 2], [width, height]: [usize; 2]) -> Vec<u8> {
        let mut rgb = vec![0; width * height * 3];
        let group_len = across * down + 2;
        let groups_across = width.div_ceil(across);
        for (index, group) in bytes.chunks_exact(group_len).enumerate() {
            let (left, top) = (index % groups_across * across, index / groups_across * down);
            let (lumas, &[cb, cr]) = group.split_at(across * down) else {
                continue;
            };
            for (place, &luma) in lumas.iter().enumerate() {
                let (x, y) = (left + place % across, top + place / across);
                if x < width && y < height {
                    let at = (y * width + x) * 3;
                    if let Some(out) = rgb.get_mut(at..at + 3) {
                        out.copy_from_slice(&self.rgb(luma, cb, cr));
                    }
                }
            }
        }
        rgb
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_is_divided_out_as_in_pillow() {
        assert_eq!(divide(100, 255), 100);
        assert_eq!(divide(100, 128), 199);
        assert_eq!(divide(100, 0), 0);
        assert_eq!(divide(200, 100), 255);
    }
}
