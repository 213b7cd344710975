//! Jobs that wait for a worker: the newest of a kind wins, the urgent go first, and whoever waits, sleeps.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A job with its place in the queue.
#[derive(Debug)]
struct Posted<K, J> {
    ticket: Ticket<K>,
    urgency: u8,
    job: J,
}

/// Names one posted job, so that it can find out that it was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket<K> {
    /// Jobs of the same kind replace each other.
    kind: K,
    generation: u64,
}

#[derive(Debug)]
struct State<K, J> {
    waiting: Vec<Posted<K, J>>,
    /// The newest generation of each kind.
    newest: HashMap<K, u64>,
    generation: u64,
    closed: bool,
}

/// A queue between threads in which a job replaces older ones of its kind.
#[derive(Debug)]
pub struct Mailbox<K, J> {
    state: Mutex<State<K, J>>,
    changed: Condvar,
}

impl<K, J> Default for Mailbox<K, J> {
    fn default() -> Self {
        let state = State {
            waiting: Vec::new(),
            newest: HashMap::new(),
            generation: 0,
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }
}

impl<K: Clone + Eq + Hash, J> Mailbox<K, J> {
    /// Adds a job; an older one of the same kind is dropped if it waits, and becomes stale if it runs.
    ///
    /// Smaller `urgency` goes first; equal urgencies keep their order.
    pub fn post(&self, kind: K, urgency: u8, job: J) {
        let mut state = self.lock();
        state.generation += 1;
        let generation = state.generation;
        state.waiting.retain(|posted| posted.ticket.kind != kind);
        state.newest.insert(kind.clone(), generation);
        state.waiting.push(Posted {
            ticket: Ticket { kind, generation },
            urgency,
            job,
        });
        self.changed.notify_one();
    }

    /// Lets a job that gave way to others wait again, behind all of them, unless it became stale.
    pub fn put_back(&self, ticket: &Ticket<K>, job: J) {
        let mut state = self.lock();
        if state.newest.get(&ticket.kind) == Some(&ticket.generation) {
            state.waiting.push(Posted {
                ticket: ticket.clone(),
                urgency: u8::MAX,
                job,
            });
        }
    }

    /// Whether a job waits, or the mailbox was closed.
    pub fn is_waiting(&self) -> bool {
        let state = self.lock();
        state.closed || !state.waiting.is_empty()
    }

    /// Whether a job waits that is more urgent than this, or the mailbox was closed.
    pub fn is_waiting_before(&self, urgency: u8) -> bool {
        let state = self.lock();
        state.closed || state.waiting.iter().any(|posted| posted.urgency < urgency)
    }

    /// Drops the waiting job of a kind and makes a running one stale.
    pub fn cancel(&self, kind: &K) {
        let mut state = self.lock();
        state.waiting.retain(|posted| posted.ticket.kind != *kind);
        state.newest.remove(kind);
    }

    /// Takes a job of a kind back that still waits; says whether one did.
    pub fn take_back(&self, kind: &K) -> bool {
        let mut state = self.lock();
        let before = state.waiting.len();
        state.waiting.retain(|posted| posted.ticket.kind != *kind);
        let waited = state.waiting.len() < before;
        if waited {
            state.newest.remove(kind);
        }
        waited
    }

    /// Lets the waiting job of a kind go before all others.
    pub fn hurry(&self, kind: &K) {
        let mut state = self.lock();
        let position = state.waiting.iter().position(|posted| posted.ticket.kind == *kind);
        if let Some(position) = position {
            let mut posted = state.waiting.remove(position);
            posted.urgency = 0;
            state.waiting.insert(0, posted);
        }
    }

    /// Drops the waiting jobs that fit; what runs goes on.
    pub fn drop_waiting(&self, fits: impl Fn(&K, &J) -> bool) {
        self.lock()
            .waiting
            .retain(|posted| !fits(&posted.ticket.kind, &posted.job));
    }

    /// Waits for the most urgent job; `None` after [`Self::close`].
    pub fn take(&self) -> Option<(Ticket<K>, J)> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            let next = state
                .waiting
                .iter()
                .enumerate()
                .min_by_key(|(position, posted)| (posted.urgency, *position));
            if let Some((position, _)) = next {
                let posted = state.waiting.remove(position);
                return Some((posted.ticket, posted.job));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether a newer job of the same kind was posted, the kind was cancelled or the mailbox was closed.
    pub fn is_stale(&self, ticket: &Ticket<K>) -> bool {
        let state = self.lock();
        state.closed || state.newest.get(&ticket.kind) != Some(&ticket.generation)
    }

    /// Ends every wait, now and later.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<K, J>> {
        // the state is consistent at every point where a holder could panic
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_a_kind_wins() {
        let mailbox = Mailbox::default();
        mailbox.post("map", 1, 1);
        let (running, _) = mailbox.take().unwrap();
        assert!(!mailbox.is_stale(&running));
        mailbox.post("map", 1, 2);
        assert!(mailbox.is_stale(&running));
        mailbox.post("map", 1, 3);
        let (ticket, job) = mailbox.take().unwrap();
        assert_eq!(job, 3);
        assert!(!mailbox.is_stale(&ticket));
        mailbox.cancel(&"map");
        assert!(mailbox.is_stale(&ticket));
    }

    #[test]
    fn a_job_that_gave_way_waits_again_unless_a_newer_one_came() {
        let mailbox = Mailbox::default();
        mailbox.post("fill", 9, 1);
        let (ticket, job) = mailbox.take().unwrap();
        assert!(!mailbox.is_waiting());
        mailbox.post("map", 1, 2);
        assert!(mailbox.is_waiting());
        assert!(mailbox.is_waiting_before(2) && !mailbox.is_waiting_before(1));
        mailbox.put_back(&ticket, job);
        assert_eq!([mailbox.take().unwrap().1, mailbox.take().unwrap().1], [2, 1]);
        mailbox.post("fill", 9, 3);
        mailbox.put_back(&ticket, job);
        assert_eq!(mailbox.take().unwrap().1, 3);
        assert!(!mailbox.is_waiting());
    }

    #[test]
    fn only_waiting_jobs_that_fit_are_dropped() {
        let mailbox = Mailbox::default();
        for (kind, job) in [("show", 1), ("export", 1), ("map", 2)] {
            mailbox.post(kind, 1, job);
        }
        let (running, _) = mailbox.take().unwrap();
        mailbox.drop_waiting(|kind, job| *kind != "export" && *job == 1);
        assert!(!mailbox.is_stale(&running));
        let left: Vec<_> = (0..2).map(|_| mailbox.take().unwrap().1).collect();
        assert_eq!(left, [1, 2]);
    }

    #[test]
    fn urgent_jobs_go_first_and_equals_keep_their_order() {
        let mailbox = Mailbox::default();
        for (kind, urgency) in [("a", 5), ("b", 5), ("c", 0), ("d", 5)] {
            mailbox.post(kind, urgency, kind);
        }
        let order: Vec<_> = (0..4).map(|_| mailbox.take().unwrap().1).collect();
        assert_eq!(order, ["c", "a", "b", "d"]);
    }

    #[test]
    fn a_waiting_job_is_taken_back_and_one_that_runs_is_not() {
        let mailbox = Mailbox::default();
        mailbox.post("open", 0, 1);
        let (running, _) = mailbox.take().unwrap();
        assert!(!mailbox.take_back(&"open"));
        assert!(!mailbox.is_stale(&running));
        mailbox.post("show", 0, 2);
        assert!(mailbox.take_back(&"show") && !mailbox.is_waiting());
    }

    #[test]
    fn a_job_that_hurries_goes_before_all_others() {
        let mailbox = Mailbox::default();
        for (kind, urgency) in [("a", 0), ("b", 5), ("c", 0)] {
            mailbox.post(kind, urgency, kind);
        }
        mailbox.hurry(&"b");
        mailbox.hurry(&"none");
        let order: Vec<_> = (0..3).map(|_| mailbox.take().unwrap().1).collect();
        assert_eq!(order, ["b", "a", "c"]);
    }

    #[test]
    fn closing_ends_a_wait() {
        let mailbox: Mailbox<u8, ()> = Mailbox::default();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| mailbox.take().is_none());
            mailbox.close();
            assert!(waiting.join().unwrap());
        });
    }
}
