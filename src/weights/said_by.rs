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

impl SaidBy {
    /// A person's word counts more than the file's.
    pub(super) fn of(by_user: bool, by_file: bool) -> Self {
        match (by_user, by_file) {
            (true, _) => Self::User,
            (false, true) => Self::File,
            (false, false) => Self::Guess,
        }
    }
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
