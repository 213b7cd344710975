//! The download that is under way, so that others can end it, even while it waits for a server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::request::ImageId;

/// What the downloader is at.
#[derive(Debug, Default)]
pub struct UnderWay(Mutex<Current>);

#[derive(Debug, Default)]
struct Current {
    image: Option<ImageId>,
    cancel: Arc<AtomicBool>,
}

impl UnderWay {
    /// Begins another download, of an image or of weights. The flag is set once it is to end.
    pub fn begin(&self, image: Option<ImageId>) -> Arc<AtomicBool> {
        let cancel = Arc::<AtomicBool>::default();
        *self.lock() = Current {
            image,
            cancel: cancel.clone(),
        };
        cancel
    }

    /// Ends the download, whatever it is of.
    pub fn end(&self) {
        self.lock().cancel.store(true, Ordering::Relaxed);
    }

    /// Ends the download if it is of this image.
    pub fn end_of(&self, image: ImageId) {
        let current = self.lock();
        if current.image == Some(image) {
            current.cancel.store(true, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
