//! A word that was meant to be a command.

use std::path::Path;

use clap::CommandFactory as _;

use super::arguments::Arguments;

/// How many letters may be wrong.
const WRONG_LETTERS: usize = 2;

/// The command that a word is nearly, in a sentence; none if it is a file, an address or like no command.
pub fn command(word: &Path) -> Option<String> {
    if word.exists() {
        return None;
    }
    let word = word.to_str()?;
    let commands = Arguments::command();
    let names = commands.get_subcommands().map(|command| command.get_name());
    let (wrong, nearest) = names.map(|name| (distance(word, name), name)).min()?;
    (wrong <= WRONG_LETTERS).then(|| format!("{word} is no file and no command; did you mean \"{nearest}\"?"))
}

/// How many letters have to be put in, taken out or replaced to make one word of another (Levenshtein 1966).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_near_a_command_are_told_and_others_are_not() {
        for (word, meant) in [
            ("explian", Some("explain")),
            ("expln", Some("explain")),
            ("weigths", Some("weights")),
            ("layer", Some("layers")),
            ("photo", None),
            ("cat.png", None),
        ] {
            let said = command(Path::new(word));
            assert_eq!(said.is_some(), meant.is_some(), "{word}: {said:?}");
            assert!(meant.is_none_or(|meant| said.is_some_and(|said| said.ends_with(&format!("mean \"{meant}\"?")))));
        }
    }

    #[test]
    fn distances_count_letters() {
        for (from, to, letters) in [
            ("", "", 0),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
            ("bench", "bench", 0),
        ] {
            assert_eq!(distance(from, to), letters);
        }
    }
}
