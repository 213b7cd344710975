//! What can be wrong with a file of weights, sorted by what the reader of the message can do about it.

use std::io;

use thiserror::Error;

use super::labels::LabelsProblem;
use crate::models::keras::KerasError;
use crate::models::xception::ArchitectureError;
use crate::models::xception::architecture::KERAS_INPUT_SIZE;

/// Why weights cannot be used. Each message names the file and what to do next.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// The system refused to open or read the file, or it became shorter meanwhile.
    #[error("{file} cannot be read ({source}); check that it exists and may be read")]
    Read {
        /// The file as shown to people.
        file: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is damaged, or of another kind.
    #[error("{file} is no whole {kind} file: {reason}; fetch or convert it again")]
    Format {
        /// The file as shown to people.
        file: String,
        /// What it was taken for.
        kind: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Something else than weights, told by what it is.
    #[error("{file} is {kind}; {advice}")]
    Foreign {
        /// The file as shown to people.
        file: String,
        /// The kind of file, with its article.
        kind: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A pickle can run any program while it is read, so it is never opened.
    #[error(
        "{file} is a PyTorch pickle, which could run any program when opened; convert it where you trust it: \
         python -c \"import torch, safetensors.torch as s; \
         s.save_file(torch.load('{file}', map_location='cpu', weights_only=True), 'xception.safetensors')\""
    )]
    Pickle {
        /// The file as shown to people.
        file: String,
    },
    /// The file is whole, but its tensors are not those of an Xception.
    #[error("{file} holds no usable network: {problem}; choose other weights")]
    Tensor {
        /// The file as shown to people.
        file: String,
        /// The first tensor that is wrong.
        problem: TensorProblem,
    },
    /// The system refused to write, or the disk is full.
    #[error("{file} cannot be written ({source}); check free space and permissions, or choose another place")]
    Write {
        /// The file as shown to people.
        file: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The file describes a model that cannot be explained.
    #[error("{file} cannot be explained: {problem}")]
    Network {
        /// The file as shown to people.
        file: String,
        /// What is not understood, by its name.
        problem: Box<KerasError>,
    },
    /// The network would need more memory than a network may.
    #[error(
        "{file} cannot be explained: its weights and activations would take {gigabytes:.1} GB, and 4 are the limit; choose a smaller --input-size or network"
    )]
    Memory {
        /// The file as shown to people.
        file: String,
        /// What it would take.
        gigabytes: f64,
    },
    /// A network of any size, of which nobody says on which it was trained.
    #[error(
        "{file} does not say on which input size it was trained; say it with --input-size {} (or WIDTHxHEIGHT)",
        usual.unwrap_or(KERAS_INPUT_SIZE)
    )]
    InputSizeNeeded {
        /// The file as shown to people.
        file: String,
        /// The side of the input on which Keras' own weights of its family were trained, where there is one.
        usual: Option<usize>,
    },
    /// The labels beside a file that is imported cannot be used.
    #[error(transparent)]
    Labels(#[from] LabelsProblem),
    /// A value in the metadata of the file makes no sense.
    #[error("{file} says {key} = {value:?} in its metadata, where {expected} was expected; correct it there")]
    Metadata {
        /// The file as shown to people.
        file: String,
        /// The key in `__metadata__`.
        key: &'static str,
        /// The value found.
        value: String,
        /// What would have been right, in words.
        expected: &'static str,
    },
}

/// The first tensor that is wrong, and how.
#[derive(Debug, Error, PartialEq)]
pub enum TensorProblem {
    /// A tensor is missing or has a shape that fits no Xception.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    /// A body without classes.
    #[error(
        "there is only the convolutional base (include_top=False), so there is no head to explain: save the whole classifier"
    )]
    NoHead,
    /// A tensor that the description of the model asks for.
    #[error("the tensor {0} is missing")]
    Missing(String),
    /// A tensor in an archive, which goes by the order of layers.
    #[error("its layers are not in the order in which Keras counts them, so that it is unclear which tensor is {0}")]
    Unordered(String),
    /// A tensor of a layer that has none, or not so many, by the description of the model.
    #[error("it holds the tensor {0}, of which its description of the model says nothing")]
    Undescribed(String),
    /// A tensor that does not fit the description of the model.
    #[error("the tensor {tensor} has shape {found:?}, but {expected:?} was expected")]
    Shape {
        /// Name in the network.
        tensor: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape in the description.
        expected: Vec<usize>,
    },
    /// A tensor that no Xception has.
    #[error("the tensor {0} belongs to no Xception")]
    Extra(String),
    /// Two tensors of the file are the same parameter.
    #[error("the tensors {0} and {1} are the same parameter {2}")]
    Twice(String, String, String),
    /// Integers, doubles and the like.
    #[error("the tensor {tensor} is of type {found}, but F32, F16 or BF16 was expected")]
    Type {
        /// Name in the file.
        tensor: String,
        /// The type's safetensors name.
        found: String,
    },
    /// NaN or infinity.
    #[error("the tensor {tensor} holds {value} at position {position}")]
    NotFinite {
        /// Name in the file.
        tensor: String,
        /// NaN or an infinity.
        value: f32,
        /// Position in the file's own order.
        position: usize,
    },
    /// A variance below zero.
    #[error("the variance {tensor} holds {value}, but none may be negative")]
    NegativeVariance {
        /// Name in the file.
        tensor: String,
        /// The first negative value.
        value: f32,
    },
    /// Layers without names can only be told by their order, which needs the right number of them.
    #[error("there are {found} {kind}, but an Xception has {expected}")]
    Layers {
        /// The kind of layers, in the plural.
        kind: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be, in words.
        expected: &'static str,
    },
    /// A tensor that would need much more memory than its file takes.
    #[error("the tensor {tensor} of shape {shape:?} is too large for its file")]
    TooLarge {
        /// Name in the file.
        tensor: String,
        /// Shape in the file.
        shape: Vec<usize>,
    },
    /// The name is none of the network's parameters.
    #[error("this network has no tensor {0}")]
    Unknown(String),
    /// The dense layer has no outputs.
    #[error("the tensor {0} has no outputs, so there is not a single class")]
    NoClasses(String),
}
