//! The segments of a JPEG file (ITU-T T.81, B.1.1).

use memchr::memchr_iter;

/// Start of a scan: its pixels follow the segment.
pub(in crate::imaging) const START_OF_SCAN: u8 = 0xDA;
/// Start of an image; no segment follows.
pub(super) const START_OF_IMAGE: u8 = 0xD8;
/// End of the image; no segment follows.
pub(super) const END_OF_IMAGE: u8 = 0xD9;

/// A marker and what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imaging) struct Segment<'a> {
    /// The second byte of the marker.
    pub marker: u8,
    /// What follows the length; empty for the end of the image.
    pub body: &'a [u8],
    /// What follows the segment: in a scan, its pixels and all else.
    pub after: &'a [u8],
}

/// All segments up to the end of the image, that included, or up to where the bytes end.
///
/// In a scan, 0xFF is followed by 0, by a restart marker or by a fill byte; whatever else lies between segments is
/// skipped. A segment that is longer than the bytes ends them.
pub(in crate::imaging) fn segments(bytes: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    let is_none = |second: u8| matches!(second, 0 | 1 | 0xFF | 0xD0..=0xD7 | START_OF_IMAGE);
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let mut firsts = memchr_iter(0xFF, rest);
        let at = firsts.find(|at| rest.get(at + 1).is_some_and(|&second| !is_none(second)))?;
        let (marker, after) = rest.get(at + 1..)?.split_first()?;
        let marker = *marker;
        if marker == END_OF_IMAGE {
            rest = &[];
            return Some(Segment {
                marker,
                body: &[],
                after,
            });
        }
        let length = usize::from(u16::from_be_bytes(*after.first_chunk()?));
        let body = after.get(2..length)?;
        let after = after.get(length..)?;
        rest = after;
        Some(Segment { marker, body, after })
    })
}

/// Whether an end marker follows the scans: decoders fill missing rows with grey.
///
/// The thumbnail in an EXIF segment has an end marker too.
pub(super) fn has_end(bytes: &[u8]) -> bool {
    segments(bytes).any(|segment| segment.marker == END_OF_IMAGE)
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
        assert!(!has_end(&jpeg));
        jpeg.extend([0xFF, 0xD9]);
        assert!(has_end(&jpeg));
        let found: Vec<(u8, usize)> = segments(&jpeg).map(|s| (s.marker, s.body.len())).collect();
        assert_eq!(found, [(0xE1, 4), (0xDA, 1), (0xD9, 0)]);
        assert!(!has_end(&[]));
        assert!(!has_end(&[0xFF, 0xE1]));
        assert!(!has_end(&[0xFF, 0xE1, 0xFF, 0xFF]));
        assert!(!has_end(&[0xFF, 0xE1, 0, 0, 0xFF, 0xD9]), "a length that is none");
    }
}
