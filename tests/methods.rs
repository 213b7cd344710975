//! Every method and measure against published implementations, and the properties that their papers promise.

mod support;

use std::cell::Cell;

use candle_core::npy::NpzTensors;
use candle_core::{DType, Device};
use gradcam_explorer::explain::{
    self, Explanation, Fill, Fusion, Map, Measure, Measures, Measuring, Method, Picture, Question, Score, Target,
    Watch, Way,
};
use gradcam_explorer::imaging::resize_map;
use gradcam_explorer::network::{Activation, CandleNetwork, CpuNetwork, LayerId, Network, NetworkError, Op, ReluRule};
use support::golden::{array, largest, worst};
use support::{data, small_keras, uniform, var_builder};

const CLASSES: [usize; 2] = [1, 4];
const BLACK: [f32; 3] = [-1.0; 3];
const GREY: [f32; 3] = [0.0; 3];

fn npz() -> NpzTensors {
    NpzTensors::new(data("methods/golden_methods.npz")).unwrap()
}

/// The small network after a pass over the picture of the goldens.
struct Case {
    network: Box<dyn Network>,
    input: Vec<f32>,
    logits: Vec<f64>,
}

impl Case {
    /// In f64 by candle, or by the engine in f32.
    fn new(is_engine: bool) -> Self {
        let (plan, tensors) = small_keras(71);
        let mut network: Box<dyn Network> = if is_engine {
            Box::new(CpuNetwork::load(plan, &var_builder(tensors, DType::F32), 2).unwrap())
        } else {
            let vb = var_builder(tensors, DType::F64);
            Box::new(CandleNetwork::load(plan, &vb, DType::F64, &Device::Cpu).unwrap())
        };
        let input = uniform("input", 71 * 71 * 3);
        let logits = network.forward(&input).unwrap();
        Self { network, input, logits }
    }

    fn picture(&self) -> Picture<'static> {
        // as long as the test runs
        picture(Box::leak(self.input.clone().into_boxed_slice()))
    }

    fn layer(&self, name: &str) -> LayerId {
        self.network.plan().find(name).unwrap()
    }

    fn last(&self) -> LayerId {
        self.network.plan().last_feature_layer()
    }

    fn maps_of(&mut self, target: Target, layer: LayerId, score: Score, method: Method) -> Vec<Explanation> {
        let (picture, logits) = (self.picture(), self.logits.clone());
        let mut found = Vec::new();
        let question = Question {
            targets: &[target],
            layers: &[layer],
            score,
            method,
        };
        explain::maps(
            self.network.as_mut(),
            picture,
            &logits,
            question,
            &mut quietly(),
            &mut |map| found.push(map),
        )
        .unwrap();
        found
    }

    fn map(&mut self, class: usize, layer: LayerId, score: Score, method: Method) -> Map {
        let mut found = self.maps_of(Target::Class(class), layer, score, method);
        assert_eq!(found.len(), 1);
        found.remove(0).map
    }

    fn measure(&mut self, class: usize, map: &Map, wanted: &[Measure], how: Measuring) -> Measures {
        let (picture, logits) = (self.picture(), self.logits.clone());
        let of = (Target::Class(class), map);
        explain::measure(
            self.network.as_mut(),
            picture,
            &logits,
            of,
            (wanted, how),
            &mut quietly(),
        )
        .unwrap()
    }
}

fn picture(values: &[f32]) -> Picture<'_> {
    Picture {
        values,
        black: &BLACK,
        grey: &GREY,
    }
}

fn quietly() -> Watch<'static> {
    Watch {
        stop: &|| false,
        progress: Box::leak(Box::new(|_, _| {})),
    }
}

/// The largest difference, as a share of the largest magnitude that is expected.
fn difference(found: &[f64], expected: &[f64]) -> f64 {
    worst(found, expected) / largest(expected).max(f64::MIN_POSITIVE)
}

#[test]
fn maps_are_those_of_pytorch_grad_cam() {
    let npz = npz();
    let methods = [
        Method::GradCam,
        Method::HiresCam,
        Method::GradCamPlusPlus,
        Method::LayerCam,
        Method::GradCamElementWise,
        Method::EigenCam,
        Method::EigenGradCam,
        Method::FinerCam,
        Method::ScoreCam,
    ];
    for is_engine in [false, true] {
        let mut case = Case::new(is_engine);
        for method in methods {
            for class in CLASSES {
                for name in ["block14_sepconv2_act", "block13_sepconv2_bn", "block4_sepconv1_act"] {
                    let expected = array(&npz, &format!("{method}/{class}/{name}")).unwrap();
                    let map = case.map(class, case.layer(name), Score::Logit, method);
                    let found = difference(&map.signed, &expected);
                    // the library adds 1e-6 to Grad-CAM++'s denominators, which gradients as small as these feel, those of
                    // early layers most; tests/network.rs has the formula without
                    let bound = match (method, name) {
                        (Method::GradCamPlusPlus, "block14_sepconv2_act") => 1e-2,
                        (Method::GradCamPlusPlus, _) => continue,
                        _ => 1e-4,
                    };
                    assert!(
                        found < bound,
                        "{method}, class {class}, {name}, engine {is_engine}: {found:e}"
                    );
                }
            }
        }
    }
}

const LAYERS: [&str; 3] = ["block14_sepconv2_act", "block13_sepconv2_bn", "block4_sepconv1_act"];

#[test]
fn kernel_components_are_those_of_pytorch_grad_cam() {
    let npz = npz();
    for is_engine in [false, true] {
        let mut case = Case::new(is_engine);
        for name in LAYERS {
            let expected = array(&npz, &format!("kpca-cam/1/{name}")).unwrap();
            let [map, other] = [1, 4].map(|class| case.map(class, case.layer(name), Score::Logit, Method::KpcaCam));
            let found = difference(&map.signed, &expected);
            assert!(found < 1e-4, "{name}, engine {is_engine}: {found:e}");
            assert_eq!(map, other, "no class has a part in it");
        }
    }
}

#[test]
fn a_layer_with_too_many_cells_is_refused_by_name() {
    let (plan, tensors) = small_keras(139);
    let layer = plan.find("block1_conv1_act").unwrap();
    assert_eq!(plan.layer(layer).shape.cells(), 69 * 69);
    assert!(!Method::KpcaCam.has_map(&plan, layer) && Method::EigenCam.has_map(&plan, layer));
    let mut network = CpuNetwork::load(plan, &var_builder(tensors, DType::F32), 2).unwrap();
    let input = uniform("input", 139 * 139 * 3);
    let logits = network.forward(&input).unwrap();
    let question = Question {
        targets: &[Target::Class(1)],
        layers: &[layer],
        score: Score::Logit,
        method: Method::KpcaCam,
    };
    let refused = explain::maps(
        &mut network,
        picture(&input),
        &logits,
        question,
        &mut quietly(),
        &mut |_| {},
    );
    let told = refused.unwrap_err().to_string();
    assert_eq!(
        told,
        "KPCA-CAM compares each cell with each other, of which there are 4761 here; choose a layer with at most 4096"
    );
}

#[test]
fn ablations_are_those_of_pytorch_grad_cam_at_every_depth() {
    let npz = npz();
    for is_engine in [false, true] {
        let mut case = Case::new(is_engine);
        assert!(difference(&case.logits, &array(&npz, "logits").unwrap()) < 1e-5);
        for class in CLASSES {
            for name in LAYERS {
                let expected = array(&npz, &format!("ablation-cam/{class}/{name}")).unwrap();
                let map = case.map(class, case.layer(name), Score::Logit, Method::AblationCam);
                let found = difference(&map.signed, &expected);
                assert!(found < 1e-4, "class {class}, {name}, engine {is_engine}: {found:e}");
            }
        }
    }
}

#[test]
fn shapley_values_are_those_of_autograd_at_every_depth() {
    let npz = npz();
    for is_engine in [false, true] {
        let mut case = Case::new(is_engine);
        for class in CLASSES {
            for name in LAYERS {
                let layer = case.layer(name);
                let expected = array(&npz, &format!("shapley-cam/{class}/{name}")).unwrap();
                let [map, plain] = [Method::ShapleyCam, Method::GradCam]
                    .map(|method| case.map(class, layer, Score::Probability, method));
                let (found, plain) = (difference(&map.signed, &expected), difference(&plain.signed, &expected));
                assert!(found < 5e-4, "class {class}, {name}, engine {is_engine}: {found:e}");
                assert!(plain > 10.0 * found, "the second derivative does something: {plain:e}");
                // of a logit it vanishes behind ReLUs
                let [map, plain] =
                    [Method::ShapleyCam, Method::GradCam].map(|method| case.map(class, layer, Score::Logit, method));
                assert!(difference(&map.signed, &plain.signed) < 1e-5, "class {class}, {name}");
            }
        }
    }
}

#[test]
fn where_the_network_bends_the_second_derivative_is_that_of_the_gradient() {
    // ReLUs and maxima become functions with derivatives of all orders
    let (mut plan, tensors) = small_keras(71);
    for layer in &mut plan.layers {
        match layer.op {
            Op::Activation(_) => layer.op = Op::Activation(Activation::Silu),
            Op::MaxPool { window } => layer.op = Op::AveragePool { window },
            _ => {}
        }
    }
    let vb = var_builder(tensors, DType::F64);
    let mut network = CandleNetwork::load(plan.clone(), &vb, DType::F64, &Device::Cpu).unwrap();
    let input = uniform("input", 71 * 71 * 3);
    let logits = network.forward(&input).unwrap();
    for name in ["block13_sepconv2_bn", "block4_sepconv1_act"] {
        let layer = plan.find(name).unwrap();
        let activation = network.output_f64(layer).unwrap();
        for score in Score::ALL {
            let mut found = Vec::new();
            let question = Question {
                targets: &[Target::Class(1)],
                layers: &[layer],
                score,
                method: Method::ShapleyCam,
            };
            explain::maps(
                &mut network,
                picture(&input),
                &logits,
                question,
                &mut quietly(),
                &mut |map| found.push(map.map),
            )
            .unwrap();
            // the whole gradient of the score at a multiple of the activation, its scale included
            let mut gradient_at = |share: f64| {
                let moved: Vec<f64> = activation.iter().map(|a| a * share).collect();
                let logits = network.forward_from(layer, &moved).unwrap();
                let score = explain::ScoreGradient::new(Target::Class(1), score, plan.output, &logits);
                let mut mean = Vec::new();
                network
                    .backward(&[score.logits], &[layer], &|| false, &mut |_, site| {
                        mean = site.gradient_mean()?;
                        Ok(())
                    })
                    .unwrap();
                mean.iter().map(|g| g * score.scale).collect::<Vec<f64>>()
            };
            let step = 1e-4;
            let [here, up, down] = [1.0, 1.0 + step, 1.0 - step].map(&mut gradient_at);
            let weights: Vec<f64> = (0..here.len())
                .map(|k| here[k] - (up[k] - down[k]) / (4.0 * step))
                .collect();
            let expected: Vec<f64> = activation
                .chunks(weights.len())
                .map(|cell| cell.iter().zip(&weights).map(|(a, w)| a * w).sum())
                .collect();
            let off = difference(&found[0].signed, &expected);
            assert!(off < 5e-4, "{name}, {score}: {off:e}");
        }
    }
}

#[test]
fn several_layers_are_fused_as_in_pytorch_grad_cam() {
    let npz = npz();
    for is_engine in [false, true] {
        let mut case = Case::new(is_engine);
        for class in CLASSES {
            let maps = ["block4_sepconv1_act", "block14_sepconv2_act"]
                .map(|name| case.map(class, case.layer(name), Score::Logit, Method::GradCam));
            let fused = Fusion::Mean.fused(&[&maps[0], &maps[1]]).unwrap();
            let expected = array(&npz, &format!("fused/{class}")).unwrap();
            let found = difference(&fused.signed, &expected);
            assert!(found < 1e-4, "class {class}, engine {is_engine}: {found:e}");
        }
    }
}

#[test]
fn gradients_of_pixels_are_those_of_autograd() {
    let npz = npz();
    for is_engine in [false, true] {
        let mut case = Case::new(is_engine);
        for class in CLASSES {
            let expected = array(&npz, &format!("gradient/{class}")).unwrap();
            let mut seed = vec![0.0; 7];
            seed[class] = 1.0;
            let gradient = (case.network).input_gradient(&seed, ReluRule::True, &|| false).unwrap();
            let gradient: Vec<f64> = gradient.into_iter().map(f64::from).collect();
            let found = difference(&gradient, &expected);
            assert!(found < 1e-4, "class {class}, engine {is_engine}: {found:e}");
            let map = case.map(class, LayerId(0), Score::Logit, Method::Gradient);
            let strongest: Vec<f64> = expected.chunks(3).map(largest).collect();
            assert!(difference(&map.signed, &strongest) < 1e-4);
            assert_eq!((map.width, map.height), (71, 71));
        }
    }
}

#[test]
fn guided_gradients_are_those_of_pytorch_grad_cam_and_lie_where_the_heat_does() {
    let npz = npz();
    for is_engine in [false, true] {
        let mut case = Case::new(is_engine);
        let last = case.last();
        for class in CLASSES {
            let expected = array(&npz, &format!("guided/{class}")).unwrap();
            let plain = array(&npz, &format!("gradient/{class}")).unwrap();
            assert!(difference(&plain, &expected) > 0.1, "they are not the same");
            let mut seed = vec![0.0; 7];
            seed[class] = 1.0;
            let guided = (case.network)
                .input_gradient(&seed, ReluRule::Guided, &|| false)
                .unwrap();
            let guided: Vec<f64> = guided.into_iter().map(f64::from).collect();
            let found = difference(&guided, &expected);
            assert!(found < 1e-4, "class {class}, engine {is_engine}: {found:e}");
            let map = case.map(class, LayerId(0), Score::Logit, Method::GuidedGradCam);
            let heat = case.map(class, last, Score::Logit, Method::GradCam);
            let heat = resize_map(&heat.heat(), heat.width, heat.height, 71, 71);
            let product: Vec<f64> = (expected.chunks(3).zip(heat))
                .map(|(gradient, heat)| largest(gradient) * f64::from(heat))
                .collect();
            assert!(
                difference(&map.signed, &product) < 1e-4,
                "class {class}, engine {is_engine}"
            );
        }
    }
}

#[test]
fn integrated_gradients_are_those_of_autograd_and_add_up_to_the_score() {
    let npz = npz();
    for is_engine in [false, true] {
        let mut case = Case::new(is_engine);
        let black = case.network.forward(&[-1.0; 71 * 71 * 3]).unwrap();
        let input = case.input.clone();
        case.network.forward(&input).unwrap();
        for class in CLASSES {
            let map = case.map(class, LayerId(0), Score::Logit, Method::IntegratedGradients);
            let expected = array(&npz, &format!("integrated/{class}")).unwrap();
            let found = difference(&map.signed, &expected);
            // f32 flips a ReLU now and then on the way
            assert!(found < 1e-3, "class {class}, engine {is_engine}: {found:e}");
            let (sum, rise) = (map.signed.iter().sum::<f64>(), case.logits[class] - black[class]);
            // the classes of a random network gain next to nothing, so the share is that of all that was handed out
            let all: f64 = map.signed.iter().map(|value| value.abs()).sum();
            assert!(
                (sum - rise).abs() < 0.01 * all,
                "completeness: {sum} of {rise}, {all} in all"
            );
        }
    }
}

#[test]
fn ablation_by_closed_form_is_that_by_running() {
    let npz = npz();
    let mut case = Case::new(false);
    let last = case.last();
    for class in CLASSES {
        let map = case.map(class, last, Score::Logit, Method::AblationCam);
        let expected = array(&npz, &format!("ablation/{class}")).unwrap();
        assert!(difference(&map.signed, &expected) < 1e-4);
        // the probability is run once a channel; of a class and its rival it is a function of the difference of logits
        let run = case.map(class, last, Score::Probability, Method::AblationCam);
        assert_eq!((run.width, run.height), (map.width, map.height));
        assert_ne!(run.signed, map.signed);
    }
}

#[test]
fn occlusion_is_the_mean_fall_over_squares() {
    let npz = npz();
    for is_engine in [false, true] {
        let mut case = Case::new(is_engine);
        for class in CLASSES {
            let map = case.map(class, LayerId(0), Score::Logit, Method::Occlusion);
            let expected = array(&npz, &format!("occlusion/{class}")).unwrap();
            assert!(difference(&map.signed, &expected) < 1e-4);
        }
    }
}

#[test]
fn finer_cam_is_the_difference_to_the_class_most_alike() {
    let mut case = Case::new(false);
    let mut ranking: Vec<usize> = (0..7).collect();
    ranking.sort_by(|&a, &b| case.logits[b].total_cmp(&case.logits[a]));
    assert_eq!(explain::most_alike(ranking[0], &case.logits), Some(ranking[1]));
    let rather = Target::Rather {
        class: ranking[0],
        than: ranking[1],
    };
    let last = case.last();
    let finer = case.map(ranking[0], last, Score::Probability, Method::FinerCam);
    let difference = case.maps_of(rather, last, Score::Logit, Method::GradCam).remove(0).map;
    assert_eq!(finer, difference);
    assert_eq!(explain::most_alike(0, &[1.0]), None);
}

#[test]
fn the_same_seed_gives_the_same_bits_and_the_pass_is_as_it_was() {
    let mut case = Case::new(true);
    let last = case.last();
    let before = case.network.activation(last).unwrap();
    for method in Method::ALL {
        let layer = method.place(last);
        let [first, second] = [0, 1].map(|_| case.map(1, layer, Score::Logit, method));
        assert_eq!(first, second, "{method}");
        let [width, height] = method.map_size(case.network.plan(), layer);
        assert_eq!((first.width, first.height), (width, height), "{method}");
        assert!(first.max_abs() > 0.0, "{method} says nothing");
        assert_eq!(
            case.network.activation(last).unwrap(),
            before,
            "{method} leaves another pass"
        );
    }
}

#[test]
fn methods_that_coincide_say_so_and_do() {
    let mut case = Case::new(false);
    let (last, early) = (case.last(), case.layer("block4_sepconv1_act"));
    for method in Method::ALL {
        let plan = case.network.plan().clone();
        // of a probability nothing coincides before the last layer
        assert_eq!(method.same_as(&plan, early, Score::Probability), None);
        if let Some(other) = method.same_as(&plan, early, Score::Logit) {
            assert_eq!((method, other), (Method::ShapleyCam, Method::GradCam));
        }
        if let Some(other) = method.same_as(&plan, last, Score::Logit) {
            let [a, b] = [method, other].map(|method| case.map(1, last, Score::Logit, method));
            let scale = a.max_abs();
            assert!(
                a.signed
                    .iter()
                    .zip(&b.signed)
                    .all(|(a, b)| (a - b).abs() < 1e-5 * scale),
                "{method}"
            );
        }
    }
    assert_eq!(
        Method::HiresCam.same_as(case.network.plan(), last, Score::Probability),
        Some(Method::GradCam)
    );
}

#[test]
fn long_work_tells_how_far_it_is_and_stops_when_told() {
    let mut case = Case::new(true);
    let last = case.last();
    let before = case.network.activation(last).unwrap();
    let early = case.layer("block4_sepconv1_act");
    for (method, layer) in [
        (Method::ScoreCam, last),
        (Method::Rise, LayerId(0)),
        (Method::Occlusion, LayerId(0)),
        (Method::SmoothGrad, LayerId(0)),
        (Method::AblationCam, early),
        (Method::KpcaCam, early),
    ] {
        let told = Cell::new((0, 0));
        let question = Question {
            targets: &[Target::Class(1)],
            layers: &[layer],
            score: Score::Logit,
            method,
        };
        let mut watch = Watch {
            stop: &|| told.get().0 >= 3,
            progress: &mut |done, total| {
                assert_eq!(done, told.get().0 + 1);
                told.set((done, total));
            },
        };
        let (picture, logits) = (case.picture(), case.logits.clone());
        let mut maps = 0;
        let result = explain::maps(
            case.network.as_mut(),
            picture,
            &logits,
            question,
            &mut watch,
            &mut |_| maps += 1,
        );
        assert!(matches!(result, Err(NetworkError::Stopped)), "{method}");
        assert_eq!((told.get().0, maps), (3, 0), "{method}");
        assert!(told.get().1 > 3, "{method}");
        assert_eq!(case.network.activation(last).unwrap(), before, "{method}");
    }
}

#[test]
fn guided_gradients_need_relus() {
    let (mut plan, tensors) = small_keras(71);
    for layer in plan.layers.iter_mut().filter(|layer| layer.op.is_rectifier()) {
        layer.op = Op::Activation(Activation::Tanh);
    }
    assert!(!Method::GuidedGradCam.fits(&plan) && Method::Gradient.fits(&plan));
    let vb = var_builder(tensors, DType::F64);
    let mut network = CandleNetwork::load(plan, &vb, DType::F64, &Device::Cpu).unwrap();
    let input = uniform("input", 71 * 71 * 3);
    let logits = network.forward(&input).unwrap();
    let question = |method| Question {
        targets: &[Target::Class(1)],
        layers: &[LayerId(0)],
        score: Score::Logit,
        method,
    };
    let mut maps = |method| {
        let of = picture(&input);
        explain::maps(&mut network, of, &logits, question(method), &mut quietly(), &mut |_| {})
    };
    assert!(maps(Method::Gradient).is_ok());
    let refused = maps(Method::GuidedGradCam).unwrap_err().to_string();
    assert!(refused.contains("Guided Grad-CAM needs ReLUs"), "{refused}");
}

#[test]
fn a_method_of_pixels_is_no_sweep() {
    let mut case = Case::new(true);
    let (last, logits) = (case.last(), case.logits.clone());
    let result = explain::backward(
        case.network.as_mut(),
        &logits,
        &[Target::Class(0)],
        &[last],
        Score::Logit,
        Method::Rise,
        &|| false,
        &mut |_| {},
    );
    assert!(matches!(result, Err(NetworkError::NotALayers("RISE"))));
}

#[test]
fn measures_are_those_of_the_published_code() {
    let npz = npz();
    let number = |name: String| array(&npz, &name).unwrap()[0];
    let relevance = array(&npz, "relevance").unwrap();
    let (least, most) = relevance
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), &v| {
            (least.min(v), most.max(v))
        });
    let scaled = relevance.iter().map(|&v| (v - least) / (most - least));
    let map = Map::new(71, 71, scaled.collect());
    let how = Measuring {
        steps: 10,
        random: 3,
        fill: Fill::Grey,
        noise: 0.0,
    };
    for is_engine in [false, true] {
        let mut case = Case::new(is_engine);
        for class in CLASSES {
            let found = case.measure(class, &map, &Measure::ALL, how);
            let (deletion, insertion) = (found.deletion.unwrap(), found.insertion.unwrap());
            for (found, name) in [
                (deletion.area, "deletion"),
                (insertion.area, "insertion"),
                (found.road.unwrap(), "road"),
            ] {
                let expected = number(format!("{name}/{class}"));
                assert!((found - expected).abs() < 1e-4, "{name} of {class}: {found} {expected}");
            }
            assert_eq!(deletion.answers.len(), 11);
            // both ways begin and end at the same two pictures
            assert!((deletion.answers[0] - insertion.answers[10]).abs() < 1e-6);
            assert!((deletion.answers[10] - insertion.answers[0]).abs() < 1e-6);
            let random = found.random_deletion.unwrap();
            assert!(random.deviation > 0.0 && random.answers.len() == 11);
        }
        let answers = case.network.plan().output.answers(&case.logits);
        let mut drops = 0;
        for (class, answer) in answers.into_iter().enumerate() {
            let found = case.measure(class, &map, &[Measure::AverageDrop, Measure::Increase], how);
            let (drop, increase) = (found.average_drop.unwrap() * answer, found.increase.unwrap());
            let expected = number(format!("drop/{class}"));
            assert!((drop - expected).abs() < 1e-5, "class {class}: {drop} {expected}");
            assert_eq!(increase, expected == 0.0, "class {class}");
            drops += usize::from(expected > 0.0);
            assert!(found.deletion.is_none() && found.road.is_none());
        }
        assert!((1..7).contains(&drops));
    }
}

#[test]
fn areas_of_three_pictures_are_those_of_the_published_code_whatever_hides() {
    let npz = npz();
    let mut case = Case::new(true);
    for name in ["noise", "scene", "stripes"] {
        let values = array(&npz, &format!("picture/{name}")).unwrap();
        case.input = values.into_iter().map(|value| value as f32).collect();
        case.logits = case.network.forward(&case.input).unwrap();
        let map = Map::new(71, 71, array(&npz, &format!("hill/{name}")).unwrap());
        for fill in Fill::ALL {
            let how = Measuring {
                steps: 10,
                random: 0,
                fill,
                noise: 0.0,
            };
            for class in CLASSES {
                let found = case.measure(class, &map, &[Measure::Deletion, Measure::Insertion], how);
                for (way, curve) in [("deletion", found.deletion), ("insertion", found.insertion)] {
                    let expected = array(&npz, &format!("area/{name}/{fill}/{way}/{class}")).unwrap()[0];
                    let found = curve.unwrap().area;
                    assert!(
                        (found - expected).abs() < 1e-4,
                        "{name}, {fill}, {way} of {class}: {found} {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_picture_on_the_way_is_what_the_curve_was_measured_with() {
    let mut case = Case::new(true);
    let last = case.last();
    let map = case.map(1, last, Score::Logit, Method::GradCam);
    let before = case.network.activation(last).unwrap();
    let how = Measuring {
        steps: 8,
        random: 0,
        ..Measuring::default()
    };
    let found = case.measure(1, &map, &[Measure::Deletion, Measure::Insertion], how);
    let curves = [found.deletion.unwrap(), found.insertion.unwrap()];
    for (way, curve) in Way::ALL.into_iter().zip(curves) {
        for (step, answer) in curve.answers.iter().enumerate() {
            let picture = case.picture();
            let masked = explain::masked(case.network.as_mut(), picture, &map, (way, step), how).unwrap();
            let answers = case.network.plan().output.answers(&masked.logits);
            assert!((answers[1] - answer).abs() < 1e-6, "{way:?} after {step}");
            let hidden = masked.values.iter().filter(|value| **value == 0.0).count();
            let all = masked.values.len();
            let expected = match way {
                Way::Deletion => all * step / 8,
                Way::Insertion => all - all * step / 8,
            };
            assert!(
                hidden.abs_diff(expected) <= 3,
                "{way:?} after {step}: {hidden} of {expected}"
            );
        }
    }
    assert_eq!(case.network.activation(last).unwrap(), before);
}

#[test]
fn what_hides_is_chosen_and_a_map_without_cells_measures_nothing() {
    let mut case = Case::new(true);
    let last = case.last();
    let map = case.map(1, last, Score::Logit, Method::GradCam);
    let areas = Fill::ALL.map(|fill| {
        let how = Measuring {
            steps: 4,
            random: 0,
            fill,
            ..Measuring::default()
        };
        let found = case.measure(1, &map, &[Measure::Deletion], how);
        assert_eq!(found.random_deletion, None);
        found.deletion.unwrap().area
    });
    assert!(
        (1..areas.len()).all(|at| !areas[..at].contains(&areas[at])),
        "{areas:?}"
    );
    let nothing = case.measure(1, &Map::new(0, 0, Vec::new()), &Measure::ALL, Measuring::default());
    assert_eq!(nothing, Measures::default());
}
