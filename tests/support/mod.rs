//! The reference network of the tests: Keras' Xception at full size with deterministic weights, rebuilt from a recipe
//! and 230 KB of statistics (`tests/data/reference`), so that no large file is needed.

#![allow(dead_code, reason = "each test program uses its own part")]

pub mod archive;
pub mod golden;
pub mod keras;
pub mod maps;
pub mod photographs;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use gradcam_explorer::models::xception::{self, Architecture};
use gradcam_explorer::network::{Activation, LayerId, Op, Padding, Parameter, Plan, Shape, Window};

/// The seed of `refgen.py`.
const SEED: u64 = 0x5843_4550_2026_1123;

/// A file of `tests/data`.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn fnv1a64(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// `n` f32 values in [-1, 1), as `refgen.uniform`.
pub fn uniform(name: &str, n: usize) -> Vec<f32> {
    let start = fnv1a64(name) ^ SEED;
    (1..=n as u64)
        .map(|i| {
            let mut z = start.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            ((z >> 40) as f32 * 2f32.powi(-24)) * 2.0 - 1.0
        })
        .collect()
}

/// The limit of a tensor's values, as `refgen.limit_for`.
fn limit(parameter: &Parameter, dense_limit: f32) -> f32 {
    let fan_in = match parameter.weight {
        "gamma" => return 0.2,
        "beta" => return 0.3,
        "depthwise_kernel" => parameter.shape[0] * parameter.shape[1],
        "pointwise_kernel" => parameter.shape[2],
        "kernel" if parameter.layer == "predictions" => return dense_limit,
        _ => parameter.shape[..3].iter().product(),
    };
    (0.5 * (3.0 / fan_in as f64).sqrt()) as f32
}

/// All tensors of the reference network by Keras path, such as `block1_conv1/kernel`, in Keras' order.
pub fn reference_tensors() -> Vec<(Parameter, Vec<f32>)> {
    let statistics =
        candle_core::safetensors::load(data("reference/reference_stats.safetensors"), &Device::Cpu).unwrap();
    let stored = |path: &str| {
        statistics
            .get(path)
            .map(|t| t.flatten_all().unwrap().to_vec1::<f32>().unwrap())
    };
    let dense_limit = stored("dense_limit").unwrap()[0];
    let plan = xception::plan(&Architecture::keras(1000)).unwrap();
    plan.parameters()
        .into_iter()
        .map(|parameter| {
            let path = parameter.path();
            let values = stored(&path).unwrap_or_else(|| {
                let limit = limit(&parameter, dense_limit);
                let centre = if parameter.weight == "gamma" { 1.0 } else { 0.0 };
                uniform(&path, parameter.shape.iter().product())
                    .into_iter()
                    .map(|v| centre + v * limit)
                    .collect()
            });
            (parameter, values)
        })
        .collect()
}

/// The reference network's plan.
pub fn reference_plan() -> Plan {
    xception::plan(&Architecture::keras(1000)).unwrap()
}

/// The reference network's weights as a `VarBuilder`.
pub fn reference_weights(dtype: DType) -> VarBuilder<'static> {
    var_builder(reference_tensors(), dtype)
}

/// Deterministic weights of ordinary size for any plan: lively, but with class numbers that mean nothing.
pub fn random_tensors(plan: &Plan) -> Vec<(Parameter, Vec<f32>)> {
    plan.parameters()
        .into_iter()
        .map(|parameter| {
            let count = parameter.shape.iter().product();
            let noise = uniform(&parameter.path(), count);
            let (centre, spread) = match parameter.weight {
                "gamma" => (1.0, 0.2),
                "beta" => (0.1, 0.3),
                "moving_mean" => (0.0, 0.1),
                "moving_variance" => (0.5, 0.3),
                "bias" => (0.0, 0.1),
                "depthwise_kernel" => (0.0, 0.6),
                "pointwise_kernel" => (0.0, 1.7 / (parameter.shape[2] as f32).sqrt()),
                _ => (
                    0.0,
                    1.7 / (count as f32 / parameter.shape[parameter.shape.len() - 1] as f32).sqrt(),
                ),
            };
            (parameter, noise.into_iter().map(|v| centre + v * spread).collect())
        })
        .collect()
}

/// A small network: odd widths, two middle blocks, seven classes.
pub fn small_plan(input_size: usize) -> Plan {
    xception::plan(&small_architecture(input_size)).unwrap()
}

/// The widths of [`small_plan`].
pub fn small_architecture(input_size: usize) -> Architecture {
    Architecture {
        input_size: [input_size; 2],
        stem: [5, 9],
        entry: [[7, 13], [11, 16], [19, 24]],
        middle: vec![[17, 21, 24], [24, 24, 24]],
        exit: [[24, 30], [33, 37]],
        ..Architecture::keras(7)
    }
}

/// Tensors as a `VarBuilder` whose paths are Keras layer names.
pub fn var_builder(tensors: Vec<(Parameter, Vec<f32>)>, dtype: DType) -> VarBuilder<'static> {
    let tensors: HashMap<String, Tensor> = tensors
        .into_iter()
        .map(|(parameter, values)| {
            let tensor = Tensor::from_vec(values, parameter.shape.clone(), &Device::Cpu).unwrap();
            (format!("{}.{}", parameter.layer, parameter.weight), tensor)
        })
        .collect();
    VarBuilder::from_tensors(tensors, dtype, &Device::Cpu)
}

/// All tensors in f64 by Keras path.
pub type Tensors = HashMap<String, Vec<f64>>;

/// Widens the tensors of a plan to f64.
pub fn tensors_f64(_plan: &Plan, tensors: Vec<(Parameter, Vec<f32>)>) -> Tensors {
    tensors
        .into_iter()
        .map(|(p, values)| (p.path(), values.into_iter().map(f64::from).collect()))
        .collect()
}

/// Every layer's output, computed by [`naive_layer`].
pub fn naive_outputs(plan: &Plan, weights: &Tensors, input: Vec<f64>) -> Vec<Vec<f64>> {
    let mut outputs = vec![input];
    for id in plan.ids().skip(1) {
        let inputs: Vec<&[f64]> = plan
            .layer(id)
            .inputs
            .iter()
            .map(|input| outputs[input.0].as_slice())
            .collect();
        let output = naive_layer(plan, id, weights, &inputs);
        outputs.push(output);
    }
    outputs
}

/// One layer as its definition says, in plain loops: the independent yardstick of the tests.
pub fn naive_layer(plan: &Plan, id: LayerId, weights: &Tensors, inputs: &[&[f64]]) -> Vec<f64> {
    let layer = plan.layer(id);
    let out = layer.shape;
    let from = plan.layer(layer.inputs[0]).shape;
    let weight = |name: &str| &weights[&format!("{}/{name}", layer.name)];
    let x = inputs[0];
    let at = |y: isize, xx: isize, c: usize| -> Option<f64> {
        let inside = (0..from.height as isize).contains(&y) && (0..from.width as isize).contains(&xx);
        inside.then(|| x[(y as usize * from.width + xx as usize) * from.channels + c])
    };
    let each = |value: &dyn Fn(isize, isize, usize) -> f64| -> Vec<f64> {
        let mut values = Vec::with_capacity(out.len());
        for y in 0..out.height as isize {
            for xx in 0..out.width as isize {
                for c in 0..out.channels {
                    values.push(value(y, xx, c));
                }
            }
        }
        values
    };
    match layer.op {
        Op::Input => unreachable!("the input is given"),
        Op::Conv { window, groups, .. } => {
            let (w, [top, left]) = (weight("kernel"), padding_before(window, from));
            let bias = weights.get(&format!("{}/bias", layer.name));
            let (rows, columns) = (from.channels / groups, out.channels / groups);
            each(&|y, xx, c| {
                let mut sum = bias.map_or(0.0, |bias| bias[c]);
                for (tap, [dy, dx]) in taps(window).enumerate() {
                    let (line, column) = (
                        y * window.stride[0] as isize + dy - top,
                        xx * window.stride[1] as isize + dx - left,
                    );
                    for i in 0..rows {
                        let value = at(line, column, c / columns * rows + i);
                        assert!(value.is_some() || window.padding != Padding::Valid);
                        sum += value.unwrap_or(0.0) * w[(tap * rows + i) * out.channels + c];
                    }
                }
                sum
            })
        }
        Op::Depthwise { window, multiplier, .. } => {
            let (w, [top, left]) = (weight("depthwise_kernel"), padding_before(window, from));
            each(&|y, xx, c| {
                let mut sum = 0.0;
                for (tap, [dy, dx]) in taps(window).enumerate() {
                    let (line, column) = (
                        y * window.stride[0] as isize + dy - top,
                        xx * window.stride[1] as isize + dx - left,
                    );
                    sum += at(line, column, c / multiplier).unwrap_or(0.0) * w[tap * out.channels + c];
                }
                sum
            })
        }
        Op::SeparableConv => {
            let (depthwise, pointwise) = (weight("depthwise_kernel"), weight("pointwise_kernel"));
            let mut middle = vec![0.0; from.len()];
            for (index, value) in middle.iter_mut().enumerate() {
                let (cell, c) = (index / from.channels, index % from.channels);
                let (y, xx) = ((cell / from.width) as isize, (cell % from.width) as isize);
                for tap in 0..9 {
                    let input = at(y + tap as isize / 3 - 1, xx + tap as isize % 3 - 1, c).unwrap_or(0.0);
                    *value += input * depthwise[tap * from.channels + c];
                }
            }
            each(&|y, xx, c| {
                let cell = y as usize * from.width + xx as usize;
                let row = &middle[cell * from.channels..(cell + 1) * from.channels];
                row.iter()
                    .enumerate()
                    .map(|(i, v)| v * pointwise[i * out.channels + c])
                    .sum()
            })
        }
        Op::BatchNorm { epsilon, .. } => {
            let [gamma, beta, mean, variance] = ["gamma", "beta", "moving_mean", "moving_variance"].map(weight);
            each(&|y, xx, c| gamma[c] * (at(y, xx, c).unwrap() - mean[c]) / (variance[c] + epsilon).sqrt() + beta[c])
        }
        Op::Activation(Activation::Relu {
            max,
            slope: 0.0,
            threshold: 0.0,
        }) => x.iter().map(|v| v.max(0.0).min(max.unwrap_or(f64::INFINITY))).collect(),
        Op::Activation(Activation::Silu) => x.iter().map(|v| v / (1.0 + (-v).exp())).collect(),
        Op::Activation(Activation::Sigmoid) => x.iter().map(|v| 1.0 / (1.0 + (-v).exp())).collect(),
        Op::Activation(Activation::Tanh) => x.iter().map(|v| v.tanh()).collect(),
        Op::Affine { ref scale, ref shift } => each(&|y, xx, c| at(y, xx, c).unwrap() * scale[c] + shift[c]),
        Op::LayerScale => {
            let gamma = weight("gamma");
            each(&|y, xx, c| at(y, xx, c).unwrap() * gamma[c])
        }
        Op::MaxPool { window } | Op::AveragePool { window } => {
            let [top, left] = padding_before(window, from);
            each(&|y, xx, c| {
                let seen = taps(window).filter_map(|[dy, dx]| {
                    at(
                        y * window.stride[0] as isize + dy - top,
                        xx * window.stride[1] as isize + dx - left,
                        c,
                    )
                });
                let seen: Vec<f64> = seen.collect();
                match layer.op {
                    Op::MaxPool { .. } => seen.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                    _ => seen.iter().sum::<f64>() / seen.len() as f64,
                }
            })
        }
        Op::ZeroPad { before, .. } => {
            each(&|y, xx, c| at(y - before[0] as isize, xx - before[1] as isize, c).unwrap_or(0.0))
        }
        Op::Crop { before, .. } => each(&|y, xx, c| at(y + before[0] as isize, xx + before[1] as isize, c).unwrap()),
        Op::Repeat { times } => each(&|y, xx, c| at(y / times[0] as isize, xx / times[1] as isize, c).unwrap()),
        Op::Interpolate { times } => each(&|y, xx, c| {
            // each cell weighs as much as it is near, no more than a cell away; the border goes on for ever
            let side = |out: isize, times: usize, len: usize| {
                let centre = (out as f64 + 0.5) / times as f64 - 0.5;
                (-1..=len as isize).filter_map(move |cell| {
                    let near = 1.0 - (cell as f64 - centre).abs();
                    (near > 0.0).then_some((cell.clamp(0, len as isize - 1), near))
                })
            };
            let rows = side(y, times[0], from.height);
            rows.flat_map(|row| side(xx, times[1], from.width).map(move |column| (row, column)))
                .map(|((row, near), (column, beside))| near * beside * at(row, column, c).unwrap())
                .sum()
        }),
        Op::WeightedSum { ref factors } => each(&|y, xx, c| {
            inputs
                .iter()
                .zip(&layer.inputs)
                .zip(factors)
                .map(|((x, id), factor)| factor * repeated(x, plan.layer(*id).shape, [y, xx, c as isize]))
                .sum()
        }),
        Op::Multiply => each(&|y, xx, c| {
            inputs
                .iter()
                .zip(&layer.inputs)
                .map(|(x, id)| repeated(x, plan.layer(*id).shape, [y, xx, c as isize]))
                .product()
        }),
        Op::Maximum => (0..x.len())
            .map(|i| inputs.iter().map(|x| x[i]).fold(f64::NEG_INFINITY, f64::max))
            .collect(),
        Op::Minimum => (0..x.len())
            .map(|i| inputs.iter().map(|x| x[i]).fold(f64::INFINITY, f64::min))
            .collect(),
        Op::Concatenate => each(&|y, xx, c| {
            let mut c = c;
            for (x, id) in inputs.iter().zip(&layer.inputs) {
                let shape = plan.layer(*id).shape;
                if c < shape.channels {
                    return x[(y as usize * shape.width + xx as usize) * shape.channels + c];
                }
                c -= shape.channels;
            }
            unreachable!("the channels are those of all inputs")
        }),
        Op::Flatten => x.to_vec(),
        Op::Add => x.iter().zip(inputs[1]).map(|(a, b)| a + b).collect(),
        Op::GlobalAveragePool => (0..out.channels)
            .map(|c| x.iter().skip(c).step_by(out.channels).sum::<f64>() / from.cells() as f64)
            .collect(),
        Op::Dense { .. } => {
            let (kernel, bias) = (weight("kernel"), weight("bias"));
            (0..out.channels)
                .map(|c| {
                    bias[c]
                        + x.iter()
                            .enumerate()
                            .map(|(i, v)| v * kernel[i * out.channels + c])
                            .sum::<f64>()
                })
                .collect()
        }
        ref op => panic!("{op:?} has no plain loop here"),
    }
}

/// Row and column of each tap of a window, in the order of its kernel.
fn taps(window: Window) -> impl Iterator<Item = [isize; 2]> {
    let ([height, width], [down, right]) = (window.kernel, window.dilation);
    (0..height * width).map(move |tap| [(tap / width * down) as isize, (tap % width * right) as isize])
}

/// A value of a map whose sides of 1 are repeated.
fn repeated(x: &[f64], shape: Shape, [y, xx, c]: [isize; 3]) -> f64 {
    let along = |position: isize, side: usize| if side == 1 { 0 } else { position as usize };
    x[(along(y, shape.height) * shape.width + along(xx, shape.width)) * shape.channels + along(c, shape.channels)]
}

/// TensorFlow's padding above and left, where a last window may reach one cell further below and to the right.
fn padding_before(window: Window, from: Shape) -> [isize; 2] {
    [(0, from.height), (1, from.width)].map(|(axis, size)| {
        let (kernel, stride) = (window.kernel[axis], window.stride[axis]);
        match window.padding {
            Padding::Valid => 0,
            Padding::Zeros { before, .. } => before[axis] as isize,
            Padding::Same => {
                let reach = (kernel - 1) * window.dilation[axis] + 1;
                let rest = if size % stride == 0 { stride } else { size % stride };
                reach.saturating_sub(rest) as isize / 2
            }
        }
    })
}

/// The small network that Keras saved to `tests/data/formats`, with its plan.
pub fn small_keras(input_size: usize) -> (Plan, Vec<(Parameter, Vec<f32>)>) {
    let file = candle_core::safetensors::load(data("formats/small.safetensors"), &Device::Cpu).unwrap();
    let shape_of = |name: &str| file.get(name).map(|tensor| tensor.dims().to_vec());
    let plan = xception::plan(&Architecture::detect(&shape_of, [input_size; 2], 1e-3).unwrap()).unwrap();
    let tensors = plan
        .parameters()
        .into_iter()
        .map(|parameter| {
            let values = file[&parameter.path()].flatten_all().unwrap().to_vec1::<f32>().unwrap();
            (parameter, values)
        })
        .collect();
    (plan, tensors)
}
