//! Ctrl-C: what was begun is finished; pressed again it ends the program at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The status of a program that was interrupted: 128 and the number of Ctrl-C's signal.
pub const INTERRUPTED: u8 = 130;

/// Set once the person, or whoever shares out machines, wants no more.
///
/// Where the system allows no handler, Ctrl-C ends the program as it always does: files that are whole stay whole.
pub fn wanted() -> Arc<AtomicBool> {
    let wanted = Arc::<AtomicBool>::default();
    for signal in [SIGINT, SIGTERM] {
        // in this order, so that only the second time ends the program
        let set = flag::register_conditional_shutdown(signal, INTERRUPTED.into(), wanted.clone())
            .and_then(|_| flag::register(signal, wanted.clone()));
        if let Err(error) = set {
            eprintln!("gradcam-explorer: Ctrl-C will not wait for what was begun ({error})");
        }
    }
    wanted
}
