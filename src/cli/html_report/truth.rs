//! What images truly show, where a folder a class says it, as `keras.utils.image_dataset_from_directory` reads them.

use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::labels::Labels;

/// The class of each folder inside of one.
#[derive(Debug, PartialEq, Eq)]
pub struct Truth {
    root: PathBuf,
    classes: HashMap<OsString, usize>,
}

impl Truth {
    /// Of the images of one folder, each of which lies in a folder inside of it.
    ///
    /// A folder is the class that it is called, by wnid or name. If some are none, but there are as many folders as
    /// classes, they are the classes in the order of their names, as for Keras; then numbers are indices. Otherwise nothing
    /// is known, which is told as a sentence if some of the folders are classes.
    pub fn of<'a>(
        root: &Path,
        images: impl IntoIterator<Item = &'a Path>,
        labels: &Labels,
    ) -> Result<Option<Self>, String> {
        let mut names = BTreeSet::new();
        for image in images {
            let Some(name) = folder_in(root, image) else {
                return Ok(None);
            };
            names.insert(name.to_owned());
        }
        if names.is_empty() {
            return Ok(None);
        }
        let find = |name: &OsString| labels.find(name.to_str()?).ok();
        let is_index = |name: &OsString| {
            let Some(name) = name.to_str() else { return false };
            name.bytes().all(|byte| byte.is_ascii_digit()) && !labels.iter().any(|label| label.name == name)
        };
        let found: HashMap<OsString, usize> = names
            .iter()
            .filter_map(|name| Some((name.clone(), find(name)?)))
            .collect();
        let is_all = found.len() == names.len();
        let classes = if is_all && !(names.len() == labels.len() && names.iter().any(is_index)) {
            found
        } else if names.len() == labels.len() {
            names.into_iter().zip(0..).collect()
        } else if let (Some(name), false) = (names.iter().find(|name| !found.contains_key(*name)), found.is_empty()) {
            return Err(format!(
                "{}: no accuracy is reported, since {} of {} folders are no classes of this network, such as {:?}",
                root.display(),
                names.len() - found.len(),
                names.len(),
                name.display().to_string()
            ));
        } else {
            return Ok(None);
        };
        Ok(Some(Self {
            root: root.to_owned(),
            classes,
        }))
    }

    /// The class that an image truly is.
    pub fn class(&self, image: &Path) -> Option<usize> {
        self.classes.get(folder_in(&self.root, image)?).copied()
    }
}

/// The first folder below `root` on the way to an image.
fn folder_in<'a>(root: &Path, image: &'a Path) -> Option<&'a OsStr> {
    let mut parts = image.strip_prefix(root).ok()?.iter();
    let folder = parts.next()?;
    parts.next().map(|_| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(images: &[&str], labels: &[&str]) -> Result<Option<Truth>, String> {
        let labels = Labels::plain(labels.iter().map(|name| (*name).to_owned()));
        Truth::of(Path::new("photos"), images.iter().map(Path::new), &labels)
    }

    #[test]
    fn folders_are_classes_by_their_names() {
        let truth = truth(
            &["photos/red_deer/1.jpg", "photos/elk/inner/2.jpg"],
            &["elk", "moose", "red deer"],
        );
        let truth = truth.unwrap().unwrap();
        assert_eq!(truth.class(Path::new("photos/red_deer/1.jpg")), Some(2));
        assert_eq!(truth.class(Path::new("photos/elk/inner/2.jpg")), Some(0));
        assert_eq!(truth.class(Path::new("photos/loose.jpg")), None);
    }

    #[test]
    fn folders_of_other_names_are_the_classes_in_their_order_if_there_are_as_many() {
        let folders = ["photos/b/1.jpg", "photos/B/2.jpg", "photos/a/3.jpg"];
        let found = truth(&folders, &["class 0", "class 1", "class 2"]).unwrap().unwrap();
        let classes = folders.map(|image| found.class(Path::new(image)));
        assert_eq!(classes, [Some(2), Some(0), Some(1)]);
        assert_eq!(truth(&folders, &["class 0", "class 1"]), Ok(None));
        let numbers = ["photos/2/1.jpg", "photos/10/2.jpg"];
        for (labels, classes) in [(&["a", "b"][..], [1, 0]), (&["a"; 11], [2, 10])] {
            let found = truth(&numbers, labels).unwrap().unwrap();
            assert_eq!(numbers.map(|image| found.class(Path::new(image))), classes.map(Some));
        }
    }

    #[test]
    fn nothing_is_known_of_loose_images_and_some_classes_are_not_enough() {
        assert_eq!(
            truth(&["photos/1.jpg", "photos/elk/2.jpg"], &["elk", "moose"]),
            Ok(None)
        );
        let told = truth(&["photos/elk/1.jpg", "photos/rome/2.jpg"], &["elk", "moose", "roe"]).unwrap_err();
        assert!(
            told.contains("1 of 2 folders are no classes") && told.contains("rome"),
            "{told}"
        );
    }
}
