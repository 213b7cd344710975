//! The worker that decodes and writes pictures, and reads the weights file for its hash.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::drawing::PAPER;
use super::error::ExplorerError;
use super::export::Sources;
use super::images::Images;
use super::jobs::Queue;
use super::network::WeightsInUse;
use super::outbox::Outbox;
use super::painted_copies::CopyPainter;
use super::reply::{Activity, InputPicture, Opened, Reply};
use super::request::{ImageId, ImageSource, Request};
use super::session::ms_since;
use super::{DISPLAY_SIDE, SMALL_DISPLAY_SIDE, THUMBNAIL_SIDE};
use crate::imaging::{self, Photo};

/// What the worker needs; [`Self::run`] is its thread.
pub struct PictureWorker {
    /// Its own jobs.
    pub queue: Arc<Queue>,
    /// The open images.
    pub images: Arc<Images>,
    /// Shared by the worker that loads them and the one that hashes them.
    pub weights: WeightsInUse,
    /// Where replies go.
    pub outbox: Outbox,
}

impl PictureWorker {
    /// Works until the queue is closed.
    pub fn run(self) {
        let mut painter = CopyPainter::default();
        while let Some((ticket, job)) = self.queue.take() {
            let well = self.outbox.report(job.image, job.activity, || {
                match job.request {
                    Request::Open { image, urgent, .. } => self.open(image, urgent)?,
                    Request::Show(image) => self.show(image)?,
                    Request::PaintCopies(copies) => {
                        self.outbox.send(Reply::PaintedCopies(painter.paint(copies)));
                    }
                    Request::InputPicture {
                        image,
                        size: [width, height],
                        preprocessing,
                    } => {
                        let photo = self.images.painted(image, preprocessing.painting)?;
                        let picture = imaging::network_picture(&photo, width, height, preprocessing);
                        self.outbox.send(Reply::InputPicture(InputPicture {
                            image,
                            preprocessing,
                            picture: Arc::new(picture),
                        }));
                    }
                    Request::Export(export) => {
                        let written = self.sources().write(&export)?;
                        self.outbox.send(Reply::Exported(written));
                    }
                    Request::Render(drawing) => {
                        let picture = self.sources().render(&drawing)?.over(PAPER);
                        let picture = imaging::thumbnail(&picture, DISPLAY_SIDE);
                        self.outbox.send(Reply::Rendered(Arc::new(picture)));
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
                    // the other workers'
                    _ => {}
                }
                Ok(())
            });
            // an image that cannot be opened is no longer open
            if let Some(image) = job.image.filter(|_| !well && job.activity == Activity::Opening) {
                self.images.remove(image);
            }
        }
    }

    fn sources(&self) -> Sources<'_> {
        Sources {
            images: &self.images,
            weights: &self.weights,
        }
    }

    fn open(&self, image: ImageId, urgent: bool) -> Result<(), ExplorerError> {
        let start = Instant::now();
        let source = self.images.source(image)?;
        let photo = self.images.photo(image)?;
        let decode_ms = ms_since(start);
        let display = imaging::thumbnail(&photo, DISPLAY_SIDE);
        let small = imaging::thumbnail(&display, SMALL_DISPLAY_SIDE);
        self.outbox.send(Reply::Opened(Opened {
            image,
            name: source.name(),
            path: match source.as_ref() {
                ImageSource::File(path) => Some(path.clone()),
                _ => None,
            },
            width: photo.width,
            height: photo.height,
            thumbnail: Arc::new(imaging::thumbnail(&small, THUMBNAIL_SIDE)),
            decode_ms,
        }));
        if urgent {
            self.display(image, display, small);
        }
        Ok(())
    }

    fn show(&self, image: ImageId) -> Result<(), ExplorerError> {
        let display = imaging::thumbnail(self.images.photo(image)?.as_ref(), DISPLAY_SIDE);
        let small = imaging::thumbnail(&display, SMALL_DISPLAY_SIDE);
        self.display(image, display, small);
        Ok(())
    }

    fn display(&self, image: ImageId, photo: Photo, small: Photo) {
        let is_small = (photo.width, photo.height) == (small.width, small.height);
        let small = Arc::new(small);
        let photo = if is_small { small.clone() } else { Arc::new(photo) };
        self.outbox.send(Reply::Display { image, photo, small });
    }
}
