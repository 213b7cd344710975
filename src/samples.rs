//! The pictures inside the program, drawn by the generator of `weights/demo`.

/// A built-in picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// What it shows, for people.
    pub title: &'static str,
    /// Its file in `assets/samples`.
    pub file: &'static str,
    /// The PNG file.
    pub png: &'static [u8],
}

macro_rules! sample {
    ($title:literal, $file:literal) => {
        Sample {
            title: $title,
            file: $file,
            png: include_bytes!(concat!("../assets/samples/", $file)),
        }
    };
}

/// All samples; the first is the tutorial's composition.
pub static SAMPLES: [Sample; 6] = [
    sample!(
        "Dog in a cowboy hat beside a cat in a party hat",
        "dog-cowboy-hat-cat-party-hat.png"
    ),
    sample!(
        "Cat with party hat, bow tie and balloon",
        "cat-party-hat-bow-tie-balloon.png"
    ),
    sample!("Clock, book, mug and glasses", "clock-book-mug-glasses.png"),
    sample!("Fish and key", "fish-key.png"),
    sample!("House, tree and car", "house-tree-car.png"),
    sample!("Tree, umbrella, flower and ball", "tree-umbrella-flower-ball.png"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{Limits, decode};

    #[test]
    fn every_sample_is_a_small_picture_with_its_own_name() {
        for sample in SAMPLES {
            let photo = decode(sample.png, &Limits::default()).unwrap();
            assert!(photo.width <= 1024 && photo.height <= 1024);
            assert!(sample.png.len() < 120_000, "{}", sample.file);
            assert_eq!(SAMPLES.iter().filter(|other| other.title == sample.title).count(), 1);
        }
    }
}
