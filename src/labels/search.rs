//! Classes by what they are called more or less: fuzzily, word by word.

use std::cmp::Reverse;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::{CANDIDATES, Label, Labels, spaced};

/// Longer beginnings of a query are not looked for one by one, so that a pasted text takes no time.
const LONGEST_SHORTENED: usize = 80;

impl Labels {
    /// All classes that fit the query, the best first: every word fits fuzzily into one of the names or the wnid.
    ///
    /// A number finds the class of that name first, then that of this index; then come names that hold the query's words whole ("hat" finds cowboy hats before
    /// hatchets). An empty query finds all classes.
    pub fn search(&self, query: &str) -> Vec<usize> {
        let query = spaced(query.trim());
        if query.is_empty() {
            return (0..self.len()).collect();
        }
        let mut matcher = Matcher::new(Config::DEFAULT);
        let pattern = Pattern::new(&query, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        let mut characters = Vec::new();
        let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
        let is_number = query.bytes().all(|byte| byte.is_ascii_digit());
        let mut found = Vec::new();
        for label in self.iter() {
            let name = label.display_name();
            let texts = label.names.iter().chain([&name]).chain(&label.wnid);
            let fit = texts
                .filter_map(|text| {
                    let score = pattern.score(Utf32Str::new(text, &mut characters), &mut matcher)?;
                    Some((holds_whole(text, &words), score))
                })
                .max();
            let is_index = query.parse() == Ok(label.index);
            if let Some(fit) = fit.or(is_index.then_some((false, 0))) {
                // of equal scores the shorter name, of which the query says more
                found.push((
                    Reverse((is_number && name == query, is_index, fit)),
                    name.len(),
                    label.index,
                ));
            }
        }
        found.sort_unstable();
        found.into_iter().map(|(_, _, index)| index).collect()
    }

    /// A few classes with similar names; a query that fits nowhere is shortened from its end until it does.
    pub(super) fn near(&self, query: &str) -> Vec<Label> {
        let indices: Vec<(usize, char)> = query.char_indices().take(LONGEST_SHORTENED).collect();
        let shortened = indices
            .into_iter()
            .rev()
            .map(|(end, last)| &query[..end + last.len_utf8()]);
        let found = shortened.map(|part| self.search(part)).find(|found| !found.is_empty());
        let best = found.unwrap_or_default().into_iter().take(CANDIDATES);
        best.filter_map(|index| self.get(index)).cloned().collect()
    }
}

/// Whether every one of these words, in small letters, is a word of the text.
fn holds_whole(text: &str, words: &[String]) -> bool {
    let text = text.to_lowercase();
    let has = |word: &String| {
        text.split(|letter: char| !letter.is_alphanumeric())
            .any(|part| part == word)
    };
    words.iter().all(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_ranks_the_best_first() {
        let labels = Labels::imagenet();
        assert_eq!(labels.search("egyptian")[0], 285);
        assert_eq!(labels.search("EGYPTIAN_cat")[0], 285);
        assert_eq!(labels.search("n02124075")[0], 285);
        assert_eq!(labels.search("285")[0], 285);
        assert_eq!(labels.search("tinca")[0], 0);
        assert_eq!(labels.search("cowboy hat")[0], 515);
        assert_eq!(labels.search("").len(), 1000);
        assert!(labels.search("zzzzqqq").is_empty());
        assert!(labels.search("cat").len() > 5);
    }

    #[test]
    fn whole_words_come_before_beginnings_of_words() {
        let labels = Labels::imagenet();
        let position = |query: &str, class| labels.search(query).iter().position(|&found| found == class);
        let (cowboy_hat, hatchet) = (515, 596);
        assert!(position("hat", cowboy_hat) < position("hat", hatchet));
        assert!(position("hatc", hatchet) == Some(0));
        assert!(labels.search("cat").iter().take(5).any(|&class| class == 285));
    }
}
