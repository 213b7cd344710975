//! What was used lately, up to a number of bytes.

use std::sync::Arc;

/// Values that can be made again, kept up to so many bytes in all; the one used last is always kept.
#[derive(Debug)]
pub struct Recent<K, V> {
    max_bytes: usize,
    /// Each with its size in bytes, the least recently used first.
    entries: Vec<(K, Arc<V>, usize)>,
}

impl<K: PartialEq, V> Recent<K, V> {
    /// Nothing yet; at most `max_bytes` later, or one value if that is larger.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            entries: Vec::new(),
        }
    }

    /// A value that is still there; counts as a use.
    pub fn get(&mut self, key: &K) -> Option<Arc<V>> {
        let position = self.entries.iter().position(|(known, ..)| known == key)?;
        let entry = self.entries.remove(position);
        let value = entry.1.clone();
        self.entries.push(entry);
        Some(value)
    }

    /// Keeps a value of `bytes` bytes; whatever was not used for the longest time goes.
    pub fn insert(&mut self, key: K, value: Arc<V>, bytes: usize) {
        self.entries.retain(|(known, ..)| *known != key);
        self.entries.push((key, value, bytes));
        while self.entries.len() > 1 && self.bytes() > self.max_bytes {
            self.entries.remove(0);
        }
    }

    /// Keeps only what fits.
    pub fn retain(&mut self, fits: impl Fn(&K) -> bool) {
        self.entries.retain(|(key, ..)| fits(key));
    }

    /// Bytes of all values.
    pub fn bytes(&self) -> usize {
        self.entries.iter().map(|(.., bytes)| bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(recent: &Recent<u8, u8>) -> Vec<u8> {
        recent.entries.iter().map(|(key, ..)| *key).collect()
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut recent = Recent::new(100);
        for key in 0..3 {
            recent.insert(key, Arc::new(key), 30);
        }
        assert_eq!(recent.get(&0).as_deref(), Some(&0));
        recent.insert(3, Arc::new(3), 60);
        assert_eq!((keys(&recent), recent.bytes()), (vec![0, 3], 90));
        assert_eq!(recent.get(&1), None);
    }

    #[test]
    fn the_newest_is_kept_whatever_its_size() {
        let mut recent = Recent::new(100);
        recent.insert(1, Arc::new(1), 50);
        recent.insert(2, Arc::new(2), 1000);
        assert_eq!(keys(&recent), [2]);
        recent.insert(3, Arc::new(3), 100);
        assert_eq!(keys(&recent), [3]);
    }

    #[test]
    fn a_value_that_is_stored_again_counts_once() {
        let mut recent = Recent::new(100);
        recent.insert(1, Arc::new(1), 60);
        recent.insert(1, Arc::new(2), 60);
        assert_eq!((recent.get(&1).as_deref(), recent.bytes()), (Some(&2), 60));
        recent.retain(|key| *key != 1);
        assert_eq!(recent.bytes(), 0);
    }
}
