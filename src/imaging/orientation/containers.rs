//! Where JPEG, PNG and WebP keep EXIF and XMP.

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::Notes;
use crate::imaging::decode::jpeg::{START_OF_SCAN, segments};
use crate::imaging::xmp::HAS_EXTENDED;

/// Texts longer than this are not notes of a camera.
const MAX_TEXT: usize = 16 << 20;

/// The segments in front of the pixels: all of EXIF, should it be in several, and the last of XMP with what it names as its
/// rest (XMP specification part 3, 1.1.3.1).
pub(super) fn jpeg(bytes: &[u8]) -> Notes {
    const APP1: u8 = 0xE1;
    let mut notes = Notes::default();
    let mut parts: Vec<(&[u8], usize, &[u8])> = Vec::new();
    for segment in segments(bytes).take_while(|segment| segment.marker != START_OF_SCAN) {
        if segment.marker != APP1 {
            continue;
        }
        if let Some(exif) = segment.body.strip_prefix(b"Exif\0\0") {
            notes.exif.get_or_insert_default().extend(exif);
        } else if let Some(xmp) = segment.body.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0") {
            notes.xmp = Some(xmp.to_vec());
        } else if let Some(part) = segment.body.strip_prefix(b"http://ns.adobe.com/xmp/extension/\0")
            && let Some((guid, part)) = part.split_at_checked(32)
            && let Some((_all, part)) = part.split_first_chunk::<4>()
            && let Some((offset, part)) = part.split_first_chunk::<4>()
        {
            parts.push((guid, u32::from_be_bytes(*offset) as usize, part));
        }
    }
    if let Some(xmp) = &mut notes.xmp {
        // of another packet it may be another program's
        parts.retain(|(guid, ..)| names_extended(xmp, guid));
        parts.sort_by_key(|(_, offset, _)| *offset);
        let mut end = 0;
        for (_, offset, part) in parts {
            // a part that is missing, or there twice, ends it
            if offset != end || end + part.len() > MAX_TEXT {
                break;
            }
            xmp.extend(part);
            end += part.len();
        }
    }
    notes
}

/// Whether a packet says that its rest is called so.
fn names_extended(xmp: &[u8], guid: &[u8]) -> bool {
    let behind = HAS_EXTENDED.as_bytes();
    let mut places = xmp.windows(behind.len() + 1 + guid.len() + 1);
    // as an element or as an attribute
    places.any(|place| {
        place.strip_prefix(behind).is_some_and(|rest| {
            let rest = rest.strip_prefix(b"=").unwrap_or(rest);
            rest.get(1..=guid.len()) == Some(guid)
        })
    })
}

/// The chunks of the whole file: eXIf anywhere, else ImageMagick's raw profile; XMP as a text.
pub(super) fn png(bytes: &[u8]) -> Notes {
    let mut notes = Notes::default();
    let mut raw_profile = None;
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let (Some(kind), Some(data)) = (after.get(..4), after.get(4..).and_then(|data| data.get(..length))) else {
            break;
        };
        match kind {
            b"eXIf" => notes.exif = Some(data.to_vec()),
            b"tEXt" | b"zTXt" | b"iTXt" => match text(kind, data) {
                Some((b"Raw profile type exif", text)) => raw_profile = from_hex(&text),
                Some((b"XML:com.adobe.xmp", text)) => notes.xmp = Some(text),
                _ => {}
            },
            _ => {}
        }
        // the data, then its checksum
        rest = after.get(4 + length + 4..).unwrap_or_default();
    }
    notes.exif = notes.exif.or(raw_profile);
    notes
}

/// The keyword of a text chunk and its text (PNG, 11.3.3).
fn text<'a>(kind: &[u8], data: &'a [u8]) -> Option<(&'a [u8], Vec<u8>)> {
    let cut = |bytes: &'a [u8]| -> Option<(&'a [u8], &'a [u8])> {
        let end = bytes.iter().position(|&byte| byte == 0)?;
        Some((bytes.get(..end)?, bytes.get(end + 1..)?))
    };
    let inflate = |bytes| decompress_to_vec_zlib_with_limit(bytes, MAX_TEXT).ok();
    let (keyword, rest) = cut(data)?;
    let text = match (kind, rest) {
        (b"tEXt", text) => text.to_vec(),
        (b"zTXt", [0, packed @ ..]) => inflate(packed)?,
        (b"iTXt", [is_packed, _method, rest @ ..]) => {
            let (_language, rest) = cut(rest)?;
            let (_translated, text) = cut(rest)?;
            if *is_packed == 1 { inflate(text)? } else { text.to_vec() }
        }
        _ => return None,
    };
    Some((keyword, text))
}

/// The bytes of a raw profile: two lines about it, then hexadecimal digits.
fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    // the first line is empty
    let digits: Vec<u8> = text.split(|&byte| byte == b'\n').skip(3).flatten().copied().collect();
    let digits: Vec<u32> = digits
        .into_iter()
        .filter(|digit| !digit.is_ascii_whitespace())
        .map(|digit| char::from(digit).to_digit(16))
        .collect::<Option<_>>()?;
    Some(
        digits
            .as_chunks()
            .0
            .iter()
            .map(|[high, low]| (high * 16 + low) as u8)
            .collect(),
    )
}

/// The chunks of the container (RFC 9649, 2.3), of those that its extended header promises.
pub(super) fn webp(bytes: &[u8]) -> Notes {
    const EXIF: u8 = 0x08;
    const XMP: u8 = 0x04;
    let mut notes = Notes::default();
    let (Some(b"VP8X"), Some(promised)) = (bytes.get(12..16), bytes.get(20)) else {
        return notes;
    };
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let Some((kind, after)) = rest.split_first_chunk::<4>() {
        let Some((length, after)) = after.split_first_chunk::<4>() else {
            break;
        };
        let length = u32::from_le_bytes(*length) as usize;
        let Some(data) = after.get(..length) else { break };
        match kind {
            b"EXIF" if promised & EXIF != 0 => notes.exif = Some(data.to_vec()),
            b"XMP " if promised & XMP != 0 => notes.xmp = Some(data.to_vec()),
            _ => {}
        }
        rest = after.get(length + length % 2..).unwrap_or_default();
    }
    notes
}
