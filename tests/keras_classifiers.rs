//! Narrow instances of Keras' own networks, fine-tuned forms of five, and networks of people's own, opened as real Keras
//! wrote them: answers and maps equal Keras' (`tests/data/classifiers/README.md`).

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::npy::NpzTensors;
use candle_core::{DType, Device};
use gradcam_explorer::explain::{self, ClassMaps, Method, Score, Target};
use gradcam_explorer::imaging::{self, Limits, Pixels};
use gradcam_explorer::network::{CandleNetwork, CpuNetwork, LayerId, Network};
use gradcam_explorer::weights::{NetworkChoices, SaidBy, Weights};
use serde::Deserialize;
use support::data;
use support::golden::{answers, array, each, heat, largest, worst};

#[derive(Deserialize)]
struct Row {
    name: String,
    files: Vec<String>,
    picture: String,
    input: [usize; 2],
    channels: usize,
    pixels_outside: String,
    output: String,
    output_from: String,
    classes: Vec<usize>,
    layers: Layers,
    /// The same layers' names in Keras 2, where they differ.
    layers_keras2: Option<Layers>,
    noise: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Layers {
    default: String,
    middle: String,
    early: String,
}

impl Layers {
    fn names(&self) -> [&str; 3] {
        [&self.default, &self.middle, &self.early]
    }
}

impl Row {
    /// The layers as this file calls them.
    fn layers_in(&self, file: &str) -> &Layers {
        match &self.layers_keras2 {
            Some(layers) if file.contains(".k2.") => layers,
            _ => &self.layers,
        }
    }

    fn golden(&self) -> NpzTensors {
        NpzTensors::new(folder().join(format!("golden/{}.npz", self.name))).unwrap()
    }
}

/// How far a network may be from Keras.
struct Tolerance {
    /// Logits, as a part of their spread.
    logits: f64,
    /// Probabilities and other answers.
    answers: f64,
    /// Maps at the default layer.
    default: f64,
    /// Maps elsewhere, at the least.
    elsewhere: f64,
    /// Whether maps are compared as they are shown, in parts of 1, or signed, in parts of the largest value.
    shown: bool,
}

/// The CPU engine in f32.
const F32: Tolerance = Tolerance {
    logits: 1e-3,
    answers: 1e-4,
    default: 1e-3,
    elsewhere: 3e-2,
    shown: true,
};

/// candle in f64.
const F64: Tolerance = Tolerance {
    logits: 1e-6,
    answers: 1e-6,
    default: 1e-6,
    elsewhere: 1e-6,
    shown: false,
};

/// The same where pixels are scaled in the file.
const F64_INSIDE: Tolerance = Tolerance {
    logits: 1e-5,
    answers: 1e-5,
    default: 1e-5,
    elsewhere: 1e-5,
    shown: false,
};

fn folder() -> PathBuf {
    data("classifiers")
}

fn rows() -> Vec<Row> {
    serde_json::from_slice(&std::fs::read(folder().join("classifiers.json")).unwrap()).unwrap()
}

/// Unpacks all files of a row, which lie in one archive.
fn unpack(row: &Row, folder: &Path) {
    for (name, bytes) in support::archive::members(&row.name) {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

/// The picture's levels, [height, width, channels]; one channel as Pillow's `convert("L")` makes it.
fn levels(row: &Row) -> Vec<u8> {
    let photo = imaging::decode(&std::fs::read(folder().join(&row.picture)).unwrap(), &Limits::default()).unwrap();
    assert_eq!([photo.height as usize, photo.width as usize], row.input);
    if row.channels == 3 {
        return photo.rgb;
    }
    assert_eq!(row.channels, 1);
    let gray = |rgb: &[u8]| {
        let [r, g, b] = [rgb[0], rgb[1], rgb[2]].map(u32::from);
        ((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16) as u8
    };
    photo.rgb.chunks(3).map(gray).collect()
}

/// The picture as the network takes it, in f64.
fn input_f64(row: &Row) -> Vec<f64> {
    let levels: Vec<f64> = levels(row).into_iter().map(f64::from).collect();
    let by_channel = |arithmetic: &dyn Fn(usize, &[f64]) -> f64| -> Vec<f64> {
        let cells = levels.chunks(row.channels);
        cells
            .flat_map(|cell| {
                (0..cell.len())
                    .map(|channel| arithmetic(channel, cell))
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    match row.pixels_outside.as_str() {
        "0..255" => by_channel(&|channel, cell| cell[channel]),
        "-1..1" => by_channel(&|channel, cell| cell[channel] / 127.5 - 1.0),
        "0..1" => by_channel(&|channel, cell| cell[channel] / 255.0),
        "caffe" => by_channel(&|channel, cell| cell[2 - channel] - [103.939, 116.779, 123.68][channel]),
        "torch" => by_channel(&|channel, cell| {
            (cell[channel] / 255.0 - [0.485, 0.456, 0.406][channel]) / [0.229, 0.224, 0.225][channel]
        }),
        other => panic!("{other}"),
    }
}

/// The picture as the network takes it, by the program's own arithmetic where it has three channels.
fn input(row: &Row) -> Vec<f32> {
    if row.channels == 1 {
        return input_f64(row).into_iter().map(|value| value as f32).collect();
    }
    let mut levels: Vec<f32> = levels(row).into_iter().map(f32::from).collect();
    row.pixels_outside.parse::<Pixels>().unwrap().scale(&mut levels);
    levels
}

/// One signed map by a backward sweep.
fn sweep(
    network: &mut dyn Network,
    logits: &[f64],
    class: usize,
    id: LayerId,
    score: Score,
    method: Method,
) -> Vec<f64> {
    let mut signed = Vec::new();
    let targets = [Target::Class(class)];
    explain::backward(
        network,
        logits,
        &targets,
        &[id],
        score,
        method,
        &|| false,
        &mut |found| {
            signed = found.map.signed;
        },
    )
    .unwrap();
    signed
}

/// Compares answers and all golden maps; returns how many maps.
fn check(row: &Row, file: &str, network: &mut dyn Network, units: &[f64], tolerance: &Tolerance) -> usize {
    let npz = row.golden();
    let expected = array(&npz, "logits").unwrap();
    let (least, most) = expected
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
    let spread = if expected.len() > 1 { most - least } else { most.abs() };
    let difference = worst(units, &expected) / spread;
    assert!(
        difference < tolerance.logits,
        "{file}: logits differ by {difference} of their spread"
    );
    let expected = array(&npz, "means").unwrap();
    let difference = worst(&answers(network, units), &expected) / largest(&expected).max(1.0);
    // as near as Keras' own float32 is to its float64
    let allowed = if tolerance.shown {
        tolerance.answers.max(row.noise[&row.layers.default])
    } else {
        tolerance.answers
    };
    assert!(
        difference < allowed,
        "{file}: answers differ by {difference}, not {allowed}"
    );

    let plan = network.plan().clone();
    let names = row.layers_in(file);
    assert_eq!(plan.layer(plan.last_feature_layer()).name, names.default, "{file}");
    let logits = plan.output.class_logits(units);
    let maps = ClassMaps::new(network, &logits).unwrap();
    let apart = |found: &[f64], golden: &[f64]| {
        if tolerance.shown {
            worst(&heat(found), &heat(golden))
        } else {
            worst(found, golden) / largest(golden)
        }
    };
    let mut seen = 0;
    for &unit in &row.classes {
        let class = if plan.output.is_pair(plan.units()) { 1 } else { unit };
        for (name, golden_name) in names.names().into_iter().zip(row.layers.names()) {
            let id = plan.find(name).unwrap_or_else(|| panic!("{file}: no layer {name}"));
            let is_default = id == plan.last_feature_layer();
            let allowed = if is_default {
                tolerance.default
            } else {
                let noise = if tolerance.shown { row.noise[golden_name] } else { 0.0 };
                tolerance.elsewhere.max(3.0 * noise)
            };
            for (score, kind) in [(Score::Probability, "output"), (Score::Logit, "logit")] {
                let golden = array(&npz, &format!("cam/{kind}/{unit}/{golden_name}"))
                    .unwrap_or_else(|| panic!("{file}: no golden map {kind} {unit} at {golden_name}"));
                let mut found = vec![sweep(network, &logits, class, id, score, Method::GradCam)];
                if is_default {
                    found.push(maps.map(Target::Class(class), score).signed);
                }
                for signed in found {
                    let difference = apart(&signed, &golden);
                    assert!(
                        difference < allowed,
                        "{file}: {kind} {unit} at {name} differs by {difference}, not {allowed}"
                    );
                    seen += 1;
                }
            }
        }
        let golden = array(&npz, &format!("hires/logit/{unit}/{}", row.layers.default)).unwrap();
        let id = plan.last_feature_layer();
        let found = sweep(network, &logits, class, id, Score::Logit, Method::HiresCam);
        let difference = apart(&found, &golden);
        assert!(
            difference < tolerance.default,
            "{file}: HiResCAM {unit} differs by {difference}"
        );
    }
    seen
}

#[test]
fn every_file_answers_and_explains_as_keras_does() {
    let unpacked = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for row in rows() {
        let input = input(&row);
        unpack(&row, unpacked.path());
        for file in &row.files {
            each(&mut wrong, || {
                let path = unpacked.path().join(file);
                let weights = Weights::open_with(&path, &NetworkChoices::default())
                    .unwrap_or_else(|error| panic!("{file}: {error}"));
                assert_eq!(weights.plan().output.name(), row.output, "{file}");
                let said = if row.output_from == "file" {
                    SaidBy::File
                } else {
                    SaidBy::Guess
                };
                assert_eq!(weights.info().output_said_by, said, "{file}");
                let vb = weights.var_builder(DType::F32, &Device::Cpu);
                let mut network = CpuNetwork::load(weights.plan().clone(), &vb, 2).unwrap();
                let units = network.forward(&input).unwrap();
                let seen = check(&row, file, &mut network, &units, &F32);
                assert!(seen >= 2 * row.classes.len() * 2, "{file}: {seen} maps were compared");
            });
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn in_f64_every_network_equals_keras() {
    let unpacked = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for row in rows() {
        let file = &row.files[0];
        unpack(&row, unpacked.path());
        each(&mut wrong, || {
            let path = unpacked.path().join(file);
            let weights =
                Weights::open_with(&path, &NetworkChoices::default()).unwrap_or_else(|error| panic!("{file}: {error}"));
            let vb = weights.var_builder(DType::F64, &Device::Cpu);
            let mut network = CandleNetwork::load(weights.plan().clone(), &vb, DType::F64, &Device::Cpu).unwrap();
            let units = network.forward_in(&input_f64(&row)).unwrap();
            // constants of preprocessing in the file are f32 in Keras even where all else is f64
            let inside = weights.plan().prepares_pixels();
            check(
                &row,
                file,
                &mut network,
                &units,
                if inside { &F64_INSIDE } else { &F64 },
            );
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
