//! Samples of any width and number to RGB bytes, as Pillow's `convert("RGB")` makes them.

/// [h, w, channels] samples in native byte order to [h, w, 3] bytes.
pub(super) fn rgb_from_samples(samples: Vec<u8>, color: image::ColorType) -> Vec<u8> {
    let channels = usize::from(color.channel_count()).max(1);
    match usize::from(color.bytes_per_pixel()) / channels {
        1 if channels == 3 => samples,
        1 => rgb_from(&samples, channels, |sample| sample),
        2 => rgb_from(samples.as_chunks().0, channels, |sample| {
            (u16::from_ne_bytes(sample) >> 8) as u8
        }),
        _ => rgb_from(samples.as_chunks().0, channels, |sample| {
            byte_from_unit(f32::from_ne_bytes(sample))
        }),
    }
}

/// 0..1 to 0..=255; what is outside is clamped, and what is no number is 0.
pub(super) fn byte_from_unit(value: f32) -> u8 {
    // a cast from float saturates and takes NaN to 0
    (value * 255.0 + 0.5) as u8
}

fn rgb_from<T: Copy>(samples: &[T], channels: usize, byte: impl Fn(T) -> u8) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(samples.len() / channels * 3);
    for pixel in samples.chunks_exact(channels) {
        match *pixel {
            [gray] | [gray, _] => rgb.extend([byte(gray); 3]),
            [red, green, blue, ..] => rgb.extend([byte(red), byte(green), byte(blue)]),
            [] => {}
        }
    }
    rgb
}

/// Amounts of ink, 255 being all of it, to light (Pillow's `cmyk2rgb`).
pub(super) fn rgb_from_cmyk([cyan, magenta, yellow, key]: [u8; 4]) -> [u8; 3] {
    let light = u32::from(255 - key);
    [cyan, magenta, yellow].map(|ink| {
        let product = u32::from(ink) * light + 128;
        let taken = (product + (product >> 8)) >> 8;
        light.saturating_sub(taken) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::ColorType;

    #[test]
    fn samples_become_rgb_bytes() {
        let from_u16 = |values: &[u16]| values.iter().flat_map(|v| v.to_ne_bytes()).collect::<Vec<_>>();
        let from_f32 = |values: &[f32]| values.iter().flat_map(|v| v.to_ne_bytes()).collect::<Vec<_>>();
        assert_eq!(rgb_from_samples(vec![7, 9], ColorType::L8), [7, 7, 7, 9, 9, 9]);
        assert_eq!(rgb_from_samples(vec![7, 0, 9, 255], ColorType::La8), [7, 7, 7, 9, 9, 9]);
        assert_eq!(rgb_from_samples(vec![1, 2, 3, 0], ColorType::Rgba8), [1, 2, 3]);
        assert_eq!(
            rgb_from_samples(from_u16(&[0x12FF, 0, 0xFF00]), ColorType::Rgb16),
            [0x12, 0, 0xFF]
        );
        assert_eq!(rgb_from_samples(from_u16(&[0x12FF, 0]), ColorType::La16), [0x12; 3]);
        assert_eq!(
            rgb_from_samples(from_f32(&[-1.0, 0.5, 2.0, f32::NAN, 1.0, 0.1]), ColorType::Rgb32F),
            [0, 128, 255, 0, 255, 26]
        );
    }

    #[test]
    fn ink_takes_light_as_in_pillow() {
        assert_eq!(rgb_from_cmyk([0, 0, 0, 0]), [255; 3]);
        assert_eq!(rgb_from_cmyk([255, 0, 128, 0]), [0, 255, 127]);
        assert_eq!(rgb_from_cmyk([10, 200, 100, 77]), [171, 38, 108]);
        assert_eq!(rgb_from_cmyk([9, 9, 9, 255]), [0; 3]);
    }
}
