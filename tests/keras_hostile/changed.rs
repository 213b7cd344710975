//! Changed descriptions against what real Keras makes of the very same ones: nothing is shown with numbers that Keras
//! would not give. `tests/data/keras/make_changed.py` and `tests/data/classifiers/make_changes.py` draw the changes and ask
//! Keras.
//!
//! `CHANGED=/path/of/another.json cargo nextest run --release no_changed --no-capture` compares another table.

use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Write as _};
use std::path::PathBuf;

use candle_core::{DType, Device};
use gradcam_explorer::imaging::{self, Limits, Pixels};
use gradcam_explorer::network::{CpuNetwork, Network as _};
use gradcam_explorer::weights::{NetworkChoices, SaidBy, Weights, WeightsError};
use serde::Deserialize;
use serde_json::Value;

use crate::support::{archive, data};

/// The same for layers of 16 bits, which are computed in 32 here.
const NEAR_16_BITS: f64 = 3e-2;
/// How far an answer of plain float32 may be from that of Keras, which is plain float32 too, as a part of the largest.
const NEAR: f64 = 2e-5;

/// A change and what Keras gives.
#[derive(Deserialize)]
struct Case {
    file: String,
    patch: Vec<Change>,
    /// None if Keras refuses the file; a value that is none is no number.
    keras: Option<Vec<Option<f64>>>,
    /// Why Keras refuses it, in tables made for a hunt.
    why: Option<String>,
}

/// A step of a JSON patch (RFC 6902).
#[derive(Clone, Debug, Deserialize)]
struct Change {
    op: String,
    path: String,
    from: Option<String>,
    #[serde(default)]
    value: Value,
}

/// A line of `networks.json` or `classifiers.json`.
#[derive(Deserialize)]
struct Row {
    files: Vec<String>,
    picture: String,
    input: [usize; 2],
    #[serde(default = "colour")]
    channels: usize,
    pixels_outside: String,
}

fn colour() -> usize {
    3
}

/// Takes a place out of its array or object.
fn take(root: &mut Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match root.pointer_mut(parent).unwrap() {
        Value::Array(items) => items.remove(key.parse().unwrap()),
        Value::Object(fields) => fields.remove(&unescaped(key)).unwrap(),
        other => panic!("{pointer}: {other}"),
    }
}

fn put(root: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match root.pointer_mut(parent).unwrap() {
        Value::Array(items) => items.insert(key.parse().unwrap(), value),
        Value::Object(fields) => {
            fields.insert(unescaped(key), value);
        }
        other => panic!("{pointer}: {other}"),
    }
}

fn unescaped(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}

fn apply(root: &mut Value, change: &Change) {
    let from = || change.from.as_deref().unwrap();
    match change.op.as_str() {
        "replace" => *root.pointer_mut(&change.path).unwrap() = change.value.clone(),
        "remove" => {
            take(root, &change.path);
        }
        "add" => put(root, &change.path, change.value.clone()),
        "move" => {
            let value = take(root, from());
            put(root, &change.path, value);
        }
        "copy" => {
            let value = root.pointer(from()).unwrap().clone();
            put(root, &change.path, value);
        }
        other => panic!("{other}"),
    }
}

/// A file whose description is changed again and again.
struct Original {
    members: Vec<(String, Vec<u8>)>,
    config: Value,
    /// Where the row's picture is named from.
    pictures: PathBuf,
    row: Row,
    folder: tempfile::TempDir,
}

impl Original {
    /// A file of `tests/data/keras`, or one of `tests/data/classifiers`.
    fn read(file: &str) -> Self {
        let (listing, bytes) = match std::fs::read(data("keras").join(file)) {
            Ok(bytes) => ("keras/networks.json", bytes),
            Err(_) => {
                let row = file.split_once('.').unwrap().0;
                let mut members = archive::members(row).into_iter();
                let (_, bytes) = members.find(|(name, _)| name == file).unwrap();
                ("classifiers/classifiers.json", bytes)
            }
        };
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut members = Vec::new();
        for index in 0..archive.len() {
            let mut member = archive.by_index(index).unwrap();
            let mut content = Vec::new();
            std::io::copy(&mut member, &mut content).unwrap();
            members.push((member.name().unwrap().into_owned(), content));
        }
        let config = members.iter().find(|(name, _)| name == "config.json").unwrap();
        let rows: Vec<Row> = serde_json::from_slice(&std::fs::read(data(listing)).unwrap()).unwrap();
        Self {
            config: serde_json::from_slice(&config.1).unwrap(),
            pictures: data(listing).parent().unwrap().to_owned(),
            members,
            row: rows
                .into_iter()
                .find(|row| row.files.iter().any(|other| other == file))
                .unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The file with another description.
    fn changed(&self, patch: &[Change]) -> PathBuf {
        let mut config = self.config.clone();
        patch.iter().for_each(|change| apply(&mut config, change));
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        let config = config.to_string().into_bytes();
        for (name, content) in &self.members {
            archive.start_file(name, stored).unwrap();
            let content = if name == "config.json" { &config } else { content };
            archive.write_all(content).unwrap();
        }
        let path = self.folder.path().join("changed.keras");
        std::fs::write(&path, archive.finish().unwrap().into_inner()).unwrap();
        path
    }

    /// The row's picture, again and again where more is wanted.
    fn input(&self, height: usize, width: usize) -> Vec<f32> {
        let picture = std::fs::read(self.pictures.join(&self.row.picture)).unwrap();
        let picture = imaging::decode(&picture, &Limits::default()).unwrap();
        let (rows, columns) = (picture.height as usize, picture.width as usize);
        let mut levels = Vec::with_capacity(height * width * 3);
        for y in 0..height {
            for x in 0..width {
                let at = (y % rows * columns + x % columns) * 3;
                match (self.row.channels, &picture.rgb[at..at + 3]) {
                    // gray as Pillow makes it
                    (1, &[r, g, b]) => {
                        let [r, g, b] = [r, g, b].map(u32::from);
                        levels.push(((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16) as f32);
                    }
                    (_, rgb) => levels.extend(rgb.iter().map(|&level| f32::from(level))),
                }
            }
        }
        self.row.pixels_outside.parse::<Pixels>().unwrap().scale(&mut levels);
        levels
    }
}

/// What is shown for a file, one list a way in which Keras may give it; or why it is not opened.
fn shown(original: &Original, patch: &[Change]) -> Result<Vec<Vec<f64>>, String> {
    let path = original.changed(patch);
    let open = |input_size| {
        let choices = NetworkChoices {
            input_size,
            ..NetworkChoices::default()
        };
        Weights::open_with(&path, &choices)
    };
    let weights = match open(None) {
        Err(WeightsError::InputSizeNeeded { .. }) => open(Some(original.row.input)),
        opened => opened,
    };
    let weights = weights.map_err(|error| error.to_string())?;
    let plan = weights.plan().clone();
    let input = original.input(plan.input().height, plan.input().width);
    let vb = weights.var_builder(DType::F32, &Device::Cpu);
    let mut network = CpuNetwork::load(plan.clone(), &vb, 2).map_err(|error| error.to_string())?;
    let units = network.forward(&input).map_err(|error| error.to_string())?;
    let mut answers = plan.output.answers(&plan.output.class_logits(&units));
    if plan.output.is_pair(units.len()) {
        answers.remove(0);
    }
    // what follows from a guess or a loss is ours: Keras gives the values themselves
    Ok(
        match (weights.info().output_said_by, original.config.get("compile_config")) {
            (SaidBy::File, None | Some(Value::Null)) => vec![answers],
            (SaidBy::File, Some(_)) => vec![answers, units],
            _ => vec![units],
        },
    )
}

/// The largest difference, as a part of the largest value.
fn difference(found: &[f64], keras: &[Option<f64>]) -> f64 {
    if found.len() != keras.len() {
        return f64::INFINITY;
    }
    let largest = keras
        .iter()
        .flatten()
        .fold(1.0, |most: f64, value| most.max(value.abs()));
    let each = found.iter().zip(keras).map(|(found, keras)| match keras {
        Some(keras) if found.is_finite() => (found - keras).abs() / largest,
        None if !found.is_finite() => 0.0,
        _ => f64::INFINITY,
    });
    each.fold(0.0, f64::max)
}

#[test]
fn no_changed_description_gives_numbers_that_keras_would_not_give() {
    compare_table("keras/changed.json");
}

#[test]
fn no_changed_description_of_a_classifier_gives_numbers_that_keras_would_not_give() {
    if std::env::var_os("CHANGED").is_none() {
        compare_table("classifiers/changed.json");
    }
}

/// Compares a table of changes, or the one that `CHANGED` names.
fn compare_table(table: &str) {
    let hunt = std::env::var_os("CHANGED");
    let table = hunt.clone().map_or_else(|| data(table), PathBuf::from);
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(table).unwrap()).unwrap();
    let mut originals: HashMap<String, (Original, Vec<f64>)> = HashMap::new();
    let (mut wrong, mut counts, mut worst) = (Vec::new(), BTreeMap::<&str, usize>::new(), 0.0);
    for case in &cases {
        let (original, unchanged) = originals.entry(case.file.clone()).or_insert_with(|| {
            let original = Original::read(&case.file);
            let unchanged = shown(&original, &[]).unwrap().swap_remove(0);
            (original, unchanged)
        });
        let what = format!("{}: {:?}", case.file, case.patch);
        let outcome = match (shown(original, &case.patch), &case.keras) {
            (Ok(found), Some(keras)) => {
                let off = found.iter().map(|found| difference(found, keras));
                let off = off.fold(f64::INFINITY, f64::min);
                let is_16_bits = case
                    .patch
                    .iter()
                    .any(|change| change.value.to_string().contains("float16"));
                worst = f64::max(worst, if is_16_bits { 0.0 } else { off });
                if off < if is_16_bits { NEAR_16_BITS } else { NEAR } {
                    "the same"
                } else {
                    wrong.push(format!("{what}: {found:?}, and Keras gives {keras:?}"));
                    "other numbers"
                }
            }
            // such as an initializer of a class that is not there: nothing that counts was changed
            (Ok(found), None) if found[0] == *unchanged => {
                if hunt.is_some() {
                    println!("unchanged: {what}: {:?}", case.why);
                }
                "unchanged, and refused by Keras"
            }
            (Ok(_), None) => {
                wrong.push(format!("{what}: shown, and Keras refuses it: {:?}", case.why));
                "changed, and refused by Keras"
            }
            (Err(error), keras) => {
                crate::is_a_sentence(&error);
                if hunt.is_some() && keras.is_some() {
                    println!("refused here alone: {what}: {error}");
                }
                if keras.is_some() {
                    "refused here alone"
                } else {
                    "refused by both"
                }
            }
        };
        *counts.entry(outcome).or_default() += 1;
    }
    println!("{counts:?}, worst difference {worst:.1e}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(hunt.is_some() || counts["the same"] > 100 && counts["refused by both"] > 100);
    assert!(counts["unchanged, and refused by Keras"] * 10 < cases.len());
}

/// A file with changes in it is refused, and with these words.
fn refused(file: &str, patch: &str, about: &str) {
    let patch: Vec<Change> = serde_json::from_str(patch).unwrap();
    let error = shown(&Original::read(file), &patch).expect_err(about);
    assert!(error.contains(about), "{error}");
    crate::is_a_sentence(&error);
}

/// Keras makes whole numbers of what a body of its own reads, and answers something else altogether.
#[test]
fn an_input_of_whole_numbers_inside_a_network_is_refused() {
    let to = |pointer: &str| format!(r#"[{{"op": "replace", "path": "{pointer}", "value": "uint8"}}]"#);
    let inner = to("/config/layers/1/config/layers/0/config/dtype");
    refused("sequential_spatial_head.keras", &inner, "uint8");
    refused(
        "hidden_two.keras",
        &to("/config/layers/0/config/dtype"),
        "whole numbers",
    );
    // pixels that are prepared inside are whole numbers
    let prepared: Vec<Change> = serde_json::from_str(&to("/config/layers/0/config/dtype")).unwrap();
    assert!(shown(&Original::read("rescaling_tf.keras"), &prepared).is_ok());
}

/// Keras counts layers by their depth, not as they are listed, so that tensors of the same shape would be mixed up.
#[test]
fn layers_that_are_not_listed_as_keras_counts_them_are_refused() {
    let patch = r#"[{"op": "move", "from": "/config/layers/5", "path": "/config/layers/6"}, {"op": "move", "from": "/config/layers/7", "path": "/config/layers/3"}]"#;
    refused("hidden_two.keras", patch, "the order in which Keras counts them");
}

#[test]
fn a_tensor_of_which_the_description_says_nothing_is_refused() {
    let patch = r#"[{"op": "replace", "path": "/config/layers/3/config/use_bias", "value": false}]"#;
    refused("hidden_two.keras", patch, "says nothing");
}

#[test]
fn a_constant_that_a_layer_does_not_take_is_refused() {
    let patch = r#"[{"op": "add", "path": "/config/layers/2/inbound_nodes/0/kwargs/keepdims", "value": true}]"#;
    refused("hidden_two.keras", patch, "called with keepdims");
    let patch = r#"[{"op": "add", "path": "/config/layers/1/inbound_nodes/0/args/1", "value": 2}]"#;
    refused("rescaling_tf.keras", patch, "called with constants");
}

#[test]
fn a_call_that_is_not_there_is_not_read() {
    let patch =
        r#"[{"op": "replace", "path": "/config/layers/3/inbound_nodes/0/args/0/config/keras_history/1", "value": 1}]"#;
    refused("hidden_two.keras", patch, "not called so often");
}

/// Keras 2 has a window of its own where nothing is said; a global pool that became a plain one says nothing.
#[test]
fn a_pool_without_its_size_is_refused() {
    let patch = r#"[{"op": "replace", "path": "/config/layers/3/class_name", "value": "AveragePooling2D"}]"#;
    refused("rescaling_sequential.k2.keras", patch, "pool_size");
}

#[test]
fn a_scale_of_null_is_refused() {
    let patch = r#"[{"op": "replace", "path": "/config/layers/1/config/scale", "value": null}]"#;
    refused("rescaling_tf.keras", patch, "scale is null");
}

#[test]
fn an_input_of_another_size_than_its_body_takes_is_refused() {
    let patch = r#"[{"op": "replace", "path": "/config/layers/0/config/batch_shape", "value": [null, 96, 80, 3]}]"#;
    refused("hidden_two.keras", patch, "another shape");
}
