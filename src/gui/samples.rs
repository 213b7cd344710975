//! The pictures inside the program as images to open, and the tutorial's photograph.

use std::borrow::Cow;

use crate::explorer::ImageSource;
use crate::samples::{SAMPLES, Sample};

/// The photograph of the tutorial that this program follows; fetched when it is chosen.
pub const TUTORIAL: &str = "https://raw.githubusercontent.com/jss367/files/main/cat_and_dog_hats.png";

/// A sample as an image to open.
pub fn source(sample: &Sample) -> ImageSource {
    ImageSource::Bytes {
        name: sample.file.to_owned(),
        bytes: Cow::Borrowed(sample.bytes),
    }
}

/// The sample for those who name none.
pub fn first() -> ImageSource {
    source(&SAMPLES[0])
}
