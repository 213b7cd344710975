//! WebP, by the `image` crate, which believes more of a header than libwebp does.

use std::borrow::Cow;

use image::ImageFormat;

use super::{Limits, TOO_SHORT, plain};
use crate::imaging::{ImageError, Photo};

const NAME: &str = "WebP";

/// The promises of an extended header (RFC 9649, 2.7.1) that change no pixels, with the chunks that keep them.
const PROMISES: [(u8, &[u8; 4]); 3] = [(0x20, b"ICCP"), (0x08, b"EXIF"), (0x04, b"XMP ")];

/// Reads a WebP file; of an animation the first frame.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Photo, ImageError> {
    let Some(chunks) = chunks(bytes) else {
        return Err(ImageError::Damaged {
            format: NAME,
            reason: TOO_SHORT.to_owned(),
        });
    };
    plain::decode(&without_empty_promises(bytes, &chunks), ImageFormat::WebP, NAME, limits)
}

/// The kinds of all chunks, when the RIFF container and each of its chunks end within the file (RFC 9649, 2.3).
///
/// The decoder zeroes missing data, and takes memory for a chunk before it reads it.
fn chunks(bytes: &[u8]) -> Option<Vec<[u8; 4]>> {
    let length = |header: &[u8]| {
        let bytes = header.get(4..)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    };
    // "WEBP", then the chunks
    let mut rest = bytes.get(8..)?.get(..length(bytes)?)?.get(4..)?;
    let mut kinds = Vec::new();
    while !rest.is_empty() {
        let length = length(rest)?;
        let after = rest.get(8..)?.get(length..)?;
        kinds.push(*rest.first_chunk()?);
        // a chunk of odd length is padded, but the last one's padding is often missing
        rest = after.get(length % 2..).unwrap_or_default();
    }
    Some(kinds)
}

/// The file with promises taken back that none of its chunks keeps: the decoder refuses such files, libwebp reads them.
fn without_empty_promises<'a>(bytes: &'a [u8], chunks: &[[u8; 4]]) -> Cow<'a, [u8]> {
    const FLAGS: usize = 20;
    let Some(&flags) = bytes.get(FLAGS).filter(|_| chunks.first() == Some(b"VP8X")) else {
        return Cow::Borrowed(bytes);
    };
    let empty = PROMISES
        .into_iter()
        .filter(|(_, kind)| !chunks.contains(kind))
        .fold(0, |empty, (flag, _)| empty | flag);
    if flags & empty == 0 {
        return Cow::Borrowed(bytes);
    }
    let mut bytes = bytes.to_vec();
    if let Some(place) = bytes.get_mut(FLAGS) {
        *place = flags & !empty;
    }
    Cow::Owned(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webp_chunks_may_not_lead_beyond_the_end() {
        let mut webp = *b"RIFF\x12\0\0\0WEBPVP8 \x05\0\0\0abcde\0";
        assert_eq!(chunks(&webp), Some(vec![*b"VP8 "]));
        assert_eq!(chunks(&webp[..25]), None);
        for chunk_length in [7, 0xFF] {
            webp[16] = chunk_length;
            assert_eq!(chunks(&webp), None, "{chunk_length}");
        }
        assert!(chunks(b"RIFF\x11\0\0\0WEBPVP8 \x05\0\0\0abcde").is_some());
        assert!(chunks(b"RIFF").is_none());
        assert!(chunks(b"RIFF\x06\0\0\0WEBPVP").is_none());
    }

    #[test]
    fn a_promise_that_no_chunk_keeps_is_taken_back() {
        let webp = |flags: u8, kind: &[u8; 4]| {
            let mut webp = b"RIFF\x18\0\0\0WEBPVP8X\x02\0\0\0".to_vec();
            webp.extend([flags, 0]);
            webp.extend(kind);
            webp.extend([2, 0, 0, 0, 0, 0]);
            webp
        };
        let flags_of = |bytes: &[u8]| without_empty_promises(bytes, &chunks(bytes).unwrap())[20];
        assert_eq!(flags_of(&webp(0x3E, b"EXIF")), 0x1A);
        assert_eq!(flags_of(&webp(0x3E, b"XMP ")), 0x16);
        assert_eq!(flags_of(&webp(0x12, b"VP8 ")), 0x12);
    }
}
