//! The images in a folder: which files count, and what is told about the others.

use std::fs::{self, DirEntry, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::error::ExplorerError;
use super::paths::natural_order;
use crate::imaging;

/// Endings of the images that can be read. In a folder a file with such a name is an image even if it does not begin
/// like one, so that a broken one is told.
pub const IMAGE_ENDINGS: [&str; 18] = [
    "png", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "bmp", "dib", "tif", "tiff", "pnm", "ppm", "pgm", "pbm", "pam",
    "qoi", "jxl",
];
/// Bytes of a file that are looked at: the texts of a picture that this program wrote come first in it.
const START: u64 = 4096;
/// The same at the end of a WebP file, where its texts are.
const END: u64 = 64 << 10;

/// What is in a folder.
#[derive(Debug, Default)]
pub struct Folder {
    /// The images, in natural order.
    pub images: Vec<PathBuf>,
    /// Pictures that this program wrote; they are no photos.
    pub own: usize,
    /// Files that are no images.
    pub others: usize,
    /// Folders that were not entered.
    pub folders: usize,
    /// Folders inside that cannot be read.
    pub problems: Vec<(PathBuf, ExplorerError)>,
}

impl Folder {
    /// What there is instead of images: `no images in this folder, but 2 other files and a folder`.
    pub fn without_images(&self) -> String {
        let count = |number: usize, one: &str, many: &str| match number {
            0 => None,
            1 => Some(one.to_owned()),
            _ => Some(format!("{number} {many}")),
        };
        let found: Vec<String> = [
            count(
                self.own,
                "a picture that this program wrote",
                "pictures that this program wrote",
            ),
            count(self.others, "1 other file", "other files"),
            count(self.folders, "1 folder", "folders"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if found.is_empty() {
            return "no images in this folder, which is empty".to_owned();
        }
        format!("no images in this folder, but {}", found.join(" and "))
    }

    /// A sentence about pictures of this program that were left out; none if there are none.
    pub fn left_out(&self, folder: &Path) -> Option<String> {
        let folder = folder.display();
        match self.own {
            0 => None,
            1 => Some(format!("{folder}: a picture that this program wrote is left out")),
            own => Some(format!("{folder}: {own} pictures that this program wrote are left out")),
        }
    }
}

/// The images of a folder in natural order, by their content or by their names.
///
/// Hidden files are left out. Folders inside are entered if this `is_recursive`, links to folders never.
///
/// # Errors
/// When the folder itself cannot be read.
pub fn images_in_folder(folder: &Path, is_recursive: bool) -> Result<Folder, ExplorerError> {
    let mut found = Folder::default();
    look_into(folder, is_recursive, &mut found)?;
    Ok(found)
}

fn look_into(folder: &Path, is_recursive: bool, found: &mut Folder) -> Result<(), ExplorerError> {
    let fail = |error| ExplorerError::Read {
        path: folder.to_owned(),
        error,
    };
    let entries = fs::read_dir(folder).map_err(fail)?;
    let mut entries: Vec<DirEntry> = entries.collect::<Result<_, _>>().map_err(fail)?;
    entries.retain(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
    entries.sort_by(|a, b| natural_order(&a.file_name(), &b.file_name()));
    let mut inner = Vec::new();
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if is_recursive && !is_link {
                inner.push(path);
            } else {
                found.folders += 1;
            }
            continue;
        }
        match kind_of(&path) {
            Kind::Image => found.images.push(path),
            Kind::Own => found.own += 1,
            Kind::Other => found.others += 1,
        }
    }
    for path in inner {
        if let Err(error) = look_into(&path, true, found) {
            found.problems.push((path, error));
        }
    }
    Ok(())
}

/// Whether a file is a picture that this program wrote.
pub fn is_own_picture(path: &Path) -> bool {
    matches!(kind_of(path), Kind::Own)
}

enum Kind {
    Image,
    Own,
    Other,
}

fn kind_of(path: &Path) -> Kind {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let is_called_so = ending.is_some_and(|ending| IMAGE_ENDINGS.contains(&ending.as_str()));
    let mut start = Vec::new();
    // a pipe or a device might never answer
    let is_read = path.is_file()
        && File::open(path)
            .and_then(|file| file.take(START).read_to_end(&mut start))
            .is_ok();
    let end = if start.starts_with(b"RIFF") {
        end_of(path)
    } else {
        Vec::new()
    };
    if is_read && imaging::is_written_by_us(&start, &end) {
        Kind::Own
    } else if is_called_so || (is_read && imaging::source_format(&start).is_some()) {
        Kind::Image
    } else {
        Kind::Other
    }
}

/// The last bytes of a file; none if they cannot be read.
fn end_of(path: &Path) -> Vec<u8> {
    let mut end = Vec::new();
    let mut read = || -> io::Result<()> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
        file.take(END).read_to_end(&mut end)?;
        Ok(())
    };
    // what cannot be read is told when it is opened
    read().ok();
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::drawings;

    fn names(folder: &Path, found: &Folder) -> Vec<String> {
        let inside = found.images.iter().map(|path| path.strip_prefix(folder).unwrap());
        inside.map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn a_folder_with_files_of_all_kinds() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        for name in ["p10.png", "p2.png", "p1", "P3.JPG", ".hidden.png"] {
            put(name, drawings()[0].bytes);
        }
        put("broken.jpeg", b"no image at all");
        put("empty.gif", b"");
        put("notes.txt", b"text");
        let photo = imaging::Photo::new(1, 1, vec![0; 3]).unwrap();
        let made_by = imaging::MadeBy {
            program: "gradcam-explorer 0.1.0".to_owned(),
            recipe: "{}".to_owned(),
            texts: Vec::new(),
        };
        let format = imaging::Format::Png;
        put(
            "p1.overlay.png",
            &imaging::encode(photo.clone().into(), format, Some(&made_by)).unwrap(),
        );
        fs::create_dir(folder.path().join("inner")).unwrap();
        put("inner/p4.png", drawings()[0].bytes);

        let found = images_in_folder(folder.path(), false).unwrap();
        let expected = ["broken.jpeg", "empty.gif", "p1", "p2.png", "P3.JPG", "p10.png"];
        assert_eq!(names(folder.path(), &found), expected);
        assert_eq!((found.own, found.others, found.folders), (1, 1, 1));
        assert!(
            found
                .left_out(folder.path())
                .unwrap()
                .ends_with("a picture that this program wrote is left out")
        );
        let found = images_in_folder(folder.path(), true).unwrap();
        assert_eq!(names(folder.path(), &found).last().unwrap(), "inner/p4.png");
        assert_eq!((found.images.len(), found.folders), (7, 0));
    }

    #[test]
    fn a_folder_without_images_says_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let told = || images_in_folder(folder.path(), false).unwrap().without_images();
        assert_eq!(told(), "no images in this folder, which is empty");
        fs::create_dir(folder.path().join("photos")).unwrap();
        assert_eq!(told(), "no images in this folder, but 1 folder");
        fs::write(folder.path().join("a.txt"), "").unwrap();
        fs::write(folder.path().join("b.txt"), "").unwrap();
        assert_eq!(told(), "no images in this folder, but 2 other files and 1 folder");
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_back_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.png"), drawings()[0].bytes).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        let found = images_in_folder(folder.path(), true).unwrap();
        assert_eq!((found.images.len(), found.folders), (1, 1));
    }
}
