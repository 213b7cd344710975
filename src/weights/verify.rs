//! The check that tells the official weights from all others by what they say: the tutorial's printed top ten.
//!
//! The photograph is the tutorial's `cat_and_dog_hats.png`, resized to 299x299 by nearest neighbour.

/// How far a probability may be from the printed one.
pub const TOLERANCE: f32 = 1e-3;

/// Keras' names and probabilities of the ten likeliest classes, as the tutorial prints them.
pub const TUTORIAL_TOP_TEN: [(&str, f32); 10] = [
    ("vizsla", 0.171_016_29),
    ("Rhodesian_ridgeback", 0.146_423_62),
    ("boxer", 0.031_510_208),
    ("bull_mastiff", 0.030_151_485),
    ("redbone", 0.024_255_073),
    ("bloodhound", 0.021_224_905),
    ("Great_Dane", 0.017_670_18),
    ("Labrador_retriever", 0.017_465_966),
    ("mask", 0.012_718_478),
    ("harmonica", 0.009_038_365),
];

/// One line of the comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Rank from 1.
    pub rank: usize,
    /// The tutorial's class and probability.
    pub expected: (&'static str, f32),
    /// This network's class at this rank and its probability; none if it has fewer classes.
    pub found: Option<(String, f32)>,
    /// Same class, and probability within [`TOLERANCE`].
    pub agrees: bool,
}

/// Sets a network's likeliest classes, by Keras' names, beside the tutorial's.
pub fn compare(top_ten: &[(String, f32)]) -> Vec<Compared> {
    let line = |(position, expected): (usize, (&'static str, f32))| {
        let found = top_ten.get(position).cloned();
        let agrees = found
            .as_ref()
            .is_some_and(|(name, probability)| name == expected.0 && (probability - expected.1).abs() <= TOLERANCE);
        Compared {
            rank: position + 1,
            expected,
            found,
            agrees,
        }
    };
    TUTORIAL_TOP_TEN.into_iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::Labels;

    fn printed() -> Vec<(String, f32)> {
        TUTORIAL_TOP_TEN
            .map(|(name, probability)| (name.to_owned(), probability))
            .to_vec()
    }

    #[test]
    fn the_tutorials_own_numbers_agree() {
        assert!(compare(&printed()).iter().all(|line| line.agrees));
        assert!(TUTORIAL_TOP_TEN.is_sorted_by(|a, b| a.1 > b.1));
        let labels = Labels::imagenet();
        for (name, _) in TUTORIAL_TOP_TEN {
            assert!(labels.find(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn another_class_or_probability_is_told() {
        let mut top = printed();
        top.swap(0, 1);
        let lines = compare(&top);
        assert_eq!(lines.iter().filter(|line| !line.agrees).count(), 2);
        let mut top = printed();
        top[2].1 += 2e-3;
        assert!(!compare(&top)[2].agrees);
        top[2].1 = f32::NAN;
        assert!(!compare(&top)[2].agrees);
        let lines = compare(&printed()[..3]);
        assert_eq!(
            (lines.len(), lines[3].found.is_none(), lines[3].agrees),
            (10, true, false)
        );
    }
}
