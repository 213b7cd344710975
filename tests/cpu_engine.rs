//! The CPU engine against candle's operations in f64: every instruction set, every layer, forward and backward.

mod support;

use candle_core::{DType, Device};
use gradcam_explorer::models::xception::{self, Architecture};
use gradcam_explorer::network::cpu::Isa;
use gradcam_explorer::network::{CandleNetwork, CpuNetwork, LayerId, Network, NetworkError, Plan};
use proptest::prelude::*;
use support::{keras, random_tensors, small_architecture, small_plan, uniform, var_builder};

/// What a backward sweep shows of one layer.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    score: usize,
    layer: LayerId,
    gradient: Vec<f32>,
    mean: Vec<f64>,
    /// The map with the mean gradients as weights.
    map: Vec<f64>,
    /// The largest value that the map could have.
    bound: f64,
}

impl Seen {
    /// Relative errors of gradient, mean and map. Summands of a map cancel, so its error is that of its summands.
    fn errors(&self, expected: &Self) -> [f64; 3] {
        let map = self.map.iter().zip(&expected.map).map(|(a, b)| (a - b).abs());
        [
            difference(&self.gradient, &expected.gradient),
            difference(&self.mean, &expected.mean),
            map.fold(0.0, f64::max) / expected.bound,
        ]
    }
}

fn cpu(plan: &Plan, threads: usize, isa: Isa) -> CpuNetwork {
    let vb = var_builder(random_tensors(plan), DType::F32);
    CpuNetwork::load_with(plan.clone(), &vb, threads, isa).unwrap()
}

fn candle(plan: &Plan) -> CandleNetwork {
    let vb = var_builder(random_tensors(plan), DType::F64);
    CandleNetwork::load(plan.clone(), &vb, DType::F64, &Device::Cpu).unwrap()
}

fn image(plan: &Plan) -> Vec<f32> {
    uniform("image", plan.input().len())
}

/// Gradients of some scores with respect to the logits.
fn scores(plan: &Plan, count: usize) -> Vec<Vec<f64>> {
    let score = |index| {
        let values = uniform(&format!("score {index}"), plan.units());
        values.into_iter().map(f64::from).collect()
    };
    (0..count).map(score).collect()
}

fn sweep(network: &mut dyn Network, scores: &[Vec<f64>], layers: &[LayerId]) -> Vec<Seen> {
    let mut seen = Vec::new();
    network
        .backward(scores, layers, &|| false, &mut |score, site| {
            let mean = site.gradient_mean()?;
            let most = site
                .activation()?
                .iter()
                .fold(1.0_f32, |most, value| most.max(value.abs()));
            seen.push(Seen {
                score,
                layer: site.layer(),
                gradient: site.gradient()?,
                map: site.weighted_activation(&mean)?,
                bound: f64::from(most) * mean.iter().fold(f64::MIN_POSITIVE, |sum, mean| sum + mean.abs()),
                mean,
            });
            Ok(())
        })
        .unwrap();
    seen.sort_by_key(|seen| (seen.score, std::cmp::Reverse(seen.layer)));
    seen
}

/// The norm of a difference relative to the norm of what was expected: a ReLU that rounding flips in one cell changes
/// that cell's gradient, but hardly the norm.
fn difference<A: Copy + Into<f64>, B: Copy + Into<f64>>(found: &[A], expected: &[B]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let mut squares = [0.0, 0.0];
    for (&found, &expected) in found.iter().zip(expected) {
        let (found, expected): (f64, f64) = (found.into(), expected.into());
        squares[0] += (found - expected).powi(2);
        squares[1] += expected.powi(2);
    }
    (squares[0] / squares[1].max(f64::MIN_POSITIVE)).sqrt()
}

/// Compares everything there is with candle in f64, on every instruction set.
fn check(plan: &Plan, threads: usize, backward: f64) {
    let image = image(plan);
    let scores = scores(plan, 2);
    let mut reference = candle(plan);
    let logits = reference.forward(&image).unwrap();
    let layers: Vec<LayerId> = plan.mappable().collect();
    let expected = sweep(&mut reference, &scores, &layers);
    for isa in Isa::available() {
        let mut network = cpu(plan, threads, isa);
        assert!(difference(&network.forward(&image).unwrap(), &logits) < 1e-5, "{isa}");
        for id in plan.ids() {
            let found = network.activation(id).unwrap();
            let error = difference(&found, &reference.activation(id).unwrap());
            assert!(error < 1e-5, "{isa}: {} differs by {error}", plan.layer(id).name);
        }
        let found = sweep(&mut network, &scores, &layers);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.into_iter().zip(&expected) {
            let name = &plan.layer(found.layer).name;
            assert_eq!((found.score, found.layer), (expected.score, expected.layer));
            let errors = found.errors(expected);
            assert!(
                errors.iter().all(|e| *e < backward),
                "{isa}: {name} differs by {errors:?}"
            );
        }
    }
}

#[test]
fn every_instruction_set_equals_keras() {
    let plan = support::reference_plan();
    let vb = support::reference_weights(DType::F32);
    for isa in Isa::available() {
        keras::check_against_keras(&mut CpuNetwork::load_with(plan.clone(), &vb, 2, isa).unwrap());
    }
}

#[test]
fn odd_widths_agree_with_candle_at_every_layer() {
    check(&small_plan(71), 2, 1e-4);
    check(&small_plan(75), 3, 1e-4);
    check(&small_plan(96), 1, 1e-4);
}

#[test]
fn widths_beyond_one_block_of_channels_agree() {
    let architecture = Architecture {
        input_size: [90; 2],
        stem: [33, 64],
        entry: [[40, 96], [65, 31], [100, 129]],
        middle: vec![[32, 127, 129]],
        exit: [[1, 70], [97, 200]],
        ..Architecture::keras(150)
    };
    check(&xception::plan(&architecture).unwrap(), 2, 1e-4);
}

#[test]
fn a_network_without_middle_flow_agrees() {
    let architecture = Architecture {
        middle: vec![],
        ..small_architecture(71)
    };
    check(&xception::plan(&architecture).unwrap(), 2, 1e-4);
}

#[test]
fn full_input_size_agrees() {
    // four times as many ReLUs that rounding can flip
    check(&small_plan(299), 2, 1e-3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_network_agrees(
        input_size in 71..110usize,
        widths in prop::collection::vec(1..50usize, 12),
        middle in prop::collection::vec((1..50usize, 1..50usize), 0..3),
        classes in 1..20usize,
        threads in 1..4usize,
    ) {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = widths[..] else { unreachable!() };
        let architecture = Architecture {
            input_size: [input_size; 2],
            stem: [a, b],
            entry: [[c, d], [e, f], [g, h]],
            middle: middle.iter().map(|&(first, second)| [first, second, h]).collect(),
            exit: [[i, j], [k, l]],
            ..Architecture::keras(classes)
        };
        // in a narrow network a single flipped ReLU is a large part of the gradient
        check(&xception::plan(&architecture).unwrap(), threads, 2e-2);
    }
}

#[test]
fn results_are_the_same_bits_in_every_run_and_on_any_number_of_threads() {
    let plan = small_plan(96);
    let layers: Vec<LayerId> = plan.mappable().collect();
    for isa in Isa::available() {
        let mut runs = Vec::new();
        for threads in [1, 2, 3, 2] {
            let mut network = cpu(&plan, threads, isa);
            for _ in 0..2 {
                let logits = network.forward(&image(&plan)).unwrap();
                let shares = network.unit_shares().unwrap().unwrap();
                runs.push((logits, shares, sweep(&mut network, &scores(&plan, 2), &layers)));
            }
        }
        assert!(runs.iter().all(|run| *run == runs[0]), "{isa}");
    }
}

#[test]
fn scores_together_give_the_same_bits_as_each_alone() {
    let plan = small_plan(71);
    let mut network = cpu(&plan, 2, Isa::best());
    network.forward(&image(&plan)).unwrap();
    let layers: Vec<LayerId> = plan.mappable().collect();
    let scores = scores(&plan, 10);
    let together = sweep(&mut network, &scores, &layers);
    for (index, score) in scores.into_iter().enumerate() {
        let alone = sweep(&mut network, &[score], &layers);
        let of_batch = together.iter().filter(|seen| seen.score == index);
        let of_batch: Vec<Seen> = of_batch
            .map(|seen| Seen {
                score: 0,
                ..seen.clone()
            })
            .collect();
        assert!(of_batch == alone, "score {index}");
    }
}

#[test]
fn layers_come_from_the_last_to_the_first_and_those_before_are_not_needed() {
    let plan = small_plan(71);
    let mut network = cpu(&plan, 2, Isa::best());
    network.forward(&image(&plan)).unwrap();
    let scores = scores(&plan, 1);
    let all = sweep(&mut network, &scores, &plan.mappable().collect::<Vec<_>>());
    for layer in plan.mappable() {
        let of_all = all.iter().find(|seen| seen.layer == layer).unwrap();
        assert!(
            sweep(&mut network, &scores, &[layer]) == [of_all.clone()],
            "{}",
            plan.layer(layer).name
        );
    }
    let mut order = Vec::new();
    let layers: Vec<LayerId> = plan.mappable().collect();
    let mut visit = |_, site: &dyn gradcam_explorer::network::Site| {
        order.push(site.layer());
        Ok(())
    };
    network.backward(&scores, &layers, &|| false, &mut visit).unwrap();
    assert!(order.is_sorted_by(|a, b| a > b) && order.len() == layers.len());
}

#[test]
fn gradients_too_small_for_f32_are_kept() {
    let plan = small_plan(71);
    let mut network = cpu(&plan, 2, Isa::best());
    network.forward(&image(&plan)).unwrap();
    let layer = plan.find("block3_sepconv2_bn").unwrap();
    let usual = scores(&plan, 1);
    let tiny = usual
        .iter()
        .map(|score| score.iter().map(|g| g * 2f64.powi(-400)).collect())
        .collect::<Vec<_>>();
    let (usual, tiny) = (
        sweep(&mut network, &usual, &[layer]),
        sweep(&mut network, &tiny, &[layer]),
    );
    assert!(usual[0].mean.iter().any(|mean| *mean != 0.0));
    let restored: Vec<f64> = tiny[0].mean.iter().map(|mean| mean * 2f64.powi(400)).collect();
    assert_eq!(restored, usual[0].mean);
    let zero = vec![vec![0.0; plan.units()]];
    assert!(
        sweep(&mut network, &zero, &[layer])[0]
            .map
            .iter()
            .all(|value| *value == 0.0)
    );
}

#[test]
fn a_channel_that_batch_normalisation_switches_off_adds_nothing() {
    let plan = small_plan(71);
    let tensors = || {
        let mut tensors = random_tensors(&plan);
        for (parameter, values) in &mut tensors {
            if parameter.weight == "gamma" {
                values[0] = 0.0;
            }
        }
        tensors
    };
    let image = image(&plan);
    let layers: Vec<LayerId> = plan.mappable().collect();
    let vb = var_builder(tensors(), DType::F64);
    let mut reference = CandleNetwork::load(plan.clone(), &vb, DType::F64, &Device::Cpu).unwrap();
    let mut network = CpuNetwork::load(plan.clone(), &var_builder(tensors(), DType::F32), 2).unwrap();
    reference.forward(&image).unwrap();
    network.forward(&image).unwrap();
    let scores = scores(&plan, 1);
    let expected = sweep(&mut reference, &scores, &layers);
    for (found, expected) in sweep(&mut network, &scores, &layers).iter().zip(&expected) {
        let errors = found.errors(expected);
        assert!(
            errors.iter().all(|error| *error < 1e-3),
            "{} differs by {errors:?}",
            plan.layer(found.layer).name
        );
    }
}

#[test]
fn a_sweep_stops_when_it_is_told_and_the_next_one_works() {
    let plan = small_plan(71);
    let mut network = cpu(&plan, 2, Isa::best());
    network.forward(&image(&plan)).unwrap();
    let layers: Vec<LayerId> = plan.mappable().collect();
    let scores = scores(&plan, 1);
    let before = sweep(&mut network, &scores, &layers);
    for stages in [0, 1, 10, 50] {
        let asked = std::cell::Cell::new(0);
        let stop = || asked.replace(asked.get() + 1) >= stages;
        let result = network.backward(&scores, &layers, &stop, &mut |_, _| Ok(()));
        assert!(matches!(result, Err(NetworkError::Stopped)), "{stages}");
    }
    assert_eq!(sweep(&mut network, &scores, &layers), before);
}

#[test]
fn wrong_calls_are_errors() {
    let plan = small_plan(71);
    let mut network = cpu(&plan, 1, Isa::best());
    let last = plan.last_feature_layer();
    let score = scores(&plan, 1);
    let mut nothing = |_, _: &dyn gradcam_explorer::network::Site| Ok(());
    assert!(matches!(network.activation(last), Err(NetworkError::NoForward)));
    let result = network.backward(&score, &[last], &|| false, &mut nothing);
    assert!(matches!(result, Err(NetworkError::NoForward)));
    assert!(matches!(
        network.forward(&[0.0; 12]),
        Err(NetworkError::Input { found: 12, .. })
    ));
    network.forward(&image(&plan)).unwrap();
    let result = network.backward(&score, &[LayerId(0)], &|| false, &mut nothing);
    assert!(matches!(result, Err(NetworkError::NoMap(_))));
    let result = network.backward(&[vec![1.0]], &[last], &|| false, &mut nothing);
    assert!(matches!(result, Err(NetworkError::Input { found: 1, .. })));
    let result = network.backward(&score, &[last], &|| false, &mut |_, site| {
        site.weighted_activation(&[1.0]).map(drop)
    });
    assert!(matches!(result, Err(NetworkError::Input { found: 1, .. })));
    network.backward(&score, &[], &|| false, &mut nothing).unwrap();
}

#[test]
fn a_missing_tensor_is_an_error() {
    let plan = small_plan(71);
    let mut tensors = random_tensors(&plan);
    tensors.retain(|(parameter, _)| parameter.path() != "block4_sepconv1_bn/gamma");
    let result = CpuNetwork::load(plan, &var_builder(tensors, DType::F32), 2);
    assert!(result.is_err_and(|error| error.to_string().contains("block4_sepconv1_bn")));
}
