//! Images that come through a pipe: standard input as `-`, or a name that the shell made (`/dev/stdin`, `<(...)`).

use std::fs::{self, File};
use std::io::{self, IsTerminal as _};
use std::path::Path;

use super::images::read_pipe;
use super::request::ImageSource;

/// Reads what comes through a pipe, to its end; none for an argument that is no pipe. The error is one sentence.
pub fn piped(argument: &Path) -> Option<Result<ImageSource, String>> {
    let bytes = if argument.as_os_str() == "-" {
        let input = io::stdin();
        if input.is_terminal() {
            return Some(Err(
                "standard input is a terminal; pipe an image into it, or name a file".to_owned(),
            ));
        }
        read_pipe(input.lock())
    } else if is_pipe(argument) {
        File::open(argument).and_then(read_pipe)
    } else {
        return None;
    };
    let name = argument.display().to_string();
    Some(match bytes {
        Ok(bytes) => Ok(ImageSource::Bytes {
            name,
            bytes: bytes.into(),
        }),
        Err(error) => Err(format!("{name} cannot be read ({error}); pipe an image into it")),
    })
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_path: &Path) -> bool {
    false
}
