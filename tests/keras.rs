//! Our numbers equal Keras' numbers: pixels, logits, probabilities, maps and overlays, in f32 and in f64.

mod support;

use candle_core::{DType, Device};
use gradcam_explorer::explain::{Score, ScoreGradient, Target};
use gradcam_explorer::imaging::{self, Colormap, Resize};
use gradcam_explorer::network::{CandleNetwork, Network, Op, Role};
use serde::Deserialize;
use support::keras::{self, GoldenArrays, differences};

/// The digest of all tensors in `tests/data/reference/make_weights.py`.
const REFERENCE_DIGEST: &str = "44975c70dbf895f18301bfd741fd913361fd72a18414e679506f3c1ae6948215";

#[test]
fn the_reference_network_is_rebuilt_bit_for_bit() {
    let mut tensors = support::reference_tensors();
    tensors.sort_by_key(|(parameter, _)| parameter.path());
    let mut bytes = Vec::new();
    for (parameter, values) in &tensors {
        bytes.extend(parameter.path().as_bytes());
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
    assert_eq!(keras::sha256(&bytes), REFERENCE_DIGEST);
}

#[test]
fn pixels_are_exactly_those_of_keras() {
    let golden = keras::golden();
    for name in keras::IMAGES {
        let image = &golden.images[name];
        let photo = keras::photo(&image.file);
        assert_eq!((photo.width, photo.height), (image.width, image.height));
        assert_eq!(keras::sha256(&photo.rgb), image.sha256.rgb, "{name} decoded");
        let nearest = imaging::resize(&photo, 299, 299, Resize::Nearest);
        assert_eq!(keras::sha256(&nearest.rgb), image.sha256.nearest_299, "{name} nearest");
        let bilinear = imaging::resize(&photo, 299, 299, Resize::Bilinear);
        assert_eq!(
            keras::sha256(&bilinear.rgb),
            image.sha256.bilinear_299,
            "{name} bilinear"
        );
        let input = imaging::network_input(&photo, 299, 299, Resize::Nearest.into());
        let expected: Vec<f32> = nearest.rgb.iter().map(|&v| f32::from(v) / 127.5 - 1.0).collect();
        assert_eq!(input, expected, "{name} input");
    }
}

#[test]
fn the_jet_table_is_that_of_opencv() {
    for (ours, theirs) in Colormap::Jet.table().iter().zip(keras::golden().jet_bgr) {
        assert_eq!(*ours, [theirs[2], theirs[1], theirs[0]]);
    }
}

#[test]
fn overlays_recomputed_from_opencvs_map_are_opencvs() {
    // the maps are Keras' own here, so that only resizing, colouring and blending are compared
    let golden = keras::golden();
    for name in keras::IMAGES {
        let image = &golden.images[name];
        let arrays = GoldenArrays::open(&format!("golden_{name}"));
        let signed = arrays.get(&format!("cam/prob/{}/block14_sepconv2_act", image.overlay.class));
        // the division happens in f32 there
        let max = signed.iter().fold(0.0f32, |m, &s| m.max(s as f32));
        let heat: Vec<f32> = signed.iter().map(|&s| (s as f32).max(0.0) / max).collect();
        let overlay = imaging::overlay(&keras::photo(&image.file), &heat, 10, 10, Colormap::Jet, 0.4);
        let (share, worst) = keras::byte_differences(&overlay.rgb, &keras::photo(&image.overlay.file).rgb);
        assert!(
            worst <= 3 && share <= 0.002,
            "{name}: {worst} levels on {share} of the bytes"
        );
    }
}

#[test]
fn candle_in_f32_equals_keras() {
    let vb = support::reference_weights(DType::F32);
    let mut network = CandleNetwork::load(support::reference_plan(), &vb, DType::F32, &Device::Cpu).unwrap();
    keras::check_against_keras(&mut network);
}

/// `layers64_land.json`.
#[derive(Deserialize)]
struct Layers {
    class: usize,
    layers: Vec<GoldenLayer>,
}

#[derive(Deserialize)]
struct GoldenLayer {
    layer: String,
    shape: Vec<usize>,
    mean: f64,
    std: f64,
    min: f64,
    max: f64,
    samples: Samples,
    alpha: Option<Samples>,
    cam: Option<GoldenCam>,
}

#[derive(Deserialize)]
struct Samples {
    at: Vec<usize>,
    values: Vec<f64>,
}

#[derive(Deserialize)]
struct GoldenCam {
    min: f64,
    max: f64,
    samples: Samples,
}

impl Samples {
    /// The largest difference to a list of all values, relative to `scale`.
    fn difference(&self, values: &[f64], scale: f64) -> f64 {
        let each = self
            .at
            .iter()
            .zip(&self.values)
            .map(|(&at, value)| (values[at] - value).abs());
        each.fold(0.0, f64::max) / scale
    }
}

/// The network in f64 after a forward pass on Keras' own f64 input of the landscape.
fn land_in_f64() -> (CandleNetwork, Vec<f64>) {
    let vb = support::reference_weights(DType::F64);
    let mut network = CandleNetwork::load(support::reference_plan(), &vb, DType::F64, &Device::Cpu).unwrap();
    let photo = keras::photo(&keras::golden().images["land"].file);
    let pixels = imaging::resize(&photo, 299, 299, Resize::Nearest).rgb;
    let input: Vec<f64> = pixels.into_iter().map(|v| f64::from(v) / 127.5 - 1.0).collect();
    let logits = network.forward_in(&input).unwrap();
    (network, logits)
}

#[test]
fn in_f64_every_layer_equals_keras_to_1e_6() {
    let (mut network, logits) = land_in_f64();
    let plan = network.plan().clone();

    let arrays = GoldenArrays::open("golden64_land");
    assert!(differences(&logits, &arrays.get("logits")).0 < 1e-9);
    keras::each_map(&mut network, &logits, &arrays.maps(""), |golden, found| {
        let scale = golden.signed.iter().fold(0.0, |m: f64, s| m.max(s.abs()));
        let worst = differences(&found.map.signed, &golden.signed).0 / scale;
        assert!(
            worst < 1e-6,
            "{} {} {}: {worst}",
            golden.score,
            golden.class,
            golden.layer
        );
    });

    // every single layer of Keras, in Keras' order
    let text = std::fs::read(support::data("reference/layers64_land.json")).unwrap();
    let goldens: Layers = serde_json::from_slice(&text).unwrap();
    let names: Vec<&str> = goldens.layers.iter().map(|layer| layer.layer.as_str()).collect();
    assert_eq!(
        plan.layers.iter().map(|layer| layer.name.as_str()).collect::<Vec<_>>(),
        names
    );
    let gradient = ScoreGradient::new(Target::Class(goldens.class), Score::Probability, plan.output, &logits);
    let mappable: Vec<_> = plan.mappable().collect();
    let mut maps = vec![None; plan.layers.len()];
    network
        .backward(
            std::slice::from_ref(&gradient.logits),
            &mappable,
            &|| false,
            &mut |_, site| {
                let alpha = site.gradient_mean()?;
                let signed = site.weighted_activation(&alpha)?;
                maps[site.layer().0] = Some((alpha, signed));
                Ok(())
            },
        )
        .unwrap();
    for (id, golden) in plan.ids().zip(&goldens.layers) {
        let layer = plan.layer(id);
        let shape = layer.shape;
        let dimensions = if matches!(layer.op, Op::GlobalAveragePool | Op::Dense { .. }) {
            vec![shape.channels]
        } else {
            vec![shape.height, shape.width, shape.channels]
        };
        assert_eq!(dimensions, golden.shape, "{}", layer.name);
        let output = network.output_f64(id).unwrap();
        let largest = golden.max.abs().max(golden.min.abs());
        let name = &layer.name;
        assert!(golden.samples.difference(&output, largest) < 1e-6, "{name}: activation");
        let count = output.len() as f64;
        let mean = output.iter().sum::<f64>() / count;
        let deviation = (output.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt();
        assert!((mean - golden.mean).abs() / largest < 1e-6, "{name}: mean");
        assert!((deviation - golden.std).abs() / largest < 1e-6, "{name}: deviation");

        // Keras can also differentiate with respect to the input, which is no feature map
        assert_eq!(
            layer.role == Role::NoMap,
            golden.cam.is_none() || layer.op == Op::Input,
            "{name}"
        );
        let (Some(alpha), Some(cam), Some((found_alpha, signed))) = (&golden.alpha, &golden.cam, &maps[id.0]) else {
            continue;
        };
        let scale = |values: &[f64]| {
            values
                .iter()
                .fold(f64::MIN_POSITIVE, |m, v| m.max((v * gradient.scale).abs()))
        };
        let scaled = |values: &[f64]| values.iter().map(|v| v * gradient.scale).collect::<Vec<_>>();
        let difference = alpha.difference(&scaled(found_alpha), scale(found_alpha));
        assert!(difference < 1e-6, "{name}: gradient mean {difference}");
        let largest = cam.max.abs().max(cam.min.abs());
        let difference = cam.samples.difference(&scaled(signed), largest);
        assert!(difference < 1e-6, "{name}: map {difference}");
    }
}

#[test]
fn a_small_network_of_other_widths_equals_keras_in_f64() {
    for size in [71, 96] {
        let (plan, tensors) = support::small_keras(size);
        let vb = support::var_builder(tensors.clone(), DType::F64);
        let mut network = CandleNetwork::load(plan, &vb, DType::F64, &Device::Cpu).unwrap();
        let arrays = GoldenArrays::open("golden64_small");
        let input: Vec<f64> = arrays
            .get(&format!("{size}/img_u8"))
            .into_iter()
            .map(|v| v / 127.5 - 1.0)
            .collect();
        let logits = network.forward_in(&input).unwrap();
        assert!(differences(&logits, &arrays.get(&format!("{size}/logits"))).0 < 1e-9);
        let maps = arrays.maps(&format!("{size}/"));
        assert!(maps.len() >= 6);
        keras::each_map(&mut network, &logits, &maps, |golden, found| {
            let scale = golden.signed.iter().fold(0.0, |m: f64, s| m.max(s.abs()));
            let worst = differences(&found.map.signed, &golden.signed).0 / scale;
            assert!(
                worst < 1e-6,
                "{size}: {} {} {}: {worst}",
                golden.score,
                golden.class,
                golden.layer
            );
        });
    }
}
