//! Convolutions that are computed together give the bits that they give one by one.

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;

use super::*;
use crate::network::{Activation, CpuNetwork, Layer, LayerId, Network, Op, Output, Plan, Role};

/// Layers of a plan in the making.
struct Layers(Vec<Layer>);

impl Layers {
    fn new(side: [usize; 2]) -> Self {
        let mut layers = Self(Vec::new());
        layers.add(Op::Input, &[], shape(side[0], side[1], 3));
        layers.0[0].role = Role::NoMap;
        layers
    }

    fn add(&mut self, op: Op, inputs: &[usize], shape: Shape) -> usize {
        let name = format!("layer{}", self.0.len());
        self.0.push(Layer {
            weights: name.clone(),
            name,
            op,
            inputs: inputs.iter().map(|&input| LayerId(input)).collect(),
            shape,
            role: Role::Target,
        });
        self.0.len() - 1
    }

    /// A convolution with its batch normalisation and perhaps a ReLU6.
    fn convolution(&mut self, input: usize, op: Op, window: Window, channels: usize, rectified: bool) -> usize {
        let shape = Shape {
            channels,
            ..window.output(self.0[input].shape)
        };
        let convolution = self.add(op, &[input], shape);
        let norm = Op::BatchNorm {
            epsilon: 1e-3,
            scale: true,
            center: true,
        };
        let norm = self.add(norm, &[convolution], shape);
        let relu6 = Op::Activation(Activation::Relu {
            max: Some(6.0),
            slope: 0.0,
            threshold: 0.0,
        });
        if rectified {
            self.add(relu6, &[norm], shape)
        } else {
            norm
        }
    }

    fn product(&mut self, input: usize, window: Window, channels: usize, rectified: bool) -> usize {
        let op = Op::Conv {
            window,
            groups: 1,
            bias: false,
            kernel: "kernel",
        };
        self.convolution(input, op, window, channels, rectified)
    }

    fn depthwise(&mut self, input: usize, window: Window) -> usize {
        let op = Op::Depthwise {
            window,
            multiplier: 1,
            bias: false,
        };
        self.convolution(input, op, window, self.0[input].shape.channels, true)
    }

    /// The plan with a linear head of five classes.
    fn plan(mut self) -> Plan {
        let last = self.0.len() - 1;
        let pool = self.add(
            Op::GlobalAveragePool,
            &[last],
            Shape::vector(self.0[last].shape.channels),
        );
        self.add(Op::Dense { bias: true }, &[pool], Shape::vector(5));
        Plan::new(self.0, Output::Softmax).unwrap()
    }
}

/// Weights without a pattern.
fn weights(plan: &Plan, seed: u64) -> VarBuilder<'static> {
    let tensors: HashMap<String, Tensor> = (seed..)
        .zip(plan.parameters())
        .map(|(seed, parameter)| {
            let values = noise(seed, parameter.shape.iter().product());
            let values: Vec<f32> = match parameter.weight {
                "moving_variance" => values.iter().map(|value| 0.5 + value.abs()).collect(),
                _ => values,
            };
            let tensor = Tensor::from_vec(values, parameter.shape.clone(), &Device::Cpu).unwrap();
            (format!("{}.{}", parameter.layer, parameter.weight), tensor)
        })
        .collect();
    VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn chains_give_the_bits_of_convolutions_one_by_one(
        height in 9..40usize, width in 9..40usize, narrow in 1..40usize, times in 1..4usize,
        kernel in prop::sample::select(vec![3, 5]), stride in 1..3usize, bordered: bool, seed in 0..1000u64,
    ) {
        let point = Window::square(1, 1, Padding::Same);
        let mut layers = Layers::new([height, width]);
        // the picture, its filter, and a product
        let stem = layers.product(0, Window::square(3, 2, Padding::Same), 20, true);
        let filtered = layers.depthwise(stem, Window::square(3, 1, Padding::Same));
        let mut x = layers.product(filtered, point, narrow, false);
        // an inverted residual that is added, and one that is not, perhaps with a border as Keras' MobileNets have it
        let wide = layers.product(x, point, narrow * times, true);
        let filtered = layers.depthwise(wide, Window::square(kernel, 1, Padding::Same));
        let main = layers.product(filtered, point, narrow, false);
        x = layers.add(Op::Add, &[main, x], layers.0[x].shape);
        let mut wide = layers.product(x, point, narrow * times + 3, true);
        let mut padding = Padding::Same;
        if bordered {
            let border = [kernel / 2; 2];
            let Shape { height, width, channels } = layers.0[wide].shape;
            let outer = shape(height + kernel - 1, width + kernel - 1, channels);
            wide = layers.add(Op::ZeroPad { before: border, after: border }, &[wide], outer);
            padding = Padding::Valid;
        }
        let filtered = layers.depthwise(wide, Window::square(kernel, stride, padding));
        // what ends one chain is filtered again, as in MobileNet
        let x = layers.product(filtered, point, 9, true);
        let filtered = layers.depthwise(x, Window::square(3, 1, Padding::Same));
        let last = layers.product(filtered, point, 7, false);
        let plan = layers.plan();
        prop_assert_eq!(plan.last_feature_layer(), LayerId(last));
        let weights = weights(&plan, 1000 * seed);
        let image = noise(seed, height * width * 3);
        for isa in Isa::available() {
            for threads in 1..4 {
                let mut network = CpuNetwork::load_with(plan.clone(), &weights, threads, isa).unwrap();
                prop_assert_eq!(network.chains.len(), 4);
                let together = network.forward(&image).unwrap();
                let map = network.activation(LayerId(last)).unwrap();
                prop_assert!(network.last_used.is_some());
                // asking for a layer in between ends it
                network.activation(LayerId(1)).unwrap();
                prop_assert!(network.last_used.is_none());
                prop_assert_eq!(&network.activation(LayerId(last)).unwrap(), &map);
                prop_assert_eq!(&network.forward(&image).unwrap(), &together);
                prop_assert_eq!(network.activation(LayerId(last)).unwrap(), map);
            }
        }
    }
}

#[test]
fn large_maps_are_made_in_strips_and_small_ones_are_not() {
    for (side, in_strips) in [(12, false), (40, true)] {
        let mut layers = Layers::new([side; 2]);
        let stem = layers.product(0, Window::square(3, 1, Padding::Same), 32, true);
        let filtered = layers.depthwise(stem, Window::square(3, 1, Padding::Same));
        layers.product(filtered, Window::square(1, 1, Padding::Same), 8, false);
        let plan = layers.plan();
        let network = CpuNetwork::load_with(plan.clone(), &weights(&plan, 1), 1, Isa::best()).unwrap();
        let [chain] = network.chains.as_slice() else {
            panic!("{:?}", network.chains);
        };
        assert_eq!(chain.in_strips, in_strips);
    }
}

#[test]
fn what_others_read_is_no_part_of_a_chain() {
    let same = |kernel| Window::square(kernel, 1, Padding::Same);
    let mut layers = Layers::new([12; 2]);
    let stem = layers.product(0, same(3), 8, true);
    let filtered = layers.depthwise(stem, same(3));
    let narrow = layers.product(filtered, same(1), 8, true);
    // the filter's result is read twice, and so is the stem's
    let sum = layers.add(Op::Add, &[narrow, filtered], layers.0[stem].shape);
    layers.add(Op::Add, &[sum, stem], layers.0[stem].shape);
    let plan = layers.plan();
    let network = CpuNetwork::load_with(plan.clone(), &weights(&plan, 1), 2, Isa::best()).unwrap();
    assert_eq!(network.chains, []);
}
