//! The network against itself: closed form, vector-Jacobian products and finite differences agree.

mod support;

use candle_core::{DType, Device};
use gradcam_explorer::explain::{self, ClassMaps, Method, Score, ScoreGradient, Target};
use gradcam_explorer::network::cpu::Isa;
use gradcam_explorer::network::{
    Activation, CandleNetwork, CpuNetwork, Layer, LayerId, Network, Op, Output, Padding, Plan, ReluRule, Role, Shape,
    Window,
};
use support::{random_tensors, small_plan, uniform, var_builder};

fn small_network(input_size: usize) -> (CandleNetwork, Vec<f64>) {
    let plan = small_plan(input_size);
    let vb = var_builder(random_tensors(&plan), DType::F64);
    let input = uniform("input", input_size * input_size * 3);
    let mut network = CandleNetwork::load(plan, &vb, DType::F64, &Device::Cpu).unwrap();
    let logits = network.forward(&input).unwrap();
    (network, logits)
}

#[test]
fn the_plan_has_the_layers_of_keras_in_its_order() {
    let plan = support::reference_plan();
    assert_eq!(plan.layers.len(), 134);
    assert_eq!(plan.parameters().len(), 236);
    let values: usize = plan
        .parameters()
        .iter()
        .map(|p| p.shape.iter().product::<usize>())
        .sum();
    assert_eq!(values, 22_910_480);
    assert_eq!(plan.layer(plan.last_feature_layer()).name, "block14_sepconv2_act");
}

#[test]
fn every_layer_is_listed_once_and_after_its_inputs() {
    for plan in [support::reference_plan(), small_plan(71)] {
        for id in plan.ids() {
            let layer = plan.layer(id);
            assert_eq!(plan.find(&layer.name), Some(id));
            assert!(layer.inputs.iter().all(|&input| input < id));
        }
    }
}

/// The largest difference of two lists, relative to the largest magnitude of the second.
fn relative_difference(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(f64::MIN_POSITIVE, |m, v| m.max(v.abs()));
    found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs() / scale)
        .fold(0.0, f64::max)
}

#[test]
fn the_closed_form_equals_the_vector_jacobian_product() {
    let (mut network, logits) = small_network(75);
    let last = network.plan().last_feature_layer();
    let maps = ClassMaps::new(&network, &logits).unwrap();
    let targets: Vec<_> = (0..7)
        .map(Target::Class)
        .chain([Target::Rather { class: 3, than: 0 }])
        .collect();
    for score in Score::ALL {
        let mut seen = 0;
        explain::backward(
            &mut network,
            &logits,
            &targets,
            &[last],
            score,
            Method::GradCam,
            &|| false,
            &mut |found| {
                let closed = maps.map(found.target, score);
                assert!(
                    relative_difference(&closed.signed, &found.map.signed) < 1e-5,
                    "{:?} {score}",
                    found.target
                );
                seen += 1;
            },
        )
        .unwrap();
        assert_eq!(seen, targets.len());
    }
    // the cells' shares of a logit and the bias add up to it
    let bias = random_tensors(network.plan()).pop().unwrap().1;
    for (class, logit) in logits.iter().enumerate() {
        let sum: f64 = maps.map(Target::Class(class), Score::Logit).signed.iter().sum();
        assert!((sum + f64::from(bias[class]) - logit).abs() < 1e-5);
    }
    let cell = maps.at_cell(1).unwrap();
    assert!((f64::from(cell[4]) - maps.map(Target::Class(4), Score::Logit).signed[1]).abs() < 1e-12);
}

/// Replays the network from the output of `from` on, with that output changed at one position: the score as a function
/// of one value of one layer. Written without the plan's backward pass, on plain slices.
fn score_with(
    plan: &Plan,
    weights: &support::Tensors,
    outputs: &[Vec<f64>],
    from: LayerId,
    position: usize,
    step: f64,
    gradient: &ScoreGradient,
) -> f64 {
    let mut changed: Vec<Option<Vec<f64>>> = vec![None; plan.layers.len()];
    let mut start = outputs[from.0].clone();
    start[position] += step;
    changed[from.0] = Some(start);
    for id in plan.ids().skip(from.0 + 1) {
        let layer = plan.layer(id);
        if layer.inputs.iter().any(|input| changed[input.0].is_some()) {
            let inputs: Vec<&[f64]> = layer
                .inputs
                .iter()
                .map(|input| changed[input.0].as_deref().unwrap_or(&outputs[input.0]))
                .collect();
            changed[id.0] = Some(support::naive_layer(plan, id, weights, &inputs));
        }
    }
    let logits = changed.pop().flatten().unwrap();
    logits.iter().zip(&gradient.logits).map(|(z, g)| z * g).sum()
}

/// Compares the gradients of a sweep over all layers with finite differences, at three places a layer.
fn check_differences(
    network: &mut dyn Network,
    weights: &support::Tensors,
    outputs: &[Vec<f64>],
    gradient: &ScoreGradient,
    step: f64,
    tolerance: f64,
) {
    let plan = network.plan().clone();
    let layers: Vec<LayerId> = plan.mappable().collect();
    let mut visited = Vec::new();
    network
        .backward(
            std::slice::from_ref(&gradient.logits),
            &layers,
            &|| false,
            &mut |_, site| {
                visited.push((site.layer(), site.gradient()?));
                Ok(())
            },
        )
        .unwrap();
    assert_eq!(
        visited.iter().rev().map(|(layer, _)| *layer).collect::<Vec<_>>(),
        layers
    );
    for (layer, found) in &visited {
        let scale = found.iter().fold(f32::MIN_POSITIVE, |m, v| m.max(v.abs()));
        for probe in 0..3 {
            let position = (probe * 2_654_435_761 + 17) % found.len();
            let at = |step| score_with(&plan, weights, outputs, *layer, position, step, gradient);
            let expected = (at(step) - at(-step)) / (2.0 * step);
            let difference = (f64::from(found[position]) - expected).abs() / f64::from(scale);
            assert!(
                difference < tolerance,
                "{} at {position}: {difference}",
                plan.layer(*layer).name
            );
        }
    }
}

#[test]
fn vector_jacobian_products_equal_finite_differences_at_every_kind_of_stage() {
    let size = 71;
    let (mut network, logits) = small_network(size);
    let plan = network.plan().clone();
    let weights = support::tensors_f64(&plan, random_tensors(&plan));
    let input: Vec<f64> = uniform("input", size * size * 3).into_iter().map(f64::from).collect();
    let outputs = support::naive_outputs(&plan, &weights, input);
    // the naive replay is the same network
    assert!(relative_difference(outputs.last().unwrap(), &logits) < 1e-12);

    let gradient = ScoreGradient::new(Target::Class(0), Score::Probability, Output::Softmax, &logits);
    check_differences(&mut network, &weights, &outputs, &gradient, 1e-6, 1e-5);
    let kinds: Vec<_> = plan
        .mappable()
        .map(|layer| std::mem::discriminant(&plan.layer(layer).op))
        .collect();
    for name in [
        "block1_conv2",
        "conv2d_1",
        "block2_sepconv1",
        "block2_sepconv1_bn",
        "block2_sepconv2_act",
        "block3_pool",
        "add",
    ] {
        let op = &plan.layer(plan.find(name).unwrap()).op;
        assert!(kinds.contains(&std::mem::discriminant(op)), "{op:?} was not tried");
    }
}

/// Appends layers to a plan, the way EfficientNet's are put together.
struct Blocks {
    layers: Vec<Layer>,
}

impl Blocks {
    fn push(&mut self, op: Op, inputs: Vec<LayerId>, channels: usize) -> LayerId {
        let shapes: Vec<Shape> = inputs.iter().map(|input| self.layers[input.0].shape).collect();
        let from = shapes.first().copied();
        let shape = from.map_or(
            Shape {
                height: 34,
                width: 31,
                channels,
            },
            |from| op.output(from, &shapes[1..], channels),
        );
        let role = if matches!(op, Op::Input | Op::ZeroPad { .. }) || shape.cells() == 1 {
            Role::NoMap
        } else {
            Role::Target
        };
        let name = format!("layer{}", self.layers.len());
        self.layers.push(Layer {
            weights: name.clone(),
            name,
            op,
            inputs,
            shape,
            role,
        });
        LayerId(self.layers.len() - 1)
    }

    fn normalized(&mut self, op: Op, input: LayerId, channels: usize) -> LayerId {
        let x = self.push(op, vec![input], channels);
        let normalization = Op::BatchNorm {
            epsilon: 1e-3,
            scale: true,
            center: true,
        };
        self.push(normalization, vec![x], channels)
    }

    /// A convolution, its batch normalisation and ReLU6.
    fn rectified(&mut self, op: Op, input: LayerId, channels: usize) -> LayerId {
        let x = self.normalized(op, input, channels);
        let relu6 = Activation::Relu {
            max: Some(6.0),
            slope: 0.0,
            threshold: 0.0,
        };
        self.push(Op::Activation(relu6), vec![x], channels)
    }

    /// Expansion, depthwise convolution, projection without activation.
    fn block(&mut self, input: LayerId, expanded: usize, depthwise: [usize; 2], outputs: usize) -> LayerId {
        let x = self.rectified(conv(1, 1), input, expanded);
        let [kernel, stride] = depthwise;
        let depthwise = Op::Depthwise {
            window: Window::square(kernel, stride, Padding::Same),
            multiplier: 1,
            bias: false,
        };
        let x = self.rectified(depthwise, x, expanded);
        self.normalized(conv(1, 1), x, outputs)
    }
}

fn conv(kernel: usize, stride: usize) -> Op {
    Op::Conv {
        window: Window::square(kernel, stride, Padding::Same),
        groups: 1,
        bias: false,
        kernel: "kernel",
    }
}

/// All that EfficientNet-Lite has and Xception has not, on an image of even height and odd width.
fn inverted_bottlenecks() -> Plan {
    bottlenecks_behind(&[])
}

/// The same behind operations that scale the pixels.
fn bottlenecks_behind(preparation: &[Op]) -> Plan {
    let mut blocks = Blocks { layers: Vec::new() };
    let mut image = blocks.push(Op::Input, vec![], 3);
    for op in preparation {
        image = blocks.push(op.clone(), vec![image], 3);
    }
    let stem = blocks.rectified(conv(3, 2), image, 6);
    let start = blocks.block(stem, 10, [3, 2], 8);
    let branch = blocks.block(start, 33, [5, 1], 8);
    let sum = blocks.push(Op::Add, vec![branch, start], 8);
    let down = blocks.block(sum, 17, [5, 2], 12);
    let top = blocks.rectified(conv(1, 1), down, 40);
    let mean = blocks.push(Op::GlobalAveragePool, vec![top], 40);
    blocks.push(Op::Dense { bias: true }, vec![mean], 5);
    Plan::new(blocks.layers, Output::Softmax).unwrap()
}

#[test]
fn vector_jacobian_products_equal_finite_differences_in_inverted_bottlenecks() {
    let plan = inverted_bottlenecks();
    assert_eq!(plan.layer(plan.last_feature_layer()).shape.cells(), 5 * 4);
    // so large that every ReLU6 has inputs below 0, between, and above 6
    let mut image = uniform("input", plan.input().len());
    image.iter_mut().for_each(|value| *value *= 20.0);
    let weights = support::tensors_f64(&plan, random_tensors(&plan));
    let outputs = support::naive_outputs(&plan, &weights, image.iter().copied().map(f64::from).collect());
    for id in plan.ids() {
        if let Op::Activation(_) = plan.layer(id).op {
            let share = |holds: &dyn Fn(f64) -> bool| {
                outputs[id.0].iter().filter(|&&value| holds(value)).count() as f64 / outputs[id.0].len() as f64
            };
            let shares = [share(&|value| value == 0.0), share(&|value| value == 6.0)];
            assert!(
                shares[0] > 0.05 && shares[1] > 0.005,
                "{}: {shares:?}",
                plan.layer(id).name
            );
        }
    }

    let logits = outputs.last().unwrap();
    let gradient = ScoreGradient::new(Target::Class(3), Score::Probability, Output::Softmax, logits);
    let vb = var_builder(random_tensors(&plan), DType::F64);
    let mut candle = CandleNetwork::load(plan.clone(), &vb, DType::F64, &Device::Cpu).unwrap();
    assert!(relative_difference(&candle.forward(&image).unwrap(), logits) < 1e-12);
    check_differences(&mut candle, &weights, &outputs, &gradient, 1e-6, 1e-5);

    let vb = var_builder(random_tensors(&plan), DType::F32);
    for isa in Isa::available() {
        let mut cpu = CpuNetwork::load_with(plan.clone(), &vb, 2, isa).unwrap();
        assert!(
            relative_difference(&cpu.forward(&image).unwrap(), logits) < 1e-5,
            "{isa}"
        );
        check_differences(&mut cpu, &weights, &outputs, &gradient, 1e-6, 1e-4);
    }
}

/// All that other networks of Keras have: borders of zeros, pools, gates, branches put together, pre-activations.
fn everything_else() -> Plan {
    let mut blocks = Blocks { layers: Vec::new() };
    let activation = |activation| Op::Activation(activation);
    let valid = |kernel, stride| match conv(kernel, stride) {
        Op::Conv { window, .. } => Op::Conv {
            window: Window {
                padding: Padding::Valid,
                ..window
            },
            groups: 1,
            bias: true,
            kernel: "kernel",
        },
        op => op,
    };
    let border = |before, after| Op::ZeroPad { before, after };
    let image = blocks.push(Op::Input, vec![], 3);
    // the border of a ResNet, then its pool behind another
    let x = blocks.push(border([3; 2], [3; 2]), vec![image], 0);
    let x = blocks.normalized(valid(7, 2), x, 10);
    let x = blocks.push(Op::RELU, vec![x], 0);
    let x = blocks.push(border([1; 2], [1; 2]), vec![x], 0);
    let pool = Window::square(3, 1, Padding::Valid);
    let stem = blocks.push(Op::MaxPool { window: pool }, vec![x], 0);
    // an identity shortcut from behind a ReLU, and one of a projection, in either order
    let x = blocks.normalized(valid(1, 1), stem, 10);
    let sum = blocks.push(Op::Add, vec![stem, x], 0);
    let first = blocks.push(Op::RELU, vec![sum], 0);
    let x = blocks.normalized(conv(3, 1), first, 10);
    let sum = blocks.push(Op::Add, vec![first, x], 0);
    let second = blocks.push(Op::RELU, vec![sum], 0);
    let shortcut = blocks.normalized(valid(1, 2), second, 12);
    let x = blocks.push(border([0, 1], [1, 1]), vec![second], 0);
    let depthwise = Op::Depthwise {
        window: Window::square(3, 2, Padding::Valid),
        multiplier: 1,
        bias: false,
    };
    let x = blocks.normalized(depthwise, x, 10);
    let x = blocks.push(activation(Activation::Silu), vec![x], 0);
    // squeeze and excitation
    let mean = blocks.push(Op::GlobalAveragePool, vec![x], 0);
    let flat = blocks.push(Op::Flatten, vec![mean], 0);
    let cell = blocks.push(valid(1, 1), vec![flat], 4);
    let cell = blocks.push(activation(Activation::Silu), vec![cell], 0);
    let cell = blocks.push(valid(1, 1), vec![cell], 10);
    let cell = blocks.push(activation(Activation::Sigmoid), vec![cell], 0);
    let gated = blocks.push(Op::Multiply, vec![x, cell], 0);
    let x = blocks.normalized(valid(1, 1), gated, 12);
    let crop = Op::Crop {
        before: [0, 0],
        after: {
            let [a, b] = [shortcut, x].map(|id| blocks.layers[id.0].shape);
            [a.height - b.height, a.width - b.width]
        },
    };
    let shortcut = blocks.push(crop, vec![shortcut], 0);
    let x = blocks.push(
        Op::WeightedSum {
            factors: vec![1.0, 0.17],
        },
        vec![shortcut, x],
        0,
    );
    // branches put together, as DenseNet's and Inception's, after a normalisation that no convolution precedes
    let norm = Op::BatchNorm {
        epsilon: 1e-3,
        scale: true,
        center: true,
    };
    let before = blocks.push(norm.clone(), vec![x], 0);
    let before = blocks.push(Op::RELU, vec![before], 0);
    let wide = match conv(3, 1) {
        Op::Conv { window, .. } => Op::Conv {
            window: Window {
                kernel: [1, 7],
                ..window
            },
            groups: 3,
            // without it, zeros would meet zeros in the maximum below
            bias: true,
            kernel: "kernel",
        },
        op => op,
    };
    let a = blocks.push(wide, vec![before], 9);
    let average = Op::AveragePool {
        window: Window::square(3, 1, Padding::Same),
    };
    let b = blocks.push(average, vec![x], 0);
    let c = blocks.push(activation(Activation::Tanh), vec![x], 0);
    let x = blocks.push(Op::Concatenate, vec![a, b, c], 0);
    let channels = blocks.layers[x.0].shape.channels;
    let other = blocks.push(Op::LayerScale, vec![x], channels);
    let most = blocks.push(Op::Maximum, vec![x, other], 0);
    let least = blocks.push(Op::Minimum, vec![x, other], 0);
    let product = blocks.push(Op::Multiply, vec![most, least], 0);
    let x = blocks.push(
        Op::WeightedSum {
            factors: vec![0.5, 0.25, 0.25],
        },
        vec![x, product, most],
        0,
    );
    let x = blocks.push(Op::Repeat { times: [2, 1] }, vec![x], 0);
    let x = blocks.push(Op::Interpolate { times: [2, 3] }, vec![x], 0);
    let x = blocks.push(norm, vec![x], 0);
    let affine = Op::Affine {
        scale: vec![0.5; channels],
        shift: vec![0.25; channels],
    };
    let x = blocks.push(affine, vec![x], 0);
    let top = blocks.push(Op::RELU, vec![x], 0);
    // a head with two branches
    let mean = blocks.push(Op::GlobalAveragePool, vec![top], 0);
    let hidden = blocks.push(Op::Dense { bias: true }, vec![mean], channels);
    let gate = blocks.push(activation(Activation::Sigmoid), vec![hidden], 0);
    let head = blocks.push(Op::Multiply, vec![mean, gate], 0);
    blocks.push(Op::Dense { bias: true }, vec![head], 5);
    Plan::new(blocks.layers, Output::Softmax).unwrap()
}

#[test]
fn vector_jacobian_products_equal_finite_differences_in_all_other_operations() {
    let plan = everything_else();
    let image = uniform("input", plan.input().len());
    let weights = support::tensors_f64(&plan, random_tensors(&plan));
    let outputs = support::naive_outputs(&plan, &weights, image.iter().copied().map(f64::from).collect());
    let logits = outputs.last().unwrap();
    let gradient = ScoreGradient::new(Target::Class(3), Score::Probability, Output::Softmax, logits);
    let vb = var_builder(random_tensors(&plan), DType::F64);
    let mut candle = CandleNetwork::load(plan.clone(), &vb, DType::F64, &Device::Cpu).unwrap();
    assert!(relative_difference(&candle.forward(&image).unwrap(), logits) < 1e-12);
    check_differences(&mut candle, &weights, &outputs, &gradient, 1e-5, 1e-5);

    let vb = var_builder(random_tensors(&plan), DType::F32);
    for isa in Isa::available() {
        let mut cpu = CpuNetwork::load_with(plan.clone(), &vb, 2, isa).unwrap();
        assert!(
            relative_difference(&cpu.forward(&image).unwrap(), logits) < 1e-5,
            "{isa}"
        );
        for id in plan.ids().skip(1) {
            let found: Vec<f64> = cpu.activation(id).unwrap().into_iter().map(f64::from).collect();
            let difference = relative_difference(&found, &outputs[id.0]);
            assert!(difference < 1e-5, "{isa}: {} {difference}", plan.layer(id).name);
        }
        // many small differences of f32 add up through products of products
        check_differences(&mut cpu, &weights, &outputs, &gradient, 1e-5, 1e-3);
    }
}

#[test]
fn with_little_memory_early_layers_are_computed_again_to_the_same_bits() {
    let twice = Op::Affine {
        scale: vec![2.0; 3],
        shift: vec![0.125; 3],
    };
    // pixels that are scaled again whenever the first layers are computed would be others each time
    let prepared = bottlenecks_behind(&[twice.clone(), twice]);
    for plan in [everything_else(), inverted_bottlenecks(), prepared] {
        let image = uniform("input", plan.input().len());
        let vb = var_builder(random_tensors(&plan), DType::F32);
        let layers: Vec<LayerId> = plan.mappable().collect();
        let all = |bytes: usize| {
            let mut network = CpuNetwork::load_within(plan.clone(), &vb, 2, Isa::best(), bytes).unwrap();
            let mut found = vec![];
            // a second pass and a second sweep in memory that was used before
            for _ in 0..2 {
                let logits = network.forward(&image).unwrap();
                // the first pass keeps the last map alone, until another is asked for
                let last = plan.last_feature_layer();
                for id in std::iter::once(last).chain(plan.ids()) {
                    found.push((id, network.activation(id).unwrap()));
                }
                let gradients: Vec<Vec<f64>> = (0..6)
                    .map(|class| {
                        let target = Target::Class(class % 5);
                        ScoreGradient::new(target, Score::Logit, Output::Softmax, &logits).logits
                    })
                    .collect();
                network
                    .backward(&gradients, &layers, &|| false, &mut |_, site| {
                        found.push((site.layer(), site.gradient()?));
                        let weights = vec![0.5; plan.layer(site.layer()).shape.channels];
                        let sums = site.weighted_activation(&weights)?;
                        found.push((site.layer(), sums.into_iter().map(|sum| sum as f32).collect()));
                        Ok(())
                    })
                    .unwrap();
            }
            let (first, second) = found.split_at(found.len() / 2);
            assert!(first == second, "the second pass is not the first with {bytes} bytes");
            found
        };
        let kept = all(usize::MAX);
        for bytes in [0, 60_000, 300_000] {
            for ((layer, again), (_, kept)) in all(bytes).iter().zip(&kept) {
                assert!(again == kept, "{} with {bytes} bytes", plan.layer(*layer).name);
            }
        }
    }
}

#[test]
fn a_sweep_stops_when_asked_and_refuses_layers_without_a_map() {
    let (mut network, logits) = small_network(71);
    let first = network.plan().mappable().next().unwrap();
    let seed = [ScoreGradient::new(Target::Class(0), Score::Logit, Output::Softmax, &logits).logits];
    let stopped = network.backward(&seed, &[first], &|| true, &mut |_, _| Ok(()));
    assert!(matches!(stopped, Err(gradcam_explorer::network::NetworkError::Stopped)));
    let pool = network.plan().find("avg_pool").unwrap();
    let refused = network.backward(&seed, &[pool], &|| false, &mut |_, _| Ok(()));
    assert!(refused.unwrap_err().to_string().contains("avg_pool"));
}

#[test]
fn a_wrong_input_length_is_an_error_and_not_a_panic() {
    let (mut network, _) = small_network(71);
    assert!(network.forward(&[0.0; 5]).unwrap_err().to_string().contains("15123"));
}

/// A method and its signed map.
type MethodMap = (Method, Vec<f64>);

/// Methods that are sums of what a layer's cells hold.
const SUMS: [Method; 6] = [
    Method::GradCam,
    Method::HiresCam,
    Method::XgradCam,
    Method::GradCamPlusPlus,
    Method::LayerCam,
    Method::GradCamElementWise,
];

/// All maps of one class by those methods at one layer, with the activation and the true gradient they come from.
fn methods_at(layer: &str, score: Score) -> (Vec<MethodMap>, Vec<f64>, Vec<f64>) {
    let (mut network, logits) = small_network(75);
    let layer = network.plan().find(layer).unwrap();
    let target = Target::Class(2);
    let mut maps = Vec::new();
    for method in SUMS {
        explain::backward(
            &mut network,
            &logits,
            &[target],
            &[layer],
            score,
            method,
            &|| false,
            &mut |found| {
                maps.push((method, found.map.signed));
            },
        )
        .unwrap();
    }
    let gradient = ScoreGradient::new(target, score, Output::Softmax, &logits);
    let mut values = (Vec::new(), Vec::new());
    network
        .backward(
            std::slice::from_ref(&gradient.logits),
            &[layer],
            &|| false,
            &mut |_, site| {
                let scaled = site
                    .gradient()?
                    .into_iter()
                    .map(|g| f64::from(g) * gradient.scale)
                    .collect();
                values = (site.activation()?.into_iter().map(f64::from).collect(), scaled);
                Ok(())
            },
        )
        .unwrap();
    (maps, values.0, values.1)
}

#[test]
fn every_method_equals_its_papers_formula() {
    for score in Score::ALL {
        for (layer, cells) in [
            ("block13_sepconv2_bn", 25),
            ("block3_sepconv1_act", 18 * 18),
            ("block14_sepconv2_act", 9),
        ] {
            let (maps, activation, gradient) = methods_at(layer, score);
            let channels = activation.len() / cells;
            assert_eq!(activation.len() % cells, 0);
            let at = |values: &[f64], cell: usize, k: usize| values[cell * channels + k];
            for (method, signed) in maps {
                let weight = |k: usize| -> f64 {
                    let sum: f64 = (0..cells).map(|cell| at(&activation, cell, k)).sum();
                    let each = |term: &dyn Fn(f64, f64) -> f64| -> f64 {
                        (0..cells)
                            .map(|cell| term(at(&gradient, cell, k), at(&activation, cell, k)))
                            .sum()
                    };
                    match method {
                        Method::GradCam => each(&|g, _| g) / cells as f64,
                        Method::XgradCam if sum.abs() <= 1e-7 => each(&|g, _| g) / cells as f64,
                        Method::XgradCam => each(&|g, a| g * a) / sum,
                        Method::GradCamPlusPlus => each(&|g, _| {
                            let alpha = g.powi(2) / (2.0 * g.powi(2) + g.powi(3) * sum);
                            if g > 0.0 { alpha * g } else { 0.0 }
                        }),
                        _ => f64::NAN,
                    }
                };
                let weights: Vec<f64> = (0..channels).map(weight).collect();
                let expected: Vec<f64> = (0..cells)
                    .map(|cell| {
                        (0..channels)
                            .map(|k| match (method, at(&gradient, cell, k), at(&activation, cell, k)) {
                                (Method::HiresCam, g, a) => g * a,
                                (Method::LayerCam, g, a) => g.max(0.0) * a,
                                (Method::GradCamElementWise, g, a) => (g * a).max(0.0),
                                (_, _, a) => weights[k] * a,
                            })
                            .sum()
                    })
                    .collect();
                let difference = relative_difference(&signed, &expected);
                assert!(difference < 1e-4, "{method} at {layer}: {difference}");
            }
        }
    }
}

#[test]
fn at_the_last_layer_three_methods_are_one() {
    let plan = small_plan(71);
    for score in Score::ALL {
        let (maps, _, _) = methods_at("block14_sepconv2_act", score);
        for (method, signed) in &maps {
            let difference = relative_difference(signed, &maps[0].1);
            assert_eq!(
                difference < 1e-5,
                method.is_in_class_maps(&plan, plan.last_feature_layer()),
                "{method}: {difference}"
            );
        }
    }
}

/// A network whose given layers are tried, with what it is by plain arithmetic in f64.
struct Replayed {
    plan: Plan,
    weights: support::Tensors,
    outputs: Vec<Vec<f64>>,
    input: Vec<f32>,
}

impl Replayed {
    fn new(plan: Plan, input: Vec<f32>) -> Self {
        let weights = support::tensors_f64(&plan, random_tensors(&plan));
        let outputs = support::naive_outputs(&plan, &weights, input.iter().copied().map(f64::from).collect());
        Self {
            plan,
            weights,
            outputs,
            input,
        }
    }

    /// The logits where the output of a layer is another.
    fn logits_from(&self, layer: LayerId, values: &[f64]) -> Vec<f64> {
        let mut changed: Vec<Option<Vec<f64>>> = vec![None; self.plan.layers.len()];
        changed[layer.0] = Some(values.to_vec());
        for id in self.plan.ids().skip(layer.0 + 1) {
            let inputs = &self.plan.layer(id).inputs;
            if inputs.iter().any(|input| changed[input.0].is_some()) {
                let inputs: Vec<&[f64]> = inputs
                    .iter()
                    .map(|input| changed[input.0].as_deref().unwrap_or(&self.outputs[input.0]))
                    .collect();
                changed[id.0] = Some(support::naive_layer(&self.plan, id, &self.weights, &inputs));
            }
        }
        changed.pop().flatten().unwrap()
    }

    /// Values of a layer that no ReLU would make, and that are not those of the picture.
    fn other(&self, layer: LayerId, name: &str) -> Vec<f64> {
        let noise = uniform(name, self.outputs[layer.0].len());
        let own = self.outputs[layer.0].iter().zip(noise);
        own.map(|(a, noise)| 1.5 * a + f64::from(noise)).collect()
    }

    /// Each layer in turn, from the last to the first and back, so that each follows another one.
    fn check(&self, network: &mut dyn Network, tolerance: f64) {
        let before = network.forward(&self.input).unwrap();
        let layers: Vec<LayerId> = self.plan.mappable().collect();
        for &layer in layers.iter().rev().chain(&layers) {
            let name = &self.plan.layer(layer).name;
            for round in ["one", "other"] {
                let values = self.other(layer, round);
                let expected = self.logits_from(layer, &values);
                let found = network.forward_from(layer, &values).unwrap();
                let off = relative_difference(&found, &expected);
                assert!(off < tolerance, "{name}: {off:e}");
                assert!(
                    relative_difference(&expected, &before) > tolerance,
                    "{name} changes something"
                );
                let seen: Vec<f64> = (network.activation(layer).unwrap().into_iter().map(f64::from)).collect();
                assert!(relative_difference(&seen, &values) < 1e-5, "{name} is what was given");
            }
            // the gradient there is that of a function of what was given
            let values = self.other(layer, "one");
            network.forward_from(layer, &values).unwrap();
            let mut seed = vec![0.0; self.plan.units()];
            seed[1] = 1.0;
            let mut gradient = Vec::new();
            network
                .backward(std::slice::from_ref(&seed), &[layer], &|| false, &mut |_, site| {
                    gradient = site.gradient()?;
                    Ok(())
                })
                .unwrap();
            let direction = uniform("direction", values.len());
            let step = 1e-7;
            let [up, down] = [step, -step].map(|step| {
                let moved: Vec<f64> = (values.iter().zip(&direction))
                    .map(|(v, d)| v + step * f64::from(*d))
                    .collect();
                self.logits_from(layer, &moved)[1]
            });
            let expected = (up - down) / (2.0 * step);
            let products = gradient
                .iter()
                .zip(&direction)
                .map(|(g, d)| f64::from(*g) * f64::from(*d));
            let (found, size) = products.fold((0.0, 0.0), |(sum, size), g| (sum + g, size + g * g));
            assert!(
                (found - expected).abs() < tolerance * size.sqrt().max(expected.abs()),
                "{name}: {found} instead of {expected}"
            );
        }
        let first = layers[0];
        let later = layers[layers.len() / 2];
        network.forward_from(later, &self.other(later, "one")).unwrap();
        let refused = network.backward(&[vec![1.0; self.plan.units()]], &[first], &|| false, &mut |_, _| Ok(()));
        let told = refused.unwrap_err().to_string();
        assert!(told.contains(&self.plan.layer(later).name), "{told}");
        let refused = network.input_gradient(&vec![1.0; self.plan.units()], ReluRule::True, &|| false);
        assert!(refused.is_err());
        // the next pass knows nothing of it
        assert_eq!(network.forward(&self.input).unwrap(), before);
        assert!(
            network
                .input_gradient(&vec![1.0; self.plan.units()], ReluRule::True, &|| false)
                .is_ok()
        );
        for wrong in [
            network.forward_from(LayerId(0), &[0.0; 3]),
            network.forward_from(self.plan.ids().last().unwrap(), &vec![0.0; self.plan.units()]),
            network.forward_from(first, &[0.0; 3]),
        ] {
            assert!(wrong.is_err());
        }
    }
}

#[test]
fn a_network_goes_on_from_any_layer_with_other_values() {
    let bottlenecks = inverted_bottlenecks();
    let image = uniform("input", bottlenecks.input().len()).into_iter();
    let cases = [
        Replayed::new(small_plan(71), uniform("input", 71 * 71 * 3)),
        Replayed::new(bottlenecks, image.map(|value| value * 20.0).collect()),
    ];
    for case in cases {
        let vb = var_builder(random_tensors(&case.plan), DType::F64);
        let mut candle = CandleNetwork::load(case.plan.clone(), &vb, DType::F64, &Device::Cpu).unwrap();
        case.check(&mut candle, 1e-5);
        let vb = var_builder(random_tensors(&case.plan), DType::F32);
        // all activations kept, and hardly any
        for bytes in [usize::MAX, 100_000] {
            let mut engine = CpuNetwork::load_within(case.plan.clone(), &vb, 2, Isa::best(), bytes).unwrap();
            case.check(&mut engine, 2e-3);
        }
    }
}
