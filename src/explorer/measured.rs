//! Whether a map is true to the network, in parts that take a moment each, so that whatever is asked for meanwhile need not
//! wait for long.

use std::cell::RefCell;
use std::sync::Arc;

use super::error::ExplorerError;
use super::loaded::Ready;
use super::preprocessing::picture_of;
use super::reply::{NetworkEpoch, Reply};
use super::request::ExplainRequest;
use super::session::{Session, first_map, nothing_chosen, now_and_then};
use crate::explain::{self, Fill, Layers, Map, Measure, Measures, Measuring, Target, Watch, Way, random_map};
use crate::imaging::Photo;

/// What is measured at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The curve of deletion alone.
    Deletion,
    /// Both curves, average drop and increase.
    Curves,
    /// ROAD.
    Road,
    /// Both curves of a random map of as many cells, of which this is the number.
    Random(usize),
}

impl Part {
    fn measures(self) -> &'static [Measure] {
        match self {
            Self::Deletion => &[Measure::Deletion],
            Self::Curves => &[
                Measure::Deletion,
                Measure::Insertion,
                Measure::AverageDrop,
                Measure::Increase,
            ],
            Self::Road => &[Measure::Road],
            Self::Random(_) => &[Measure::Deletion, Measure::Insertion],
        }
    }
}

/// A wish to have a map measured.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasureRequest {
    /// The map: its first target at its first layer.
    pub of: ExplainRequest,
    /// The layers whose maps it fuses; none of a map of one layer.
    pub fused: Option<Layers>,
    /// What stands where something is hidden.
    pub fill: Fill,
    /// What is measured.
    pub part: Part,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What was asked for.
    pub request: Arc<MeasureRequest>,
    /// Which network.
    pub epoch: NetworkEpoch,
    /// The map.
    pub map: Arc<Map>,
    /// The numbers.
    pub measures: Measures,
}

/// A wish to see the picture at one point of a curve.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskRequest {
    /// The map in whose order pixels go: its first target at its first layer.
    pub of: ExplainRequest,
    /// The layers whose maps it fuses; none of a map of one layer.
    pub fused: Option<Layers>,
    /// What stands where something is hidden.
    pub fill: Fill,
    /// Which way they go.
    pub way: Way,
    /// After how many of the curve's steps.
    pub step: usize,
}

/// The picture at one point of a curve.
#[derive(Clone, Debug)]
pub struct MaskedPicture {
    /// What was asked for.
    pub request: Arc<MaskRequest>,
    /// Which network.
    pub epoch: NetworkEpoch,
    /// What the network sees there.
    pub picture: Arc<Photo>,
    /// What it answers for each class: probabilities, or plain values.
    pub answers: Arc<[f64]>,
}

/// Steps of the curves that the session measures.
pub const STEPS: usize = 20;

fn measuring(fill: Fill) -> Measuring {
    Measuring {
        steps: STEPS,
        random: 0,
        fill,
        ..Measuring::default()
    }
}

impl Session {
    /// Measures a map, which is made first unless it is `known`; `stop` is asked between passes.
    pub(super) fn measure(
        &mut self,
        request: &MeasureRequest,
        known: Option<&Arc<Map>>,
        stop: &dyn Fn() -> bool,
        send: &mut dyn FnMut(Reply),
    ) -> Result<Reply, ExplorerError> {
        let Ready {
            network, info, pass, ..
        } = self.pass_for(&request.of)?;
        let request = Arc::new(request.clone());
        let send = RefCell::new(send);
        let mut progress = now_and_then(|done, total| {
            let request = request.clone();
            (send.borrow_mut())(Reply::Measuring { request, done, total });
        });
        let mut watch = Watch {
            stop,
            progress: &mut progress,
        };
        let picture = pass.shades.picture(&pass.input);
        let map = match known {
            Some(map) => map.clone(),
            None => {
                let layers = request.fused.or_else(|| Some((*request.of.layers.first()?).into()));
                let maps = layers.ok_or_else(nothing_chosen)?.all().map(|layer| {
                    let layers = vec![layer];
                    let of = ExplainRequest {
                        layers,
                        ..request.of.clone()
                    };
                    first_map(network, picture, pass.logits(), &of, &mut watch)
                });
                let maps = maps.collect::<Result<Vec<Map>, _>>()?;
                let fused = |layers: Layers| layers.fusion().fused(&maps.iter().collect::<Vec<_>>());
                let map = match request.fused {
                    Some(layers) => fused(layers),
                    None => maps.into_iter().next(),
                };
                Arc::new(map.ok_or_else(nothing_chosen)?)
            }
        };
        let random = match request.part {
            Part::Random(index) => Some(random_map(&map, index)),
            _ => None,
        };
        let measures = explain::measure(
            network,
            picture,
            pass.logits(),
            (first_target(&request.of)?, random.as_ref().unwrap_or(&map)),
            (request.part.measures(), measuring(request.fill)),
            &mut watch,
        )?;
        Ok(Reply::Measured(Measured {
            request: request.clone(),
            epoch: info.epoch,
            map,
            measures,
        }))
    }

    /// The picture at one point of the curve of a map, and what the network answers to it.
    pub(super) fn mask(&mut self, request: MaskRequest, map: &Map) -> Result<Reply, ExplorerError> {
        let Ready {
            network, info, pass, ..
        } = self.pass_for(&request.of)?;
        let picture = pass.shades.picture(&pass.input);
        let at = (request.way, request.step);
        let masked = explain::masked(network, picture, map, at, measuring(request.fill))?;
        let pixels = request.of.preprocessing.pixels;
        Ok(Reply::Masked(MaskedPicture {
            epoch: info.epoch,
            picture: Arc::new(picture_of(&masked.values, info.plan.input(), pixels)),
            answers: info.plan.output.answers(&masked.logits).into(),
            request: Arc::new(request),
        }))
    }
}

fn first_target(request: &ExplainRequest) -> Result<Target, ExplorerError> {
    request.targets.first().copied().ok_or_else(nothing_chosen)
}
