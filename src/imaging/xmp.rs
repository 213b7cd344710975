//! What made a picture, as XMP inside of it: written and read, in PNG, JPEG and WebP alike.
//!
//! XMP (ISO 16684-1) is XML; ours has the program in `xmp:CreatorTool` and a text, such as a JSON document, in a property
//! of our own. Programs that rewrite XMP may turn an element into an attribute, so that both are read.

use md5::{Digest as _, Md5};

use super::MadeBy;
use super::orientation::notes;

/// The names of our own properties.
const NAMESPACE: &str = "urn:gradcam-explorer:1";
/// The property that names the rest of what is too long for one segment of JPEG.
pub(super) const HAS_EXTENDED: &str = "HasExtendedXMP";
/// The property that holds the text.
const PROPERTY: &str = "gradcam:recipe";

/// A packet that says which program made a picture, and how in `recipe`.
pub(super) fn packet(program: &str, recipe: &str) -> String {
    let program = xml_text(program);
    wrapped(&document(
        "xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" ",
        &format!("<xmp:CreatorTool>{program}</xmp:CreatorTool>\n{}", property(recipe)),
    ))
}

/// The same in two parts, for segments of JPEG, of which one has no room for all of it (XMP specification part 3, 1.1.3.1):
/// a packet that names the rest by its MD5, 32 hexadecimal digits in capitals, and the rest.
pub(super) fn parts(program: &str, recipe: &str) -> (String, String, String) {
    let rest = document("", &property(recipe));
    let guid = Md5::digest(rest.as_bytes());
    let guid: String = guid.iter().map(|byte| format!("{byte:02X}")).collect();
    let program = xml_text(program);
    let packet = wrapped(&document(
        "xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:xmpNote=\"http://ns.adobe.com/xmp/note/\" ",
        &format!(
            "<xmp:CreatorTool>{program}</xmp:CreatorTool>\n<xmpNote:{HAS_EXTENDED}>{guid}</xmpNote:{HAS_EXTENDED}>\n"
        ),
    ));
    (packet, guid, rest)
}

fn property(recipe: &str) -> String {
    format!("<{PROPERTY}>{}</{PROPERTY}>\n", xml_text(recipe))
}

fn document(namespaces: &str, properties: &str) -> String {
    format!(
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n\
         <rdf:Description rdf:about=\"\" {namespaces}xmlns:gradcam=\"{NAMESPACE}\">\n\
         {properties}\
         </rdf:Description>\n\
         </rdf:RDF>\n\
         </x:xmpmeta>"
    )
}

fn wrapped(document: &str) -> String {
    format!("<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n{document}\n<?xpacket end=\"r\"?>")
}

/// The XMP packet of what made a picture, for files that hold XML, such as SVG.
#[must_use]
pub fn xmp_packet(made_by: &MadeBy) -> String {
    packet(&made_by.program, &made_by.recipe)
}

/// The text that this program wrote into a PNG, JPEG, WebP or SVG file to say how the picture in it was made; none where there
/// is none.
#[must_use]
pub fn recipe_in(file: &[u8]) -> Option<String> {
    let xmp = match file {
        // SVG is XML itself
        [b'<', ..] => file.to_vec(),
        _ => notes(file).xmp?,
    };
    let xmp = String::from_utf8_lossy(&xmp);
    if !xmp.contains(NAMESPACE) {
        return None;
    }
    let behind = |start: &str| Some(xmp.split_once(start)?.1);
    let element = || behind(&format!("<{PROPERTY}>"))?.split_once("</").map(|(text, _)| text);
    let attribute = |quote: char| {
        behind(&format!("{PROPERTY}={quote}"))?
            .split_once(quote)
            .map(|(text, _)| text)
    };
    let text = element().or_else(|| attribute('"')).or_else(|| attribute('\''))?;
    Some(unescaped(text))
}

/// A text as the content of an XML element; what XML has no place for becomes a question mark.
pub fn xml_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\t' | '\n' | '\r' => escaped.push(letter),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('?'),
            _ => escaped.push(letter),
        }
    }
    escaped
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let named = after.split_once(';').and_then(|(name, behind)| {
            let letter = match name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => {
                    let number = name.strip_prefix('#')?;
                    let number = match number.strip_prefix('x') {
                        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                        None => number.parse().ok()?,
                    };
                    char::from_u32(number)?
                }
            };
            Some((letter, behind))
        });
        match named {
            Some((letter, behind)) => {
                plain.push(letter);
                rest = behind;
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn attributes_of_other_programs_are_read_too() {
        for quote in ['"', '\''] {
            let xmp = format!(
                "<rdf:Description xmlns:gradcam=\"{NAMESPACE}\" {PROPERTY}={quote}a &quot;b&#x41;&#66;{quote}/>"
            );
            let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
            let text = [b"XML:com.adobe.xmp\0\0\0\0\0".as_slice(), xmp.as_bytes()].concat();
            png.extend((text.len() as u32).to_be_bytes());
            png.extend([b"iTXt".as_slice(), &text, &[0; 4]].concat());
            assert_eq!(recipe_in(&png).as_deref(), Some("a \"bAB"));
        }
        assert_eq!(recipe_in(b""), None);
        assert_eq!(recipe_in(b"\x89PNG\r\n\x1a\n"), None);
    }

    proptest! {
        #[test]
        fn texts_survive_being_escaped(text: String) {
            let kept: String = text.chars().filter(|letter| !letter.is_control()).collect();
            let kept = kept.replace(['\u{fffe}', '\u{ffff}'], "");
            prop_assert_eq!(unescaped(&xml_text(&kept)), kept);
        }

        #[test]
        fn any_text_is_read_somehow(text: String) {
            let _ = unescaped(&text);
        }
    }
}
