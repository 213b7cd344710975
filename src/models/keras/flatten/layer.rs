//! One layer of a model as the operations that it is made of.

use serde_json::Value;

use super::{Flattener, Scope, Tensor};
use crate::models::keras::config::{Config, shortened};
use crate::models::keras::error::KerasError;
use crate::models::keras::graph::FlatLayer;
use crate::models::keras::json::LayerDescription;
use crate::models::keras::layers::{self, Built, Called, Constants, Input};
use crate::models::keras::place::Place;
use crate::network::{Op, Shape};

impl Flattener<'_> {
    /// One layer, or a model that stands in for one.
    pub(super) fn layer(
        &mut self,
        layer: &LayerDescription,
        archive: &Option<String>,
        scope: &Scope,
        tensors: &[Tensor],
        constants: &[&Value],
        tensor_first: bool,
    ) -> Result<Tensor, KerasError> {
        self.count_call()?;
        if let Some(model) = &layer.model {
            let scope = scope.inside(layer, archive);
            let outputs = self.model(model, &scope, tensors, None)?;
            return outputs
                .get(&0)
                .copied()
                .ok_or_else(|| KerasError::graph("a model gives nothing"));
        }
        if scope.call.is_empty() {
            self.position += 1;
        }
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
            family: self.family,
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
                if tensors.len() > 1 && parts.first().is_some_and(|part| !part.op.joins()) {
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
        let shapes: Vec<Shape> = tensors.iter().map(|tensor| tensor.input.shape).collect();
        let mut current = tensors[0];
        let count = parts.len();
        for (index, part) in parts.into_iter().enumerate() {
            let others = if index == 0 { &shapes[1..] } else { &[] };
            let shape = part.op.output(current.input.shape, others, part.channels);
            let name = match part.op {
                Op::Depthwise { .. } => "depthwise",
                _ => "linear",
            };
            let at = self.push(FlatLayer {
                name: layer.name.clone(),
                part: (index + 1 < count).then_some(name),
                model: scope.models.last().cloned(),
                call: scope.call.clone(),
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
