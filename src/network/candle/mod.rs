//! The device-agnostic network: the plan, layer by layer, as candle operations.
//!
//! Runs in f32 on CPU, CUDA and Metal, and in f64 on the CPU, where it is the yardstick for everything faster.

mod functions;
mod joins;
mod layers;
mod ops;
mod site;
mod weights;

use std::sync::Arc;

use candle_core::{DType, Device, Tensor, WithDType};
use candle_nn::VarBuilder;

use super::head::{Head, HeadPass};
use super::layer::LayerId;
use super::network::{Network, NetworkError, ReluRule, Visit, check_behind, check_given, check_input, check_sweep};
use super::plan::Plan;
use site::CandleSite;
use weights::prepared;

/// A network on candle tensors.
pub struct CandleNetwork {
    plan: Plan,
    /// One entry a layer of the plan: its tensors in the form in which its operation reads them.
    weights: Vec<Vec<Tensor>>,
    head: Arc<Head>,
    device: Device,
    dtype: DType,
    /// The output of every layer in the last forward pass; empty before the first.
    outputs: Vec<Tensor>,
    /// The layer whose output was given from outside in it.
    given: Option<LayerId>,
}

impl CandleNetwork {
    /// Loads the weights of `plan` from `vb`, whose paths are layer names.
    ///
    /// # Errors
    /// A tensor that `vb` cannot give, or a device failure.
    pub fn load(plan: Plan, vb: &VarBuilder, dtype: DType, device: &Device) -> Result<Self, NetworkError> {
        let weights = plan.layers.iter().map(|layer| {
            let vb = vb.pp(&layer.weights);
            let tensors = plan.parameters_of(layer).map(|parameter| {
                let tensor = vb.get(parameter.shape, parameter.weight)?;
                tensor.to_dtype(dtype)?.to_device(device)
            });
            let tensors = tensors.collect::<candle_core::Result<Vec<_>>>()?;
            let inputs = layer.inputs.first().map_or(0, |&id| plan.layer(id).shape.channels);
            prepared(layer, inputs, tensors, dtype, device)
        });
        let weights = weights.collect::<candle_core::Result<_>>()?;
        let head = Arc::new(Head::load(&plan, vb)?);
        Ok(Self {
            plan,
            weights,
            head,
            device: device.clone(),
            dtype,
            outputs: Vec::new(),
            given: None,
        })
    }

    /// Runs the network as [`Network::forward`] does, on an input of any precision.
    ///
    /// # Errors
    /// An input of the wrong length, or a device failure.
    pub fn forward_in<T: WithDType>(&mut self, input: &[T]) -> Result<Vec<f64>, NetworkError> {
        check_input(&self.plan, input.len())?;
        // a pass that fails must not leave half of the old one behind
        self.outputs = Vec::new();
        let shape = self.plan.input();
        let input = Tensor::from_slice(input, (shape.height, shape.width, shape.channels), &self.device)?;
        self.run(input.to_dtype(self.dtype)?)
    }

    /// Computes all layers behind the input.
    fn run(&mut self, input: Tensor) -> Result<Vec<f64>, NetworkError> {
        let mut outputs = Vec::with_capacity(self.plan.layers.len());
        outputs.push(input);
        for id in self.plan.ids().skip(1) {
            let output = self.layer_forward(id, &outputs)?;
            outputs.push(output);
        }
        self.given = None;
        self.keep(outputs)
    }

    /// Takes outputs for those of the last pass, and returns its logits.
    fn keep(&mut self, outputs: Vec<Tensor>) -> Result<Vec<f64>, NetworkError> {
        let logits = outputs.last().ok_or(NetworkError::NoForward)?;
        let logits = logits.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
        self.outputs = outputs;
        Ok(logits)
    }

    fn output(&self, layer: LayerId) -> Result<Vec<f32>, NetworkError> {
        values(self.outputs.get(layer.0).ok_or(NetworkError::NoForward)?)
    }

    /// The output of one layer in the last forward pass in full precision, `[height, width, channels]`.
    ///
    /// # Errors
    /// Before the first forward pass.
    pub fn output_f64(&self, layer: LayerId) -> Result<Vec<f64>, NetworkError> {
        let output = self.outputs.get(layer.0).ok_or(NetworkError::NoForward)?;
        Ok(output.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
    }
}

impl Network for CandleNetwork {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn head(&self) -> &Arc<Head> {
        &self.head
    }

    fn head_pass(&self) -> Result<HeadPass, NetworkError> {
        let features = self.output(self.plan.last_feature_layer())?;
        Ok(self.head.forward(features.into_iter().map(f64::from).collect(), &()))
    }

    fn forward(&mut self, input: &[f32]) -> Result<Vec<f64>, NetworkError> {
        self.forward_in(input)
    }

    fn forward_from(&mut self, layer: LayerId, values: &[f64]) -> Result<Vec<f64>, NetworkError> {
        check_given(&self.plan, !self.outputs.is_empty(), layer, values.len())?;
        if self.given.is_some_and(|given| given != layer) {
            let input = self.outputs.swap_remove(0);
            self.outputs = Vec::new();
            self.run(input)?;
        }
        // a pass that fails must not leave half of the old one behind
        let mut outputs = std::mem::take(&mut self.outputs);
        let shape = self.plan.layer(layer).shape;
        let output = Tensor::from_slice(values, (shape.height, shape.width, shape.channels), &self.device)?;
        outputs[layer.0] = output.to_dtype(self.dtype)?;
        let mut follows = vec![false; outputs.len()];
        follows[layer.0] = true;
        for id in self.plan.ids().skip(layer.0 + 1) {
            if self.plan.layer(id).inputs.iter().any(|input| follows[input.0]) {
                follows[id.0] = true;
                outputs[id.0] = self.layer_forward(id, &outputs)?;
            }
        }
        self.given = Some(layer);
        self.keep(outputs)
    }

    fn activation(&mut self, layer: LayerId) -> Result<Vec<f32>, NetworkError> {
        self.output(layer)
    }

    fn unit_shares(&self) -> Result<Option<Vec<f32>>, NetworkError> {
        let activation = (self.outputs.get(self.plan.last_feature_layer().0)).ok_or(NetworkError::NoForward)?;
        let dense = self.plan.linear_head().map(|dense| self.weights[dense.0].as_slice());
        let Some([kernel, ..]) = dense else {
            return Ok(None);
        };
        let cells = activation.flatten_to(1)?;
        let product = kernel.t()?.contiguous()?.matmul(&cells.t()?.contiguous()?)?;
        values(&(product / cells.dim(0)? as f64)?).map(Some)
    }

    fn backward(
        &mut self,
        unit_gradients: &[Vec<f64>],
        layers: &[LayerId],
        stop: &dyn Fn() -> bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), NetworkError> {
        check_sweep(&self.plan, !self.outputs.is_empty(), unit_gradients, layers)?;
        let Some(&earliest) = layers.iter().min() else {
            return Ok(());
        };
        check_behind(&self.plan, self.given, earliest)?;
        for (score, unit_gradient) in unit_gradients.iter().enumerate() {
            self.sweep((unit_gradient, ReluRule::True), earliest, stop, &mut |id, gradient| {
                if !layers.contains(&id) {
                    return Ok(());
                }
                visit(
                    score,
                    &CandleSite {
                        layer: id,
                        activation: &self.outputs[id.0],
                        gradient,
                    },
                )
            })?;
        }
        Ok(())
    }

    fn input_gradient(
        &mut self,
        unit_gradient: &[f64],
        rule: ReluRule,
        stop: &dyn Fn() -> bool,
    ) -> Result<Vec<f32>, NetworkError> {
        let units = [unit_gradient.to_vec()];
        check_sweep(&self.plan, !self.outputs.is_empty(), &units, &[])?;
        check_behind(&self.plan, self.given, LayerId(0))?;
        let mut found = None;
        self.sweep((unit_gradient, rule), LayerId(0), stop, &mut |id, gradient| {
            if id == LayerId(0) {
                found = Some(values(gradient)?);
            }
            Ok(())
        })?;
        Ok(found.unwrap_or_else(|| vec![0.0; self.plan.input().len()]))
    }
}

impl CandleNetwork {
    /// Walks a score back from its units to the layer `earliest`, and shows the gradient of each layer on the way.
    fn sweep(
        &self,
        (unit_gradient, rule): (&[f64], ReluRule),
        earliest: LayerId,
        stop: &dyn Fn() -> bool,
        show: &mut dyn FnMut(LayerId, &Tensor) -> Result<(), NetworkError>,
    ) -> Result<(), NetworkError> {
        let mut gradients: Vec<Option<Tensor>> = vec![None; self.plan.layers.len()];
        let seed = Tensor::new(unit_gradient, &self.device)?.to_dtype(self.dtype)?;
        let seed = seed.reshape((1, 1, ()))?;
        if let Some(last) = gradients.last_mut() {
            *last = Some(seed);
        }
        for id in self.plan.ids().rev().take_while(|&id| id >= earliest) {
            if stop() {
                return Err(NetworkError::Stopped);
            }
            // every later layer has been walked, so this gradient is complete and not needed again
            let Some(gradient) = gradients[id.0].take() else {
                continue;
            };
            show(id, &gradient)?;
            if id == earliest {
                break;
            }
            let layer = self.plan.layer(id);
            let gradient = match rule == ReluRule::Guided && layer.op.is_rectifier() {
                true => gradient.relu()?,
                false => gradient,
            };
            for (&input, part) in layer.inputs.iter().zip(self.layer_backward(id, &gradient)?) {
                let sum = &mut gradients[input.0];
                *sum = Some(match sum.take() {
                    Some(sum) => (sum + part)?,
                    None => part,
                });
            }
        }
        Ok(())
    }
}

fn values(tensor: &Tensor) -> Result<Vec<f32>, NetworkError> {
    Ok(tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?)
}
