//! Pictures against Pillow and OpenCV, and against files that mean harm.
//!
//! `data/imaging/make_fixtures.py` and `make_goldens.py` wrote the files and numbers.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use gradcam_explorer::imaging::{
    Colormap, ImageError, Limits, Photo, Resize, decode, encode_png, overlay, resize, resize_map, source_format,
};
use image::{DynamicImage, ImageFormat, RgbImage};
use proptest::prelude::*;
use serde::Deserialize;
use sha2::{Digest, Sha256};

fn data(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/imaging");
    fs::read(folder.join(name)).expect("a file of the test data")
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_from_hex(hex: &str) -> Vec<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).expect("a hexadecimal digit") as u8;
    hex.as_bytes()
        .chunks(2)
        .map(|pair| digit(pair[0]) * 16 + digit(pair[1]))
        .collect()
}

/// The same bytes as `noise` in make_goldens.py.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn noise_photo(width: u32, height: u32) -> Photo {
    let rgb = noise(width as usize * height as usize * 3);
    Photo::new(width, height, rgb).expect("the length fits")
}

/// The same values as `heat_noise` in make_goldens.py.
fn noise_map(count: usize) -> Vec<f32> {
    let value = |byte| (f32::from(byte) + 0.5) / 256.0;
    noise(count).into_iter().map(value).collect()
}

#[derive(Deserialize)]
struct Fixture {
    width: u32,
    height: u32,
    rgb: String,
}

fn fixtures() -> BTreeMap<String, Fixture> {
    serde_json::from_slice(&data("fixtures.json")).expect("fixtures.json")
}

// Formats

#[test]
fn files_give_the_pixels_that_pillow_reads() {
    let fixtures = fixtures();
    assert!(fixtures.len() > 40);
    for (name, expected) in &fixtures {
        let photo = decode(&data(name), &Limits::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((photo.width, photo.height), (expected.width, expected.height), "{name}");
        assert!(photo.rgb == bytes_from_hex(&expected.rgb), "{name}");
    }
}

#[test]
fn formats_of_the_image_crate_are_told_by_content() {
    let photo = noise_photo(19, 7);
    let image = RgbImage::from_raw(19, 7, photo.rgb.clone()).expect("the length fits");
    for (format, name) in [
        (ImageFormat::Png, "PNG"),
        (ImageFormat::WebP, "WebP"),
        (ImageFormat::Bmp, "BMP"),
        (ImageFormat::Tiff, "TIFF"),
        (ImageFormat::Pnm, "PNM"),
        (ImageFormat::Qoi, "QOI"),
    ] {
        let mut file = Cursor::new(Vec::new());
        DynamicImage::from(image.clone())
            .write_to(&mut file, format)
            .expect("written");
        assert_eq!(source_format(file.get_ref()), Some(name));
        assert_eq!(
            decode(file.get_ref(), &Limits::default()).as_ref(),
            Ok(&photo),
            "{name}"
        );
    }
    let float = DynamicImage::from(image).into_rgb32f();
    let mut file = Cursor::new(Vec::new());
    float.write_to(&mut file, ImageFormat::Tiff).expect("written");
    assert_eq!(decode(file.get_ref(), &Limits::default()), Ok(photo), "float TIFF");
}

// Files that mean harm

#[test]
fn a_cut_file_is_an_error_or_whole() {
    for name in fixtures().into_keys() {
        let bytes = data(&name);
        let whole = decode(&bytes, &Limits::default()).expect("the whole file is fine");
        for length in 0..bytes.len() {
            match decode(&bytes[..length], &Limits::default()) {
                // Only what follows the pixels may be missing unnoticed.
                Ok(photo) => assert_eq!(photo, whole, "{name} cut at {length}"),
                Err(ImageError::Encoding { .. } | ImageError::WrongLength { .. }) => {
                    panic!("{name} cut at {length}: the wrong error")
                }
                Err(_) => {}
            }
        }
    }
}

#[test]
fn a_flipped_byte_is_survived() {
    let limits = Limits {
        max_pixels: 1_000_000,
        max_bytes: 16 << 20,
    };
    for name in fixtures().into_keys() {
        let mut bytes = data(&name);
        for at in 0..bytes.len() {
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

/// Headers that promise huge pictures: (file, its promised width and height).
fn absurd_headers() -> Vec<(Vec<u8>, (u32, u32))> {
    let patched = |name: &str, at: usize, sides: &[u8]| {
        let mut bytes = data(name);
        bytes[at..at + sides.len()].copy_from_slice(sides);
        bytes
    };
    let mut png = patched("rgb.png", 16, &[0, 1, 0, 0, 0, 1, 0, 0]);
    let checksum = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&checksum.to_be_bytes());
    let jpeg = data("baseline.jpg");
    let frame = jpeg
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC0])
        .expect("a frame header");
    vec![
        (png, (65_536, 65_536)),
        (patched("baseline.jpg", frame + 5, &[0xFF; 4]), (65_535, 65_535)),
        (patched("animated.gif", 6, &[0xFF; 4]), (65_535, 65_535)),
        (
            patched("rgb.bmp", 18, &[0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0, 0]),
            (65_535, 65_535),
        ),
        (b"P6 100000 90000 255\n".to_vec(), (100_000, 90_000)),
        (b"qoif\0\0\x40\0\0\0\x40\0\x03\0".to_vec(), (16_384, 16_384)),
    ]
}

/// CRC-32 of a PNG chunk (PNG specification, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
        }
    }
    !crc
}

#[test]
fn absurd_sizes_fail_at_once() {
    for (bytes, (width, height)) in absurd_headers() {
        let name = source_format(&bytes).expect("a known format");
        let started = Instant::now();
        let error = decode(&bytes, &Limits::default());
        // Touching the memory that such a size needs would take many seconds.
        assert!(started.elapsed() < Duration::from_secs(1), "{name}");
        let max_pixels = 200_000_000;
        assert_eq!(
            error,
            Err(ImageError::TooManyPixels {
                width,
                height,
                max_pixels
            }),
            "{name}"
        );
    }
}

#[test]
fn limits_name_the_size_and_the_limit() {
    let png = encode_png(&noise_photo(20, 10)).expect("a photo can be written");
    let exact = Limits {
        max_pixels: 200,
        max_bytes: 660,
    };
    assert!(decode(&png, &exact).is_ok());
    let pixels = decode(
        &png,
        &Limits {
            max_pixels: 199,
            ..exact
        },
    )
    .expect_err("too many pixels");
    assert_eq!(
        pixels.to_string(),
        "the image has 20 x 10 pixels, more than the limit of 199; scale it down first"
    );
    let bytes = decode(
        &png,
        &Limits {
            max_bytes: 659,
            ..exact
        },
    )
    .expect_err("too many bytes");
    assert_eq!(
        bytes.to_string(),
        "the image of 20 x 10 pixels needs more memory than the limit of 659 bytes; scale it down first"
    );
}

#[test]
fn what_is_no_image_is_told() {
    let limits = Limits::default();
    assert_eq!(decode(b"", &limits), Err(ImageError::Empty));
    for bytes in [
        &b"hello, world"[..],
        b"\0",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        &[0xFF; 999],
    ] {
        assert_eq!(decode(bytes, &limits), Err(ImageError::UnknownFormat));
        assert_eq!(source_format(bytes), None);
    }
    for (bytes, format) in [
        (&b"\0\0\0\x20ftypavif\0\0\0\0"[..], "AVIF"),
        (b"\0\0\0\x20ftypheic\0\0\0\0", "HEIC"),
        (b"DDS \x7c\0\0\0", "DDS"),
    ] {
        let error = decode(bytes, &limits).expect_err("not supported");
        assert!(
            matches!(&error, ImageError::Foreign { format: f, .. } if *f == format),
            "{error:?}"
        );
    }
    let error = decode(b"BMW makes cars", &limits).expect_err("not a picture");
    assert!(matches!(error, ImageError::Damaged { format: "BMP", .. }), "{error:?}");
}

#[test]
fn messages_are_single_lines_that_say_what_to_do() {
    for name in fixtures().into_keys() {
        let bytes = data(&name);
        for length in [0, 1, 9, 30, bytes.len() / 2] {
            let Err(error) = decode(&bytes[..length.min(bytes.len())], &Limits::default()) else {
                continue;
            };
            let message = error.to_string();
            assert!(!message.contains('\n') && message.contains("; "), "{name}: {message}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_after_a_signature_are_survived(
        signature in prop::sample::select(vec![
            &b"\x89PNG\r\n\x1a\n"[..], b"\xFF\xD8\xFF", b"GIF89a", b"RIFF\x20\0\0\0WEBP", b"II*\0",
            b"MM\0*", b"BM", b"P1", b"P3", b"P6", b"P7", b"qoif",
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let limits = Limits { max_pixels: 1_000_000, max_bytes: 16 << 20 };
        if let Ok(photo) = decode(&[signature, &bytes].concat(), &limits) {
            prop_assert_eq!(photo.rgb.len(), photo.width as usize * photo.height as usize * 3);
        }
    }
}

// Pillow's and OpenCV's numbers

#[derive(Deserialize)]
struct Goldens {
    nearest_columns: String,
    resizes: Vec<ResizeGolden>,
    resized_maps: Vec<MapGolden>,
    blends: Vec<BlendGolden>,
}

#[derive(Deserialize)]
struct ResizeGolden {
    from: (u32, u32),
    to: (u32, u32),
    method: String,
    sha256: String,
}

#[derive(Deserialize)]
struct MapGolden {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

#[derive(Deserialize)]
struct BlendGolden {
    blend: f32,
    sha256: String,
}

fn goldens() -> Goldens {
    serde_json::from_slice(&data("goldens.json")).expect("goldens.json")
}

#[test]
fn resizes_are_pillows_and_opencvs_byte_for_byte() {
    for golden in goldens().resizes {
        let ResizeGolden {
            from,
            to,
            method,
            sha256: expected,
        } = golden;
        let method: Resize = method.parse().expect("a way of resizing");
        let resized = resize(&noise_photo(from.0, from.1), to.0, to.1, method);
        assert_eq!((resized.width, resized.height), to);
        assert_eq!(sha256(&resized.rgb), expected, "{method} from {from:?} to {to:?}");
    }
}

#[test]
fn nearest_columns_are_pillows_for_every_width() {
    let mut digest = Sha256::new();
    for width in 1..4500_u16 {
        // The column's number in two of the channels.
        let rgb = (0..width)
            .flat_map(|x| [x.to_le_bytes()[0], x.to_le_bytes()[1], 0])
            .collect();
        let row = Photo::new(u32::from(width), 1, rgb).expect("the length fits");
        for pixel in resize(&row, 299, 1, Resize::Nearest).rgb.chunks_exact(3) {
            digest.update(&pixel[..2]);
        }
    }
    assert_eq!(hex(&digest.finalize()), goldens().nearest_columns);
}

#[test]
fn resized_maps_are_opencvs() {
    let map = noise_map(28);
    for MapGolden { width, height, values } in goldens().resized_maps {
        let resized = resize_map(&map, 7, 4, width, height);
        assert_eq!(resized.len(), values.len());
        for (ours, theirs) in resized.iter().zip(&values) {
            assert!((ours - theirs).abs() < 5e-7, "{width} x {height}: {ours} and {theirs}");
        }
    }
}

#[test]
fn blends_of_all_bytes_are_opencvs() {
    let bytes = (0..256 * 256).flat_map(|i| [(i % 256) as u8; 3]).collect();
    let photo = Photo::new(256, 256, bytes).expect("the length fits");
    // The middle of a grey's range, so that truncation gives that grey.
    let heat: Vec<f32> = (0..256 * 256).map(|i| ((i / 256) as f32 + 0.5) / 255.0).collect();
    for BlendGolden {
        blend,
        sha256: expected,
    } in goldens().blends
    {
        let mixed = overlay(&photo, &heat, 256, 256, Colormap::Gray, blend);
        let one_channel: Vec<u8> = mixed.rgb.iter().copied().step_by(3).collect();
        assert_eq!(sha256(&one_channel), expected, "blend {blend}");
    }
}

#[test]
fn the_overlay_is_opencvs() {
    let ours = overlay(&noise_photo(60, 47), &noise_map(100), 10, 10, Colormap::Jet, 0.4);
    let theirs = data("overlay_jet.bin");
    assert_eq!(ours.rgb.len(), theirs.len());
    let differing = ours.rgb.iter().zip(&theirs).filter(|(a, b)| a != b).count();
    // A float at a truncation's edge may fall to either side.
    assert!(
        differing * 1000 <= theirs.len() * 2,
        "{differing} of {} bytes",
        theirs.len()
    );
}
