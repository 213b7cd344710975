//! Every kind of file that an Xception comes in is imported to the same tensors, with what is known in the metadata.
//!
//! `tests/data/formats` was written by Keras 2 and 3 themselves (`tests/data/reference/make_formats.py`).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod networks;

use std::fs;
use std::path::{Path, PathBuf};

use gradcam_explorer::models::xception::Architecture;
use gradcam_explorer::weights::info::key;
use gradcam_explorer::weights::{
    Fingerprint, ImportOptions, NetworkChoices, Weights, WeightsError, default_out, import,
};
use networks::{Tensors, hdf5, keras, safetensors, small, timm};

const FORMATS: [&str; 7] = [
    "small.safetensors",
    "small_timm.safetensors",
    "small_legacy.h5",
    "small_model.h5",
    "small.weights.h5",
    "small.keras",
    "small_keras1.h5",
];

fn format(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/formats")
        .join(name)
}

/// Every tensor of `weights` equals the expected one bit for bit.
fn check_tensors(weights: &Weights, expected: &Tensors, what: &str) {
    let parameters = weights.plan().parameters();
    assert_eq!(parameters.len(), expected.len(), "{what}");
    // a file with a graph keeps its own names; the order of the layers is Keras' in both
    let canonical = Weights::open(&format("small.safetensors")).unwrap().plan().parameters();
    for (parameter, canonical) in parameters.into_iter().zip(canonical) {
        let path = parameter.path();
        let expected = expected.get(&path).unwrap_or_else(|| &expected[&canonical.path()]);
        assert!(weights.tensor(&path).unwrap() == expected.1, "{what}: {path}");
    }
}

fn import_bytes(bytes: &[u8], name: &str, options: &ImportOptions) -> Result<Weights, WeightsError> {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join(name);
    fs::write(&source, bytes).unwrap();
    let imported = import(&source, &folder.path().join("out.safetensors"), options);
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), if imported.is_ok() { 2 } else { 1 }, "{left:?}");
    imported
}

#[test]
fn all_formats_of_keras_give_the_same_tensors() {
    let original = Weights::open(&format("small.safetensors")).unwrap();
    let expected: Tensors = original
        .plan()
        .parameters()
        .into_iter()
        .map(|parameter| {
            (
                parameter.path(),
                (parameter.shape.clone(), original.tensor(&parameter.path()).unwrap()),
            )
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    for name in FORMATS {
        let out = folder.path().join(name).with_extension("out.safetensors");
        let weights = import(&format(name), &out, &ImportOptions::default()).unwrap();
        check_tensors(&weights, &expected, name);
        let plan = weights.plan();
        assert_eq!(plan.bn_epsilon(), Some(1e-3), "{name}");
        // weights without the model do not say its input size
        let tells_size = !["small_legacy.h5", "small.weights.h5", "small_keras1.h5"].contains(&name);
        assert_eq!(plan.input().width, if tells_size { 71 } else { 299 }, "{name}");
        assert_eq!(weights.info().source(), Some(name));
        assert_eq!(weights.fingerprint().unwrap(), Fingerprint::Unknown);
    }
}

/// Weights that lie in the archive as they are stay there, so nothing but the checksum would tell a changed value.
#[test]
fn a_changed_byte_in_an_archive_is_told() {
    let mut bytes = fs::read(format("small.keras")).unwrap();
    let start = bytes
        .windows(8)
        .position(|eight| eight == b"\x89HDF\r\n\x1a\n")
        .unwrap();
    let end = bytes.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    bytes[usize::midpoint(start, end)] ^= 1;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("changed.keras");
    fs::write(&file, bytes).unwrap();
    let error = Weights::open(&file).unwrap_err().to_string();
    assert!(error.contains("model.weights.h5 in it is damaged"), "{error}");
}

/// Keras stores weights as they are; who packs the archive anew may compress them.
#[test]
fn weights_that_are_compressed_in_an_archive_are_read_too() {
    let mut archive = zip::ZipArchive::new(fs::File::open(format("small.keras")).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("small.keras");
    let mut packed = zip::ZipWriter::new(fs::File::create(&file).unwrap());
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        packed.start_file(entry.name().unwrap().into_owned(), options).unwrap();
        std::io::copy(&mut entry, &mut packed).unwrap();
    }
    packed.finish().unwrap();
    let [packed, stored] = [&file, &format("small.keras")].map(|file| Weights::open(file).unwrap());
    for parameter in stored.plan().parameters() {
        let path = parameter.path();
        assert_eq!(packed.tensor(&path).unwrap(), stored.tensor(&path).unwrap(), "{path}");
    }
}

#[test]
fn keras_1_at_every_depth_and_whatever_the_dense_layer_is_called() {
    for (depth, dense) in [(0, "dense_1"), (1, "dense_2"), (2, "dense_17"), (8, "dense_2")] {
        let architecture = Architecture {
            middle: vec![[12, 12, 12]; depth],
            ..small(3)
        };
        let tensors = keras(&architecture);
        let weights = import_bytes(
            &hdf5::keras1(&tensors, depth, dense),
            "k1.h5",
            &ImportOptions::default(),
        );
        check_tensors(&weights.unwrap(), &tensors, dense);
    }
}

/// The residual's batch normalisation of `block13` is as wide as that of its second separable convolution. A loader that
/// counts them in another order than Keras made them gets a network that passes every check of shapes.
#[test]
fn batch_normalisations_of_equal_width_are_not_swapped() {
    let tensors = keras(&small(3));
    let weights = import_bytes(
        &hdf5::keras1(&tensors, 2, "dense_1"),
        "k1.h5",
        &ImportOptions::default(),
    );
    let weights = weights.unwrap();
    let (residual, second) = ("batch_normalization_3", "block13_sepconv2_bn");
    for weight in ["gamma", "beta", "moving_mean", "moving_variance"] {
        let (residual, second) = (format!("{residual}/{weight}"), format!("{second}/{weight}"));
        assert_eq!(tensors[&residual].0, tensors[&second].0);
        assert_ne!(tensors[&residual].1, tensors[&second].1);
        assert_eq!(weights.tensor(&residual).unwrap(), tensors[&residual].1);
        assert_eq!(weights.tensor(&second).unwrap(), tensors[&second].1);
    }
}

#[test]
fn compressed_hdf5() {
    let tensors = keras(&small(3));
    let file = hdf5::keras2_compressed(&tensors, &hdf5::in_order_of_creation(2));
    check_tensors(
        &import_bytes(&file, "z.h5", &ImportOptions::default()).unwrap(),
        &tensors,
        "compressed",
    );
}

#[test]
fn hdf5_files_that_are_no_xception() {
    let check = |change: &dyn Fn(&mut Tensors, &mut Vec<String>), expected: &str| {
        let (mut tensors, mut layers) = (keras(&small(3)), hdf5::in_order_of_creation(2));
        change(&mut tensors, &mut layers);
        let file = hdf5::keras2_compressed(&tensors, &layers);
        let error = import_bytes(&file, "odd.h5", &ImportOptions::default())
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("odd.h5") && error.contains(expected), "{error}");
    };
    let put = |tensors: &mut Tensors, path: &str, shape: &[usize]| {
        tensors.insert(path.to_owned(), (shape.to_vec(), vec![0.5; shape.iter().product()]));
    };
    check(&|_, layers| layers.truncate(layers.len() - 1), "include_top=False");
    check(
        &|_, layers| layers.retain(|layer| layer != "block3_sepconv1_bn"),
        "block3_sepconv1_bn/gamma is missing",
    );
    check(
        &|_, layers| layers.retain(|layer| layer != "conv2d_3"),
        "conv2d_3/kernel is missing",
    );
    check(
        &|tensors, _| put(tensors, "predictions/bias", &[4]),
        "predictions/bias has shape [4]",
    );
    check(
        &|tensors, _| put(tensors, "block1_conv2/kernel", &[3, 3, 5, 6]),
        "block1_conv2/kernel has shape [3, 3, 5, 6]",
    );
    let extra = |tensors: &mut Tensors, layers: &mut Vec<String>| {
        put(tensors, "deer/kernel", &[1, 1, 2, 2]);
        layers.push("deer".to_owned());
    };
    check(&extra, "deer/kernel:0 belongs to no Xception");
    let second_dense = |tensors: &mut Tensors, layers: &mut Vec<String>| {
        put(tensors, "hidden/kernel", &[20, 20]);
        put(tensors, "hidden/bias", &[20]);
        layers.push("hidden".to_owned());
    };
    check(&second_dense, "hidden/bias:0 belongs to no Xception");
    let text = import_bytes(b"Call me Ishmael.", "odd.h5", &ImportOptions::default())
        .err()
        .unwrap()
        .to_string();
    assert!(text.contains("odd.h5 is no whole safetensors file"), "{text}");
}

#[test]
fn metadata_is_kept_added_and_overruled() {
    let tensors = keras(&small(3));
    let metadata = [
        ("licence", "mine"),
        ("accuracy", "0.9"),
        ("input_size", "150"),
        ("labels", r#"["a","b","c"]"#),
    ];
    let file = safetensors(&timm(&tensors, "last_linear"), &metadata);
    let weights = import_bytes(&file, "deer.safetensors", &ImportOptions::default()).unwrap();
    let get = |weights: &Weights, key: &str| weights.info().metadata.get(key).cloned().unwrap_or_default();
    assert_eq!(get(&weights, key::FORMAT), "gradcam-explorer/1");
    assert_eq!(
        (get(&weights, key::LICENCE), get(&weights, "accuracy")),
        ("mine".to_owned(), "0.9".to_owned())
    );
    assert_eq!(get(&weights, key::DATA_SHA256), weights.data_sha256().unwrap());
    assert_eq!(get(&weights, key::SOURCE_SHA256).len(), 64);
    assert!(get(&weights, key::IMPORTER).starts_with("gradcam-explorer "));
    assert!(get(&weights, key::BN_EPSILON_REASON).contains("copied as they are"));
    assert_eq!(weights.plan().input().width, 150);
    assert_eq!(weights.labels().labels.display_name(2), "c");

    let options = ImportOptions {
        name: Some("Three deer".to_owned()),
        source: Some("https://example.org/deer".to_owned()),
        licence: Some("CC0".to_owned()),
        choices: NetworkChoices {
            input_size: Some([200; 2]),
            ..NetworkChoices::default()
        },
        bn_epsilon: Some(1e-5),
        ..ImportOptions::default()
    };
    let weights = import_bytes(&file, "deer.safetensors", &options).unwrap();
    assert_eq!(weights.info().name, "Three deer");
    assert_eq!(
        (weights.info().source(), weights.info().licence()),
        (Some("https://example.org/deer"), Some("CC0"))
    );
    let plan = weights.plan();
    assert_eq!((plan.input().width, plan.bn_epsilon()), (200, Some(1e-5)));
    assert_eq!(get(&weights, key::BN_EPSILON_REASON), "chosen at import");

    for options in [
        ImportOptions {
            choices: NetworkChoices {
                input_size: Some([70; 2]),
                ..NetworkChoices::default()
            },
            ..options.clone()
        },
        ImportOptions {
            bn_epsilon: Some(f64::NAN),
            ..options.clone()
        },
    ] {
        assert!(import_bytes(&file, "deer.safetensors", &options).is_err());
    }
}

#[test]
fn labels_beside_the_source_are_taken_along() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("deer.h5");
    fs::write(&source, hdf5::keras1(&keras(&small(7)), 2, "dense_1")).unwrap();
    fs::write(
        folder.path().join("class_indices.json"),
        r#"{"a":0,"b":1,"c":2,"d":3,"e":4,"f":5,"moose":6}"#,
    )
    .unwrap();
    let out = tempfile::tempdir().unwrap();
    let out = default_out(&source, out.path());
    let weights = import(&source, &out, &ImportOptions::default()).unwrap();
    assert_eq!(weights.info().name, "deer");
    assert_eq!(weights.labels().labels.find("moose"), Ok(6));

    fs::write(folder.path().join("labels.txt"), "a\nb\n").unwrap();
    let error = import(&source, &out, &ImportOptions::default()).err().unwrap();
    assert!(
        error.to_string().contains("names 2 classes, but the network has 7"),
        "{error}"
    );
}

#[test]
fn importing_twice_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("1.safetensors"), folder.path().join("2.safetensors"));
    import(&format("small.keras"), &first, &ImportOptions::default()).unwrap();
    import(&format("small.keras"), &second, &ImportOptions::default()).unwrap();
    assert!(fs::read(first).unwrap() == fs::read(second).unwrap());
}

#[test]
fn a_failed_import_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("net.safetensors");
    fs::write(&out, "precious").unwrap();
    let mut tensors = keras(&small(3));
    tensors.get_mut("predictions/bias").unwrap().1[1] = f32::NAN;
    let source = folder.path().join("bad.h5");
    fs::write(&source, hdf5::keras1(&tensors, 2, "dense_1")).unwrap();
    let error = import(&source, &out, &ImportOptions::default())
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("bad.h5") && error.contains("dense_1_b:0") && error.contains("NaN"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&out).unwrap(), "precious");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn pickles_are_refused_with_a_way_to_convert_them() {
    let refused = |bytes: &[u8], name: &str| {
        let error = import_bytes(bytes, name, &ImportOptions::default()).err().unwrap();
        assert!(matches!(error, WeightsError::Pickle { .. }), "{error}");
        let message = error.to_string();
        assert!(
            message.contains(name) && message.contains("weights_only=True") && !message.contains('\n'),
            "{message}"
        );
    };
    refused(
        b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.",
        "xception-43020ad28.pth",
    );
    refused(b"\x80\x04\x95\x1d\0\0\0\0\0\0\0}.", "pytorch_model.bin");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("archive/data.pkl", zip::write::SimpleFileOptions::default())
        .unwrap();
    refused(zip.finish().unwrap().get_ref(), "model.pt");
}

#[test]
fn names_for_the_result() {
    let check = |source: &str, expected: &str| {
        assert_eq!(default_out(Path::new(source), Path::new("/data")), Path::new(expected));
    };
    check("/tmp/deer.weights.h5", "/data/deer.safetensors");
    check("/tmp/deer.keras", "/data/deer.safetensors");
    check("/tmp/deer", "/data/deer.safetensors");
    check("/data/deer.safetensors", "/data/deer.imported.safetensors");
}
