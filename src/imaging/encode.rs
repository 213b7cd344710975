//! Pixels to PNG files.

use super::{ImageError, Photo};

/// The photo as a PNG file, 8-bit RGB.
///
/// # Errors
/// [`ImageError::Encoding`] when the photo's sides do not fit its pixels.
pub fn encode_png(photo: &Photo) -> Result<Vec<u8>, ImageError> {
    encode_png_with_text(photo, &[])
}

/// The photo as a PNG file with a text (iTXt chunk, UTF-8) for each (keyword, text).
///
/// # Errors
/// [`ImageError::Encoding`] when a keyword is not 1 to 79 Latin-1 characters, or when the
/// photo's sides do not fit its pixels.
pub fn encode_png_with_text(photo: &Photo, texts: &[(&str, &str)]) -> Result<Vec<u8>, ImageError> {
    write_png(photo, texts).map_err(|error| ImageError::Encoding {
        reason: error.to_string(),
    })
}

/// Whether a file begins like a picture that this program wrote: its text `Software` says so.
#[must_use]
pub fn is_written_by_us(start: &[u8]) -> bool {
    const SOFTWARE: &[u8] = b"iTXtSoftware\0\0\0\0\0gradcam-explorer ";
    let is_png = start.starts_with(b"\x89PNG\r\n\x1a\n");
    is_png && start.windows(SOFTWARE.len()).any(|window| window == SOFTWARE)
}

fn write_png(photo: &Photo, texts: &[(&str, &str)]) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, photo.width, photo.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    for &(keyword, text) in texts {
        encoder.add_itxt_chunk(keyword.to_owned(), text.to_owned())?;
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&photo.rgb)?;
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
        let with = |texts: &[(&str, &str)]| encode_png_with_text(&photo(), texts).expect("a photo can be written");
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
        let file = encode_png_with_text(&photo(), &texts).expect("texts can be written");
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
            let written = encode_png_with_text(&photo(), &[(keyword, "text")]);
            assert!(matches!(written, Err(ImageError::Encoding { .. })), "{keyword}");
        }
        let short = Photo {
            width: 5,
            height: 4,
            rgb: vec![0; 45],
        };
        assert!(matches!(encode_png(&short), Err(ImageError::Encoding { .. })));
    }
}
