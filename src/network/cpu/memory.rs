//! Feature maps that backward sweeps hand from layer to layer, and keep for the next sweep.

use std::rc::Rc;

use super::buffer::{Buffer, Features};
use crate::network::shape::Shape;

/// What backward sweeps keep for the next one.
pub(super) struct Memory {
    /// Maps that are not in use.
    pub(super) free: Vec<Features>,
    /// Where weights are transposed.
    pub(super) transposed: Buffer,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            free: Vec::new(),
            transposed: Buffer::zeros(0),
        }
    }
}

impl Memory {
    /// Maps with whatever is left in them, from the smallest free memory that is large enough.
    pub(super) fn take(&mut self, images: usize, shape: Shape) -> Features {
        self.free.sort_unstable_by_key(Features::capacity);
        let len = Features::len(images, shape);
        match self.free.iter().position(|features| features.capacity() >= len) {
            Some(index) => self.free.swap_remove(index).reuse(images, shape),
            None => Features::zeros(images, shape),
        }
    }

    /// Takes maps back when nobody else shares them.
    pub(super) fn give(&mut self, features: Rc<Features>) {
        self.free.extend(Rc::into_inner(features));
    }
}
