//! A second network beside the one that speaks, to see the same photo through both.

use std::sync::Arc;

use super::error::ExplorerError;
use super::reply::{Reply, SecondExplained};
use super::request::{DeviceChoice, ExplainRequest, NetworkSource};
use super::session::{Session, check, first_map};
use crate::explain::Watch;
use crate::weights::NetworkChoices;

impl Session {
    /// Loads a second network; the one that was held before stays if that fails.
    pub fn hold_second(
        &mut self,
        source: NetworkSource,
        choices: NetworkChoices,
        device: DeviceChoice,
    ) -> Result<Reply, ExplorerError> {
        let loaded = self.load(source, choices, device)?;
        let info = loaded.info().clone();
        self.second = Some(loaded);
        Ok(Reply::SecondNetwork(Some(info)))
    }

    /// Lets the second network go, and its memory.
    pub fn let_go_second(&mut self) -> Reply {
        self.second = None;
        Reply::SecondNetwork(None)
    }

    /// What the second network answers for an image, and its map of the first target at the first layer.
    pub fn explain_second(&mut self, request: ExplainRequest, stop: &dyn Fn() -> bool) -> Result<Reply, ExplorerError> {
        let second = self.second.as_mut().ok_or_else(|| {
            ExplorerError::Request("no second network is held; choose one to compare with first".to_owned())
        })?;
        check(second.info(), &request)?;
        let ready = second.over(&self.images, request.image, request.preprocessing)?;
        let logits = ready.pass.logits().to_vec();
        let (epoch, output) = (ready.info.epoch, ready.info.plan.output);
        let picture = ready.pass.shades.picture(&ready.pass.input);
        let mut watch = Watch {
            stop,
            progress: &mut |_, _| {},
        };
        let map = first_map(ready.network, picture, &logits, &request, &mut watch)?;
        Ok(Reply::SecondExplained(SecondExplained {
            answers: output.answers(&logits).into(),
            request: Arc::new(request),
            epoch,
            map,
        }))
    }
}
