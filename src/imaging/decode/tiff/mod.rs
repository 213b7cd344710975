//! TIFF: the first picture of a file, strip by strip or tile by tile.
//!
//! [`layout`] reads the tags, [`unpack`] the pieces, [`color`] makes RGB of their samples. What is not read is told by
//! its name.

mod color;
mod layout;
mod tags;
mod unpack;

use super::{Limits, TOO_SHORT, jpeg};
use crate::imaging::ifd::Ifd;
use crate::imaging::memory::zeros;
use crate::imaging::{ImageError, Photo};
use color::YCbCrTables;
use layout::{Color, Compression, Layout, YCbCr};
use tags::JPEG_TABLES;

const NAME: &str = "TIFF";

/// Reads a TIFF file.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Photo, ImageError> {
    let ifd = Ifd::first(bytes).ok_or_else(|| damaged(TOO_SHORT))?;
    let layout = Layout::read(&ifd)?;
    let (width, height) = (side(layout.width)?, side(layout.height)?);
    let piece_len = piece_len(&layout)?;
    let all = (piece_len as u64).saturating_mul(layout.places.len() as u64);
    let photo_len = limits.check(width, height, piece_len as u64)?;
    // many pieces that are much larger than the picture would take forever
    if all > limits.max_bytes {
        return Err(too_much(limits));
    }
    let mut rgb = zeros(photo_len);
    let reader = Reader {
        ifd,
        layout,
        piece_len,
        limits,
    };
    for index in 0..reader.layout.in_plane() {
        reader.place(index, &mut rgb)?;
    }
    Photo::new(width, height, rgb)
}

fn side(side: usize) -> Result<u32, ImageError> {
    u32::try_from(side).map_err(|_| damaged("a side is too long"))
}

/// Bytes of an unpacked piece.
fn piece_len(layout: &Layout) -> Result<usize, ImageError> {
    let [width, height] = layout.piece;
    let len = match &layout.color {
        Color::YCbCr(YCbCr {
            sampling: [across, down],
            ..
        }) if layout.compression != Compression::Jpeg && !layout.is_planar => {
            let groups = width.div_ceil(*across).checked_mul(height.div_ceil(*down));
            groups.and_then(|groups| groups.checked_mul(across * down + 2))
        }
        _ => row_len(layout).checked_mul(height),
    };
    len.ok_or_else(|| damaged("its pieces are too large"))
}

/// Bytes of a row of a piece.
fn row_len(layout: &Layout) -> usize {
    // a side is below 2^32, there are up to 64 samples and as many bits
    (layout.piece[0] * layout.samples_in_piece() * layout.bits).div_ceil(8)
}

struct Reader<'a> {
    ifd: Ifd<'a>,
    layout: Layout,
    piece_len: usize,
    limits: &'a Limits,
}

impl<'a> Reader<'a> {
    /// Puts a piece, of all planes if there are several, into the picture.
    fn place(&self, index: usize, rgb: &mut [u8]) -> Result<(), ImageError> {
        let layout = &self.layout;
        let [piece_width, piece_height] = layout.piece;
        let left = index % layout.across() * piece_width;
        let top = index / layout.across() * piece_height;
        let width = piece_width.min(layout.width - left);
        let height = piece_height.min(layout.height - top);
        let size = [piece_width, height];
        let mut lines = rgb
            .chunks_exact_mut(layout.width * 3)
            .skip(top)
            .take(height)
            .filter_map(|line| line.get_mut(left * 3..(left + width) * 3));
        if let (Color::YCbCr(how), false) = (&layout.color, layout.is_planar) {
            let pixels = if layout.compression == Compression::Jpeg {
                self.jpeg(index, size)?
            } else {
                let len = piece_width.div_ceil(how.sampling[0])
                    * height.div_ceil(how.sampling[1])
                    * (how.sampling[0] * how.sampling[1] + 2);
                let bytes = unpack::expand(self.packed(index)?, layout, len, size)?;
                YCbCrTables::new(how).convert(&bytes, how.sampling, size)
            };
            for (line, pixels) in lines.zip(pixels.chunks_exact(piece_width * 3)) {
                line.copy_from_slice(&pixels[..width * 3]);
            }
            return Ok(());
        }
        let planes = if layout.is_planar { layout.samples } else { 1 };
        let mut samples = Vec::with_capacity(planes);
        for plane in 0..planes {
            samples.push(self.samples(index + plane * layout.in_plane(), size)?);
        }
        let in_row = piece_width * layout.samples_in_piece();
        let mut row = vec![0; piece_width * layout.samples];
        for y in 0..height {
            let Some(line) = lines.next() else { break };
            let part = y * in_row..(y + 1) * in_row;
            if let [only] = &samples[..] {
                let pixels = only.get(part).unwrap_or_default();
                color::convert(pixels, layout, line);
                continue;
            }
            for (plane, samples) in samples.iter().enumerate() {
                let places = row.iter_mut().skip(plane).step_by(planes);
                for (out, &sample) in places.zip(samples.get(part.clone()).unwrap_or_default()) {
                    *out = sample;
                }
            }
            if let Color::YCbCr(how) = &layout.color {
                // three planes of a full size each: groups of one pixel
                let pixels = YCbCrTables::new(how).convert(&row, [1, 1], [piece_width, 1]);
                line.copy_from_slice(&pixels[..width * 3]);
            } else {
                color::convert(&row, layout, line);
            }
        }
        Ok(())
    }

    /// The samples of a piece, a byte each.
    fn samples(&self, index: usize, [width, height]: [usize; 2]) -> Result<Vec<u8>, ImageError> {
        let layout = &self.layout;
        if layout.compression == Compression::Jpeg {
            return self.jpeg(index, [width, height]);
        }
        let stride = row_len(layout);
        let len = (stride * height).min(self.piece_len);
        let mut bytes = unpack::expand(self.packed(index)?, layout, len, [width, height])?;
        let is_index = matches!(layout.color, Color::Palette(_));
        if layout.bits == 8 && layout.predictor == layout::Predictor::None {
            return Ok(bytes.into_owned());
        }
        let in_row = width * layout.samples_in_piece();
        let mut samples = vec![0; in_row * height];
        if layout.bits >= 8 && layout.bits != 12 {
            for row in bytes.to_mut().chunks_exact_mut(stride) {
                unpack::unpredict(row, layout);
            }
        }
        for (row, out) in bytes.chunks_exact(stride).zip(samples.chunks_exact_mut(in_row)) {
            unpack::to_bytes(row, layout, is_index, out);
        }
        Ok(samples)
    }

    /// The compressed bytes of a piece.
    fn packed(&self, index: usize) -> Result<&'a [u8], ImageError> {
        let (start, length) = self.layout.places.get(index).copied().unwrap_or_default();
        let rest = self.ifd.bytes().get(start..).ok_or_else(|| damaged(TOO_SHORT))?;
        if length == usize::MAX {
            return Ok(rest);
        }
        rest.get(..length).ok_or_else(|| damaged(TOO_SHORT))
    }

    /// The samples of a piece that is a JPEG file of its own, but for the tables.
    fn jpeg(&self, index: usize, [width, height]: [usize; 2]) -> Result<Vec<u8>, ImageError> {
        let layout = &self.layout;
        if layout.bits != 8 {
            return Err(unsupported(&format!("JPEG compression of {} bits", layout.bits)));
        }
        let packed = self.packed(index)?;
        let is_ycbcr = matches!(layout.color, Color::YCbCr(_)) && !layout.is_planar;
        // the colours are those of the TIFF file, whatever the JPEG file would be taken for by itself
        let adobe = [
            0xFF,
            0xEE,
            0,
            14,
            b'A',
            b'd',
            b'o',
            b'b',
            b'e',
            0,
            100,
            0,
            0,
            0,
            0,
            u8::from(is_ycbcr),
        ];
        let mut file = vec![0xFF, 0xD8];
        file.extend(adobe);
        let tables = self.ifd.data(JPEG_TABLES).unwrap_or_default();
        let tables = tables.strip_prefix(&[0xFF, 0xD8]).unwrap_or(tables);
        file.extend(tables.strip_suffix(&[0xFF, 0xD9]).unwrap_or(tables));
        file.extend(packed.strip_prefix(&[0xFF, 0xD8]).unwrap_or(packed));
        let (found_width, found_height, components, samples) = jpeg::decode_samples(&file, self.limits)?;
        if components != layout.samples_in_piece() || found_width < width || found_height < height {
            return Err(damaged("a piece has another size than the file says"));
        }
        if found_width == width {
            return Ok(samples);
        }
        let rows = samples.chunks_exact(found_width * components).take(height);
        Ok(rows.flat_map(|row| &row[..width * components]).copied().collect())
    }
}

fn damaged(reason: &str) -> ImageError {
    ImageError::damaged(NAME, reason)
}

fn unsupported(reason: &str) -> ImageError {
    ImageError::unsupported(NAME, reason)
}

fn too_much(limits: &Limits) -> ImageError {
    ImageError::TooMuchMemory {
        format: NAME,
        max_bytes: limits.max_bytes,
    }
}
