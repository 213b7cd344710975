//! What can be wrong with a picture.

use thiserror::Error;

/// Why a picture cannot be read or written.
///
/// Each message is a sentence without the name of the file: whoever opened the file puts it in
/// front.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ImageError {
    /// There are no bytes.
    #[error("the file is empty; choose another image")]
    Empty,
    /// The bytes do not begin like any image that can be read.
    #[error("this is not an image that can be read; use PNG, JPEG, WebP, GIF, BMP, TIFF, JPEG XL, PNM or QOI")]
    UnknownFormat,
    /// A known kind of image that cannot be read.
    #[error("this kind of {format} image cannot be read ({reason}); convert it to PNG")]
    Unsupported {
        /// Name of the format, as [`source_format`](super::source_format) gives it.
        format: &'static str,
        /// What is not supported.
        reason: String,
    },
    /// A format that is known by its name only.
    #[error("{format} images cannot be read; make a PNG or JPEG of it, with {converter}")]
    Foreign {
        /// Name of the format.
        format: &'static str,
        /// What converts it.
        converter: &'static str,
    },
    /// The bytes begin like an image but break its rules or end too early.
    #[error("the {format} image is damaged ({reason}); copy or export it again")]
    Damaged {
        /// Name of the format.
        format: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// More pixels than [`Limits::max_pixels`](super::Limits::max_pixels).
    #[error("the image has {width} x {height} pixels, more than the limit of {max_pixels}; scale it down first")]
    TooManyPixels {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
        /// The limit.
        max_pixels: u64,
    },
    /// More memory than [`Limits::max_bytes`](super::Limits::max_bytes).
    #[error(
        "the image of {width} x {height} pixels needs more memory than the limit of {max_bytes} bytes; scale it down first"
    )]
    TooManyBytes {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
        /// The limit.
        max_bytes: u64,
    },
    /// A decoder asked for more memory on its way than
    /// [`Limits::max_bytes`](super::Limits::max_bytes).
    #[error(
        "reading the {format} image needs more memory than the limit of {max_bytes} bytes; scale it down or export it again"
    )]
    TooMuchMemory {
        /// Name of the format.
        format: &'static str,
        /// The limit.
        max_bytes: u64,
    },
    /// One of the sides is zero.
    #[error("the image has no pixels; choose another image")]
    NoPixels,
    /// Pixels that do not fit their stated size.
    #[error("{width} x {height} pixels need {expected} bytes but {found} were given; copy the image again")]
    WrongLength {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
        /// Bytes that the size needs.
        expected: u64,
        /// Bytes given.
        found: usize,
    },
    /// A picture could not be written.
    #[error("the picture cannot be written as {format} ({reason}); choose another format or a smaller picture")]
    Encoding {
        /// Name of the format.
        format: &'static str,
        /// What the encoder says.
        reason: String,
    },
}

impl ImageError {
    /// An image of this format that breaks its rules.
    pub(super) fn damaged(format: &'static str, reason: &str) -> Self {
        Self::Damaged {
            format,
            reason: reason.to_owned(),
        }
    }

    /// An image of a rare kind of this format.
    pub(super) fn unsupported(format: &'static str, reason: &str) -> Self {
        Self::Unsupported {
            format,
            reason: reason.to_owned(),
        }
    }
}
