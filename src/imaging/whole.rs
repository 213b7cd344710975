//! Whether a file is all there, for the formats whose decoders make up what is missing or believe
//! lengths that lead beyond the end.

use image::ImageFormat;

/// Whether `bytes` hold all that their own structure promises; true for formats whose decoders
/// check that themselves.
pub(super) fn is_whole(bytes: &[u8], format: ImageFormat) -> bool {
    match format {
        ImageFormat::Jpeg => jpeg_has_end(bytes),
        ImageFormat::WebP => webp_chunks_fit(bytes),
        _ => true,
    }
}

/// Whether an end marker follows the scans (ITU-T T.81, B.1.1).
///
/// The decoder fills missing scan lines with grey.
fn jpeg_has_end(bytes: &[u8]) -> bool {
    const START_OF_IMAGE: u8 = 0xD8;
    const END_OF_IMAGE: u8 = 0xD9;
    // In a scan, 0xFF is followed by 0, by a restart marker or by a fill byte. Other segments are
    // skipped by their length, since the thumbnail in an EXIF segment has an end marker too.
    let is_marker =
        |[first, second]: &[u8; 2]| *first == 0xFF && !matches!(*second, 0 | 1 | 0xFF | 0xD0..=0xD7 | START_OF_IMAGE);
    let mut rest = bytes;
    while let Some(position) = rest.array_windows().position(is_marker) {
        let Some([_, marker, segment @ ..]) = rest.get(position..) else {
            return false;
        };
        if *marker == END_OF_IMAGE {
            return true;
        }
        let length = segment.first_chunk().map(|bytes| u16::from_be_bytes(*bytes));
        let after = length.and_then(|length| segment.get(usize::from(length)..));
        rest = after.unwrap_or_default();
    }
    false
}

/// Whether the RIFF container and each of its chunks end within the file (RFC 9649, 2.3).
///
/// The decoder zeroes missing data, and takes memory for a chunk before it reads it.
fn webp_chunks_fit(bytes: &[u8]) -> bool {
    let length = |header: &[u8]| {
        let bytes = header.get(4..)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    };
    let container = length(bytes).and_then(|length| bytes.get(8..)?.get(..length));
    // "WEBP", then the chunks.
    let Some(mut chunks) = container.and_then(|container| container.get(4..)) else {
        return false;
    };
    while !chunks.is_empty() {
        let Some(length) = length(chunks) else {
            return false;
        };
        let Some(after) = chunks.get(8..).and_then(|data| data.get(length..)) else {
            return false;
        };
        // A chunk of odd length is padded, but the last one's padding is often missing.
        chunks = after.get(length % 2..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jpeg_ends_after_its_scan_and_not_in_its_thumbnail() {
        let thumbnail = [0xFF, 0xE1, 0, 6, 0xFF, 0xD8, 0xFF, 0xD9];
        let scan = [0xFF, 0xDA, 0, 3, 0, 1, 2, 0xFF, 0, 3, 0xFF, 0xD0, 4];
        let mut jpeg = vec![0xFF, 0xD8];
        jpeg.extend(thumbnail);
        jpeg.extend(scan);
        assert!(!jpeg_has_end(&jpeg));
        jpeg.extend([0xFF, 0xD9]);
        assert!(jpeg_has_end(&jpeg));
        assert!(!jpeg_has_end(&[]));
        assert!(!jpeg_has_end(&[0xFF, 0xE1]));
        assert!(!jpeg_has_end(&[0xFF, 0xE1, 0xFF, 0xFF]));
    }

    #[test]
    fn webp_chunks_may_not_lead_beyond_the_end() {
        let mut webp = *b"RIFF\x12\0\0\0WEBPVP8 \x05\0\0\0abcde\0";
        assert!(webp_chunks_fit(&webp));
        assert!(!webp_chunks_fit(&webp[..25]));
        for chunk_length in [7, 0xFF] {
            webp[16] = chunk_length;
            assert!(!webp_chunks_fit(&webp), "{chunk_length}");
        }
        assert!(webp_chunks_fit(b"RIFF\x11\0\0\0WEBPVP8 \x05\0\0\0abcde"));
        assert!(!webp_chunks_fit(b"RIFF"));
        assert!(!webp_chunks_fit(b"RIFF\x06\0\0\0WEBPVP"));
    }
}
