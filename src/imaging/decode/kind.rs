//! What kind of image a file is, by how it begins.

use image::ImageFormat;

/// Which decoder reads a file, or what is said about one that none reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Jpeg,
    Png,
    Gif,
    WebP,
    Tiff,
    Jxl,
    /// Read by the `image` crate as it is.
    Plain(ImageFormat),
    /// Known and not read.
    Foreign(Foreign),
}

/// A format that is known but not read: its name, and what converts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    pub name: &'static str,
    pub converter: &'static str,
}

const fn foreign(name: &'static str, converter: &'static str) -> Kind {
    Kind::Foreign(Foreign { name, converter })
}

/// What opens nearly everything.
const EDITOR: &str = "GIMP or ImageMagick";
/// What develops the pictures of cameras.
pub(super) const DEVELOPER: &str = "darktable, RawTherapee or the camera's own program";

impl Kind {
    /// The kind that `bytes` begin with, none if it is not known.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if let Some(kind) = by_brand(bytes) {
            return Some(kind);
        }
        let raw = |name| Some(foreign(name, DEVELOPER));
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0xFF, 0x4F, 0xFF, 0x51, ..] => Some(foreign("JPEG 2000", EDITOR)),
            [0xFF, 0x0A, ..] => Some(Self::Jxl),
            // the resolution of Canon's CR2 and the magic numbers of Olympus and Panasonic stand where TIFF has its own
            [b'I', b'I', b'*', 0, _, _, _, _, b'C', b'R', ..] => raw("Canon CR2"),
            [b'I', b'I', b'R', b'O' | b'S', ..] | [b'M', b'M', b'O', b'R', ..] => raw("Olympus ORF"),
            [b'I', b'I', b'U', 0, ..] => raw("Panasonic RW2"),
            _ if bytes.starts_with(b"FUJIFILMCCD-RAW") => raw("Fujifilm RAF"),
            _ if bytes.starts_with(b"8BPS") => Some(foreign("Photoshop", "Photoshop, GIMP or Krita")),
            _ if bytes.starts_with(b"gimp xcf") => Some(foreign("GIMP", "GIMP")),
            [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => Some(Self::Tiff),
            _ => by_the_image_crate(bytes),
        }
    }

    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Gif => "GIF",
            Self::WebP => "WebP",
            Self::Tiff => "TIFF",
            Self::Jxl => "JPEG XL",
            Self::Plain(ImageFormat::Bmp) => "BMP",
            Self::Plain(ImageFormat::Pnm) => "PNM",
            Self::Plain(ImageFormat::Qoi) => "QOI",
            Self::Plain(_) => "other",
            Self::Foreign(foreign) => foreign.name,
        }
    }
}

/// What a box named `ftyp` or alike says (ISO/IEC 14496-12; ISO/IEC 23008-12 for what phones make).
fn by_brand(bytes: &[u8]) -> Option<Kind> {
    let (kind, brand) = (bytes.get(4..8)?, bytes.get(8..12)?);
    match (kind, brand) {
        (b"ftyp", b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1") => {
            // pictures of both kinds may name the container first, and their own brand behind it
            let others = bytes.get(16..bytes.len().min(64)).unwrap_or_default();
            if others.as_chunks::<4>().0.iter().any(|brand| brand == b"avif") {
                return Some(foreign("AVIF", AVIF_CONVERTER));
            }
            Some(foreign("HEIC", "heif-convert of libheif, GIMP or the phone itself"))
        }
        (b"ftyp", b"avif" | b"avis") => Some(foreign("AVIF", AVIF_CONVERTER)),
        (b"ftyp", b"crx ") => Some(foreign("Canon CR3", DEVELOPER)),
        (b"JXL ", _) => Some(Kind::Jxl),
        (b"jP  ", _) => Some(foreign("JPEG 2000", EDITOR)),
        _ => None,
    }
}

const AVIF_CONVERTER: &str = "avifdec of libavif, GIMP or ImageMagick";

fn by_the_image_crate(bytes: &[u8]) -> Option<Kind> {
    Some(match image::guess_format(bytes).ok()? {
        ImageFormat::Png => Kind::Png,
        ImageFormat::Gif => Kind::Gif,
        ImageFormat::WebP => Kind::WebP,
        format @ (ImageFormat::Bmp | ImageFormat::Pnm | ImageFormat::Qoi) => Kind::Plain(format),
        ImageFormat::Dds => foreign("DDS", EDITOR),
        ImageFormat::Farbfeld => foreign("farbfeld", EDITOR),
        ImageFormat::Hdr => foreign("Radiance HDR", EDITOR),
        ImageFormat::Ico => foreign("ICO", EDITOR),
        ImageFormat::OpenExr => foreign("OpenEXR", EDITOR),
        ImageFormat::Tga => foreign("TGA", EDITOR),
        _ => return None,
    })
}
