//! The drawings inside the program as images to open, and the tutorial's photograph.

use std::borrow::Cow;

use crate::explorer::ImageSource;
use crate::samples::SAMPLES;

/// The photograph of the tutorial that this program follows; fetched when it is chosen.
pub const TUTORIAL: &str = "https://raw.githubusercontent.com/jss367/files/main/cat_and_dog_hats.png";

/// The names of all samples.
pub fn names() -> impl Iterator<Item = &'static str> {
    SAMPLES.iter().map(|sample| sample.title)
}

/// A sample as an image to open.
pub fn source(wanted: &str) -> Option<ImageSource> {
    let sample = SAMPLES.iter().find(|sample| sample.title == wanted)?;
    Some(ImageSource::Bytes {
        name: sample.file.to_owned(),
        bytes: Cow::Borrowed(sample.png),
    })
}
