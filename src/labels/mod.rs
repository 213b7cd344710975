//! Class labels: index first, since names repeat; found by index, wnid or name, or searched for.

mod search;
mod text;

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

pub use search::Match;
pub use text::decode_text;

/// Classes, wnids and names of ImageNet with where they come from.
const IMAGENET: &str = include_str!("../../assets/imagenet_classes.tsv");
/// How many candidates an error lists.
const CANDIDATES: usize = 5;

/// The names of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The class: its position among the network's outputs.
    pub index: usize,
    /// WordNet id such as `n02124075`; none for networks that do not speak of ImageNet.
    pub wnid: Option<String>,
    /// Keras' name such as `Egyptian_cat`, or whatever the network's labels say.
    pub name: String,
    /// Names for people, the first much like `name`: `Egyptian cat`. May be empty.
    pub names: Vec<String>,
}

impl Label {
    /// The name with blanks in place of underscores.
    pub fn display_name(&self) -> String {
        spaced(&self.name)
    }
}

impl fmt::Display for Label {
    /// Index, name and wnid: `285 Egyptian cat (n02124075)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.index, self.display_name())?;
        self.wnid.as_ref().map_or(Ok(()), |wnid| write!(f, " ({wnid})"))
    }
}

/// Why a query names no class.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LabelError {
    /// There is no class with this index.
    #[error("there is no class {index}: the classes of this network go from 0 to {}", .classes.saturating_sub(1))]
    Index {
        /// The index asked for.
        index: String,
        /// Number of classes.
        classes: usize,
    },
    /// No class is called so.
    #[error("no class is called {query:?}; {}", near_text(.near))]
    Unknown {
        /// The text asked for.
        query: String,
        /// Classes with similar names, the most similar first.
        near: Vec<Label>,
    },
    /// Several classes are called so.
    #[error("{query:?} is the name of {} classes; choose by index or wnid: {}", .candidates.len(), listed(.candidates))]
    Ambiguous {
        /// The text asked for.
        query: String,
        /// All classes of that name.
        candidates: Vec<Label>,
    },
}

fn near_text(near: &[Label]) -> String {
    if near.is_empty() {
        return "search with: gradcam-explorer classes".to_owned();
    }
    format!("similar are: {}", listed(near))
}

fn listed(labels: &[Label]) -> String {
    let labels: Vec<String> = labels.iter().map(Label::to_string).collect();
    labels.join(", ")
}

/// The labels of all classes of a network. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels(Arc<[Label]>);

impl Labels {
    /// The 1000 classes of ImageNet in the order of Keras' outputs.
    pub fn imagenet() -> Self {
        let lines = IMAGENET.lines().filter(|line| !line.starts_with('#')).skip(1);
        Self(lines.filter_map(imagenet_label).collect())
    }

    /// One name for each class; a class whose name is blank is called `class 7`.
    pub fn plain(names: impl IntoIterator<Item = String>) -> Self {
        let label = |(index, name): (usize, String)| Label {
            index,
            wnid: None,
            name: if spaced(&name).trim().is_empty() {
                numbered(index)
            } else {
                name
            },
            names: Vec::new(),
        };
        Self(names.into_iter().enumerate().map(label).collect())
    }

    /// `class 0`, `class 1` and so on, where nothing better is known.
    pub fn numbered(classes: usize) -> Self {
        Self::plain((0..classes).map(numbered))
    }

    /// Number of classes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no class.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The label of a class; none if there are fewer classes.
    pub fn get(&self, index: usize) -> Option<&Label> {
        self.0.get(index)
    }

    /// All labels by index.
    pub fn iter(&self) -> std::slice::Iter<'_, Label> {
        self.0.iter()
    }

    /// The name for people, or `class 7` where there is none.
    pub fn display_name(&self, index: usize) -> String {
        self.get(index).map_or_else(|| numbered(index), Label::display_name)
    }

    /// The one class that `query` names: by index (`285`), by wnid (`n02124075`) or by name, where `_` is a blank.
    ///
    /// A name is looked for in three steps, and the first that finds anything decides: Keras' names with their case
    /// (so `cardigan` is the garment and `Cardigan` the dog), Keras' names in any case, then all other names in any
    /// case. A number that is no class's name is an index; see [`Labels::is_also_an_index`].
    ///
    /// # Errors
    /// When nothing or more than one class is found, with candidates.
    pub fn find(&self, query: &str) -> Result<usize, LabelError> {
        let wanted = spaced(query.trim());
        let is_number = !wanted.is_empty() && wanted.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && !self.iter().any(|label| label.display_name() == wanted) {
            let index = wanted.parse().ok().filter(|&index| index < self.len());
            return index.ok_or_else(|| LabelError::Index {
                index: wanted.clone(),
                classes: self.len(),
            });
        }
        let lower = wanted.to_lowercase();
        let in_any_case = |name: &str| spaced(name).to_lowercase() == lower;
        let steps: [&dyn Fn(&Label) -> bool; 4] = [
            &|label| label.wnid.as_deref().is_some_and(in_any_case),
            &|label| label.display_name() == wanted,
            &|label| in_any_case(&label.name),
            &|label| label.names.iter().any(|name| in_any_case(name)),
        ];
        for called_so in steps {
            let found: Vec<&Label> = self.iter().filter(|label| called_so(label)).collect();
            match found.as_slice() {
                [] => {}
                [label] => return Ok(label.index),
                _ => {
                    return Err(LabelError::Ambiguous {
                        query: query.to_owned(),
                        candidates: found.into_iter().cloned().collect(),
                    });
                }
            }
        }
        Err(LabelError::Unknown {
            query: query.to_owned(),
            near: self.near(&wanted),
        })
    }
}

impl Labels {
    /// A sentence about a number that names one class and is the index of another: [`Labels::find`] takes the name.
    pub fn is_also_an_index(&self, query: &str) -> Option<String> {
        let other = self.get(query.trim().parse().ok()?)?;
        let found = self.get(self.find(query).ok()?)?;
        (found.index != other.index).then(|| {
            format!(
                "{:?} is taken for the name of class {}, not for index {} ({:?}); rename the classes in their file to tell \
                 them apart",
                found.display_name(),
                found.index,
                other.index,
                other.display_name()
            )
        })
    }
}

/// The name of a class of which nothing but its position is known.
fn numbered(index: usize) -> String {
    format!("class {index}")
}

fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

/// Reads `index wnid keras_name names` separated by tabs, the names by commas.
fn imagenet_label(line: &str) -> Option<Label> {
    let mut fields = line.split('\t');
    Some(Label {
        index: fields.next()?.parse().ok()?,
        wnid: Some(fields.next()?.to_owned()),
        name: fields.next()?.to_owned(),
        names: fields.next()?.split(", ").map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imagenet_has_a_thousand_classes_in_order() {
        let labels = Labels::imagenet();
        assert_eq!(labels.len(), 1000);
        assert!(labels.iter().enumerate().all(|(index, label)| label.index == index));
        assert!(labels.iter().is_sorted_by_key(|label| label.wnid.clone()));
        for label in labels.iter() {
            assert_eq!(label.names[0], label.display_name());
        }
        let cat = labels.get(285).unwrap();
        assert_eq!(cat.to_string(), "285 Egyptian cat (n02124075)");
        assert_eq!(labels.get(0).unwrap().names, ["tench", "Tinca tinca"]);
        assert_eq!(labels.display_name(999), "toilet tissue");
        assert_eq!(labels.display_name(1000), "class 1000");
    }

    #[test]
    fn finds_by_index_wnid_and_name() {
        let labels = Labels::imagenet();
        let check = |query: &str, index| assert_eq!(labels.find(query), Ok(index), "{query}");
        check("285", 285);
        check("0", 0);
        check("n02124075", 285);
        check("N02124075", 285);
        check("Egyptian cat", 285);
        check("egyptian_CAT", 285);
        check(" Egyptian_cat ", 285);
        check("Tinca tinca", 0);
        check("cardigan", 474);
        check("Cardigan", 264);
        check("tub", 876); // another tub is only the second name of a bathtub
        check("yellow lady's slipper", 986);
        check("n02012849", 134);
    }

    #[test]
    fn every_class_is_found_by_wnid_and_by_its_name_unless_that_is_shared() {
        let labels = Labels::imagenet();
        for label in labels.iter() {
            assert_eq!(labels.find(label.wnid.as_deref().unwrap()), Ok(label.index));
            let shared = ["crane", "maillot"].contains(&label.name.as_str());
            assert_eq!(
                labels.find(&label.name).ok(),
                (!shared).then_some(label.index),
                "{label}"
            );
        }
    }

    #[test]
    fn shared_names_list_their_classes() {
        let labels = Labels::imagenet();
        let check = |query: &str, indices: &[usize]| {
            let Err(LabelError::Ambiguous { candidates, .. }) = labels.find(query) else {
                panic!("{query} should be ambiguous");
            };
            let found: Vec<usize> = candidates.iter().map(|label| label.index).collect();
            assert_eq!(found, indices, "{query}");
        };
        check("crane", &[134, 517]);
        check("maillot", &[638, 639]);
        check("CARDIGAN", &[264, 474]);
        check("panther", &[286, 290]);
        check("sus scrofa", &[341, 342]);
        assert_eq!(
            labels.find("crane").unwrap_err().to_string(),
            "\"crane\" is the name of 2 classes; choose by index or wnid: 134 crane (n02012849), 517 crane (n03126707)"
        );
    }

    #[test]
    fn unknown_names_list_similar_ones() {
        let labels = Labels::imagenet();
        let near = |query: &str| match labels.find(query) {
            Err(LabelError::Unknown { near, .. }) => near.iter().map(|label| label.index).collect::<Vec<_>>(),
            other => panic!("{query}: {other:?}"),
        };
        assert_eq!(near("egyptian")[0], 285);
        assert_eq!(near("egyptain cat")[0], 285);
        assert!(near("💥").is_empty());
        assert!(near("").is_empty());
        let error = labels.find("1000").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no class 1000: the classes of this network go from 0 to 999"
        );
        assert!(labels.find("99999999999999999999999999").is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_query_is_answered(query in "\\PC{0,120}") {
            let labels = Labels::imagenet();
            if let Err(error) = labels.find(&query) {
                proptest::prop_assert!(!error.to_string().is_empty());
            }
            let found = labels.search(&query);
            proptest::prop_assert!(found.iter().all(|&index| index < 1000));
        }
    }

    #[test]
    fn a_class_that_is_called_by_a_number_is_found_by_its_name() {
        let labels = Labels::plain(["0", "1", "10", "11", "2"].map(str::to_owned));
        assert_eq!((labels.find("10"), labels.is_also_an_index("10")), (Ok(2), None));
        assert_eq!(labels.find("2"), Ok(4), "the name comes before the index");
        let told = labels.is_also_an_index("2").unwrap();
        assert!(told.contains("class 4") && told.contains("index 2 (\"10\")"), "{told}");
        assert_eq!(
            (labels.find("3"), labels.is_also_an_index("3")),
            (Ok(3), None),
            "no name, so an index"
        );
        assert!(matches!(labels.find("5"), Err(LabelError::Index { .. })));
        assert_eq!(labels.search("2")[0], 4);
        assert!(matches!(
            Labels::plain(["7", "7"].map(str::to_owned)).find("7"),
            Err(LabelError::Ambiguous { .. })
        ));
        assert_eq!(Labels::imagenet().is_also_an_index("285"), None);
    }

    #[test]
    fn other_labels() {
        let labels = Labels::plain(["red_deer".to_owned(), "elk".to_owned()]);
        assert_eq!(labels.find("Red Deer"), Ok(0));
        assert_eq!(labels.find("1"), Ok(1));
        assert_eq!(labels.get(1).unwrap().to_string(), "1 elk");
        let numbered = Labels::numbered(7);
        assert_eq!(numbered.len(), 7);
        assert_eq!(numbered.find("class 6"), Ok(6));
        assert!(Labels::numbered(0).find("class 0").is_err());
    }
}
