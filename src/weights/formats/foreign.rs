//! Other kinds of files that people have weights in, recognised by their first bytes.

use std::path::Path;

use crate::weights::error::WeightsError;

/// An HDF5 file begins like this, unless a user block precedes it.
const HDF5_MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";
/// A zip archive: `.keras`, or what `torch.save` writes since 1.6.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

/// Bytes at the beginning of a file that tell its kind.
pub(crate) const START: u64 = 64;

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

/// What helps where a network was made from one of Keras.
const MADE_FROM: &str = "save the Keras model that it was made from: model.save('model.keras')";

/// Refuses files that are known to hold no weights that can be read, by what they are; `start` are their first bytes.
pub(crate) fn refuse(file: &str, start: &[u8]) -> Result<(), WeightsError> {
    let file = file.to_owned();
    if kind(start) == Some(Kind::Pickle) {
        return Err(WeightsError::Pickle { file });
    }
    let text = String::from_utf8_lossy(start).trim_start().to_lowercase();
    let (kind, advice) = if text.starts_with("version https://git-lfs") {
        (
            "a Git LFS pointer, not the weights themselves",
            "fetch them with: git lfs pull",
        )
    } else if text.starts_with("<!doctype") || text.starts_with("<html") || text.starts_with("<?xml") {
        ("a web page, not the weights themselves", "download the file itself")
    // the version of the format, and then any other field of a model
    } else if matches!(start, [8, 3..=20, 0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42, ..]) {
        ("an ONNX model", MADE_FROM)
    } else if start.get(4..8) == Some(b"TFL3") {
        ("a TensorFlow Lite model", MADE_FROM)
    } else if file.to_lowercase().ends_with(".pb") {
        ("a graph of TensorFlow", MADE_FROM)
    } else {
        return Ok(());
    };
    Err(WeightsError::Foreign { file, kind, advice })
}

/// Refuses a folder by what is in it.
pub(crate) fn folder(path: &Path) -> WeightsError {
    let file = path.display().to_string();
    if path.join("saved_model.pb").exists() {
        return WeightsError::Foreign {
            file,
            kind: "a folder of TensorFlow's SavedModel",
            advice: "save the model as one file: model.save('model.keras')",
        };
    }
    WeightsError::Foreign {
        file,
        kind: "a folder",
        advice: "choose a file of weights in it",
    }
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

    #[test]
    fn networks_of_other_programs_are_refused_by_what_they_are() {
        let refused = |file: &str, start: &[u8]| match refuse(file, start) {
            Err(error) => error.to_string(),
            Ok(()) => panic!("{file} is not refused"),
        };
        // the producer next, or the graph itself
        for field in [0x12, 0x3a] {
            assert!(refused("a.onnx", &[8, 8, field, 7, 9, 9]).contains("is an ONNX model; save the Keras model"));
        }
        assert!(refused("a.tflite", b"\x1c\0\0\0TFL3").contains("is a TensorFlow Lite model"));
        assert!(refused("Graph.PB", b"\x0a\x20\x0a\x05").contains("is a graph of TensorFlow"));
        assert!(refuse("a.safetensors", &[8, 8, 0x7b, 1]).is_ok());
    }
}
