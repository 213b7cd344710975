//! Files written by real Keras, opened as they are: answers and maps equal Keras' in f64 (`tests/data/keras/README.md`).

mod support;

use std::path::Path;

use candle_core::npy::NpzTensors;
use candle_core::{DType, Device};
use gradcam_explorer::explain::{self, ClassMaps, Method, Score, Target};
use gradcam_explorer::imaging::{self, Limits, Pixels};
use gradcam_explorer::network::{CandleNetwork, CpuNetwork, Network, Op, Role};
use gradcam_explorer::weights::{Beside, NetworkChoices, SaidBy, Weights};
use serde::Deserialize;
use support::data;
use support::golden::{answers, array, each, heat, worst};

#[derive(Clone, Deserialize)]
struct Row {
    name: String,
    files: Vec<String>,
    picture: String,
    input: [usize; 2],
    pixels_outside: String,
    size_in_file: bool,
    output: String,
    output_from: String,
    outputs_layer: Option<String>,
    layers: Layers,
}

#[derive(Clone, Deserialize)]
struct Layers {
    default: String,
    block13: String,
    early: String,
}

/// Rows whose files hold no graph from which the head can be read.
const WITHOUT_GRAPH: [&str; 3] = ["weights_plain", "weights_nested", "weights_sequential_hidden"];

fn rows() -> Vec<Row> {
    serde_json::from_slice(&std::fs::read(data("keras/networks.json")).unwrap()).unwrap()
}

fn open(row: &Row, file: &str) -> Weights {
    let choices = NetworkChoices {
        input_size: (!row.size_in_file).then_some(row.input),
        output: None,
        output_layer: row.outputs_layer.clone(),
    };
    Weights::open_with(&data("keras").join(file), &choices).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The picture as the network takes it, in f64.
fn input_f64(row: &Row) -> Vec<f64> {
    let levels = Row {
        pixels_outside: "0..255".to_owned(),
        ..row.clone()
    };
    let scaled = |level: f32| match row.pixels_outside.as_str() {
        "-1..1" => f64::from(level) / 127.5 - 1.0,
        "0..255" => f64::from(level),
        other => panic!("{other}"),
    };
    input(&levels).into_iter().map(scaled).collect()
}

/// The picture as the network takes it.
fn input(row: &Row) -> Vec<f32> {
    let path = data("keras").join(&row.picture);
    let path = if path.exists() {
        path
    } else {
        data("keras/pictures").join(&row.picture)
    };
    let photo = imaging::decode(&std::fs::read(path).unwrap(), &Limits::default()).unwrap();
    assert_eq!([photo.height as usize, photo.width as usize], row.input);
    let mut levels: Vec<f32> = photo.rgb.iter().map(|&level| f32::from(level)).collect();
    row.pixels_outside.parse::<Pixels>().unwrap().scale(&mut levels);
    levels
}

/// Compares all golden maps; `tolerance` says how far a normalised map may be from Keras' at the default layer, and
/// elsewhere.
fn check(row: &Row, file: &str, network: &mut dyn Network, units: &[f64], tolerance: [f64; 3]) {
    let npz = NpzTensors::new(data(&format!("keras/golden/{}.npz", row.name))).unwrap();
    let expected = array(&npz, "means").or_else(|| array(&npz, "outputs")).unwrap();
    let difference = worst(&answers(network, units), &expected) / expected.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
    assert!(difference < tolerance[0], "{file}: outputs differ by {difference}");
    let plan = network.plan().clone();
    assert_eq!(plan.layer(plan.last_feature_layer()).name, row.layers.default, "{file}");
    let logits = plan.output.class_logits(units);
    let maps = ClassMaps::new(network, &logits).unwrap();
    let mut seen = 0;
    for (score, name) in [(Score::Probability, "output"), (Score::Logit, "logit")] {
        for unit in 0..plan.units() {
            let class = if plan.output.is_pair(plan.units()) { 1 } else { unit };
            for layer in [&row.layers.default, &row.layers.block13, &row.layers.early] {
                let Some(golden) = array(&npz, &format!("cam/{name}/{unit}/{layer}")) else {
                    continue;
                };
                let is_default = *layer == row.layers.default;
                let id = plan.find(layer).unwrap_or_else(|| panic!("{file}: {layer}"));
                let mut swept = Vec::new();
                let targets = [Target::Class(class)];
                explain::backward(
                    network,
                    &logits,
                    &targets,
                    &[id],
                    score,
                    Method::GradCam,
                    &|| false,
                    &mut |found| {
                        swept = found.map.signed;
                    },
                )
                .unwrap();
                let mut found = vec![swept];
                if is_default {
                    found.push(maps.map(Target::Class(class), score).signed);
                }
                let largest = golden.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
                for signed in found {
                    // a softmax of one class and the like have no gradient to speak of
                    if largest < 1e-12 {
                        continue;
                    }
                    let allowed = if is_default { tolerance[1] } else { tolerance[2] };
                    let difference = worst(&heat(&signed), &heat(&golden));
                    assert!(
                        difference < allowed,
                        "{file}: {name} {unit} at {layer}: heat differs by {difference}"
                    );
                    seen += 1;
                }
            }
        }
    }
    if row.name != "softmax1" {
        assert!(seen > 0, "{file}: no map was compared");
    }
    for unit in 0..plan.units() {
        let Some(golden) = array(&npz, &format!("hires/logit/{unit}/{}", row.layers.default)) else {
            continue;
        };
        let class = if plan.output.is_pair(plan.units()) { 1 } else { unit };
        let id = plan.last_feature_layer();
        let mut found = Vec::new();
        let targets = [Target::Class(class)];
        explain::backward(
            network,
            &logits,
            &targets,
            &[id],
            Score::Logit,
            Method::HiresCam,
            &|| false,
            &mut |map| {
                found = map.map.signed;
            },
        )
        .unwrap();
        let difference = worst(&heat(&found), &heat(&golden));
        assert!(
            difference < tolerance[1].max(1e-4),
            "{file}: HiResCAM differs by {difference}"
        );
    }
}

#[test]
fn every_file_answers_and_explains_as_keras_does() {
    let mut wrong = Vec::new();
    for row in rows().iter().filter(|row| !WITHOUT_GRAPH.contains(&row.name.as_str())) {
        let input = input(row);
        for file in &row.files {
            each(&mut wrong, || {
                let weights = open(row, file);
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
                check(row, file, &mut network, &units, [2e-5, 2e-4, 3e-2]);
            });
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn in_f64_every_network_equals_keras() {
    let mut wrong = Vec::new();
    for row in rows().iter().filter(|row| !WITHOUT_GRAPH.contains(&row.name.as_str())) {
        each(&mut wrong, || {
            let weights = open(row, &row.files[0]);
            let vb = weights.var_builder(DType::F64, &Device::Cpu);
            let mut network = CandleNetwork::load(weights.plan().clone(), &vb, DType::F64, &Device::Cpu).unwrap();
            let input = input_f64(row);
            let units = network.forward_in(&input).unwrap();
            // constants of the preprocessing are f32 in Keras even where all else is f64
            let near = if row.pixels_outside == "0..255" { 1e-5 } else { 1e-6 };
            check(row, &row.files[0], &mut network, &units, [near; 3]);
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[derive(Deserialize)]
struct Refused {
    file: String,
    about: Vec<String>,
}

#[test]
fn what_is_not_understood_is_refused_by_its_name() {
    let refused: Vec<Refused> = serde_json::from_slice(&std::fs::read(data("keras/refused.json")).unwrap()).unwrap();
    assert!(refused.len() > 20);
    let mut wrong = Vec::new();
    for Refused { file, about } in refused {
        let path = data("keras/refused").join(&file);
        let error = match Weights::open(Path::new(&path)) {
            Ok(weights) => {
                wrong.push(format!("{file} was opened as {} layers", weights.plan().layers.len()));
                continue;
            }
            Err(error) => error.to_string(),
        };
        println!("{error}");
        for word in about {
            if !error.to_lowercase().contains(&word.to_lowercase()) {
                wrong.push(format!("{file}: {word:?} is not in {error:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn weights_without_a_graph_ask_for_their_input_size() {
    use gradcam_explorer::explorer::{DeviceChoice, NetworkSource, load_network};
    use gradcam_explorer::weights::Environment;

    let row = rows().into_iter().find(|row| row.name == "weights_nested").unwrap();
    let npz = NpzTensors::new(data("keras/golden/weights_nested.npz")).unwrap();
    let expected = array(&npz, "outputs").unwrap();
    for file in &row.files {
        let source = NetworkSource::File(data("keras").join(file));
        let load =
            |choices: &NetworkChoices| load_network(&source, choices, DeviceChoice::Cpu, &Environment::default());
        let error = load(&NetworkChoices::default()).err().unwrap().to_string();
        assert!(error.contains(file) && error.contains("--input-size"), "{error}");
        let choices = NetworkChoices {
            input_size: Some(row.input),
            ..NetworkChoices::default()
        };
        let mut loaded = load(&choices).unwrap();
        let units = loaded.network.forward(&input(&row)).unwrap();
        assert!(
            worst(&answers(loaded.network.as_ref(), &units), &expected) < 2e-5,
            "{file}"
        );
    }
}

#[test]
fn labels_of_another_number_beside_a_file_are_told_and_do_not_keep_it_closed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("four.keras");
    std::fs::copy(data("keras/hidden_two.keras"), &file).unwrap();
    std::fs::write(folder.path().join("labels.txt"), "cat\ndog\n").unwrap();
    let weights = Weights::open(&file).unwrap();
    let labels = weights.labels();
    assert_eq!(labels.labels.len(), weights.plan().classes());
    let problem = labels.problem.unwrap().to_string();
    assert!(problem.contains("names 2 classes, but the network has 4"), "{problem}");
}

#[test]
fn layers_have_the_roles_that_the_graph_gives() {
    let roles = |file: &str| {
        let weights = Weights::open(&data(file)).unwrap();
        let layers = weights.plan().layers.iter();
        layers
            .map(|layer| (layer.op.clone(), layer.role))
            .collect::<Vec<(Op, Role)>>()
    };
    // a plain Xception has its own, whether its file describes it or not
    assert_eq!(roles("formats/small.keras"), roles("formats/small.safetensors"));
    // a convolution of the head before its batch normalisation is raw as in the body
    for file in ["keras/same_names.keras", "keras/same_names.k2.h5"] {
        let found = roles(file);
        let last = found.iter().rposition(|(op, _)| matches!(op, Op::Conv { .. })).unwrap();
        assert!(matches!(found[last + 1].0, Op::BatchNorm { .. }), "{file}");
        assert_eq!(
            (found[last].1, found[last + 1].1),
            (Role::RawConvolution, Role::Target),
            "{file}"
        );
    }
}

#[test]
fn what_lies_beside_the_network_is_counted() {
    let beside = |file: &str| Weights::open(&data(file)).unwrap().info().passed_over.clone();
    for file in ["keras/optimizer_state.keras", "keras/optimizer_state.k2.h5"] {
        let passed = beside(file);
        // two moments of four tensors
        assert!(passed.count(Beside::Optimizer) >= 8, "{file}: {passed}");
        assert_eq!(passed.count(Beside::OtherLayers), 0, "{file}: {passed}");
        assert!(passed.bytes() > 0);
    }
    for file in ["keras/two_outputs.keras", "keras/two_outputs.k2.keras"] {
        assert!(beside(file).count(Beside::OtherLayers) > 0, "{file}");
    }
    assert!(beside("formats/small.keras").is_empty());
}
