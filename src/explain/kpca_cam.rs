//! KPCA-CAM (Karmani et al. 2024, equations 3 to 6): the first kernel principal component of the activation, whatever the
//! class, with the kernel k(x, y) = tanh(x y / channels + 1) of the cells x and y.
//!
//! Kernel and centring are those of pytorch-grad-cam (`utils/svd_on_activations.py`), which leaves them to scikit-learn's
//! `KernelPCA`: channels are centred, then the matrix K of all pairs of cells by rows and columns, and the map is its first
//! eigenvector times the square root of its eigenvalue. The sign is chosen as Eigen-CAM's is.

use super::asking::Asking;
use super::principal::{eigenvector, turned_to_the_larger};
use crate::network::{LayerId, NetworkError};

/// Cells that a layer can have: the matrix of all pairs then takes 128 MB and a few seconds.
pub(super) const MOST_CELLS: usize = 4096;
/// Cells from which on it takes more than a moment.
pub(super) const SLOW_CELLS: usize = 1024;
/// What is added to the product of two cells, `coef0` in scikit-learn.
const SHIFT: f64 = 1.0;

/// The signed map of a layer, `[height, width]`.
pub(super) fn signed_map(asking: &mut Asking<'_, '_>, layer: LayerId) -> Result<Vec<f64>, NetworkError> {
    let shape = asking.network.plan().layer(layer).shape;
    let (cells, channels) = (shape.cells(), shape.channels.max(1));
    super::Method::KpcaCam.check(asking.network.plan(), layer)?;
    let mut activation = asking.activation(layer)?;
    super::principal::centre(&mut activation, channels);
    asking.announce(cells);
    let rows: Vec<&[f64]> = activation.chunks_exact(channels).collect();
    let mut kernel = vec![0.0; cells * cells];
    for (at, row) in rows.iter().enumerate() {
        asking.step()?;
        for (to, other) in rows.iter().enumerate().take(at + 1) {
            let product: f64 = dot(row, other);
            let value = (product / channels as f64 + SHIFT).tanh();
            kernel[at * cells + to] = value;
            kernel[to * cells + at] = value;
        }
    }
    let means: Vec<f64> = kernel
        .chunks_exact(cells)
        .map(|row| row.iter().sum::<f64>() / cells as f64)
        .collect();
    let mean = means.iter().sum::<f64>() / cells as f64;
    for (row, row_mean) in kernel.chunks_exact_mut(cells).zip(&means) {
        for (value, column_mean) in row.iter_mut().zip(&means) {
            *value += mean - row_mean - column_mean;
        }
    }
    let times = |vector: &[f64]| -> Vec<f64> { kernel.chunks_exact(cells).map(|row| dot(row, vector)).collect() };
    // begins with the cell that differs most from the mean
    let farthest = (0..cells).max_by(|&a, &b| kernel[a * cells + a].total_cmp(&kernel[b * cells + b]));
    let start = farthest.map_or_else(Vec::new, |at| kernel[at * cells..][..cells].to_vec());
    let stop = asking.watch.stop;
    let found = eigenvector(start, times, stop)?;
    // the kernel is not positive definite: where its largest eigenvalue is negative, the largest of those that are not is
    // that of the matrix moved up by it
    let found = match found {
        Some((value, vector)) if value < 0.0 => {
            let up = -value;
            let moved = |v: &[f64]| times(v).into_iter().zip(v).map(|(k, v)| k + up * v).collect();
            let other: Vec<f64> = (0..cells).map(|at| if at % 2 == 0 { 1.0 } else { -1.0 }).collect();
            let start = other.iter().zip(&vector).map(|(a, b)| a + b).collect();
            eigenvector(start, moved, stop)?.map(|(value, vector)| (value - up, vector))
        }
        found => found,
    };
    let Some((value, mut map)) = found else {
        return Ok(vec![0.0; cells]);
    };
    map.iter_mut().for_each(|part| *part *= value.max(0.0).sqrt());
    turned_to_the_larger(&mut map);
    Ok(map)
}

/// The product of two vectors of one length, in eight sums of which a compiler makes vectors.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(sums.len()), b.chunks_exact(sums.len()));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest
}
