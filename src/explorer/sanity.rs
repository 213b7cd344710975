//! The randomisation test of a map: the same map by networks whose weights are ever more random.

use std::sync::Arc;

use candle_core::utils::get_num_threads;

use super::error::ExplorerError;
use super::load::network_with;
use super::loaded::Ready;
use super::reply::{Randomized, Reply};
use super::request::ExplainRequest;
use super::session::{Session, first_map};
use crate::explain::{self, Watch};
use crate::network::{Network, NetworkError};

/// What all random weights are drawn from.
const SEED: u64 = 2018;

impl Session {
    /// Makes the first map of a request by a network of each stage of [`explain::stages`], from stage `next` on, and sends
    /// it as it is made. Gives way as soon as `gives_way` answers true, and returns the stage to go on with; none at the end.
    ///
    /// The network in use keeps its pass.
    pub fn randomize(
        &mut self,
        request: &Arc<ExplainRequest>,
        next: usize,
        gives_way: &dyn Fn() -> bool,
        send: &mut dyn FnMut(Reply),
    ) -> Result<Option<usize>, ExplorerError> {
        let Ready {
            network,
            info,
            pass,
            weights,
            device,
        } = self.pass_for(request)?;
        let picture = pass.shades.picture(&pass.input);
        let plan = &info.plan;
        let mut watch = Watch {
            stop: gives_way,
            progress: &mut |_, _| {},
        };
        let mut map_of = |network: &mut dyn Network, logits: &[f64]| {
            if gives_way() {
                return Ok(None);
            }
            match first_map(network, picture, logits, request, &mut watch) {
                Err(ExplorerError::Network(NetworkError::Stopped)) => Ok(None),
                made => made.map(Some),
            }
        };
        let Some(trained) = map_of(network, pass.logits())? else {
            return Ok(Some(next));
        };
        let stages = explain::stages(plan);
        for (index, stage) in stages.iter().enumerate().skip(next) {
            let vb = weights.randomized(stage.from, SEED, device);
            let mut random = network_with(plan.clone(), &vb, device, get_num_threads())?;
            let logits = plan.output.class_logits(&random.forward(picture.values)?);
            let Some(map) = map_of(random.as_mut(), &logits)? else {
                return Ok(Some(index));
            };
            send(Reply::Randomized(Randomized {
                request: request.clone(),
                epoch: info.epoch,
                stage: stage.clone(),
                index,
                count: stages.len(),
                likeness: explain::likeness(&trained, &map),
                map: Arc::new(map),
            }));
        }
        Ok(None)
    }
}
