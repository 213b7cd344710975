//! Classes by what they are called more or less: fuzzily, word by word.

use std::cmp::Reverse;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::{CANDIDATES, Label, Labels, spaced};

/// Longer beginnings of a query are not looked for one by one, so that a pasted text takes no time.
const LONGEST_SHORTENED: usize = 80;

/// How well a name fits what is looked for, the best last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// The letters are in it, in this order.
    Scattered,
    /// Every word is somewhere in it.
    Within,
    /// Every word begins one of its words.
    Begins,
    /// Every word is one of its words.
    Whole,
    /// It is what is looked for, or the number of its class is.
    Exact,
}

/// A class that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Which class.
    pub class: usize,
    /// The name by which it was found, where that is not the one shown.
    pub by: Option<String>,
    /// Whether it is called exactly as what was looked for.
    pub is_exact: bool,
    /// Whether only letters of what was looked for are scattered over its name.
    pub is_scattered: bool,
}

/// What is looked for.
struct Query {
    text: String,
    /// In small letters.
    words: Vec<String>,
    pattern: Pattern,
}

impl Query {
    fn new(text: &str) -> Self {
        let text = spaced(text.trim());
        Self {
            words: text.split_whitespace().map(str::to_lowercase).collect(),
            pattern: Pattern::new(&text, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy),
            text,
        }
    }

    /// How well a name fits, and a score among those that fit as well.
    fn fit(&self, name: &str, matcher: &mut Matcher, characters: &mut Vec<char>) -> Option<(Fit, u32)> {
        let lower = name.to_lowercase();
        let parts = || lower.split(|letter: char| !letter.is_alphanumeric());
        let all = |has: &dyn Fn(&String) -> bool| self.words.iter().all(has);
        let score = self.pattern.score(Utf32Str::new(name, characters), matcher);
        let fit = if lower == self.words.join(" ") {
            Fit::Exact
        } else if all(&|word| parts().any(|part| part == word)) {
            Fit::Whole
        } else if all(&|word| parts().any(|part| part.starts_with(word.as_str()))) {
            Fit::Begins
        } else if all(&|word| lower.contains(word.as_str())) {
            Fit::Within
        } else {
            Fit::Scattered
        };
        match (fit, score) {
            (Fit::Scattered, score) => Some((fit, score?)),
            _ => Some((fit, score.unwrap_or(0))),
        }
    }
}

impl Labels {
    /// All classes that fit the query, the best first; see [`Self::matches`]. An empty query finds all classes.
    pub fn search(&self, query: &str) -> Vec<usize> {
        if query.trim().is_empty() {
            return (0..self.len()).collect();
        }
        self.matches(query).into_iter().map(|found| found.class).collect()
    }

    /// All classes that fit the query, the best first, and by which of their names.
    ///
    /// A number finds the class of that name first, then that of this index; a WordNet id is found by its beginning. Where
    /// words of the query are words of a name, or begin some, nothing else counts; letters scattered over a name count only
    /// where nothing else is found.
    pub fn matches(&self, query: &str) -> Vec<Match> {
        let query = Query::new(query);
        if query.text.is_empty() {
            return Vec::new();
        }
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut characters = Vec::new();
        let mut found = Vec::new();
        for label in self.iter() {
            let name = label.display_name();
            let mut best = query.fit(&name, &mut matcher, &mut characters).map(|fit| (fit, None));
            for other in &label.names {
                let fit = query.fit(other, &mut matcher, &mut characters);
                if let Some(fit) = fit.filter(|fit| best.as_ref().is_none_or(|(best, _)| fit.0 > best.0)) {
                    best = Some((fit, Some(other.clone())));
                }
            }
            let wnid = label.wnid.as_ref().filter(|wnid| is_beginning(wnid, &query.text));
            if let Some(wnid) = wnid {
                best = Some(((Fit::Whole, 0), Some(wnid.clone())));
            }
            let is_name = best.as_ref().is_some_and(|((fit, _), _)| *fit == Fit::Exact);
            let is_index = query.text.parse() == Ok(label.index);
            if is_index && !is_name {
                best = Some(((Fit::Exact, 0), Some(format!("class {}", label.index))));
            }
            if let Some(((fit, score), by)) = best {
                // of equal scores the shorter name, of which the query says more
                let order = (Reverse((fit, is_name, score)), name.len(), label.index);
                found.push((order, fit, by));
            }
        }
        found.sort_unstable_by_key(|(order, ..)| *order);
        let least = match found.first().map(|(_, fit, _)| *fit) {
            Some(Fit::Exact | Fit::Whole) => Fit::Begins,
            Some(best) => best,
            None => return Vec::new(),
        };
        let found = found.into_iter().filter(|(_, fit, _)| *fit >= least);
        found
            .map(|((_, _, class), fit, by)| Match {
                class,
                by,
                is_exact: fit == Fit::Exact,
                is_scattered: fit == Fit::Scattered,
            })
            .collect()
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

/// Whether a WordNet id begins so; a letter alone is a letter.
fn is_beginning(wnid: &str, query: &str) -> bool {
    query.len() > 2
        && wnid
            .get(..query.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(query))
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
    fn a_match_says_by_which_name_it_was_found() {
        let labels = Labels::imagenet();
        let by = |query: &str, class: usize| {
            let found = labels.matches(query).into_iter().find(|found| found.class == class);
            found.map(|found| found.by.unwrap_or_default())
        };
        assert_eq!(by("catamount", 286).as_deref(), Some("catamount"));
        assert_eq!(by("cougar", 286).as_deref(), Some(""));
        assert_eq!(by("n02125311", 286).as_deref(), Some("n02125311"));
        assert_eq!(by("286", 286).as_deref(), Some("class 286"));
    }

    #[test]
    fn scattered_letters_count_only_where_nothing_else_is_found() {
        let labels = Labels::imagenet();
        for (query, odd) in [
            ("cat", "bullfrog"),
            ("cat", "barrow"),
            ("hat", "oboe"),
            ("hat", "bald eagle"),
        ] {
            let odd = labels.find(odd).unwrap();
            let found = labels.matches(query);
            let odd = found.iter().find(|found| found.class == odd);
            // by a name of its own, never by letters
            assert!(odd.is_none_or(|odd| odd.by.as_ref().is_some_and(|by| by.to_lowercase().contains(query))));
            assert!(found.iter().all(|found| !found.is_scattered));
        }
        let found = labels.matches("gldfsh");
        assert!(found.iter().all(|found| found.is_scattered));
        assert_eq!(found[0].class, 1);
        assert_eq!(labels.search("285"), [285]);
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
