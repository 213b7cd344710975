//! Grad-CAM at the last feature layer without a backward pass, for all classes at once.
//!
//! After `block14_sepconv2_act` the network is linear: z_c = mean over cells of A . W_c + b_c. So dz_c/dA is W_c / N
//! at each of the N cells, and the map of logit c is A W_c / N. For the probability, dp_c/dz_j = p_c (delta_cj - p_j)
//! gives p_c (A W_c - A W p) / N. One matrix product A W therefore holds the maps of every class.

use super::map::Map;
use super::score::{Score, Target, probabilities};
use crate::xception::{Network, NetworkError, Shape};

/// The evidence of every cell for every class, cached for one image.
#[derive(Clone, Debug)]
pub struct ClassMaps {
    shape: Shape,
    /// A W / N, `[classes, cells]`: row c is the map of logit c.
    evidence: Vec<f32>,
    /// A W p / N, `[cells]`: what the probability subtracts from every class.
    expected: Vec<f64>,
    probabilities: Vec<f64>,
}

impl ClassMaps {
    /// The maps of the last forward pass of `network`, which gave `logits`.
    ///
    /// # Errors
    /// Those of [`Network::logit_shares`].
    pub fn new(network: &dyn Network, logits: &[f64]) -> Result<Self, NetworkError> {
        let plan = network.plan();
        let shape = plan.layer(plan.last_feature_layer()).shape;
        let evidence = network.logit_shares()?;
        let probabilities = probabilities(logits);
        let mut expected = vec![0.0; shape.cells()];
        for (row, p) in evidence.chunks_exact(shape.cells().max(1)).zip(&probabilities) {
            for (sum, &value) in expected.iter_mut().zip(row) {
                *sum += p * f64::from(value);
            }
        }
        Ok(Self {
            shape,
            evidence,
            expected,
            probabilities,
        })
    }

    /// Columns and rows of each map.
    pub fn size(&self) -> (usize, usize) {
        (self.shape.width, self.shape.height)
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.probabilities.len()
    }

    /// The map of a target; empty for a class that does not exist.
    pub fn map(&self, target: Target, score: Score) -> Map {
        let signed = match (target, score) {
            (Target::Class(class), Score::Logit) => self.row(class).map(f64::from).collect(),
            (Target::Class(class), Score::Probability) => {
                let p = self
                    .probabilities
                    .get(class)
                    .copied()
                    .unwrap_or(0.0)
                    .max(super::score::SMALLEST_FACTOR);
                self.row(class)
                    .zip(&self.expected)
                    .map(|(value, expected)| p * (f64::from(value) - expected))
                    .collect()
            }
            (Target::Rather { class, than }, _) => self
                .row(class)
                .zip(self.row(than))
                .map(|(a, b)| f64::from(a) - f64::from(b))
                .collect(),
        };
        Map::new(self.shape.width, self.shape.height, signed)
    }

    /// The share of every class's logit that comes from one cell: the inverse question, "what is here?".
    ///
    /// The sum over all cells, plus the class's bias, is its logit.
    pub fn at_cell(&self, cell: usize) -> Vec<f32> {
        self.evidence
            .chunks_exact(self.shape.cells().max(1))
            .filter_map(|row| row.get(cell).copied())
            .collect()
    }

    fn row(&self, class: usize) -> impl Iterator<Item = f32> + '_ {
        let cells = self.shape.cells();
        self.evidence
            .get(class * cells..(class + 1) * cells)
            .unwrap_or_default()
            .iter()
            .copied()
    }
}
