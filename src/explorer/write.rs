//! Writing files so that nothing is lost: whole or not at all, and never over another without being told to.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::error::ExplorerError;

/// What is done about a file that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// The new one gets a number behind its name.
    #[default]
    Number,
    /// The new one is not written.
    Refuse,
    /// The new one takes its place, as a person has agreed to.
    Replace,
}

/// The longest name of a file, in bytes, that file systems take.
const LONGEST: usize = 255;
/// Numbers tried before giving up.
const NUMBERS: u32 = 100_000;

/// The ending of a name in small letters; none if it has none.
pub fn ending(path: &Path) -> Option<String> {
    Some(path.extension()?.to_string_lossy().to_lowercase())
}

/// Writes a file beside its place and moves it there, so that no half-written file is ever under its name; gives the path
/// that it has in the end.
///
/// # Errors
/// What the system says; nothing is left behind, and what was there stays.
pub fn write_file(path: &Path, bytes: &[u8], existing: Existing) -> Result<PathBuf, ExplorerError> {
    let fail = |error| ExplorerError::Write {
        path: path.to_owned(),
        error,
    };
    // devices and pipes would be replaced by the file, not written to
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(fail(io::Error::other("there is something else of that name")));
    }
    if existing == Existing::Refuse && path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gradcam-").suffix(".partial");
    let permissions = new_file();
    if let Some(permissions) = permissions {
        builder.permissions(permissions);
    }
    let mut partial = builder.tempfile_in(folder).map_err(|error| fail(plain(error)))?;
    partial
        .as_file_mut()
        .write_all(bytes)
        .and_then(|()| partial.as_file().sync_all())
        .map_err(fail)?;
    if existing == Existing::Replace {
        let _: File = partial.persist(path).map_err(|error| fail(error.error))?;
        return Ok(path.to_owned());
    }
    for number in 1..NUMBERS {
        let place = numbered(path, number);
        match partial.persist_noclobber(&place) {
            Ok(_) => return Ok(place),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                if existing == Existing::Refuse {
                    return Err(exists(path));
                }
                partial = error.file;
            }
            Err(error) => return Err(fail(error.error)),
        }
    }
    Err(exists(path))
}

fn exists(path: &Path) -> ExplorerError {
    ExplorerError::Exists { path: path.to_owned() }
}

/// What the system says, without the name of the partial file.
fn plain(error: io::Error) -> io::Error {
    error.raw_os_error().map_or_else(
        || io::Error::new(error.kind(), error.kind().to_string()),
        io::Error::from_raw_os_error,
    )
}

/// What new files may usually be used for, less what the person's mask takes away.
#[cfg(unix)]
fn new_file() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn new_file() -> Option<Permissions> {
    None
}

/// `photo-2.png` for the second `photo.png`; a name that gets too long is shortened before its number.
fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let mut ending = OsString::from(format!("-{number}"));
    if let Some(extension) = path.extension() {
        ending.push(".");
        ending.push(extension);
    }
    let stem = path.file_stem().unwrap_or_default();
    let room = LONGEST.saturating_sub(ending.len());
    let mut name = if stem.len() > room {
        let stem = stem.to_string_lossy();
        OsString::from(&stem[..stem.floor_char_boundary(room)])
    } else {
        stem.to_owned()
    };
    name.push(ending);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_that_is_there_is_kept_unless_it_may_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("photo.png");
        let write = |bytes: &[u8], existing| write_file(&path, bytes, existing);
        assert_eq!(write(b"1", Existing::Refuse).unwrap(), path);
        assert_eq!(
            write(b"2", Existing::Number).unwrap(),
            folder.path().join("photo-2.png")
        );
        assert_eq!(
            write(b"3", Existing::Number).unwrap(),
            folder.path().join("photo-3.png")
        );
        let refused = write(b"4", Existing::Refuse).unwrap_err().to_string();
        assert!(refused.contains("photo.png is there already"), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"1");
        write(b"5", Existing::Replace).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"5");
        assert_eq!(names(folder.path()), ["photo-2.png", "photo-3.png", "photo.png"]);
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        for existing in [Existing::Number, Existing::Refuse, Existing::Replace] {
            let error = write_file(&path, b"x", existing).unwrap_err();
            assert!(error.to_string().contains("taken"));
        }
        let missing = write_file(&folder.path().join("no/such/photo.png"), b"x", Existing::Number).unwrap_err();
        let told = missing.to_string();
        assert!(
            told.contains("photo.png could not be written") && !told.contains("partial"),
            "{told}"
        );
        assert_eq!(names(folder.path()), ["taken"]);
    }

    #[test]
    fn names_of_255_bytes_are_written_and_numbered() {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("{}a.png", "é".repeat(125));
        assert_eq!(name.len(), 255);
        let path = folder.path().join(&name);
        let first = write_file(&path, b"1", Existing::Number).unwrap();
        let second = write_file(&path, b"2", Existing::Number).unwrap();
        assert_eq!(first, path);
        let second = second.file_name().unwrap().to_string_lossy().into_owned();
        assert!(second.ends_with("é-2.png") && second.len() <= 255, "{second}");
        let long = folder.path().join(format!("x{name}"));
        assert!(write_file(&long, b"3", Existing::Number).is_err());
        assert_eq!(names(folder.path()).len(), 2);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_is_not_replaced() {
        use std::os::unix::fs::FileTypeExt as _;
        for existing in [Existing::Number, Existing::Replace] {
            let told = write_file(Path::new("/dev/full"), b"x", existing)
                .unwrap_err()
                .to_string();
            assert!(told.contains("/dev/full could not be written"), "{told}");
        }
        assert!(fs::metadata("/dev/full").unwrap().file_type().is_char_device());
    }

    #[cfg(unix)]
    #[test]
    fn new_files_may_be_read_by_others_as_usual() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let usual = folder.path().join("usual");
        fs::write(&usual, b"").unwrap();
        let path = write_file(&folder.path().join("a.png"), b"x", Existing::Number).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&path), mode(&usual));
    }
}
