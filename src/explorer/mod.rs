//! One session for the window and the command line: requests go in, replies come out, three workers do the work.
//!
//! * `gradcam-network` owns the network: loading, predictions, maps.
//! * `gradcam-images` decodes and writes pictures, so that neither delays a map.
//! * `gradcam-downloads` fetches and imports weights, and fetches pictures from the web; only when asked to.
//!
//! A newer request of the same kind replaces an older one, waiting or running; a failure or a panic of one job comes
//! back as a reply and leaves its worker alive. Knows no window: whoever listens is woken by a callback.

mod device;
mod downloads;
mod error;
mod export;
mod images;
mod load;
mod mailbox;
mod reply;
mod request;
mod session;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

pub use error::ExplorerError;
pub use export::picture_values;
pub use images::images_in_folder;
pub use load::{LoadedNetwork, load_network};
pub use reply::{
    Activity, Channels, Explained, Failure, FeatureMap, Histogram, NetworkEpoch, NetworkInfo, Opened, Predicted, Reply,
};
pub use request::{
    DeviceChoice, ExplainRequest, ExportKind, ExportRequest, ImageId, ImageSource, NetworkSource, Purpose, Request,
};

use crate::imaging;
use crate::weights::Weights;
use crate::xception::NetworkError;
use downloads::DownloadWorker;
use images::Images;
use mailbox::Mailbox;
use session::{Session, ms_since};

/// Largest side of a copy for the screen, in pixels: a texture size that every graphics driver takes.
pub const DISPLAY_SIDE: u32 = 2048;
/// Largest side of a thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 160;

/// Jobs of one kind replace each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Network,
    Fingerprint,
    Open(ImageId),
    Show,
    Predict(ImageId),
    Explain(Purpose),
    Channels,
    FeatureMap,
    /// Exports never replace each other.
    Export(u64),
    Weights,
}

/// A request with what is needed to carry it out and to report about it.
struct Job {
    request: Request,
    image: Option<ImageId>,
    activity: Activity,
}

type Queue = Mailbox<Kind, Job>;

/// The session: send requests, receive replies.
pub struct Explorer {
    network: Arc<Queue>,
    pictures: Arc<Queue>,
    downloads: Arc<Queue>,
    cancel_download: Arc<AtomicBool>,
    images: Arc<Images>,
    replies: Receiver<Reply>,
    exports: std::cell::Cell<u64>,
    workers: Vec<JoinHandle<()>>,
}

impl Explorer {
    /// Starts the workers; `wake` is called, from their threads, after each reply.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(wake: impl Fn() + Send + Sync + 'static) -> Result<Self, ExplorerError> {
        let images = Arc::new(Images::default());
        let (sender, replies) = mpsc::channel();
        let outbox = Outbox {
            sender,
            wake: Arc::new(wake),
        };
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
            session: Session::new(images.clone()),
            weights: weights.clone(),
            outbox: outbox.clone(),
        };
        let downloads = Arc::new(Queue::default());
        let cancel_download = Arc::new(AtomicBool::new(false));
        let downloader = DownloadWorker {
            queue: downloads.clone(),
            pictures: pictures.clone(),
            images: images.clone(),
            cancel: cancel_download.clone(),
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
            spawn("gradcam-downloads", Box::new(move || downloader.run()))?,
        ];
        Ok(Self {
            network,
            pictures,
            downloads,
            cancel_download,
            images,
            replies,
            exports: std::cell::Cell::new(0),
            workers,
        })
    }

    /// Asks for something; returns at once.
    pub fn send(&self, request: Request) {
        let urgency = |urgent: bool, otherwise: u8| if urgent { 0 } else { otherwise };
        let (queue, kind, urgency, image, activity) = match &request {
            Request::UseNetwork { .. } => (&self.network, Kind::Network, 0, None, Activity::LoadingNetwork),
            Request::Fingerprint => (&self.pictures, Kind::Fingerprint, 8, None, Activity::LoadingNetwork),
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
            Request::Show(image) => (&self.pictures, Kind::Show, 0, Some(*image), Activity::Opening),
            Request::Close(image) => {
                self.images.remove(*image);
                self.pictures.cancel(&Kind::Open(*image));
                self.downloads.cancel(&Kind::Open(*image));
                self.network.cancel(&Kind::Predict(*image));
                return;
            }
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
                    Purpose::Preview => 2,
                    Purpose::SideBySide => 3,
                    Purpose::Layers => 4,
                };
                let kind = Kind::Explain(explain.purpose);
                (&self.network, kind, urgency, Some(explain.image), Activity::Explaining)
            }
            Request::Channels(explain) => (
                &self.network,
                Kind::Channels,
                4,
                Some(explain.image),
                Activity::Explaining,
            ),
            Request::FeatureMap { image, .. } => {
                (&self.network, Kind::FeatureMap, 1, Some(*image), Activity::Explaining)
            }
            Request::Export(export) => {
                self.exports.set(self.exports.get() + 1);
                let kind = Kind::Export(self.exports.get());
                (&self.pictures, kind, 1, Some(export.image), Activity::Exporting)
            }
            Request::DownloadWeights | Request::ImportWeights(_) => {
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

    /// Drops a wish for maps, waiting or running.
    pub fn cancel(&self, purpose: Purpose) {
        self.network.cancel(&Kind::Explain(purpose));
    }

    /// Ends the download that is under way; what arrived is kept for the next attempt.
    pub fn cancel_download(&self) {
        self.cancel_download.store(true, Ordering::Relaxed);
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
        self.downloads.close();
        self.cancel_download();
        for worker in self.workers.drain(..) {
            // a worker that panicked has said so already, and there is nobody left to tell
            worker.join().ok();
        }
    }
}

/// Where replies go.
#[derive(Clone)]
struct Outbox {
    sender: Sender<Reply>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Outbox {
    fn send(&self, reply: Reply) {
        // nobody listens only while the session is being closed
        if self.sender.send(reply).is_ok() {
            (self.wake)();
        }
    }

    /// Runs a job and reports its failure; says whether it went well.
    fn report(
        &self,
        image: Option<ImageId>,
        during: Activity,
        work: impl FnOnce() -> Result<(), ExplorerError>,
    ) -> bool {
        let result = catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|panic| Err(ExplorerError::Panic(panic_message(panic.as_ref()))));
        match result {
            Ok(()) => true,
            // whoever asked for something newer does not want to hear about it
            Err(ExplorerError::Network(NetworkError::Stopped)) => true,
            Err(error) => {
                self.send(Reply::Failed(Failure {
                    image,
                    during,
                    error: Arc::new(error),
                }));
                false
            }
        }
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// The weights in use, for the fingerprint.
type WeightsInUse = Arc<Mutex<Option<(NetworkEpoch, Arc<Weights>)>>>;

struct NetworkWorker {
    queue: Arc<Queue>,
    session: Session,
    weights: WeightsInUse,
    outbox: Outbox,
}

impl NetworkWorker {
    fn run(mut self) {
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
                    Request::UseNetwork { source, device } => {
                        let (reply, opened) = session.use_network(source, device)?;
                        if let Reply::Network(info) = &reply {
                            *weights.lock().unwrap_or_else(PoisonError::into_inner) = Some((info.epoch, opened));
                        }
                        reply
                    }
                    Request::Predict { image, resize, .. } => session.predict(image, resize)?,
                    Request::Explain(request) => {
                        return session.explain(request, &stop, &mut |reply| outbox.send(reply));
                    }
                    Request::Channels(request) => session.channels(request, &stop)?,
                    Request::FeatureMap {
                        image,
                        resize,
                        layer,
                        channel,
                    } => session.feature_map(image, resize, layer, channel)?,
                    // the other worker's
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

struct PictureWorker {
    queue: Arc<Queue>,
    images: Arc<Images>,
    weights: WeightsInUse,
    outbox: Outbox,
}

impl PictureWorker {
    fn run(self) {
        while let Some((ticket, job)) = self.queue.take() {
            self.outbox.report(job.image, job.activity, || {
                match job.request {
                    Request::Open { image, urgent, .. } => self.open(image, urgent)?,
                    Request::Show(image) => self.show(image)?,
                    Request::Export(export) => {
                        export::write(&export, self.images.photo(export.image)?.as_ref())?;
                        self.outbox.send(Reply::Exported(
                            export.files.into_iter().map(|(_, path)| path).collect(),
                        ));
                    }
                    Request::Fingerprint => {
                        let in_use = self.weights.lock().unwrap_or_else(PoisonError::into_inner).clone();
                        if let Some((epoch, weights)) = in_use
                            && !self.queue.is_stale(&ticket)
                        {
                            self.outbox.send(Reply::Fingerprint {
                                epoch,
                                sha256: weights.sha256()?,
                                fingerprint: weights.fingerprint()?,
                            });
                        }
                    }
                    // the other worker's
                    _ => {}
                }
                Ok(())
            });
        }
    }

    fn open(&self, image: ImageId, urgent: bool) -> Result<(), ExplorerError> {
        let start = Instant::now();
        let source = self.images.source(image)?;
        let photo = self.images.photo(image)?;
        let decode_ms = ms_since(start);
        let display = imaging::thumbnail(&photo, DISPLAY_SIDE);
        self.outbox.send(Reply::Opened(Opened {
            image,
            name: source.name(),
            path: match source.as_ref() {
                ImageSource::File(path) => Some(path.clone()),
                _ => None,
            },
            width: photo.width,
            height: photo.height,
            thumbnail: Arc::new(imaging::thumbnail(&display, THUMBNAIL_SIDE)),
            decode_ms,
        }));
        if urgent {
            self.outbox.send(Reply::Display {
                image,
                photo: Arc::new(display),
            });
        }
        Ok(())
    }

    fn show(&self, image: ImageId) -> Result<(), ExplorerError> {
        let display = imaging::thumbnail(self.images.photo(image)?.as_ref(), DISPLAY_SIDE);
        self.outbox.send(Reply::Display {
            image,
            photo: Arc::new(display),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_one_job_is_reported_and_the_next_one_runs() {
        let (sender, replies) = mpsc::channel();
        let outbox = Outbox {
            sender,
            wake: Arc::new(|| {}),
        };
        let image = Some(ImageId(3));
        assert!(!outbox.report(image, Activity::Explaining, || panic!("out of {}", "range")));
        assert!(outbox.report(image, Activity::Explaining, || Ok(())));
        assert!(outbox.report(image, Activity::Explaining, || Err(NetworkError::Stopped.into())));
        let Ok(Reply::Failed(failure)) = replies.try_recv() else {
            panic!("the panic was not reported")
        };
        assert_eq!((failure.image, failure.during), (image, Activity::Explaining));
        assert!(failure.error.to_string().contains("out of range"));
        assert!(replies.try_recv().is_err());
    }
}
