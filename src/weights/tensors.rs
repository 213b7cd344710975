//! Weights as candle reads them: a tensor by its path, in Keras' layout.

use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::VarBuilder;
use candle_nn::var_builder::SimpleBackend;

use super::checked::Weights;

impl Weights {
    /// The weights for candle: `builder.pp("block1_conv1").get(shape, "kernel")`, in Keras' layout.
    pub fn var_builder(&self, dtype: DType, device: &Device) -> VarBuilder<'static> {
        VarBuilder::from_backend(Box::new(self.clone()), dtype, device.clone())
    }
}

impl SimpleBackend for Weights {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: candle_nn::Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let tensor = self.get_unchecked(name, dtype, device)?;
        if tensor.shape() == &shape {
            return Ok(tensor);
        }
        Err(candle_core::Error::UnexpectedShape {
            msg: format!("the shape of {name} is not what the network needs"),
            expected: shape,
            got: tensor.shape().clone(),
        }
        .bt())
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> candle_core::Result<Tensor> {
        let path = keras_path(name);
        let values = self.tensor(&path).map_err(candle_core::Error::wrap)?;
        let shape = self.shape(&path).map_err(candle_core::Error::wrap)?;
        Tensor::from_vec(values, shape, device)?.to_dtype(dtype)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.shape(&keras_path(name)).is_ok()
    }
}

/// candle joins path and name with dots, Keras with a slash.
pub(super) fn keras_path(name: &str) -> String {
    name.replace('.', "/")
}
