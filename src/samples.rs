//! The pictures inside the program: photographs that anyone may pass on, and drawings by the generator of
//! `weights/demo`.

/// What a sample is, and so which of the built-in networks knows what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A photograph, for networks with the classes of ImageNet.
    Photograph,
    /// A drawing, for the network of drawings.
    Drawing,
}

/// A built-in picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// What it shows, for people.
    pub title: &'static str,
    /// Photograph or drawing.
    pub kind: Kind,
    /// The name of its file.
    pub file: &'static str,
    /// The file, PNG or JPEG.
    pub bytes: &'static [u8],
}

macro_rules! sample {
    (Photograph, $title:literal, $file:literal) => {
        sample!(Photograph, $title, $file, "../assets/samples/photographs/")
    };
    (Drawing, $title:literal, $file:literal) => {
        sample!(Drawing, $title, $file, "../assets/samples/")
    };
    ($kind:ident, $title:literal, $file:literal, $folder:literal) => {
        Sample {
            title: $title,
            kind: Kind::$kind,
            file: $file,
            bytes: include_bytes!(concat!($folder, $file)),
        }
    };
}

/// All samples, photographs first. The first of them holds several things that the network of photographs finds; the
/// first drawing is the tutorial's composition.
pub static SAMPLES: [Sample; 11] = [
    sample!(
        Photograph,
        "Astronaut with a helmet, a flag and a space shuttle",
        "astronaut.jpg"
    ),
    sample!(Photograph, "Man with a camera on a tripod", "camera.png"),
    sample!(Photograph, "Cat", "chelsea.jpg"),
    sample!(Photograph, "Cup of espresso with a spoon", "coffee.jpg"),
    sample!(Photograph, "Rocket before its launch", "rocket.jpg"),
    sample!(
        Drawing,
        "Dog in a cowboy hat beside a cat in a party hat",
        "dog-cowboy-hat-cat-party-hat.png"
    ),
    sample!(
        Drawing,
        "Cat with party hat, bow tie and balloon",
        "cat-party-hat-bow-tie-balloon.png"
    ),
    sample!(Drawing, "Clock, book, mug and glasses", "clock-book-mug-glasses.png"),
    sample!(Drawing, "Fish and key", "fish-key.png"),
    sample!(Drawing, "House, tree and car", "house-tree-car.png"),
    sample!(
        Drawing,
        "Tree, umbrella, flower and ball",
        "tree-umbrella-flower-ball.png"
    ),
];

/// How many of the samples are photographs.
fn split() -> usize {
    SAMPLES.partition_point(|sample| sample.kind == Kind::Photograph)
}

/// The photographs among the samples.
pub fn photographs() -> &'static [Sample] {
    &SAMPLES[..split()]
}

/// The drawings among the samples.
pub fn drawings() -> &'static [Sample] {
    &SAMPLES[split()..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{Limits, decode};

    #[test]
    fn every_sample_is_a_small_picture_with_its_own_name() {
        for sample in SAMPLES {
            let photo = decode(sample.bytes, &Limits::default()).unwrap();
            assert!(photo.width <= 1024 && photo.height <= 1024);
            assert!(sample.bytes.len() < 150_000, "{}", sample.file);
            assert_eq!(SAMPLES.iter().filter(|other| other.title == sample.title).count(), 1);
            assert_eq!(SAMPLES.iter().filter(|other| other.file == sample.file).count(), 1);
        }
    }

    #[test]
    fn photographs_come_first() {
        let kinds = |samples: &[Sample], kind| samples.iter().all(|sample| sample.kind == kind);
        assert!(kinds(photographs(), Kind::Photograph) && kinds(drawings(), Kind::Drawing));
        assert_eq!((photographs().len(), drawings().len()), (5, 6));
    }
}
