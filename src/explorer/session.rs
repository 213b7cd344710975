//! The network and its last pass, on the worker that owns it. No threads in here: one request, some replies.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::ExplorerError;
use super::histogram::Histogram;
use super::images::Images;
use super::load::load_network;
use super::loaded::{Loaded, Ready};
use super::reply::{Channels, Explained, FeatureMap, NetworkEpoch, NetworkInfo, Predicted, Reply};
use super::request::{ChannelsRequest, DeviceChoice, ExplainRequest, ImageId, NetworkSource};
use crate::explain::{self, ClassMaps, Map, Picture, Question, ScoreGradient, Target, Watch};
use crate::imaging::Preprocessing;
use crate::network::{LayerId, Network, NetworkError, Role};
use crate::weights::{Environment, NetworkChoices, Weights};

/// Bins of the gradients' histogram.
const HISTOGRAM_BINS: usize = 60;
/// How often long work tells how far it is.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// The state of the worker that owns the network.
pub struct Session {
    pub(super) images: Arc<Images>,
    loaded: Option<Loaded>,
    /// Held beside it, to be compared with it.
    pub(super) second: Option<Loaded>,
    epoch: NetworkEpoch,
    environment: Environment,
}

impl Session {
    /// A session without a network; weights are searched for in `environment`.
    pub fn new(images: Arc<Images>, environment: Environment) -> Self {
        Self {
            environment,
            images,
            loaded: None,
            second: None,
            epoch: NetworkEpoch::default(),
        }
    }

    /// Loads weights onto a device; the network in use stays if that fails.
    pub fn use_network(
        &mut self,
        source: NetworkSource,
        choices: NetworkChoices,
        choice: DeviceChoice,
    ) -> Result<(Reply, Arc<Weights>), ExplorerError> {
        let loaded = self.load(source, choices, choice)?;
        let (info, weights) = (loaded.info().clone(), loaded.weights().clone());
        self.loaded = Some(loaded);
        Ok((Reply::Network(info), Arc::new(weights)))
    }

    /// A network of weights on a device, with what there is to say about it.
    pub(super) fn load(
        &mut self,
        source: NetworkSource,
        choices: NetworkChoices,
        choice: DeviceChoice,
    ) -> Result<Loaded, ExplorerError> {
        let start = Instant::now();
        let loaded = load_network(&source, &choices, choice, &self.environment)?;
        self.epoch.0 += 1;
        Ok(Loaded::new(loaded, choices, self.epoch, start))
    }

    /// Runs the network on an image, unless its activations are those of that image already.
    pub fn predict(&mut self, image: ImageId, preprocessing: Preprocessing) -> Result<Reply, ExplorerError> {
        let Ready {
            network, info, pass, ..
        } = self.pass_over(image, preprocessing)?;
        predicted(network, info, image, preprocessing, pass.logits(), pass.timings).map(Reply::Predicted)
    }

    /// Makes every map that is asked for; `stop` is asked between stages.
    pub fn explain(
        &mut self,
        request: ExplainRequest,
        stop: &dyn Fn() -> bool,
        send: &mut dyn FnMut(Reply),
    ) -> Result<(), ExplorerError> {
        let Ready {
            network, info, pass, ..
        } = self.pass_for(&request)?;
        let request = Arc::new(request);
        let epoch = info.epoch;
        let send = RefCell::new(send);
        let mut progress = now_and_then(|done, total| {
            let request = request.clone();
            (send.borrow_mut())(Reply::Explaining { request, done, total });
        });
        let mut watch = Watch {
            stop,
            progress: &mut progress,
        };
        let picture = pass.shades.picture(&pass.input);
        explain::maps(
            network,
            picture,
            pass.logits(),
            question(&request),
            &mut watch,
            &mut |explanation| {
                (send.borrow_mut())(Reply::Explained(Explained {
                    request: request.clone(),
                    epoch,
                    explanation,
                }))
            },
        )?;
        let request = request.clone();
        (send.borrow_mut())(Reply::ExplainedAll { request });
        Ok(())
    }

    /// Gradients and channels of the first layer and the first target of the request.
    pub fn channels(&mut self, channels: ChannelsRequest, stop: &dyn Fn() -> bool) -> Result<Reply, ExplorerError> {
        let request = &channels.explain;
        let Ready {
            network, info, pass, ..
        } = self.pass_for(request)?;
        let (Some(&target), Some(&layer)) = (request.targets.first(), request.layers.first()) else {
            return Err(nothing_chosen());
        };
        let score = ScoreGradient::new(target, request.score, info.plan.output, pass.logits());
        let mut found = None;
        let seed = info.plan.output.unit_gradient(info.plan.units(), &score.logits);
        network.backward(&[seed], &[layer], stop, &mut |_, site| {
            let activation = site.activation()?;
            let gradient: Vec<f64> = site
                .gradient()?
                .into_iter()
                .map(|g| f64::from(g) * score.scale)
                .collect();
            let gradient_mean: Vec<f64> = site.gradient_mean()?.into_iter().map(|g| g * score.scale).collect();
            found = Some((activation, gradient, gradient_mean));
            Ok(())
        })?;
        let Some((activation, gradients, gradient_mean)) = found else {
            return Err(ExplorerError::Network(NetworkError::NoForward));
        };
        let cell_size = gradient_mean.len().max(1);
        let activation = match channels.cell {
            None => mean_over_cells(&activation, cell_size),
            Some(cell) => {
                let there = activation.chunks_exact(cell_size).nth(cell);
                let there = there.ok_or_else(|| ExplorerError::Request(format!("the layer has no cell {cell}")))?;
                there.iter().map(|&value| f64::from(value)).collect()
            }
        };
        let strength = |k: usize| (gradient_mean[k] * activation[k]).abs();
        let mut strongest: Vec<usize> = (0..gradient_mean.len()).collect();
        strongest.sort_by(|&a, &b| strength(b).total_cmp(&strength(a)));
        Ok(Reply::Channels(Channels {
            epoch: info.epoch,
            request: Arc::new(channels),
            gradients: Histogram::new(&gradients, HISTOGRAM_BINS),
            gradient_mean,
            activation,
            strongest,
        }))
    }

    /// One channel of one layer as a map.
    pub fn feature_map(
        &mut self,
        image: ImageId,
        preprocessing: Preprocessing,
        layer: LayerId,
        channel: usize,
    ) -> Result<Reply, ExplorerError> {
        let Ready { network, info, .. } = self.pass_over(image, preprocessing)?;
        let layers = &info.plan.layers;
        let Some(described) = layers.get(layer.0).filter(|layer| layer.role != Role::NoMap) else {
            return Err(ExplorerError::Request(format!(
                "layer {} has no feature map; choose another",
                layer.0
            )));
        };
        let shape = described.shape;
        if channel >= shape.channels {
            let name = &described.name;
            return Err(ExplorerError::Request(format!(
                "{name} has {} channels, so none is {channel}",
                shape.channels
            )));
        }
        let activation = network.activation(layer)?;
        let values = activation
            .iter()
            .skip(channel)
            .step_by(shape.channels)
            .map(|&v| f64::from(v))
            .collect();
        let map = Map::new(shape.width, shape.height, values);
        Ok(Reply::FeatureMap(FeatureMap {
            image,
            preprocessing,
            epoch: info.epoch,
            layer,
            channel,
            map,
        }))
    }

    /// The network with the pass that a request is about; nothing is run for classes or layers that do not exist.
    pub(super) fn pass_for(&mut self, request: &ExplainRequest) -> Result<Ready<'_>, ExplorerError> {
        let loaded = self.loaded.as_ref().ok_or_else(no_network)?;
        check(loaded.info(), request)?;
        self.pass_over(request.image, request.preprocessing)
    }

    /// The network with the pass over an image.
    fn pass_over(&mut self, image: ImageId, preprocessing: Preprocessing) -> Result<Ready<'_>, ExplorerError> {
        let loaded = self.loaded.as_mut().ok_or_else(no_network)?;
        loaded.over(&self.images, image, preprocessing)
    }

    /// The network in use.
    pub(super) fn in_use(&mut self) -> Result<&mut Loaded, ExplorerError> {
        self.loaded.as_mut().ok_or_else(no_network)
    }

    /// Forgets the activations, after a failure that may have left them half done.
    pub fn forget_pass(&mut self) {
        for loaded in [&mut self.loaded, &mut self.second].into_iter().flatten() {
            loaded.changed();
        }
    }
}

/// The prediction of a pass that the network has just made.
pub(super) fn predicted(
    network: &dyn Network,
    info: &NetworkInfo,
    image: ImageId,
    preprocessing: Preprocessing,
    logits: &[f64],
    [preprocess_ms, forward_ms]: [f64; 2],
) -> Result<Predicted, ExplorerError> {
    let class_maps = ClassMaps::new(network, logits)?;
    let ranking = ranking(logits);
    Ok(Predicted {
        image,
        epoch: info.epoch,
        preprocessing,
        logits: logits.into(),
        probabilities: info.plan.output.answers(logits).into(),
        ranking: ranking.into(),
        class_maps: Arc::new(class_maps),
        preprocess_ms,
        forward_ms,
    })
}

/// All classes, that with the largest value first.
pub(super) fn ranking(values: &[f64]) -> Vec<usize> {
    let mut ranking: Vec<usize> = (0..values.len()).collect();
    ranking.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    ranking
}

/// Whether classes and layers exist.
pub(super) fn check(info: &NetworkInfo, request: &ExplainRequest) -> Result<(), ExplorerError> {
    let classes = info.plan.classes();
    for target in &request.targets {
        let (a, b) = match *target {
            Target::Class(class) => (class, class),
            Target::Rather { class, than } => (class, than),
        };
        if a.max(b) >= classes {
            let text = format!("there is no class {}; this network has 0 to {}", a.max(b), classes - 1);
            return Err(ExplorerError::Request(text));
        }
    }
    for &layer in &request.layers {
        request.method.check(&info.plan, layer)?;
    }
    let has_map = |id: LayerId| request.method.has_map(&info.plan, id);
    match request.layers.iter().find(|id| !has_map(**id)) {
        Some(id) => Err(ExplorerError::Request(format!(
            "layer {} has no map by {}; choose another",
            id.0,
            request.method.title()
        ))),
        None => Ok(()),
    }
}

/// Hands on how far long work is, now and then.
pub(super) fn now_and_then(mut tell: impl FnMut(usize, usize)) -> impl FnMut(usize, usize) {
    let mut told = Instant::now();
    move |done, total| {
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            tell(done, total);
        }
    }
}

/// The map of a request's first target at its first layer, by a network whose pass was over `picture`.
pub(super) fn first_map(
    network: &mut dyn Network,
    picture: Picture<'_>,
    logits: &[f64],
    request: &ExplainRequest,
    watch: &mut Watch<'_>,
) -> Result<Map, ExplorerError> {
    let mut found = None;
    explain::maps(network, picture, logits, question(request), watch, &mut |explanation| {
        found = found.take().or(Some(explanation.map));
    })?;
    found.ok_or_else(nothing_chosen)
}

/// A request without a class or a layer.
pub(super) fn nothing_chosen() -> ExplorerError {
    ExplorerError::Request("choose a class and a layer first".to_owned())
}

/// What a request asks of the network.
pub(super) fn question(request: &ExplainRequest) -> Question<'_> {
    Question {
        targets: &request.targets,
        layers: &request.layers,
        score: request.score,
        method: request.method,
    }
}

fn no_network() -> ExplorerError {
    ExplorerError::Request("no network is loaded yet; choose weights first".to_owned())
}

/// The mean of each channel of `[cells, channels]`.
fn mean_over_cells(values: &[f32], channels: usize) -> Vec<f64> {
    let mut sums = vec![0.0; channels];
    let rows = values.chunks_exact(channels.max(1));
    let cells = rows.len().max(1) as f64;
    for row in rows {
        for (sum, &value) in sums.iter_mut().zip(row) {
            *sum += f64::from(value);
        }
    }
    sums.into_iter().map(|sum| sum / cells).collect()
}

/// Milliseconds since an instant.
pub fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_averaged_over_cells() {
        assert_eq!(mean_over_cells(&[1.0, 10.0, 3.0, 30.0], 2), [2.0, 20.0]);
    }
}
