//! How values are distributed.

/// A histogram over equal bins.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Left edge of the first bin.
    pub from: f64,
    /// Right edge of the last bin.
    pub to: f64,
    /// Values in each bin.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// Counts values in equal bins from the smallest to the largest of them.
    pub fn new(values: &[f64], bins: usize) -> Self {
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let from = finite().reduce(f64::min).unwrap_or(0.0);
        let to = finite().reduce(f64::max).unwrap_or(0.0);
        let mut counts = vec![0; bins.max(1)];
        let last = counts.len() - 1;
        for value in finite() {
            let position = if to > from {
                (value - from) / (to - from) * counts.len() as f64
            } else {
                0.0
            };
            counts[(position as usize).min(last)] += 1;
        }
        Self { from, to, counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_count_every_value_once() {
        let histogram = Histogram::new(&[0.0, 0.1, 0.5, 1.0, f64::NAN], 4);
        assert_eq!((histogram.from, histogram.to), (0.0, 1.0));
        assert_eq!(histogram.counts, [2, 0, 1, 1]);
        assert_eq!(Histogram::new(&[3.0, 3.0], 4).counts, [2, 0, 0, 0]);
        assert_eq!(Histogram::new(&[], 4).counts, [0, 0, 0, 0]);
    }
}
