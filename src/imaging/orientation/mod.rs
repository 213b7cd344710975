//! Which way up a picture is, as Pillow's `ImageOps.exif_transpose` finds it.
//!
//! EXIF says it, in front of the pixels or behind them; where EXIF has no such tag, XMP may. Browsers do not look at XMP:
//! this is the one place where they show a picture another way up than this program and Pillow.

mod containers;

use super::ifd::Ifd;

/// The tag of EXIF and TIFF.
const ORIENTATION: u16 = 274;
/// The tag of TIFF that holds XMP.
const XMP: u16 = 700;

/// What a file says about itself.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// A TIFF file with the tags of EXIF.
    exif: Option<Vec<u8>>,
    /// A text.
    pub(super) xmp: Option<Vec<u8>>,
}

/// What a JPEG, PNG or WebP file says about itself; nothing of any other.
pub(super) fn notes(bytes: &[u8]) -> Notes {
    match bytes {
        [0xFF, 0xD8, ..] => containers::jpeg(bytes),
        [0x89, b'P', b'N', b'G', ..] => containers::png(bytes),
        [b'R', b'I', b'F', b'F', ..] => containers::webp(bytes),
        _ => Notes::default(),
    }
}

/// The orientation of a JPEG, PNG, WebP or TIFF file, from 1, upright, to 8 (TIFF 6.0, section 8).
pub(super) fn orientation(bytes: &[u8]) -> u8 {
    if let [b'I', b'I', ..] | [b'M', b'M', ..] = bytes {
        let xmp = Ifd::first(bytes).and_then(|ifd| ifd.data(XMP));
        return in_exif(bytes).or_else(|| in_xmp(xmp?)).map_or(1, valid);
    }
    let notes = notes(bytes);
    let exif = notes.exif.as_deref().and_then(in_exif);
    exif.or_else(|| in_xmp(notes.xmp.as_deref()?)).map_or(1, valid)
}

/// The tag as a number of any kind that is whole; none where there is no such tag.
fn in_exif(mut exif: &[u8]) -> Option<u8> {
    // JPEG's prefix is kept by some writers of other formats, and by some twice
    for _ in 0..2 {
        exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    }
    let ifd = Ifd::first(exif)?;
    if !ifd.has(ORIENTATION) {
        return None;
    }
    let value = ifd.values(ORIENTATION).and_then(|values| values.first().copied());
    // an angle that is none is there all the same, and ends the search
    Some(
        value
            .filter(|value| (1.0..=8.0).contains(value) && value.fract() == 0.0)
            .map_or(1, |value| value as u8),
    )
}

/// The digit behind `tiff:Orientation="` or `tiff:Orientation>`.
fn in_xmp(xmp: &[u8]) -> Option<u8> {
    const KEY: &[u8] = b"tiff:Orientation";
    let mut rest = xmp;
    while let Some(at) = rest.windows(KEY.len()).position(|window| window == KEY) {
        rest = rest.get(at + KEY.len()..)?;
        let value = rest.strip_prefix(b"=\"").or_else(|| rest.strip_prefix(b">"));
        if let Some(digit @ b'0'..=b'9') = value.and_then(|value| value.first()) {
            return Some(digit - b'0');
        }
    }
    None
}

/// What is no orientation is upright.
fn valid(orientation: u8) -> u8 {
    if (1..=8).contains(&orientation) { orientation } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xmp_is_searched_for_the_first_digit() {
        assert_eq!(in_xmp(b"<x tiff:Orientation=\"6\">"), Some(6));
        assert_eq!(
            in_xmp(b"tiff:Orientation='3' <tiff:Orientation>8</tiff:Orientation>"),
            Some(8)
        );
        assert_eq!(in_xmp(b"tiff:Orientation"), None);
        assert_eq!(in_xmp(b""), None);
    }

    #[test]
    fn an_orientation_of_any_whole_kind_counts_and_a_byte_does_not() {
        let exif = |kind: u8, value: [u8; 4]| {
            let mut bytes = b"Exif\0\0Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01".to_vec();
            bytes.extend([kind, 0, 1, 0, 0, 0]);
            bytes.extend(value);
            bytes
        };
        for (kind, value, expected) in [
            (3, [6, 0, 0, 0], 6),
            (4, [6, 0, 0, 0], 6),
            (6, [6, 0, 0, 0], 6),
            (8, [6, 0, 0, 0], 6),
            (9, [6, 0, 0, 0], 6),
            (11, 6.0_f32.to_le_bytes(), 6),
            (11, 6.5_f32.to_le_bytes(), 1),
            (1, [6, 0, 0, 0], 1),
            (3, [9, 0, 0, 0], 1),
            (9, [0xFF; 4], 1),
        ] {
            assert_eq!(in_exif(&exif(kind, value)), Some(expected), "kind {kind}, {value:?}");
        }
        assert_eq!(in_exif(b"Exif\0\0II*\0\x08\0\0\0\0\0"), None);
    }
}
