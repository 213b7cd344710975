//! Paths as people write, sort and print them.

use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The file that an argument, a dropped or a pasted text means: of a `file://` address the path, of anything else itself.
pub fn local_path(argument: &Path) -> PathBuf {
    let address = argument.as_os_str().as_encoded_bytes();
    let encoded = address
        .strip_prefix(b"file://localhost/")
        .or_else(|| address.strip_prefix(b"file:///"));
    let Some(encoded) = encoded else {
        return argument.to_owned();
    };
    let mut bytes = vec![b'/'];
    bytes.extend(percent_decoded(encoded));
    path_from_bytes(bytes)
}

/// The bytes of a text in which `%20` stands for a blank; what is no such code stays as it is.
fn percent_decoded(encoded: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((&first, tail)) = rest.split_first() {
        let digit = |place: usize| tail.get(place).and_then(|&digit| char::from(digit).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    bytes
}

#[cfg(unix)]
fn path_from_bytes(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(not(unix))]
fn path_from_bytes(bytes: Vec<u8>) -> PathBuf {
    // file:///C:/photos
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let is_drive = text.as_bytes().get(2) == Some(&b':');
    PathBuf::from(OsString::from(if is_drive { text[1..].to_owned() } else { text }))
}

/// The bytes of a path that is no text, all but letters, digits and `-._~/` in percent encoding; none for a text.
pub fn percent_encoded(path: &Path) -> Option<String> {
    if path.to_str().is_some() {
        return None;
    }
    let mut encoded = String::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(encoded)
}

/// The path of which [`percent_encoded`] made a text.
pub fn percent_path(encoded: &str) -> PathBuf {
    path_from_bytes(percent_decoded(encoded.as_bytes()))
}

/// A path of these bytes, such as a line of a list of files.
pub fn path_of_bytes(bytes: &[u8]) -> PathBuf {
    path_from_bytes(bytes.to_vec())
}

/// Names as people sort them: numbers by their value, letters of both cases together (`p1`, `P2`, `p10`).
pub fn natural_order(a: &OsStr, b: &OsStr) -> Ordering {
    let (left, right) = (a.to_string_lossy(), b.to_string_lossy());
    let (mut left_parts, mut right_parts) = (parts(&left), parts(&right));
    loop {
        let order = match (left_parts.next(), right_parts.next()) {
            (None, None) => break,
            (left, right) => left.cmp(&right),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    // one order for all names, whatever is equal in them
    a.as_encoded_bytes().cmp(b.as_encoded_bytes())
}

/// A piece of a name. Numbers come before letters, as digits do.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Its digits without leading zeros, compared by their count first.
    Number(usize, String),
    Letter(String),
}

fn parts(name: &str) -> impl Iterator<Item = Part> + '_ {
    let mut rest = name;
    std::iter::from_fn(move || {
        let digits = rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        if digits > 0 {
            let (number, after) = rest.split_at(digits);
            rest = after;
            let number = number.trim_start_matches('0');
            return Some(Part::Number(number.len(), number.to_owned()));
        }
        let letter = rest.chars().next()?;
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        Some(Part::Letter(letter.to_lowercase().collect()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_addresses_become_paths_however_they_are_written() {
        for (address, path) in [
            ("/tmp/a b.png", "/tmp/a b.png"),
            ("file:///tmp/a%20b%C3%A9.png", "/tmp/a bé.png"),
            ("file://localhost/tmp/a.png", "/tmp/a.png"),
            ("file:///tmp/100%.png", "/tmp/100%.png"),
            ("file:///tmp/%zz%4", "/tmp/%zz%4"),
            ("file://other/tmp/a.png", "file://other/tmp/a.png"),
        ] {
            assert_eq!(local_path(Path::new(address)), Path::new(path));
        }
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_survive_both_ways() {
        let path = local_path(Path::new("file:///tmp/lat%E9in.png"));
        assert_eq!(path.as_os_str().as_encoded_bytes(), b"/tmp/lat\xE9in.png");
        assert_eq!(percent_encoded(&path).as_deref(), Some("/tmp/lat%E9in.png"));
        assert_eq!(percent_path("/tmp/lat%E9in.png"), path);
        assert_eq!(percent_encoded(Path::new("/tmp/é %.png")), None);
    }

    #[test]
    fn numbers_are_sorted_by_their_value() {
        let sorted = |names: &[&str]| {
            let mut names: Vec<OsString> = names.iter().map(OsString::from).collect();
            names.sort_by(|a, b| natural_order(a, b));
            names
                .into_iter()
                .map(|name| name.into_string().unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(sorted(&["p10", "p2", "P1", "p1"]), ["P1", "p1", "p2", "p10"]);
        assert_eq!(sorted(&["b", "a10b2", "a10b10", "a9"]), ["a9", "a10b2", "a10b10", "b"]);
        assert_eq!(sorted(&["1", "01", "001", "0", "00"]), ["0", "00", "001", "01", "1"]);
        let long = format!("x{}", "9".repeat(99));
        assert_eq!(sorted(&[&long, "x10"]), ["x10", &long]);
    }
}
