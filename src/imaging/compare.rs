//! Whether two files hold the same picture.

use super::{ImageError, Limits, decode};

/// In what two pictures differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// In nothing: all pixels are equal, with their transparency.
    None,
    /// In their sizes, each as width and height.
    Size([u32; 2], [u32; 2]),
    /// In some pixels.
    Pixels {
        /// How many.
        differing: usize,
        /// Of how many.
        all: usize,
        /// By how many levels of 255 at most.
        most: u8,
    },
}

/// Compares the pictures of two files, whatever else is in them.
///
/// # Errors
/// When one of them cannot be decoded.
pub fn difference(one: &[u8], other: &[u8]) -> Result<Difference, ImageError> {
    if one == other {
        return Ok(Difference::None);
    }
    // ours has the limits of memory; it drops the transparency, which what follows has
    let [first, second] = [decode(one, &Limits::default())?, decode(other, &Limits::default())?];
    let sizes = [[first.width, first.height], [second.width, second.height]];
    if sizes[0] != sizes[1] {
        return Ok(Difference::Size(sizes[0], sizes[1]));
    }
    let opacities = [opacity(one), opacity(other)];
    let opacity = |side: usize, pixel: usize| opacities[side].as_ref().map_or(u8::MAX, |opacity| opacity[pixel]);
    let (mut differing, mut most) = (0, 0);
    let pixels = first.rgb.as_chunks::<3>().0.iter().zip(second.rgb.as_chunks::<3>().0);
    for (number, (a, b)) in pixels.enumerate() {
        let levels = (0..3).map(|channel| a[channel].abs_diff(b[channel]));
        let levels = levels.chain([opacity(0, number).abs_diff(opacity(1, number))]);
        let by = levels.max().unwrap_or(0);
        differing += usize::from(by > 0);
        most = most.max(by);
    }
    Ok(match differing {
        0 => Difference::None,
        _ => Difference::Pixels {
            differing,
            all: first.rgb.len() / 3,
            most,
        },
    })
}

/// How much of each pixel is there; none of formats and files without transparency.
fn opacity(file: &[u8]) -> Option<Vec<u8>> {
    let picture = image::load_from_memory(file).ok()?;
    let has_alpha = picture.color().has_alpha();
    has_alpha.then(|| picture.into_rgba8().pixels().map(|pixel| pixel.0[3]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{Cutout, Format, Photo, encode};

    #[test]
    fn pictures_differ_by_pixels_and_not_by_how_they_are_written() {
        let file = |picture: Cutout, format| encode(picture, format, None).expect("a picture");
        let photo = Photo::filled(4, 3, [10, 20, 30]);
        let png = file(photo.clone().into(), Format::Png);
        let webp = file(photo.clone().into(), Format::Webp);
        assert_eq!(difference(&png, &webp), Ok(Difference::None));
        let mut changed = photo.clone();
        changed.rgb[4] += 5;
        let expected = Difference::Pixels {
            differing: 1,
            all: 12,
            most: 5,
        };
        assert_eq!(difference(&png, &file(changed.into(), Format::Png)), Ok(expected));
        let clear = Cutout {
            photo: photo.clone(),
            opacity: Some(vec![255, 255, 255, 0, 255, 255, 255, 255, 255, 255, 255, 255]),
        };
        let expected = Difference::Pixels {
            differing: 1,
            all: 12,
            most: 255,
        };
        assert_eq!(difference(&png, &file(clear, Format::Webp)), Ok(expected));
        let other = file(Photo::filled(3, 4, [0; 3]).into(), Format::Png);
        assert_eq!(difference(&png, &other), Ok(Difference::Size([4, 3], [3, 4])));
        assert!(difference(&png, b"no picture").is_err());
    }
}
