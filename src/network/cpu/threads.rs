//! Threads that are started once and share out the parts of one operation at a time.
//!
//! A pass through the network is about a hundred operations of a fraction of a millisecond, so a worker that has
//! nothing to do watches for the next operation for a moment before it sleeps. Between passes all workers sleep.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// How often a thread looks before it sleeps. It pauses before each look, so this is a fraction of a millisecond, about
/// the longest time that one thread waits for another at the end of an operation.
const LOOKS: usize = 200;
/// Pauses before each look.
const PAUSES: usize = 64;

/// An operation: called by every thread that takes part, returns when no part is left.
type Operation = dyn Fn(usize) + Sync;

/// The calling thread and its helpers.
pub(super) struct Threads {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// Counts operations; workers watch it without taking the lock.
    posted: AtomicUsize,
    wake: Condvar,
    finished: Condvar,
    quit: AtomicBool,
}

#[derive(Default)]
struct State {
    operation: Option<&'static Operation>,
    /// Workers inside the operation.
    active: usize,
    /// Workers that sleep.
    asleep: usize,
    /// What a worker's part panicked with.
    panic: Option<Box<dyn Any + Send>>,
}

impl Threads {
    /// Starts `count - 1` workers, as the calling thread works too.
    ///
    /// # Errors
    /// When the system refuses another thread.
    pub(super) fn start(count: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            posted: AtomicUsize::new(0),
            wake: Condvar::new(),
            finished: Condvar::new(),
            quit: AtomicBool::new(false),
        });
        let mut threads = Self {
            shared,
            workers: Vec::new(),
        };
        for index in 1..count {
            let shared = Arc::clone(&threads.shared);
            threads.workers.push(
                std::thread::Builder::new()
                    .name(format!("network {index}"))
                    .spawn(move || shared.work(index))?,
            );
        }
        Ok(threads)
    }

    /// Threads that work at the same time, the calling one included.
    pub(super) fn count(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `work` once for each part, on whichever thread is free, with the index of that thread (below `count`).
    pub(super) fn each<P: Send>(&self, parts: impl IntoIterator<Item = P>, work: impl Fn(usize, P) + Sync) {
        let parts: Vec<_> = parts.into_iter().map(|part| Mutex::new(Some(part))).collect();
        let next = AtomicUsize::new(0);
        let operation = |thread: usize| {
            while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Some(part) = lock(part).take() {
                    work(thread, part);
                }
            }
        };
        if parts.len() < 2 || self.workers.is_empty() {
            operation(0);
        } else {
            self.run(&operation);
        }
    }

    fn run(&self, operation: &(dyn Fn(usize) + Sync)) {
        // SAFETY: only the lifetime changes. Workers reach the operation through `state.operation` alone, and count
        // themselves in `state.active` under the same lock. Before this function returns or unwinds, `Retire` removes
        // it and waits until no worker is active, so the borrow outlives every use.
        let operation = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static Operation>(operation) };
        let retire = Retire(&self.shared);
        let mut state = lock(&self.shared.state);
        state.operation = Some(operation);
        let asleep = state.asleep > 0;
        drop(state);
        self.shared.posted.fetch_add(1, Ordering::Release);
        if asleep {
            // the lock orders this after a worker's last look at `posted` before it sleeps
            drop(lock(&self.shared.state));
            self.shared.wake.notify_all();
        }
        operation(0);
        drop(retire);
        if let Some(panic) = lock(&self.shared.state).panic.take() {
            resume_unwind(panic);
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.shared.quit.store(true, Ordering::Relaxed);
        self.shared.posted.fetch_add(1, Ordering::Release);
        drop(lock(&self.shared.state));
        self.shared.wake.notify_all();
        for worker in self.workers.drain(..) {
            // a worker cannot panic: its parts are caught
            let _ = worker.join();
        }
    }
}

/// Takes the operation away from late workers and waits for those inside it.
struct Retire<'a>(&'a Shared);

impl Drop for Retire<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).operation = None;
        for _ in 0..LOOKS {
            if lock(&self.0.state).active == 0 {
                return;
            }
            pause();
        }
        let mut state = lock(&self.0.state);
        while state.active > 0 {
            state = self.0.finished.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Shared {
    /// A worker's life.
    fn work(&self, thread: usize) {
        let mut seen = 0;
        loop {
            seen = self.next_after(seen);
            if self.quit.load(Ordering::Relaxed) {
                return;
            }
            let mut state = lock(&self.state);
            let Some(operation) = state.operation else {
                continue;
            };
            state.active += 1;
            drop(state);
            let result = catch_unwind(AssertUnwindSafe(|| operation(thread)));
            let mut state = lock(&self.state);
            state.active -= 1;
            if let Err(panic) = result {
                state.panic = Some(panic);
            }
            if state.active == 0 {
                self.finished.notify_one();
            }
        }
    }

    /// Waits until more operations have been posted than `seen`, and returns how many.
    fn next_after(&self, seen: usize) -> usize {
        for _ in 0..LOOKS * PAUSES {
            let posted = self.posted.load(Ordering::Acquire);
            if posted != seen {
                return posted;
            }
            std::hint::spin_loop();
        }
        let mut state = lock(&self.state);
        state.asleep += 1;
        loop {
            let posted = self.posted.load(Ordering::Acquire);
            if posted != seen {
                state.asleep -= 1;
                return posted;
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn pause() {
    for _ in 0..PAUSES {
        std::hint::spin_loop();
    }
}

/// No state here is left half changed by a panic, so a poisoned lock is as good as any.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_done_once() {
        for count in 1..4 {
            let threads = Threads::start(count).unwrap();
            for parts in [0, 1, 2, 3, 100] {
                let mut done = vec![0; parts];
                threads.each(done.iter_mut().enumerate(), |thread, (index, done)| {
                    assert!(thread < count);
                    *done += index + 1;
                });
                assert!(done.iter().enumerate().all(|(index, &done)| done == index + 1));
            }
        }
    }

    #[test]
    fn workers_wake_after_they_slept() {
        let threads = Threads::start(3).unwrap();
        for _ in 0..20 {
            std::thread::sleep(std::time::Duration::from_millis(3));
            let sum = AtomicUsize::new(0);
            threads.each(0..10, |_, part| {
                sum.fetch_add(part, Ordering::Relaxed);
            });
            assert_eq!(sum.into_inner(), 45);
        }
        assert!(lock(&threads.shared.state).operation.is_none());
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_threads_live_on() {
        let threads = Threads::start(2).unwrap();
        for bad in 0..8 {
            let result = catch_unwind(AssertUnwindSafe(|| {
                threads.each(0..8, |_, part| assert_ne!(part, bad));
            }));
            assert!(result.is_err());
        }
        let sum = AtomicUsize::new(0);
        threads.each(0..10, |_, part| {
            sum.fetch_add(part, Ordering::Relaxed);
        });
        assert_eq!(sum.into_inner(), 45);
    }
}
