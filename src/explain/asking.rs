//! Asking a network again and again, with changed pictures.

use super::picture::Picture;
use super::score::{Score, Target};
use crate::network::{LayerId, Network, NetworkError};

/// How a long explanation is watched.
pub struct Watch<'a> {
    /// Asked before each pass; an answer of true ends the work with [`NetworkError::Stopped`].
    pub stop: &'a dyn Fn() -> bool,
    /// Told with each pass which one it is, from 1 on, of how many.
    pub progress: &'a mut dyn FnMut(usize, usize),
}

/// A question put to a network over many pictures.
pub(super) struct Asking<'a, 'b> {
    pub(super) network: &'a mut dyn Network,
    pub(super) picture: Picture<'a>,
    pub(super) target: Target,
    pub(super) score: Score,
    pub(super) watch: &'a mut Watch<'b>,
    /// Passes that were made.
    done: usize,
    /// Passes that will have been made.
    total: usize,
}

impl<'a, 'b> Asking<'a, 'b> {
    pub(super) fn new(
        network: &'a mut dyn Network,
        picture: Picture<'a>,
        (target, score): (Target, Score),
        watch: &'a mut Watch<'b>,
    ) -> Self {
        Self {
            network,
            picture,
            target,
            score,
            watch,
            done: 0,
            total: 0,
        }
    }

    /// Says how many passes there will be.
    pub(super) fn announce(&mut self, passes: usize) {
        self.total = passes;
    }

    /// Counts one pass.
    ///
    /// # Errors
    /// [`NetworkError::Stopped`] once no more is wanted.
    pub(super) fn step(&mut self) -> Result<(), NetworkError> {
        if (self.watch.stop)() {
            return Err(NetworkError::Stopped);
        }
        self.done += 1;
        (self.watch.progress)(self.done.min(self.total), self.total);
        Ok(())
    }

    /// The logits of the classes for a picture.
    pub(super) fn logits(&mut self, input: &[f32]) -> Result<Vec<f64>, NetworkError> {
        self.step()?;
        let output = self.network.plan().output;
        Ok(output.class_logits(&self.network.forward(input)?))
    }

    /// The target's score for a picture.
    pub(super) fn score_of(&mut self, input: &[f32]) -> Result<f64, NetworkError> {
        let logits = self.logits(input)?;
        Ok(self.score.value(self.target, self.network.plan().output, &logits))
    }

    /// The activation of a layer in the last pass, `[height, width, channels]`.
    pub(super) fn activation(&mut self, layer: LayerId) -> Result<Vec<f64>, NetworkError> {
        Ok(self.network.activation(layer)?.into_iter().map(f64::from).collect())
    }

    /// The logits of the classes if the output of a layer were another.
    pub(super) fn logits_from(&mut self, layer: LayerId, values: &[f64]) -> Result<Vec<f64>, NetworkError> {
        self.step()?;
        let output = self.network.plan().output;
        Ok(output.class_logits(&self.network.forward_from(layer, values)?))
    }

    /// The target's score if the output of a layer were another.
    pub(super) fn score_from(&mut self, layer: LayerId, values: &[f64]) -> Result<f64, NetworkError> {
        let logits = self.logits_from(layer, values)?;
        Ok(self.score.value(self.target, self.network.plan().output, &logits))
    }

    /// Height and width of the picture.
    pub(super) fn size(&self) -> [usize; 2] {
        let shape = self.network.plan().input();
        [shape.height, shape.width]
    }
}
