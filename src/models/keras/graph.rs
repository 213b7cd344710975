//! A description as a list of layers, and what becomes of it: the layers of a plan, and the places of their tensors.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::place::{Place, Placement};
use crate::network::{Layer, LayerId, Op, Role, Shape};

/// A description as a list of layers.
pub struct Graph {
    /// In order.
    pub layers: Vec<FlatLayer>,
    /// The layer that is explained.
    pub output: usize,
    /// The names of all outputs of the model.
    pub outputs: Vec<String>,
    /// Which of them is explained.
    pub chosen: usize,
    /// Whether the description has the size of its input.
    pub says_input_size: bool,
}

/// One operation of one layer.
pub struct FlatLayer {
    /// Keras' name of the layer that it belongs to.
    pub name: String,
    /// What it is of its layer, where it is not the whole.
    pub part: Option<&'static str>,
    /// The model that it stands in; none for the outermost.
    pub model: Option<String>,
    /// Which call of the layer, and of the models that it stands in: `:1` for the second, empty for the first.
    pub call: String,
    pub op: Op,
    pub inputs: Vec<usize>,
    pub shape: Shape,
    pub place: Place,
}

impl Graph {
    /// The layers that the output depends on, with unique names, where their tensors are, and the place of the output.
    pub fn into_layers(self) -> (Vec<Layer>, Vec<Placement>, usize) {
        let mut needed = vec![false; self.layers.len()];
        needed[0] = true;
        needed[self.output] = true;
        for index in (0..self.layers.len()).rev() {
            if needed[index] {
                for &input in &self.layers[index].inputs {
                    needed[input] = true;
                }
            }
        }
        let kept: Vec<&FlatLayer> = self
            .layers
            .iter()
            .zip(&needed)
            .filter(|(_, needed)| **needed)
            .map(|(l, _)| l)
            .collect();
        let mut position = vec![0; self.layers.len()];
        let mut next = 0;
        for (position, needed) in position.iter_mut().zip(&needed) {
            *position = next;
            next += usize::from(*needed);
        }
        let mut seen: BTreeMap<&str, BTreeSet<&[String]>> = BTreeMap::new();
        for layer in &kept {
            seen.entry(&layer.name).or_default().insert(&layer.place.models);
        }
        let mut used = BTreeSet::new();
        let mut names: HashMap<(&str, &[String], &str), String> = HashMap::new();
        let mut layers = Vec::with_capacity(kept.len());
        let mut placements: Vec<Placement> = Vec::new();
        for layer in &kept {
            let key = (layer.name.as_str(), layer.place.models.as_slice(), layer.call.as_str());
            let weights = names.entry(key).or_insert_with(|| {
                let is_unique = seen.get(layer.name.as_str()).is_none_or(|models| models.len() < 2);
                let mut name = match &layer.model {
                    Some(model) if !is_unique => format!("{model}/{}{}", layer.name, layer.call),
                    _ => format!("{}{}", layer.name, layer.call),
                };
                while !used.insert(name.clone()) {
                    name.push('\'');
                }
                name
            });
            let weights = weights.clone();
            let shape = layer.shape;
            let input = layer.inputs.first().map_or(shape, |&input| self.layers[input].shape);
            let tensors: Vec<&'static str> = layer
                .op
                .tensors(input, shape)
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            if layer.op != Op::Input {
                match placements.iter_mut().rfind(|placement| placement.weights == weights) {
                    Some(placement) => placement.tensors.extend(tensors),
                    None => placements.push(Placement {
                        weights: weights.clone(),
                        place: layer.place.clone(),
                        tensors,
                    }),
                }
            }
            let has_map = shape.cells() > 1
                && layer.part.is_none()
                && layer.op != Op::Identity
                && !matches!(
                    layer.op,
                    Op::Input | Op::Affine { .. } | Op::Normalize | Op::Reorder { .. } | Op::ZeroPad { .. }
                );
            layers.push(Layer {
                name: match layer.part {
                    Some(part) => format!("{weights}/{part}"),
                    None => weights.clone(),
                },
                weights,
                op: layer.op.clone(),
                inputs: layer.inputs.iter().map(|&input| LayerId(position[input])).collect(),
                shape,
                role: if has_map { Role::Target } else { Role::NoMap },
            });
        }
        (layers, placements, position[self.output])
    }
}
