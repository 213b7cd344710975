//! Tensors that lie in a file beside those of its network. Nobody reads them, but people are told of them.

use std::collections::BTreeMap;
use std::fmt;

/// What a tensor is that is not of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beside {
    /// Moments and averages that training goes on from.
    Optimizer,
    /// Sums of what was measured while training.
    Metrics,
    /// Where the random numbers of a layer have come to.
    RandomState,
    /// How many batches or pictures a layer has seen.
    Counters,
    /// What the explained output does not depend on.
    OtherLayers,
}

impl Beside {
    /// The name shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Optimizer => "optimizer state",
            Self::Metrics => "metrics",
            Self::RandomState => "random state",
            Self::Counters => "counters",
            Self::OtherLayers => "other layers",
        }
    }
}

/// The tensors of a file that are not of its network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver {
    counts: BTreeMap<Beside, usize>,
    bytes: u64,
}

impl PassedOver {
    /// One more tensor that takes this many bytes.
    pub(super) fn add(&mut self, beside: Beside, bytes: u64) {
        *self.counts.entry(beside).or_default() += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Whether every tensor of the file is of the network.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// How many tensors of this kind there are.
    pub fn count(&self, beside: Beside) -> usize {
        self.counts.get(&beside).copied().unwrap_or(0)
    }

    /// What they take.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl fmt::Display for PassedOver {
    /// `42 tensors that are not of the network (40 optimizer state, 2 metrics), 12.3 MB`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.counts.values().sum::<usize>() {
            1 => write!(f, "1 tensor that is not of the network (")?,
            total => write!(f, "{total} tensors that are not of the network (")?,
        }
        for (index, (beside, count)) in self.counts.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            if self.counts.len() == 1 {
                f.write_str(beside.name())?;
            } else {
                write!(f, "{comma}{count} {}", beside.name())?;
            }
        }
        let bytes = self.bytes as f64;
        if self.bytes < 100_000 {
            write!(f, "), {:.1} kB", bytes / 1e3)
        } else {
            write!(f, "), {:.1} MB", bytes / 1e6)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_counted_where_there_are_several() {
        let mut passed = PassedOver::default();
        assert!(passed.is_empty());
        passed.add(Beside::Counters, 8);
        assert_eq!(
            passed.to_string(),
            "1 tensor that is not of the network (counters), 0.0 kB"
        );
        passed.add(Beside::Optimizer, 12_300_000);
        passed.add(Beside::Optimizer, u64::MAX);
        passed.bytes = 12_300_000;
        assert_eq!(
            passed.to_string(),
            "3 tensors that are not of the network (2 optimizer state, 1 counters), 12.3 MB"
        );
    }
}
