//! Why a description is no network that can be explained. Each message completes "FILE cannot be explained: ".

use thiserror::Error;

use crate::network::PlanError;

/// What is wrong with a description.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum KerasError {
    /// The JSON itself.
    #[error("its description of the model (config.json, model_config) makes no sense ({0})")]
    Json(String),
    /// The description contradicts itself.
    #[error("its description of the model makes no sense: {0}")]
    Graph(String),
    /// A layer that is not understood.
    #[error(
        "this is {network}, and its layer {layer} ({class}, number {position} of {count}) is not understood{reason}"
    )]
    Layer {
        /// The network in words.
        network: String,
        /// Keras' name of the layer.
        layer: String,
        /// Keras' class.
        class: String,
        /// Its place, from 1.
        position: usize,
        /// Number of layers.
        count: usize,
        /// What exactly, with `: ` in front; empty where it is the class.
        reason: String,
    },
    /// A graph that cannot be explained as a whole.
    #[error("this is {network}, and {reason}")]
    Network {
        /// The network in words.
        network: String,
        /// What is wrong.
        reason: String,
    },
    /// The layers make no classifier.
    #[error("this is {network}, and {problem}")]
    Plan {
        /// The network in words.
        network: String,
        /// What is wrong.
        problem: PlanError,
    },
    /// A body without classes.
    #[error(
        "this is {network} that ends in {layer}: only the convolutional base (include_top=False), so there is no head to explain; save the whole classifier"
    )]
    NoHead {
        /// The network in words.
        network: String,
        /// Its last layer.
        layer: String,
    },
    /// Nobody says how large the input is.
    #[error("it does not say on which input size it was trained")]
    InputSize {
        /// The side of the input on which Keras' own weights of its family were trained, where there is one.
        usual: Option<usize>,
    },
}

impl KerasError {
    /// A graph that makes no sense, and why.
    pub(super) fn graph(reason: &str) -> Self {
        Self::Graph(reason.to_owned())
    }
}
