//! A network's weights with those of some layers as they were before training.

use std::collections::HashMap;

use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::VarBuilder;
use candle_nn::var_builder::SimpleBackend;

use super::checked::Weights;
use super::tensors::keras_path;
use crate::network::LayerId;
use crate::noise::Noise;

impl Weights {
    /// The weights for candle, of which all that the layers from `from` on have are random: kernels evenly drawn as Keras'
    /// `he_uniform` does (He et al. 2015), which keeps activations alive through any depth, everything else as Keras starts it
    /// (scales and variances 1, shifts, means and biases 0). A layer that is called several times is random if one call is.
    ///
    /// A tensor is the same whatever else is random, so that stages of a cascade differ in what they add. What a
    /// `Normalization` layer knows of the pictures is not learnt by training, and stays.
    pub fn randomized(&self, from: LayerId, seed: u64, device: &Device) -> VarBuilder<'static> {
        let layers = self.plan().layers.get(from.0..).unwrap_or_default();
        let parameters = layers.iter().flat_map(|layer| self.plan().parameters_of(layer));
        let random = parameters
            .map(|parameter| (parameter.path(), parameter.shape))
            .collect();
        let backend = Randomized {
            weights: self.clone(),
            random,
            seed,
        };
        VarBuilder::from_backend(Box::new(backend), DType::F32, device.clone())
    }
}

struct Randomized {
    weights: Weights,
    /// The paths and shapes of all tensors that are random.
    random: HashMap<String, Vec<usize>>,
    seed: u64,
}

impl Randomized {
    /// Another tensor instead of the trained one, if it is to be random.
    fn instead(&self, name: &str) -> Option<(Vec<f32>, &[usize])> {
        let path = keras_path(name);
        let shape = self.random.get(&path)?;
        Some((untrained(&path, shape, self.seed)?, shape))
    }
}

/// The values of a tensor before training; none of one that training does not change.
fn untrained(path: &str, shape: &[usize], seed: u64) -> Option<Vec<f32>> {
    let count = shape.iter().product();
    let name = path.rsplit('/').next().unwrap_or(path);
    let inputs: usize = match name {
        // one channel is filtered by itself
        "depthwise_kernel" => shape.iter().take(2).product(),
        name if name.ends_with("kernel") => shape.iter().rev().skip(1).product(),
        "gamma" | "moving_variance" => return Some(vec![1.0; count]),
        "beta" | "bias" | "moving_mean" | "alpha" => return Some(vec![0.0; count]),
        _ => return None,
    };
    let limit = (6.0 / inputs.max(1) as f64).sqrt();
    // FNV-1a of the name, so that every tensor has its own
    let hash = path.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut noise = Noise::new(hash ^ seed);
    Some(
        (0..count)
            .map(|_| (limit * (2.0 * noise.even() - 1.0)) as f32)
            .collect(),
    )
}

impl SimpleBackend for Randomized {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        hints: candle_nn::Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        match self.instead(name) {
            Some((values, _)) => Tensor::from_vec(values, shape, device)?.to_dtype(dtype),
            None => SimpleBackend::get(&self.weights, shape, name, hints, dtype, device),
        }
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> candle_core::Result<Tensor> {
        match self.instead(name) {
            Some((values, shape)) => Tensor::from_vec(values, shape, device)?.to_dtype(dtype),
            None => self.weights.get_unchecked(name, dtype, device),
        }
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.weights.contains_tensor(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::BuiltIn;

    #[test]
    fn only_what_is_asked_for_is_random_and_the_same_each_time() {
        let weights = Weights::built_in(BuiltIn::Photographs).unwrap();
        let plan = weights.plan();
        let from = plan.last_feature_layer();
        let read = |vb: &VarBuilder<'static>, path: &str| -> Vec<f32> {
            let tensor = vb.get_unchecked(path).unwrap();
            tensor.flatten_all().unwrap().to_vec1().unwrap()
        };
        let [one, other] = [1, 2].map(|seed| weights.randomized(from, seed, &Device::Cpu));
        for (index, layer) in plan.layers.iter().enumerate() {
            for parameter in plan.parameters_of(layer) {
                let (path, shape) = (parameter.path(), parameter.shape);
                let (trained, random) = (weights.tensor(&path).unwrap(), read(&one, &path));
                let again = read(&weights.randomized(LayerId(0), 1, &Device::Cpu), &path);
                if index < from.0 {
                    assert_eq!(trained, random, "{path}");
                } else {
                    assert_ne!(trained, random, "{path}");
                    assert_eq!(again, random, "{path}");
                }
                if path.ends_with("kernel") {
                    assert_eq!(read(&other, &path) == random, index < from.0, "{path}");
                    let inputs: usize = match path.ends_with("depthwise_kernel") {
                        true => shape[..2].iter().product(),
                        false => shape[..shape.len() - 1].iter().product(),
                    };
                    let variance = again.iter().map(|value| f64::from(value * value)).sum::<f64>() / again.len() as f64;
                    let times = variance * inputs as f64 / 2.0;
                    assert!((times - 1.0).abs() < 0.15, "{path}: {times}");
                }
            }
        }
    }
}
