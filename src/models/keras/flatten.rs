//! Models in models laid out as one list of layers, each after all that it reads.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::NetworkChoices;
use super::config::Config;
use super::error::KerasError;
use super::graph::{FlatLayer, Graph};
use super::input::{input_name, input_shape};
use super::json::{Argument, LayerDescription, Model, TensorRef};
use super::layers::{self, Built, Called, Input};
use super::place::{Place, snake_case};
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
        archive: "layers".to_owned(),
    };
    let given = flattener.model(model, &place, &[input], Some(chosen))?;
    let output = given.get(&chosen).ok_or_else(|| graph_error("it has no output"))?;
    if output.channel.is_some() {
        return Err(graph_error("its output is a single channel"));
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
    /// Of its layers in an archive.
    archive: String,
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
        let archives = archive_names(model, &scope.archive);
        if model.is_sequential {
            let mut current = inputs
                .first()
                .copied()
                .ok_or_else(|| graph_error("a model reads nothing"))?;
            for (layer, archive) in model.layers.iter().zip(&archives) {
                if layer.class != "InputLayer" {
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

    fn inside(&self, layer: &LayerDescription, archive: &str, scope: &Scope) -> Scope {
        let mut models = scope.models.clone();
        models.push(layer.name.clone());
        Scope {
            models,
            archive: format!("{archive}/layers"),
        }
    }

    /// One layer, or a model that stands in for one.
    fn layer(
        &mut self,
        layer: &LayerDescription,
        archive: &str,
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
        let is_own =
            |name: &Option<String>, known: &dyn Fn(&str) -> bool| name.as_deref().is_some_and(|name| !known(name));
        let is_keras = |module: &str| {
            ["keras", "tf_keras", "tensorflow"].iter().any(|root| {
                module
                    .strip_prefix(root)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        if is_own(&layer.module, &is_keras) || is_own(&layer.registered, &|name| name == layer.class) {
            return Err(refuse("it is a class of somebody's own"));
        }
        let build = layers::builder(&layer.class).ok_or_else(|| refuse(""))?;
        let config = Config::new(&layer.config);
        if let Some(precision) = config.quantised() {
            return Err(refuse(&precision));
        }
        let called = Called {
            config,
            inputs: tensors.iter().map(|tensor| tensor.input).collect(),
            tensor_first,
            constants: constants.to_vec(),
            is_keras_2: self.is_keras_2,
        };
        let built = build(&called).map_err(|reason| refuse(&reason))?;
        if let Some(unread) = called.config.unread() {
            return Err(refuse(&unread));
        }
        let takes_constants = matches!(built, Built::Channel(_))
            || matches!(&built, Built::Parts(parts) if parts.iter().all(|part| takes_constants(&part.op)));
        if !constants.is_empty() && !takes_constants {
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
        archive: &str,
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
                    archive: archive.to_owned(),
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

/// Whether an operation has the constants that it was called with.
fn takes_constants(op: &Op) -> bool {
    matches!(op, Op::Affine { .. } | Op::Reorder { .. } | Op::Activation(_))
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
    let find = |name: &str| {
        by_name
            .get(name)
            .copied()
            .ok_or_else(|| graph_error(&format!("there is no layer {name}")))
    };
    let mut found = BTreeSet::new();
    let mut open: Vec<usize> = outputs
        .iter()
        .map(|(_, output)| find(&output.layer))
        .collect::<Result<_, _>>()?;
    while let Some(index) = open.pop() {
        if !found.insert(index) {
            continue;
        }
        for argument in model.layers[index].calls.iter().flat_map(|call| &call.arguments) {
            if let Argument::Tensor(tensor) = argument {
                open.push(find(&tensor.layer)?);
            }
        }
    }
    Ok(found)
}

/// Where each layer of a model is in an archive.
fn archive_names(model: &Model, prefix: &str) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut names = Vec::with_capacity(model.layers.len());
    for layer in &model.layers {
        let is_operation = layer.module.as_deref().is_some_and(|module| module.contains(".ops."));
        let class = match &layer.model {
            Some(_) if layer.class == "Model" => "functional".to_owned(),
            _ => snake_case(&layer.class),
        };
        if is_operation {
            names.push(String::new());
            continue;
        }
        let count = counts.entry(class.clone()).or_insert(0);
        names.push(if *count == 0 {
            format!("{prefix}/{class}")
        } else {
            format!("{prefix}/{class}_{count}")
        });
        *count += 1;
    }
    names
}

fn graph_error(reason: &str) -> KerasError {
    KerasError::Graph(reason.to_owned())
}
