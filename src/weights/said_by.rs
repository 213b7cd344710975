//! Who says what is assumed of a network.

use std::fmt;

/// Who says what is assumed of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SaidBy {
    /// Its file.
    File,
    /// Nobody: the likeliest is assumed.
    #[default]
    Guess,
    /// A person.
    User,
}

impl fmt::Display for SaidBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Guess => "guess",
            Self::User => "user",
        })
    }
}
