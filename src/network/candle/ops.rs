//! The layers as candle operations on NHWC tensors without a batch dimension, `[h, w, c]`: forward and
//! vector-Jacobian product side by side. Vectors are `[1, 1, n]`.
//!
//! Only operations that every candle device has are used. Grouped convolutions, `max_pool2d` and autograd are avoided:
//! candle runs a grouped convolution as one convolution a channel, cannot differentiate a 3x3 pool with stride 2, and
//! drops the gradients of intermediate tensors.

use candle_core::{Result, Tensor};

use crate::network::shape::{Window, between};

/// Every `stride`-th row and column from `(top, left)` on: `[h, w, c]` to `[out_h, out_w, c]`.
fn strided(x: &Tensor, start: [usize; 2], stride: [usize; 2], out: [usize; 2]) -> Result<Tensor> {
    let mut x = x.clone();
    for axis in 0..2 {
        x = if stride[axis] == 1 {
            x.narrow(axis, start[axis], out[axis])?
        } else {
            x.index_select(&positions(&x, start[axis], stride[axis], out[axis])?, axis)?
        };
    }
    Ok(x)
}

/// Adjoint of [`strided`]: writes `g` to every `stride`-th position of zeros of `[h, w, c]`.
fn scattered(g: &Tensor, start: [usize; 2], stride: [usize; 2], size: [usize; 2]) -> Result<Tensor> {
    let mut g = g.clone();
    for axis in 0..2 {
        let count = g.dim(axis)?;
        g = if stride[axis] == 1 {
            g.pad_with_zeros(axis, start[axis], size[axis] - start[axis] - count)?
        } else {
            let mut shape = g.dims().to_vec();
            shape[axis] = size[axis];
            let at = positions(&g, start[axis], stride[axis], count)?;
            Tensor::zeros(shape, g.dtype(), g.device())?.index_add(&at, &g.contiguous()?, axis)?
        };
    }
    Ok(g)
}

fn positions(like: &Tensor, start: usize, stride: usize, count: usize) -> Result<Tensor> {
    let positions: Vec<u32> = (0..count).map(|i| (start + i * stride) as u32).collect();
    Tensor::from_vec(positions, count, like.device())
}

/// A window on maps of one size.
pub struct Sliding {
    window: Window,
    /// Rows and columns of the input.
    size: [usize; 2],
    out: [usize; 2],
    /// Before and behind, for both axes.
    padding: [(usize, usize); 2],
}

impl Sliding {
    /// The window on an input `[h, w, c]`.
    pub fn new(window: Window, input: &Tensor) -> Result<Self> {
        let (h, w, _) = input.dims3()?;
        Ok(Self {
            window,
            size: [h, w],
            out: [window.outputs(0, h), window.outputs(1, w)],
            padding: [window.padding(0, h), window.padding(1, w)],
        })
    }

    fn padded_size(&self) -> [usize; 2] {
        [0, 1].map(|axis| self.padding[axis].0 + self.size[axis] + self.padding[axis].1)
    }

    /// The input inside of a frame.
    fn padded(&self, x: &Tensor, with: f32) -> Result<Tensor> {
        let mut padded = x.clone();
        for axis in 0..2 {
            let (before, after) = self.padding[axis];
            let frame = |count: usize| {
                let mut shape = padded.dims().to_vec();
                shape[axis] = count;
                Tensor::full(with, shape, x.device())?.to_dtype(x.dtype())
            };
            let mut parts = Vec::with_capacity(3);
            if before > 0 {
                parts.push(frame(before)?);
            }
            parts.push(padded.clone());
            if after > 0 {
                parts.push(frame(after)?);
            }
            padded = Tensor::cat(&parts, axis)?;
        }
        Ok(padded)
    }

    /// What each tap of the kernel sees, each `[out_h, out_w, c]`, in row-major order; `outside` stands in the padding.
    fn taps(&self, x: &Tensor, outside: f32) -> Result<Vec<Tensor>> {
        let padded = self.padded(x, outside)?;
        self.starts()
            .map(|start| strided(&padded, start, self.window.stride, self.out))
            .collect()
    }

    /// Where each tap begins.
    fn starts(&self) -> impl Iterator<Item = [usize; 2]> + use<> {
        let ([height, width], dilation) = (self.window.kernel, self.window.dilation);
        (0..height * width).map(move |tap| [tap / width * dilation[0], tap % width * dilation[1]])
    }

    /// The sum of what comes back from each tap, without the frame.
    fn gathered(&self, parts: impl Iterator<Item = Result<Tensor>>) -> Result<Tensor> {
        let mut sum: Option<Tensor> = None;
        for (start, part) in self.starts().zip(parts) {
            let part = scattered(&part?, start, self.window.stride, self.padded_size())?;
            sum = Some(match sum {
                Some(sum) => (sum + part)?,
                None => part,
            });
        }
        let sum = sum.ok_or_else(|| candle_core::Error::msg("a window without taps"))?;
        sum.narrow(0, self.padding[0].0, self.size[0])?
            .narrow(1, self.padding[1].0, self.size[1])
    }
}

/// The product over channels, `[h, w, i] x [i, o]`.
pub fn pointwise(x: &Tensor, kernel: &Tensor) -> Result<Tensor> {
    let (h, w, c) = x.dims3()?;
    x.contiguous()?.reshape((h * w, c))?.matmul(kernel)?.reshape((h, w, ()))
}

/// `[h, w, in]` to `[out_h, out_w, out]`; `matrix` is the HWIO kernel as `[taps * in, out]`.
pub fn conv(x: &Tensor, window: Window, matrix: &Tensor) -> Result<Tensor> {
    pointwise(&Tensor::cat(&Sliding::new(window, x)?.taps(x, 0.0)?, 2)?, matrix)
}

/// The gradient of a convolution's output, carried to its input `x`.
pub fn conv_backward(g: &Tensor, x: &Tensor, window: Window, matrix: &Tensor) -> Result<Tensor> {
    let columns = pointwise(g, &matrix.t()?.contiguous()?)?;
    let inputs = x.dim(2)?;
    let taps = window.kernel[0] * window.kernel[1];
    Sliding::new(window, x)?.gathered((0..taps).map(|tap| columns.narrow(2, tap * inputs, inputs)))
}

/// Each channel `multiplier` times, one after the other.
fn repeated(x: &Tensor, multiplier: usize) -> Result<Tensor> {
    if multiplier == 1 {
        return Ok(x.clone());
    }
    let (h, w, c) = x.dims3()?;
    x.unsqueeze(3)?
        .broadcast_as((h, w, c, multiplier))?
        .contiguous()?
        .reshape((h, w, c * multiplier))
}

/// `[h, w, c]` to `[out_h, out_w, c * multiplier]`; `kernel` is `[taps, c * multiplier]`.
pub fn depthwise(x: &Tensor, window: Window, kernel: &Tensor) -> Result<Tensor> {
    let x = repeated(x, kernel.dim(1)? / x.dim(2)?)?;
    let mut sum: Option<Tensor> = None;
    for (tap, seen) in Sliding::new(window, &x)?.taps(&x, 0.0)?.into_iter().enumerate() {
        let part = seen.broadcast_mul(&kernel.get(tap)?)?;
        sum = Some(match sum {
            Some(sum) => (sum + part)?,
            None => part,
        });
    }
    sum.ok_or_else(|| candle_core::Error::msg("a window without taps"))
}

/// The gradient of a depthwise convolution's output, carried to its input `x`.
pub fn depthwise_backward(g: &Tensor, x: &Tensor, window: Window, kernel: &Tensor) -> Result<Tensor> {
    let (h, w, c) = x.dims3()?;
    let multiplier = kernel.dim(1)? / c;
    let taps = window.kernel[0] * window.kernel[1];
    let sum = Sliding::new(window, x)?.gathered((0..taps).map(|tap| g.broadcast_mul(&kernel.get(tap)?)))?;
    sum.contiguous()?.reshape((h, w, c, multiplier))?.sum(3)
}

/// The maximum under each window; padding never wins.
pub fn max_pool(x: &Tensor, window: Window) -> Result<Tensor> {
    let taps = Sliding::new(window, x)?.taps(x, f32::NEG_INFINITY)?;
    let (first, rest) = taps
        .split_first()
        .ok_or_else(|| candle_core::Error::msg("an empty window"))?;
    rest.iter().try_fold(first.clone(), |best, next| best.maximum(next))
}

/// The gradient goes to the first position, in row-major order, that holds the maximum.
pub fn max_pool_backward(g: &Tensor, x: &Tensor, y: &Tensor, window: Window) -> Result<Tensor> {
    let sliding = Sliding::new(window, x)?;
    let mut free = y.ones_like()?;
    let mut parts = Vec::new();
    for seen in sliding.taps(x, f32::NEG_INFINITY)? {
        let wins = (seen.eq(y)?.to_dtype(x.dtype())? * &free)?;
        free = (free - &wins)?;
        parts.push(g * wins);
    }
    sliding.gathered(parts.into_iter())
}

/// Cells inside of the map under each window, `[out_h, out_w, 1]`.
fn counts(sliding: &Sliding, x: &Tensor) -> Result<Tensor> {
    let ones = x.narrow(2, 0, 1)?.ones_like()?;
    let taps = sliding.taps(&ones, 0.0)?;
    let (first, rest) = taps
        .split_first()
        .ok_or_else(|| candle_core::Error::msg("an empty window"))?;
    rest.iter().try_fold(first.clone(), |sum, next| sum + next)
}

/// The mean of the cells inside of the map under each window.
pub fn average_pool(x: &Tensor, window: Window) -> Result<Tensor> {
    let sliding = Sliding::new(window, x)?;
    let taps = sliding.taps(x, 0.0)?;
    let (first, rest) = taps
        .split_first()
        .ok_or_else(|| candle_core::Error::msg("an empty window"))?;
    let sum = rest.iter().try_fold(first.clone(), |sum, next| sum + next)?;
    sum.broadcast_div(&counts(&sliding, x)?)
}

/// Each cell under a window gets an equal share of its gradient.
pub fn average_pool_backward(g: &Tensor, x: &Tensor, window: Window) -> Result<Tensor> {
    let sliding = Sliding::new(window, x)?;
    let share = g.broadcast_div(&counts(&sliding, x)?)?;
    let taps = window.kernel[0] * window.kernel[1];
    sliding.gathered((0..taps).map(|_| Ok(share.clone())))
}

/// The mean over all cells: `[h, w, c]` to `[c]`.
pub fn mean_over_cells(x: &Tensor) -> Result<Tensor> {
    x.flatten(0, 1)?.mean(0)
}

/// The gradient of a mean: one part in `h * w` for every cell.
pub fn mean_over_cells_backward(g: &Tensor, x: &Tensor) -> Result<Tensor> {
    let (h, w, _) = x.dims3()?;
    (g / (h * w) as f64)?.broadcast_as(x.shape())?.contiguous()
}

/// The maximum over all cells: `[h, w, c]` to `[1, 1, c]`.
pub fn global_max(x: &Tensor) -> Result<Tensor> {
    x.flatten(0, 1)?.max_keepdim(0)?.unsqueeze(0)
}

/// Cells that share the maximum share the gradient.
pub fn global_max_backward(g: &Tensor, x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let wins = x.broadcast_eq(y)?.to_dtype(x.dtype())?;
    let winners = wins.flatten(0, 1)?.sum_keepdim(0)?.unsqueeze(0)?;
    wins.broadcast_mul(&(g / winners)?)
}

/// The map inside of a border of zeros.
pub fn zero_pad(x: &Tensor, before: [usize; 2], after: [usize; 2]) -> Result<Tensor> {
    x.pad_with_zeros(0, before[0], after[0])?
        .pad_with_zeros(1, before[1], after[1])
}

/// The part of the map of this size that begins at `before`.
pub fn crop(x: &Tensor, before: [usize; 2], size: [usize; 2]) -> Result<Tensor> {
    x.narrow(0, before[0], size[0])?
        .narrow(1, before[1], size[1])?
        .contiguous()
}

/// Each cell `times` below and beside itself.
pub fn repeat(x: &Tensor, times: [usize; 2]) -> Result<Tensor> {
    let (h, w, c) = x.dims3()?;
    x.contiguous()?
        .reshape((h, 1, w, 1, c))?
        .broadcast_as((h, times[0], w, times[1], c))?
        .contiguous()?
        .reshape((h * times[0], w * times[1], c))
}

/// Each cell gets the gradients of all that it became.
pub fn repeat_backward(g: &Tensor, times: [usize; 2]) -> Result<Tensor> {
    let (h, w, c) = g.dims3()?;
    let (h, w) = (h / times[0], w / times[1]);
    g.contiguous()?.reshape((h, times[0], w, times[1], c))?.sum(3)?.sum(1)
}

/// The weights of [`Op::Interpolate`] along one axis, `[len * times, len]`.
///
/// [`Op::Interpolate`]: crate::network::op::Op::Interpolate
fn interpolation(len: usize, times: usize, like: &Tensor) -> Result<Tensor> {
    let mut weights = vec![0.0; len * times * len];
    for (out, row) in weights.chunks_exact_mut(len.max(1)).enumerate() {
        let ([low, high], share) = between(out, times, len);
        row[low] += 1.0 - share;
        row[high] += share;
    }
    Tensor::from_vec(weights, (len * times, len), like.device())?.to_dtype(like.dtype())
}

/// Rows and columns by two matrices, `[h_out, h]` and `[w_out, w]`.
fn by_matrices(x: &Tensor, rows: &Tensor, columns: &Tensor) -> Result<Tensor> {
    let (h, w, c) = x.dims3()?;
    let (h_out, w_out) = (rows.dim(0)?, columns.dim(0)?);
    let x = rows.matmul(&x.contiguous()?.reshape((h, w * c))?)?;
    let x = x
        .reshape((h_out, w, c))?
        .transpose(0, 1)?
        .contiguous()?
        .reshape((w, h_out * c))?;
    let x = columns.matmul(&x)?.reshape((w_out, h_out, c))?;
    x.transpose(0, 1)?.contiguous()
}

/// Cells between cells.
pub fn interpolate(x: &Tensor, times: [usize; 2]) -> Result<Tensor> {
    let (h, w, _) = x.dims3()?;
    by_matrices(x, &interpolation(h, times[0], x)?, &interpolation(w, times[1], x)?)
}

/// Each cell gets its share of the gradients around it.
pub fn interpolate_backward(g: &Tensor, times: [usize; 2]) -> Result<Tensor> {
    let (h, w, _) = g.dims3()?;
    let weights = |len: usize, times: usize| interpolation(len / times, times, g)?.t()?.contiguous();
    by_matrices(g, &weights(h, times[0])?, &weights(w, times[1])?)
}
