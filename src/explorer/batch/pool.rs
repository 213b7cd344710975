//! Networks that are lent to whoever needs one for an image.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::network::Network;

/// Networks that nobody uses at the moment.
pub struct Pool {
    idle: Mutex<Vec<Box<dyn Network>>>,
    returned: Condvar,
}

impl Pool {
    /// All of them idle.
    pub fn new(networks: Vec<Box<dyn Network>>) -> Self {
        Self {
            idle: Mutex::new(networks),
            returned: Condvar::new(),
        }
    }

    /// Waits until a network is idle and uses it alone. A pool without networks lets everyone wait for ever.
    ///
    /// After a panic the network goes back too, as its next forward pass begins anew.
    pub fn with<T>(&self, work: impl FnOnce(&mut dyn Network) -> T) -> T {
        let mut network = self.take();
        let result = catch_unwind(AssertUnwindSafe(|| work(network.as_mut())));
        self.lock().push(network);
        self.returned.notify_one();
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn take(&self) -> Box<dyn Network> {
        let mut idle = self.lock();
        loop {
            if let Some(network) = idle.pop() {
                return network;
            }
            idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Box<dyn Network>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
