//! A mean that grows image by image.

/// The sum of numbers and how many they are.
#[derive(Clone, Copy, Default)]
pub struct Mean {
    count: usize,
    sum: f64,
}

impl Mean {
    /// One number more, if there is one.
    pub fn add(&mut self, value: Option<f64>) {
        self.count += usize::from(value.is_some());
        self.sum += value.unwrap_or(0.0);
    }

    /// How many numbers there were.
    pub fn count(self) -> usize {
        self.count
    }

    /// Their mean; none of none.
    pub fn value(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}
