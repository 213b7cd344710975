//! Image files to pixels: one door for all formats, a file each behind it.

mod gif;
pub(super) mod jpeg;
mod jxl;
mod kind;
mod limits;
mod plain;
mod png;
mod samples;
mod tiff;
mod webp;

use std::panic::{AssertUnwindSafe, catch_unwind};

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};

pub use limits::Limits;

use super::orientation::orientation;
use super::{ImageError, Photo};
use kind::Kind;

/// What is wrong with a file that is cut off.
const TOO_SHORT: &str = "it ends too early";

/// Reads an image file into an upright photo.
///
/// The format is taken from the content.
/// Of an animation the first frame is read, of a file with several pictures the first.
/// The orientation is applied that Pillow's `exif_transpose` finds.
/// Colours stay as stored (no colour profile is applied) and become RGB as with Pillow's
/// `convert("RGB")`: grey becomes three equal channels and alpha is dropped, not blended.
/// Of a 16-bit sample the high byte is kept, which is what Pillow does with 16-bit colour, so
/// that the network sees the same pixels (16-bit grey, which Pillow clips at 255, likewise).
/// Floating-point samples are taken as 0..1 and clamped.
/// With that, all files give Pillow's pixels exactly, JPEG included.
///
/// # Errors
/// An [`ImageError`] that says what is wrong with `bytes`, or which limit they exceed.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Photo, ImageError> {
    if bytes.is_empty() {
        return Err(ImageError::Empty);
    }
    let kind = Kind::of(bytes).ok_or(ImageError::UnknownFormat)?;
    // a decoder that gives up this way has met a file that its authors did not think of
    let photo = catch_unwind(AssertUnwindSafe(|| match kind {
        Kind::Jpeg => jpeg::decode(bytes, limits),
        Kind::Png => png::decode(bytes, limits),
        Kind::Gif => gif::decode(bytes, limits),
        Kind::WebP => webp::decode(bytes, limits),
        Kind::Tiff => tiff::decode(bytes, limits),
        Kind::Jxl => jxl::decode(bytes, limits),
        Kind::Plain(format) => plain::decode(bytes, format, kind.name(), limits),
        Kind::Foreign(kind::Foreign { name, converter }) => Err(ImageError::Foreign {
            format: name,
            converter,
        }),
    }))
    .unwrap_or_else(|_| {
        Err(ImageError::Damaged {
            format: kind.name(),
            reason: "its decoder gave up".to_owned(),
        })
    })?;
    upright(photo, orientation(bytes))
}

/// The name of the format that `bytes` begin with, whether [`decode`] can read it or not.
#[must_use]
pub fn source_format(bytes: &[u8]) -> Option<&'static str> {
    Kind::of(bytes).map(Kind::name)
}

/// A small picture of a file and the size of its whole one, neither turned; see [`preview`](super::preview).
pub(super) fn small(bytes: &[u8], side: u32, limits: &Limits) -> Option<(Photo, [u32; 2])> {
    if !matches!(Kind::of(bytes), Some(Kind::Jpeg)) {
        return None;
    }
    // the whole decoder says what is wrong
    catch_unwind(AssertUnwindSafe(|| jpeg::small(bytes, side, limits))).ok()?
}

pub(super) fn upright(photo: Photo, orientation: u8) -> Result<Photo, ImageError> {
    let Some(orientation) = Orientation::from_exif(orientation).filter(|&turn| turn != Orientation::NoTransforms)
    else {
        return Ok(photo);
    };
    let Photo { width, height, rgb } = photo;
    let image = RgbImage::from_raw(width, height, rgb).ok_or(ImageError::NoPixels)?;
    let mut image = DynamicImage::ImageRgb8(image);
    image.apply_orientation(orientation);
    let image = image.into_rgb8();
    Photo::new(image.width(), image.height(), image.into_raw())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
