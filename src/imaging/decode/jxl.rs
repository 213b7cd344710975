//! JPEG XL, by `jxl-oxide`.

use jxl_oxide::{AllocTracker, JxlImage, PixelFormat};

use super::{Limits, TOO_SHORT, one_line};
use crate::imaging::memory::zeros;
use crate::imaging::{ImageError, Photo};

const NAME: &str = "JPEG XL";

/// Reads a JPEG XL file; of an animation the first frame. The decoder turns the picture upright itself.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Photo, ImageError> {
    let most = usize::try_from(limits.max_bytes).unwrap_or(usize::MAX);
    let fault = |error: Box<dyn std::error::Error + Send + Sync>| fault(limits, &*error);
    let image = JxlImage::builder()
        .alloc_tracker(AllocTracker::with_limit(most))
        .read(bytes)
        .map_err(fault)?;
    let (width, height) = (image.width(), image.height());
    let channels = match image.pixel_format() {
        PixelFormat::Gray | PixelFormat::Graya => 1,
        PixelFormat::Rgb | PixelFormat::Rgba => 3,
        PixelFormat::Cmyk | PixelFormat::Cmyka => {
            return Err(ImageError::Unsupported {
                format: NAME,
                reason: "inks".to_owned(),
            });
        }
    };
    // floating-point samples on the way
    let on_the_way = u64::from(width) * u64::from(height) * channels as u64 * 4;
    let photo_len = limits.check(width, height, on_the_way)?;
    if !image.is_loading_done() {
        return Err(damaged(TOO_SHORT));
    }
    let render = image.render_frame(0).map_err(fault)?;
    let mut stream = render.stream_no_alpha();
    if (stream.width(), stream.height(), stream.channels() as usize) != (width, height, channels) {
        return Err(damaged("its first frame has another size"));
    }
    let mut samples = zeros(photo_len / 3 * channels);
    stream.write_to_buffer::<u8>(&mut samples);
    if channels == 1 {
        samples = samples.into_iter().flat_map(|gray| [gray; 3]).collect();
    }
    Photo::new(width, height, samples)
}

fn damaged(reason: &str) -> ImageError {
    ImageError::damaged(NAME, reason)
}

fn fault(limits: &Limits, error: &(dyn std::error::Error + 'static)) -> ImageError {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let reason = error.to_string();
        // no kinds of errors are told apart by types
        if reason.contains("allocation") || reason.contains("out of memory") {
            return ImageError::TooMuchMemory {
                format: NAME,
                max_bytes: limits.max_bytes,
            };
        }
        cause = error.source();
    }
    damaged(&one_line(&error.to_string()))
}
