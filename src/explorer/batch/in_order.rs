//! Work on many things by several threads, handed over in the order in which they came.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

/// What is still to be done.
struct Rest<I> {
    items: I,
    /// Of the next item.
    number: usize,
    /// Results that were handed over.
    done: usize,
    closed: bool,
}

/// Does `work` on every item, on `workers` threads (at least one), and hands the results to `done` in the order of the
/// items, on the calling thread.
///
/// No item is begun `ahead` places or more before the one that is waited for, so that what is held does not grow with the
/// number of items. Once `stop` is set or `done` breaks, no further item is begun; what was begun is finished, and handed
/// over unless `done` broke. `work` must not panic.
pub fn in_order<I: Send, T: Send>(
    items: impl Iterator<Item = I> + Send,
    workers: usize,
    ahead: usize,
    stop: &AtomicBool,
    work: impl Fn(usize, I) -> T + Sync,
    mut done: impl FnMut(T) -> ControlFlow<()>,
) {
    let rest = Mutex::new(Rest {
        items,
        number: 0,
        done: 0,
        closed: false,
    });
    let moved = Condvar::new();
    let next = || {
        let mut rest = lock(&rest);
        while !rest.closed && rest.number >= rest.done + ahead.max(1) {
            rest = moved.wait(rest).unwrap_or_else(PoisonError::into_inner);
        }
        if rest.closed || stop.load(Ordering::Relaxed) {
            return None;
        }
        let item = rest.items.next()?;
        rest.number += 1;
        Some((rest.number - 1, item))
    };
    thread::scope(|scope| {
        let (sender, results) = mpsc::channel();
        for _ in 0..workers.max(1) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                while let Some((number, item)) = next() {
                    if sender.send((number, work(number, item))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut expected = 0;
        for (number, result) in results {
            waiting.insert(number, result);
            while let Some(result) = waiting.remove(&expected) {
                expected += 1;
                let flow = done(result);
                let mut rest = lock(&rest);
                rest.done = expected;
                rest.closed = flow.is_break();
                moved.notify_all();
                if flow.is_break() {
                    return;
                }
            }
        }
    });
}

/// Every change is a single step, so a panic elsewhere leaves the state whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    /// Longer for some numbers, so that they finish in another order than they begin.
    fn dawdle(number: usize) {
        thread::sleep(Duration::from_micros((number * 7919 % 5) as u64 * 300));
    }

    #[test]
    fn results_come_in_the_order_of_the_items_and_never_far_ahead() {
        let (ahead, handed_over, worst) = (5, AtomicUsize::new(0), AtomicUsize::new(0));
        let mut results = Vec::new();
        let work = |number: usize, item: usize| {
            worst.fetch_max(number - handed_over.load(Ordering::SeqCst), Ordering::SeqCst);
            dawdle(number);
            item * 2
        };
        in_order(0..200, 4, ahead, &AtomicBool::new(false), work, |result| {
            results.push(result);
            handed_over.fetch_add(1, Ordering::SeqCst);
            ControlFlow::Continue(())
        });
        assert_eq!(results, (0..200).map(|item| item * 2).collect::<Vec<_>>());
        // a worker may have been let on before the counter of this test moved, never more
        assert!((2..=ahead).contains(&worst.load(Ordering::SeqCst)), "{worst:?}");
    }

    #[test]
    fn what_was_begun_when_it_was_stopped_is_handed_over_and_nothing_else() {
        let (stop, begun) = (AtomicBool::new(false), AtomicUsize::new(0));
        let mut results = Vec::new();
        let work = |number: usize, item: usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            dawdle(number);
            item
        };
        in_order(0.., 3, 6, &stop, work, |result| {
            results.push(result);
            stop.store(result >= 20, Ordering::Relaxed);
            ControlFlow::Continue(())
        });
        let begun = begun.into_inner();
        assert!((21..40).contains(&begun));
        assert_eq!(results, (0..begun).collect::<Vec<_>>());
    }

    #[test]
    fn who_breaks_gets_nothing_more() {
        let mut results = Vec::new();
        in_order(
            0..,
            3,
            6,
            &AtomicBool::new(false),
            |_, item: usize| item,
            |result| {
                results.push(result);
                match result {
                    9 => ControlFlow::Break(()),
                    _ => ControlFlow::Continue(()),
                }
            },
        );
        assert_eq!(results, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_no_work() {
        let never = |_: usize| -> ControlFlow<()> { panic!("there is nothing") };
        in_order(
            std::iter::empty(),
            2,
            4,
            &AtomicBool::new(false),
            |_, item: usize| item,
            never,
        );
    }
}
