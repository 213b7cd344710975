//! The device-agnostic network: the plan, layer by layer, as candle operations.
//!
//! Runs in f32 on CPU, CUDA and Metal, and in f64 on the CPU, where it is the yardstick for everything faster.

mod functions;
mod ops;

use std::sync::Arc;

use candle_core::{DType, Device, Tensor, WithDType};
use candle_nn::VarBuilder;

use super::head::{Head, HeadPass};
use super::network::{Network, NetworkError, Site, Visit, check_input, check_sweep};
use super::op::{Op, SMALLEST_DEVIATION, ungrouped};
use super::plan::{Layer, LayerId, Plan};
use super::shape::{Padding, Window};

/// The window of a separable convolution that is one operation.
const SEPARABLE_WINDOW: Window = Window {
    kernel: [3; 2],
    stride: [1; 2],
    dilation: [1; 2],
    padding: Padding::Same,
};

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
        let mut outputs = Vec::with_capacity(self.plan.layers.len());
        outputs.push(input.to_dtype(self.dtype)?);
        for id in self.plan.ids().skip(1) {
            let output = self.layer_forward(id, &outputs)?;
            outputs.push(output);
        }
        let logits = outputs.last().ok_or(NetworkError::NoForward)?;
        let logits = logits.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
        self.outputs = outputs;
        Ok(logits)
    }

    /// The output of one layer in the last forward pass in full precision, `[height, width, channels]`.
    ///
    /// # Errors
    /// Before the first forward pass.
    pub fn output_f64(&self, layer: LayerId) -> Result<Vec<f64>, NetworkError> {
        let output = self.outputs.get(layer.0).ok_or(NetworkError::NoForward)?;
        Ok(output.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
    }

    /// The output of one layer from the outputs of those before it.
    fn layer_forward(&self, id: LayerId, outputs: &[Tensor]) -> candle_core::Result<Tensor> {
        let layer = self.plan.layer(id);
        let x = &outputs[layer.inputs[0].0];
        let weights = self.weights[id.0].as_slice();
        match (&layer.op, weights) {
            (Op::Conv { window, .. }, [kernel, bias @ ..]) => with_bias(ops::conv(x, *window, kernel)?, bias),
            (Op::Depthwise { window, .. }, [kernel, bias @ ..]) => with_bias(ops::depthwise(x, *window, kernel)?, bias),
            (Op::SeparableConv, [depthwise, pointwise]) => {
                ops::pointwise(&ops::depthwise(x, SEPARABLE_WINDOW, depthwise)?, pointwise)
            }
            (Op::Dense { .. }, [kernel, bias @ ..]) => with_bias(ops::pointwise(x, kernel)?, bias),
            (Op::Affine { .. } | Op::Normalize | Op::BatchNorm { .. }, [scale, shift]) => {
                x.broadcast_mul(scale)?.broadcast_add(shift)
            }
            (Op::LayerNorm { epsilon, .. }, [scale, shift]) => {
                let (normal, _) = functions::normalised(x, *epsilon)?;
                normal.broadcast_mul(scale)?.broadcast_add(shift)
            }
            (Op::PRelu { .. }, [alpha]) => x.relu()? - x.neg()?.relu()?.broadcast_mul(alpha)?,
            (Op::Reorder { .. }, [order]) => x.index_select(order, 2),
            (Op::UnitNorm, _) => functions::unit_norm(x),
            (Op::Activation(activation), _) => functions::apply(*activation, x),
            (Op::MaxPool { window }, _) => ops::max_pool(x, *window),
            (Op::AveragePool { window }, _) => ops::average_pool(x, *window),
            (Op::GlobalAveragePool, _) => ops::mean_over_cells(x)?.reshape((1, 1, ())),
            (Op::GlobalMaxPool, _) => ops::global_max(x),
            (Op::Add, _) => x + &outputs[layer.inputs[1].0],
            (Op::Flatten, _) => x.contiguous()?.reshape((1, 1, ())),
            (Op::Identity, _) => Ok(x.clone()),
            (op, _) => candle_core::bail!("{op:?} has no forward pass of its own"),
        }
    }

    /// The gradients of one layer's inputs from the gradient of its output.
    fn layer_backward(&self, id: LayerId, g: &Tensor) -> candle_core::Result<Vec<Tensor>> {
        let layer = self.plan.layer(id);
        let (Some(x), y) = (layer.inputs.first().map(|id| &self.outputs[id.0]), &self.outputs[id.0]) else {
            return Ok(vec![]);
        };
        let weights = self.weights[id.0].as_slice();
        Ok(vec![match (&layer.op, weights) {
            (Op::Conv { window, .. }, [kernel, ..]) => ops::conv_backward(g, x, *window, kernel)?,
            (Op::Depthwise { window, .. }, [kernel, ..]) => ops::depthwise_backward(g, x, *window, kernel)?,
            (Op::SeparableConv, [depthwise, pointwise]) => {
                let g = ops::pointwise(g, &pointwise.t()?.contiguous()?)?;
                ops::depthwise_backward(&g, x, SEPARABLE_WINDOW, depthwise)?
            }
            (Op::Dense { .. }, [kernel, ..]) => ops::pointwise(g, &kernel.t()?.contiguous()?)?,
            (Op::Affine { .. } | Op::Normalize | Op::BatchNorm { .. }, [scale, _]) => g.broadcast_mul(scale)?,
            (Op::LayerNorm { epsilon, .. }, [scale, _]) => {
                functions::normalised_backward(&g.broadcast_mul(scale)?, x, *epsilon)?
            }
            (Op::PRelu { .. }, [alpha]) => {
                let positive = x.gt(0.0)?.to_dtype(x.dtype())?;
                let slopes = (&positive + (1.0 - &positive)?.broadcast_mul(alpha)?)?;
                (g * slopes)?
            }
            (Op::Reorder { .. }, [order]) => g.zeros_like()?.index_add(order, g, 2)?,
            (Op::UnitNorm, _) => functions::unit_norm_backward(g, x)?,
            (Op::Activation(activation), _) => functions::pass_back(*activation, g, x)?,
            (Op::MaxPool { window }, _) => ops::max_pool_backward(g, x, y, *window)?,
            (Op::AveragePool { window }, _) => ops::average_pool_backward(g, x, *window)?,
            (Op::GlobalAveragePool, _) => ops::mean_over_cells_backward(g, x)?,
            (Op::GlobalMaxPool, _) => ops::global_max_backward(g, x, y)?,
            (Op::Add, _) => return Ok(vec![g.clone(), g.clone()]),
            (Op::Flatten, _) => g.contiguous()?.reshape(x.shape())?,
            (Op::Identity, _) => g.clone(),
            (op, _) => candle_core::bail!("{op:?} has no backward pass of its own"),
        }])
    }
}

/// A layer's tensors as its operation reads them: matrices for convolutions, factors and summands for normalisations.
fn prepared(
    layer: &Layer,
    inputs: usize,
    mut tensors: Vec<Tensor>,
    dtype: DType,
    device: &Device,
) -> candle_core::Result<Vec<Tensor>> {
    if let (Op::Conv { groups, .. }, [kernel, ..]) = (&layer.op, tensors.as_mut_slice())
        && *groups > 1
    {
        let outputs = layer.shape.channels;
        let values = kernel.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
        let all = ungrouped(&values, inputs, outputs, *groups);
        *kernel = Tensor::from_vec(all, ((), outputs), device)?.to_dtype(dtype)?;
    }
    let channels = layer.shape.channels;
    let vector = |values: &[f64]| Tensor::new(values, device)?.to_dtype(dtype);
    let mut tensors = tensors.into_iter();
    let mut next = || {
        let missing = || candle_core::Error::msg(format!("{} has too few tensors", layer.name));
        tensors.next().ok_or_else(missing)
    };
    Ok(match &layer.op {
        Op::Affine { scale, shift } => vec![vector(scale)?, vector(shift)?],
        Op::Reorder { channels } => {
            let channels: Vec<u32> = channels.iter().map(|&channel| channel as u32).collect();
            vec![Tensor::new(channels, device)?]
        }
        Op::Normalize => {
            let (mean, variance) = (next()?, next()?);
            let scale = variance.sqrt()?.maximum(SMALLEST_DEVIATION)?.recip()?;
            let shift = (mean * &scale)?.neg()?;
            vec![scale, shift]
        }
        Op::BatchNorm { epsilon, scale, center } => {
            let gamma = scale.then(&mut next).transpose()?;
            let beta = center.then(&mut next).transpose()?;
            let (mean, variance) = (next()?, next()?);
            let mut factor = (variance + *epsilon)?.sqrt()?.recip()?;
            if let Some(gamma) = gamma {
                factor = (factor * gamma)?;
            }
            let mut shift = (mean * &factor)?.neg()?;
            if let Some(beta) = beta {
                shift = (shift + beta)?;
            }
            vec![factor, shift]
        }
        Op::LayerNorm { scale, center, .. } => {
            let gamma = if *scale { next()? } else { vector(&vec![1.0; channels])? };
            let beta = if *center {
                next()?
            } else {
                vector(&vec![0.0; channels])?
            };
            vec![gamma, beta]
        }
        Op::SeparableConv => vec![next()?.contiguous()?.reshape((9, ()))?, matrix(&next()?)?],
        Op::Conv { .. } | Op::Dense { .. } => {
            let kernel = matrix(&next()?)?;
            std::iter::once(kernel).chain(tensors).collect()
        }
        Op::Depthwise { window, .. } => {
            let taps = window.kernel[0] * window.kernel[1];
            let kernel = next()?.contiguous()?.reshape((taps, channels))?;
            std::iter::once(kernel).chain(tensors).collect()
        }
        _ => tensors.collect(),
    })
}

/// A kernel `[.., out]` as a matrix `[all others, out]`.
fn matrix(kernel: &Tensor) -> candle_core::Result<Tensor> {
    let outputs = kernel.dim(kernel.rank() - 1)?;
    kernel.contiguous()?.reshape(((), outputs))
}

fn with_bias(y: Tensor, bias: &[Tensor]) -> candle_core::Result<Tensor> {
    match bias {
        [bias] => y.broadcast_add(bias),
        _ => Ok(y),
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
        let features = self.activation(self.plan.last_feature_layer())?;
        Ok(self.head.forward(features.into_iter().map(f64::from).collect(), &()))
    }

    fn forward(&mut self, input: &[f32]) -> Result<Vec<f64>, NetworkError> {
        self.forward_in(input)
    }

    fn activation(&self, layer: LayerId) -> Result<Vec<f32>, NetworkError> {
        values(self.outputs.get(layer.0).ok_or(NetworkError::NoForward)?)
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
        if self.outputs.is_empty() {
            return Err(NetworkError::NoForward);
        }
        check_sweep(&self.plan, unit_gradients, layers)?;
        let Some(&earliest) = layers.iter().min() else {
            return Ok(());
        };
        for (score, unit_gradient) in unit_gradients.iter().enumerate() {
            let mut gradients: Vec<Option<Tensor>> = vec![None; self.plan.layers.len()];
            let seed = Tensor::new(unit_gradient.as_slice(), &self.device)?.to_dtype(self.dtype)?;
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
                if layers.contains(&id) {
                    visit(
                        score,
                        &CandleSite {
                            layer: id,
                            activation: &self.outputs[id.0],
                            gradient: &gradient,
                        },
                    )?;
                }
                if id == earliest {
                    break;
                }
                let layer = self.plan.layer(id);
                for (&input, part) in layer.inputs.iter().zip(self.layer_backward(id, &gradient)?) {
                    let sum = &mut gradients[input.0];
                    *sum = Some(match sum.take() {
                        Some(sum) => (sum + part)?,
                        None => part,
                    });
                }
            }
        }
        Ok(())
    }
}

/// A layer whose activation and gradient are candle tensors `[h, w, c]`.
struct CandleSite<'a> {
    layer: LayerId,
    activation: &'a Tensor,
    gradient: &'a Tensor,
}

impl Site for CandleSite<'_> {
    fn layer(&self) -> LayerId {
        self.layer
    }

    fn gradient_mean(&self) -> Result<Vec<f64>, NetworkError> {
        Ok(ops::mean_over_cells(self.gradient)?.to_dtype(DType::F64)?.to_vec1()?)
    }

    fn weighted_activation(&self, weights: &[f64]) -> Result<Vec<f64>, NetworkError> {
        let (h, w, c) = self.activation.dims3()?;
        let weights = Tensor::new(weights, self.activation.device())?.to_dtype(self.activation.dtype())?;
        let cells = self.activation.contiguous()?.reshape((h * w, c))?;
        Ok(cells
            .matmul(&weights.reshape((c, 1))?)?
            .flatten_all()?
            .to_dtype(DType::F64)?
            .to_vec1()?)
    }

    fn activation(&self) -> Result<Vec<f32>, NetworkError> {
        values(self.activation)
    }

    fn gradient(&self) -> Result<Vec<f32>, NetworkError> {
        values(self.gradient)
    }
}

fn values(tensor: &Tensor) -> Result<Vec<f32>, NetworkError> {
    Ok(tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?)
}
