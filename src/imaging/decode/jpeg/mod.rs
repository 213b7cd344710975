//! JPEG, bit for bit as libjpeg-turbo decodes it, with which Pillow and so Keras reads.
//!
//! `libjpeg-turbo-rs` does the work. Three rare kinds of files it hands out right as planes of samples only: sequential
//! ones whose scans hold some of the components ([`scans`]), those with a component finer than the first, and inks of
//! unequal fineness; [`planes`] makes pixels of them as libjpeg does.

mod planes;
mod scans;
mod segments;

use libjpeg_turbo_rs::{DecodeLimits, Decoder, JpegError, PixelFormat, ScalingFactor};

pub(in crate::imaging) use segments::{START_OF_SCAN, segments};

use super::samples::rgb_from_cmyk;
use super::{Limits, TOO_SHORT, one_line};
use crate::imaging::memory::zeros;
use crate::imaging::{ImageError, Photo};

const NAME: &str = "JPEG";
/// Scans of one picture; encoders write up to a dozen. More are there to keep a decoder busy.
const MAX_SCANS: usize = 500;

/// Reads a JPEG file.
///
/// Four components are ink, inverted, as Pillow takes them whatever the file says.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Photo, ImageError> {
    if !segments::has_end(bytes) {
        return Err(damaged(TOO_SHORT));
    }
    let fault = |error| fault(limits, error);
    let mut decoder = open(bytes, limits).map_err(fault)?;
    let header = decoder.header();
    if header.precision != 8 {
        return Err(unsupported(&format!("samples of {} bits", header.precision)));
    }
    let (width, height) = (u32::from(header.width), u32::from(header.height));
    let components = header.components.len();
    if height == 0 {
        return Err(unsupported("its height follows its pixels"));
    }
    let photo_len = limits.check(width, height, 0)?;
    if !matches!(components, 1 | 3 | 4) {
        return Err(unsupported(&format!("{components} components")));
    }
    let scans = scans::split(bytes, header);
    if !scans.is_empty() {
        return planes::decode_scans(&scans, &decoder, limits);
    }
    if planes::are_needed(header) {
        return planes::decode(bytes, &decoder, limits);
    }
    if components == 4 {
        limits.check(width, height, u64::from(width) * u64::from(height) * 4)?;
        decoder.set_output_format(PixelFormat::Cmyk);
        let inks = decoder.decode_image().map_err(fault)?.data;
        // stored inverted, as Adobe's programs do and Pillow takes for granted
        let rgb = inks
            .as_chunks()
            .0
            .iter()
            .flat_map(|ink: &[u8; 4]| rgb_from_cmyk(ink.map(|ink| 255 - ink)))
            .collect();
        return Photo::new(width, height, rgb);
    }
    decoder.set_output_format(PixelFormat::Rgb);
    let mut rgb = zeros(photo_len);
    let written = decoder.decode_image_into(&mut rgb).map_err(fault)?;
    if written.bytes_written != photo_len {
        return Err(unsupported("pixels of an unusual kind"));
    }
    Photo::new(width, height, rgb)
}

/// A JPEG file at a half, a quarter or an eighth of its size, its longer side `side` pixels at least, and its own size.
pub(super) fn small(bytes: &[u8], side: u32, limits: &Limits) -> Option<(Photo, [u32; 2])> {
    if !segments::has_end(bytes) {
        return None;
    }
    let mut decoder = open(bytes, limits).ok()?;
    let header = decoder.header();
    let (width, height) = (u32::from(header.width), u32::from(header.height));
    let is_plain = header.precision == 8 && matches!(header.components.len(), 1 | 3);
    if !is_plain || !scans::split(bytes, header).is_empty() || planes::are_needed(header) {
        return None;
    }
    limits.check(width, height, 0).ok()?;
    let part = [8, 4, 2].into_iter().find(|part| width.max(height) / part >= side)?;
    decoder.set_scale(ScalingFactor::try_new(1, part).ok()?);
    decoder.set_output_format(PixelFormat::Rgb);
    let picture = decoder.decode_image().ok()?;
    let sides = [picture.width, picture.height].map(|side| u32::try_from(side).unwrap_or(0));
    Some((Photo::new(sides[0], sides[1], picture.data).ok()?, [width, height]))
}

/// The samples of a picture inside of another format, `components` bytes a pixel and converted to RGB if it says that it
/// is YCbCr; with its width and height.
pub(super) fn decode_samples(bytes: &[u8], limits: &Limits) -> Result<(usize, usize, usize, Vec<u8>), ImageError> {
    let fault = |error| fault(limits, error);
    let mut decoder = open(bytes, limits).map_err(fault)?;
    let header = decoder.header();
    if header.precision != 8 {
        return Err(unsupported(&format!("samples of {} bits", header.precision)));
    }
    let (width, height) = header.dimensions();
    let components = header.components.len();
    let format = match components {
        1 => PixelFormat::Grayscale,
        3 => PixelFormat::Rgb,
        4 => PixelFormat::Cmyk,
        _ => return Err(unsupported(&format!("{components} components"))),
    };
    limits.check(u32::from(header.width), u32::from(header.height), 0)?;
    decoder.set_output_format(format);
    let samples = decoder.decode_image().map_err(fault)?.data;
    if samples.len() != width * height * components {
        return Err(unsupported("pixels of an unusual kind"));
    }
    Ok((width, height, components, samples))
}

/// Reads the headers; nothing is taken for the pixels yet.
fn open<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Decoder<'a>, JpegError> {
    let limits = DecodeLimits {
        max_width: usize::from(u16::MAX),
        max_height: usize::from(u16::MAX),
        max_pixels: limits.max_pixels,
        max_scans: MAX_SCANS,
        max_memory: Some(limits.max_bytes),
    };
    let mut decoder = Decoder::new_with_limits(bytes, limits)?;
    // libjpeg's default, for progressive files that lack their last scans
    decoder.set_block_smoothing(true);
    Ok(decoder)
}

fn damaged(reason: &str) -> ImageError {
    ImageError::damaged(NAME, reason)
}

fn unsupported(reason: &str) -> ImageError {
    ImageError::unsupported(NAME, reason)
}

fn fault(limits: &Limits, error: JpegError) -> ImageError {
    match error {
        JpegError::Unsupported(reason) => unsupported(&one_line(&reason)),
        JpegError::LimitExceeded { what, .. } if what.contains("scan") => {
            unsupported(&format!("more than {MAX_SCANS} scans"))
        }
        JpegError::LimitExceeded { .. } | JpegError::AllocationFailed { .. } => ImageError::TooMuchMemory {
            format: NAME,
            max_bytes: limits.max_bytes,
        },
        JpegError::UnexpectedEof => damaged(TOO_SHORT),
        JpegError::CorruptData(reason) => damaged(&one_line(&reason)),
        other => damaged(&one_line(&other.to_string())),
    }
}
