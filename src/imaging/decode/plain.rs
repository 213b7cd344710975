//! Formats that the `image` crate reads as Pillow does.

use std::io::{Cursor, ErrorKind};

use image::{ImageDecoder, ImageFormat, ImageReader};

use super::samples::rgb_from_samples;
use super::{Limits, TOO_SHORT, one_line};
use crate::imaging::{ImageError, Photo};

/// Reads a file of this format.
pub(super) fn decode(
    bytes: &[u8],
    format: ImageFormat,
    name: &'static str,
    limits: &Limits,
) -> Result<Photo, ImageError> {
    let fault = |error| fault(name, limits, &error);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut decoder_limits = image::Limits::default();
    decoder_limits.max_alloc = Some(limits.max_bytes);
    reader.limits(decoder_limits);
    let decoder = reader.into_decoder().map_err(fault)?;
    let (width, height) = decoder.dimensions();
    let samples_len = decoder.total_bytes();
    limits.check(width, height, samples_len)?;
    let color = decoder.color_type();
    // the check above has it within the limits
    let mut samples = vec![0; usize::try_from(samples_len).unwrap_or(0)];
    decoder.read_image(&mut samples).map_err(fault)?;
    Photo::new(width, height, rgb_from_samples(samples, color))
}

fn fault(format: &'static str, limits: &Limits, error: &image::ImageError) -> ImageError {
    let reason = one_line(&error.to_string());
    match error {
        image::ImageError::Unsupported(_) => ImageError::Unsupported { format, reason },
        image::ImageError::Limits(_) => ImageError::TooMuchMemory {
            format,
            max_bytes: limits.max_bytes,
        },
        image::ImageError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof => ImageError::Damaged {
            format,
            reason: TOO_SHORT.to_owned(),
        },
        _ => ImageError::Damaged { format, reason },
    }
}
