//! Sequential files whose scans hold some of the components: each scan as a file of its own.

use libjpeg_turbo_rs::FrameHeader;

use super::segments::{END_OF_IMAGE, START_OF_IMAGE, START_OF_SCAN, Segment, segments};

/// A scan as a JPEG file that has its components only.
#[derive(Debug)]
pub(super) struct Scan {
    /// Places of the components in the whole file's frame.
    pub components: Vec<usize>,
    /// The file.
    pub jpeg: Vec<u8>,
}

/// A component as the frame describes it (ITU-T T.81, B.2.2).
#[derive(Clone, Copy)]
struct Component {
    id: u8,
    horizontal: u8,
    vertical: u8,
    table: u8,
}

/// The scans of a sequential file in which one has several components but not all; none for any other file.
///
/// A component that comes twice ends the search, since libjpeg refuses it too.
pub(super) fn split(bytes: &[u8], header: &FrameHeader) -> Vec<Scan> {
    let is_partial = |segment: Segment<'_>| {
        let count = segment.body.first().map_or(0, |&count| usize::from(count));
        segment.marker == START_OF_SCAN && count > 1 && count < header.components.len()
    };
    // nearly every file has all components in its first scan
    let is_whole = |first: Segment<'_>| {
        first
            .body
            .first()
            .is_some_and(|&count| usize::from(count) >= header.components.len())
    };
    let first = segments(bytes).find(|segment| segment.marker == START_OF_SCAN);
    if header.is_progressive || header.is_lossless || first.is_none_or(is_whole) || !segments(bytes).any(is_partial) {
        return Vec::new();
    }
    let components: Vec<Component> = header
        .components
        .iter()
        .map(|component| Component {
            id: component.id,
            horizontal: component.horizontal_sampling,
            vertical: component.vertical_sampling,
            table: component.quant_table_index,
        })
        .collect();
    let mut frame = None;
    let mut tables = Vec::new();
    let mut scans: Vec<Scan> = Vec::new();
    for segment in segments(bytes) {
        match segment.marker {
            0xC0 | 0xC1 | 0xC9 => frame = Some(segment),
            // tables of quantisation, of Huffman and arithmetic codes, and the restart interval
            0xDB | 0xC4 | 0xCC | 0xDD => push(&mut tables, segment.marker, segment.body),
            START_OF_SCAN => {
                let Some(frame) = frame else { return Vec::new() };
                let Some(scan) = extract(segment, frame, &components, &tables) else {
                    return Vec::new();
                };
                scans.push(scan);
            }
            _ => {}
        }
    }
    let mut found: Vec<usize> = scans.iter().flat_map(|scan| scan.components.iter().copied()).collect();
    found.sort_unstable();
    if found.into_iter().eq(0..components.len()) {
        scans
    } else {
        Vec::new()
    }
}

/// One scan as a file; none where its header makes no sense.
fn extract(scan: Segment<'_>, frame: Segment<'_>, all: &[Component], tables: &[u8]) -> Option<Scan> {
    let (&count, selectors) = scan.body.split_first()?;
    let selectors = selectors.get(..usize::from(count) * 2)?.as_chunks::<2>().0;
    let places: Vec<usize> = selectors
        .iter()
        .map(|[id, _]| all.iter().position(|component| component.id == *id))
        .collect::<Option<_>>()?;
    let mut chosen: Vec<Component> = places
        .iter()
        .map(|&place| all.get(place).copied())
        .collect::<Option<_>>()?;
    let most = |factor: fn(&Component) -> u8, of: &[Component]| of.iter().map(factor).max().unwrap_or(1).max(1);
    let shrink = |side: u16, own: u8, whole: u8| -> Option<u16> {
        u16::try_from((u32::from(side) * u32::from(own)).div_ceil(u32::from(whole))).ok()
    };
    let [precision, height, height_low, width, width_low, ..] = *frame.body else {
        return None;
    };
    let (own_across, own_down) = (most(|c| c.horizontal, &chosen), most(|c| c.vertical, &chosen));
    let width = shrink(
        u16::from_be_bytes([width, width_low]),
        own_across,
        most(|c| c.horizontal, all),
    )?;
    let height = shrink(
        u16::from_be_bytes([height, height_low]),
        own_down,
        most(|c| c.vertical, all),
    )?;
    if let [only] = &mut chosen[..] {
        // a scan of one component goes block by block, whatever its factors are
        (only.horizontal, only.vertical) = (1, 1);
    }
    let mut body = vec![precision];
    body.extend(height.to_be_bytes());
    body.extend(width.to_be_bytes());
    body.push(count);
    for component in chosen {
        let factors = component.horizontal << 4 | component.vertical;
        body.extend([component.id, factors, component.table]);
    }

    // the pixels of this scan end where the next segment begins
    let next = segments(scan.after).next()?;
    let segment_len = match next.marker {
        END_OF_IMAGE => 2,
        _ => 4 + next.body.len(),
    };
    let pixels = scan.after.len().checked_sub(next.after.len() + segment_len)?;

    let mut jpeg = vec![0xFF, START_OF_IMAGE];
    jpeg.extend(tables);
    push(&mut jpeg, frame.marker, &body);
    push(&mut jpeg, START_OF_SCAN, scan.body);
    jpeg.extend(scan.after.get(..pixels)?);
    jpeg.extend([0xFF, END_OF_IMAGE]);
    Some(Scan {
        components: places,
        jpeg,
    })
}

/// Appends a segment. Its body came from a segment or is shorter than one, so that the length fits.
fn push(jpeg: &mut Vec<u8>, marker: u8, body: &[u8]) {
    let length = u16::try_from(body.len() + 2).unwrap_or(u16::MAX);
    jpeg.extend([0xFF, marker]);
    jpeg.extend(length.to_be_bytes());
    jpeg.extend(body);
}
