//! The drawings inside the program, for a first look (`assets/samples`).

use std::borrow::Cow;

use crate::explorer::ImageSource;

/// Names for people, and files.
const SAMPLES: [(&str, &str, &[u8]); 6] = [
    (
        "Dog and cat with hats",
        "dog-cowboy-hat-cat-party-hat.png",
        include_bytes!("../../assets/samples/dog-cowboy-hat-cat-party-hat.png"),
    ),
    (
        "Cat with party hat and bow tie",
        "cat-party-hat-bow-tie-balloon.png",
        include_bytes!("../../assets/samples/cat-party-hat-bow-tie-balloon.png"),
    ),
    (
        "Clock, book, mug and glasses",
        "clock-book-mug-glasses.png",
        include_bytes!("../../assets/samples/clock-book-mug-glasses.png"),
    ),
    (
        "Fish and key",
        "fish-key.png",
        include_bytes!("../../assets/samples/fish-key.png"),
    ),
    (
        "House, tree and car",
        "house-tree-car.png",
        include_bytes!("../../assets/samples/house-tree-car.png"),
    ),
    (
        "Tree, umbrella, flower and ball",
        "tree-umbrella-flower-ball.png",
        include_bytes!("../../assets/samples/tree-umbrella-flower-ball.png"),
    ),
];

/// The photograph of the tutorial that this program follows; fetched when it is chosen.
pub const TUTORIAL: &str = "https://raw.githubusercontent.com/jss367/files/main/cat_and_dog_hats.png";

/// The names of all samples.
pub fn names() -> impl Iterator<Item = &'static str> {
    SAMPLES.iter().map(|(name, ..)| *name)
}

/// A sample as an image to open.
pub fn source(wanted: &str) -> Option<ImageSource> {
    let (_, file, bytes) = SAMPLES.iter().find(|(name, ..)| *name == wanted)?;
    Some(ImageSource::Bytes {
        name: (*file).to_owned(),
        bytes: Cow::Borrowed(bytes),
    })
}
