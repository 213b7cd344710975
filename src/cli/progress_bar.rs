//! A progress bar on standard error, where that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

use crate::weights::fetch::Progress;

/// Shows how far a download is; gone once this is dropped.
pub struct Bar(ProgressBar);

impl Default for Bar {
    fn default() -> Self {
        let template = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::no_length().with_style(style))
    }
}

impl Bar {
    /// Draws the bar of what is being fetched.
    pub fn show(&self, what: &str, progress: Progress) {
        if let Some(total) = progress.total {
            self.0.set_length(total);
        }
        self.0.set_message(what.to_owned());
        self.0.set_position(progress.received);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
