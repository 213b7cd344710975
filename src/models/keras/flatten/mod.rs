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
/// Calls of layers and models together; a model that calls another twice, again and again, would have any number.
const MAX_CALLS: usize = 40_000;

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
        (None, None) => {
            return Err(KerasError::InputSize {
                usual: family::usual_size(model),
            });
        }
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
        calls: 0,
    };
    let input = flattener.push(FlatLayer {
        name: input_name(model),
        part: None,
        model: None,
        op: Op::Input,
        inputs: vec![],
        shape,
        call: String::new(),
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
        call: String::new(),
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
#[derive(Clone)]
struct Scope {
    models: Vec<String>,
    /// Of its layers in an archive, where that is clear.
    archive: Option<String>,
    /// Which call of it this is, see [`FlatLayer::call`].
    call: String,
}

impl Scope {
    /// The same for a call of a layer, counted from 0.
    fn called(&self, call: usize) -> Self {
        let mut scope = self.clone();
        if call > 0 {
            scope.call.push_str(&format!(":{call}"));
        }
        scope
    }

    /// Of the layers of a model that stands here.
    fn inside(&self, layer: &LayerDescription, archive: &Option<String>) -> Self {
        let mut scope = self.clone();
        scope.models.push(layer.name.clone());
        scope.archive = archive.as_ref().map(|archive| format!("{archive}/layers"));
        scope
    }
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
    /// Calls of layers and models so far.
    calls: usize,
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
        let mut given: HashMap<(usize, usize), BTreeMap<usize, Tensor>> = HashMap::new();
        for (reference, input) in model.inputs.iter().zip(inputs) {
            input::check(model, reference, input.input, scope.models.is_empty())?;
            if let Some(read) = model.call_read(reference) {
                given.insert(read, BTreeMap::from([(0, *input)]));
            }
        }
        if model.inputs.len() != inputs.len() {
            return Err(KerasError::graph(&format!(
                "the model {} has {} inputs and gets {}",
                model.name,
                model.inputs.len(),
                inputs.len()
            )));
        }
        let places = model.places();
        let mut waiting: Vec<(usize, usize)> = needed.into_iter().filter(|call| !given.contains_key(call)).collect();
        for _ in 0..MAX_ROUNDS {
            let mut later = Vec::new();
            for &(index, number) in &waiting {
                let layer = &model.layers[index];
                let call = layer
                    .calls
                    .get(number)
                    .ok_or_else(|| KerasError::graph(&format!("the layer {} is called nowhere", layer.name)))?;
                let tensors = call.arguments.iter().filter_map(|argument| match argument {
                    Argument::Tensor(tensor) => {
                        let read = model.call_among(&places, tensor)?;
                        Some(given.get(&read).and_then(|given| given.get(&tensor.index)).copied())
                    }
                    Argument::Constant(_) => None,
                });
                let count = call
                    .arguments
                    .iter()
                    .filter(|a| matches!(a, Argument::Tensor(_)))
                    .count();
                let tensors: Vec<Tensor> = tensors.map_while(|tensor| tensor).collect();
                if tensors.len() < count || count == 0 {
                    later.push((index, number));
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
                let (archive, scope) = (&archives[index], scope.called(number));
                let outputs = if let Some(inner) = &layer.model {
                    if !constants.is_empty() {
                        return Err(KerasError::graph(&format!(
                            "the model {} is called with constants",
                            layer.name
                        )));
                    }
                    self.count_call()?;
                    self.model(inner, &scope.inside(layer, archive), &tensors, None)?
                } else {
                    BTreeMap::from([(
                        0,
                        self.layer(layer, archive, &scope, &tensors, &constants, tensor_first)?,
                    )])
                };
                given.insert((index, number), outputs);
            }
            if later.is_empty() || later.len() == waiting.len() {
                waiting = later;
                break;
            }
            waiting = later;
        }
        if let Some(&(index, _)) = waiting.first() {
            let name = &model.layers[index].name;
            return Err(KerasError::graph(&format!(
                "what {name} reads is not there, or depends on {name} itself"
            )));
        }
        let mut outputs = BTreeMap::new();
        for (index, reference) in wanted {
            let call = model.call_given(reference).and_then(|call| given.get(&call));
            let tensor = call.and_then(|given| given.get(&reference.index));
            let tensor =
                tensor.ok_or_else(|| KerasError::graph(&format!("the output {} is not there", reference.layer)))?;
            outputs.insert(index, *tensor);
        }
        Ok(outputs)
    }

    fn count_call(&mut self) -> Result<(), KerasError> {
        self.calls += 1;
        if self.calls > MAX_CALLS {
            return Err(KerasError::graph("its layers are called more than 40,000 times"));
        }
        Ok(())
    }
}
