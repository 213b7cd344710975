//! Files and folders to images: folders are read on a thread of their own, since a disk may be slow.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::Builder;

/// Endings of files that are opened when their folder is; a file named by itself is always tried.
const ENDINGS: [&str; 16] = [
    "png", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "bmp", "dib", "tif", "tiff", "pnm", "pbm", "pgm", "ppm", "qoi",
];

/// What was found, or why a folder could not be read.
pub type Gathered = Result<Vec<PathBuf>, String>;

/// Searches under way.
#[derive(Debug)]
pub struct Gatherer {
    sender: Sender<Gathered>,
    found: Receiver<Gathered>,
}

impl Default for Gatherer {
    fn default() -> Self {
        let (sender, found) = mpsc::channel();
        Self { sender, found }
    }
}

impl Gatherer {
    /// Starts a search; `wake` is called when it is done.
    pub fn start(&self, paths: Vec<PathBuf>, wake: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let sender = self.sender.clone();
        Builder::new().name("gradcam-folders".to_owned()).spawn(move || {
            // nobody listens only while the window is being closed
            if sender.send(gather(&paths)).is_ok() {
                wake();
            }
        })?;
        Ok(())
    }

    /// What the next search found, if one is done.
    pub fn found(&self) -> Option<Gathered> {
        self.found.try_recv().ok()
    }
}

/// Files as they are; of folders the images directly inside, sorted by name.
fn gather(paths: &[PathBuf]) -> Gathered {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut inside = images_in(path)
            .map_err(|error| format!("{} could not be read: {error}; check its permissions.", path.display()))?;
        if inside.is_empty() {
            return Err(format!("{} holds no images; choose another folder.", path.display()));
        }
        inside.sort();
        files.append(&mut inside);
    }
    Ok(files)
}

fn images_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut images = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        if ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) && path.is_file() {
            images.push(path);
        }
    }
    Ok(images)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_become_their_images_in_order_and_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.PNG", "a.jpg", "notes.txt", "c.qoi"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("inner.png")).unwrap();
        let odd = PathBuf::from("without ending");
        let found = gather(&[folder.path().to_owned(), odd.clone()]).unwrap();
        let expected: Vec<PathBuf> = ["a.jpg", "b.PNG", "c.qoi"].map(|name| folder.path().join(name)).into();
        assert_eq!(found, [expected, vec![odd]].concat());
    }

    #[test]
    fn a_folder_without_images_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            gather(&[folder.path().to_owned()])
                .unwrap_err()
                .contains("holds no images")
        );
    }
}
