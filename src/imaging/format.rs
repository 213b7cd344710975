//! The formats that pictures are written in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A format that pictures are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Every pixel as it is, with transparency.
    #[default]
    Png,
    /// Smaller and nearly the same, over white where parts are missing.
    Jpeg,
    /// Every pixel as it is, with transparency, smaller than PNG; at most 16384 pixels a side.
    Webp,
}

/// A name that is no format.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("'{0}' is no format that pictures are written in; choose png, jpeg or webp")]
pub struct UnknownFormat(pub String);

impl Format {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::Png, Self::Jpeg, Self::Webp];

    /// The name that [`FromStr`] reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
        }
    }

    /// The endings of its files in small letters without the dot, the usual one first.
    #[must_use]
    pub const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Png => &["png"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Webp => &["webp"],
        }
    }

    /// The format that a file's ending asks for, in letters of any size; none of any other ending.
    #[must_use]
    pub fn of_ending(ending: &str) -> Option<Self> {
        let is = |known: &&str| ending.eq_ignore_ascii_case(known);
        Self::ALL.into_iter().find(|format| format.endings().iter().any(is))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::of_ending(name).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_their_names_and_endings() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
            for ending in format.endings() {
                assert_eq!(Format::of_ending(&ending.to_uppercase()), Some(format));
            }
        }
        for other in ["", "tif", "gif", ".png", "pngx"] {
            assert_eq!(Format::of_ending(other), None);
            assert!(other.parse::<Format>().unwrap_err().to_string().contains("webp"));
        }
    }
}
