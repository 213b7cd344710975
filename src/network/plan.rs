//! The network written down once: every layer in order, with its operation, inputs and output shape.
//!
//! Forward passes walk the list from front to back, vector-Jacobian products from back to front; the check of a
//! weights file and the list of layers in the window read it too. There is no second description anywhere.

use thiserror::Error;

use super::groups::{self, Group};
use super::layer::{Layer, LayerId, Role};
use super::op::Op;
use super::output::Output;
use super::shape::Shape;

/// One tensor that the network needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Layer, which is also the path in candle's `VarBuilder`.
    pub layer: String,
    /// Keras weight name, such as `depthwise_kernel`.
    pub weight: &'static str,
    /// Shape in Keras' layout: HWIO, depthwise `[h, w, channels, multiplier]`, dense `[in, out]`.
    pub shape: Vec<usize>,
}

impl Parameter {
    /// The name in a safetensors file, such as `block1_conv1/kernel`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.layer, self.weight)
    }
}

/// Why a list of layers is no network whose classes have maps.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum PlanError {
    /// The last layer is no vector.
    #[error("its output {layer} is {height} by {width} by {channels}, not one value a class")]
    OutputWithSpace {
        /// The last layer.
        layer: String,
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// Channels.
        channels: usize,
    },
    /// No layer before the head has height and width.
    #[error("no layer of it has height and width, so there is no place for a map")]
    NoMap,
    /// The head reads several maps.
    #[error(
        "its head reads two layers with height and width, {first} and {second}; only a head behind one of them is \
         understood"
    )]
    TwoMaps {
        /// The one nearer to the input.
        first: String,
        /// The other.
        second: String,
    },
    /// A layer holds no value, or more than any memory.
    #[error("{layer} would be {height} by {width} by {channels}; the input is too small or too large for this network")]
    Size {
        /// The layer.
        layer: String,
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// Channels.
        channels: usize,
    },
}

/// The whole network: layers in order, each after all of its inputs, and what the last one answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// All layers; [`LayerId`] counts in here. The first is the input, the last gives the logits.
    pub layers: Vec<Layer>,
    /// What the last layer's values mean.
    pub output: Output,
    /// See [`Plan::last_feature_layer`].
    last_feature_layer: LayerId,
    /// See [`Plan::groups`].
    groups: Vec<Group>,
}

impl Plan {
    /// Takes layers in order; the first must be the input.
    ///
    /// # Errors
    /// Where the layers make no classifier with maps.
    pub fn new(layers: Vec<Layer>, output: Output) -> Result<Self, PlanError> {
        if let Some(layer) = layers
            .iter()
            .find(|layer| layer.shape.is_empty() || layer.shape.checked_len().is_none())
        {
            let Shape {
                height,
                width,
                channels,
            } = layer.shape;
            return Err(PlanError::Size {
                layer: layer.name.clone(),
                height,
                width,
                channels,
            });
        }
        let last_feature_layer = last_feature_layer(&layers)?;
        let groups = groups::groups(&layers, last_feature_layer.0 + 1);
        Ok(Self {
            layers,
            output,
            last_feature_layer,
            groups,
        })
    }

    /// The layer with this id.
    pub fn layer(&self, id: LayerId) -> &Layer {
        &self.layers[id.0]
    }

    /// Finds a layer by its name.
    pub fn find(&self, name: &str) -> Option<LayerId> {
        self.layers.iter().position(|layer| layer.name == name).map(LayerId)
    }

    /// All ids in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = LayerId> + use<> {
        (0..self.layers.len()).map(LayerId)
    }

    /// The layers that have a map, in order.
    pub fn mappable(&self) -> impl DoubleEndedIterator<Item = LayerId> + '_ {
        self.ids().filter(|&id| self.layer(id).role != Role::NoMap)
    }

    /// The layers that have a map as groups that belong together, in order; each layer is in exactly one.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The position in [`Plan::groups`] of the group that a layer with a map is in.
    pub fn group_of(&self, layer: LayerId) -> Option<usize> {
        let position = self.groups.partition_point(|group| group.last() < layer);
        self.groups.get(position)?.has(layer).then_some(position)
    }

    /// The shape of the picture that goes in, `[height, width, 3]`.
    pub fn input(&self) -> Shape {
        self.layers[0].shape
    }

    /// Whether the network scales or reorders pixels itself, in the layers right behind its input.
    pub fn prepares_pixels(&self) -> bool {
        let mut first = self.layers.iter().skip(1).take_while(|layer| layer.op.is_cellwise());
        first.any(|layer| matches!(layer.op, Op::Affine { .. } | Op::Normalize | Op::Reorder { .. }))
    }

    /// Whether any layer is a ReLU, capped or not.
    pub fn has_rectifier(&self) -> bool {
        self.layers.iter().any(|layer| layer.op.is_rectifier())
    }

    /// Values that the network ends in, see [`Output`].
    pub fn units(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.shape.channels)
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.output.classes(self.units())
    }

    /// The last layer with height and width before the head, Grad-CAM's usual target: `block14_sepconv2_act` in Keras'
    /// Xception.
    ///
    /// The head is what only blurs or turns the map into a vector: average pools, pools that leave one cell, the
    /// flattening, and everything behind them.
    pub fn last_feature_layer(&self) -> LayerId {
        self.last_feature_layer
    }

    /// The layers of the head, from [`Plan::last_feature_layer`] to the logits; all read that layer or each other.
    pub fn head(&self) -> &[Layer] {
        &self.layers[self.last_feature_layer.0 + 1..]
    }

    /// Whether each layer of the head reads the one before it and nothing else.
    pub fn head_is_chain(&self) -> bool {
        let ids = self.ids().skip(self.last_feature_layer.0 + 1);
        ids.into_iter()
            .all(|id| *self.layer(id).inputs.as_slice() == [LayerId(id.0 - 1)])
    }

    /// Whether a score's gradient is the same in all cells of the last feature layer, because the head begins with a
    /// global average: Grad-CAM, HiResCAM and XGrad-CAM are then one map.
    pub fn gradient_is_uniform(&self) -> bool {
        let first = self.head().iter().find(|layer| layer.op != Op::Identity);
        self.head_is_chain() && first.is_some_and(|layer| layer.op == Op::GlobalAveragePool)
    }

    /// Whether the logits are piecewise linear in a layer's output, so that their second derivatives vanish but where a ReLU or
    /// a maximum changes over.
    pub fn is_piecewise_linear_behind(&self, layer: LayerId) -> bool {
        let mut behind = self.layers.iter().skip(layer.0 + 1);
        behind.all(|layer| layer.op.is_piecewise_linear())
    }

    /// The dense layer of a head that is a global average and this layer alone, so that the maps of all classes are one
    /// product; none if the head is another.
    pub fn linear_head(&self) -> Option<LayerId> {
        if !self.head_is_chain() {
            return None;
        }
        let mut head = self.ids().skip(self.last_feature_layer.0 + 1);
        let mut next = || head.find(|&id| self.layer(id).op != Op::Identity);
        match [next(), next(), next()] {
            [Some(average), Some(dense), None] => {
                let is_linear = self.layer(average).op == Op::GlobalAveragePool && self.layer(dense).op.is_dense();
                is_linear.then_some(dense)
            }
            _ => None,
        }
    }

    /// Every tensor the network needs, in order, with its exact shape.
    pub fn parameters(&self) -> Vec<Parameter> {
        self.layers.iter().flat_map(|layer| self.parameters_of(layer)).collect()
    }

    /// The tensors of one layer of this plan.
    pub fn parameters_of<'a>(&'a self, layer: &'a Layer) -> impl Iterator<Item = Parameter> + 'a {
        let input = layer.inputs.first().map_or(layer.shape, |&id| self.layer(id).shape);
        let tensors = layer.op.tensors(input, layer.shape).into_iter();
        tensors.map(|(weight, shape)| Parameter {
            layer: layer.weights.clone(),
            weight,
            shape,
        })
    }

    /// Gives every batch normalisation this epsilon, where a file leaves it to be found out.
    pub fn set_bn_epsilon(&mut self, value: f64) {
        for layer in &mut self.layers {
            if let Op::BatchNorm { epsilon, .. } = &mut layer.op {
                *epsilon = value;
            }
        }
    }

    /// The epsilon of its first batch normalisation.
    pub fn bn_epsilon(&self) -> Option<f64> {
        self.layers.iter().find_map(|layer| match layer.op {
            Op::BatchNorm { epsilon, .. } => Some(epsilon),
            _ => None,
        })
    }

    /// Bytes that weights and activations take in f32, as far as they can be counted, where no more than `kept` bytes of
    /// activations are kept between the passes.
    pub fn bytes(&self, kept: u64) -> u64 {
        let product = |sides: &[usize]| {
            let values = sides
                .iter()
                .fold(1_u64, |count, &side| count.saturating_mul(side as u64));
            values.saturating_mul(size_of::<f32>() as u64)
        };
        let activation = |layer: &Layer| product(&[layer.shape.cells(), layer.shape.channels]);
        let all = self.layers.iter().map(activation).fold(0_u64, u64::saturating_add);
        // what a layer reads and gives is there at once, there and back
        let largest = self.layers.iter().map(activation).max().unwrap_or(0);
        let activations = all.min(kept.saturating_add(largest.saturating_mul(4)));
        let parameters = self.layers.iter().flat_map(|layer| self.parameters_of(layer));
        let weights = parameters.map(|parameter| product(&parameter.shape));
        weights.fold(activations, u64::saturating_add)
    }
}

/// Walks back from the logits over everything that belongs to the head.
fn last_feature_layer(layers: &[Layer]) -> Result<LayerId, PlanError> {
    let last = layers.last().ok_or(PlanError::NoMap)?;
    if last.shape.cells() != 1 {
        let Shape {
            height,
            width,
            channels,
        } = last.shape;
        return Err(PlanError::OutputWithSpace {
            layer: last.name.clone(),
            height,
            width,
            channels,
        });
    }
    // all that the logits depend on without passing a map, and the maps in front of it
    let mut is_head = vec![false; layers.len()];
    is_head[layers.len() - 1] = true;
    let mut found: Option<usize> = None;
    for id in (0..layers.len()).rev() {
        if !is_head[id] {
            continue;
        }
        let layer = &layers[id];
        let belongs = layer.shape.cells() == 1 || matches!(layer.op, Op::AveragePool { .. } | Op::Identity);
        if belongs {
            if layer.inputs.is_empty() {
                return Err(PlanError::NoMap);
            }
            for input in &layer.inputs {
                is_head[input.0] = true;
            }
            continue;
        }
        match found {
            None => found = Some(id),
            Some(later) => {
                return Err(PlanError::TwoMaps {
                    first: layer.name.clone(),
                    second: layers[later].name.clone(),
                });
            }
        }
    }
    match found {
        Some(id) if layers[id].role != Role::NoMap => Ok(LayerId(id)),
        _ => Err(PlanError::NoMap),
    }
}
