//! Which network a file holds. Of a safetensors file by its header: the one that its metadata describe, else an Xception that
//! is told by the names and shapes of its tensors.

use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::Metadata;

use super::error::{TensorProblem, WeightsError};
use super::formats::described;
use super::formats::header::{self, Stored};
use super::formats::names::Dialect;
use super::info::key;
use super::labels::IMAGENET_CLASSES;
use super::parameters;
use super::passed_over::PassedOver;
use crate::imaging::Pixels;
use crate::models::keras::{Description, NetworkChoices};
use crate::models::xception::architecture::KERAS_INPUT_SIZE;
use crate::network::Plan;

/// A network and what its file says of it.
pub(super) struct StoredNetwork {
    pub plan: Plan,
    pub dialect: Dialect,
    /// What lies in the file beside the network.
    pub passed_over: PassedOver,
    /// The names of its outputs, where a description has them.
    pub outputs: Vec<String>,
    /// Whether its description says the size of the input.
    pub says_input_size: bool,
    /// Whether it is known what the last values mean.
    pub says_output: bool,
    /// The range of pixels that networks of its family take, where the family is known.
    pub usual_pixels: Option<Pixels>,
}

impl StoredNetwork {
    /// An Xception of a file that has its tensors and no description.
    pub fn xception(mut plan: Plan, dialect: Dialect, passed_over: PassedOver, choices: &NetworkChoices) -> Self {
        plan.output = choices.output.unwrap_or(plan.output);
        Self {
            // weights alone do not say their last activation, but ImageNet's classes exclude each other
            says_output: plan.classes() == IMAGENET_CLASSES,
            plan,
            dialect,
            passed_over,
            outputs: Vec::new(),
            says_input_size: false,
            usual_pixels: Some(Pixels::MinusOneToOne),
        }
    }
}

/// Where tensors are in a safetensors file, by canonical path, such as `block1_conv1/kernel`.
pub(super) type Tensors = HashMap<String, Stored>;

/// The network of a header and its metadata.
pub(super) fn of_header(
    file: &str,
    header: &Metadata,
    metadata: &BTreeMap<String, String>,
    choices: &NetworkChoices,
) -> Result<(StoredNetwork, Tensors), WeightsError> {
    let problem = |problem| WeightsError::Tensor {
        file: file.to_owned(),
        problem,
    };
    let Some(config) = metadata.get(key::MODEL_CONFIG) else {
        return xception(header, choices).map_err(problem);
    };
    let description = Description {
        config: config.clone(),
        training: metadata.get(key::TRAINING_CONFIG).cloned(),
        version: metadata.get(key::KERAS_VERSION).cloned(),
    };
    let network = described::network(file, &description, choices)?;
    let tensors = exactly(header, &network.plan).map_err(problem)?;
    let network = StoredNetwork {
        plan: network.plan,
        dialect: Dialect::Keras,
        passed_over: PassedOver::default(),
        outputs: network.outputs,
        says_input_size: network.says_input_size,
        says_output: network.says_output,
        usual_pixels: network.pixels,
    };
    Ok((network, tensors))
}

/// The Xception of tensors without a description.
fn xception(header: &Metadata, choices: &NetworkChoices) -> Result<(StoredNetwork, Tensors), TensorProblem> {
    let found = header::recognise(header)?;
    let shapes = found
        .tensors
        .iter()
        .map(|(path, stored)| (path.as_str(), (stored.name.as_str(), stored.shape.as_slice())));
    let input_size = choices.input_size.unwrap_or([KERAS_INPUT_SIZE; 2]);
    let plan = parameters::plan(&shapes.collect(), input_size)?;
    let network = StoredNetwork::xception(plan, found.dialect, found.passed_over, choices);
    Ok((network, found.tensors))
}

/// The tensors of a plan by their own names, all of them and no others.
fn exactly(header: &Metadata, plan: &Plan) -> Result<Tensors, TensorProblem> {
    let mut tensors = HashMap::new();
    for parameter in plan.parameters() {
        let path = parameter.path();
        let info = header.info(&path).ok_or_else(|| TensorProblem::Missing(path.clone()))?;
        let stored = Stored::keras(&path, info)?;
        if stored.shape != parameter.shape {
            return Err(TensorProblem::Shape {
                tensor: path,
                found: stored.shape,
                expected: parameter.shape,
            });
        }
        tensors.insert(path, stored);
    }
    let names = header.tensors().into_keys();
    match names.filter(|name| !tensors.contains_key(name)).min() {
        Some(name) => Err(TensorProblem::Extra(name)),
        None => Ok(tensors),
    }
}
