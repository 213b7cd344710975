//! Bytes at positions: a file that stays open, or a network built into the program.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// Where the bytes of a weights file are. Reads need no cursor, so several threads may read at once.
pub(crate) enum Storage {
    /// An open file, or `len` bytes of it from `start` on.
    File { file: File, start: u64, len: u64 },
    /// All bytes in memory.
    Memory(Cow<'static, [u8]>),
}

impl Storage {
    /// All of an open file.
    pub(crate) fn file(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self::File { file, start: 0, len })
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::File { len, .. } => *len,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// Fills `buffer` with the bytes from `offset` on.
    pub(crate) fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        match self {
            Self::File { file, start, len } => {
                let end = offset.checked_add(buffer.len() as u64).filter(|end| end <= len);
                end.ok_or(io::ErrorKind::UnexpectedEof)?;
                read_exact_at(file, buffer, start + offset)
            }
            Self::Memory(bytes) => {
                let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
                let end = start.checked_add(buffer.len());
                let found = end.and_then(|end| bytes.get(start..end));
                buffer.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }

    /// SHA-256 of the bytes from `offset` to the end.
    pub(crate) fn sha256_from(&self, mut offset: u64) -> io::Result<String> {
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 1 << 18];
        while offset < self.len() {
            let wanted = (self.len() - offset).min(buffer.len() as u64) as usize;
            self.read_exact_at(&mut buffer[..wanted], offset)?;
            hash.update(&buffer[..wanted]);
            offset += wanted as u64;
        }
        Ok(hex(&hash.finalize()))
    }
}

/// Opens a file for reading, but nothing that could make the reader wait or go on for ever.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    let metadata = fs::metadata(path)?;
    if metadata.is_file() {
        File::open(path)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))
    }
}

/// Lower-case hexadecimal digits, as sha256sum prints them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt as _;
    while !buffer.is_empty() {
        match file.seek_read(buffer, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                buffer = &mut buffer[read..];
                offset += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
