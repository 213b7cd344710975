//! Drops that winit loses: one entry of the list that it cannot take, such as a web address from a browser, a file that is
//! gone or a name that is no text, and it forgets the whole drop without a word.
//!
//! On X11 the list is read once more when something was dropped ([`x11`]), and opened from here if winit did not take it.

#[cfg(target_os = "linux")]
mod x11;

#[cfg(target_os = "linux")]
use std::path::Path;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;

/// Lists of dropped things that winit lost.
pub struct Drops {
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "nothing is lost elsewhere"))]
    found: Receiver<Vec<PathBuf>>,
}

impl Drops {
    /// Listens beside winit; none where it loses nothing, or where that is not possible. `wake` is called for each list.
    #[cfg(target_os = "linux")]
    pub fn start(cc: &eframe::CreationContext<'_>, wake: impl Fn() + Send + 'static) -> Option<Self> {
        let (sender, found) = std::sync::mpsc::channel();
        x11::listen(cc, move |list| {
            if !is_taken_by_winit(&list) && sender.send(entries(&list)).is_ok() {
                wake();
            }
        })?;
        Some(Self { found })
    }

    /// The next list, if there is one.
    pub fn found(&self) -> Option<Vec<PathBuf>> {
        self.found.try_recv().ok()
    }
}

/// Whether winit hands out this list (as of 0.30): all of it is text, and each entry is a file of this computer that is
/// there.
#[cfg(target_os = "linux")]
fn is_taken_by_winit(list: &[u8]) -> bool {
    entries(list).iter().all(|entry| {
        let path = crate::explorer::local_path(entry);
        // a host name, whichever, is too much for it
        let is_plain = entry.as_os_str().as_encoded_bytes().starts_with(b"file:///");
        is_plain && path.to_str().is_some() && Path::new(&path).canonicalize().is_ok()
    })
}

/// The entries of a `text/uri-list` (RFC 2483): an address a line, and comments.
#[cfg(target_os = "linux")]
fn entries(list: &[u8]) -> Vec<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    let lines = list.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let entries = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    entries
        .map(|line| PathBuf::from(std::ffi::OsString::from_vec(line.to_vec())))
        .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn lists_that_winit_loses_are_told_from_those_that_it_takes() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a b.png"), "").unwrap();
        let good = format!("file://{}/a%20b.png\r\n", folder.path().display());
        assert!(is_taken_by_winit(good.as_bytes()));
        for bad in [
            "https://example.org/a.png",
            "file:///nowhere/at/all.png",
            "file://localhost/etc",
            "file:///tmp/lat%E9in.png",
        ] {
            let list = format!("# a comment\r\n{bad}\r\n{good}");
            assert!(!is_taken_by_winit(list.as_bytes()), "{bad}");
            assert_eq!(
                entries(list.as_bytes()),
                [PathBuf::from(bad), PathBuf::from(good.trim())]
            );
        }
    }
}
