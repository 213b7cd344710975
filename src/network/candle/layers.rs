//! Each operation of a plan in candle's: its forward pass, and its vector-Jacobian product.

use candle_core::Tensor;

use super::{CandleNetwork, functions, ops};
use crate::network::layer::LayerId;
use crate::network::op::Op;
use crate::network::shape::{Padding, Window};

/// The window of a separable convolution that is one operation.
const SEPARABLE_WINDOW: Window = Window {
    kernel: [3; 2],
    stride: [1; 2],
    dilation: [1; 2],
    padding: Padding::Same,
};

impl CandleNetwork {
    /// The output of one layer from the outputs of those before it.
    pub(super) fn layer_forward(&self, id: LayerId, outputs: &[Tensor]) -> candle_core::Result<Tensor> {
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
    pub(super) fn layer_backward(&self, id: LayerId, g: &Tensor) -> candle_core::Result<Vec<Tensor>> {
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

fn with_bias(y: Tensor, bias: &[Tensor]) -> candle_core::Result<Tensor> {
    match bias {
        [bias] => y.broadcast_add(bias),
        _ => Ok(y),
    }
}
