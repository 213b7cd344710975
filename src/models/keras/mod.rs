//! Networks from the descriptions that Keras saves: `config.json` of `.keras` archives, `model_config` of HDF5 files.
//!
//! 1. `json` reads the description, models and layers, and `calls` which reads which; Keras 1, 2 and 3 side by side.
//! 2. `flatten` lays models in models out as one list of layers.
//! 3. `layers` has one table of layer classes; each takes its configuration to operations.
//! 4. `output` finds out what the last values mean, `family` which network it is and so which pixels it takes.
//!
//! The rule: nothing in a description that changes a number is ignored. What is not understood is refused by its name.
//! No code of a file is ever run.

mod calls;
mod choices;
mod config;
mod error;
mod family;
mod flatten;
mod graph;
mod input;
mod json;
mod layers;
mod order;
mod output;
mod place;
mod table;

pub use choices::NetworkChoices;
pub use error::KerasError;
pub use place::{Place, Placement};
pub use table::{Row, rows};

use crate::imaging::Pixels;
use crate::models::xception::recognise;
use crate::network::{Plan, PlanError, roles};

/// What a file says of a model besides its weights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The graph, as JSON.
    pub config: String,
    /// How it was trained, as JSON, where it stands apart from the graph (`training_config` of HDF5 files).
    pub training: Option<String>,
    /// Keras' version, such as `2.15.0`.
    pub version: Option<String>,
}

/// A network as its description has it.
#[derive(Clone, Debug, PartialEq)]
pub struct KerasNetwork {
    /// The graph.
    pub plan: Plan,
    /// Where each layer's tensors are in the file.
    pub placements: Vec<Placement>,
    /// Whether the description says the size of the input.
    pub says_input_size: bool,
    /// Whether the description says what the last values mean.
    pub says_output: bool,
    /// The names of the outputs, in order.
    pub outputs: Vec<String>,
    /// What network this is, in words, such as `an Xception of 135 layers`.
    pub family: String,
    /// The range of pixels that this network usually takes, where its family is known and the file scales none itself.
    pub pixels: Option<Pixels>,
}

/// The first layer whose class is not known.
fn unknown_class(model: &json::Model, family: &str) -> Option<KerasError> {
    let layers = model.all();
    let is_unknown =
        |layer: &&json::LayerDescription| layer.class != "InputLayer" && layers::builder(&layer.class).is_none();
    let (index, layer) = layers.iter().enumerate().find(|(_, layer)| is_unknown(layer))?;
    Some(KerasError::Layer {
        network: family.to_owned(),
        layer: layer.name.clone(),
        class: layer.class.clone(),
        position: index + 1,
        count: layers.len(),
        reason: String::new(),
    })
}

/// Reads a description.
///
/// # Errors
/// What is not understood, by its name.
pub fn network(description: &Description, choices: &NetworkChoices) -> Result<KerasNetwork, KerasError> {
    let model = json::Model::parse(&description.config)?;
    let family = family::words(&model);
    let is_keras_2 = description
        .version
        .as_deref()
        .map_or_else(|| model.is_keras_2, |version| !version.starts_with('3'));
    let graph = flatten::flatten(&model, choices, is_keras_2, &family).map_err(|error| {
        // a class that is not known at all says more than a detail of a layer before it
        let of_layer = matches!(error, KerasError::Layer { .. });
        unknown_class(&model, &family).filter(|_| of_layer).unwrap_or(error)
    })?;
    let compiled = output::losses(&model, description.training.as_deref())?;
    let outputs = graph.outputs.clone();
    let says_input_size = graph.says_input_size;
    let chosen = graph.chosen;
    let (mut layers, placements, flat_output) = graph.into_layers();
    let decided = output::decide(&mut layers, flat_output, &compiled, chosen, &outputs);
    // Xception's own end, and nothing behind it
    let ends_in_relu = layers.last().is_some_and(|layer| layer.op.is_relu());
    let plan = Plan::new(layers, choices.output.unwrap_or(decided.output));
    let mut plan = plan.map_err(|problem| match problem {
        PlanError::OutputWithSpace { layer, .. } if ends_in_relu => KerasError::NoHead {
            network: family.clone(),
            layer,
        },
        problem => KerasError::Plan {
            network: family.clone(),
            problem,
        },
    })?;
    roles::derive(&mut plan.layers);
    let body = recognise::body(&plan);
    if let Some(body) = &body {
        body.assign_roles(&mut plan);
    }
    let end = body.as_ref().map_or(plan.last_feature_layer(), |body| body.end);
    // a pooling alone makes no classes
    if !plan.layers[end.0 + 1..]
        .iter()
        .any(|layer| plan.parameters_of(layer).next().is_some())
    {
        let layer = plan.layers.last().map_or_else(String::new, |layer| layer.name.clone());
        return Err(KerasError::NoHead { network: family, layer });
    }
    let by_graph = match body {
        Some(_) => Some(family::Family::Xception),
        None => family::by_graph(&plan),
    };
    let known = by_graph.or_else(|| family::by_name(&model));
    Ok(KerasNetwork {
        pixels: known
            .filter(|_| !plan.prepares_pixels())
            .and_then(family::Family::pixels),
        plan,
        placements,
        says_input_size,
        says_output: decided.said,
        outputs,
        family,
    })
}
