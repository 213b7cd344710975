//! The gradient with respect to the picture: a backward sweep to the layers that read it, and from there plain arithmetic.
//!
//! The engine's first convolutions take the picture as it is and have no way back of their own: few explanations ask for
//! one, and those that do ask for some passes, of which these layers are a small part.

use std::collections::HashMap;

use candle_nn::VarBuilder;

use super::CpuNetwork;
use super::nodes::Node;
use crate::network::layer::LayerId;
use crate::network::network::{Network, NetworkError, ReluRule, check_behind, check_sweep};
use crate::network::plain::PlainLayer;
use crate::network::plan::Plan;

/// The layers between the prepared picture and what the engine walks back through, as plain arithmetic.
pub(super) struct AroundImage {
    /// Borders around the picture and the layers that read it or them, in order.
    layers: Vec<(LayerId, PlainLayer)>,
    /// Of these, the layers that a sweep reaches.
    readers: Vec<LayerId>,
}

impl AroundImage {
    /// Reads the weights of the layers around the picture.
    pub(super) fn load(plan: &Plan, nodes: &[Node], vb: &VarBuilder) -> Result<Self, NetworkError> {
        let mut is_picture: Vec<bool> = nodes.iter().map(|node| node.is_image()).collect();
        let (mut layers, mut readers) = (Vec::new(), Vec::new());
        for id in plan.ids().filter(|id| !nodes[id.0].is_image()) {
            let layer = plan.layer(id);
            if layer.inputs.iter().any(|input| is_picture[input.0]) {
                layers.push((id, PlainLayer::load(plan, layer, vb)?));
                if let Node::Border { .. } = nodes[id.0] {
                    is_picture[id.0] = true;
                } else {
                    readers.push(id);
                }
            }
        }
        Ok(Self { layers, readers })
    }
}

impl CpuNetwork {
    /// See [`Network::input_gradient`].
    pub(super) fn gradient_of_image(
        &mut self,
        unit_gradient: &[f64],
        rule: ReluRule,
        stop: &dyn Fn() -> bool,
    ) -> Result<Vec<f32>, NetworkError> {
        let units = [unit_gradient.to_vec()];
        check_sweep(&self.plan, self.head_pass.is_some(), &units, &[])?;
        check_behind(&self.plan, self.given_layer(), LayerId(0))?;
        let mut gradients: HashMap<LayerId, Vec<f64>> = HashMap::new();
        let readers = self.around_image.readers.clone();
        let mut memory = std::mem::take(&mut self.memory);
        let result = self.sweep(&mut memory, (&units, rule), &readers, stop, &mut |_, site| {
            let gradient = site.gradient()?.into_iter().map(f64::from).collect();
            gradients.insert(site.layer(), gradient);
            Ok(())
        });
        self.memory = memory;
        result?;
        for at in (0..self.around_image.layers.len()).rev() {
            let id = self.around_image.layers[at].0;
            let Some(gradient) = gradients.remove(&id) else {
                continue;
            };
            let inputs = self.plan.layer(id).inputs.clone();
            let seen = inputs.iter().map(|&input| self.seen(input));
            let seen: Vec<Vec<f64>> = seen.collect::<Result<_, _>>()?;
            let output = self.seen(id)?;
            let seen: Vec<&[f64]> = seen.iter().map(Vec::as_slice).collect();
            let parts = self.around_image.layers[at].1.backward(gradient, &seen, &output);
            for (input, part) in inputs.into_iter().zip(parts) {
                add(&mut gradients, input, part);
            }
        }
        for id in self.plan.ids().rev() {
            let Node::Preparation { plain } = self.nodes[id.0] else {
                continue;
            };
            let Some(gradient) = gradients.remove(&id) else {
                continue;
            };
            let input = self.plan.layer(id).inputs[0];
            // no preparation looks at values on its way back, only at how many there are
            let values = vec![0.0; self.plan.layer(input).shape.len()];
            for part in self.preparations[plain].backward(gradient, &[&values], &[]) {
                add(&mut gradients, input, part);
            }
        }
        let length = self.plan.input().len();
        let gradient = gradients.remove(&LayerId(0)).unwrap_or_else(|| vec![0.0; length]);
        Ok(gradient.into_iter().map(|g| g as f32).collect())
    }

    fn seen(&mut self, layer: LayerId) -> Result<Vec<f64>, NetworkError> {
        Ok(self.activation(layer)?.into_iter().map(f64::from).collect())
    }
}

/// Adds to what is known of a layer's gradient.
fn add(gradients: &mut HashMap<LayerId, Vec<f64>>, layer: LayerId, part: Vec<f64>) {
    match gradients.get_mut(&layer) {
        Some(sum) => sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part),
        None => {
            gradients.insert(layer, part);
        }
    }
}
