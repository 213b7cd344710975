//! Pixels to PNG and JPEG files.

use libjpeg_turbo_rs::{Encoder, PixelFormat, Subsampling};

use super::{Cutout, ImageError, Photo};

/// Maps have colours that a lower quality would wash out.
const JPEG_QUALITY: u8 = 95;

/// The photo as a PNG file, 8-bit RGB.
///
/// # Errors
/// [`ImageError::Encoding`] when the photo's sides do not fit its pixels.
pub fn encode_png(photo: &Photo) -> Result<Vec<u8>, ImageError> {
    write_png(photo, None, &[]).map_err(failed)
}

/// A picture as a JPEG file, over white where parts of it are missing, with a comment that has a line for each
/// (keyword, text).
///
/// # Errors
/// [`ImageError::Encoding`] when the photo's sides do not fit its pixels, or are longer than JPEG allows (65535).
pub fn encode_jpeg(picture: Cutout, texts: &[(&str, &str)]) -> Result<Vec<u8>, ImageError> {
    let photo = picture.over([255; 3]);
    let (width, height) = (photo.width as usize, photo.height as usize);
    if photo.rgb.len() != width * height * 3 {
        return Err(failed("the sides of the picture do not fit its pixels"));
    }
    let lines: Vec<String> = texts
        .iter()
        .map(|(keyword, text)| format!("{keyword}: {text}"))
        .collect();
    let comment = lines.join("\n");
    let mut encoder = Encoder::new(&photo.rgb, width, height, PixelFormat::Rgb)
        .quality(JPEG_QUALITY)
        .subsampling(Subsampling::S444);
    if !comment.is_empty() {
        encoder = encoder.comment(&comment);
    }
    encoder.encode().map_err(failed)
}

fn failed(error: impl ToString) -> ImageError {
    ImageError::Encoding {
        reason: error.to_string(),
    }
}

/// The picture as a PNG file with a text (iTXt chunk, UTF-8) for each (keyword, text).
///
/// # Errors
/// [`ImageError::Encoding`] when a keyword is not 1 to 79 Latin-1 characters, or when the
/// photo's sides do not fit its pixels.
pub fn encode_png_with_text(picture: &Cutout, texts: &[(&str, &str)]) -> Result<Vec<u8>, ImageError> {
    write_png(&picture.photo, picture.opacity.as_deref(), texts).map_err(failed)
}

/// Whether a file begins like a picture that this program wrote: its text `Software` says so.
#[must_use]
pub fn is_written_by_us(start: &[u8]) -> bool {
    const SOFTWARE: &[u8] = b"iTXtSoftware\0\0\0\0\0gradcam-explorer ";
    const COMMENT: &[u8] = b"Software: gradcam-explorer ";
    let has = |text: &[u8]| start.windows(text.len()).any(|window| window == text);
    start.starts_with(b"\x89PNG\r\n\x1a\n") && has(SOFTWARE) || start.starts_with(b"\xff\xd8\xff") && has(COMMENT)
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
        Some(opacity) => {
            let pixels = photo.rgb.as_chunks::<3>().0.iter().zip(opacity);
            let rgba: Vec<u8> = pixels
                .flat_map(|(&[red, green, blue], &alpha)| [red, green, blue, alpha])
                .collect();
            writer.write_image_data(&rgba)?;
        }
    }
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{Limits, decode};
    use std::io::Cursor;

    fn photo() -> Photo {
        Photo {
            width: 5,
            height: 3,
            rgb: (0..45).map(|i| i * 5).collect(),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let file = encode_png(&photo()).expect("a photo can be written");
        assert_eq!(decode(&file, &Limits::default()), Ok(photo()));
    }

    #[test]
    fn a_picture_of_this_program_is_known_by_its_text() {
        let with =
            |texts: &[(&str, &str)]| encode_png_with_text(&photo().into(), texts).expect("a photo can be written");
        assert!(is_written_by_us(&with(&[
            ("Software", "gradcam-explorer 9.9.9"),
            ("Source", "x")
        ])));
        assert!(!is_written_by_us(&with(&[("Software", "another program")])));
        assert!(!is_written_by_us(&with(&[("Comment", "gradcam-explorer ")])));
        assert!(!is_written_by_us(
            &encode_png(&photo()).expect("a photo can be written")
        ));
    }

    #[test]
    fn texts_are_kept() {
        let texts = [
            ("class", "Hauskatze 猫"),
            ("layer", "block14_sepconv2_act"),
            ("note", ""),
        ];
        let file = encode_png_with_text(&photo().into(), &texts).expect("texts can be written");
        assert_eq!(decode(&file, &Limits::default()), Ok(photo()));
        let reader = png::Decoder::new(Cursor::new(file)).read_info().expect("a PNG");
        let chunks = &reader.info().utf8_text;
        assert_eq!(chunks.len(), texts.len());
        for (chunk, (keyword, text)) in chunks.iter().zip(texts) {
            assert_eq!(chunk.keyword, keyword);
            assert_eq!(chunk.get_text().expect("UTF-8"), text);
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        for keyword in ["", "猫", &"k".repeat(80)] {
            let written = encode_png_with_text(&photo().into(), &[(keyword, "text")]);
            assert!(matches!(written, Err(ImageError::Encoding { .. })), "{keyword}");
        }
        let short = Photo {
            width: 5,
            height: 4,
            rgb: vec![0; 45],
        };
        assert!(matches!(encode_png(&short), Err(ImageError::Encoding { .. })));
        assert!(matches!(
            encode_jpeg(short.into(), &[]),
            Err(ImageError::Encoding { .. })
        ));
    }

    #[test]
    fn a_jpeg_is_nearly_the_picture_and_known_by_its_comment() {
        let photo = Photo::filled(40, 30, [180, 4, 38]);
        let file = encode_jpeg(
            photo.clone().into(),
            &[("Software", "gradcam-explorer 9.9.9"), ("Class", "猫")],
        );
        let file = file.expect("a photo can be written");
        assert!(is_written_by_us(&file));
        assert!(file.windows(10).any(|bytes| bytes == "Class: 猫".as_bytes()));
        let read = decode(&file, &Limits::default()).expect("a JPEG");
        assert_eq!((read.width, read.height), (40, 30));
        assert!(read.rgb.iter().zip(&photo.rgb).all(|(a, b)| a.abs_diff(*b) < 4));
        assert!(!is_written_by_us(&encode_jpeg(photo.into(), &[]).expect("a JPEG")));
    }

    #[test]
    fn what_is_missing_is_clear_in_png_and_white_in_jpeg() {
        let drawing = Photo {
            width: 32,
            height: 16,
            rgb: [vec![255; 16 * 3], vec![0; 16 * 3]].concat().repeat(16),
        };
        let cutout = Cutout::of(Photo::filled(32, 16, [10, 20, 30]), &drawing);
        let png = encode_png_with_text(&cutout, &[]).expect("a PNG");
        let read = image::load_from_memory(&png).expect("a PNG").into_rgba8();
        assert_eq!(read.get_pixel(3, 3).0, [10, 20, 30, 255]);
        assert_eq!(read.get_pixel(20, 3).0, [0, 0, 0, 0]);
        let read = decode(&encode_jpeg(cutout, &[]).expect("a JPEG"), &Limits::default()).expect("a JPEG");
        assert!(read.rgb[3 * 24..3 * 32].iter().all(|level| *level > 250));
    }
}
