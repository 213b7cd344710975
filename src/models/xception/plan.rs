//! Keras' Xception as a plan, from nothing but its widths.
//!
//! Source: `keras/src/applications/xception.py`. Layers that Keras leaves unnamed carry the names of a fresh process:
//! `conv2d` .. `conv2d_3`, `batch_normalization` .. `batch_normalization_3`, `add` .. `add_11`.

use super::architecture::{Architecture, ArchitectureError};
use crate::network::{Layer, LayerId, Op, Output, Padding, Plan, Role, Shape, Window};

/// Lays the network out for the given widths.
///
/// # Errors
/// Where a residual sum would add two different widths, with the tensor that is wrong, or an input that is too small.
pub fn plan(architecture: &Architecture) -> Result<Plan, ArchitectureError> {
    let builder = Builder {
        epsilon: architecture.bn_epsilon,
        ..Builder::default()
    };
    builder.build(architecture)
}

/// Appends layers one after another, as Keras' functional model does.
#[derive(Default)]
struct Builder {
    epsilon: f64,
    layers: Vec<Layer>,
    residuals: usize,
    additions: usize,
}

impl Builder {
    fn build(mut self, architecture: &Architecture) -> Result<Plan, ArchitectureError> {
        let [height, width] = architecture.input_size;
        let input = Shape {
            height,
            width,
            channels: 3,
        };
        let mut x = self.push("input_layer".to_owned(), Op::Input, vec![], input, Role::NoMap);

        x = self.conv("block1_conv1", x, 3, 2, architecture.stem[0]);
        x = self.batch_norm_of("block1_conv1", x);
        x = self.relu("block1_conv1_act", x);
        x = self.conv("block1_conv2", x, 3, 1, architecture.stem[1]);
        x = self.batch_norm_of("block1_conv2", x);
        x = self.relu("block1_conv2_act", x);

        for (block, widths) in (2..).zip(architecture.entry) {
            x = self.down_block(block, x, widths, block > 2)?;
        }
        for (block, widths) in (5..).zip(&architecture.middle) {
            x = self.middle_block(block, x, *widths)?;
        }
        x = self.down_block(13, x, architecture.exit[0], true)?;
        for (position, width) in (1..).zip(architecture.exit[1]) {
            let name = format!("block14_sepconv{position}");
            x = self.separable(&name, x, width);
            x = self.relu(&format!("{name}_act"), x);
        }
        let channels = self.shape(x).channels;
        x = self.push(
            "avg_pool".to_owned(),
            Op::GlobalAveragePool,
            vec![x],
            Shape::vector(channels),
            Role::NoMap,
        );
        self.push(
            "predictions".to_owned(),
            Op::Dense { bias: true },
            vec![x],
            Shape::vector(architecture.classes),
            Role::NoMap,
        );
        Ok(Plan::new(self.layers, Output::Softmax)?)
    }

    /// `block2`, `3`, `4` and `13`: two separable convolutions and a pool, beside a 1x1 stride-2 convolution.
    fn down_block(
        &mut self,
        block: usize,
        input: LayerId,
        widths: [usize; 2],
        starts_with_relu: bool,
    ) -> Result<LayerId, ArchitectureError> {
        let mut x = input;
        for (position, width) in (1..).zip(widths) {
            let name = format!("block{block}_sepconv{position}");
            if position > 1 || starts_with_relu {
                x = self.relu(&format!("{name}_act"), x);
            }
            x = self.separable(&name, x, width);
        }
        let suffix = if self.residuals == 0 {
            String::new()
        } else {
            format!("_{}", self.residuals)
        };
        self.residuals += 1;
        // Keras lists the residual convolution before the pool and its batch normalisation after it
        let side = self.conv(&format!("conv2d{suffix}"), input, 1, 2, widths[1]);
        let pooled = Shape {
            height: self.shape(x).height.div_ceil(2),
            width: self.shape(x).width.div_ceil(2),
            channels: widths[1],
        };
        let pool = Op::MaxPool {
            window: Window::square(3, 2, Padding::Same),
        };
        x = self.push(format!("block{block}_pool"), pool, vec![x], pooled, Role::Target);
        let side = self.batch_norm(format!("batch_normalization{suffix}"), side, Role::ResidualBranch);
        self.add(x, side, block)
    }

    /// `block5` to `block12`: three times activation and separable convolution, added to the block's input.
    fn middle_block(&mut self, block: usize, input: LayerId, widths: [usize; 3]) -> Result<LayerId, ArchitectureError> {
        let mut x = input;
        for (position, width) in (1..).zip(widths) {
            let name = format!("block{block}_sepconv{position}");
            x = self.relu(&format!("{name}_act"), x);
            x = self.separable(&name, x, width);
        }
        self.add(x, input, block)
    }

    /// A separable convolution and its batch normalisation.
    fn separable(&mut self, name: &str, input: LayerId, channels: usize) -> LayerId {
        let shape = Shape {
            channels,
            ..self.shape(input)
        };
        let x = self.push(
            name.to_owned(),
            Op::SeparableConv,
            vec![input],
            shape,
            Role::RawConvolution,
        );
        self.batch_norm_of(name, x)
    }

    fn conv(&mut self, name: &str, input: LayerId, kernel: usize, stride: usize, channels: usize) -> LayerId {
        // the residual convolutions are `same`, those at the beginning are not
        let (role, padding) = if kernel == 1 {
            (Role::ResidualBranch, Padding::Same)
        } else {
            (Role::RawConvolution, Padding::Valid)
        };
        let op = Op::Conv {
            window: Window::square(kernel, stride, padding),
            groups: 1,
            bias: false,
            kernel: "kernel",
        };
        let shape = op.output(self.shape(input), &[], channels);
        self.push(name.to_owned(), op, vec![input], shape, role)
    }

    fn batch_norm_of(&mut self, name: &str, input: LayerId) -> LayerId {
        self.batch_norm(format!("{name}_bn"), input, Role::Target)
    }

    fn batch_norm(&mut self, name: String, input: LayerId, role: Role) -> LayerId {
        let shape = self.shape(input);
        let op = Op::BatchNorm {
            epsilon: self.epsilon,
            scale: true,
            center: true,
        };
        self.push(name, op, vec![input], shape, role)
    }

    fn relu(&mut self, name: &str, input: LayerId) -> LayerId {
        let shape = self.shape(input);
        self.push(name.to_owned(), Op::RELU, vec![input], shape, Role::Target)
    }

    fn add(&mut self, main: LayerId, side: LayerId, block: usize) -> Result<LayerId, ArchitectureError> {
        let (shape, added) = (self.shape(main), self.shape(side));
        if shape != added {
            let last = if (5..13).contains(&block) { 3 } else { 2 };
            let inputs = self.layers[main.0]
                .inputs
                .first()
                .map_or(0, |&id| self.shape(id).channels);
            return Err(ArchitectureError::Shape {
                tensor: format!("block{block}_sepconv{last}/pointwise_kernel"),
                found: vec![1, 1, inputs, shape.channels],
                expected: format!("{} output channels, as in the branch it is added to,", added.channels),
            });
        }
        let name = if self.additions == 0 {
            "add".to_owned()
        } else {
            format!("add_{}", self.additions)
        };
        self.additions += 1;
        Ok(self.push(name, Op::Add, vec![main, side], shape, Role::Target))
    }

    fn shape(&self, id: LayerId) -> Shape {
        self.layers[id.0].shape
    }

    fn push(&mut self, name: String, op: Op, inputs: Vec<LayerId>, shape: Shape, role: Role) -> LayerId {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_groups_are_its_fourteen_blocks() {
        let plan = plan(&Architecture::keras(1000)).unwrap();
        let names: Vec<&str> = plan.groups().iter().map(|group| group.name.as_str()).collect();
        let blocks: Vec<String> = (1..=14).map(|block| format!("block{block}")).collect();
        assert_eq!(names, blocks);
        let grouped = plan.groups().iter().flat_map(|group| group.layers.clone());
        assert!(grouped.eq(plan.mappable()));
        // residual layers and sums belong to the block they stand in
        let second: Vec<&str> = plan.groups()[1]
            .layers
            .iter()
            .map(|&id| plan.layer(id).name.as_str())
            .collect();
        let expected = ["conv2d", "block2_pool", "batch_normalization", "add"];
        assert_eq!(second[second.len() - 4..], expected);
        assert_eq!(plan.groups()[13].last(), plan.last_feature_layer());
    }
}
