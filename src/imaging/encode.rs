//! Pixels to PNG, JPEG and WebP files, with a note of what made them.

use image_webp::{ColorType, WebPEncoder};
use libjpeg_turbo_rs::{Encoder, PixelFormat, Subsampling};

use super::{Cutout, Format, ImageError, Photo, xmp};

/// Maps have colours that a lower quality would wash out.
const JPEG_QUALITY: u8 = 95;
/// What a segment of JPEG that holds XMP begins with.
const XMP_IN_JPEG: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// What a segment begins with that holds a part of what is too long for one.
const EXTENDED_XMP_IN_JPEG: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
/// Bytes of such a part, as the XMP specification wants it.
const EXTENDED_PART: usize = 65400;

/// What made a picture, to be written into its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeBy {
    /// The program with its version.
    pub program: String,
    /// All that is needed to make the picture again, for programs; [`recipe_in`](super::recipe_in) reads it.
    pub recipe: String,
    /// The same for people: pairs of keyword and text, which PNG files hold.
    pub texts: Vec<(String, String)>,
}

/// The photo as a PNG file, 8-bit RGB.
///
/// # Errors
/// [`ImageError::Encoding`] when the photo's sides do not fit its pixels.
pub fn encode_png(photo: &Photo) -> Result<Vec<u8>, ImageError> {
    write_png(photo, None, &[]).map_err(|error| failed(Format::Png, error))
}

/// A picture as a file of a format, over white where parts of it are missing and the format has no transparency, with a
/// note of what made it.
///
/// The same picture and note give the same bytes.
///
/// # Errors
/// [`ImageError::Encoding`] when the picture's sides do not fit its pixels or are longer than the format allows, or a
/// keyword of the note is not 1 to 79 Latin-1 characters.
pub fn encode(picture: Cutout, format: Format, made_by: Option<&MadeBy>) -> Result<Vec<u8>, ImageError> {
    let Cutout { photo, .. } = &picture;
    if photo.rgb.len() as u64 != u64::from(photo.width) * u64::from(photo.height) * 3 {
        return Err(failed(format, "the sides of the picture do not fit its pixels"));
    }
    let packet = made_by.map(|made_by| xmp::packet(&made_by.program, &made_by.recipe));
    let packet = packet.as_deref();
    match format {
        Format::Png => {
            let mut texts = Vec::new();
            if let Some(MadeBy {
                program, texts: own, ..
            }) = made_by
            {
                texts.push((SOFTWARE, program.as_str()));
                texts.extend(own.iter().map(|(keyword, text)| (keyword.as_str(), text.as_str())));
            }
            texts.extend(packet.map(|packet| ("XML:com.adobe.xmp", packet)));
            write_png(&picture.photo, picture.opacity.as_deref(), &texts).map_err(|error| failed(format, error))
        }
        Format::Jpeg => write_jpeg(picture, made_by).map_err(|reason| failed(format, reason)),
        Format::Webp => write_webp(&picture, packet).map_err(|reason| failed(format, reason)),
    }
}

fn failed(format: Format, error: impl ToString) -> ImageError {
    let format = match format {
        Format::Png => "PNG",
        Format::Jpeg => "JPEG",
        Format::Webp => "WebP",
    };
    ImageError::Encoding {
        format,
        reason: error.to_string(),
    }
}

/// The keyword of a PNG text that names a program.
const SOFTWARE: &str = "Software";

/// Whether a file with this start and this end is a picture that this program wrote: it says so, WebP at its end.
#[must_use]
pub fn is_written_by_us(start: &[u8], end: &[u8]) -> bool {
    const IN_PNG: &[u8] = b"iTXtSoftware\0\0\0\0\0gradcam-explorer ";
    const IN_XMP: &[u8] = b"<xmp:CreatorTool>gradcam-explorer ";
    // of earlier versions
    const IN_COMMENT: &[u8] = b"Software: gradcam-explorer ";
    let has = |part: &[u8], text: &[u8]| part.windows(text.len()).any(|window| window == text);
    match start {
        [0x89, b'P', b'N', b'G', ..] => has(start, IN_PNG),
        [0xFF, 0xD8, 0xFF, ..] => has(start, IN_XMP) || has(start, IN_COMMENT),
        [b'R', b'I', b'F', b'F', ..] => has(end, IN_XMP),
        _ => false,
    }
}

fn write_jpeg(picture: Cutout, made_by: Option<&MadeBy>) -> Result<Vec<u8>, String> {
    const START: [u8; 2] = [0xFF, 0xD8];
    const JFIF: [u8; 2] = [0xFF, 0xE0];
    let photo = picture.over([255; 3]);
    let file = Encoder::new(
        &photo.rgb,
        photo.width as usize,
        photo.height as usize,
        PixelFormat::Rgb,
    )
    .quality(JPEG_QUALITY)
    .subsampling(Subsampling::S444)
    .encode()
    .map_err(|error| error.to_string())?;
    let Some(made_by) = made_by else { return Ok(file) };
    let notes = xmp_segments(made_by).ok_or("the note of what made it is too long")?;
    // JFIF's own segment stays in front
    let rest = file.strip_prefix(&START).ok_or("its encoder is broken")?;
    let jfif = match rest {
        [a, b, high, low, ..] if [*a, *b] == JFIF => 2 + usize::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    };
    let (jfif, rest) = rest.split_at_checked(jfif).ok_or("its encoder is broken")?;
    Ok([&START, jfif, &notes, rest].concat())
}

/// The segments that say what made a picture: one, or as many more as it takes.
fn xmp_segments(made_by: &MadeBy) -> Option<Vec<u8>> {
    let MadeBy { program, recipe, .. } = made_by;
    if let Some(segment) = app1(&[XMP_IN_JPEG, xmp::packet(program, recipe).as_bytes()]) {
        return Some(segment);
    }
    let (packet, guid, rest) = xmp::parts(program, recipe);
    let mut segments = app1(&[XMP_IN_JPEG, packet.as_bytes()])?;
    let all = u32::try_from(rest.len()).ok()?.to_be_bytes();
    let mut offset = 0_u32;
    for part in rest.as_bytes().chunks(EXTENDED_PART) {
        segments.extend(app1(&[
            EXTENDED_XMP_IN_JPEG,
            guid.as_bytes(),
            &all,
            &offset.to_be_bytes(),
            part,
        ])?);
        offset += part.len() as u32;
    }
    Some(segments)
}

/// A segment of an application; none where it is too long for one.
fn app1(body: &[&[u8]]) -> Option<Vec<u8>> {
    let body = body.concat();
    let length = u16::try_from(body.len() + 2).ok()?;
    Some([&[0xFF, 0xE1], length.to_be_bytes().as_slice(), &body].concat())
}

fn write_webp(picture: &Cutout, packet: Option<&str>) -> Result<Vec<u8>, String> {
    let Cutout { photo, opacity } = picture;
    let mut file = Vec::new();
    let mut encoder = WebPEncoder::new(&mut file);
    if let Some(packet) = packet {
        encoder.set_xmp_metadata(packet.as_bytes().to_vec());
    }
    let written = match opacity {
        None => encoder.encode(&photo.rgb, photo.width, photo.height, ColorType::Rgb8),
        Some(opacity) => {
            let rgba = with_opacity(photo, opacity);
            encoder.encode(&rgba, photo.width, photo.height, ColorType::Rgba8)
        }
    };
    written.map_err(|error| match error {
        image_webp::EncodingError::InvalidDimensions => "at most 16384 pixels a side".to_owned(),
        error => error.to_string(),
    })?;
    Ok(file)
}

/// Pixels `[height, width, 4]`.
fn with_opacity(photo: &Photo, opacity: &[u8]) -> Vec<u8> {
    let pixels = photo.rgb.as_chunks::<3>().0.iter().zip(opacity);
    pixels
        .flat_map(|(&[red, green, blue], &opacity)| [red, green, blue, opacity])
        .collect()
}

fn write_png(photo: &Photo, opacity: Option<&[u8]>, texts: &[(&str, &str)]) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, photo.width, photo.height);
    encoder.set_color(match opacity {
        Some(_) => png::ColorType::Rgba,
        None => png::ColorType::Rgb,
    });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    for &(keyword, text) in texts {
        encoder.add_itxt_chunk(keyword.to_owned(), text.to_owned())?;
    }
    let mut writer = encoder.write_header()?;
    match opacity {
        None => writer.write_image_data(&photo.rgb)?,
        Some(opacity) => writer.write_image_data(&with_opacity(photo, opacity))?,
    }
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::imaging::{Limits, decode, recipe_in};

    fn photo() -> Photo {
        Photo {
            width: 5,
            height: 3,
            rgb: (0..45).map(|i| i * 5).collect(),
        }
    }

    fn made_by(recipe: &str) -> MadeBy {
        MadeBy {
            program: "gradcam-explorer 9.9.9".to_owned(),
            recipe: recipe.to_owned(),
            texts: vec![
                ("class".to_owned(), "Hauskatze 猫".to_owned()),
                ("note".to_owned(), String::new()),
            ],
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let file = encode_png(&photo()).expect("a photo can be written");
        assert_eq!(decode(&file, &Limits::default()), Ok(photo()));
        for format in [Format::Png, Format::Webp] {
            let file = encode(photo().into(), format, Some(&made_by("{}"))).expect("a photo can be written");
            assert_eq!(decode(&file, &Limits::default()), Ok(photo()), "{format}");
        }
    }

    #[test]
    fn every_format_carries_what_made_it() {
        let recipe = "{\"class\": \"<Hauskatze> & 猫\\n\"}";
        for format in Format::ALL {
            let write =
                |made_by: Option<&MadeBy>| encode(photo().into(), format, made_by).expect("a photo can be written");
            let (with, without) = (write(Some(&made_by(recipe))), write(None));
            assert_eq!(recipe_in(&with).as_deref(), Some(recipe), "{format}");
            assert_eq!(recipe_in(&without), None, "{format}");
            assert!(is_written_by_us(&with, &with), "{format}");
            assert!(!is_written_by_us(&without, &without), "{format}");
            assert_eq!(
                with,
                write(Some(&made_by(recipe))),
                "the same bytes each time: {format}"
            );
            let (one, other) = (decode(&with, &Limits::default()), decode(&without, &Limits::default()));
            assert!(one.is_ok() && one == other, "{format}");
        }
    }

    #[test]
    fn a_recipe_of_another_program_is_none_of_ours() {
        let other = MadeBy {
            program: "another program".to_owned(),
            ..made_by("{}")
        };
        for format in Format::ALL {
            let file = encode(photo().into(), format, Some(&other)).expect("a photo can be written");
            assert!(!is_written_by_us(&file, &file), "{format}");
        }
        assert!(!is_written_by_us(b"Software: gradcam-explorer 1", b""));
    }

    #[test]
    fn texts_are_kept_in_png() {
        let file = encode(photo().into(), Format::Png, Some(&made_by("{}"))).expect("texts can be written");
        let reader = png::Decoder::new(Cursor::new(file)).read_info().expect("a PNG");
        let chunks = &reader.info().utf8_text;
        let found: Vec<(String, String)> = chunks
            .iter()
            .map(|chunk| (chunk.keyword.clone(), chunk.get_text().expect("UTF-8")))
            .collect();
        assert_eq!(found.len(), 4);
        assert_eq!(found[0], ("Software".to_owned(), "gradcam-explorer 9.9.9".to_owned()));
        assert_eq!(found[1..3], made_by("{}").texts);
        assert_eq!(found[3].0, "XML:com.adobe.xmp");
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        for keyword in ["", "猫", &"k".repeat(80)] {
            let made_by = MadeBy {
                texts: vec![(keyword.to_owned(), "text".to_owned())],
                ..made_by("{}")
            };
            let written = encode(photo().into(), Format::Png, Some(&made_by));
            assert!(matches!(written, Err(ImageError::Encoding { .. })), "{keyword}");
        }
        let short = Photo {
            width: 5,
            height: 4,
            rgb: vec![0; 45],
        };
        assert!(matches!(encode_png(&short), Err(ImageError::Encoding { .. })));
        for format in Format::ALL {
            let written = encode(short.clone().into(), format, None);
            assert!(matches!(written, Err(ImageError::Encoding { .. })), "{format}");
        }
        let wide = encode(Photo::filled(16_385, 1, [0; 3]).into(), Format::Webp, None);
        assert!(wide.is_err_and(|error| error.to_string().contains("16384")));
    }

    #[test]
    fn a_note_that_is_too_long_for_one_segment_of_jpeg_goes_on_in_others() {
        for length in [60_000, 65_000, 70_000, 200_000] {
            let recipe: String = (0..length).map(|at| char::from(b'a' + (at % 23) as u8)).collect();
            let file = encode(photo().into(), Format::Jpeg, Some(&made_by(&recipe))).expect("a JPEG");
            assert!(recipe_in(&file) == Some(recipe), "{length}");
            assert!(is_written_by_us(&file, &file));
            assert!(decode(&file, &Limits::default()).is_ok());
        }
        // a part that is missing or of another packet leaves no half of a note behind
        let recipe = "x".repeat(200_000);
        let file = encode(photo().into(), Format::Jpeg, Some(&made_by(&recipe))).expect("a JPEG");
        let places: Vec<usize> = (0..file.len())
            .filter(|&at| file[at..].starts_with(EXTENDED_XMP_IN_JPEG))
            .collect();
        assert_eq!(places.len(), 4);
        let guid = places[0] + EXTENDED_XMP_IN_JPEG.len();
        let text = std::str::from_utf8(&file[guid..guid + 32]).expect("digits");
        assert!(
            text.bytes()
                .all(|digit| digit.is_ascii_digit() || (b'A'..=b'F').contains(&digit))
        );
        for place in places {
            let mut damaged = file.clone();
            damaged[place + EXTENDED_XMP_IN_JPEG.len()] = b'-';
            assert_eq!(recipe_in(&damaged), None);
        }
    }

    #[test]
    fn a_jpeg_is_nearly_the_picture() {
        let photo = Photo::filled(40, 30, [180, 4, 38]);
        let file = encode(photo.clone().into(), Format::Jpeg, Some(&made_by("{}"))).expect("a JPEG");
        let read = decode(&file, &Limits::default()).expect("a JPEG");
        assert_eq!((read.width, read.height), (40, 30));
        assert!(read.rgb.iter().zip(&photo.rgb).all(|(a, b)| a.abs_diff(*b) < 4));
    }

    #[test]
    fn what_is_missing_is_clear_in_png_and_webp_and_white_in_jpeg() {
        let drawing = Photo {
            width: 32,
            height: 16,
            rgb: [vec![255; 16 * 3], vec![0; 16 * 3]].concat().repeat(16),
        };
        let cutout = Cutout::of(Photo::filled(32, 16, [10, 20, 30]), &drawing);
        let write = |format| encode(cutout.clone(), format, Some(&made_by("{}"))).expect("a picture can be written");
        for format in [Format::Png, Format::Webp] {
            let read = image::load_from_memory(&write(format)).expect("a picture").into_rgba8();
            assert_eq!(read.get_pixel(3, 3).0, [10, 20, 30, 255], "{format}");
            assert_eq!(read.get_pixel(20, 3).0, [0, 0, 0, 0], "{format}");
        }
        let read = decode(&write(Format::Jpeg), &Limits::default()).expect("a JPEG");
        assert!(read.rgb[3 * 24..3 * 32].iter().all(|level| *level > 250));
    }
}
