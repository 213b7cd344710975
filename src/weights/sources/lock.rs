//! Keeps two programs from downloading to the same file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::fetch_error::FetchError;

/// A lock on a file that is to be; released when dropped, or when the process ends somehow.
///
/// It is held on an empty file beside it, which goes with the lock. Where the system does not say which file is behind a
/// name the empty file stays, since one that was removed could be locked a second time under the same name.
#[derive(Debug)]
pub struct Lock {
    /// What the system holds the lock on.
    _file: File,
    path: PathBuf,
}

impl Lock {
    /// Locks `out`, which need not be there.
    ///
    /// # Errors
    /// [`FetchError::Busy`] while another program holds it; the disk's when the empty file cannot be written.
    pub fn of(out: &Path) -> Result<Self, FetchError> {
        let disk = |source| FetchError::disk(out, source);
        let path = with_suffix(out, ".lock");
        loop {
            let mut options = OpenOptions::new();
            let options = options.write(true).create(true).truncate(false);
            let file = options.open(&path).map_err(disk)?;
            match file.try_lock() {
                Ok(()) if !is_at(&file, &path).map_err(disk)? => {} // whoever held it has taken its file away meanwhile
                Ok(()) => return Ok(Self { _file: file, path }),
                // some network drives have no locks; the partial file is still verified as a whole
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Self { _file: file, path });
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(FetchError::Busy {
                        file: out.display().to_string(),
                    });
                }
                Err(TryLockError::Error(source)) => return Err(disk(source)),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if cfg!(unix) {
            // still locked, so that nobody else has it; an empty file that cannot be removed harms nobody
            fs::remove_file(&self.path).ok();
        }
    }
}

/// Whether a file is the one that has this name now.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let named = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        named => named?,
    };
    let open = file.metadata()?;
    Ok((open.dev(), open.ino()) == (named.dev(), named.ino()))
}

/// Nobody removes the file, so it is.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// `file.h5` with the suffix `.lock` is `file.h5.lock`.
pub fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn one_at_a_time_holds_it_however_many_come_and_go() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("file.h5");
        let (holders, turns) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        match Lock::of(&out) {
                            Ok(_lock) => {
                                assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                                turns.fetch_add(1, Ordering::SeqCst);
                                holders.fetch_sub(1, Ordering::SeqCst);
                            }
                            Err(error) => assert!(matches!(error, FetchError::Busy { .. }), "{error}"),
                        }
                    }
                });
            }
        });
        assert!(turns.into_inner() >= 8);
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, usize::from(!cfg!(unix)));
    }
}
