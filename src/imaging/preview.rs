//! A quick, small look at a file whose pixels take long.

use super::decode::{self, upright};
use super::{Limits, Photo};

/// A small picture of a file, upright, with the size that the file's own has.
#[derive(Clone, Debug)]
pub struct Preview {
    /// For the screen only; the network never sees it.
    pub photo: Photo,
    /// Width of the file's picture.
    pub width: u32,
    /// Height of the file's picture.
    pub height: u32,
}

/// A picture of a JPEG file whose longer side is `side` pixels at least, made without all of its pixels; none of other
/// files, of small ones and of what only the whole decoder understands.
#[must_use]
pub fn preview(bytes: &[u8], side: u32, limits: &Limits) -> Option<Preview> {
    let (photo, [width, height]) = decode::small(bytes, side, limits)?;
    let orientation = super::orientation::orientation(bytes);
    let (width, height) = if orientation < 5 {
        (width, height)
    } else {
        (height, width)
    };
    Some(Preview {
        photo: upright(photo, orientation).ok()?,
        width,
        height,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::thumbnail;

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let picture = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([(x / 8) as u8, (y / 8) as u8, 90]));
        let mut bytes = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90);
        picture.write_with_encoder(encoder).unwrap();
        bytes
    }

    #[test]
    fn a_preview_looks_like_the_photo() {
        let bytes = jpeg(2001, 1003);
        let limits = Limits::default();
        let preview = preview(&bytes, 240, &limits).unwrap();
        assert_eq!((preview.width, preview.height), (2001, 1003));
        assert_eq!((preview.photo.width, preview.photo.height), (251, 126));
        let whole = decode::decode(&bytes, &limits).unwrap();
        let small = thumbnail(&whole, 251);
        let pixel = |photo: &Photo, x: u32, y: u32| {
            let at = ((y * photo.width + x) * 3) as usize;
            [0, 1, 2].map(|channel| photo.rgb[at + channel])
        };
        for (x, y) in [(10, 10), (125, 60), (240, 115)] {
            let (a, b) = (pixel(&preview.photo, x, y), pixel(&small, x, y));
            assert!(a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 4), "{a:?} {b:?}");
        }
    }

    #[test]
    fn other_files_have_none() {
        let limits = Limits::default();
        assert!(preview(&jpeg(300, 200), 240, &limits).is_none(), "small");
        assert!(
            preview(crate::samples::drawings()[0].bytes, 240, &limits).is_none(),
            "PNG"
        );
        let mut cut = jpeg(2001, 1003);
        cut.truncate(900);
        assert!(preview(&cut, 240, &limits).is_none(), "cut off");
        assert!(preview(b"", 240, &limits).is_none());
    }
}
