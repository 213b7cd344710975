//! Small copies for display.

use std::ops::Range;

use libjpeg_turbo_rs::{Encoder, PixelFormat, Subsampling};

use super::{ImageError, Photo};

/// Of pictures of which a page has a thousand.
const JPEG_QUALITY: u8 = 82;

/// A small copy as a JPEG file that is small too; for display only, as colours are coarser than the photo.
///
/// # Errors
/// [`ImageError::Encoding`] when the copy's sides do not fit its pixels.
pub fn encode_thumbnail(thumbnail: &Photo) -> Result<Vec<u8>, ImageError> {
    let [width, height] = [thumbnail.width, thumbnail.height].map(|side| side as usize);
    Encoder::new(&thumbnail.rgb, width, height, PixelFormat::Rgb)
        .quality(JPEG_QUALITY)
        .subsampling(Subsampling::S420)
        .encode()
        .map_err(|error| ImageError::Encoding {
            format: "JPEG",
            reason: error.to_string(),
        })
}

/// A copy whose longer side is at most `max_side` pixels (0 counts as 1), each pixel the mean of
/// those it covers; a photo that is small enough is copied as it is.
///
/// For display only: the network's input comes from [`network_input`](super::network_input).
#[must_use]
pub fn thumbnail(photo: &Photo, max_side: u32) -> Photo {
    let max_side = max_side.max(1);
    let longer = photo.width.max(photo.height);
    if longer <= max_side {
        return photo.clone();
    }
    let scaled = |side: u32| {
        let side = f64::from(side) * f64::from(max_side) / f64::from(longer);
        (side.round() as u32).max(1)
    };
    let (width, height) = (scaled(photo.width), scaled(photo.height));
    let columns = parts(photo.width, width);
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    // rows are added up first, since that goes many values at a time
    let mut sums = vec![0_u32; photo.stride()];
    for rows in parts(photo.height, height) {
        sums.fill(0);
        let first = rows.start * photo.stride();
        let bytes = photo.rgb.get(first..rows.end * photo.stride()).unwrap_or_default();
        for row in bytes.chunks_exact(photo.stride()) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += u32::from(value);
            }
        }
        let pixels = sums.as_chunks::<3>().0;
        for columns in &columns {
            let covered = pixels.get(columns.clone()).unwrap_or_default();
            let count = (covered.len() * rows.len()).max(1) as u64;
            for channel in 0..3 {
                let sum: u64 = covered.iter().map(|pixel| u64::from(pixel[channel])).sum();
                rgb.push(((sum + count / 2) / count) as u8);
            }
        }
    }
    Photo { width, height, rgb }
}

/// `side` pixels in `count` parts of one pixel at least, as equal as whole pixels can be.
fn parts(side: u32, count: u32) -> Vec<Range<usize>> {
    let (side, count) = (side as usize, count.max(1) as usize);
    let edge = |part: usize| part * side / count;
    (0..count)
        .map(|part| edge(part)..edge(part + 1).max(edge(part) + 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_means() {
        let rgb = [[10, 20, 30], [30, 40, 50], [0, 0, 0], [20, 40, 254]].concat();
        let photo = Photo {
            width: 4,
            height: 1,
            rgb,
        };
        let small = thumbnail(&photo, 2);
        assert_eq!((small.width, small.height), (2, 1));
        assert_eq!(small.rgb, [20, 30, 40, 10, 20, 127]);
    }

    #[test]
    fn every_pixel_counts_once() {
        for (side, count) in [(5, 2), (2580, 1020), (7, 7), (1000, 1)] {
            let parts = parts(side, count);
            assert_eq!((parts.len(), parts[0].start), (count as usize, 0));
            assert!(
                parts
                    .windows(2)
                    .all(|pair| pair[0].end == pair[1].start && !pair[0].is_empty())
            );
            assert_eq!(parts.last().map(|last| last.end), Some(side as usize));
        }
    }

    #[test]
    fn the_longer_side_is_bounded_and_neither_is_zero() {
        let photo = Photo {
            width: 300,
            height: 2,
            rgb: vec![9; 1800],
        };
        for (max_side, expected) in [(300, (300, 2)), (299, (299, 2)), (30, (30, 1)), (0, (1, 1))] {
            let small = thumbnail(&photo, max_side);
            assert_eq!((small.width, small.height), expected);
            assert!(small.rgb.iter().all(|&value| value == 9));
        }
    }
}
