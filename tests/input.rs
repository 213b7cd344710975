//! What networks are fed with, against Keras, Pillow, TensorFlow and OpenCV.
//!
//! `data/input/make_input.py` wrote the numbers.

use std::fs;
use std::path::PathBuf;

use gradcam_explorer::imaging::{Fit, Photo, Pixels, Preprocessing, Region, Resize, network_input};
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Goldens {
    regions: Vec<RegionGolden>,
    pixels: Vec<PixelsGolden>,
    inputs: Vec<InputGolden>,
}

#[derive(Deserialize)]
struct RegionGolden {
    photo: [u32; 2],
    input: [u32; 2],
    region: [u32; 4],
}

#[derive(Deserialize)]
struct PixelsGolden {
    name: Pixels,
    sha256: String,
}

#[derive(Deserialize)]
struct InputGolden {
    photo: [u32; 2],
    input: [u32; 2],
    #[serde(flatten)]
    preprocessing: Preprocessing,
    #[serde(flatten)]
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expected {
    Exact {
        sha256: String,
    },
    /// The next `floats` of input.bin, which are every `step`th of the result.
    Close {
        floats: usize,
        step: usize,
    },
}

fn data(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/input");
    fs::read(folder.join(name)).expect("a file of the test data")
}

fn goldens() -> Goldens {
    serde_json::from_slice(&data("input.json")).expect("input.json")
}

/// The same pixels as `photo` in make_input.py.
fn noise_photo([width, height]: [u32; 2]) -> Photo {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let rgb = std::iter::repeat_with(next)
        .take((width * height * 3) as usize)
        .collect();
    Photo::new(width, height, rgb).expect("the length fits")
}

fn sha256(values: &[f32]) -> String {
    let mut digest = Sha256::new();
    for value in values {
        digest.update(value.to_le_bytes());
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn crops_are_those_of_keras_datasets() {
    for RegionGolden { photo, input, region } in goldens().regions {
        let [x, y, width, height] = region;
        let expected = Region { x, y, width, height };
        assert_eq!(Fit::Crop.region(photo, input), expected, "{photo:?} for {input:?}");
    }
}

#[test]
fn pixels_are_scaled_bit_for_bit_as_by_keras() {
    let goldens = goldens().pixels;
    assert_eq!(goldens.len(), Pixels::ALL.len());
    // 0, 0.125 and so on to 255; down again; and from 100 over 255 and 0
    let ramp: Vec<f32> = (0..=2040).map(|step| step as f32 / 8.0).collect();
    let level = |i: usize| [ramp[i], ramp[2040 - i], ramp[(i + 800) % 2041]];
    for PixelsGolden { name, sha256: expected } in goldens {
        let mut levels: Vec<f32> = (0..=2040).flat_map(level).collect();
        name.scale(&mut levels);
        assert_eq!(sha256(&levels), expected, "{name}");
    }
}

#[test]
fn inputs_are_those_of_keras_pillow_tensorflow_and_opencv() {
    let bytes = data("input.bin");
    let floats: Vec<f32> = bytes.as_chunks().0.iter().copied().map(f32::from_le_bytes).collect();
    let mut rest = floats.as_slice();
    let mut compared = Vec::new();
    for InputGolden {
        photo,
        input,
        preprocessing,
        expected,
    } in goldens().inputs
    {
        let case = format!("{photo:?} to {input:?}, {preprocessing:?}");
        let ours = network_input(&noise_photo(photo), input[0], input[1], preprocessing);
        assert_eq!(ours.len(), (input[0] * input[1] * 3) as usize, "{case}");
        match expected {
            Expected::Exact { sha256: expected } => assert_eq!(sha256(&ours), expected, "{case}"),
            Expected::Close { floats, step } => {
                let (theirs, after) = rest.split_at(floats);
                rest = after;
                assert_eq!(ours.len().div_ceil(step), floats, "{case}");
                for (ours, theirs) in ours.iter().step_by(step).zip(theirs) {
                    assert!((ours - theirs).abs() < 1e-4, "{case}: {ours} and {theirs}");
                }
            }
        }
        compared.push((preprocessing.resize, preprocessing.fit));
    }
    assert!(rest.is_empty());
    for resize in Resize::ALL {
        for fit in Fit::ALL {
            let cases = compared.iter().filter(|&&case| case == (resize, fit)).count();
            assert!(cases >= 9, "{resize}, {fit}");
        }
    }
}
