//! What a TIFF file says about its first picture.

use super::tags::*;
use super::{damaged, unsupported};
use crate::imaging::ImageError;
use crate::imaging::decode::TOO_SHORT;
use crate::imaging::decode::kind::DEVELOPER;
use crate::imaging::ifd::{Ifd, Order};

/// Where a piece lies: its start and length.
pub(super) type Place = (usize, usize);

/// How a picture is stored; everything is checked to make sense.
#[derive(Debug)]
pub(super) struct Layout {
    pub width: usize,
    pub height: usize,
    pub bits: usize,
    /// Samples of a pixel.
    pub samples: usize,
    pub is_float: bool,
    pub color: Color,
    pub alpha: Alpha,
    pub compression: Compression,
    pub predictor: Predictor,
    /// Each sample has pieces of its own.
    pub is_planar: bool,
    /// The first pixel of a byte is in its lowest bits.
    pub is_reversed: bool,
    pub order: Order,
    /// Strips, as wide as the picture, or tiles.
    pub piece: [usize; 2],
    /// Where each piece lies: start and length.
    pub places: Vec<Place>,
}

/// What the samples of a pixel mean (TIFF 6.0, PhotometricInterpretation).
#[derive(Debug, PartialEq)]
pub(super) enum Color {
    Gray { is_inverted: bool },
    Rgb,
    Palette(Vec<[u8; 3]>),
    Cmyk,
    YCbCr(YCbCr),
}

/// How YCbCr is stored (TIFF 6.0, section 21).
#[derive(Debug, PartialEq)]
pub(super) struct YCbCr {
    /// Pixels across and down that share a Cb and a Cr.
    pub sampling: [usize; 2],
    /// Shares of red, green and blue in the luma.
    pub shares: [f32; 3],
    /// Black and white of each sample.
    pub ranges: [f32; 6],
}

/// What the sample behind the colours means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alpha {
    /// It does not matter.
    Dropped,
    /// The colours were multiplied by it.
    Multiplied,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    /// Runs of black and white, ITU-T T.6; or T.4 in one dimension or two.
    Fax4,
    Fax3,
    Lzw,
    Jpeg,
    Deflate,
    PackBits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    Horizontal,
    Float,
}

impl Layout {
    /// Reads the tags.
    pub fn read(ifd: &Ifd<'_>) -> Result<Self, ImageError> {
        if !ifd.is_whole(&NEEDED) {
            return Err(damaged(TOO_SHORT));
        }
        refuse_camera_raw(ifd)?;
        let number = |tag, default| number(ifd, tag, default);
        let (width, height) = (number(WIDTH, 0)?, number(HEIGHT, 0)?);
        if width == 0 || height == 0 {
            return Err(ImageError::NoPixels);
        }
        let samples = number(SAMPLES, 1)?;
        let bits = same(ifd.numbers(BITS), 1, "samples of several widths")?;
        if samples == 0 || samples > 64 || bits == 0 {
            return Err(unsupported(&format!("{samples} samples of {bits} bits")));
        }
        let is_float = match same(ifd.numbers(SAMPLE_FORMAT), 1, "samples of several kinds")? {
            1 | 4 => false,
            3 => true,
            2 => return Err(unsupported("signed samples")),
            _ => return Err(unsupported("complex samples")),
        };
        if !matches!((bits, is_float), (1..=8 | 12 | 16, false) | (16 | 32 | 64, true)) {
            let kind = if is_float { "floating-point " } else { "" };
            return Err(unsupported(&format!("{kind}samples of {bits} bits")));
        }
        let compression = compression(ifd)?;
        let color = color(ifd, bits, is_float)?;
        let needed = match color {
            Color::Gray { .. } | Color::Palette(_) => 1,
            Color::Rgb | Color::YCbCr(_) => 3,
            Color::Cmyk => 4,
        };
        if samples < needed {
            return Err(damaged(&format!("it has {samples} samples a pixel and needs {needed}")));
        }
        let alpha = match (ifd.number(EXTRA_SAMPLES), &color) {
            (Some(1), Color::Gray { .. } | Color::Rgb) if samples > needed => Alpha::Multiplied,
            _ => Alpha::Dropped,
        };
        let predictor = match number(PREDICTOR, 1)? {
            2 if matches!(bits, 8 | 16 | 32 | 64) => Predictor::Horizontal,
            3 if is_float => Predictor::Float,
            _ => Predictor::None,
        };
        let is_planar = number(PLANAR, 1)? == 2 && samples > 1;
        if is_planar && matches!(&color, Color::YCbCr(how) if how.sampling != [1, 1]) {
            return Err(unsupported("halved colours in planes of their own"));
        }
        let planes = if is_planar { samples } else { 1 };
        let (piece, places) = pieces(ifd, width, height, planes)?;
        Ok(Self {
            width,
            height,
            bits,
            samples,
            is_float,
            color,
            alpha,
            compression,
            predictor,
            is_planar,
            is_reversed: number(FILL_ORDER, 1)? == 2,
            order: ifd.order(),
            piece,
            places,
        })
    }

    /// Samples of a pixel within a piece.
    pub fn samples_in_piece(&self) -> usize {
        if self.is_planar { 1 } else { self.samples }
    }

    /// Pieces side by side.
    pub fn across(&self) -> usize {
        self.width.div_ceil(self.piece[0])
    }

    /// Pieces of one plane.
    pub fn in_plane(&self) -> usize {
        self.across() * self.height.div_ceil(self.piece[1])
    }
}

/// Cameras put their pictures into TIFF files too, behind a small picture for previews, which others would show.
fn refuse_camera_raw(ifd: &Ifd<'_>) -> Result<(), ImageError> {
    let is_dng = ifd.has(DNG_VERSION);
    let is_preview = ifd.number(KIND_OF_PICTURE).is_some_and(|kind| kind & 1 == 1);
    if is_dng || (is_preview && ifd.has(INNER_DIRECTORIES)) {
        return Err(ImageError::Foreign {
            format: if is_dng { "camera raw (DNG)" } else { "camera raw" },
            converter: DEVELOPER,
        });
    }
    Ok(())
}

fn number(ifd: &Ifd<'_>, tag: u16, default: usize) -> Result<usize, ImageError> {
    match ifd.number(tag) {
        Some(number) => usize::try_from(number).map_err(|_| damaged("a number is too large")),
        None => Ok(default),
    }
}

/// The one number that all samples share.
fn same(numbers: Option<Vec<u64>>, default: usize, otherwise: &str) -> Result<usize, ImageError> {
    let Some(numbers) = numbers else { return Ok(default) };
    match numbers.split_first() {
        None => Ok(default),
        Some((first, rest)) if rest.iter().all(|number| number == first) => {
            usize::try_from(*first).map_err(|_| damaged("a number is too large"))
        }
        Some(_) => Err(unsupported(otherwise)),
    }
}

fn compression(ifd: &Ifd<'_>) -> Result<Compression, ImageError> {
    let name = match number(ifd, COMPRESSION, 1)? {
        1 => return Ok(Compression::None),
        3 if ifd.number(FAX3_OPTIONS).is_none_or(|options| options & 1 == 0) => return Ok(Compression::Fax3),
        4 => return Ok(Compression::Fax4),
        5 => return Ok(Compression::Lzw),
        7 => return Ok(Compression::Jpeg),
        8 | 32_946 => return Ok(Compression::Deflate),
        32_773 => return Ok(Compression::PackBits),
        2 | 3 => "fax compression of another kind than G4",
        6 => "JPEG compression in the old style",
        34_712 => "JPEG 2000 compression",
        34_887 => "LERC compression",
        34_925 => "LZMA compression",
        34_676 | 34_677 => "LogLuv compression",
        50_000 => "Zstandard compression",
        50_001 => "WebP compression",
        50_002 | 52_546 => "JPEG XL compression",
        other => return Err(unsupported(&format!("compression number {other}"))),
    };
    Err(unsupported(name))
}

fn color(ifd: &Ifd<'_>, bits: usize, is_float: bool) -> Result<Color, ImageError> {
    let integers = |color| match (is_float, bits) {
        (false, 8 | 16) => Ok(color),
        _ => Err(unsupported(&format!("samples of {bits} bits in its colours"))),
    };
    match number(ifd, PHOTOMETRIC, 0)? {
        white @ (0 | 1) => Ok(Color::Gray {
            is_inverted: white == 0,
        }),
        2 => Ok(Color::Rgb),
        3 if is_float || bits > 8 => Err(unsupported(&format!("a palette with samples of {bits} bits"))),
        3 => palette(ifd, bits).map(Color::Palette),
        5 => integers(Color::Cmyk),
        6 if bits == 8 => ycbcr(ifd).map(Color::YCbCr),
        6 => Err(unsupported(&format!("YCbCr with samples of {bits} bits"))),
        4 => Err(unsupported("a mask for another picture")),
        8..=10 => Err(unsupported("CIELab colours")),
        32_803 => Err(unsupported("the colour filter of a camera")),
        32_844 | 32_845 => Err(unsupported("LogLuv colours")),
        other => Err(unsupported(&format!("colours of kind {other}"))),
    }
}

/// Reds, then greens, then blues, of 16 bits each; Pillow keeps the high bytes.
fn palette(ifd: &Ifd<'_>, bits: usize) -> Result<Vec<[u8; 3]>, ImageError> {
    let numbers = ifd.numbers(PALETTE).ok_or_else(|| damaged("its palette is missing"))?;
    let count = 1 << bits;
    let channel = |channel: usize| {
        let channel = numbers.get(channel * count..(channel + 1) * count)?;
        Some(channel.iter().map(|value| (value >> 8) as u8))
    };
    match (channel(0), channel(1), channel(2)) {
        (Some(red), Some(green), Some(blue)) => Ok(red
            .zip(green)
            .zip(blue)
            .map(|((red, green), blue)| [red, green, blue])
            .collect()),
        _ => Err(damaged("its palette is too short")),
    }
}

fn ycbcr(ifd: &Ifd<'_>) -> Result<YCbCr, ImageError> {
    let floats = |tag| -> Option<Vec<f32>> { Some(ifd.values(tag)?.into_iter().map(|value| value as f32).collect()) };
    let sampling = match ifd.numbers(CHROMA_SAMPLING).as_deref() {
        None => [2, 2],
        Some(&[across @ (1 | 2 | 4), down @ (1 | 2 | 4)]) => [across as usize, down as usize],
        Some(other) => return Err(unsupported(&format!("colours sampled by {other:?}"))),
    };
    let shares = floats(LUMA_SHARES).and_then(|shares| <[f32; 3]>::try_from(shares).ok());
    let ranges = floats(BLACK_AND_WHITE).and_then(|ranges| <[f32; 6]>::try_from(ranges).ok());
    Ok(YCbCr {
        sampling,
        shares: shares
            .filter(|shares| shares.iter().all(|share| *share > 0.0 && *share < 1.0))
            .unwrap_or([0.299, 0.587, 0.114]),
        ranges: ranges.unwrap_or([0.0, 255.0, 128.0, 255.0, 128.0, 255.0]),
    })
}

/// Sides of a piece, and where each lies.
fn pieces(ifd: &Ifd<'_>, width: usize, height: usize, planes: usize) -> Result<([usize; 2], Vec<Place>), ImageError> {
    let is_tiled = ifd.has(TILE_WIDTH) && ifd.has(TILE_OFFSETS);
    let (piece, offsets, lengths) = if is_tiled {
        let piece = [number(ifd, TILE_WIDTH, 0)?, number(ifd, TILE_HEIGHT, 0)?];
        (piece, TILE_OFFSETS, TILE_LENGTHS)
    } else {
        let rows = number(ifd, ROWS_PER_STRIP, height)?.min(height);
        ([width, rows], STRIP_OFFSETS, STRIP_LENGTHS)
    };
    if piece.contains(&0) || piece.iter().any(|&side| side > u32::MAX as usize) {
        return Err(damaged("its pieces have no size"));
    }
    let count = width.div_ceil(piece[0]) * height.div_ceil(piece[1]) * planes;
    let offsets = ifd.numbers(offsets).ok_or_else(|| damaged("its pixels are nowhere"))?;
    if offsets.len() < count {
        return Err(damaged("pieces of it are missing"));
    }
    let lengths = ifd.numbers(lengths).unwrap_or_default();
    let place = |(index, offset): (usize, &u64)| {
        let start = usize::try_from(*offset).unwrap_or(usize::MAX);
        // without a length a piece may reach to the end
        let length = lengths
            .get(index)
            .map_or(usize::MAX, |&length| usize::try_from(length).unwrap_or(usize::MAX));
        (start, length)
    };
    Ok((piece, offsets.iter().take(count).enumerate().map(place).collect()))
}
