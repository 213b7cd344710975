//! Every layout that an Xception comes in gives the same logits: those of Keras.
//!
//! `tests/data/formats` holds one small network (71 px, 7 classes) as real Keras, tf.keras and scripts saved it.

mod support;

use std::path::Path;

use candle_core::{DType, Device};
use gradcam_explorer::network::{CpuNetwork, Network};
use gradcam_explorer::weights::{self, ImportOptions, NetworkChoices, Weights};
use support::keras::{GoldenArrays, differences};

/// The logits of weights for the golden picture.
fn logits(weights: &Weights) -> Vec<f64> {
    let arrays = GoldenArrays::open("golden64_small");
    let input: Vec<f32> = arrays
        .get("71/img_u8")
        .into_iter()
        .map(|v| (v / 127.5 - 1.0) as f32)
        .collect();
    let vb = weights.var_builder(DType::F32, &Device::Cpu);
    CpuNetwork::load(weights.plan().clone(), &vb, 2)
        .unwrap()
        .forward(&input)
        .unwrap()
}

fn imported(file: &Path) -> Weights {
    let folder = tempfile::tempdir().unwrap();
    let options = ImportOptions {
        choices: NetworkChoices {
            input_size: Some([71; 2]),
            ..NetworkChoices::default()
        },
        ..ImportOptions::default()
    };
    let weights = weights::import(file, &folder.path().join("imported.safetensors"), &options).unwrap();
    weights.check_values().unwrap();
    weights
}

#[test]
fn every_layout_gives_the_logits_of_keras() {
    let keras = GoldenArrays::open("golden64_small").get("71/logits");
    for file in [
        "small.safetensors",
        "small_timm.safetensors",
        "small_keras1.h5",
        "small_legacy.h5",
        "small_model.h5",
        "small.weights.h5",
        "small.keras",
    ] {
        let found = logits(&imported(&support::data(&format!("formats/{file}"))));
        let scale = keras.iter().fold(0.0, |m: f64, z| m.max(z.abs()));
        let worst = differences(&found, &keras).0 / scale;
        assert!(worst < 1e-5, "{file}: {worst}");
    }
}

#[test]
fn imported_weights_give_bit_equal_logits_in_every_layout() {
    let expected = logits(&Weights::open(&support::data("formats/small.safetensors")).unwrap());
    for file in ["small_timm.safetensors", "small_keras1.h5", "small.keras"] {
        assert_eq!(
            logits(&imported(&support::data(&format!("formats/{file}")))),
            expected,
            "{file}"
        );
    }
}

#[test]
fn swapping_the_batch_norms_of_equal_width_would_be_seen() {
    // Keras 1 numbers them by creation: the residual's comes before the block's own, and both have the same width
    let (plan, tensors) = support::small_keras(71);
    let keras = GoldenArrays::open("golden64_small").get("71/logits");
    let swapped = tensors
        .iter()
        .map(|(parameter, values)| {
            let twin = match parameter.layer.as_str() {
                "batch_normalization_3" => "block13_sepconv2_bn",
                "block13_sepconv2_bn" => "batch_normalization_3",
                _ => return (parameter.clone(), values.clone()),
            };
            let other = tensors
                .iter()
                .find(|(p, _)| p.layer == twin && p.weight == parameter.weight)
                .unwrap();
            assert_eq!(other.0.shape, parameter.shape);
            (parameter.clone(), other.1.clone())
        })
        .collect();
    let vb = support::var_builder(swapped, DType::F32);
    let arrays = GoldenArrays::open("golden64_small");
    let input: Vec<f32> = arrays
        .get("71/img_u8")
        .into_iter()
        .map(|v| (v / 127.5 - 1.0) as f32)
        .collect();
    let found = CpuNetwork::load(plan, &vb, 1).unwrap().forward(&input).unwrap();
    assert!(differences(&found, &keras).0 > 1e-2);
}
