//! The worker that owns the network: loading, predictions, maps.

use std::sync::{Arc, Mutex, PoisonError};

use super::error::ExplorerError;
use super::handle::{MEASURE, RANDOMIZE};
use super::jobs::{Job, Queue};
use super::outbox::Outbox;
use super::reply::{NetworkEpoch, Reply};
use super::request::Request;
use super::session::Session;
use crate::network::NetworkError;
use crate::weights::Weights;

/// The weights in use, for the fingerprint.
pub type WeightsInUse = Arc<Mutex<Option<(NetworkEpoch, Arc<Weights>)>>>;

/// What the worker needs; [`Self::run`] is its thread.
pub struct NetworkWorker {
    /// Its own jobs.
    pub queue: Arc<Queue>,
    /// The network, once there is one.
    pub session: Session,
    /// Shared by the worker that loads them and the one that hashes them.
    pub weights: WeightsInUse,
    /// Where replies go.
    pub outbox: Outbox,
}

impl NetworkWorker {
    /// Works until the queue is closed.
    pub fn run(mut self) {
        while let Some((ticket, job)) = self.queue.take() {
            let Self {
                queue,
                session,
                weights,
                outbox,
            } = &mut self;
            let stop = || queue.is_stale(&ticket);
            let well = outbox.report(job.image, job.activity, || {
                let reply = match job.request {
                    Request::UseNetwork {
                        source,
                        choices,
                        device,
                    } => {
                        let (reply, opened) = session.use_network(source, choices, device)?;
                        if let Reply::Network(info) = &reply {
                            *weights.lock().unwrap_or_else(PoisonError::into_inner) = Some((info.epoch, opened));
                        }
                        // it speaks from now on, even if another was asked for meanwhile: that one may not be usable
                        outbox.send(reply);
                        return Ok(());
                    }
                    Request::HoldSecond {
                        source,
                        choices,
                        device,
                    } => session.hold_second(source, choices, device)?,
                    Request::LetGoSecond => session.let_go_second(),
                    Request::ExplainSecond(request) => session.explain_second(request, &stop)?,
                    Request::Predict {
                        image, preprocessing, ..
                    } => session.predict(image, preprocessing)?,
                    Request::CompleteClassMaps { image, class_maps } => {
                        if class_maps.complete(&|| queue.is_waiting() || stop()) {
                            outbox.send(Reply::ClassMapsComplete(image));
                        } else {
                            let job = Job {
                                request: Request::CompleteClassMaps { image, class_maps },
                                ..job
                            };
                            queue.put_back(&ticket, job);
                        }
                        return Ok(());
                    }
                    Request::Randomize { request, next } => {
                        let gives_way = || queue.is_waiting_before(RANDOMIZE) || stop();
                        let left = session.randomize(&request, next, &gives_way, &mut |reply| outbox.send(reply))?;
                        if let Some(next) = left {
                            let request = Request::Randomize { request, next };
                            queue.put_back(&ticket, Job { request, ..job });
                        }
                        return Ok(());
                    }
                    Request::Explain(request) => {
                        return session.explain(request, &stop, &mut |reply| outbox.send(reply));
                    }
                    Request::Measure { what, map } => {
                        let gives_way = || queue.is_waiting_before(MEASURE) || stop();
                        let mut send = |reply| outbox.send(reply);
                        match session.measure(&what, map.as_ref(), &gives_way, &mut send) {
                            Err(ExplorerError::Network(NetworkError::Stopped)) => {
                                let job = Job {
                                    request: Request::Measure { what, map },
                                    ..job
                                };
                                queue.put_back(&ticket, job);
                                return Ok(());
                            }
                            measured => measured?,
                        }
                    }
                    Request::Mask { what, map } => session.mask(what, &map)?,
                    Request::Without(request) => session.without(request, &stop)?,
                    Request::Vary(request) => {
                        return session.vary(request, &stop, &mut |reply| outbox.send(reply));
                    }
                    Request::Channels(request) => session.channels(request, &stop)?,
                    Request::FeatureMap {
                        image,
                        preprocessing,
                        layer,
                        channel,
                    } => session.feature_map(image, preprocessing, layer, channel)?,
                    // the other workers'
                    _ => return Ok(()),
                };
                if !stop() {
                    outbox.send(reply);
                }
                Ok(())
            });
            if !well {
                self.session.forget_pass();
            }
        }
    }
}
