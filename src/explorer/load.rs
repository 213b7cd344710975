//! From weights to a network that is ready, on the device that was wished for.

use candle_core::{DType, Device};

use super::device;
use super::error::ExplorerError;
use super::request::{DeviceChoice, NetworkSource};
use crate::weights::Weights;
use crate::xception::{CandleNetwork, Network};

/// A network with what there is to say about it.
pub struct LoadedNetwork {
    /// Ready for its first image.
    pub network: Box<dyn Network>,
    /// Its weights, for labels and fingerprint.
    pub weights: Weights,
    /// `cpu`, `cuda` or `metal`.
    pub device: &'static str,
    /// Why the device is not the one that was wished for, in one sentence.
    pub device_note: Option<String>,
}

/// Opens weights and makes a network of them.
///
/// # Errors
/// When the weights cannot be used or the device fails.
pub fn load_network(source: &NetworkSource, choice: DeviceChoice) -> Result<LoadedNetwork, ExplorerError> {
    let weights = match source {
        NetworkSource::BuiltIn => Weights::built_in()?,
        NetworkSource::File(path) => Weights::open(path)?,
    };
    let chosen = device::choose(choice);
    let vb = weights.var_builder(DType::F32, &Device::Cpu);
    let network = CandleNetwork::load(weights.plan().clone(), &vb, DType::F32, &chosen.device)?;
    Ok(LoadedNetwork {
        network: Box::new(network),
        weights,
        device: chosen.name,
        device_note: chosen.note,
    })
}
