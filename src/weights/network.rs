//! Which network the header of a safetensors file holds: the one that its metadata describe, else an Xception that is told
//! by the names and shapes of its tensors.

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

/// A network and where its tensors are.
pub(super) struct StoredNetwork {
    pub plan: Plan,
    pub dialect: Dialect,
    /// By canonical path, such as `block1_conv1/kernel`.
    pub tensors: HashMap<String, Stored>,
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

/// The network of a header and its metadata.
pub(super) fn of_header(
    file: &str,
    header: &Metadata,
    metadata: &BTreeMap<String, String>,
    choices: &NetworkChoices,
) -> Result<StoredNetwork, WeightsError> {
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
    Ok(StoredNetwork {
        tensors: exactly(header, &network.plan).map_err(problem)?,
        plan: network.plan,
        dialect: Dialect::Keras,
        passed_over: PassedOver::default(),
        outputs: network.outputs,
        says_input_size: network.says_input_size,
        says_output: network.says_output,
        usual_pixels: network.pixels,
    })
}

/// The Xception of tensors without a description.
fn xception(header: &Metadata, choices: &NetworkChoices) -> Result<StoredNetwork, TensorProblem> {
    let found = header::recognise(header)?;
    let shapes = found
        .tensors
        .iter()
        .map(|(path, stored)| (path.as_str(), (stored.name.as_str(), stored.shape.as_slice())));
    let input_size = choices.input_size.unwrap_or([KERAS_INPUT_SIZE; 2]);
    let mut plan = parameters::plan(&shapes.collect(), input_size)?;
    plan.output = choices.output.unwrap_or(plan.output);
    Ok(StoredNetwork {
        // weights alone do not say their last activation, but ImageNet's classes exclude each other
        says_output: plan.classes() == IMAGENET_CLASSES,
        plan,
        dialect: found.dialect,
        tensors: found.tensors,
        passed_over: found.passed_over,
        outputs: Vec::new(),
        says_input_size: false,
        usual_pixels: Some(Pixels::MinusOneToOne),
    })
}

/// The tensors of a plan by their own names, all of them and no others.
fn exactly(header: &Metadata, plan: &Plan) -> Result<HashMap<String, Stored>, TensorProblem> {
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
