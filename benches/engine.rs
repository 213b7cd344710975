//! The CPU engine at the size of Keras' Xception, with weights of no meaning.
//!
//! `cargo bench --bench engine`; a filter such as `-- forward` runs a part of it. Nothing else should run meanwhile.

use std::collections::HashMap;
use std::hint::black_box;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use gradcam_explorer::explain::{ClassMaps, Score, Target};
use gradcam_explorer::models::xception::{self, Architecture};
use gradcam_explorer::network::cpu::Isa;
use gradcam_explorer::network::{CpuNetwork, Layer, LayerId, Network, Op, Output, Plan, Role, Shape};

fn plan() -> Plan {
    xception::plan(&Architecture::keras(1000)).expect("Keras' own widths are consistent")
}

/// Values in -1..1 without a pattern.
fn noise(seed: u64, count: usize) -> impl Iterator<Item = f32> {
    (0..count as u64).map(move |index| {
        let mut z = (seed << 32 | index).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z >> 40) as f32 / (1 << 23) as f32 - 1.0
    })
}

/// Weights that keep activations at about their size from layer to layer.
fn weights(plan: &Plan) -> VarBuilder<'static> {
    let tensors: HashMap<String, Tensor> = (0..)
        .zip(plan.parameters())
        .map(|(seed, parameter)| {
            let count: usize = parameter.shape.iter().product();
            let (centre, spread) = match parameter.weight {
                "gamma" => (1.0, 0.2),
                "moving_variance" => (0.4, 0.1),
                "beta" | "moving_mean" | "bias" => (0.0, 0.3),
                "depthwise_kernel" => (0.0, 0.45),
                _ => {
                    let outputs = parameter.shape.last().copied().unwrap_or(1);
                    (0.0, 1.3 / (count as f32 / outputs as f32).sqrt())
                }
            };
            let values: Vec<f32> = noise(seed, count).map(|value| centre + spread * value).collect();
            let tensor =
                Tensor::from_vec(values, parameter.shape.clone(), &Device::Cpu).expect("as many values as named");
            (format!("{}.{}", parameter.layer, parameter.weight), tensor)
        })
        .collect();
    VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu)
}

fn engine(c: &mut Criterion) {
    let plan = plan();
    let weights = weights(&plan);
    let image: Vec<f32> = noise(1000, 299 * 299 * 3).collect();
    let load =
        |threads, isa| CpuNetwork::load_with(plan.clone(), &weights, threads, isa).expect("all weights are there");

    let mut group = c.benchmark_group("forward");
    group.sample_size(15);
    for isa in Isa::available() {
        for threads in [2, 1] {
            let mut network = load(threads, isa);
            group.bench_function(BenchmarkId::new(isa.to_string(), threads), |b| {
                b.iter(|| network.forward(black_box(&image)).expect("an image of the right size"));
            });
        }
    }
    group.finish();

    let mut group = c.benchmark_group("map");
    group.sample_size(15);
    let mut network = load(2, Isa::best());
    network.forward(&image).expect("an image of the right size");
    let score: Vec<f64> = noise(2000, 1000).map(f64::from).collect();
    let names = [
        "block14_sepconv2_act",
        "block8_sepconv3_bn",
        "block3_sepconv2_bn",
        "block1_conv2_act",
    ];
    let mut cases: Vec<(&str, Vec<LayerId>)> = names
        .iter()
        .map(|name| (*name, plan.find(name).into_iter().collect()))
        .collect();
    cases.push(("all layers", plan.mappable().collect()));
    for (name, layers) in cases {
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut maps = Vec::new();
                let mut visit = |_, site: &dyn gradcam_explorer::network::Site| {
                    maps.push(site.weighted_activation(&site.gradient_mean()?)?);
                    Ok(())
                };
                let scores = std::slice::from_ref(&score);
                network
                    .backward(scores, &layers, &|| false, &mut visit)
                    .expect("nothing stops it");
                maps
            });
        });
    }
    let logits = network.forward(&image).expect("an image of the right size");
    group.bench_function("all classes", |b| {
        b.iter(|| {
            let maps = ClassMaps::new(&network, &logits).expect("an image has gone through");
            for class in 0..maps.classes() {
                black_box(maps.map(Target::Class(class), Score::Probability).heat());
            }
        });
    });
    wide_head(&mut group, &image);
    group.finish();

    let mut group = c.benchmark_group("load");
    group.sample_size(15);
    for threads in [2, 1] {
        group.bench_function(threads.to_string(), |b| b.iter(|| load(threads, Isa::best())));
    }
    group.finish();
}

/// A class at the last layer behind a hidden layer 1024 wide, of 1000 classes, as it is asked for when a pointer reaches it.
fn wide_head(group: &mut BenchmarkGroup<'_, WallTime>, image: &[f32]) {
    let body = plan();
    let mut layers = body.layers.clone();
    let average = LayerId(layers.len() - 2);
    layers.truncate(average.0 + 1);
    let mut add = |name: &str, op: Op, channels: usize| {
        layers.push(Layer {
            name: name.to_owned(),
            weights: name.to_owned(),
            op,
            inputs: vec![LayerId(layers.len() - 1)],
            shape: Shape::vector(channels),
            role: Role::NoMap,
        });
    };
    add("hidden", Op::Dense { bias: true }, 1024);
    add("hidden_act", Op::RELU, 1024);
    add("classes", Op::Dense { bias: true }, 1000);
    let plan = Plan::new(layers, Output::Softmax).expect("a chain behind the average");
    let mut network = CpuNetwork::load_with(plan.clone(), &weights(&plan), 2, Isa::best()).expect("all weights");
    let logits = network.forward(image).expect("an image of the right size");
    // a class is made once and kept, so each measurement asks new maps for one
    group.bench_function("a class behind 1024 hidden units", |b| {
        b.iter_batched(
            || ClassMaps::new(&network, &logits).expect("an image has gone through"),
            |maps| black_box(maps.map(Target::Class(7), Score::Probability)),
            BatchSize::LargeInput,
        );
    });
}

criterion_group!(benches, engine);
criterion_main!(benches);
