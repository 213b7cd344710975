//! Other kinds of files that people have weights in, recognised by their first bytes.

use super::error::WeightsError;

/// An HDF5 file begins like this, unless a user block precedes it.
pub(super) const HDF5_MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";
/// A zip archive: `.keras`, or what `torch.save` writes since 1.6.
pub(super) const ZIP_MAGIC: &[u8] = b"PK\x03\x04";
/// Pickle protocol 2 to 5 begins with a PROTO instruction and the version.
pub(super) const PICKLE_PROTOCOLS: std::ops::RangeInclusive<u8> = 2..=5;

/// Refuses files that are known not to be safetensors, with the way to convert them.
///
/// Read as the length of a header, all of these beginnings are larger than any header that is accepted.
pub(super) fn refuse(file: &str, start: &[u8]) -> Result<(), WeightsError> {
    let kind = if start.starts_with(HDF5_MAGIC) {
        "an HDF5 file"
    } else if start.starts_with(ZIP_MAGIC) {
        "an archive of Keras or PyTorch"
    } else if is_pickle(start) {
        return Err(WeightsError::Pickle { file: file.to_owned() });
    } else {
        return Ok(());
    };
    Err(WeightsError::NeedsImport {
        file: file.to_owned(),
        kind,
    })
}

/// Whether a file begins as a pickle of protocol 2 or later does.
pub(super) fn is_pickle(start: &[u8]) -> bool {
    matches!(start, [0x80, protocol, ..] if PICKLE_PROTOCOLS.contains(protocol))
}
