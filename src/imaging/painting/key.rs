//! What tells paintings apart.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::Stroke;

/// Names a painting by what it holds: the first half of a SHA-256 of its strokes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PaintingKey([u8; 16]);

impl PaintingKey {
    /// None of no strokes.
    pub(super) fn of(strokes: &[Arc<Stroke>]) -> Option<Self> {
        if strokes.is_empty() {
            return None;
        }
        let mut digest = Bytes(Sha256::new());
        strokes.hash(&mut digest);
        let digest = digest.0.finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        Some(Self(key))
    }
}

/// Takes what is hashed to a digest that is long enough to name something.
struct Bytes(Sha256);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest.iter().take(8).fold(0, |sum, &byte| sum << 8 | u64::from(byte))
    }
}
