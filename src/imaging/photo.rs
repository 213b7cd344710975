//! A picture in memory.

use super::ImageError;

/// An upright picture, [height, width, 3], 8 bits a channel, RGB as stored in its source.
///
/// `rgb` holds exactly `width * height * 3` bytes and neither side is zero; [`Photo::new`]
/// checks both, and the functions that take a photo rely on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// [height, width, 3], row by row from the top, 0..=255.
    pub rgb: Vec<u8>,
}

impl Photo {
    /// Takes pixels [height, width, 3].
    ///
    /// # Errors
    /// [`ImageError::NoPixels`] when a side is zero, [`ImageError::WrongLength`] when `rgb` does
    /// not hold `width * height * 3` bytes.
    pub fn new(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, ImageError> {
        check_length(width, height, 3, rgb.len())?;
        Ok(Self { width, height, rgb })
    }

    /// Takes pixels [height, width, 4] as a clipboard gives them, and drops the alpha channel as
    /// [`decode`](super::decode) does.
    ///
    /// # Errors
    /// As [`Photo::new`], for `width * height * 4` bytes.
    pub fn from_rgba8(width: u32, height: u32, rgba: &[u8]) -> Result<Self, ImageError> {
        check_length(width, height, 4, rgba.len())?;
        let mut rgb = Vec::with_capacity(rgba.len() / 4 * 3);
        for [red, green, blue, _alpha] in rgba.as_chunks().0 {
            rgb.extend([red, green, blue]);
        }
        Ok(Self { width, height, rgb })
    }

    /// The pixel in this column and row, both from 0; outside of the photo it panics.
    #[must_use]
    pub(super) fn pixel(&self, x: u32, y: u32) -> [u8; 3] {
        let at = y as usize * self.stride() + x as usize * 3;
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// Bytes in a row.
    pub(super) fn stride(&self) -> usize {
        self.width as usize * 3
    }
}

fn check_length(width: u32, height: u32, channels: u64, found: usize) -> Result<(), ImageError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(ImageError::NoPixels);
    }
    let expected = pixels.saturating_mul(channels);
    if expected != found as u64 {
        return Err(ImageError::WrongLength {
            width,
            height,
            expected,
            found,
        });
    }
    Ok(())
}

#[cfg(test)]
impl Photo {
    /// A picture of which each pixel holds its column and row.
    pub(super) fn coordinates(width: u32, height: u32) -> Self {
        let pixel = |i: u32| [(i % width) as u8, (i / width) as u8, 7];
        Self {
            width,
            height,
            rgb: (0..width * height).flat_map(pixel).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_must_fit_the_sides() {
        assert!(Photo::new(2, 1, vec![0; 6]).is_ok());
        assert!(matches!(
            Photo::new(2, 1, vec![0; 5]),
            Err(ImageError::WrongLength {
                expected: 6,
                found: 5,
                ..
            })
        ));
        assert!(matches!(Photo::new(0, 1, vec![]), Err(ImageError::NoPixels)));
        assert!(Photo::new(u32::MAX, u32::MAX, vec![]).is_err());
    }

    #[test]
    fn alpha_is_dropped_and_not_blended() {
        let photo = Photo::from_rgba8(2, 1, &[9, 8, 7, 0, 1, 2, 3, 255]);
        assert_eq!(photo.map(|photo| photo.rgb).ok(), Some(vec![9, 8, 7, 1, 2, 3]));
        assert!(Photo::from_rgba8(2, 1, &[0; 6]).is_err());
    }
}
