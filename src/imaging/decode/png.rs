//! PNG, row by row, so that 16-bit samples never lie in memory all at once.

use std::io::{Cursor, ErrorKind};

use png::{ColorType, DecodeOptions, DecodingError, Transformations};

use super::{Limits, TOO_SHORT, one_line};
use crate::imaging::memory::zeros;
use crate::imaging::{ImageError, Photo};

const NAME: &str = "PNG";

/// Reads a PNG file; of an animation its default picture.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Photo, ImageError> {
    let fault = |error| fault(limits, error);
    let mut options = DecodeOptions::default();
    // texts and profiles change no pixels, and broken ones are common
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = png::Decoder::new_with_options(Cursor::new(bytes), options);
    decoder.set_limits(png::Limits {
        bytes: usize::try_from(limits.max_bytes).unwrap_or(usize::MAX),
    });
    // palettes to colours, few bits to eight, and sixteen to the high eight
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(fault)?;
    let info = reader.info();
    // the decoder counts on it
    if let Some(palette) = &info.palette
        && (palette.len() % 3 != 0 || palette.len() > 3 * 256)
    {
        return Err(damaged("its palette has a wrong length"));
    }
    let (width, height, is_interlaced) = (info.width, info.height, info.interlaced);
    let channels = match reader.output_color_type().0 {
        ColorType::Grayscale => 1,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgb => 3,
        ColorType::Rgba => 4,
        // the transformations leave none
        ColorType::Indexed => return Err(unsupported("a palette that cannot be expanded")),
    };
    let row_len = width as usize * channels;
    let on_the_way = if is_interlaced {
        row_len as u64 * u64::from(height)
    } else {
        row_len as u64
    };
    let photo_len = limits.check(width, height, on_the_way)?;
    if is_interlaced {
        let mut samples = vec![0; row_len * height as usize];
        reader.next_frame(&mut samples).map_err(fault)?;
        if channels == 3 {
            return Photo::new(width, height, samples);
        }
        let mut rgb = Vec::with_capacity(photo_len);
        push_rgb(&samples, channels, &mut rgb);
        return Photo::new(width, height, rgb);
    }
    if channels == 3 {
        let mut rgb = zeros(photo_len);
        reader.next_frame(&mut rgb).map_err(fault)?;
        return Photo::new(width, height, rgb);
    }
    let mut rgb = Vec::with_capacity(photo_len);
    let mut row = vec![0; row_len];
    for _ in 0..height {
        if reader.read_row(&mut row).map_err(fault)?.is_none() {
            return Err(damaged(TOO_SHORT));
        }
        push_rgb(&row, channels, &mut rgb);
    }
    Photo::new(width, height, rgb)
}

fn push_rgb(samples: &[u8], channels: usize, rgb: &mut Vec<u8>) {
    match channels {
        1 => rgb.extend(samples.iter().flat_map(|&gray| [gray; 3])),
        2 => rgb.extend(samples.as_chunks().0.iter().flat_map(|&[gray, _alpha]| [gray; 3])),
        _ => rgb.extend(
            samples
                .as_chunks()
                .0
                .iter()
                .flat_map(|&[red, green, blue, _alpha]| [red, green, blue]),
        ),
    }
}

fn damaged(reason: &str) -> ImageError {
    ImageError::damaged(NAME, reason)
}

fn unsupported(reason: &str) -> ImageError {
    ImageError::unsupported(NAME, reason)
}

fn fault(limits: &Limits, error: DecodingError) -> ImageError {
    match error {
        DecodingError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof => damaged(TOO_SHORT),
        DecodingError::LimitsExceeded => ImageError::TooMuchMemory {
            format: NAME,
            max_bytes: limits.max_bytes,
        },
        other => damaged(&one_line(&other.to_string())),
    }
}
