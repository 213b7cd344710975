//! Golden numbers from real Keras, and the comparison that every way to run the network has to pass.
//!
//! The numbers and the tolerances' origin: `tests/data/reference/README.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use candle_core::npy::NpzTensors;
use candle_core::{DType, Tensor};
use gradcam_explorer::explain::{self, ClassMaps, Explanation, Map, Method, Score, Target};
use gradcam_explorer::imaging::{self, Colormap, Limits, Photo, Resize};
use gradcam_explorer::network::{LayerId, Network};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::data;

/// The images with golden numbers.
pub const IMAGES: [&str; 3] = ["land", "gray", "rgba"];

/// `golden.json`.
#[derive(Deserialize)]
pub struct Golden {
    pub images: BTreeMap<String, GoldenImage>,
    pub jet_bgr: Vec<[u8; 3]>,
}

#[derive(Deserialize)]
pub struct GoldenImage {
    pub file: String,
    pub width: u32,
    pub height: u32,
    pub sha256: GoldenHashes,
    pub top10: Vec<GoldenPrediction>,
    pub empty_at_last_layer: BTreeMap<String, Vec<usize>>,
    pub overlay: GoldenOverlay,
}

#[derive(Deserialize)]
pub struct GoldenHashes {
    pub rgb: String,
    pub nearest_299: String,
    pub bilinear_299: String,
}

#[derive(Deserialize)]
pub struct GoldenPrediction {
    pub class: usize,
    pub probability: f64,
}

#[derive(Deserialize)]
pub struct GoldenOverlay {
    pub file: String,
    pub class: usize,
}

pub fn golden() -> Golden {
    serde_json::from_slice(&std::fs::read(data("reference/golden.json")).unwrap()).unwrap()
}

pub fn photo(file: &str) -> Photo {
    imaging::decode(
        &std::fs::read(data(&format!("reference/{file}"))).unwrap(),
        &Limits::default(),
    )
    .unwrap()
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor
        .to_dtype(DType::F64)
        .unwrap()
        .flatten_all()
        .unwrap()
        .to_vec1()
        .unwrap()
}

/// A golden map: `cam/{prob|logit}/{class}/{layer}`.
pub struct GoldenMap {
    pub score: Score,
    pub class: usize,
    pub layer: String,
    pub signed: Vec<f64>,
}

/// One of the npz files.
pub struct GoldenArrays {
    arrays: NpzTensors,
}

impl GoldenArrays {
    pub fn open(name: &str) -> Self {
        Self::at(&format!("reference/{name}.npz"))
    }

    /// A file of `tests/data`.
    pub fn at(file: &str) -> Self {
        Self {
            arrays: NpzTensors::new(data(file)).unwrap(),
        }
    }

    pub fn get(&self, key: &str) -> Vec<f64> {
        values(
            &self
                .arrays
                .get(key)
                .unwrap()
                .unwrap_or_else(|| panic!("{key} is missing")),
        )
    }

    /// The maps whose keys begin with `prefix`.
    pub fn maps(&self, prefix: &str) -> Vec<GoldenMap> {
        let mut names: Vec<String> = self
            .arrays
            .names()
            .into_iter()
            .filter_map(|name| name.strip_prefix(prefix))
            .map(str::to_owned)
            .collect();
        names.retain(|name| name.starts_with("cam/"));
        names.sort();
        names
            .into_iter()
            .map(|name| {
                let mut parts = name.split('/').skip(1);
                let score = if parts.next() == Some("prob") {
                    Score::Probability
                } else {
                    Score::Logit
                };
                let class = parts.next().unwrap().parse().unwrap();
                let layer = parts.next().unwrap().to_owned();
                GoldenMap {
                    score,
                    class,
                    layer,
                    signed: self.get(&format!("{prefix}{name}")),
                }
            })
            .collect()
    }
}

/// max(s, 0) / max(s), as numpy did it for the golden heatmaps.
pub fn heat(signed: &[f64]) -> Vec<f64> {
    let max = signed.iter().copied().fold(0.0, f64::max);
    signed
        .iter()
        .map(|s| if max > 0.0 { s.max(0.0) / max } else { 0.0 })
        .collect()
}

/// The largest and the mean difference of two lists.
pub fn differences(found: &[f64], expected: &[f64]) -> (f64, f64) {
    assert_eq!(found.len(), expected.len());
    let each = || found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    (each().fold(0.0, f64::max), each().sum::<f64>() / found.len() as f64)
}

/// Explains each golden map on the network's last forward pass and hands the pairs to `compare`.
pub fn each_map(
    network: &mut dyn Network,
    logits: &[f64],
    goldens: &[GoldenMap],
    mut compare: impl FnMut(&GoldenMap, &Explanation),
) {
    let mut compared = 0;
    for score in Score::ALL {
        let mut classes: Vec<usize> = goldens.iter().filter(|g| g.score == score).map(|g| g.class).collect();
        classes.dedup();
        for class in classes {
            let wanted: Vec<&GoldenMap> = goldens
                .iter()
                .filter(|g| g.score == score && g.class == class)
                .collect();
            let layers: Vec<LayerId> = wanted.iter().map(|g| network.plan().find(&g.layer).unwrap()).collect();
            let names: Vec<String> = network.plan().layers.iter().map(|layer| layer.name.clone()).collect();
            let targets = [Target::Class(class)];
            explain::backward(
                network,
                logits,
                &targets,
                &layers,
                score,
                Method::GradCam,
                &|| false,
                &mut |found| {
                    let golden = wanted.iter().find(|g| g.layer == names[found.layer.0]).unwrap();
                    compare(golden, &found);
                    compared += 1;
                },
            )
            .unwrap();
        }
    }
    assert_eq!(compared, goldens.len());
}

/// Maps by a backward sweep, as closely as f32 allows: closest at the last layer.
pub fn check_maps(name: &str, network: &mut dyn Network, logits: &[f64], goldens: &[GoldenMap]) {
    let plan = network.plan().clone();
    let after = plan.find("block13_sepconv2_bn").unwrap();
    let last = plan.last_feature_layer();
    each_map(network, logits, goldens, |golden, found| {
        let what = format!("{name} {} {} {}", golden.score, golden.class, golden.layer);
        let largest = golden.signed.iter().fold(0.0, |m: f64, s| m.max(s.abs()));
        if found.map.max() <= 0.02 * largest {
            return; // hardly any evidence: normalisation would only magnify rounding
        }
        let (worst, mean) = differences(&heat(&found.map.signed), &heat(&golden.signed));
        match found.layer {
            layer if layer == last => assert!(worst < 2e-4, "{what}: {worst}"),
            layer if layer >= after => assert!(worst < 2e-2, "{what}: {worst}"),
            _ => assert!(worst < 6e-2 && mean < 5e-3, "{what}: {worst}, mean {mean}"),
        }
    });
}

/// The whole path of the tutorial in f32, from the image file to the overlay, against Keras and OpenCV.
pub fn check_against_keras(network: &mut dyn Network) {
    let golden = golden();
    for name in IMAGES {
        let image = &golden.images[name];
        let photo = photo(&image.file);
        let arrays = GoldenArrays::open(&format!("golden_{name}"));
        let logits = network
            .forward(&imaging::network_input(&photo, 299, 299, Resize::Nearest.into()))
            .unwrap();
        let probabilities = gradcam_explorer::network::Output::Softmax.answers(&logits);

        assert!(differences(&logits, &arrays.get("logits")).0 < 5e-4, "{name}: logits");
        assert!(
            differences(&probabilities, &arrays.get("probs")).0 < 2e-5,
            "{name}: probabilities"
        );
        let mut ranking: Vec<usize> = (0..1000).collect();
        ranking.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
        let top: Vec<usize> = image.top10.iter().map(|p| p.class).collect();
        assert_eq!(ranking[..10], top, "{name}");
        assert!((probabilities[top[0]] - image.top10[0].probability).abs() < 2e-5);

        check_maps(name, network, &logits, &arrays.maps(""));

        let maps = ClassMaps::new(network, &logits).unwrap();
        for golden in arrays.maps("").iter().filter(|g| g.layer == "block14_sepconv2_act") {
            let found = maps.map(Target::Class(golden.class), golden.score);
            let worst = differences(&heat(&found.signed), &heat(&golden.signed)).0;
            assert!(worst < 2e-4, "{name}: closed form of {}: {worst}", golden.class);
        }
        for (score, key) in [(Score::Probability, "prob"), (Score::Logit, "logit")] {
            let empty: Vec<usize> = (0..1000)
                .filter(|&class| maps.map(Target::Class(class), score).is_empty())
                .collect();
            assert_eq!(
                empty, image.empty_at_last_layer[key],
                "{name}: classes without evidence for the {score}"
            );
        }
        let map = maps.map(Target::Class(image.overlay.class), Score::Probability);
        check_overlay(&photo, &map, &image.overlay.file);
    }
}

/// At most 3 levels on at most 1 % of the bytes of OpenCV's own picture.
fn check_overlay(photo: &Photo, map: &Map, file: &str) {
    let found = imaging::overlay(photo, &map.heat(), map.width, map.height, Colormap::Jet, 0.4);
    let expected = self::photo(file);
    let (share, worst) = byte_differences(&found.rgb, &expected.rgb);
    assert!(
        worst <= 3 && share <= 0.01,
        "{file}: {worst} levels on {share} of the bytes"
    );
}

/// The share of bytes that differ, and by how much at most.
pub fn byte_differences(found: &[u8], expected: &[u8]) -> (f64, u8) {
    assert_eq!(found.len(), expected.len());
    let different = found.iter().zip(expected).filter(|(a, b)| a != b).count();
    let worst = found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    (different as f64 / found.len() as f64, worst)
}
