//! Photos of every kind against Pillow: JPEG bit for bit, the kinds that programs stumble over, and broken ones.
//!
//! `data/imaging/make_jpegs.py` and `make_kinds.py` wrote the files and numbers.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read as _};
use std::path::PathBuf;

use gradcam_explorer::imaging::{ImageError, Limits, decode, source_format};
use serde::Deserialize;
use sha2::{Digest, Sha256};

fn data(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/imaging");
    fs::read(folder.join(name)).expect("a file of the test data")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Deserialize)]
struct Kind {
    width: u32,
    height: u32,
    rgb: String,
}

fn kinds() -> BTreeMap<String, Kind> {
    serde_json::from_slice(&data("kinds.json")).expect("kinds.json")
}

/// Checks all files of `make_kinds.py` whose names begin so; there are `count`.
fn check_kinds(prefix: &str, count: usize) {
    let kinds: Vec<(String, Kind)> = kinds()
        .into_iter()
        .filter(|(name, _)| name.starts_with(prefix))
        .collect();
    assert_eq!(kinds.len(), count, "files of kind {prefix}");
    for (name, expected) in kinds {
        let photo = decode(&data(&format!("kinds/{name}")), &Limits::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((photo.width, photo.height), (expected.width, expected.height), "{name}");
        assert!(hex(&photo.rgb) == expected.rgb, "{name}");
    }
}

#[test]
fn tiff_palettes_are_looked_up() {
    check_kinds("tiff_palette", 4);
}

#[test]
fn tiff_gray_of_few_and_many_bits_and_with_alpha() {
    check_kinds("tiff_gray", 12);
}

#[test]
fn tiff_alpha_that_was_multiplied_in_is_divided_out() {
    check_kinds("tiff_premultiplied", 2);
}

#[test]
fn tiff_alpha_is_dropped() {
    check_kinds("tiff_alpha", 2);
}

#[test]
fn tiff_samples_that_mean_nothing_are_dropped() {
    check_kinds("tiff_extra", 1);
}

#[test]
fn tiff_floats_are_0_to_1() {
    check_kinds("tiff_float", 5);
}

#[test]
fn tiff_inks() {
    check_kinds("tiff_cmyk", 2);
}

#[test]
fn big_tiff_is_recognised_in_both_byte_orders() {
    check_kinds("tiff_big_tiff", 2);
}

#[test]
fn tiff_planes() {
    check_kinds("tiff_planar", 3);
}

#[test]
fn tiff_ycbcr_of_all_samplings() {
    check_kinds("tiff_ycbcr", 4);
}

#[test]
fn tiff_jpeg_has_the_colours_that_the_tiff_file_says() {
    check_kinds("tiff_jpeg", 5);
}

#[test]
fn tiff_fax() {
    check_kinds("tiff_fax", 2);
}

#[test]
fn tiff_lzw() {
    check_kinds("tiff_lzw", 2);
}

#[test]
fn tiff_orientation() {
    check_kinds("tiff_orientation", 2);
}

#[test]
fn gif_frames_smaller_or_larger_than_their_screen() {
    check_kinds("gif_", 7);
}

#[test]
fn webp_promises_without_chunks() {
    check_kinds("webp_", 7);
}

#[test]
fn png_orientation_in_front_of_and_behind_the_pixels_in_profiles_and_xmp() {
    check_kinds("png_orientation", 9);
}

#[test]
fn jpeg_orientation_of_any_integer_and_in_xmp() {
    check_kinds("jpeg_orientation", 17);
}

#[test]
fn jpeg_xl_is_exact_where_it_is_lossless_and_within_a_level_elsewhere() {
    for kind in ["jxl_alpha", "jxl_gray", "jxl_lossless"] {
        check_kinds(kind, 1);
    }
    let expected = &kinds()["jxl_lossy.jxl"];
    let photo = decode(&data("kinds/jxl_lossy.jxl"), &Limits::default()).expect("a whole file");
    assert_eq!((photo.width, photo.height), (expected.width, expected.height));
    let expected = expected.rgb.as_bytes().chunks(2);
    for (ours, theirs) in photo.rgb.iter().zip(expected) {
        let digits = std::str::from_utf8(theirs).expect("digits");
        let theirs = u8::from_str_radix(digits, 16).expect("hexadecimal");
        assert!(ours.abs_diff(theirs) <= 1);
    }
}

#[test]
fn other_kinds_of_tiff() {
    check_kinds("tiff_no_strip_lengths.tif", 1);
    check_kinds("tiff_one_number_of_bits.tif", 1);
    check_kinds("tiff_packbits.tif", 1);
    check_kinds("tiff_predictor16.tif", 1);
    check_kinds("tiff_reversed_bits.tif", 1);
    check_kinds("tiff_rgb16_big_endian.tif", 1);
    check_kinds("tiff_small_tiles.tif", 1);
    check_kinds("tiff_tiles.tif", 1);
    check_kinds("tiff_two_pages.tif", 1);
}

#[derive(Deserialize)]
struct Hashed {
    width: u32,
    height: u32,
    sha256: String,
}

#[test]
fn jpegs_of_all_kinds_give_the_pixels_that_pillow_reads() {
    let expected: BTreeMap<String, Option<Hashed>> = serde_json::from_slice(&data("jpegs.json")).expect("jpegs.json");
    let mut archive = zip::ZipArchive::new(Cursor::new(data("jpegs.zip"))).expect("jpegs.zip");
    assert!(expected.len() > 240 && expected.len() == archive.len());
    for (name, expected) in expected {
        let mut jpeg = Vec::new();
        let mut file = archive.by_name(&name).expect("all files are in the archive");
        file.read_to_end(&mut jpeg).expect("a whole archive");
        let photo = decode(&jpeg, &Limits::default());
        let Some(expected) = expected else {
            // what Pillow does not read is told by name
            assert!(
                matches!(photo, Err(ImageError::Unsupported { .. })),
                "{name}: {photo:?}"
            );
            continue;
        };
        let photo = photo.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((photo.width, photo.height), (expected.width, expected.height), "{name}");
        assert_eq!(hex(&Sha256::digest(&photo.rgb)), expected.sha256, "{name}");
    }
}

// What is not read

#[test]
fn a_tiff_that_is_not_read_is_told_by_name() {
    for (patches, reason) in [
        // (tag, its value) in front of what the file says
        (&[(259, 50_000)][..], "Zstandard"),
        (&[(259, 6)], "old style"),
        (&[(262, 8)], "CIELab"),
        (&[(339, 2)], "signed"),
        (&[(258, 32)], "32 bits"),
    ] {
        let mut tiff = data("kinds/tiff_palette8.tif");
        for &(tag, value) in patches {
            patch(&mut tiff, tag, value);
        }
        let error = decode(&tiff, &Limits::default()).expect_err("not read");
        assert!(matches!(error, ImageError::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

/// Puts a short number in place of the one that a little-endian TIFF file has for a tag.
fn patch(tiff: &mut [u8], tag: u16, value: u16) {
    let count = usize::from(u16::from_le_bytes([tiff[8], tiff[9]]));
    for entry in tiff[10..10 + 12 * count].chunks_exact_mut(12) {
        if u16::from_le_bytes([entry[0], entry[1]]) == tag {
            entry[2..8].copy_from_slice(&[3, 0, 1, 0, 0, 0]);
            entry[8..10].copy_from_slice(&value.to_le_bytes());
        }
    }
}

#[test]
fn formats_that_are_not_read_name_themselves_and_what_converts_them() {
    for (start, name, converter) in [
        (&b"\0\0\0\x20ftypheic\0\0\0\0mif1heic"[..], "HEIC", "heif-convert"),
        (b"\0\0\0\x20ftypmif1\0\0\0\0avifmif1", "AVIF", "avifdec"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000", "GIMP"),
        (b"\0\0\0\x18ftypcrx \0\0\0\0", "Canon CR3", "darktable"),
        (b"II*\0\x10\0\0\0CR\x02\0", "Canon CR2", "darktable"),
        (b"IIRO\x08\0\0\0", "Olympus ORF", "RawTherapee"),
        (b"IIU\0\x18\0\0\0", "Panasonic RW2", "RawTherapee"),
        (b"FUJIFILMCCD-RAW 0201", "Fujifilm RAF", "RawTherapee"),
        (b"8BPS\0\x01", "Photoshop", "Krita"),
    ] {
        assert_eq!(source_format(start), Some(name));
        let message = decode(start, &Limits::default()).expect_err("not read").to_string();
        assert!(message.contains(name) && message.contains(converter), "{message}");
    }
}

#[test]
fn the_preview_of_a_camera_raw_file_is_not_taken_for_the_picture() {
    let mut dng = data("kinds/tiff_palette8.tif");
    // the palette's tag becomes that of the version of DNG
    let at = dng
        .array_windows()
        .position(|tag| *tag == 320_u16.to_le_bytes())
        .expect("the tag");
    dng[at..at + 2].copy_from_slice(&50_706_u16.to_le_bytes());
    let error = decode(&dng, &Limits::default()).expect_err("not read");
    assert!(
        error.to_string().starts_with("camera raw (DNG) images cannot be read"),
        "{error}"
    );
}

#[test]
fn jpegs_of_rare_processes_are_unsupported_and_not_damaged() {
    let jpeg = data("kinds/jpeg_orientation_twice.jpg");
    let frame = jpeg
        .array_windows()
        .position(|marker| *marker == [0xFF, 0xC0])
        .expect("a frame");
    for (at, value) in [
        (frame + 1, 0xC5), // hierarchical
        (frame + 4, 12),   // bits
    ] {
        let mut jpeg = jpeg.clone();
        jpeg[at] = value;
        let error = decode(&jpeg, &Limits::default()).expect_err("not read");
        assert!(matches!(error, ImageError::Unsupported { .. }), "{error:?}");
    }
    let mut late_height = jpeg;
    late_height[frame + 5..frame + 7].fill(0);
    let error = decode(&late_height, &Limits::default()).expect_err("not read");
    assert!(error.to_string().contains("height"), "{error}");
}

// Files that mean harm

#[test]
fn a_cut_file_of_any_kind_is_an_error_or_whole() {
    for name in kinds().into_keys() {
        let bytes = data(&format!("kinds/{name}"));
        let whole = decode(&bytes, &Limits::default()).expect("the whole file is fine");
        for length in 0..bytes.len() {
            match decode(&bytes[..length], &Limits::default()) {
                Ok(photo) => {
                    let is_whole = photo == whole || turned_away(&name, &photo.rgb, &whole.rgb);
                    assert!(is_whole, "{name} cut at {length}");
                }
                Err(error) => {
                    let message = error.to_string();
                    assert!(!message.contains('\n') && message.contains("; "), "{name}: {message}");
                }
            }
        }
    }
}

#[test]
fn a_png_palette_of_a_wrong_length_is_damaged_and_stops_no_decoder() {
    let whole = data("palette.png");
    let at = whole
        .array_windows()
        .position(|kind| kind == b"PLTE")
        .expect("a palette");
    let length = u32::from_be_bytes([whole[at - 4], whole[at - 3], whole[at - 2], whole[at - 1]]);
    let mut png = whole[..at - 4].to_vec();
    let mut chunk = b"PLTE".to_vec();
    chunk.extend(&whole[at + 4..at + 4 + length as usize - 1]);
    png.extend((length - 1).to_be_bytes());
    png.extend(&chunk);
    png.extend(crc32(&chunk).to_be_bytes());
    png.extend(&whole[at + 4 + length as usize + 4..]);
    let error = decode(&png, &Limits::default()).expect_err("damaged");
    assert!(error.to_string().contains("palette"), "{error}");
}

/// CRC-32 of a PNG chunk (PNG specification, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
    !bytes
        .iter()
        .fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

/// Whether all that is missing is an orientation behind the pixels: the pixels are the same ones.
fn turned_away(name: &str, cut: &[u8], whole: &[u8]) -> bool {
    let sorted = |bytes: &[u8]| {
        let mut pixels = bytes.as_chunks::<3>().0.to_vec();
        pixels.sort_unstable();
        pixels
    };
    name.contains("orientation") && sorted(cut) == sorted(whole)
}

#[test]
fn a_flipped_byte_in_any_kind_is_survived() {
    let limits = Limits {
        max_pixels: 1_000_000,
        max_bytes: 16 << 20,
    };
    for name in kinds().into_keys() {
        let mut bytes = data(&format!("kinds/{name}"));
        // a slow decoder
        let step = if name.ends_with(".jxl") { 9 } else { 1 };
        for at in (0..bytes.len()).step_by(step) {
            for flip in [0x01, 0x80, 0xFF] {
                bytes[at] ^= flip;
                if let Ok(photo) = decode(&bytes, &limits) {
                    let pixels = photo.width as usize * photo.height as usize;
                    assert_eq!(photo.rgb.len(), pixels * 3, "{name}, byte {at}");
                }
                bytes[at] ^= flip;
            }
        }
    }
}
