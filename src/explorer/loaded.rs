//! A network that is loaded, and the pass whose activations it holds.

use std::sync::Arc;
use std::time::Instant;

use candle_core::Device;

use super::error::ExplorerError;
use super::images::{Images, Input};
use super::load::LoadedNetwork;
use super::preprocessing::Shades;
use super::recommended::Recommended;
use super::reply::{NetworkEpoch, NetworkInfo};
use super::request::{ImageId, NetworkSource};
use super::session::ms_since;
use crate::imaging::Preprocessing;
use crate::network::Network;
use crate::weights::{Info, NetworkChoices, Weights};

/// A network that is ready.
pub(super) struct Loaded {
    network: Box<dyn Network>,
    info: Arc<NetworkInfo>,
    weights: Weights,
    device: Device,
    /// The pass whose activations the network holds.
    pass: Option<Pass>,
}

/// One forward pass.
pub(super) struct Pass {
    /// What went in.
    pub(super) input: Input,
    pub(super) shades: Shades,
    image: ImageId,
    preprocessing: Preprocessing,
    logits: Vec<f64>,
    /// How long resizing and scaling took, and the pass itself, in ms.
    pub(super) timings: [f64; 2],
}

impl Pass {
    /// One value a class.
    pub(super) fn logits(&self) -> &[f64] {
        &self.logits
    }
}

/// A network that holds the activations of a pass.
pub(super) struct Ready<'a> {
    pub(super) network: &'a mut dyn Network,
    pub(super) info: &'a NetworkInfo,
    pub(super) pass: &'a Pass,
    pub(super) weights: &'a Weights,
    pub(super) device: &'a Device,
}

impl Loaded {
    /// A network that was loaded from `start` on.
    pub(super) fn new(loaded: LoadedNetwork, choices: NetworkChoices, epoch: NetworkEpoch, start: Instant) -> Self {
        let LoadedNetwork {
            network,
            weights,
            usual,
            pixels_said_by,
            on,
            device,
            device_note,
        } = loaded;
        let labels = weights.labels();
        let info = NetworkInfo {
            epoch,
            source: weights.info().path.clone().map_or_else(
                || NetworkSource::BuiltIn(weights.info().built_in.unwrap_or_default()),
                NetworkSource::File,
            ),
            choices,
            weights: Info::clone(weights.info()),
            recommended: Recommended::of(weights.plan()),
            plan: weights.plan().clone(),
            labels: labels.labels,
            labels_note: labels.problem.map(|problem| problem.to_string()),
            usual,
            pixels_said_by,
            device,
            device_note,
            load_ms: ms_since(start),
        };
        Self {
            network,
            info: Arc::new(info),
            weights,
            device: on,
            pass: None,
        }
    }

    /// The network alone.
    pub(super) fn into_network(self) -> Box<dyn Network> {
        self.network
    }

    /// The weights it was made of.
    pub(super) fn weights(&self) -> &Weights {
        &self.weights
    }

    /// What there is to say about it.
    pub(super) fn info(&self) -> &Arc<NetworkInfo> {
        &self.info
    }

    /// The network, to be asked about other pictures; whatever it held of a pass is forgotten.
    pub(super) fn changed(&mut self) -> &mut dyn Network {
        self.pass = None;
        self.network.as_mut()
    }

    /// The network with the pass over an image, which is run if the last one was over another.
    pub(super) fn over(
        &mut self,
        images: &Images,
        image: ImageId,
        preprocessing: Preprocessing,
    ) -> Result<Ready<'_>, ExplorerError> {
        let Self {
            network,
            info,
            weights,
            device,
            pass,
        } = self;
        // taken out, so that none is left if the next one fails
        let known = pass
            .take()
            .filter(|pass| pass.image == image && pass.preprocessing == preprocessing);
        let current = match known {
            Some(known) => known,
            None => {
                let start = Instant::now();
                let input = images.input(image, info.plan.input(), preprocessing)?;
                let preprocess_ms = ms_since(start);
                let start = Instant::now();
                let logits = info.plan.output.class_logits(&network.forward(&input)?);
                Pass {
                    shades: Shades::new(info.plan.input().channels, preprocessing.pixels),
                    input,
                    image,
                    preprocessing,
                    logits,
                    timings: [preprocess_ms, ms_since(start)],
                }
            }
        };
        Ok(Ready {
            network: network.as_mut(),
            info,
            pass: pass.insert(current),
            weights,
            device,
        })
    }
}
