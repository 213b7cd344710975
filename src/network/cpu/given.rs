//! Going on from a layer whose output was given from outside.
//!
//! Only what follows from the layer is computed. A layer that is a view of a stored map, such as a ReLU, has a map of its own
//! meanwhile, as others may read the same stored map past it.

use super::CpuNetwork;
use super::buffer::Features;
use super::nodes::Node;
use crate::network::layer::LayerId;

/// A layer whose output was given.
pub(super) struct Given {
    layer: LayerId,
    /// Where it is stored: the layer itself, or the batch normalisation of a convolution that is not.
    stored: LayerId,
    /// What the stored layer is otherwise.
    node: Node,
    /// What is stored there, `[height, width, channels]`.
    values: Vec<f64>,
}

impl CpuNetwork {
    /// The layer whose output was given in the last pass.
    pub(super) fn given_layer(&self) -> Option<LayerId> {
        self.given.as_ref().map(|given| given.layer)
    }

    /// Whether what is stored for this layer was given.
    pub(super) fn is_given(&self, stored: LayerId) -> bool {
        self.given.as_ref().is_some_and(|given| given.stored == stored)
    }

    /// Stores what was given.
    pub(super) fn store_given(&mut self) {
        let Some(given) = self.given.take() else { return };
        let mut features = self.take(given.stored);
        features.set_values(&given.values);
        self.stored[given.stored.0] = features;
        self.given = Some(given);
    }

    /// Takes values for a layer's output, and computes what follows from it. What nothing before it changes must be there.
    pub(super) fn give(&mut self, layer: LayerId, values: &[f64]) {
        self.forget_given();
        let mut values = values.to_vec();
        let stored = match self.nodes[layer.0] {
            Node::Raw { norm, weights } => {
                let convolution = &self.convolutions[weights];
                let channels = self.plan.layer(layer).shape.channels.max(1);
                for cell in values.chunks_exact_mut(channels) {
                    for (k, value) in cell.iter_mut().enumerate() {
                        let [scale, shift] = [&convolution.scale, &convolution.norm_shift].map(|of| f64::from(of[k]));
                        *value = *value * scale + shift;
                    }
                }
                norm
            }
            _ => layer,
        };
        let node = self.nodes[stored.0];
        if !node.is_stored() {
            self.nodes[stored.0] = Node::Given;
        }
        self.given = Some(Given {
            layer,
            stored,
            node,
            values,
        });
        let count = self.parts.len();
        let first = self.parts.iter().position(|part| part.layers.contains(&stored.0));
        match first.filter(|first| first + 1 < count) {
            None => self.compute_behind(stored),
            // of what is let go nothing is there to go on from
            Some(first) => {
                let mut memory = std::mem::take(&mut self.memory);
                for part in first..count {
                    self.compute(part, &mut memory);
                    self.let_go(part, &mut memory);
                }
                self.memory = memory;
            }
        }
    }

    /// Computes what follows from a layer whose output was given.
    fn compute_behind(&mut self, stored: LayerId) {
        self.store_given();
        let mut follows = vec![false; self.nodes.len()];
        follows[stored.0] = true;
        for index in stored.0 + 1..=self.plan.last_feature_layer().0 {
            let id = LayerId(index);
            follows[index] = self.plan.layer(id).inputs.iter().any(|input| follows[input.0]);
            match self.nodes[index] {
                _ if !follows[index] => {}
                // nothing that ends the main branch is computed, but the other one was
                Node::Sum { main, side } if !follows[main.0] => self.add_branches(id, main, side),
                _ => self.layer_forward(id),
            }
        }
    }

    /// Makes the layer whose output was given what it was; the next pass computes it.
    pub(super) fn forget_given(&mut self) {
        let Some(given) = self.given.take() else { return };
        if self.nodes[given.stored.0] == Node::Given {
            let features = std::mem::replace(&mut self.stored[given.stored.0], Features::none());
            self.memory.free.push(features);
        }
        self.nodes[given.stored.0] = given.node;
    }
}
