//! From weights to a network that is ready, on the device that was wished for.

use candle_core::utils::get_num_threads;
use candle_core::{DType, Device};
use candle_nn::VarBuilder;

use super::device;
use super::error::ExplorerError;
use super::preprocessing;
use super::request::{DeviceChoice, NetworkSource};
use crate::imaging::Preprocessing;
use crate::network::{CandleNetwork, CpuNetwork, Network, NetworkError, Plan};
use crate::weights::{
    BuiltIn, Environment, IMAGENET_CLASSES, NetworkChoices, SaidBy, Weights, WeightsError, locate_with,
};

/// A network with what there is to say about it.
pub struct LoadedNetwork {
    /// Ready for its first image.
    pub network: Box<dyn Network>,
    /// Its weights, for labels and fingerprint.
    pub weights: Weights,
    /// How photos come to its input unless a person chooses otherwise.
    pub usual: Preprocessing,
    /// Who says the range of pixels in it.
    pub pixels_said_by: SaidBy,
    /// Where it is.
    pub on: Device,
    /// `cpu`, `cuda` or `metal`.
    pub device: &'static str,
    /// Why the device is not the one that was wished for, in one sentence.
    pub device_note: Option<String>,
}

/// Opens weights and makes a network of them; `environment` says where to search, `choices` what a person says of it.
///
/// # Errors
/// When the weights cannot be used, the choices do not fit or the device fails.
pub fn load_network(
    source: &NetworkSource,
    choices: &NetworkChoices,
    choice: DeviceChoice,
    environment: &Environment,
) -> Result<LoadedNetwork, ExplorerError> {
    let weights = open_weights(source, choices, environment)?;
    let chosen = device::choose(choice);
    // candle's count: RAYON_NUM_THREADS, else the physical cores
    let network = network_of(&weights, &chosen.device, get_num_threads())?;
    let (usual, pixels_said_by) = preprocessing::usual(weights.info(), weights.plan());
    Ok(LoadedNetwork {
        usual,
        pixels_said_by,
        network,
        weights,
        on: chosen.device,
        device: chosen.name,
        device_note: chosen.note,
    })
}

/// The weights that a source means.
pub(super) fn open_weights(
    source: &NetworkSource,
    choices: &NetworkChoices,
    environment: &Environment,
) -> Result<Weights, ExplorerError> {
    let weights = match source {
        NetworkSource::BuiltIn(network) => built_in(*network, choices)?,
        NetworkSource::File(path) => Weights::open_with(path, choices)?,
        NetworkSource::Search(argument) => match locate_with(argument.as_deref(), choices, environment)?.weights {
            Some(weights) => {
                if weights.info().built_in.is_some() {
                    check_nothing_chosen(choices)?;
                }
                weights
            }
            None => built_in(BuiltIn::default(), choices)?,
        },
    };
    // ImageNet's classes come with Keras' own size; any other network may have been trained on any
    let info = weights.info();
    if info.input_said_by == SaidBy::Guess && info.classes != IMAGENET_CLASSES {
        let file = info
            .path
            .as_ref()
            .map_or_else(|| info.name.clone(), |path| path.display().to_string());
        return Err(WeightsError::InputSizeNeeded { file, usual: None }.into());
    }
    Ok(weights)
}

/// A network of these weights on a device; on the CPU with this many threads.
pub(super) fn network_of(
    weights: &Weights,
    device: &Device,
    threads: usize,
) -> Result<Box<dyn Network>, ExplorerError> {
    let vb = weights.var_builder(DType::F32, &Device::Cpu);
    match network_with(weights.plan().clone(), &vb, device, threads) {
        Ok(network) => Ok(network),
        Err(error) => {
            // candle reports a tensor that cannot be used as its own failure; if it is the file's, the file is named
            weights.check_values()?;
            Err(error.into())
        }
    }
}

/// A network of a plan with the tensors that `vb` gives, in the computer's memory.
pub(super) fn network_with(
    plan: Plan,
    vb: &VarBuilder<'_>,
    device: &Device,
    threads: usize,
) -> Result<Box<dyn Network>, NetworkError> {
    if device.is_cpu() {
        CpuNetwork::load(plan, vb, threads).map(|network| Box::new(network) as _)
    } else {
        CandleNetwork::load(plan, vb, DType::F32, device).map(|network| Box::new(network) as _)
    }
}

fn built_in(network: BuiltIn, choices: &NetworkChoices) -> Result<Weights, ExplorerError> {
    check_nothing_chosen(choices)?;
    Ok(Weights::built_in(network)?)
}

/// Of a network inside the program there is nothing to be said.
fn check_nothing_chosen(choices: &NetworkChoices) -> Result<(), ExplorerError> {
    if choices.is_empty() {
        return Ok(());
    }
    Err(ExplorerError::Request(
        "the network inside the program has one output and one input size, which cannot be chosen; name a file with \
         --weights FILE, or leave --input-size, --output and --output-layer out"
            .to_owned(),
    ))
}
