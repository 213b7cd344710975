//! The network of photographs gives Keras' numbers: pixels, logits, probabilities, every layer, and maps of both
//! scores, on every instruction set and in f64.
//!
//! The numbers and the script that made them: `tests/data/photographs/README.md`.

mod support;

use std::collections::BTreeMap;

use candle_core::{DType, Device};
use gradcam_explorer::explain::{ClassMaps, Target};
use gradcam_explorer::imaging::{self, Resize};
use gradcam_explorer::network::cpu::Isa;
use gradcam_explorer::network::{CandleNetwork, CpuNetwork, LayerId, Network, Op, Output, Plan};
use serde::Deserialize;
use support::keras::{self, GoldenArrays, differences, heat};
use support::photographs::{self, SIDE};

/// `golden.json`.
#[derive(Deserialize)]
struct Golden {
    photos: BTreeMap<String, GoldenPhoto>,
}

#[derive(Deserialize)]
struct GoldenPhoto {
    file: String,
    size: [u32; 2],
    sha256_rgb: String,
    sha256_nearest_224: String,
    classes: Vec<usize>,
    top10: Vec<keras::GoldenPrediction>,
}

/// One layer of `layers_chelsea.json`.
#[derive(Deserialize)]
struct GoldenLayer {
    layer: String,
    shape: Vec<usize>,
    mean: f64,
    std: f64,
    min: f64,
    max: f64,
    at: Vec<usize>,
    values: Vec<f64>,
}

fn golden() -> BTreeMap<String, GoldenPhoto> {
    let text = std::fs::read(support::data("photographs/golden.json")).unwrap();
    let golden: Golden = serde_json::from_slice(&text).unwrap();
    assert_eq!(golden.photos.len(), 5);
    golden.photos
}

fn arrays(name: &str) -> GoldenArrays {
    GoldenArrays::at(&format!("photographs/golden_{name}.npz"))
}

/// The program's own network, once for each instruction set of this machine.
fn each_cpu_network(mut check: impl FnMut(Isa, &mut CpuNetwork)) {
    let weights = photographs::weights();
    let vb = weights.var_builder(DType::F32, &Device::Cpu);
    for isa in Isa::available() {
        check(
            isa,
            &mut CpuNetwork::load_with(weights.plan().clone(), &vb, 2, isa).unwrap(),
        );
    }
}

fn in_f64() -> CandleNetwork {
    let weights = photographs::weights();
    let vb = weights.var_builder(DType::F64, &Device::Cpu);
    CandleNetwork::load(weights.plan().clone(), &vb, DType::F64, &Device::Cpu).unwrap()
}

#[test]
fn pixels_are_exactly_those_of_keras() {
    for (name, golden) in golden() {
        let photo = photographs::photo(&golden.file);
        assert_eq!([photo.width, photo.height], golden.size, "{name}");
        assert_eq!(keras::sha256(&photo.rgb), golden.sha256_rgb, "{name} decoded");
        let nearest = imaging::resize(&photo, SIDE, SIDE, Resize::Nearest);
        assert_eq!(keras::sha256(&nearest.rgb), golden.sha256_nearest_224, "{name} nearest");
        let expected: Vec<f32> = nearest.rgb.iter().map(|&v| f32::from(v)).collect();
        assert_eq!(photographs::input(&photo), expected, "{name} input");
    }
}

/// The largest differences that were seen.
#[derive(Debug, Default)]
struct Worst {
    logits: f64,
    probabilities: f64,
    /// Of normalised maps behind whose layers every ReLU6 lets the same values through as in f64.
    heat: f64,
    /// Of the others: where an input is within rounding of 0 or 6, the gradient jumps.
    flipped: f64,
    /// Of signed maps, relative to their largest value.
    signed: f64,
    closed_form: f64,
    /// Maps that were compared: in `heat`, in `flipped`, and of too little evidence for either.
    maps: [usize; 3],
}

/// Which values each ReLU6 held at 0, let through, or held at 6.
fn gates(plan: &Plan, mut output: impl FnMut(LayerId) -> Vec<f64>) -> Vec<(LayerId, Vec<Option<bool>>)> {
    let is_gate = |id: &LayerId| matches!(plan.layer(*id).op, Op::Activation(_));
    let gate = |value: f64| (value == 0.0 || value == 6.0).then_some(value == 6.0);
    let gates = plan.ids().filter(is_gate);
    gates
        .map(|id| (id, output(id).into_iter().map(gate).collect()))
        .collect()
}

fn widened(network: &mut dyn Network, id: LayerId) -> Vec<f64> {
    network.activation(id).unwrap().into_iter().map(f64::from).collect()
}

/// What Keras saw, in f64.
fn input_f64(golden: &GoldenPhoto) -> Vec<f64> {
    let pixels = imaging::resize(&photographs::photo(&golden.file), SIDE, SIDE, Resize::Nearest).rgb;
    pixels.into_iter().map(f64::from).collect()
}

/// Everything about one photo against Keras in f64.
///
/// `flipped` is the last ReLU6 that lets other values through than in f64.
fn compare(
    worst: &mut Worst,
    name: &str,
    golden: &GoldenPhoto,
    network: &mut dyn Network,
    logits: &[f64],
    flipped: Option<LayerId>,
) {
    let arrays = arrays(name);
    let raise = |worst: &mut f64, found: f64| *worst = worst.max(found);
    let probabilities = Output::Softmax.answers(logits);
    raise(&mut worst.logits, differences(logits, &arrays.get("logits")).0);
    raise(
        &mut worst.probabilities,
        differences(&probabilities, &arrays.get("probs")).0,
    );
    let mut ranking: Vec<usize> = (0..1000).collect();
    ranking.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    let top: Vec<usize> = golden.top10.iter().map(|p| p.class).collect();
    assert_eq!(ranking[..10], top, "{name}");

    let maps = arrays.maps("");
    let layers = if name == "chelsea" { 5 } else { 4 };
    assert_eq!(maps.len(), 2 * 3 * layers);
    assert!(maps.iter().all(|map| golden.classes.contains(&map.class)));
    let has_evidence = |golden: &keras::GoldenMap, found: f64| {
        // normalisation would only magnify rounding
        found > 0.02 * golden.signed.iter().fold(0.0, |most: f64, s| most.max(s.abs()))
    };
    keras::each_map(network, logits, &maps, |golden, found| {
        let enough = has_evidence(golden, found.map.max());
        let is_flipped = flipped.is_some_and(|gate| gate > found.layer);
        worst.maps[if enough { usize::from(is_flipped) } else { 2 }] += 1;
        let largest = golden.signed.iter().fold(0.0, |most: f64, s| most.max(s.abs()));
        raise(
            &mut worst.signed,
            differences(&found.map.signed, &golden.signed).0 / largest,
        );
        if enough {
            let worst = if is_flipped {
                &mut worst.flipped
            } else {
                &mut worst.heat
            };
            raise(worst, differences(&heat(&found.map.signed), &heat(&golden.signed)).0);
        }
    });
    let closed = ClassMaps::new(network, logits).unwrap();
    for golden in maps.iter().filter(|map| map.layer == "top_activation") {
        let found = closed.map(Target::Class(golden.class), golden.score);
        if has_evidence(golden, found.max()) {
            let difference = differences(&heat(&found.signed), &heat(&golden.signed)).0;
            raise(&mut worst.closed_form, difference);
        }
    }
}

#[test]
fn every_instruction_set_equals_keras() {
    let mut exact = in_f64();
    let golden = golden();
    let expected: BTreeMap<&str, _> = golden
        .iter()
        .map(|(name, golden)| {
            exact.forward_in(&input_f64(golden)).unwrap();
            let gates = gates(exact.plan(), |id| exact.output_f64(id).unwrap());
            (name.as_str(), gates)
        })
        .collect();
    each_cpu_network(|isa, network| {
        let mut worst = Worst::default();
        for (name, golden) in &golden {
            let photo = photographs::photo(&golden.file);
            let logits = network.forward(&photographs::input(&photo)).unwrap();
            let plan = network.plan().clone();
            let found = gates(&plan, |id| widened(network, id));
            let flipped = found.iter().zip(&expected[name.as_str()]).rfind(|(a, b)| a != b);
            let flipped = flipped.map(|((id, _), _)| *id);
            compare(&mut worst, name, golden, network, &logits, flipped);
        }
        println!("{isa}: {worst:?}");
        assert!(worst.logits < 1e-4 && worst.probabilities < 5e-6, "{isa}: {worst:?}");
        assert!(worst.heat < 2e-4 && worst.closed_form < 2e-4, "{isa}: {worst:?}");
        assert!(worst.flipped < 2e-2, "{isa}: {worst:?}");
        assert!(worst.maps[0] >= 50 && worst.maps[2] <= 8, "{isa}: {worst:?}");
    });
}

#[test]
fn in_f64_logits_and_maps_equal_keras() {
    let mut network = in_f64();
    let mut worst = Worst::default();
    for (name, golden) in &golden() {
        let logits = network.forward_in(&input_f64(golden)).unwrap();
        compare(&mut worst, name, golden, &mut network, &logits, None);
    }
    println!("{worst:?}");
    assert!(worst.logits < 1e-9 && worst.probabilities < 1e-10, "{worst:?}");
    assert!(worst.signed < 1e-6 && worst.heat < 1e-6, "{worst:?}");
    // the cells' shares are f32
    assert!(worst.closed_form < 2e-6, "{worst:?}");
}

/// Compares every layer of Keras with `output`, relative to the layer's largest value; the worst difference.
fn compare_layers(plan: &Plan, tolerance: f64, mut output: impl FnMut(LayerId) -> Vec<f64>) -> f64 {
    let text = std::fs::read(support::data("photographs/layers_chelsea.json")).unwrap();
    let goldens: Vec<GoldenLayer> = serde_json::from_slice(&text).unwrap();
    let names = plan.layers.iter().map(|layer| &layer.name);
    assert!(names.eq(goldens.iter().map(|golden| &golden.layer)));
    let mut worst = 0.0_f64;
    for (id, golden) in plan.ids().zip(&goldens) {
        let shape = plan.layer(id).shape;
        let dimensions = [shape.height, shape.width, shape.channels];
        let dimensions = if golden.shape.len() == 1 {
            &dimensions[2..]
        } else {
            &dimensions
        };
        assert_eq!(dimensions, golden.shape, "{}", golden.layer);
        let values = output(id);
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt();
        let [min, max] = values
            .iter()
            .fold([f64::INFINITY, f64::NEG_INFINITY], |[min, max], &v| {
                [min.min(v), max.max(v)]
            });
        let facts = [
            (mean, golden.mean),
            (deviation, golden.std),
            (min, golden.min),
            (max, golden.max),
        ];
        let samples = golden
            .at
            .iter()
            .map(|&at| values[at])
            .zip(golden.values.iter().copied());
        let largest = golden.max.abs().max(golden.min.abs());
        for (found, expected) in samples.chain(facts) {
            let difference = (found - expected).abs() / largest;
            assert!(
                difference < tolerance,
                "{}: {found} instead of {expected}",
                golden.layer
            );
            worst = worst.max(difference);
        }
    }
    worst
}

#[test]
fn every_layer_equals_keras() {
    let input = photographs::input(&photographs::photo("chelsea.jpg"));
    each_cpu_network(|isa, network| {
        network.forward(&input).unwrap();
        // the engine keeps its image as the first convolution reads it, in place of the pixels
        let (pixels, plan) = (LayerId(0), network.plan().clone());
        let output = |id| {
            if id == pixels {
                input_f64(&golden()["chelsea"])
            } else {
                widened(network, id)
            }
        };
        println!("{isa}: {}", compare_layers(&plan, 5e-6, output));
    });
    let mut network = in_f64();
    network
        .forward_in(&input.into_iter().map(f64::from).collect::<Vec<_>>())
        .unwrap();
    println!(
        "f64: {}",
        compare_layers(network.plan(), 1e-9, |id| network.output_f64(id).unwrap())
    );
}
