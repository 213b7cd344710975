//! From weights to a network that is ready, on the device that was wished for.

use candle_core::utils::get_num_threads;
use candle_core::{DType, Device};

use super::device;
use super::error::ExplorerError;
use super::request::{DeviceChoice, NetworkOptions, NetworkSource};
use crate::imaging::Pixels;
use crate::network::{CandleNetwork, CpuNetwork, Network, NetworkError, Op, Plan};
use crate::weights::{Environment, Weights, locate};

/// A network with what there is to say about it.
pub struct LoadedNetwork {
    /// Ready for its first image.
    pub network: Box<dyn Network>,
    /// Its weights, for labels and fingerprint.
    pub weights: Weights,
    /// The range of its input.
    pub pixels: Pixels,
    /// `cpu`, `cuda` or `metal`.
    pub device: &'static str,
    /// Why the device is not the one that was wished for, in one sentence.
    pub device_note: Option<String>,
}

/// Opens weights and makes a network of them; `environment` says where to search.
///
/// # Errors
/// When the weights cannot be used or the device fails.
pub fn load_network(
    source: &NetworkSource,
    choice: DeviceChoice,
    environment: &Environment,
) -> Result<LoadedNetwork, ExplorerError> {
    let weights = match source {
        NetworkSource::BuiltIn => Weights::built_in()?,
        NetworkSource::File(path) => Weights::open(path)?,
        NetworkSource::Search(argument) => match locate(argument.as_deref(), environment)?.weights {
            Some(weights) => weights,
            None => Weights::built_in()?,
        },
        NetworkSource::Told(Some(path), options) => Weights::open_with(path, &options.choices)?,
        NetworkSource::Told(None, options) => match locate(None, environment)?.weights {
            Some(weights) => match &weights.info().path {
                Some(path) if !options.choices.is_empty() => Weights::open_with(path, &options.choices)?,
                _ => weights,
            },
            None => Weights::built_in()?,
        },
    };
    let pixels = match source {
        NetworkSource::Told(
            _,
            NetworkOptions {
                pixels: Some(pixels), ..
            },
        ) => *pixels,
        _ => usual_pixels(weights.plan()),
    };
    let chosen = device::choose(choice);
    let vb = weights.var_builder(DType::F32, &Device::Cpu);
    let plan = weights.plan().clone();
    let network: Result<Box<dyn Network>, NetworkError> = if chosen.device.is_cpu() {
        // candle's count: RAYON_NUM_THREADS, else the physical cores
        CpuNetwork::load(plan, &vb, get_num_threads()).map(|network| Box::new(network) as _)
    } else {
        CandleNetwork::load(plan, &vb, DType::F32, &chosen.device).map(|network| Box::new(network) as _)
    };
    let network = match network {
        Ok(network) => network,
        Err(error) => {
            // candle reports a tensor that cannot be used as its own failure; if it is the file's, the file is named
            weights.check_values()?;
            return Err(error.into());
        }
    };
    Ok(LoadedNetwork {
        network,
        weights,
        pixels,
        device: chosen.name,
        device_note: chosen.note,
    })
}

/// The range of input that a graph tells: a network that scales pixels itself takes them as they are, all others are
/// taken for Xception's.
fn usual_pixels(plan: &Plan) -> Pixels {
    let mut layers = plan.layers.iter().skip(1).take_while(|layer| layer.op.is_cellwise());
    let prepares = layers.any(|layer| matches!(layer.op, Op::Affine { .. } | Op::Normalize | Op::Reorder { .. }));
    if prepares {
        Pixels::ZeroTo255
    } else {
        Pixels::MinusOneToOne
    }
}
