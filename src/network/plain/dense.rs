//! Dense layers. Their weights are read once for a single vector, so memory is the limit and plain loops are enough.
//! Sums are kept in f64, because differences of logits matter.

/// Rows of the kernel that are summed in f32 before they are added up in f64.
const SHORT_SUM: usize = 16;
/// Rows of the kernel, one an input, in one part: fixed, so that results do not depend on the number of threads.
const PART: usize = 128;
/// Products summed side by side, so that the compiler makes vectors of them.
const LANES: usize = 16;

/// Whoever shares out the parts of a product.
pub trait Workers {
    /// Calls [`DensePart::compute`] for each.
    fn run(&self, parts: Vec<DensePart<'_>>);
}

/// The calling thread alone.
impl Workers for () {
    fn run(&self, parts: Vec<DensePart<'_>>) {
        parts.into_iter().for_each(DensePart::compute);
    }
}

/// Some rows of a kernel, times their inputs.
pub struct DensePart<'a> {
    kernel: &'a [f32],
    inputs: &'a [f32],
    totals: &'a mut [f64],
}

impl DensePart<'_> {
    /// Adds the products up; inlined, so that it is compiled for the instructions of whoever calls it.
    #[inline(always)]
    pub fn compute(self) {
        let outputs = self.totals.len();
        let mut sums = vec![0.0; outputs];
        for (rows, inputs) in self
            .kernel
            .chunks(SHORT_SUM * outputs)
            .zip(self.inputs.chunks(SHORT_SUM))
        {
            sums.fill(0.0);
            for (row, input) in rows.chunks_exact(outputs).zip(inputs) {
                for (sum, weight) in sums.iter_mut().zip(row) {
                    *sum += input * weight;
                }
            }
            for (total, sum) in self.totals.iter_mut().zip(&sums) {
                *total += f64::from(*sum);
            }
        }
    }
}

/// `x * kernel + bias`.
pub struct Dense {
    /// `[inputs, outputs]`
    pub kernel: Vec<f32>,
    /// One value an output; empty where there is none.
    bias: Vec<f32>,
    outputs: usize,
}

impl Dense {
    /// Takes the kernel, and the bias where there is one.
    pub fn new(tensors: Vec<Vec<f32>>, outputs: usize) -> Self {
        let mut tensors = tensors.into_iter();
        Self {
            kernel: tensors.next().unwrap_or_default(),
            bias: tensors.next().unwrap_or_default(),
            outputs,
        }
    }

    /// `[cells, inputs]` to `[cells, outputs]`.
    pub fn forward(&self, x: &[f64], workers: &dyn Workers) -> Vec<f64> {
        let inputs = self.kernel.len() / self.outputs.max(1);
        let cells = x.chunks_exact(inputs.max(1));
        cells.flat_map(|cell| self.forward_cell(cell, workers)).collect()
    }

    fn forward_cell(&self, x: &[f64], workers: &dyn Workers) -> Vec<f64> {
        let outputs = self.outputs;
        let inputs: Vec<f32> = x.iter().map(|&x| x as f32).collect();
        let mut totals = vec![0.0; inputs.len().div_ceil(PART) * outputs];
        let parts = self.kernel.chunks(PART * outputs).zip(inputs.chunks(PART));
        let parts = parts.zip(totals.chunks_mut(outputs));
        let parts = parts.map(|((kernel, inputs), totals)| DensePart { kernel, inputs, totals });
        workers.run(parts.collect());
        let mut sums = vec![0.0; outputs];
        for (sum, bias) in sums.iter_mut().zip(&self.bias) {
            *sum = f64::from(*bias);
        }
        for part in totals.chunks_exact(outputs) {
            for (sum, part) in sums.iter_mut().zip(part) {
                *sum += part;
            }
        }
        sums
    }

    /// `[cells, outputs]` back to `[cells, inputs]`: `kernel * gradient`.
    pub fn backward(&self, gradient: &[f64]) -> Vec<f64> {
        let cells = gradient.chunks_exact(self.outputs.max(1));
        cells.flat_map(|cell| multiply(&self.kernel, cell)).collect()
    }

    /// The sum of the kernel's rows over `cells` cells, each of `rows` rows, for a kernel behind a flattening.
    pub fn summed_over_cells(&self, rows: usize) -> Vec<f32> {
        let mut sums = vec![0.0_f64; rows * self.outputs];
        for cell in self.kernel.chunks_exact(sums.len().max(1)) {
            for (sum, weight) in sums.iter_mut().zip(cell) {
                *sum += f64::from(*weight);
            }
        }
        sums.into_iter().map(|sum| sum as f32).collect()
    }
}

/// `kernel * gradient` of a kernel `[inputs, outputs]`. Gradients of a single output, which are common, read one column.
pub fn multiply(kernel: &[f32], gradient: &[f64]) -> Vec<f64> {
    let outputs = gradient.len().max(1);
    let mut wanted = gradient.iter().enumerate().filter(|(_, g)| **g != 0.0);
    match (wanted.next(), wanted.next()) {
        (None, _) => vec![0.0; kernel.len() / outputs],
        (Some((column, g)), None) => {
            let column = kernel.iter().skip(column).step_by(outputs);
            column.map(|weight| f64::from(*weight) * g).collect()
        }
        _ => {
            // f32 would lose small gradients, so they are scaled by a power of two and back
            let factor = magnitude(gradient);
            let scaled: Vec<f32> = gradient.iter().map(|g| (g / factor) as f32).collect();
            let rows = kernel.chunks_exact(outputs);
            rows.map(|row| dot(row, &scaled) * factor).collect()
        }
    }
}

/// The largest power of two below the largest magnitude, or 1 where all is zero: dividing by it is exact.
pub fn magnitude(values: &[f64]) -> f64 {
    let most = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    if most > 0.0 && most.is_finite() {
        2.0_f64.powi(most.log2().floor() as i32)
    } else {
        1.0
    }
}

/// The sum of products, in f32 over short stretches and in f64 over those.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut total = 0.0;
    for (a, b) in a.chunks(SHORT_SUM * LANES).zip(b.chunks(SHORT_SUM * LANES)) {
        let mut sums = [0.0_f32; LANES];
        let (blocks_a, rest_a) = a.as_chunks::<LANES>();
        let (blocks_b, rest_b) = b.as_chunks::<LANES>();
        for (a, b) in blocks_a.iter().zip(blocks_b) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += a * b;
            }
        }
        total += sums.iter().map(|&sum| f64::from(sum)).sum::<f64>();
        let rest = rest_a.iter().zip(rest_b);
        total += rest.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    }
    total
}
