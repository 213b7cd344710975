//! The layers as candle operations on NHWC tensors without a batch dimension, `[h, w, c]`: forward and
//! vector-Jacobian product side by side.
//!
//! Only operations that every candle device has are used. Grouped convolutions, `max_pool2d` and autograd are avoided:
//! candle runs a grouped convolution as one convolution a channel, cannot differentiate a 3x3 pool with stride 2, and
//! drops the gradients of intermediate tensors.

use candle_core::{D, Result, Tensor};

use crate::xception::plan::pool_padding;

/// Every `stride`-th row and column from `(top, left)` on: `[h, w, c]` to `[out_h, out_w, c]`.
fn strided(x: &Tensor, top: usize, left: usize, stride: usize, out_h: usize, out_w: usize) -> Result<Tensor> {
    if stride == 1 {
        return x.narrow(0, top, out_h)?.narrow(1, left, out_w);
    }
    let rows = positions(x, top, stride, out_h)?;
    let columns = positions(x, left, stride, out_w)?;
    x.index_select(&rows, 0)?.index_select(&columns, 1)
}

/// Adjoint of [`strided`]: writes `g` to every `stride`-th position of zeros of `[h, w, c]`.
fn scattered(g: &Tensor, top: usize, left: usize, stride: usize, h: usize, w: usize) -> Result<Tensor> {
    let (out_h, out_w, c) = g.dims3()?;
    if stride == 1 {
        let bottom = h - top - out_h;
        let right = w - left - out_w;
        return g.pad_with_zeros(0, top, bottom)?.pad_with_zeros(1, left, right);
    }
    let zeros = |h: usize, w: usize| Tensor::zeros((h, w, c), g.dtype(), g.device());
    let rows = positions(g, top, stride, out_h)?;
    let columns = positions(g, left, stride, out_w)?;
    let wide = zeros(out_h, w)?.index_add(&columns, &g.contiguous()?, 1)?;
    zeros(h, w)?.index_add(&rows, &wide, 0)
}

fn positions(like: &Tensor, start: usize, stride: usize, count: usize) -> Result<Tensor> {
    let positions: Vec<u32> = (0..count).map(|i| (start + i * stride) as u32).collect();
    Tensor::from_vec(positions, count, like.device())
}

/// The product over channels, `[h, w, i] x [i, o]`.
fn pointwise(x: &Tensor, kernel: &Tensor) -> Result<Tensor> {
    let (h, w, c) = x.dims3()?;
    x.contiguous()?.reshape((h * w, c))?.matmul(kernel)?.reshape((h, w, ()))
}

/// A convolution; `kernel` is HWIO, `valid` padding.
pub struct Conv {
    side: usize,
    stride: usize,
    /// `[side * side * in, out]`.
    matrix: Tensor,
}

impl Conv {
    /// Takes the kernel `[k, k, in, out]`.
    pub fn new(kernel: &Tensor, stride: usize) -> Result<Self> {
        let (side, _, inputs, outputs) = kernel.dims4()?;
        let matrix = kernel.contiguous()?.reshape((side * side * inputs, outputs))?;
        Ok(Self { side, stride, matrix })
    }

    /// The offsets of the kernel in the order of its rows.
    fn taps(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let side = self.side;
        (0..side * side).map(move |tap| (tap / side, tap % side))
    }

    /// `[h, w, in]` to `[out_h, out_w, out]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (h, w, _) = x.dims3()?;
        let (out_h, out_w) = ((h - self.side) / self.stride + 1, (w - self.side) / self.stride + 1);
        let taps: Vec<Tensor> = self
            .taps()
            .map(|(dy, dx)| strided(x, dy, dx, self.stride, out_h, out_w))
            .collect::<Result<_>>()?;
        pointwise(&Tensor::cat(&taps, 2)?, &self.matrix)
    }

    /// The gradient of the output, carried to an input of `[h, w]`.
    pub fn backward(&self, g: &Tensor, h: usize, w: usize) -> Result<Tensor> {
        let columns = pointwise(g, &self.matrix.t()?)?;
        let inputs = self.matrix.dim(0)? / (self.side * self.side);
        let mut sum: Option<Tensor> = None;
        for (tap, (dy, dx)) in self.taps().enumerate() {
            let part = scattered(&columns.narrow(2, tap * inputs, inputs)?, dy, dx, self.stride, h, w)?;
            sum = Some(match sum {
                Some(sum) => (sum + part)?,
                None => part,
            });
        }
        sum.ok_or_else(|| candle_core::Error::Msg("a convolution without taps".to_owned()))
    }
}

/// A separable convolution: 3x3 depthwise with zero padding, then 1x1.
pub struct SeparableConv {
    /// `[9, c]`, the taps in row-major order.
    depthwise: Tensor,
    /// `[in, out]`.
    pointwise: Tensor,
}

impl SeparableConv {
    /// Takes Keras' kernels: depthwise `[3, 3, c, 1]` and pointwise `[1, 1, c, out]`.
    pub fn new(depthwise: &Tensor, pointwise: &Tensor) -> Result<Self> {
        let (_, _, inputs, outputs) = pointwise.dims4()?;
        Ok(Self {
            depthwise: depthwise.contiguous()?.reshape((9, inputs))?,
            pointwise: pointwise.contiguous()?.reshape((inputs, outputs))?,
        })
    }

    /// `[h, w, in]` to `[h, w, out]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        pointwise(&self.shifted_sum(x, |tap| tap)?, &self.pointwise)
    }

    /// The gradient of the output, carried to the input: the transposed matrix, then the kernel turned by 180 degrees.
    pub fn backward(&self, g: &Tensor) -> Result<Tensor> {
        self.shifted_sum(&pointwise(g, &self.pointwise.t()?)?, |tap| 8 - tap)
    }

    /// Nine shifted copies, each times its tap: the depthwise convolution on any device.
    fn shifted_sum(&self, x: &Tensor, tap: impl Fn(usize) -> usize) -> Result<Tensor> {
        let (h, w, _) = x.dims3()?;
        let padded = x.pad_with_zeros(0, 1, 1)?.pad_with_zeros(1, 1, 1)?;
        let mut sum = x.broadcast_mul(&self.depthwise.get(tap(4))?)?;
        for position in (0..9).filter(|&position| position != 4) {
            let shifted = padded.narrow(0, position / 3, h)?.narrow(1, position % 3, w)?;
            sum = (sum + shifted.broadcast_mul(&self.depthwise.get(tap(position))?)?)?;
        }
        Ok(sum)
    }
}

/// Batch normalisation with moving statistics, as `x * scale + shift`.
pub struct BatchNorm {
    scale: Tensor,
    shift: Tensor,
}

impl BatchNorm {
    /// scale = gamma / sqrt(variance + epsilon), shift = beta - mean * scale (Ioffe and Szegedy 2015, algorithm 2).
    pub fn new(gamma: &Tensor, beta: &Tensor, mean: &Tensor, variance: &Tensor, epsilon: f64) -> Result<Self> {
        let scale = (gamma / (variance + epsilon)?.sqrt()?)?;
        let shift = (beta - (mean * &scale)?)?;
        Ok(Self { scale, shift })
    }

    /// `[h, w, c]` to the same shape.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.broadcast_mul(&self.scale)?.broadcast_add(&self.shift)
    }

    /// The gradient of the output times the scale.
    pub fn backward(&self, g: &Tensor) -> Result<Tensor> {
        g.broadcast_mul(&self.scale)
    }
}

/// The gradient passes where the output is positive.
pub fn relu_backward(g: &Tensor, y: &Tensor) -> Result<Tensor> {
    g * y.gt(0.)?.to_dtype(g.dtype())?
}

/// `[h, w, c]` inside of a frame of negative infinity, so that padding never wins.
fn pool_padded(x: &Tensor) -> Result<Tensor> {
    let mut padded = x.clone();
    for dim in 0..2 {
        let (before, after) = pool_padding(x.dim(dim)?);
        let frame = |count: usize| {
            let mut shape = padded.dims().to_vec();
            shape[dim] = count;
            Tensor::full(f32::NEG_INFINITY, shape, x.device())?.to_dtype(x.dtype())
        };
        let mut parts = Vec::with_capacity(3);
        if before > 0 {
            parts.push(frame(before)?);
        }
        parts.push(padded.clone());
        if after > 0 {
            parts.push(frame(after)?);
        }
        padded = Tensor::cat(&parts, dim)?;
    }
    Ok(padded)
}

/// The nine positions of a 3x3 stride-2 window, each `[out_h, out_w, c]`, in row-major order.
fn pool_windows(x: &Tensor) -> Result<Vec<Tensor>> {
    let (h, w, _) = x.dims3()?;
    let padded = pool_padded(x)?;
    (0..9)
        .map(|tap| strided(&padded, tap / 3, tap % 3, 2, h.div_ceil(2), w.div_ceil(2)))
        .collect()
}

/// 3x3 maximum, stride 2, `same`.
pub fn max_pool(x: &Tensor) -> Result<Tensor> {
    let windows = pool_windows(x)?;
    let (first, rest) = windows
        .split_first()
        .ok_or_else(|| candle_core::Error::Msg("an empty window".to_owned()))?;
    rest.iter().try_fold(first.clone(), |best, next| best.maximum(next))
}

/// The gradient goes to the first position, in row-major order, that holds the maximum.
pub fn max_pool_backward(g: &Tensor, x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let (h, w, _) = x.dims3()?;
    let (top, bottom) = pool_padding(h);
    let (left, right) = pool_padding(w);
    let mut free = y.ones_like()?;
    let mut sum = Tensor::zeros((h + top + bottom, w + left + right, x.dim(2)?), x.dtype(), x.device())?;
    for (tap, window) in pool_windows(x)?.into_iter().enumerate() {
        let wins = (window.eq(y)?.to_dtype(x.dtype())? * &free)?;
        free = (free - &wins)?;
        sum = (sum + scattered(&(g * wins)?, tap / 3, tap % 3, 2, h + top + bottom, w + left + right)?)?;
    }
    sum.narrow(0, top, h)?.narrow(1, left, w)
}

/// The mean over all cells: `[h, w, c]` to `[c]`.
pub fn mean_over_cells(x: &Tensor) -> Result<Tensor> {
    x.flatten(0, 1)?.mean(0)
}

/// The gradient of a mean: one part in `h * w` for every cell.
pub fn mean_over_cells_backward(g: &Tensor, h: usize, w: usize) -> Result<Tensor> {
    (g.flatten_all()? / (h * w) as f64)?
        .reshape((1, 1, ()))?
        .broadcast_as((h, w, g.elem_count()))?
        .contiguous()
}

/// The dense layer, `[in] x [in, out] + [out]`.
pub struct Dense {
    /// `[in, out]`.
    pub kernel: Tensor,
    /// `[out]`.
    pub bias: Tensor,
}

impl Dense {
    /// `[in]` to `[out]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.flatten_all()?.unsqueeze(0)?.matmul(&self.kernel)?.squeeze(0)? + &self.bias
    }

    /// The gradient of the logits `[out]`, carried to the input `[in]`.
    pub fn backward(&self, g: &Tensor) -> Result<Tensor> {
        self.kernel.matmul(&g.unsqueeze(D::Minus1)?)?.squeeze(1)
    }
}
