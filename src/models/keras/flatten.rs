//! Models in models laid out as one list of layers, each after all that it reads.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::NetworkChoices;
use super::config::{Config, shortened};
use super::error::KerasError;
use super::graph::{FlatLayer, Graph};
use super::input::{self, input_name, input_shape};
use super::json::{Argument, LayerDescription, Model, TensorRef};
use super::layers::{self, Built, Called, Constants, Input};
use super::order::archive_names;
use super::place::Place;
use crate::network::{Op, Shape};

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
    if channels != 3 {
        return Err(KerasError::Network {
            network: network.to_owned(),
            reason: format!("its input has {channels} channels, where the 3 of a colour picture are understood"),
        });
    }
    let shape = Shape {
        height: sides[0],
        width: sides[1],
        channels: 3,
    };
    let mut flattener = Flattener {
        layers: Vec::new(),
        is_keras_2,
        network,
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
    let output = given.get(&chosen).ok_or_else(|| graph_error("it has no output"))?;
    if output.channel.is_some() {
        return Err(graph_error("its output is a single channel"));
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
        return Err(graph_error(
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
                .ok_or_else(|| graph_error("a model reads nothing"))?;
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
            return Err(graph_error(&format!(
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
                    [] => return Err(graph_error(&format!("the layer {} is called nowhere", layer.name))),
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
                        return Err(graph_error(&format!(
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
            return Err(graph_error(&format!(
                "what {name} reads is not there, or depends on {name} itself"
            )));
        }
        let mut outputs = BTreeMap::new();
        for (index, reference) in wanted {
            let tensor = given
                .get(reference.layer.as_str())
                .and_then(|given| given.get(&reference.index));
            let tensor = tensor.ok_or_else(|| graph_error(&format!("the output {} is not there", reference.layer)))?;
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

    /// One layer, or a model that stands in for one.
    fn layer(
        &mut self,
        layer: &LayerDescription,
        archive: &Option<String>,
        scope: &Scope,
        tensors: &[Tensor],
        constants: &[&Value],
        tensor_first: bool,
    ) -> Result<Tensor, KerasError> {
        if let Some(model) = &layer.model {
            let scope = self.inside(layer, archive, scope);
            let outputs = self.model(model, &scope, tensors, None)?;
            return outputs
                .get(&0)
                .copied()
                .ok_or_else(|| graph_error("a model gives nothing"));
        }
        self.position += 1;
        let (network, count, position) = (self.network.to_owned(), self.count, self.position);
        let refuse = |reason: &str| KerasError::Layer {
            network: network.clone(),
            layer: layer.name.clone(),
            class: layer.class.clone(),
            position,
            count,
            reason: if reason.is_empty() {
                String::new()
            } else {
                format!(": {reason}")
            },
        };
        if layer.is_of_somebody() {
            return Err(refuse("it is a class of somebody's own"));
        }
        let build = layers::builder(&layer.class).ok_or_else(|| refuse(""))?;
        let config = Config::new(&layer.config);
        if let Some(precision) = config.quantised() {
            return Err(refuse(&precision));
        }
        if let Some(build) = &layer.build
            && !tensors.iter().all(|tensor| is_built_for(build, tensor.input))
        {
            return Err(refuse(&format!("it was built for {}", shortened(&build.to_string()))));
        }
        let called = Called {
            config,
            inputs: tensors.iter().map(|tensor| tensor.input).collect(),
            tensor_first,
            constants: Constants::new(constants),
            is_keras_2: self.is_keras_2,
        };
        let built = build(&called).map_err(|reason| refuse(&reason))?;
        if let Some(unread) = called.config.unread() {
            return Err(refuse(&unread));
        }
        if !constants.is_empty() && !called.has_read_constants() {
            return Err(refuse("it is called with constants"));
        }
        let single = tensors.iter().all(|tensor| tensor.channel.is_none());
        match built {
            Built::Channel(index) if single => Ok(Tensor {
                channel: Some(index),
                ..tensors[0]
            }),
            Built::Stack => {
                let source = tensors[0];
                let channels: Option<Vec<usize>> = tensors.iter().map(|tensor| tensor.channel).collect();
                let channels = channels.filter(|_| tensors.iter().all(|tensor| tensor.layer == source.layer));
                let channels = channels.ok_or_else(|| refuse("it stacks more than the channels of one map"))?;
                if channels.len() != source.input.shape.channels {
                    return Err(refuse("it leaves channels out"));
                }
                let op = Op::Reorder { channels };
                let part = layers::Part {
                    op,
                    channels: source.input.shape.channels,
                    is_map: true,
                };
                Ok(self.parts(layer, archive, scope, &[source], vec![part]))
            }
            Built::Parts(parts) if single => {
                if tensors.len() > 1 && parts.first().is_some_and(|part| part.op != Op::Add) {
                    return Err(refuse(&format!("it joins {} layers", tensors.len())));
                }
                Ok(self.parts(layer, archive, scope, tensors, parts))
            }
            _ => Err(refuse("it reads a single channel")),
        }
    }

    fn parts(
        &mut self,
        layer: &LayerDescription,
        archive: &Option<String>,
        scope: &Scope,
        tensors: &[Tensor],
        parts: Vec<layers::Part>,
    ) -> Tensor {
        let mut inputs: Vec<usize> = tensors.iter().map(|tensor| tensor.layer).collect();
        let mut current = tensors[0];
        let count = parts.len();
        for (index, part) in parts.into_iter().enumerate() {
            let shape = part.op.output(current.input.shape, part.channels);
            let name = match part.op {
                Op::Depthwise { .. } => "depthwise",
                _ => "linear",
            };
            let at = self.push(FlatLayer {
                name: layer.name.clone(),
                part: (index + 1 < count).then_some(name),
                model: scope.models.last().cloned(),
                op: part.op,
                inputs: std::mem::take(&mut inputs),
                shape,
                place: Place {
                    archive: archive.clone(),
                    models: scope.models.clone(),
                    layer: layer.name.clone(),
                },
            });
            inputs.push(at);
            current = Tensor {
                layer: at,
                input: Input {
                    shape,
                    is_map: part.is_map,
                },
                channel: None,
            };
        }
        current
    }
}

/// Whether what a layer was built for is what it reads, as far as the number of channels goes.
fn is_built_for(build: &Value, input: Input) -> bool {
    let shape = match build.as_object().map(|build| build.get("input_shape")) {
        Some(None | Some(Value::Null)) => return true,
        Some(Some(shape)) => shape,
        None => return false,
    };
    match shape {
        Value::Array(sides) if sides.iter().all(|side| side.is_null() || side.is_u64()) => {
            let channels = sides.last().and_then(Value::as_u64);
            channels.is_none_or(|channels| usize::try_from(channels) == Ok(input.shape.channels))
        }
        // of several tensors
        Value::Array(shapes) => shapes.iter().all(Value::is_array),
        Value::Object(_) => true,
        _ => false,
    }
}

/// The layers that some outputs of a model depend on, in Keras' order.
fn needed(model: &Model, outputs: &[(usize, &TensorRef)]) -> Result<BTreeSet<usize>, KerasError> {
    let by_name: HashMap<&str, usize> = model
        .layers
        .iter()
        .enumerate()
        .map(|(i, layer)| (layer.name.as_str(), i))
        .collect();
    if by_name.len() < model.layers.len() {
        return Err(graph_error("two of its layers have the same name"));
    }
    let find = |tensor: &TensorRef| {
        let name = &tensor.layer;
        let index = by_name.get(name.as_str()).copied();
        let index = index.ok_or_else(|| graph_error(&format!("there is no layer {name}")))?;
        // Keras 2 counts the making of a model as a call of it
        let layer = &model.layers[index];
        let calls = layer.calls.len().max(1) + usize::from(layer.model.is_some());
        if usize::try_from(tensor.node).is_ok_and(|node| node < calls) {
            Ok(index)
        } else {
            Err(graph_error(&format!(
                "the layer {name} is not called so often as it is read"
            )))
        }
    };
    let mut found = BTreeSet::new();
    let mut open: Vec<usize> = outputs
        .iter()
        .map(|(_, output)| find(output))
        .collect::<Result<_, _>>()?;
    while let Some(index) = open.pop() {
        if !found.insert(index) {
            continue;
        }
        for argument in model.layers[index].calls.iter().flat_map(|call| &call.arguments) {
            if let Argument::Tensor(tensor) = argument {
                open.push(find(tensor)?);
            }
        }
    }
    Ok(found)
}

fn graph_error(reason: &str) -> KerasError {
    KerasError::Graph(reason.to_owned())
}
