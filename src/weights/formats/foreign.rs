//! Other kinds of files that people have weights in, recognised by their first bytes.

use crate::weights::error::WeightsError;

/// An HDF5 file begins like this, unless a user block precedes it.
const HDF5_MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";
/// A zip archive: `.keras`, or what `torch.save` writes since 1.6.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

/// A kind of file that is not safetensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Hdf5,
    Zip,
    Pickle,
}

/// Recognises the kind of a file by its first eight bytes.
///
/// Pickles of protocol 2 to 5 begin with 0x80 and the protocol. A safetensors file can do so too, since it begins with
/// the length of its header; but what a pickle has next would make that larger than a header ever is.
pub(crate) fn kind(start: &[u8]) -> Option<Kind> {
    match *start {
        _ if start.starts_with(HDF5_MAGIC) => Some(Kind::Hdf5),
        _ if start.starts_with(ZIP_MAGIC) => Some(Kind::Zip),
        [0x80, 2..=5, third, fourth, ref rest @ ..]
            if fourth != 0 || third > 0x20 || rest.iter().any(|&byte| byte != 0) =>
        {
            Some(Kind::Pickle)
        }
        _ => None,
    }
}

/// Refuses files that are known not to be safetensors, with the way to convert them.
pub(crate) fn refuse(file: &str, start: &[u8]) -> Result<(), WeightsError> {
    let kind = match kind(start) {
        None => return Ok(()),
        Some(Kind::Pickle) => return Err(WeightsError::Pickle { file: file.to_owned() }),
        Some(Kind::Hdf5) => "an HDF5 file",
        Some(Kind::Zip) => "an archive of Keras or PyTorch",
    };
    Err(WeightsError::NeedsImport {
        file: file.to_owned(),
        kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_pickles_from_headers_of_the_same_length() {
        let check = |start: &[u8], expected| assert_eq!(kind(start), expected, "{start:x?}");
        // torch.save before 1.6, protocol 2: the magic number as a long integer
        check(b"\x80\x02\x8a\x0al\xfc\x9cF", Some(Kind::Pickle));
        check(b"\x80\x02ccollec", Some(Kind::Pickle));
        // protocol 4: a frame and its length
        check(b"\x80\x04\x95\x1d\0\0\0\0", Some(Kind::Pickle));
        check(b"\x80\x02]q\0.", Some(Kind::Pickle));
        // headers of 640 and 66176 bytes
        check(&640_u64.to_le_bytes(), None);
        check(&66_176_u64.to_le_bytes(), None);
        check(&(2_u64 << 20).to_le_bytes(), None);
        check(b"\x89HDF\r\n\x1a\n", Some(Kind::Hdf5));
        check(b"PK\x03\x04\x14\0\0\0", Some(Kind::Zip));
        check(b"", None);
        check(b"text", None);
    }
}
