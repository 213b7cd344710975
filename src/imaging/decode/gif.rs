//! GIF, the first picture on its screen, as Pillow shows it.

use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, DecodingError, MemoryLimit};

use super::{Limits, TOO_SHORT, one_line};
use crate::imaging::{ImageError, Photo};

const NAME: &str = "GIF";

/// Reads a GIF file; of an animation the first picture.
///
/// The screen grows to hold the picture. What of it the picture does not cover has the transparent colour if there is
/// one, otherwise the first of the palette; the background colour that the file names is not looked at.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Photo, ImageError> {
    let fault = |error| fault(limits, &error);
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.set_memory_limit(NonZeroU64::new(limits.max_bytes).map_or(MemoryLimit::Unlimited, MemoryLimit::Bytes));
    let mut decoder = options.read_info(bytes).map_err(fault)?;
    let screen = [decoder.width(), decoder.height()];
    let Some(frame) = decoder.next_frame_info().map_err(fault)? else {
        return Err(damaged("it holds no picture"));
    };
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let (frame_width, frame_height) = (usize::from(frame.width), usize::from(frame.height));
    let fill = frame.transparent.unwrap_or(0);
    let local = frame.palette.clone();
    let width = usize::from(screen[0]).max(left + frame_width);
    let height = usize::from(screen[1]).max(top + frame_height);
    let on_the_way = (frame_width * frame_height) as u64;
    let photo_len = limits.check(width as u32, height as u32, on_the_way)?;

    let mut indexes = vec![0; frame_width * frame_height];
    if frame_width > 0 && frame_height > 0 {
        decoder.read_into_buffer(&mut indexes).map_err(fault)?;
    }
    let palette = local.as_deref().or(decoder.global_palette()).unwrap_or_default();
    let colors = palette.as_chunks::<3>().0;
    // greys where the palette ends or there is none
    let color = |index: u8| colors.get(usize::from(index)).copied().unwrap_or([index; 3]);
    let mut rgb = Vec::with_capacity(photo_len);
    for y in 0..height {
        let line = y.checked_sub(top).filter(|&y| y < frame_height).and_then(|y| {
            let start = y * frame_width;
            indexes.get(start..start + frame_width)
        });
        match line {
            Some(line) => {
                rgb.extend(std::iter::repeat_n(color(fill), left).flatten());
                rgb.extend(line.iter().flat_map(|&index| color(index)));
                rgb.extend(std::iter::repeat_n(color(fill), width - left - frame_width).flatten());
            }
            None => rgb.extend(std::iter::repeat_n(color(fill), width).flatten()),
        }
    }
    Photo::new(width as u32, height as u32, rgb)
}

fn damaged(reason: &str) -> ImageError {
    ImageError::damaged(NAME, reason)
}

fn fault(limits: &Limits, error: &DecodingError) -> ImageError {
    match error {
        DecodingError::UnexpectedEof => damaged(TOO_SHORT),
        DecodingError::OutOfMemory | DecodingError::MemoryLimit => ImageError::TooMuchMemory {
            format: NAME,
            max_bytes: limits.max_bytes,
        },
        DecodingError::Io(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => damaged(TOO_SHORT),
        _ => damaged(&one_line(&error.to_string())),
    }
}
