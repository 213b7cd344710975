//! Where the branches of a graph meet again.

use crate::network::Op;
use crate::network::layer::Layer;

/// Who reads whom.
pub struct Branches<'a> {
    layers: &'a [Layer],
    readers: Vec<Vec<usize>>,
    read_across: Vec<usize>,
}

impl<'a> Branches<'a> {
    pub fn new(layers: &'a [Layer]) -> Self {
        let mut readers = vec![Vec::new(); layers.len()];
        for (index, layer) in layers.iter().enumerate() {
            for input in &layer.inputs {
                readers[input.0].push(index);
            }
        }
        let mut last_reads = vec![0_usize; layers.len()];
        for last in readers.iter().filter_map(|readers| readers.last()) {
            last_reads[*last] += 1;
        }
        let mut open = 0;
        let read_across = (0..layers.len()).map(|index| {
            let across = open;
            open = open + usize::from(!readers[index].is_empty()) - last_reads[index];
            across
        });
        Self {
            read_across: read_across.collect(),
            layers,
            readers,
        }
    }

    /// How many of the layers before this one are read by it and those behind it.
    pub fn read_across(&self, index: usize) -> usize {
        self.read_across[index]
    }

    /// Whether branches have met in this layer, or in the one whose activation it is.
    pub fn end_with(&self, index: usize) -> bool {
        if self.is_join(index) {
            return self.activation_of(index).is_none();
        }
        let mut inputs = self.layers[index].inputs.iter();
        inputs.any(|input| self.is_join(input.0) && self.activation_of(input.0) == Some(index))
    }

    /// A single cell that scales a map is no branch.
    fn is_join(&self, index: usize) -> bool {
        let inputs = self.layers[index].inputs.iter();
        inputs.filter(|id| self.layers[id.0].shape.cells() > 1).count() > 1
    }

    /// The activation that alone reads this layer.
    fn activation_of(&self, index: usize) -> Option<usize> {
        let &[reader] = self.readers[index].as_slice() else {
            return None;
        };
        matches!(self.layers[reader].op, Op::Activation(_) | Op::PRelu { .. }).then_some(reader)
    }
}
