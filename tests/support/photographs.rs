//! The network of photographs and the photographs inside the program.

use std::path::Path;

use gradcam_explorer::imaging::{self, Limits, Photo, Pixels, Preprocessing};
use gradcam_explorer::weights::{BuiltIn, Weights};

/// Side of the network's input.
pub const SIDE: u32 = 224;

/// EfficientNet-Lite0.
pub fn weights() -> Weights {
    Weights::built_in(BuiltIn::Photographs).unwrap()
}

/// A file of `assets/samples/photographs`.
pub fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/photographs");
    std::fs::read(folder.join(name)).unwrap()
}

/// One of the photographs.
pub fn photo(name: &str) -> Photo {
    imaging::decode(&file(name), &Limits::default()).unwrap()
}

/// What the network sees of a photo; it scales pixels itself.
pub fn input(photo: &Photo) -> Vec<f32> {
    let preprocessing = Preprocessing {
        pixels: Pixels::ZeroTo255,
        ..Preprocessing::default()
    };
    imaging::network_input(photo, SIDE, SIDE, preprocessing)
}
