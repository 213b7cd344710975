//! Finding again what a picture was made of: the photo and the network, by what the picture says of them.

use std::fs;
use std::path::{Path, PathBuf};

use super::images::{file_bytes, sha256};
use super::recipe::{NetworkNote, PhotoNote};
use super::request::{ImageSource, NetworkSource};
use crate::samples::SAMPLES;
use crate::weights::BuiltIn;

/// A photo that has the right name.
#[derive(Clone, Debug)]
pub struct FoundPhoto {
    /// Where it is.
    pub source: ImageSource,
    /// Whether its file is the one that was drawn, bit for bit; none where the picture does not say which that was.
    pub is_same: Option<bool>,
}

/// The photo of a picture: in `places`, which are folders or files that a person names, or inside the program; one whose
/// content is right before one whose name is.
///
/// Reads the files that it finds.
pub fn find_photo(note: &PhotoNote, places: &[PathBuf]) -> Option<FoundPhoto> {
    let files = places.iter().filter_map(|place| match place.is_dir() {
        true => in_folder(place, &note.name),
        false => Some(place.clone()).filter(|file| file.is_file()),
    });
    let samples = SAMPLES
        .iter()
        .filter(|sample| sample.file == note.name)
        .map(|sample| ImageSource::Bytes {
            name: sample.file.to_owned(),
            bytes: sample.bytes.into(),
        });
    let mut named = None;
    for source in files.map(ImageSource::File).chain(samples) {
        let bytes = file_bytes(&source).ok().flatten();
        let hash = bytes.as_ref().map(|bytes| sha256(bytes));
        let is_same = note.sha256.as_ref().map(|wanted| hash.as_ref() == Some(wanted));
        // a file of another name is called as it was
        let renamed = bytes
            .filter(|_| source.name() != note.name)
            .map(|bytes| ImageSource::Bytes {
                name: note.name.clone(),
                bytes: bytes.into_owned().into(),
            });
        let source = renamed.unwrap_or(source);
        if is_same != Some(false) {
            return Some(FoundPhoto { source, is_same });
        }
        named.get_or_insert(FoundPhoto { source, is_same });
    }
    named
}

/// The network of a picture: inside the program, or a file of the right name in `places`.
pub fn find_network(note: &NetworkNote, places: &[PathBuf]) -> Option<NetworkSource> {
    if let Some(built_in) = BuiltIn::named(Path::new(&note.file)) {
        return Some(NetworkSource::BuiltIn(built_in));
    }
    let mut folders = places.iter().filter(|place| place.is_dir());
    folders
        .find_map(|folder| in_folder(folder, &note.file))
        .map(NetworkSource::File)
}

/// The file of this name directly in a folder; a name that is no text is known by what stands for it.
fn in_folder(folder: &Path, name: &str) -> Option<PathBuf> {
    // a name is none that leads elsewhere
    if Path::new(name).file_name().is_none_or(|file| file != name) {
        return None;
    }
    let direct = folder.join(name);
    if direct.is_file() {
        return Some(direct);
    }
    if !name.contains('\u{fffd}') {
        return None;
    }
    let entries = fs::read_dir(folder).ok()?.flatten();
    let mut named = entries.filter(|entry| entry.file_name().to_string_lossy() == name);
    named.find(|entry| entry.path().is_file()).map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::drawings;

    fn note(name: &str, sha256: Option<String>) -> PhotoNote {
        PhotoNote {
            name: name.to_owned(),
            sha256,
            width: 640,
            height: 480,
        }
    }

    #[test]
    fn the_right_content_goes_before_the_right_name() {
        let folder = tempfile::tempdir().unwrap();
        let place = |inner: &str, bytes: &[u8]| {
            let place = folder.path().join(inner);
            fs::create_dir(&place).unwrap();
            fs::write(place.join("photo.png"), bytes).unwrap();
            place
        };
        let (one, other) = (place("one", b"changed"), place("other", b"original"));
        let wanted = note("photo.png", Some(sha256(b"original")));
        let path = |found: FoundPhoto| match found.source {
            ImageSource::File(path) => path,
            source => panic!("{source:?}"),
        };
        let found = find_photo(&wanted, &[one.clone(), other.clone()]).unwrap();
        assert_eq!((found.is_same, path(found)), (Some(true), other.join("photo.png")));
        let found = find_photo(&wanted, std::slice::from_ref(&one)).unwrap();
        assert_eq!((found.is_same, path(found)), (Some(false), one.join("photo.png")));
        assert!(find_photo(&note("else.png", None), &[one, other]).is_none());
    }

    #[test]
    fn names_that_lead_elsewhere_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), b"x").unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let absolute = folder.path().join("secret");
        for name in ["../secret", "inner/../secret", "..", "", absolute.to_str().unwrap()] {
            assert!(
                find_photo(&note(name, None), std::slice::from_ref(&inner)).is_none(),
                "{name}"
            );
        }
    }

    #[test]
    fn samples_are_inside_the_program() {
        let sample = &drawings()[0];
        let found = find_photo(&note(sample.file, Some(sha256(sample.bytes))), &[]).unwrap();
        assert_eq!(found.is_same, Some(true));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_that_is_no_text_is_found() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(std::ffi::OsStr::from_bytes(b"lat\xE9in.png"));
        fs::write(&path, b"x").unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let found = find_photo(&note(&name, None), &[folder.path().to_owned()]).unwrap();
        assert!(matches!(found.source, ImageSource::File(found) if found == path));
    }
}
