//! The table of layer classes: from a class and its configuration to operations. Sorted in files as Keras sorts its own.
//!
//! To add a class: write what it does in the file of its family and name it in [`builder`]. A configuration key that no
//! builder reads, and that could change a number, refuses the layer by itself.

mod activations;
mod convolutional;
mod core;
mod merging;
mod normalization;
mod operations;
mod pooling;
mod preprocessing;
mod reshaping;

use std::cell::Cell;

use serde_json::Value;

use super::config::Config;
use super::family::Family;
use crate::network::{Op, Shape};

/// What a layer reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input {
    /// Without the batch.
    pub shape: Shape,
    /// Whether it has height and width in Keras, even if they are 1.
    pub is_map: bool,
}

/// A layer and one call of it.
pub struct Called<'a> {
    pub config: Config<'a>,
    /// The tensors that it reads, at least one.
    pub inputs: Vec<Input>,
    /// Where the tensors stand among all arguments.
    pub tensor_first: bool,
    /// Other arguments.
    pub constants: Constants<'a>,
    pub is_keras_2: bool,
    /// What the names of the model's layers say of it.
    pub family: Option<Family>,
}

/// Arguments of a call that are no tensors, and whether they were looked at.
pub struct Constants<'a> {
    values: Vec<&'a Value>,
    are_read: Cell<bool>,
}

impl<'a> Constants<'a> {
    pub fn new(values: &[&'a Value]) -> Self {
        Self {
            values: values.to_vec(),
            are_read: Cell::new(false),
        }
    }

    pub fn read(&self) -> &[&'a Value] {
        self.are_read.set(true);
        &self.values
    }
}

impl Called<'_> {
    /// Whether the constants were looked at, so that none is lost.
    pub fn has_read_constants(&self) -> bool {
        self.constants.are_read.get()
    }

    /// The one tensor.
    pub fn input(&self) -> Input {
        self.inputs[0]
    }

    /// The channels of the one tensor.
    pub fn channels(&self) -> usize {
        self.inputs[0].shape.channels
    }
}

/// One operation of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub op: Op,
    /// Channels of the output, for operations that choose them.
    pub channels: usize,
    /// Whether the output has height and width in Keras.
    pub is_map: bool,
}

/// What a layer is in the graph.
#[derive(Clone, Debug, PartialEq)]
pub enum Built {
    /// Operations, one after another; the layer's output is that of the last.
    Parts(Vec<Part>),
    /// One channel of what it reads, to be put together again.
    Channel(usize),
    /// Channels put together; all must be of one map.
    Stack,
}

/// Layers that change pictures in training and hand them on untouched afterwards (`keras/src/layers/preprocessing`).
const AUGMENTATION: [&str; 14] = [
    "RandomFlip",
    "RandomRotation",
    "RandomZoom",
    "RandomTranslation",
    "RandomContrast",
    "RandomBrightness",
    "RandomShear",
    "RandomHue",
    "RandomSaturation",
    "RandomColorJitter",
    "RandomColorDegeneration",
    "RandomErasing",
    "RandomGaussianBlur",
    "RandomPerspective",
];

/// The class of a layer, taken to operations; an error says what exactly is not understood.
type Builder = fn(&Called<'_>) -> Result<Built, String>;

/// All classes that are understood.
pub fn builder(class: &str) -> Option<Builder> {
    Some(match class {
        // core
        "Dense" => core::dense,
        "Activation" => core::activation,
        "Lambda" => preprocessing::lambda,
        // does nothing in a trained network
        "Dropout"
        | "SpatialDropout2D"
        | "AlphaDropout"
        | "GaussianDropout"
        | "GaussianNoise"
        | "ActivityRegularization" => core::identity,
        "Identity" => core::nothing,
        _ if AUGMENTATION.contains(&class) => core::identity,
        // convolutional
        "Conv2D" | "Convolution2D" => convolutional::conv,
        "SeparableConv2D" | "SeparableConvolution2D" => convolutional::separable,
        "DepthwiseConv2D" => convolutional::depthwise,
        // pooling
        "MaxPooling2D" => pooling::max,
        "AveragePooling2D" => pooling::average,
        "GlobalAveragePooling2D" => pooling::global_average,
        "GlobalMaxPooling2D" => pooling::global_max,
        // normalization
        "BatchNormalization" | "BatchNormalizationV1" | "SyncBatchNormalization" => normalization::batch,
        "LayerNormalization" => normalization::layer,
        "UnitNormalization" => normalization::unit,
        // activations
        "ReLU" => activations::relu,
        "LeakyReLU" => activations::leaky,
        "PReLU" => activations::prelu,
        "ELU" => activations::elu,
        "Softmax" => activations::softmax,
        // preprocessing
        "Rescaling" => preprocessing::rescaling,
        "Normalization" => preprocessing::normalization,
        // reshaping
        "Flatten" => reshaping::flatten,
        "Reshape" => reshaping::reshape,
        "Permute" => reshaping::permute,
        "ZeroPadding2D" => reshaping::zero_padding,
        "Cropping2D" => reshaping::cropping,
        "UpSampling2D" => reshaping::up_sampling,
        // merging, and operations of Keras 3 of the same name
        "Add" => merging::add,
        "Average" => merging::average,
        "Concatenate" => merging::concatenate,
        "Maximum" => merging::maximum,
        "Merge" => merging::merge,
        "Minimum" => merging::minimum,
        "Multiply" => merging::multiply,
        "Subtract" => merging::subtract,
        // of Keras' own applications
        "CustomScaleLayer" => merging::scaled_residual,
        "Custom>CustomScaleLayer" => merging::scaled_residual_of_keras_2,
        "LayerScale" => merging::layer_scale,
        "StochasticDepth" => core::stochastic_depth,
        // operations of Keras 3
        "TrueDivide" | "Divide" => operations::divide,
        "GetItem" => operations::get_item,
        "Stack" => operations::stack,
        "Gelu" => operations::gelu,
        "Relu" => operations::relu,
        "Relu6" => operations::relu6,
        "Sigmoid" => operations::sigmoid,
        "Silu" => operations::silu,
        "Cast" => core::identity,
        // operations of Keras 2
        "TFOpLambda" => operations::tensorflow,
        "SlicingOpLambda" => operations::slicing,
        _ => return None,
    })
}

/// A single operation that keeps the shape.
fn one(layer: &Called<'_>, op: Op) -> Built {
    Built::Parts(vec![Part {
        op,
        channels: layer.channels(),
        is_map: layer.input().is_map,
    }])
}

/// An operation, and the activation that Keras applies within the layer.
fn with_activation(layer: &Called<'_>, mut parts: Vec<Part>) -> Result<Built, String> {
    let Some(last) = parts.last().cloned() else {
        return Ok(Built::Parts(parts));
    };
    if let Some(op) = activation_of(layer)? {
        parts.push(Part { op, ..last });
    }
    Ok(Built::Parts(parts))
}

/// The activation that a layer's configuration names; none if it is linear.
fn activation_of(layer: &Called<'_>) -> Result<Option<Op>, String> {
    match layer.config.get("activation") {
        None => Ok(None),
        Some(value) => Ok(activations::of_value(value, layer.is_keras_2)?.map(Op::Activation)),
    }
}

/// Refuses any axis but that of the channels, the last.
fn last_axis(layer: &Called<'_>) -> Result<(), String> {
    let last = if layer.input().is_map { 3 } else { 1 };
    let axis = match layer.config.get("axis") {
        None => Some(-1),
        Some(Value::Array(axes)) => match axes.as_slice() {
            [axis] => axis.as_i64(),
            _ => None,
        },
        Some(value) => value.as_i64(),
    };
    match axis {
        Some(axis) if axis == -1 || axis == last => Ok(()),
        _ => Err("it works along another axis than the channels".to_owned()),
    }
}

/// Refuses anything but maps.
fn map_only(layer: &Called<'_>) -> Result<(), String> {
    if layer.input().is_map {
        Ok(())
    } else {
        Err("it reads a vector, where a map with height and width was expected".to_owned())
    }
}
