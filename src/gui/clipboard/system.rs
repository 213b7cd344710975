//! What the system's clipboard is asked, and in which order.

use arboard::ImageData;

use super::{Answer, Destination};
use crate::imaging::Photo;

/// The clipboard of the desktop.
pub struct System {
    desktop: arboard::Clipboard,
    #[cfg(target_os = "linux")]
    pictures: Option<x11::Pictures>,
}

impl System {
    /// Connects to the desktop; none where it has no clipboard for us.
    pub fn open() -> Option<Self> {
        Some(Self {
            desktop: arboard::Clipboard::new().ok()?,
            #[cfg(target_os = "linux")]
            pictures: x11::Pictures::open(),
        })
    }

    /// Hands out a picture from now on, for as long as this is open.
    pub fn copy(&mut self, picture: &Photo) -> Answer {
        let opaque = |[red, green, blue]: &[u8; 3]| [*red, *green, *blue, 255];
        let image = ImageData {
            width: picture.width as usize,
            height: picture.height as usize,
            bytes: picture.rgb.as_chunks().0.iter().flat_map(opaque).collect(),
        };
        match self.desktop.set_image(image) {
            Ok(()) => Answer::Copied,
            Err(error) => Answer::NotCopied(error.to_string()),
        }
    }

    /// What there is for a destination.
    ///
    /// Whether something is absent or could not be read, the next question may have an answer, so errors are not told
    /// apart. The order matters where an application offers more than one thing, or does not keep to the rules.
    pub fn paste(&mut self, destination: Destination) -> Answer {
        let questions: &[fn(&mut Self) -> Option<Answer>] = match destination {
            Destination::Field => &[Self::text, Self::picture],
            // Finder puts the icon of a copied file next to its path
            Destination::Window if cfg!(any(windows, target_os = "macos")) => &[Self::files, Self::picture, Self::text],
            // xclip answers every question with its picture, and never ends the transfer of a large one that was asked
            // for as text or files
            Destination::Window => &[Self::picture, Self::files, Self::text],
        };
        let found = questions.iter().find_map(|question| question(self));
        found.unwrap_or(Answer::Nothing)
    }

    fn picture(&mut self) -> Option<Answer> {
        #[cfg(target_os = "linux")]
        if let Some(pictures) = &self.pictures {
            return pictures.png().map(Answer::Encoded);
        }
        let image = self.desktop.get_image().ok()?;
        let [width, height] = [image.width, image.height].map(|side| u32::try_from(side).unwrap_or(0));
        Photo::from_rgba8(width, height, &image.bytes).ok().map(Answer::Picture)
    }

    fn files(&mut self) -> Option<Answer> {
        let files = self.desktop.get().file_list().ok()?;
        (!files.is_empty()).then_some(Answer::Files(files))
    }

    fn text(&mut self) -> Option<Answer> {
        let text = self.desktop.get_text().ok()?;
        (!text.is_empty()).then(|| Answer::Text(text.replace("\r\n", "\n")))
    }
}

/// Pictures on X11, where a large one comes in pieces. arboard gives up when a piece takes more than 10 ms, which it
/// does on a busy machine.
#[cfg(target_os = "linux")]
mod x11 {
    use std::time::Duration;

    use x11_clipboard::Clipboard;

    /// For all pieces together.
    const PATIENCE: Duration = Duration::from_secs(15);

    pub struct Pictures {
        clipboard: Clipboard,
        png: u32,
    }

    impl Pictures {
        /// Connects to the display; none where there is no X11.
        pub fn open() -> Option<Self> {
            let clipboard = Clipboard::new().ok()?;
            let png = clipboard.getter.get_atom("image/png").ok()?;
            Some(Self { clipboard, png })
        }

        /// The bytes of a PNG file, which every application offers that offers pictures.
        pub fn png(&self) -> Option<Vec<u8>> {
            let atoms = &self.clipboard.getter.atoms;
            let loaded = self.clipboard.load(atoms.clipboard, self.png, atoms.property, PATIENCE);
            loaded.ok().filter(|bytes| !bytes.is_empty())
        }
    }
}
