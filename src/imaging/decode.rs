//! Image files to pixels.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};

use super::whole::is_whole;
use super::{ImageError, Photo};

/// What is wrong with a file that is cut off.
const TOO_SHORT: &str = "it ends too early";

/// What a decoder may use at most; checked before memory is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Pixels of the image.
    pub max_pixels: u64,
    /// Bytes for the decoded samples and the [`Photo`] together.
    pub max_bytes: u64,
}

impl Default for Limits {
    /// 200 megapixels and 2 GiB.
    fn default() -> Self {
        Self {
            max_pixels: 200_000_000,
            max_bytes: 2 << 30,
        }
    }
}

/// Reads an image file into an upright photo.
///
/// The format is taken from the content.
/// Of an animation the first frame is read.
/// The EXIF orientation is applied.
/// Colours stay as stored (no colour profile is applied) and become RGB as with Pillow's
/// `convert("RGB")`: grey becomes three equal channels and alpha is dropped, not blended.
/// Of a 16-bit sample the high byte is kept, which is what Pillow does with 16-bit colour, so
/// that the network sees the same pixels (16-bit grey, which Pillow clips at 255, likewise).
/// Floating-point samples are taken as 0..1 and clamped.
/// Lossless files and WebP give Pillow's pixels exactly; JPEG with halved chroma differs from
/// libjpeg by up to 4 levels (0.2 on average), because decoders round and enlarge chroma
/// differently.
///
/// # Errors
/// An [`ImageError`] that says what is wrong with `bytes`, or which limit they exceed.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Photo, ImageError> {
    if bytes.is_empty() {
        return Err(ImageError::Empty);
    }
    let Ok(format) = image::guess_format(bytes) else {
        return Err(if is_heic(bytes) {
            ImageError::Unsupported {
                format: HEIC,
                reason: "no decoder".to_owned(),
            }
        } else {
            ImageError::UnknownFormat
        });
    };
    let name = format_name(format);
    if !is_whole(bytes, format) {
        return Err(ImageError::Damaged {
            format: name,
            reason: TOO_SHORT.to_owned(),
        });
    }
    let fault = |error| fault(name, limits, error);

    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut decoder_limits = image::Limits::default();
    decoder_limits.max_alloc = Some(limits.max_bytes);
    reader.limits(decoder_limits);
    let mut decoder = reader.into_decoder().map_err(fault)?;

    let (width, height) = decoder.dimensions();
    let samples_len = check_size(&decoder, limits)?;
    let orientation = orientation(&mut decoder).map_err(fault)?;
    let color = decoder.color_type();
    let mut samples = vec![0; samples_len];
    decoder.read_image(&mut samples).map_err(fault)?;
    let rgb = rgb_from_samples(samples, color);
    upright(Photo::new(width, height, rgb)?, orientation)
}

/// The name of the format that `bytes` begin with, whether [`decode`] can read it or not.
#[must_use]
pub fn source_format(bytes: &[u8]) -> Option<&'static str> {
    match image::guess_format(bytes) {
        Ok(format) => Some(format_name(format)),
        Err(_) => is_heic(bytes).then_some(HEIC),
    }
}

const HEIC: &str = "HEIC";

/// Whether this is what phones make by default (ISO/IEC 23008-12), which is worth its own message.
fn is_heic(bytes: &[u8]) -> bool {
    let brand = bytes.get(4..12).and_then(|kind| kind.strip_prefix(b"ftyp"));
    matches!(brand, Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"mif1"))
}

fn format_name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Gif => "GIF",
        ImageFormat::WebP => "WebP",
        ImageFormat::Pnm => "PNM",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Qoi => "QOI",
        ImageFormat::Avif => "AVIF",
        ImageFormat::Dds => "DDS",
        ImageFormat::Farbfeld => "farbfeld",
        ImageFormat::Hdr => "Radiance HDR",
        ImageFormat::Ico => "ICO",
        ImageFormat::OpenExr => "OpenEXR",
        ImageFormat::Tga => "TGA",
        _ => "other",
    }
}

/// Bytes of the decoded samples, when they and the photo stay within the limits.
fn check_size(decoder: &impl ImageDecoder, limits: &Limits) -> Result<usize, ImageError> {
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(ImageError::NoPixels);
    }
    let max_pixels = limits.max_pixels;
    if pixels > max_pixels {
        return Err(ImageError::TooManyPixels {
            width,
            height,
            max_pixels,
        });
    }
    let samples = decoder.total_bytes();
    let needed = samples.saturating_add(pixels.saturating_mul(3));
    usize::try_from(samples)
        .ok()
        .filter(|_| needed <= limits.max_bytes)
        .ok_or(ImageError::TooManyBytes {
            width,
            height,
            max_bytes: limits.max_bytes,
        })
}

/// The orientation in the file; upright where it says nothing.
fn orientation(decoder: &mut impl ImageDecoder) -> image::ImageResult<Orientation> {
    // Some writers of WebP and PNG keep JPEG's prefix.
    let exif = decoder.exif_metadata()?;
    match exif.as_deref().and_then(|exif| exif.strip_prefix(b"Exif\0\0")) {
        Some(exif) => Ok(Orientation::from_exif_chunk(exif).unwrap_or(Orientation::NoTransforms)),
        None => decoder.orientation(),
    }
}

/// [h, w, channels] samples in native byte order to [h, w, 3] bytes.
fn rgb_from_samples(samples: Vec<u8>, color: image::ColorType) -> Vec<u8> {
    let channels = usize::from(color.channel_count()).max(1);
    match usize::from(color.bytes_per_pixel()) / channels {
        1 if channels == 3 => samples,
        1 => rgb_from(&samples, channels, |sample| sample),
        2 => rgb_from(samples.as_chunks().0, channels, |sample| {
            (u16::from_ne_bytes(sample) >> 8) as u8
        }),
        _ => rgb_from(samples.as_chunks().0, channels, |sample| {
            // A cast from float saturates and takes NaN to 0.
            (f32::from_ne_bytes(sample) * 255.0 + 0.5) as u8
        }),
    }
}

fn rgb_from<T: Copy>(samples: &[T], channels: usize, byte: impl Fn(T) -> u8) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(samples.len() / channels * 3);
    for pixel in samples.chunks_exact(channels) {
        match *pixel {
            [gray] | [gray, _] => rgb.extend([byte(gray); 3]),
            [red, green, blue, ..] => rgb.extend([byte(red), byte(green), byte(blue)]),
            [] => {}
        }
    }
    rgb
}

fn upright(photo: Photo, orientation: Orientation) -> Result<Photo, ImageError> {
    if orientation == Orientation::NoTransforms {
        return Ok(photo);
    }
    let Photo { width, height, rgb } = photo;
    let image = RgbImage::from_raw(width, height, rgb).ok_or(ImageError::NoPixels)?;
    let mut image = DynamicImage::ImageRgb8(image);
    image.apply_orientation(orientation);
    let image = image.into_rgb8();
    Photo::new(image.width(), image.height(), image.into_raw())
}

fn fault(format: &'static str, limits: &Limits, error: image::ImageError) -> ImageError {
    let reason = || one_line(&error.to_string());
    match &error {
        image::ImageError::Unsupported(_) => ImageError::Unsupported {
            format,
            reason: reason(),
        },
        image::ImageError::Limits(_) => ImageError::TooMuchMemory {
            format,
            max_bytes: limits.max_bytes,
        },
        image::ImageError::IoError(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => ImageError::Damaged {
            format,
            reason: TOO_SHORT.to_owned(),
        },
        _ => ImageError::Damaged {
            format,
            reason: reason(),
        },
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::ColorType;

    #[test]
    fn samples_become_rgb_bytes() {
        let from_u16 = |values: &[u16]| values.iter().flat_map(|v| v.to_ne_bytes()).collect::<Vec<_>>();
        let from_f32 = |values: &[f32]| values.iter().flat_map(|v| v.to_ne_bytes()).collect::<Vec<_>>();
        assert_eq!(rgb_from_samples(vec![7, 9], ColorType::L8), [7, 7, 7, 9, 9, 9]);
        assert_eq!(rgb_from_samples(vec![7, 0, 9, 255], ColorType::La8), [7, 7, 7, 9, 9, 9]);
        assert_eq!(rgb_from_samples(vec![1, 2, 3, 0], ColorType::Rgba8), [1, 2, 3]);
        assert_eq!(
            rgb_from_samples(from_u16(&[0x12FF, 0, 0xFF00]), ColorType::Rgb16),
            [0x12, 0, 0xFF]
        );
        assert_eq!(rgb_from_samples(from_u16(&[0x12FF, 0]), ColorType::La16), [0x12; 3]);
        assert_eq!(
            rgb_from_samples(from_f32(&[-1.0, 0.5, 2.0, f32::NAN, 1.0, 0.1]), ColorType::Rgb32F),
            [0, 128, 255, 0, 255, 26]
        );
    }
}
