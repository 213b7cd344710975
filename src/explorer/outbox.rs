//! Replies on their way out, and the one place where the failure or panic of a job becomes one.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use super::error::ExplorerError;
use super::reply::{Activity, Failure, Reply};
use super::request::ImageId;
use crate::network::NetworkError;

/// Where replies go.
#[derive(Clone)]
pub struct Outbox {
    sender: Sender<Reply>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Outbox {
    /// Replies go to `sender`, and `wake` is called after each.
    pub fn new(sender: Sender<Reply>, wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            sender,
            wake: Arc::new(wake),
        }
    }

    /// Sends a reply and wakes whoever listens.
    pub fn send(&self, reply: Reply) {
        // nobody listens only while the session is being closed
        if self.sender.send(reply).is_ok() {
            (self.wake)();
        }
    }

    /// Runs a job and reports its failure; says whether it went well.
    pub fn report(
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

pub(super) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_panic_of_one_job_is_reported_and_the_next_one_runs() {
        let (sender, replies) = mpsc::channel();
        let outbox = Outbox::new(sender, || {});
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
