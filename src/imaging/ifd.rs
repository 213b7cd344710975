//! The tags of a TIFF file, which are those of EXIF too: TIFF 6.0, section 2, and BigTIFF.

/// A directory of tags.
#[derive(Debug)]
pub(super) struct Ifd<'a> {
    bytes: &'a [u8],
    order: Order,
    entries: Vec<Entry<'a>>,
    /// Tags whose values lie beyond the end.
    cut: Vec<u16>,
    /// Whether the table itself goes beyond the end.
    is_cut: bool,
}

/// Which end of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

#[derive(Debug)]
struct Entry<'a> {
    tag: u16,
    kind: u16,
    data: &'a [u8],
}

impl Order {
    /// An unsigned number of up to 8 bytes.
    pub fn number(self, bytes: &[u8]) -> u64 {
        let shift = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        match self {
            Self::Little => bytes.iter().rev().fold(0, shift),
            Self::Big => bytes.iter().fold(0, shift),
        }
    }
}

/// Bytes of a value of each kind, from 1 on; 0 for what is no kind.
const WIDTHS: [usize; 19] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

impl<'a> Ifd<'a> {
    /// The first directory; none where `bytes` do not begin like a TIFF file.
    ///
    /// What lies beyond the end is left out, as is every entry of an unknown kind.
    pub fn first(bytes: &'a [u8]) -> Option<Self> {
        let order = match bytes.get(..2)? {
            b"II" => Order::Little,
            b"MM" => Order::Big,
            _ => return None,
        };
        // Pillow takes the magic number in either order
        let is_big = match bytes.get(2..4)? {
            [42, 0] | [0, 42] => false,
            [43, 0] | [0, 43] => true,
            _ => return None,
        };
        let number = |at: usize, width: usize| -> Option<usize> {
            let field = bytes.get(at..at.checked_add(width)?)?;
            usize::try_from(order.number(field)).ok()
        };
        let (word, count_width, entry_len) = if is_big { (8, 8, 20) } else { (4, 2, 12) };
        let start = number(word, word)?;
        let count = number(start, count_width)?;
        let table = bytes.get(start.checked_add(count_width)?..)?;
        let is_cut = table.len() / entry_len < count;
        let mut entries = Vec::new();
        let mut cut = Vec::new();
        for entry in table.chunks_exact(entry_len).take(count) {
            let tag = order.number(entry.get(..2)?) as u16;
            let kind = order.number(entry.get(2..4)?) as u16;
            let value = entry.get(4 + word..)?;
            let values = usize::try_from(order.number(entry.get(4..4 + word)?)).ok();
            let width = WIDTHS.get(usize::from(kind)).copied().unwrap_or(0);
            let Some(len) = values
                .and_then(|values| values.checked_mul(width))
                .filter(|&len| len > 0)
            else {
                continue;
            };
            let data = match value.get(..len) {
                Some(data) => Some(data),
                None => usize::try_from(order.number(value))
                    .ok()
                    .and_then(|at| bytes.get(at..at.checked_add(len)?)),
            };
            match data {
                Some(data) => entries.push(Entry { tag, kind, data }),
                None => cut.push(tag),
            }
        }
        Some(Self {
            bytes,
            order,
            entries,
            cut,
            is_cut,
        })
    }

    /// Which end of a number comes first.
    pub fn order(&self) -> Order {
        self.order
    }

    /// The whole file.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether none of these tags is lost beyond the end.
    pub fn is_whole(&self, tags: &[u16]) -> bool {
        !self.is_cut && !self.cut.iter().any(|tag| tags.contains(tag))
    }

    /// Whether the tag is there and can be read.
    pub fn has(&self, tag: u16) -> bool {
        self.entry(tag).is_some()
    }

    /// The bytes of a tag.
    pub fn data(&self, tag: u16) -> Option<&'a [u8]> {
        self.entry(tag).map(|entry| entry.data)
    }

    /// The unsigned numbers of a tag; none for texts, fractions and negative numbers.
    pub fn numbers(&self, tag: u16) -> Option<Vec<u64>> {
        let entry = self.entry(tag)?;
        let width = match entry.kind {
            1 | 3 | 4 | 7 | 13 | 16 | 18 => WIDTHS.get(usize::from(entry.kind)).copied()?,
            _ => return None,
        };
        Some(
            entry
                .data
                .chunks_exact(width)
                .map(|field| self.order.number(field))
                .collect(),
        )
    }

    /// The first of the unsigned numbers of a tag.
    pub fn number(&self, tag: u16) -> Option<u64> {
        self.numbers(tag)?.first().copied()
    }

    /// The numbers of a tag of any kind but text; fractions are divided out.
    pub fn values(&self, tag: u16) -> Option<Vec<f64>> {
        let entry = self.entry(tag)?;
        let order = self.order;
        let signed = |field: &[u8]| {
            let unused = 64 - 8 * field.len() as u32;
            ((order.number(field) << unused) as i64 >> unused) as f64
        };
        let value = |field: &[u8]| match entry.kind {
            6 | 8 | 9 | 17 => signed(field),
            5 => order.number(&field[..4]) as f64 / order.number(&field[4..]) as f64,
            10 => signed(&field[..4]) / signed(&field[4..]),
            11 => f64::from(f32::from_bits(order.number(field) as u32)),
            12 => f64::from_bits(order.number(field)),
            _ => order.number(field) as f64,
        };
        // texts, and bytes, which Pillow does not take for numbers
        let width = WIDTHS.get(usize::from(entry.kind)).copied()?;
        if matches!(entry.kind, 1 | 2 | 7) {
            return None;
        }
        Some(entry.data.chunks_exact(width).map(value).collect())
    }

    /// Of a tag that comes twice the last counts.
    fn entry(&self, tag: u16) -> Option<&Entry<'a>> {
        self.entries.iter().rev().find(|entry| entry.tag == tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A little-endian file whose directory has these entries: tag, kind, count, value.
    fn file(entries: &[(u16, u16, u32, [u8; 4])]) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        bytes.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, count, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value);
        }
        bytes
    }

    #[test]
    fn tags_of_all_kinds_are_read() {
        let bytes = file(&[
            (1, 3, 2, [1, 0, 2, 0]),
            (2, 9, 1, [0xFF; 4]),
            (3, 11, 1, 1.5_f32.to_le_bytes()),
            (4, 5, 1, [0, 0, 0, 0]),
            (5, 99, 1, [0; 4]),
            (6, 4, u32::MAX, [0; 4]),
            (7, 3, 1, [9, 0, 0, 0]),
            (7, 3, 1, [8, 0, 0, 0]),
        ]);
        let ifd = Ifd::first(&bytes).unwrap();
        assert_eq!(ifd.numbers(1), Some(vec![1, 2]));
        assert_eq!((ifd.numbers(2), ifd.values(2)), (None, Some(vec![-1.0])));
        assert_eq!(ifd.values(3), Some(vec![1.5]));
        // a fraction outside, at the start of the file
        assert_eq!(ifd.values(4), Some(vec![f64::from(0x002A_4949) / 8.0]));
        assert!(!ifd.has(5) && !ifd.has(6));
        assert!(ifd.is_whole(&[1, 5]) && !ifd.is_whole(&[6]));
        assert_eq!(ifd.number(7), Some(8), "the last one counts");
    }

    #[test]
    fn cut_directories_are_read_as_far_as_they_go() {
        let bytes = file(&[(1, 3, 1, [1, 0, 0, 0]), (2, 3, 1, [2, 0, 0, 0])]);
        let ifd = Ifd::first(&bytes[..bytes.len() - 1]).unwrap();
        assert!(ifd.has(1) && !ifd.has(2) && !ifd.is_whole(&[]));
        for length in 0..bytes.len() {
            let _ = Ifd::first(&bytes[..length]);
        }
        assert!(Ifd::first(b"Exif").is_none());
    }
}
