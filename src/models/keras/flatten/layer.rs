//! One layer of a model as the operations that it is made of.

use serde_json::Value;

use super::{Flattener, Scope, Tensor, graph_error};
use crate::models::keras::config::Config;
use crate::models::keras::error::KerasError;
use crate::models::keras::graph::FlatLayer;
use crate::models::keras::json::LayerDescription;
use crate::models::keras::layers::{self, Built, Called, Input};
use crate::models::keras::place::Place;
use crate::network::Op;

impl Flattener<'_> {
    /// One layer, or a model that stands in for one.
    pub(super) fn layer(
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
