//! The device-agnostic network: the plan, layer by layer, as candle operations.
//!
//! Runs in f32 on CPU, CUDA and Metal, and in f64 on the CPU, where it is the yardstick for everything faster.

mod ops;

use candle_core::{DType, Device, Tensor, WithDType};
use candle_nn::VarBuilder;

use super::network::{Head, Network, NetworkError, Site, Visit, check_sweep};
use super::plan::{LayerId, Op, Plan};
use ops::{BatchNorm, Conv, Dense, SeparableConv};

/// The weights of one layer, ready to use.
enum Weights {
    None,
    Conv(Conv),
    SeparableConv(SeparableConv),
    BatchNorm(BatchNorm),
    Dense(Dense),
}

/// Xception on candle tensors.
pub struct CandleNetwork {
    plan: Plan,
    /// One entry a layer of the plan.
    weights: Vec<Weights>,
    head: Head,
    device: Device,
    dtype: DType,
    /// The output of every layer in the last forward pass; empty before the first.
    outputs: Vec<Tensor>,
}

impl CandleNetwork {
    /// Loads the weights of `plan` from `vb`, whose paths are Keras layer names.
    ///
    /// # Errors
    /// A tensor that `vb` cannot give, or a device failure.
    pub fn load(plan: Plan, vb: &VarBuilder, dtype: DType, device: &Device) -> Result<Self, NetworkError> {
        let mut weights = Vec::with_capacity(plan.layers.len());
        let mut head = None;
        let parameters = plan.parameters();
        for layer in &plan.layers {
            let vb = vb.pp(&layer.name);
            let get = |weight: &str| -> Result<Tensor, NetworkError> {
                let parameter = parameters.iter().find(|p| p.layer == layer.name && p.weight == weight);
                let shape = parameter.map_or_else(Vec::new, |p| p.shape.clone());
                Ok(vb.get(shape, weight)?.to_dtype(dtype)?.to_device(device)?)
            };
            weights.push(match layer.op {
                Op::Conv { stride, .. } => Weights::Conv(Conv::new(&get("kernel")?, stride)?),
                Op::SeparableConv => Weights::SeparableConv(SeparableConv::new(
                    &get("depthwise_kernel")?,
                    &get("pointwise_kernel")?,
                )?),
                Op::BatchNorm => Weights::BatchNorm(BatchNorm::new(
                    &get("gamma")?,
                    &get("beta")?,
                    &get("moving_mean")?,
                    &get("moving_variance")?,
                    plan.architecture.bn_epsilon,
                )?),
                Op::Dense => {
                    let dense = Dense {
                        kernel: get("kernel")?,
                        bias: get("bias")?,
                    };
                    head = Some(Head {
                        kernel: dense.kernel.to_device(&Device::Cpu)?.to_dtype(DType::F32)?,
                        bias: dense.bias.to_dtype(DType::F32)?.to_vec1()?,
                    });
                    Weights::Dense(dense)
                }
                Op::Input | Op::Relu | Op::MaxPool | Op::Add | Op::GlobalAveragePool => Weights::None,
            });
        }
        let head = head.ok_or_else(|| NetworkError::NoMap("predictions".to_owned()))?;
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
        let size = self.plan.architecture.input_size;
        let expected = size * size * 3;
        if input.len() != expected {
            return Err(NetworkError::Input {
                expected,
                found: input.len(),
            });
        }
        // a pass that fails must not leave half of the old one behind
        self.outputs = Vec::new();
        let input = Tensor::from_slice(input, (size, size, 3), &self.device)?.to_dtype(self.dtype)?;
        let mut outputs = Vec::with_capacity(self.plan.layers.len());
        outputs.push(input);
        for id in self.plan.ids().skip(1) {
            let output = self.layer_forward(id, &outputs)?;
            outputs.push(output);
        }
        let logits = outputs
            .last()
            .ok_or(NetworkError::NoForward)?
            .to_dtype(DType::F64)?
            .to_vec1()?;
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
        let input = |position: usize| &outputs[layer.inputs[position].0];
        match (&layer.op, &self.weights[id.0]) {
            (_, Weights::Conv(conv)) => conv.forward(input(0)),
            (_, Weights::SeparableConv(conv)) => conv.forward(input(0)),
            (_, Weights::BatchNorm(norm)) => norm.forward(input(0)),
            (_, Weights::Dense(dense)) => dense.forward(input(0)),
            (Op::Relu, _) => input(0).relu(),
            (Op::MaxPool, _) => ops::max_pool(input(0)),
            (Op::Add, _) => input(0) + input(1),
            (Op::GlobalAveragePool, _) => ops::mean_over_cells(input(0)),
            (op, Weights::None) => candle_core::bail!("{op:?} has no forward pass of its own"),
        }
    }

    /// The gradients of one layer's inputs from the gradient of its output.
    fn layer_backward(&self, id: LayerId, g: &Tensor) -> candle_core::Result<Vec<Tensor>> {
        let layer = self.plan.layer(id);
        let input = |position: usize| &self.outputs[layer.inputs[position].0];
        let (h, w) = layer.inputs.first().map_or((0, 0), |&id| {
            let shape = self.plan.layer(id).shape;
            (shape.height, shape.width)
        });
        Ok(match (&layer.op, &self.weights[id.0]) {
            (_, Weights::Conv(conv)) => vec![conv.backward(g, h, w)?],
            (_, Weights::SeparableConv(conv)) => vec![conv.backward(g)?],
            (_, Weights::BatchNorm(norm)) => vec![norm.backward(g)?],
            (_, Weights::Dense(dense)) => vec![dense.backward(g)?],
            (Op::Relu, _) => vec![ops::relu_backward(g, &self.outputs[id.0])?],
            (Op::MaxPool, _) => vec![ops::max_pool_backward(g, input(0), &self.outputs[id.0])?],
            (Op::Add, _) => vec![g.clone(), g.clone()],
            (Op::GlobalAveragePool, _) => vec![ops::mean_over_cells_backward(g, h, w)?],
            (Op::Input, _) => vec![],
            (op, Weights::None) => candle_core::bail!("{op:?} has no backward pass of its own"),
        })
    }
}

impl Network for CandleNetwork {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn head(&self) -> &Head {
        &self.head
    }

    fn forward(&mut self, input: &[f32]) -> Result<Vec<f64>, NetworkError> {
        self.forward_in(input)
    }

    fn activation(&self, layer: LayerId) -> Result<Vec<f32>, NetworkError> {
        values(self.outputs.get(layer.0).ok_or(NetworkError::NoForward)?)
    }

    fn logit_shares(&self) -> Result<Vec<f32>, NetworkError> {
        let activation = (self.outputs.get(self.plan.last_feature_layer().0)).ok_or(NetworkError::NoForward)?;
        let Some(Weights::Dense(dense)) = self.weights.last() else {
            return Err(NetworkError::NoMap("predictions".to_owned()));
        };
        let cells = activation.flatten_to(1)?;
        let product = dense.kernel.t()?.matmul(&cells.t()?)?;
        values(&(product / cells.dim(0)? as f64)?)
    }

    fn backward(
        &mut self,
        logit_gradients: &[Vec<f64>],
        layers: &[LayerId],
        stop: &dyn Fn() -> bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), NetworkError> {
        if self.outputs.is_empty() {
            return Err(NetworkError::NoForward);
        }
        check_sweep(&self.plan, logit_gradients, layers)?;
        let Some(&earliest) = layers.iter().min() else {
            return Ok(());
        };
        for (score, logit_gradient) in logit_gradients.iter().enumerate() {
            let mut gradients: Vec<Option<Tensor>> = vec![None; self.plan.layers.len()];
            let seed = Tensor::new(logit_gradient.as_slice(), &self.device)?.to_dtype(self.dtype)?;
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
