//! Models in models laid out as one list of layers, each after all that it reads.

mod layer;
mod needed;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::NetworkChoices;
use super::calls::{Argument, TensorRef};
use super::error::KerasError;
use super::family::{self, Family};
use super::graph::{FlatLayer, Graph};
use super::input::{self, input_name, input_shape};
use super::json::{LayerDescription, Model};
use super::layers::Input;
use super::order::archive_names;
use super::place::Place;
use crate::network::{Op, Shape};
use needed::needed;

/// How often the layers of a model are gone through until each has what it reads; saved models are in order.
const MAX_ROUNDS: usize = 64;

/// What a layer gives.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tensor {
    layer: usize,
    input: Input,
    /// One channel of the layer alone.
    channel: Option<usize>,
}

/// Lays a model out.
pub fn flatten(model: &Model, choices: &NetworkChoices, is_keras_2: bool, network: &str) -> Result<Graph, KerasError> {
    let (said, channels) = input_shape(model);
    let sides = match (choices.input_size, said) {
        (Some(sides), _) | (None, Some(sides)) => sides,
        (None, None) => return Err(KerasError::InputSize),
    };
    if let Some(said) = said
        && sides != said
    {
        return Err(KerasError::Network {
            network: network.to_owned(),
            reason: format!(
                "it takes {}x{} pixels (width x height), not {}x{}",
                said[1], said[0], sides[1], sides[0]
            ),
        });
    }
    if channels != 3 && channels != 1 {
        return Err(KerasError::Network {
            network: network.to_owned(),
            reason: format!(
                "its input has {channels} channels, where the 3 of a colour picture or the 1 of a gray one are understood"
            ),
        });
    }
    let shape = Shape {
        height: sides[0],
        width: sides[1],
        channels,
    };
    let mut flattener = Flattener {
        layers: Vec::new(),
        is_keras_2,
        network,
        family: family::by_name(model),
        count: model.all().len(),
        position: 0,
    };
    let input = flattener.push(FlatLayer {
        name: input_name(model),
        part: None,
        model: None,
        op: Op::Input,
        inputs: vec![],
        shape,
        place: Place::default(),
    });
    let input = Tensor {
        layer: input,
        input: Input { shape, is_map: true },
        channel: None,
    };
    let outputs: Vec<String> = if model.is_sequential {
        model
            .layers
            .last()
            .map(|layer| layer.name.clone())
            .into_iter()
            .collect()
    } else {
        model.outputs.iter().map(|output| output.layer.clone()).collect()
    };
    let chosen = match &choices.output_layer {
        None => 0,
        Some(name) => outputs
            .iter()
            .position(|output| output == name)
            .ok_or_else(|| KerasError::Network {
                network: network.to_owned(),
                reason: format!("it has no output {name:?}; its outputs are {}", outputs.join(", ")),
            })?,
    };
    if model.inputs.len() > 1 {
        let names: Vec<&str> = model.inputs.iter().map(|input| input.layer.as_str()).collect();
        return Err(KerasError::Network {
            network: network.to_owned(),
            reason: format!(
                "it has {} inputs ({}), where one picture is understood",
                names.len(),
                names.join(", ")
            ),
        });
    }
    let place = Scope {
        models: Vec::new(),
        archive: Some("layers".to_owned()),
    };
    let given = flattener.model(model, &place, &[input], Some(chosen))?;
    let output = given
        .get(&chosen)
        .ok_or_else(|| KerasError::graph("it has no output"))?;
    if output.channel.is_some() {
        return Err(KerasError::graph("its output is a single channel"));
    }
    let prepares = |op: &Op| {
        matches!(
            op,
            Op::Affine { .. } | Op::Normalize | Op::Reorder { .. } | Op::Identity
        )
    };
    let is_whole = model
        .all()
        .iter()
        .any(|layer| layer.class == "InputLayer" && input::is_whole(layer));
    if is_whole
        && !flattener
            .layers
            .iter()
            .filter(|layer| layer.inputs.contains(&0))
            .all(|layer| prepares(&layer.op))
    {
        return Err(KerasError::graph(
            "its input is of whole numbers and goes into the network as it is",
        ));
    }
    Ok(Graph {
        output: output.layer,
        layers: flattener.layers,
        outputs,
        chosen,
        says_input_size: said.is_some(),
    })
}

/// Where a model stands.
struct Scope {
    models: Vec<String>,
    /// Of its layers in an archive, where that is clear.
    archive: Option<String>,
}

struct Flattener<'a> {
    layers: Vec<FlatLayer>,
    is_keras_2: bool,
    /// The network in words.
    network: &'a str,
    /// By its names.
    family: Option<Family>,
    /// Layers in all.
    count: usize,
    /// Layers looked at so far.
    position: usize,
}

impl Flattener<'_> {
    fn push(&mut self, layer: FlatLayer) -> usize {
        self.layers.push(layer);
        self.layers.len() - 1
    }

    /// All layers of a model that its outputs, or the chosen one, depend on. The result has an entry an output.
    fn model(
        &mut self,
        model: &Model,
        scope: &Scope,
        inputs: &[Tensor],
        chosen: Option<usize>,
    ) -> Result<BTreeMap<usize, Tensor>, KerasError> {
        let archives = match &scope.archive {
            Some(prefix) => archive_names(model, prefix),
            None => vec![None; model.layers.len()],
        };
        if model.is_sequential {
            let mut current = inputs
                .first()
                .copied()
                .ok_or_else(|| KerasError::graph("a model reads nothing"))?;
            for (layer, archive) in model.layers.iter().zip(&archives) {
                if layer.class == "InputLayer" {
                    input::check_layer(layer, current.input, scope.models.is_empty())?;
                } else {
                    current = self.layer(layer, archive, scope, &[current], &[], true)?;
                }
            }
            return Ok(BTreeMap::from([(0, current)]));
        }
        let wanted: Vec<(usize, &TensorRef)> = model
            .outputs
            .iter()
            .enumerate()
            .filter(|(index, _)| chosen.is_none_or(|chosen| chosen == *index))
            .collect();
        let needed = needed(model, &wanted)?;
        let mut given: HashMap<&str, BTreeMap<usize, Tensor>> = HashMap::new();
        for (reference, input) in model.inputs.iter().zip(inputs) {
            input::check(model, reference, input.input, scope.models.is_empty())?;
            given.insert(&reference.layer, BTreeMap::from([(0, *input)]));
        }
        if model.inputs.len() != inputs.len() {
            return Err(KerasError::graph(&format!(
                "the model {} has {} inputs and gets {}",
                model.name,
                model.inputs.len(),
                inputs.len()
            )));
        }
        let mut waiting: Vec<usize> = needed
            .into_iter()
            .filter(|&i| !given.contains_key(model.layers[i].name.as_str()))
            .collect();
        for _ in 0..MAX_ROUNDS {
            let mut later = Vec::new();
            for &index in &waiting {
                let layer = &model.layers[index];
                let call = match layer.calls.as_slice() {
                    [call] => call,
                    [] => {
                        return Err(KerasError::graph(&format!(
                            "the layer {} is called nowhere",
                            layer.name
                        )));
                    }
                    calls => {
                        return Err(KerasError::Network {
                            network: self.network.to_owned(),
                            reason: format!(
                                "its layer {} ({}) is shared by {} places, which is not understood",
                                layer.name,
                                layer.class,
                                calls.len()
                            ),
                        });
                    }
                };
                let tensors = call.arguments.iter().filter_map(|argument| match argument {
                    Argument::Tensor(tensor) => Some(given.get(tensor.layer.as_str())?.get(&tensor.index).copied()),
                    Argument::Constant(_) => None,
                });
                let count = call
                    .arguments
                    .iter()
                    .filter(|a| matches!(a, Argument::Tensor(_)))
                    .count();
                let tensors: Vec<Tensor> = tensors.map_while(|tensor| tensor).collect();
                if tensors.len() < count || count == 0 {
                    later.push(index);
                    continue;
                }
                let constants: Vec<&Value> = call
                    .arguments
                    .iter()
                    .filter_map(|argument| match argument {
                        Argument::Constant(value) => Some(value),
                        Argument::Tensor(_) => None,
                    })
                    .collect();
                let tensor_first = matches!(call.arguments.first(), Some(Argument::Tensor(_)));
                if let Some(inner) = &layer.model {
                    if !constants.is_empty() {
                        return Err(KerasError::graph(&format!(
                            "the model {} is called with constants",
                            layer.name
                        )));
                    }
                    let inner_scope = self.inside(layer, &archives[index], scope);
                    let outputs = self.model(inner, &inner_scope, &tensors, None)?;
                    given.insert(&layer.name, outputs);
                } else {
                    let tensor = self.layer(layer, &archives[index], scope, &tensors, &constants, tensor_first)?;
                    given.insert(&layer.name, BTreeMap::from([(0, tensor)]));
                }
            }
            if later.is_empty() || later.len() == waiting.len() {
                waiting = later;
                break;
            }
            waiting = later;
        }
        if let Some(&index) = waiting.first() {
            let name = &model.layers[index].name;
            return Err(KerasError::graph(&format!(
                "what {name} reads is not there, or depends on {name} itself"
            )));
        }
        let mut outputs = BTreeMap::new();
        for (index, reference) in wanted {
            let tensor = given
                .get(reference.layer.as_str())
                .and_then(|given| given.get(&reference.index));
            let tensor =
                tensor.ok_or_else(|| KerasError::graph(&format!("the output {} is not there", reference.layer)))?;
            outputs.insert(index, *tensor);
        }
        Ok(outputs)
    }

    fn inside(&self, layer: &LayerDescription, archive: &Option<String>, scope: &Scope) -> Scope {
        let mut models = scope.models.clone();
        models.push(layer.name.clone());
        Scope {
            models,
            archive: archive.as_ref().map(|archive| format!("{archive}/layers")),
        }
    }
}
