//! Each operation of a plan in candle's: its forward pass, and its vector-Jacobian product.

use candle_core::Tensor;

use super::{CandleNetwork, functions, joins, ops};
use crate::network::layer::LayerId;
use crate::network::op::Op;
use crate::network::shape::Window;

impl CandleNetwork {
    /// The output of one layer from the outputs of those before it.
    pub(super) fn layer_forward(&self, id: LayerId, outputs: &[Tensor]) -> candle_core::Result<Tensor> {
        let layer = self.plan.layer(id);
        let inputs: Vec<&Tensor> = layer.inputs.iter().map(|input| &outputs[input.0]).collect();
        let x = inputs[0];
        let weights = self.weights[id.0].as_slice();
        match (&layer.op, weights) {
            (Op::Conv { window, .. }, [kernel, bias @ ..]) => with_bias(ops::conv(x, *window, kernel)?, bias),
            (Op::Depthwise { window, .. }, [kernel, bias @ ..]) => with_bias(ops::depthwise(x, *window, kernel)?, bias),
            (Op::SeparableConv, [depthwise, pointwise]) => {
                ops::pointwise(&ops::depthwise(x, Window::SEPARABLE, depthwise)?, pointwise)
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
            (Op::LayerScale, [gamma]) => x.broadcast_mul(gamma),
            (Op::Add, _) => x + inputs[1],
            (Op::WeightedSum { factors }, _) => joins::weighted_sum(&inputs, factors),
            (Op::Multiply, _) => joins::multiply(&inputs),
            (Op::Maximum, _) => joins::extreme(&inputs, |a, b| a.maximum(b)),
            (Op::Minimum, _) => joins::extreme(&inputs, |a, b| a.minimum(b)),
            (Op::Concatenate, _) => Tensor::cat(&inputs, 2),
            (Op::ZeroPad { before, after }, _) => ops::zero_pad(x, *before, *after),
            (Op::Crop { before, .. }, _) => ops::crop(x, *before, [layer.shape.height, layer.shape.width]),
            (Op::Repeat { times }, _) => ops::repeat(x, *times),
            (Op::Interpolate { times }, _) => ops::interpolate(x, *times),
            (Op::Flatten, _) => x.contiguous()?.reshape((1, 1, ())),
            (Op::Identity, _) => Ok(x.clone()),
            (op, _) => candle_core::bail!("{op:?} has no forward pass of its own"),
        }
    }

    /// The gradients of one layer's inputs from the gradient of its output.
    pub(super) fn layer_backward(&self, id: LayerId, g: &Tensor) -> candle_core::Result<Vec<Tensor>> {
        let layer = self.plan.layer(id);
        let inputs: Vec<&Tensor> = layer.inputs.iter().map(|input| &self.outputs[input.0]).collect();
        let (Some(&x), y) = (inputs.first(), &self.outputs[id.0]) else {
            return Ok(vec![]);
        };
        let weights = self.weights[id.0].as_slice();
        Ok(vec![match (&layer.op, weights) {
            (Op::Conv { window, .. }, [kernel, ..]) => ops::conv_backward(g, x, *window, kernel)?,
            (Op::Depthwise { window, .. }, [kernel, ..]) => ops::depthwise_backward(g, x, *window, kernel)?,
            (Op::SeparableConv, [depthwise, pointwise]) => {
                let g = ops::pointwise(g, &pointwise.t()?.contiguous()?)?;
                ops::depthwise_backward(&g, x, Window::SEPARABLE, depthwise)?
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
            (Op::LayerScale, [gamma]) => g.broadcast_mul(gamma)?,
            (Op::Add, _) => return Ok(vec![g.clone(), g.clone()]),
            (Op::WeightedSum { factors }, _) => return joins::weighted_sum_backward(g, &inputs, factors),
            (Op::Multiply, _) => return joins::multiply_backward(g, &inputs),
            (Op::Maximum | Op::Minimum, _) => return joins::extreme_backward(g, &inputs, y),
            (Op::Concatenate, _) => return joins::concatenate_backward(g, &inputs),
            (Op::ZeroPad { before, .. }, _) => ops::crop(g, *before, [x.dim(0)?, x.dim(1)?])?,
            (Op::Crop { before, after }, _) => ops::zero_pad(g, *before, *after)?,
            (Op::Repeat { times }, _) => ops::repeat_backward(g, *times)?,
            (Op::Interpolate { times }, _) => ops::interpolate_backward(g, *times)?,
            (Op::Flatten, _) => g.contiguous()?.reshape(x.shape())?,
            (Op::Identity, _) => g.clone(),
            (op, _) => candle_core::bail!("{op:?} has no backward pass of its own"),
        }])
    }
}

fn with_bias(y: Tensor, bias: &[Tensor]) -> candle_core::Result<Tensor> {
    match bias {
        [bias] => y.broadcast_add(bias),
        _ => Ok(y),
    }
}
