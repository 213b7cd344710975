//! A page of pictures and text, laid out once and written as pixels or as SVG.

use std::sync::LazyLock;

use ab_glyph::{Font as _, FontRef, PxScale, ScaleFont as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::imaging::{ImageError, Photo, encode_png, xml_text};

/// Names of fonts in SVG, for those who do not have ours.
const FAMILY: &str = "Inter, Helvetica, Arial, sans-serif";

static REGULAR: LazyLock<Option<FontRef<'static>>> =
    LazyLock::new(|| FontRef::try_from_slice(include_bytes!("../../assets/fonts/Inter-Regular.otf")).ok());
static BOLD: LazyLock<Option<FontRef<'static>>> =
    LazyLock::new(|| FontRef::try_from_slice(include_bytes!("../../assets/fonts/Inter-SemiBold.otf")).ok());

/// More letters than any line has room for.
const LONGEST_LINE: usize = 1000;

/// Where a text lies against its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Behind it.
    Start,
    /// Around it.
    Middle,
}

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Left end or middle of the baseline, in pixels.
    pub at: [f32; 2],
    /// Height of a line in pixels.
    pub size: f32,
    /// Where it lies against its place.
    pub align: Align,
    /// Whether it is bold.
    pub is_bold: bool,
    /// What it says.
    pub text: String,
}

/// A picture with its place: left, top, width and height in pixels.
pub type Placed = ([u32; 4], Photo);

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The colour of the paper.
    pub ground: [u8; 3],
    /// The colour of the ink.
    pub ink: [u8; 3],
    /// The pictures.
    pub pictures: Vec<Placed>,
    /// The lines of text.
    pub texts: Vec<Text>,
}

/// The width of a text in pixels.
pub fn width(text: &str, size: f32, is_bold: bool) -> f32 {
    let Some(font) = font(is_bold) else {
        return 0.6 * size * text.chars().count() as f32;
    };
    let font = font.as_scaled(scale(font, size));
    text.chars().map(|letter| font.h_advance(font.glyph_id(letter))).sum()
}

/// A text that ends in … where it is wider than the room for it.
pub fn shortened(text: &str, size: f32, is_bold: bool, room: f32) -> String {
    if width(text, size, is_bold) <= room {
        return text.to_owned();
    }
    let mut kept: Vec<char> = text.chars().take(LONGEST_LINE).collect();
    while kept.pop().is_some() {
        let short: String = kept.iter().chain(['…'].iter()).collect();
        if width(&short, size, is_bold) <= room {
            return short;
        }
    }
    String::new()
}

fn font(is_bold: bool) -> Option<&'static FontRef<'static>> {
    if is_bold { BOLD.as_ref() } else { REGULAR.as_ref() }
}

/// The scale at which an em has `size` pixels, as in SVG.
fn scale(font: &FontRef<'static>, size: f32) -> PxScale {
    let em = font.units_per_em().unwrap_or(1000.0);
    PxScale::from(size * font.height_unscaled() / em)
}

impl Page {
    /// The page in pixels.
    pub fn pixels(&self) -> Photo {
        let mut page = Photo::filled(self.width, self.height, self.ground);
        for ([left, top, width, height], picture) in &self.pictures {
            for y in 0..*height {
                let from = y * picture.height / (*height).max(1);
                for x in 0..*width {
                    let column = x * picture.width / (*width).max(1);
                    let pixel = pixel_at(picture, column, from);
                    put(&mut page, i64::from(left + x), i64::from(top + y), pixel, 1.0);
                }
            }
        }
        for text in &self.texts {
            self.write(&mut page, text);
        }
        page
    }

    fn write(&self, page: &mut Photo, text: &Text) {
        let Some(font) = font(text.is_bold) else { return };
        let scale = scale(font, text.size);
        let scaled = font.as_scaled(scale);
        let mut x = match text.align {
            Align::Start => text.at[0],
            Align::Middle => text.at[0] - width(&text.text, text.size, text.is_bold) / 2.0,
        };
        for letter in text.text.chars() {
            let id = font.glyph_id(letter);
            let glyph = id.with_scale_and_position(scale, ab_glyph::point(x, text.at[1]));
            x += scaled.h_advance(id);
            let Some(outline) = font.outline_glyph(glyph) else {
                continue;
            };
            let bounds = outline.px_bounds();
            outline.draw(|column, row, coverage| {
                let (column, row) = (i64::from(column), i64::from(row));
                let at = [bounds.min.x as i64 + column, bounds.min.y as i64 + row];
                put(page, at[0], at[1], self.ink, coverage.clamp(0.0, 1.0));
            });
        }
    }

    /// The page as SVG with its pictures as PNG inside, and `metadata`, which is XML, in front of them.
    ///
    /// # Errors
    /// When a picture cannot be encoded.
    pub fn svg(&self, title: &str, metadata: &str) -> Result<String, ImageError> {
        let Self { width, height, .. } = self;
        let colour = |[red, green, blue]: [u8; 3]| format!("#{red:02x}{green:02x}{blue:02x}");
        let (ground, ink) = (colour(self.ground), colour(self.ink));
        let title = xml_text(title);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
             <title>{title}</title>\n<metadata>{metadata}</metadata>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"{ground}\"/>\n"
        );
        for ([left, top, width, height], picture) in &self.pictures {
            let data = STANDARD.encode(encode_png(picture)?);
            svg.push_str(&format!(
                "<image x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" \
                 href=\"data:image/png;base64,{data}\"/>\n"
            ));
        }
        svg.push_str(&format!("<g fill=\"{ink}\" font-family=\"{FAMILY}\">\n"));
        for text in &self.texts {
            let anchor = match text.align {
                Align::Start => "start",
                Align::Middle => "middle",
            };
            let weight = if text.is_bold { 600 } else { 400 };
            let ([x, y], size, text) = (text.at, text.size, xml_text(&text.text));
            svg.push_str(&format!(
                "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size:.1}\" font-weight=\"{weight}\" text-anchor=\"{anchor}\">{text}</text>\n"
            ));
        }
        svg.push_str("</g>\n</svg>\n");
        Ok(svg)
    }
}

fn pixel_at(picture: &Photo, x: u32, y: u32) -> [u8; 3] {
    let at = 3 * (y as usize * picture.width as usize + x as usize);
    match picture.rgb.get(at..at + 3) {
        Some(&[red, green, blue]) => [red, green, blue],
        _ => [0; 3],
    }
}

/// Mixes a share of a colour into a pixel; nothing beyond the edges.
fn put(page: &mut Photo, x: i64, y: i64, colour: [u8; 3], share: f32) {
    if x < 0 || y < 0 || x >= i64::from(page.width) || y >= i64::from(page.height) {
        return;
    }
    let at = 3 * (y as usize * page.width as usize + x as usize);
    for (level, colour) in page.rgb[at..at + 3].iter_mut().zip(colour) {
        let mixed = f32::from(*level) + (f32::from(colour) - f32::from(*level)) * share;
        *level = mixed.round() as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_its_pictures_and_its_ink() {
        let page = Page {
            width: 200,
            height: 60,
            ground: [255; 3],
            ink: [0; 3],
            pictures: vec![([150, 10, 20, 20], Photo::filled(2, 2, [200, 0, 0]))],
            texts: vec![Text {
                at: [10.0, 40.0],
                size: 30.0,
                align: Align::Start,
                is_bold: true,
                text: "Cat <&>".to_owned(),
            }],
        };
        let pixels = page.pixels();
        assert_eq!(pixel_at(&pixels, 160, 20), [200, 0, 0]);
        assert_eq!(pixel_at(&pixels, 171, 20), [255; 3]);
        let dark = pixels.rgb.as_chunks::<3>().0.iter().filter(|pixel| **pixel == [0; 3]);
        assert!((200..2000).contains(&dark.count()));
        let svg = page.svg("a <b>", "").unwrap();
        assert!(svg.contains(">Cat &lt;&amp;&gt;</text>") && svg.contains("<title>a &lt;b&gt;</title>"));
        assert!(svg.contains("data:image/png;base64,iVBOR"));
    }

    #[test]
    fn a_text_is_shortened_to_its_room() {
        assert_eq!(shortened("cat", 20.0, false, 500.0), "cat");
        let short = shortened(&"long ".repeat(50), 20.0, false, 100.0);
        assert!(short.ends_with('…') && width(&short, 20.0, false) <= 100.0, "{short}");
        assert_eq!(shortened("cat", 20.0, false, 1.0), "");
        // a class may be called anything
        let endless = shortened(&"cat ".repeat(100_000), 20.0, false, 100.0);
        assert!(endless.starts_with("cat cat"), "{endless}");
        // an em of 20 pixels: a line of capitals is about as high as two thirds of it
        assert!((8.0..16.0).contains(&width("H", 20.0, false)));
    }
}
