//! How far a job is: a bar on a terminal, a line every few seconds elsewhere, both on standard error.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

/// Time between two lines where there is no terminal.
const PAUSE: Duration = Duration::from_secs(5);

/// How far a job is; gone once this is dropped.
pub struct Progress {
    total: usize,
    done: usize,
    started: Instant,
    told: Instant,
    shown: Shown,
}

enum Shown {
    Bar(ProgressBar),
    Lines,
    Nothing,
}

impl Progress {
    /// Of `total` images; of a single one, or if it `is_quiet`, nothing is shown.
    pub fn new(total: usize, is_quiet: bool) -> Self {
        let template = "{wide_bar} {pos} of {len} images, {per_sec}, {eta} left";
        let shown = if is_quiet || total < 2 {
            Shown::Nothing
        } else if io::stderr().is_terminal() {
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let style = style.with_key(
                "per_sec",
                |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                    // there is nobody to tell that a number could not be formatted
                    write!(out, "{:.1} a second", state.per_sec()).ok();
                },
            );
            Shown::Bar(ProgressBar::new(total as u64).with_style(style))
        } else {
            Shown::Lines
        };
        let now = Instant::now();
        Self {
            total,
            done: 0,
            started: now,
            told: now,
            shown,
        }
    }

    /// One image more.
    pub fn step(&mut self) {
        self.done += 1;
        match &self.shown {
            Shown::Bar(bar) => bar.inc(1),
            Shown::Lines if self.told.elapsed() >= PAUSE => {
                self.told = Instant::now();
                eprintln!("gradcam-explorer: {}", self.line(self.started.elapsed()));
            }
            Shown::Lines | Shown::Nothing => {}
        }
    }

    /// Writes to a terminal that the bar may be on too.
    pub fn beside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.shown {
            Shown::Bar(bar) => bar.suspend(write),
            Shown::Lines | Shown::Nothing => write(),
        }
    }

    fn line(&self, elapsed: Duration) -> String {
        let speed = self.done as f64 / elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
        let rest = self.total.saturating_sub(self.done) as f64 / speed.max(f64::MIN_POSITIVE);
        let left = HumanDuration(Duration::try_from_secs_f64(rest).unwrap_or(Duration::MAX));
        format!(
            "{} of {} images, {speed:.1} a second, {left} left",
            self.done, self.total
        )
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_count_speed_and_time_left() {
        let mut progress = Progress::new(1000, true);
        progress.done = 100;
        assert_eq!(
            progress.line(Duration::from_secs(4)),
            "100 of 1000 images, 25.0 a second, 36 seconds left"
        );
    }
}
