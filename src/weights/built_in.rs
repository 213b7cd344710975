//! The network inside the program: a small Xception trained on drawings (`weights/demo`).

use std::borrow::Cow;

use super::{Weights, WeightsError};

/// `weights/demo.safetensors`, made by `weights/demo/train.py`.
static DEMO: &[u8] = include_bytes!("../../weights/demo.safetensors");

impl Weights {
    /// The network that works without any file.
    ///
    /// # Errors
    /// None in a program that passed its tests; the file goes through the same checks as any other.
    pub fn built_in() -> Result<Self, WeightsError> {
        Self::from_bytes("the built-in network", Cow::Borrowed(DEMO))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_network_passes_its_own_checks() {
        let weights = Weights::built_in().unwrap();
        weights.check_values().unwrap();
        let labels = weights.labels();
        assert!(labels.problem.is_none());
        for class in ["cat", "dog", "cowboy hat", "party hat", "book"] {
            assert!(labels.labels.find(class).is_ok(), "{class}");
        }
        assert_eq!(weights.plan().input().width, 299);
    }
}
