//! What a decoder may use at most.

use super::super::ImageError;

/// What a decoder may use at most; checked before memory is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Pixels of the image.
    pub max_pixels: u64,
    /// Bytes for what is decoded on the way and the [`Photo`](crate::imaging::Photo) together.
    pub max_bytes: u64,
}

impl Default for Limits {
    /// 200 megapixels and 2 GiB.
    fn default() -> Self {
        Self {
            max_pixels: 200_000_000,
            max_bytes: 2 << 30,
        }
    }
}

impl Limits {
    /// Bytes of the photo, when it and `on_the_way` more bytes stay within the limits.
    pub(super) fn check(&self, width: u32, height: u32, on_the_way: u64) -> Result<usize, ImageError> {
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 {
            return Err(ImageError::NoPixels);
        }
        let max_pixels = self.max_pixels;
        if pixels > max_pixels {
            return Err(ImageError::TooManyPixels {
                width,
                height,
                max_pixels,
            });
        }
        let photo = pixels.saturating_mul(3);
        usize::try_from(photo)
            .ok()
            .filter(|_| photo.saturating_add(on_the_way) <= self.max_bytes)
            .ok_or(ImageError::TooManyBytes {
                width,
                height,
                max_bytes: self.max_bytes,
            })
    }
}
