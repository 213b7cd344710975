//! The worker that takes a quick look at files, so that there is something to see before their pixels are decoded.

use std::sync::Arc;

use super::THUMBNAIL_SIDE;
use super::error::ExplorerError;
use super::images::file_bytes;
use super::jobs::Queue;
use super::outbox::Outbox;
use super::reply::{Previewed, Reply};
use super::request::{ImageId, Request};
use crate::imaging::{self, Limits};

/// Longer side of a preview in pixels, at least.
const PREVIEW_SIDE: u32 = 240;

/// What the worker needs; [`Self::run`] is its thread.
pub struct PreviewWorker {
    /// Its own jobs.
    pub queue: Arc<Queue>,
    /// Where replies go.
    pub outbox: Outbox,
}

impl PreviewWorker {
    /// Works until the queue is closed.
    pub fn run(self) {
        while let Some((_, job)) = self.queue.take() {
            if let Request::Preview { image, source, .. } = job.request {
                self.outbox.report(job.image, job.activity, || {
                    // a file that cannot be read is told by whoever opens it
                    let preview = file_bytes(&source).ok().flatten();
                    let preview = preview.and_then(|bytes| imaging::preview(&bytes, PREVIEW_SIDE, &Limits::default()));
                    self.send(image, preview);
                    Ok::<(), ExplorerError>(())
                });
            }
        }
    }

    fn send(&self, image: ImageId, preview: Option<imaging::Preview>) {
        let previewed = preview.map(|preview| Previewed {
            width: preview.width,
            height: preview.height,
            thumbnail: Arc::new(imaging::thumbnail(&preview.photo, THUMBNAIL_SIDE)),
            photo: Arc::new(preview.photo),
        });
        self.outbox.send(Reply::Previewed(image, previewed));
    }
}
