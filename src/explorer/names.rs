//! What files are called that this program proposes or writes.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::images::sha256;

/// The longest name without endings, in bytes: file systems take 255, of which some are for endings and numbers.
pub const LONGEST_NAME: usize = 200;

/// A name that begins with `stem` and ends in `tail`; a stem that is too long is shortened and gets a hash of the whole.
pub fn file_name(stem: &str, tail: &str) -> String {
    let whole = stem.to_owned() + tail;
    if whole.len() <= LONGEST_NAME {
        return whole;
    }
    let room = LONGEST_NAME.saturating_sub(tail.len());
    let mut hash = sha256(whole.as_bytes());
    hash.truncate(8);
    let end = stem.floor_char_boundary(room.saturating_sub(hash.len() + 1));
    let tail = &tail[tail.ceil_char_boundary(tail.len().saturating_sub(LONGEST_NAME - hash.len() - 1))..];
    format!("{}-{hash}{tail}", stem.get(..end).unwrap_or_default())
}

/// The part of an image's name that the names of its files begin with.
pub fn stem_of(image: &str) -> &str {
    Path::new(image)
        .file_stem()
        .and_then(|stem| stem.to_str())
        .filter(|stem| !stem.is_empty())
        .unwrap_or("image")
}

/// What the files of images are called: each one's name without folder and ending, with a number where another is called so
/// too, whatever the case of its letters.
pub fn distinct_stems(images: impl Iterator<Item = impl AsRef<Path>>) -> Vec<String> {
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut taken = HashSet::new();
    let stems = images.map(|image| {
        let stem = match image.as_ref().file_stem() {
            Some(stem) if stem != "-" => stem.to_string_lossy().into_owned(),
            _ => "image".to_owned(),
        };
        let number = numbers.entry(stem.to_lowercase()).or_default();
        loop {
            *number += 1;
            let name = match number {
                1 => stem.clone(),
                _ => format!("{stem}-{number}"),
            };
            if taken.insert(name.to_lowercase()) {
                break name;
            }
        }
    });
    stems.collect()
}

/// A text of letters, digits, `-`, `.` and `_` alone, which every file system takes.
pub fn harmless(text: &str) -> String {
    text.replace(
        |letter: char| !letter.is_alphanumeric() && !matches!(letter, '-' | '.'),
        "_",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_never_too_long() {
        assert_eq!(file_name("photo", ".7.layer"), "photo.7.layer");
        for (stem, tail) in [
            ("n".repeat(240), ".7.layer".to_owned()),
            ("é".repeat(120), ".7.layer".to_owned()),
            ("photo".to_owned(), "é".repeat(300)),
            (String::new(), "x".repeat(201)),
        ] {
            let name = file_name(&stem, &tail);
            assert!(name.len() <= LONGEST_NAME, "{} bytes: {name}", name.len());
            assert_ne!(name, file_name(&format!("{stem}y"), &tail));
        }
    }

    #[test]
    fn files_of_images_of_equal_names_are_told_apart() {
        let names = [
            "a/x.jpg",
            "b/x.png",
            "c/x-2.png",
            "d/X.gif",
            "-",
            "https://example.org/x.png",
            "e/x-2.bmp",
        ];
        let stems = distinct_stems(names.into_iter());
        assert_eq!(stems, ["x", "x-2", "x-2-2", "X-3", "image", "x-4", "x-2-3"]);
    }

    #[test]
    fn names_of_images_lose_their_endings_only() {
        assert_eq!(stem_of("photo.of.me.jpg"), "photo.of.me");
        assert_eq!(stem_of("photo"), "photo");
        assert_eq!(stem_of(""), "image");
        assert_eq!(harmless("a/b: c-ä.1"), "a_b__c-ä.1");
    }
}
