//! Safetensors files in every dialect and type are the same network, and what is wrong with one is said in a sentence.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod networks;

use std::borrow::Cow;

use candle_core::{DType, Device};
use gradcam_explorer::models::xception::{self, Architecture};
use gradcam_explorer::weights::{Beside, BuiltIn, Dialect, SaidBy, Weights, WeightsError};
use half::{bf16, f16};
use networks::{Tensors, keras, raw_safetensors, safetensors, small, timm};

fn open(bytes: Vec<u8>) -> Result<Weights, WeightsError> {
    Weights::from_bytes("net.safetensors", Cow::Owned(bytes))
}

/// Every tensor of `weights` equals the expected one bit for bit.
fn check_tensors(weights: &Weights, expected: &Tensors) {
    let parameters = weights.plan().parameters();
    assert_eq!(parameters.len(), expected.len());
    for parameter in parameters {
        let path = parameter.path();
        assert_eq!(weights.tensor(&path).unwrap(), expected[&path].1, "{path}");
    }
}

fn without_size(architecture: &Architecture) -> Architecture {
    Architecture {
        input_size: [299; 2],
        ..architecture.clone()
    }
}

#[test]
fn keras_names() {
    let architecture = small(7);
    let tensors = keras(&architecture);
    let weights = open(safetensors(&tensors, &[])).unwrap();
    assert_eq!(*weights.plan(), xception::plan(&without_size(&architecture)).unwrap());
    assert_eq!((weights.info().dialect, weights.info().classes), (Dialect::Keras, 7));
    assert_eq!(weights.info().name, "net.safetensors");
    check_tensors(&weights, &tensors);
    weights.check_values().unwrap();
}

#[test]
fn metadata_tells_size_epsilon_and_name() {
    let tensors = keras(&small(3));
    let metadata = [("input_size", "71"), ("bn_epsilon", "1e-5"), ("name", "Three deer")];
    let weights = open(safetensors(&tensors, &metadata)).unwrap();
    assert_eq!(weights.plan().input().width, 71);
    assert_eq!(weights.plan().bn_epsilon(), Some(1e-5));
    assert_eq!(weights.info().name, "Three deer");
    for (key, value) in [
        ("input_size", "big"),
        ("bn_epsilon", "-1"),
        ("bn_epsilon", "nan"),
        ("input_size", "70"),
    ] {
        let error = open(safetensors(&tensors, &[(key, value)])).err().unwrap();
        assert!(error.to_string().contains(value), "{error}");
    }
}

#[test]
fn what_the_values_mean_is_a_guess_but_of_imagenet_and_where_the_metadata_say_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    for (classes, metadata, said_by) in [
        (3, &[][..], SaidBy::Guess),
        (1000, &[], SaidBy::File),
        (3, &[("output", "sigmoid")], SaidBy::User),
    ] {
        std::fs::write(&path, safetensors(&keras(&small(classes)), metadata)).unwrap();
        let weights = Weights::open(&path).unwrap();
        assert_eq!(weights.info().output_said_by, said_by, "{classes} {metadata:?}");
    }
    assert_eq!(
        Weights::built_in(BuiltIn::Drawings).unwrap().info().output_said_by,
        SaidBy::File
    );
}

#[test]
fn timm_names_with_each_head_and_with_counters() {
    let tensors = keras(&small(5));
    for head in ["fc", "last_linear", "classifier.1"] {
        let ported = timm(&tensors, head);
        let weights = open(safetensors(&ported, &[])).unwrap();
        assert_eq!(weights.info().dialect, Dialect::Timm);
        check_tensors(&weights, &tensors);

        let mut with_counters: Vec<_> = ported
            .iter()
            .map(|(name, (shape, values))| {
                (
                    name.clone(),
                    "F32",
                    shape.clone(),
                    values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>(),
                )
            })
            .collect();
        for name in ported.keys().filter_map(|name| name.strip_suffix(".running_var")) {
            with_counters.push((format!("{name}.num_batches_tracked"), "I64", vec![], vec![0; 8]));
        }
        let borrowed: Vec<_> = with_counters
            .iter()
            .map(|(name, dtype, shape, data)| (name.as_str(), *dtype, shape.clone(), data.clone()))
            .collect();
        let weights = open(raw_safetensors(&borrowed, &[])).unwrap();
        check_tensors(&weights, &tensors);
        let counters = borrowed.len() - ported.len();
        assert_eq!(weights.info().passed_over.count(Beside::Counters), counters);
        assert_eq!(weights.info().passed_over.bytes(), 8 * counters as u64);
    }
}

#[test]
fn timm_blocks_may_keep_the_numbers_of_the_full_depth() {
    let tensors = keras(&small(5));
    let renamed: Tensors = timm(&tensors, "fc")
        .into_iter()
        .map(|(name, array)| (name.replace("block6.", "block12."), array))
        .collect();
    check_tensors(&open(safetensors(&renamed, &[])).unwrap(), &tensors);
}

#[test]
fn all_depths() {
    for depth in 0..=8 {
        let architecture = Architecture {
            middle: vec![[12, 12, 12]; depth],
            ..small(2)
        };
        let tensors = keras(&architecture);
        for file in [safetensors(&tensors, &[]), safetensors(&timm(&tensors, "fc"), &[])] {
            let weights = open(file).unwrap();
            assert_eq!(*weights.plan(), xception::plan(&without_size(&architecture)).unwrap());
            check_tensors(&weights, &tensors);
        }
    }
}

#[test]
fn unnamed_layers_may_be_numbered_on_and_the_dense_layer_called_anything() {
    let tensors = keras(&small(4));
    let shift = |name: &str, stem: &str, by: usize| {
        let (layer, weight) = name.split_once('/').unwrap();
        let rest = layer.strip_prefix(stem)?;
        let number: usize = rest.strip_prefix('_').map_or(0, |number| number.parse().unwrap());
        Some(format!("{stem}_{}/{weight}", number + by))
    };
    let renamed: Tensors = tensors
        .iter()
        .map(|(name, array)| {
            let other = shift(name, "conv2d", 8).or_else(|| shift(name, "batch_normalization", 97));
            (
                other.unwrap_or_else(|| name.replace("predictions/", "my_classes/")),
                array.clone(),
            )
        })
        .collect();
    check_tensors(&open(safetensors(&renamed, &[])).unwrap(), &tensors);
}

#[test]
fn half_precision() {
    let tensors = keras(&small(3));
    let of_type = |dtype: &'static str, bytes: &dyn Fn(f32) -> Vec<u8>| {
        let raw: Vec<_> = tensors
            .iter()
            .map(|(name, (shape, values))| {
                (
                    name.as_str(),
                    dtype,
                    shape.clone(),
                    values.iter().flat_map(|&value| bytes(value)).collect(),
                )
            })
            .collect();
        open(raw_safetensors(&raw, &[])).unwrap()
    };
    let halves = of_type("F16", &|value| f16::from_f32(value).to_le_bytes().to_vec());
    let brains = of_type("BF16", &|value| bf16::from_f32(value).to_le_bytes().to_vec());
    for (path, (_, values)) in &tensors {
        let rounded: Vec<f32> = values.iter().map(|&value| f16::from_f32(value).to_f32()).collect();
        assert_eq!(halves.tensor(path).unwrap(), rounded, "{path}");
        let rounded: Vec<f32> = values.iter().map(|&value| bf16::from_f32(value).to_f32()).collect();
        assert_eq!(brains.tensor(path).unwrap(), rounded, "{path}");
    }
}

#[test]
fn candle_reads_the_same_from_several_threads() {
    let tensors = keras(&small(3));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.safetensors");
    std::fs::write(&path, safetensors(&timm(&tensors, "fc"), &[])).unwrap();
    let weights = Weights::open(&path).unwrap();
    assert_eq!(weights.info().name, "small");
    assert_eq!(weights.info().path.as_deref(), Some(path.as_path()));
    let builder = weights.var_builder(DType::F64, &Device::Cpu);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (path, (shape, values)) in &tensors {
                    let (layer, weight) = path.split_once('/').unwrap();
                    let tensor = builder.pp(layer).get(shape.as_slice(), weight).unwrap();
                    let read: Vec<f64> = tensor.flatten_all().unwrap().to_vec1().unwrap();
                    assert!(read.iter().zip(values).all(|(&a, &b)| a == f64::from(b)), "{path}");
                }
            });
        }
    });
    assert!(builder.contains_tensor("predictions.bias"));
    assert!(!builder.contains_tensor("predictions.gamma"));
    assert!(builder.pp("predictions").get(4, "bias").is_err());
    assert!(builder.pp("predictions").get(3, "gamma").is_err());
}

#[test]
fn hashes() {
    let file = safetensors(&keras(&small(2)), &[]);
    let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize + 8;
    let sha256 = |bytes: &[u8]| {
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(bytes);
        digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let weights = open(file.clone()).unwrap();
    assert_eq!(weights.sha256().unwrap(), sha256(&file));
    assert_eq!(weights.sha256().unwrap(), sha256(&file));
    assert_eq!(weights.data_sha256().unwrap(), sha256(&file[header..]));
}

#[test]
fn the_epsilon_of_a_port_is_decided_by_its_variances() {
    let mut tensors = keras(&small(2));
    let mut epsilon = |transform: &dyn Fn(f32) -> f32| {
        for (path, (_, values)) in &mut tensors {
            if path.ends_with("/moving_variance") {
                values.iter_mut().for_each(|value| *value = transform(*value));
            }
        }
        let weights = open(safetensors(&timm(&tensors, "fc"), &[])).unwrap();
        (
            weights.plan().bn_epsilon().unwrap(),
            weights.info().bn_epsilon_reason.clone().unwrap(),
        )
    };
    let (plain, reason) = epsilon(&|variance| variance.min(1e-7));
    assert_eq!(plain, 1e-3, "{reason}");
    let (added, reason) = epsilon(&|variance| variance + 9.9e-4);
    assert_eq!(added, 1e-5, "{reason}");
    let (open, reason) = epsilon(&|variance| variance + 0.5);
    assert_eq!(open, 1e-3, "{reason}");
    assert!(reason.contains("does not tell"), "{reason}");
}
