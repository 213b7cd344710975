//! Pieces of a TIFF file: compressed bytes to samples of eight bits.

use std::borrow::Cow;

use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use weezl::{BitOrder, LzwStatus};

use super::layout::{Compression, Layout, Predictor};
use super::{damaged, unsupported};
use crate::imaging::ImageError;
use crate::imaging::decode::TOO_SHORT;
use crate::imaging::decode::samples::byte_from_unit;
use crate::imaging::ifd::Order;

/// The bytes of a piece, `len` of them; JPEG is not among them.
pub(super) fn expand<'a>(
    packed: &'a [u8],
    layout: &Layout,
    len: usize,
    [width, height]: [usize; 2],
) -> Result<Cow<'a, [u8]>, ImageError> {
    let packed = if layout.is_reversed {
        Cow::Owned(packed.iter().map(|byte| byte.reverse_bits()).collect())
    } else {
        Cow::Borrowed(packed)
    };
    if layout.compression == Compression::None {
        return match packed {
            Cow::Borrowed(bytes) => bytes.get(..len).map(Cow::Borrowed),
            Cow::Owned(mut bytes) => (bytes.len() >= len).then(|| {
                bytes.truncate(len);
                Cow::Owned(bytes)
            }),
        }
        .ok_or_else(|| damaged(TOO_SHORT));
    }
    let mut bytes = vec![0; len];
    let written = match layout.compression {
        Compression::Lzw => lzw(&packed, &mut bytes)?,
        Compression::Deflate => inflate(&packed, &mut bytes)?,
        Compression::PackBits => pack_bits(&packed, &mut bytes),
        Compression::Fax3 | Compression::Fax4 => fax(&packed, layout.compression, &mut bytes, width, height)?,
        Compression::None | Compression::Jpeg => 0,
    };
    if written < len {
        Err(damaged(TOO_SHORT))
    } else {
        Ok(Cow::Owned(bytes))
    }
}

fn lzw(packed: &[u8], bytes: &mut [u8]) -> Result<usize, ImageError> {
    // the first code clears the table; in the files of old programs its bits are the other way round
    if let [0, odd, ..] = packed
        && odd & 1 == 1
    {
        return Err(unsupported("LZW compression in the old style"));
    }
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    let (mut read, mut written) = (0, 0);
    while let (Some(input), Some(out)) = (packed.get(read..), bytes.get_mut(written..)) {
        if out.is_empty() {
            break;
        }
        let step = decoder.decode_bytes(input, out);
        read += step.consumed_in;
        written += step.consumed_out;
        match step.status {
            Ok(LzwStatus::Ok) => {}
            Ok(LzwStatus::Done | LzwStatus::NoProgress) => break,
            Err(error) => return Err(damaged(&error.to_string())),
        }
    }
    Ok(written)
}

fn inflate(packed: &[u8], bytes: &mut [u8]) -> Result<usize, ImageError> {
    let flags = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let (status, _, written) = decompress(&mut DecompressorOxide::new(), packed, bytes, 0, flags);
    // more than is wanted, or a wrong checksum behind it all, does no harm
    if written < bytes.len() {
        return Err(damaged(&format!("its compressed data ends early, {status:?}")));
    }
    Ok(written)
}

/// Runs and literal bytes (TIFF 6.0, section 9).
fn pack_bits(mut packed: &[u8], bytes: &mut [u8]) -> usize {
    let mut written = 0;
    while let (Some((&count, rest)), Some(out)) = (packed.split_first(), bytes.get_mut(written..)) {
        if out.is_empty() {
            break;
        }
        match count as i8 {
            -128 => packed = rest,
            count @ 0.. => {
                let wanted = usize::from(count as u8) + 1;
                let count = wanted.min(rest.len()).min(out.len());
                out[..count].copy_from_slice(&rest[..count]);
                written += count;
                packed = rest.get(wanted..).unwrap_or_default();
            }
            count => {
                let Some((&value, rest)) = rest.split_first() else {
                    break;
                };
                let count = (1 + usize::from(count.unsigned_abs())).min(out.len());
                out[..count].fill(value);
                written += count;
                packed = rest;
            }
        }
    }
    written
}

/// Lines of black and white; black is 1.
fn fax(
    packed: &[u8],
    compression: Compression,
    bytes: &mut [u8],
    width: usize,
    height: usize,
) -> Result<usize, ImageError> {
    let sides = (u16::try_from(width), u16::try_from(height));
    let (Ok(width), Ok(height)) = sides else {
        return Err(unsupported("fax compression of more than 65535 pixels a side"));
    };
    let stride = usize::from(width).div_ceil(8);
    let mut lines = bytes.chunks_exact_mut(stride);
    let mut done = 0;
    let write = |transitions: &[u16]| {
        let Some(line) = lines.next() else { return };
        for (x, color) in (0..width).zip(fax::decoder::pels(transitions, width)) {
            if let (fax::Color::Black, Some(byte)) = (color, line.get_mut(usize::from(x / 8))) {
                *byte |= 0x80 >> (x % 8);
            }
        }
        done += 1;
    };
    // the decoder waits for six ends of a line, which TIFF leaves out
    const END: [u8; 12] = [0, 0x10, 1, 0, 0x10, 1, 0, 0x10, 1, 0, 0, 0];
    let input = packed.iter().copied();
    match compression {
        Compression::Fax3 => fax::decoder::decode_g3(input.chain(END), write),
        _ => fax::decoder::decode_g4(input, width, Some(height), write),
    };
    Ok(done * stride)
}

/// Undoes the predictor in one row of samples, and puts their bytes into native order.
pub(super) fn unpredict(row: &mut [u8], layout: &Layout) {
    let samples = layout.samples_in_piece();
    let width = layout.bits / 8;
    if layout.predictor == Predictor::Float {
        // bytes of the highest kind come first, each the difference to the one before
        for at in samples..row.len() {
            row[at] = row[at].wrapping_add(row[at - samples]);
        }
        let planes = row.to_vec();
        let count = row.len() / width;
        for (index, sample) in row.chunks_exact_mut(width).enumerate() {
            for (byte, out) in sample.iter_mut().enumerate() {
                *out = planes[byte * count + index];
            }
            if cfg!(target_endian = "little") {
                sample.reverse();
            }
        }
        return;
    }
    let is_native = (layout.order == Order::Little) == cfg!(target_endian = "little");
    if width > 1 && !is_native && layout.bits.is_multiple_of(8) {
        row.chunks_exact_mut(width).for_each(<[u8]>::reverse);
    }
    if layout.predictor == Predictor::Horizontal {
        match width {
            1 => add_up(row.as_chunks_mut::<1>().0, samples, |[a], [b]| [a.wrapping_add(b)]),
            2 => add_up(row.as_chunks_mut().0, samples, |a, b| {
                u16::from_ne_bytes(a).wrapping_add(u16::from_ne_bytes(b)).to_ne_bytes()
            }),
            4 => add_up(row.as_chunks_mut().0, samples, |a, b| {
                u32::from_ne_bytes(a).wrapping_add(u32::from_ne_bytes(b)).to_ne_bytes()
            }),
            _ => add_up(row.as_chunks_mut().0, samples, |a, b| {
                u64::from_ne_bytes(a).wrapping_add(u64::from_ne_bytes(b)).to_ne_bytes()
            }),
        }
    }
}

fn add_up<const WIDTH: usize>(
    row: &mut [[u8; WIDTH]],
    samples: usize,
    add: impl Fn([u8; WIDTH], [u8; WIDTH]) -> [u8; WIDTH],
) {
    for at in samples..row.len() {
        row[at] = add(row[at], row[at - samples]);
    }
}

/// Samples of any width to bytes: the high eight bits of more, the same share of 255 of fewer. Of a palette they stay.
pub(super) fn to_bytes(row: &[u8], layout: &Layout, is_index: bool, out: &mut [u8]) {
    match (layout.bits, layout.is_float) {
        (8, _) => {
            let count = out.len().min(row.len());
            out[..count].copy_from_slice(&row[..count]);
        }
        (16, false) => {
            for (out, sample) in out.iter_mut().zip(row.as_chunks().0) {
                *out = (u16::from_ne_bytes(*sample) >> 8) as u8;
            }
        }
        (16, true) => {
            for (out, sample) in out.iter_mut().zip(row.as_chunks().0) {
                *out = byte_from_unit(half::f16::from_ne_bytes(*sample).to_f32());
            }
        }
        (32, _) => {
            for (out, sample) in out.iter_mut().zip(row.as_chunks().0) {
                *out = byte_from_unit(f32::from_ne_bytes(*sample));
            }
        }
        (64, _) => {
            for (out, sample) in out.iter_mut().zip(row.as_chunks().0) {
                *out = byte_from_unit(f64::from_ne_bytes(*sample) as f32);
            }
        }
        (bits, _) => {
            let most = (1_u32 << bits) - 1;
            for (index, out) in out.iter_mut().enumerate() {
                let value = bits_at(row, index * bits, bits);
                *out = if is_index {
                    value as u8
                } else {
                    (value * 255 / most) as u8
                };
            }
        }
    }
}

/// `count` bits, up to 12, from the highest of a byte to the lowest.
fn bits_at(row: &[u8], at: usize, count: usize) -> u32 {
    let byte = |index: usize| u32::from(row.get(index).copied().unwrap_or(0));
    let word = byte(at / 8) << 16 | byte(at / 8 + 1) << 8 | byte(at / 8 + 2);
    (word << (8 + at % 8)) >> (32 - count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_cut_out_of_bytes() {
        let row = [0b1010_0110, 0b1100_0011, 0xFF];
        assert_eq!((0..4).map(|at| bits_at(&row, at, 1)).collect::<Vec<_>>(), [1, 0, 1, 0]);
        assert_eq!(bits_at(&row, 4, 12), 0b0110_1100_0011);
        assert_eq!(bits_at(&row, 22, 4), 0b1100, "beyond the end there are zeros");
    }

    #[test]
    fn runs_and_literals_are_unpacked_and_stop_at_the_end() {
        // the example of the specification, Apple's
        let packed = [
            0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7, 0xAA,
        ];
        let mut bytes = [0; 24];
        assert_eq!(pack_bits(&packed, &mut bytes), 24);
        assert_eq!(bytes[..7], [0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA]);
        assert_eq!(pack_bits(&packed, &mut [0; 4]), 4);
        assert_eq!(pack_bits(&packed[..8], &mut [0; 24]), 10);
    }
}
