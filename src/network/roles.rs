//! How sensible each layer is as a target of Grad-CAM, told by the graph.

use super::layer::{Layer, Role};
use super::op::Op;

/// Gives every layer that has a map the role that it has by the graph.
pub fn derive(layers: &mut [Layer]) {
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); layers.len()];
    for (index, layer) in layers.iter().enumerate() {
        for input in &layer.inputs {
            readers[input.0].push(index);
        }
    }
    // the last reader of any layer before this one: what it reads then takes another way than through this layer
    let mut latest = 0;
    for index in 0..layers.len() {
        let is_bypassed = latest > index;
        latest = readers[index].iter().copied().fold(latest, usize::max);
        if layers[index].role == Role::NoMap {
            continue;
        }
        layers[index].role = if is_raw(layers, &readers, index) {
            Role::RawConvolution
        } else if is_bypassed {
            Role::ResidualBranch
        } else {
            Role::Target
        };
    }
}

/// Whether a layer is a convolution that nothing but a batch normalisation reads.
fn is_raw(layers: &[Layer], readers: &[Vec<usize>], mut index: usize) -> bool {
    if !matches!(
        layers[index].op,
        Op::Conv { .. } | Op::Depthwise { .. } | Op::SeparableConv
    ) {
        return false;
    }
    while let [reader] = *readers[index].as_slice() {
        match layers[reader].op {
            Op::BatchNorm { .. } => return true,
            Op::Identity => index = reader,
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{LayerId, Padding, Shape, Window};

    fn layer(op: Op, inputs: &[usize]) -> Layer {
        Layer {
            name: String::new(),
            weights: String::new(),
            role: if op == Op::Input { Role::NoMap } else { Role::Target },
            op,
            inputs: inputs.iter().copied().map(LayerId).collect(),
            shape: Shape {
                height: 2,
                width: 2,
                channels: 3,
            },
        }
    }

    fn conv() -> Op {
        Op::Conv {
            window: Window {
                kernel: [1; 2],
                stride: [1; 2],
                dilation: [1; 2],
                padding: Padding::Same,
            },
            groups: 1,
            kernel: "kernel",
            bias: false,
        }
    }

    fn norm() -> Op {
        Op::BatchNorm {
            epsilon: 1e-3,
            scale: true,
            center: true,
        }
    }

    fn roles(mut layers: Vec<Layer>) -> Vec<Role> {
        derive(&mut layers);
        layers.into_iter().map(|layer| layer.role).collect()
    }

    #[test]
    fn convolutions_that_only_a_batch_normalisation_reads_are_raw() {
        let found = roles(vec![
            layer(Op::Input, &[]),
            layer(conv(), &[0]),
            layer(Op::Identity, &[1]),
            layer(norm(), &[2]),
            layer(conv(), &[3]),
            layer(Op::RELU, &[4]),
            layer(conv(), &[5]),
        ]);
        use Role::{NoMap, RawConvolution, Target};
        assert_eq!(found, [NoMap, RawConvolution, Target, Target, Target, Target, Target]);
    }

    #[test]
    fn what_not_every_path_passes_is_a_branch() {
        let found = roles(vec![
            layer(Op::Input, &[]),
            layer(Op::RELU, &[0]),
            layer(conv(), &[1]),
            layer(Op::RELU, &[2]),
            layer(conv(), &[1]),
            layer(Op::Add, &[3, 4]),
            layer(conv(), &[5]),
            layer(norm(), &[6]),
            layer(Op::Add, &[5, 7]),
        ]);
        use Role::{NoMap, RawConvolution, ResidualBranch, Target};
        assert_eq!(
            found,
            [
                NoMap,
                Target,
                ResidualBranch,
                ResidualBranch,
                ResidualBranch,
                Target,
                RawConvolution,
                ResidualBranch,
                Target
            ]
        );
    }
}
