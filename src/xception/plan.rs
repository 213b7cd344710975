//! The network written down once: every Keras layer in Keras' order, with its operation, inputs and output shape.
//!
//! Forward passes walk the list from front to back, vector-Jacobian products from back to front; the check of a
//! weights file and the list of layers in the window read it too. There is no second description anywhere.
//!
//! Source: `keras/src/applications/xception.py`. Layers that Keras leaves unnamed carry the names of a fresh process:
//! `conv2d` .. `conv2d_3`, `batch_normalization` .. `batch_normalization_3`, `add` .. `add_11`.

use super::architecture::{Architecture, ArchitectureError};

/// Index of a layer in [`Plan::layers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayerId(pub usize);

/// Shape of a layer's output without the batch: NHWC, so `[height, width, channels]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels, the fastest varying dimension.
    pub channels: usize,
}

impl Shape {
    /// Number of cells, `height * width`.
    pub fn cells(self) -> usize {
        self.height * self.width
    }

    /// Number of values, `height * width * channels`.
    pub fn len(self) -> usize {
        self.cells() * self.channels
    }

    /// Whether the shape holds no value at all.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// What a layer computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// The preprocessed image.
    Input,
    /// A convolution without bias, `valid` for 3x3 and every `stride`-th pixel for 1x1; kernel `[k, k, in, out]`.
    Conv {
        /// Side of the kernel, 1 or 3.
        kernel: usize,
        /// Step in both directions, 1 or 2.
        stride: usize,
    },
    /// 3x3 depthwise with `same` zero padding, then 1x1 pointwise; nothing in between, no bias.
    SeparableConv,
    /// Batch normalisation with moving statistics.
    BatchNorm,
    /// max(x, 0).
    Relu,
    /// 3x3 maximum with stride 2 and `same` padding; padding never wins.
    MaxPool,
    /// Sum of the two inputs.
    Add,
    /// Mean over all cells.
    GlobalAveragePool,
    /// Matrix product plus bias; its output are the logits (Keras applies the softmax inside this layer).
    Dense,
}

/// How sensible a layer is as a target of Grad-CAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A normal target: after batch normalisation, activation, pooling or addition.
    Target,
    /// A convolution before its batch normalisation: the scale of its channels is arbitrary.
    RawConvolution,
    /// Part of a residual branch: sees only what the 1x1 convolution lets through.
    ResidualBranch,
    /// Input, global average pooling and predictions have no map.
    NoMap,
}

/// One Keras layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Keras' name, such as `block14_sepconv2_act`.
    pub name: String,
    /// What it computes.
    pub op: Op,
    /// The layers it reads: none for the input, two for an addition (main branch first), else one.
    pub inputs: Vec<LayerId>,
    /// Its output; `avg_pool` and `predictions` are `[1, 1, n]`.
    pub shape: Shape,
    /// Whether it makes a sensible map.
    pub role: Role,
}

/// One tensor that the network needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Keras layer, which is also the path in candle's `VarBuilder`.
    pub layer: String,
    /// Keras weight name, such as `depthwise_kernel`.
    pub weight: &'static str,
    /// Shape in Keras' layout: HWIO, depthwise `[3, 3, channels, 1]`, dense `[in, out]`.
    pub shape: Vec<usize>,
}

impl Parameter {
    /// The name in a safetensors file, such as `block1_conv1/kernel`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.layer, self.weight)
    }
}

/// The whole network: layers in Keras' order, each after all of its inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The numbers the plan was made from.
    pub architecture: Architecture,
    /// All layers; [`LayerId`] counts in here.
    pub layers: Vec<Layer>,
}

impl Plan {
    /// Lays the network out for the given widths.
    ///
    /// # Errors
    /// Where a residual sum would add two different widths, with the tensor that is wrong.
    pub fn new(architecture: Architecture) -> Result<Self, ArchitectureError> {
        Builder::default().build(architecture)
    }

    /// The layer with this id.
    pub fn layer(&self, id: LayerId) -> &Layer {
        &self.layers[id.0]
    }

    /// Finds a layer by its Keras name.
    pub fn find(&self, name: &str) -> Option<LayerId> {
        self.layers.iter().position(|layer| layer.name == name).map(LayerId)
    }

    /// All ids in Keras' order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = LayerId> + use<> {
        (0..self.layers.len()).map(LayerId)
    }

    /// The layers that have a map, in Keras' order.
    pub fn mappable(&self) -> impl DoubleEndedIterator<Item = LayerId> + '_ {
        self.ids().filter(|&id| self.layer(id).role != Role::NoMap)
    }

    /// The layer that is averaged over space before the dense layer, `block14_sepconv2_act`: Grad-CAM's usual target.
    pub fn last_feature_layer(&self) -> LayerId {
        // avg_pool and predictions close every plan
        LayerId(self.layers.len() - 3)
    }

    /// Every tensor the network needs, in Keras' order, with its exact shape.
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        for layer in &self.layers {
            let inputs = layer.inputs.first().map_or(0, |&id| self.layer(id).shape.channels);
            let outputs = layer.shape.channels;
            let mut add = |weight, shape| {
                parameters.push(Parameter {
                    layer: layer.name.clone(),
                    weight,
                    shape,
                });
            };
            match layer.op {
                Op::Conv { kernel, .. } => add("kernel", vec![kernel, kernel, inputs, outputs]),
                Op::SeparableConv => {
                    add("depthwise_kernel", vec![3, 3, inputs, 1]);
                    add("pointwise_kernel", vec![1, 1, inputs, outputs]);
                }
                Op::BatchNorm => {
                    for weight in ["gamma", "beta", "moving_mean", "moving_variance"] {
                        add(weight, vec![outputs]);
                    }
                }
                Op::Dense => {
                    add("kernel", vec![inputs, outputs]);
                    add("bias", vec![outputs]);
                }
                Op::Input | Op::Relu | Op::MaxPool | Op::Add | Op::GlobalAveragePool => {}
            }
        }
        parameters
    }
}

/// Padding of a 3x3 stride-2 `same` pool along a side of `size`: `(before, after)` as TensorFlow computes it.
///
/// The total is split in half with the smaller half first, so an even side such as 74 is padded `(0, 1)`.
pub fn pool_padding(size: usize) -> (usize, usize) {
    let total = ((size.div_ceil(2) - 1) * 2 + 3).saturating_sub(size);
    (total / 2, total - total / 2)
}

/// Appends layers one after another, as Keras' functional model does.
#[derive(Default)]
struct Builder {
    layers: Vec<Layer>,
    residuals: usize,
    additions: usize,
}

impl Builder {
    fn build(mut self, architecture: Architecture) -> Result<Plan, ArchitectureError> {
        let size = architecture.input_size;
        let input = Shape {
            height: size,
            width: size,
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
        let vector = |channels| Shape {
            height: 1,
            width: 1,
            channels,
        };
        x = self.push(
            "avg_pool".to_owned(),
            Op::GlobalAveragePool,
            vec![x],
            vector(channels),
            Role::NoMap,
        );
        self.push(
            "predictions".to_owned(),
            Op::Dense,
            vec![x],
            vector(architecture.classes),
            Role::NoMap,
        );
        Ok(Plan {
            architecture,
            layers: self.layers,
        })
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
        x = self.push(format!("block{block}_pool"), Op::MaxPool, vec![x], pooled, Role::Target);
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
        let from = self.shape(input);
        let side = |size: usize| (size - kernel) / stride + 1;
        let shape = Shape {
            height: side(from.height),
            width: side(from.width),
            channels,
        };
        let role = if kernel == 1 {
            Role::ResidualBranch
        } else {
            Role::RawConvolution
        };
        self.push(name.to_owned(), Op::Conv { kernel, stride }, vec![input], shape, role)
    }

    fn batch_norm_of(&mut self, name: &str, input: LayerId) -> LayerId {
        self.batch_norm(format!("{name}_bn"), input, Role::Target)
    }

    fn batch_norm(&mut self, name: String, input: LayerId, role: Role) -> LayerId {
        let shape = self.shape(input);
        self.push(name, Op::BatchNorm, vec![input], shape, role)
    }

    fn relu(&mut self, name: &str, input: LayerId) -> LayerId {
        let shape = self.shape(input);
        self.push(name.to_owned(), Op::Relu, vec![input], shape, Role::Target)
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
            name,
            op,
            inputs,
            shape,
            role,
        });
        LayerId(self.layers.len() - 1)
    }
}
