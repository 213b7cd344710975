//! The worker for everything that comes over the network or takes long to convert.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::ExplorerError;
use super::images::{Images, closed};
use super::jobs::{Job, Kind, Queue};
use super::outbox::Outbox;
use super::reply::{Activity, Reply};
use super::request::{ImageId, ImageSource, Request};
use super::surroundings::Surroundings;
use super::under_way::UnderWay;
use crate::imaging::Limits;
use crate::weights;
use crate::weights::fetch::{self, FetchError, Progress, Timeouts};

/// A picture from the web may have this many bytes.
const MAX_PICTURE_BYTES: u64 = 256 << 20;

/// What the worker needs; [`Self::run`] is its thread.
pub struct DownloadWorker {
    /// Its own jobs.
    pub queue: Arc<Queue>,
    /// Where a fetched picture goes on.
    pub pictures: Arc<Queue>,
    /// The open images.
    pub images: Arc<Images>,
    /// Told what is being fetched.
    pub under_way: Arc<UnderWay>,
    /// Where weights come from and go to.
    pub surroundings: Surroundings,
    /// Where replies go.
    pub outbox: Outbox,
}

impl DownloadWorker {
    /// Works until the queue is closed.
    pub fn run(self) {
        while let Some((ticket, job)) = self.queue.take() {
            let cancel = self.under_way.begin(job.image);
            // whoever gave it up before it had begun has ended nothing
            if self.queue.is_stale(&ticket) {
                continue;
            }
            self.outbox.report(job.image, job.activity, || {
                match job.request {
                    Request::DownloadWeights => self.download_weights(&cancel)?,
                    Request::ImportWeights { file, out, options } => {
                        let out = match out {
                            Some(out) => out,
                            None => weights::default_out(&file, &self.weights_folder()?),
                        };
                        weights::import(&file, &out, &options)?;
                        self.outbox.send(Reply::WeightsReady(out));
                    }
                    Request::Open {
                        image,
                        source: ImageSource::Url(url),
                        urgent,
                    } => {
                        let progress = |progress| {
                            self.outbox.send(Reply::Downloading {
                                what: url.clone(),
                                progress,
                            })
                        };
                        let bytes = fetch_picture(&url, &self.surroundings.timeouts, &progress, &cancel)?;
                        self.open(image, url, bytes, urgent)?;
                    }
                    // the other workers'
                    _ => {}
                }
                Ok(())
            });
        }
    }

    fn download_weights(&self, cancel: &AtomicBool) -> Result<(), ExplorerError> {
        let Surroundings {
            environment,
            sources,
            timeouts,
        } = &self.surroundings;
        let folder = self.weights_folder()?;
        let mut progress = |source: &weights::Source, progress| {
            self.outbox.send(Reply::Downloading {
                what: source.name.to_owned(),
                progress,
            });
        };
        weights::download(sources, &folder, environment, timeouts, &mut progress, cancel)?;
        self.outbox.send(Reply::WeightsReady(folder.join(weights::DOWNLOADED)));
        Ok(())
    }

    /// Where downloaded and imported weights go; made if it is not there.
    fn weights_folder(&self) -> Result<PathBuf, ExplorerError> {
        let folder = self.surroundings.environment.weights_folder().ok_or_else(|| {
            ExplorerError::Request(
                "there is no home folder for weights; convert with `weights import --out FILE`".to_owned(),
            )
        })?;
        match std::fs::create_dir_all(&folder) {
            Ok(()) => Ok(folder),
            Err(error) => Err(ExplorerError::Write { path: folder, error }),
        }
    }

    /// Hands a fetched picture to the worker that decodes it, unless it was closed meanwhile.
    fn open(&self, image: ImageId, url: String, bytes: Vec<u8>, urgent: bool) -> Result<(), ExplorerError> {
        let source = ImageSource::Url(url);
        let fetched = ImageSource::Bytes {
            name: source.name(),
            bytes: bytes.into(),
        };
        if !self.images.replace(image, fetched) {
            return Err(closed(image));
        }
        // that worker finds the bytes among the images, so the job needs no copy
        let request = Request::Open { image, source, urgent };
        let urgency = if urgent { 0 } else { 5 };
        let job = Job {
            request,
            image: Some(image),
            activity: Activity::Opening,
        };
        self.pictures.post(Kind::Open(image), urgency, job);
        Ok(())
    }
}

/// The bytes at an address; given up once `cancel` is set.
pub(super) fn fetch_picture(
    url: &str,
    timeouts: &Timeouts,
    progress: &dyn Fn(Progress),
    cancel: &AtomicBool,
) -> Result<Vec<u8>, ExplorerError> {
    let fail = |error| ExplorerError::Write {
        path: std::env::temp_dir(),
        error,
    };
    let folder = tempfile::tempdir().map_err(fail)?;
    let out = folder.path().join("picture");
    let max_bytes = MAX_PICTURE_BYTES.min(Limits::default().max_bytes);
    let request = fetch::Request {
        url,
        out: &out,
        sha256: None,
        size: None,
        max_bytes,
    };
    match fetch::fetch(&request, timeouts, &mut |now| progress(now), cancel) {
        // nothing of a picture is kept, unlike of weights
        Err(FetchError::Cancelled) => Err(ExplorerError::Cancelled(url.to_owned())),
        Err(error) => Err(error.into()),
        Ok(_) if cancel.load(Ordering::Relaxed) => Err(ExplorerError::Cancelled(url.to_owned())),
        Ok(_) => std::fs::read(&out).map_err(|error| ExplorerError::Read { path: out, error }),
    }
}
