//! The handle of a session: it starts the workers and brings each request to the right one.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::batch::BatchWorker;
use super::downloads::DownloadWorker;
use super::error::ExplorerError;
use super::images::Images;
use super::jobs::{Job, Kind, Queue};
use super::network::NetworkWorker;
use super::outbox::Outbox;
use super::pictures::PictureWorker;
use super::previews::PreviewWorker;
use super::reply::{Activity, Reply};
use super::request::{ImageId, ImageSource, Purpose, Request};
use super::session::Session;
use super::surroundings::Surroundings;
use super::under_way::UnderWay;

/// How urgent it is to measure a map: less than all that is looked at, and than predictions of further images.
pub(super) const MEASURE: u8 = 7;
/// How urgent the randomisation test is: whatever is asked for by a smaller number goes first, also while one runs.
pub(super) const RANDOMIZE: u8 = 8;

/// The session: send requests, receive replies.
pub struct Explorer {
    network: Arc<Queue>,
    pictures: Arc<Queue>,
    previews: Arc<Queue>,
    downloads: Arc<Queue>,
    batches: Arc<Queue>,
    under_way: Arc<UnderWay>,
    /// Ends the batch that was asked for last.
    batch_stop: RefCell<Arc<AtomicBool>>,
    images: Arc<Images>,
    replies: Receiver<Reply>,
    exports: Cell<u64>,
    workers: Vec<JoinHandle<()>>,
}

impl Explorer {
    /// Starts the workers in the surroundings of this process; `wake` is called, from their threads, after each reply.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(wake: impl Fn() + Send + Sync + 'static) -> Result<Self, ExplorerError> {
        Self::start_in(Surroundings::of_process(), wake)
    }

    /// Starts the workers in other surroundings.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_in(
        surroundings: Surroundings,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, ExplorerError> {
        let images = Arc::new(Images::default());
        let (sender, replies) = mpsc::channel();
        let outbox = Outbox::new(sender, wake);
        let weights = Arc::new(Mutex::new(None));
        let network = Arc::new(Queue::default());
        let pictures = Arc::new(Queue::default());
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            Builder::new().name(name.to_owned()).spawn(work).map_err(|error| {
                ExplorerError::Request(format!("the system gives no thread ({error}); close programs"))
            })
        };
        let worker = NetworkWorker {
            queue: network.clone(),
            session: Session::new(images.clone(), surroundings.environment.clone()),
            weights: weights.clone(),
            outbox: outbox.clone(),
        };
        let batches = Arc::new(Queue::default());
        let batcher = BatchWorker {
            queue: batches.clone(),
            surroundings: surroundings.clone(),
            outbox: outbox.clone(),
        };
        let downloads = Arc::new(Queue::default());
        let under_way = Arc::<UnderWay>::default();
        let downloader = DownloadWorker {
            queue: downloads.clone(),
            pictures: pictures.clone(),
            images: images.clone(),
            under_way: under_way.clone(),
            surroundings,
            outbox: outbox.clone(),
        };
        let previews = Arc::new(Queue::default());
        let viewer = PreviewWorker {
            queue: previews.clone(),
            outbox: outbox.clone(),
        };
        let helper = PictureWorker {
            queue: pictures.clone(),
            images: images.clone(),
            weights,
            outbox,
        };
        let workers = vec![
            spawn("gradcam-network", Box::new(move || worker.run()))?,
            spawn("gradcam-images", Box::new(move || helper.run()))?,
            spawn("gradcam-previews", Box::new(move || viewer.run()))?,
            spawn("gradcam-downloads", Box::new(move || downloader.run()))?,
            spawn("gradcam-batches", Box::new(move || batcher.run()))?,
        ];
        Ok(Self {
            network,
            pictures,
            previews,
            downloads,
            batches,
            under_way,
            batch_stop: RefCell::default(),
            images,
            replies,
            exports: Cell::new(0),
            workers,
        })
    }

    /// Asks for something; returns at once.
    pub fn send(&self, mut request: Request) {
        if let Request::ExplainAll(all) = &mut request {
            *self.batch_stop.borrow_mut() = all.stop.clone();
            // what was fetched counts more than its address
            for one in &mut all.images {
                let known = self.images.source(one.image).ok();
                one.source = known.map(|known| (*known).clone()).or(one.source.take());
            }
        }
        let urgency = |urgent: bool, otherwise: u8| if urgent { 0 } else { otherwise };
        let (queue, kind, urgency, image, activity) = match &request {
            Request::UseNetwork { .. } => (&self.network, Kind::Network, 0, None, Activity::LoadingNetwork),
            Request::HoldSecond { .. } | Request::LetGoSecond => {
                (&self.network, Kind::SecondNetwork, 2, None, Activity::LoadingSecond)
            }
            Request::ExplainSecond(explain) => (
                &self.network,
                Kind::ExplainSecond,
                2,
                Some(explain.image),
                Activity::ExplainingSecond,
            ),
            Request::Fingerprint => (&self.pictures, Kind::Fingerprint, 8, None, Activity::Fingerprinting),
            Request::Open { image, source, urgent } => {
                self.images.insert(*image, source.clone());
                let from_web = matches!(source, ImageSource::Url(_));
                (
                    if from_web { &self.downloads } else { &self.pictures },
                    Kind::Open(*image),
                    urgency(*urgent, 5),
                    Some(*image),
                    Activity::Opening,
                )
            }
            Request::Preview { image, urgent, .. } => {
                let kind = Kind::Preview(*image);
                (&self.previews, kind, urgency(*urgent, 5), None, Activity::Displaying)
            }
            Request::Show(image) => (&self.pictures, Kind::Show, 0, Some(*image), Activity::Displaying),
            Request::Close(image) => return self.close(*image),
            Request::Paint { image, painting } => return self.images.paint(*image, painting.clone()),
            Request::PaintCopies(copies) => (
                &self.pictures,
                Kind::PaintCopies,
                0,
                Some(copies.image),
                Activity::Displaying,
            ),
            Request::Predict { image, urgent, .. } => (
                &self.network,
                Kind::Predict(*image),
                urgency(*urgent, 5),
                Some(*image),
                Activity::Predicting,
            ),
            Request::Explain(explain) => {
                let urgency = match explain.purpose {
                    Purpose::Main => 1,
                    Purpose::Preview | Purpose::Compare => 2,
                    Purpose::SideBySide => 3,
                    Purpose::Layers => 4,
                };
                let kind = Kind::Explain(explain.purpose);
                (&self.network, kind, urgency, Some(explain.image), Activity::Explaining)
            }
            Request::Without(without) => (
                &self.network,
                Kind::Without,
                3,
                Some(without.image),
                Activity::Explaining,
            ),
            Request::Vary(explain) => (&self.network, Kind::Vary, 5, Some(explain.image), Activity::Explaining),
            Request::Channels(channels) => (
                &self.network,
                Kind::Channels,
                4,
                Some(channels.explain.image),
                Activity::Explaining,
            ),
            Request::Measure { what, .. } => (
                &self.network,
                Kind::Measure,
                MEASURE,
                Some(what.of.image),
                Activity::Measuring,
            ),
            Request::Mask { what, .. } => (&self.network, Kind::Mask, 2, Some(what.of.image), Activity::Measuring),
            Request::FeatureMap { image, .. } => {
                (&self.network, Kind::FeatureMap, 1, Some(*image), Activity::Explaining)
            }
            Request::Randomize { request, .. } => {
                let image = Some(request.image);
                (&self.network, Kind::Randomize, RANDOMIZE, image, Activity::Explaining)
            }
            // whatever else is asked for goes first
            Request::CompleteClassMaps { image, .. } => {
                let kind = Kind::CompleteClassMaps;
                (&self.network, kind, 9, Some(*image), Activity::Predicting)
            }
            Request::InputPicture { image, .. } => (
                &self.pictures,
                Kind::InputPicture,
                2,
                Some(*image),
                Activity::Displaying,
            ),
            Request::Render(drawing) => {
                let image = drawing.panels.first().map(|panel| panel.image);
                (&self.pictures, Kind::Render, 1, image, Activity::Exporting)
            }
            Request::Export(export) => {
                self.exports.set(self.exports.get() + 1);
                let kind = Kind::Export(self.exports.get());
                (&self.pictures, kind, 1, export.image(), Activity::Exporting)
            }
            Request::ExplainAll(_) => (&self.batches, Kind::ExplainAll, 1, None, Activity::ExplainingAll),
            Request::DownloadWeights | Request::ImportWeights { .. } => {
                (&self.downloads, Kind::Weights, 1, None, Activity::GettingWeights)
            }
        };
        queue.post(
            kind,
            urgency,
            Job {
                request,
                image,
                activity,
            },
        );
    }

    /// Forgets an image, and calls off what was asked for about it.
    ///
    /// Except files and pictures for the clipboard: whoever waits for one is told that it will not come. Maps are called
    /// off by whoever asked for them.
    fn close(&self, image: ImageId) {
        self.images.remove(image);
        self.pictures.cancel(&Kind::Open(image));
        self.previews.cancel(&Kind::Preview(image));
        self.downloads.cancel(&Kind::Open(image));
        self.under_way.end_of(image);
        self.network.cancel(&Kind::Predict(image));
        for queue in [&self.pictures, &self.network] {
            queue.drop_waiting(|kind, job| {
                job.image == Some(image)
                    && matches!(
                        kind,
                        Kind::Show
                            | Kind::PaintCopies
                            | Kind::Without
                            | Kind::Vary
                            | Kind::Channels
                            | Kind::Measure
                            | Kind::Mask
                            | Kind::FeatureMap
                            | Kind::Randomize
                            | Kind::InputPicture
                            | Kind::CompleteClassMaps
                            | Kind::ExplainSecond
                    )
            });
        }
    }

    /// Calls the opening of an image off that still waits, since another is wanted more; says whether it did.
    pub fn take_back_opening(&self, image: ImageId) -> bool {
        self.pictures.take_back(&Kind::Open(image))
    }

    /// Calls the prediction of an image off that still waits, since another is wanted more; says whether it did.
    pub fn take_back_prediction(&self, image: ImageId) -> bool {
        self.network.take_back(&Kind::Predict(image))
    }

    /// Lets what waits of an image go before everything else.
    pub fn hurry(&self, image: ImageId) {
        self.previews.hurry(&Kind::Preview(image));
        self.pictures.hurry(&Kind::Open(image));
        self.network.hurry(&Kind::Predict(image));
    }

    /// Drops a wish for maps, waiting or running.
    pub fn cancel(&self, purpose: Purpose) {
        self.network.cancel(&Kind::Explain(purpose));
    }

    /// Ends the randomisation test, waiting or running.
    pub fn cancel_randomization(&self) {
        self.network.cancel(&Kind::Randomize);
    }

    /// Drops a wish to measure a map, waiting or running.
    pub fn cancel_measuring(&self) {
        self.network.cancel(&Kind::Measure);
    }

    /// Ends the download that is under way; what arrived is kept for the next attempt.
    pub fn cancel_download(&self) {
        self.under_way.end();
    }

    /// Ends the batch that is under way; images that were begun are finished, so that no file is half there.
    pub fn cancel_batch(&self) {
        self.batch_stop.borrow().store(true, Ordering::Relaxed);
    }

    /// The next reply, if there is one.
    pub fn try_recv(&self) -> Option<Reply> {
        self.replies.try_recv().ok()
    }

    /// Waits for the next reply; `None` when no worker is left to send one.
    pub fn recv(&self) -> Option<Reply> {
        self.replies.recv().ok()
    }

    /// Waits for the next reply; `None` after the given time.
    pub fn recv_timeout(&self, limit: Duration) -> Option<Reply> {
        self.replies.recv_timeout(limit).ok()
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        self.network.close();
        self.pictures.close();
        self.previews.close();
        self.downloads.close();
        self.batches.close();
        self.cancel_download();
        self.cancel_batch();
        for worker in self.workers.drain(..) {
            // a worker that panicked has said so already, and there is nobody left to tell
            worker.join().ok();
        }
    }
}
