//! What a backward sweep sees of a layer.

use candle_core::{DType, Tensor};

use super::{ops, values};
use crate::network::layer::LayerId;
use crate::network::network::{NetworkError, Site};

/// A layer whose activation and gradient are candle tensors `[h, w, c]`.
pub(super) struct CandleSite<'a> {
    pub layer: LayerId,
    pub activation: &'a Tensor,
    pub gradient: &'a Tensor,
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
