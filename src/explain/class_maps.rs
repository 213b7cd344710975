//! Grad-CAM at the last feature layer without a backward pass, for any class at once.
//!
//! Behind that layer stands the head alone, which is small. Where it is a global average and one dense layer, as in
//! Keras' Xception, z_c = mean over cells of A . W_c + b_c, so dz_c/dA is W_c / N at each of the N cells, and the map of
//! logit c is A W_c / N: one matrix product holds the maps of every class. Any other head gives each class its alpha, the
//! gradient averaged over cells, by a walk through its few layers, and the map A alpha_c is made when it is asked for.
//!
//! For a softmax, dp_c/dz_j = p_c (delta_cj - p_j) gives p_c (row_c - sum_j p_j row_j), where row_c is the map of logit c.
//! For sigmoids it is p_c (1 - p_c) row_c.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::map::Map;
use super::rivals::{self, Rivals};
use super::score::{SMALLEST_FACTOR, Score, ScoreGradient, Target};
use crate::network::{Head, HeadPass, Network, NetworkError, Output, Shape};

/// The evidence of every cell for every class, of one image.
#[derive(Debug)]
pub struct ClassMaps {
    shape: Shape,
    output: Output,
    units: usize,
    rows: Rows,
    /// The sum over classes of p_j row_j, `[cells]`: what a softmax subtracts from every class.
    expected: Vec<f64>,
    /// The mean of all rows, made when it is asked for.
    common: OnceLock<Vec<f64>>,
    logits: Vec<f64>,
    /// What the network answers for each class.
    answers: Vec<f64>,
}

/// The maps of the units' logits, one row each.
enum Rows {
    /// All of them, `[units, cells]`.
    All(Vec<f32>),
    /// Made when they are asked for.
    Lazy(Box<Lazy>),
}

/// What a map at the last feature layer is made of.
struct Lazy {
    head: Arc<Head>,
    pass: HeadPass,
    /// The rows that were asked for.
    rows: Vec<OnceLock<Box<[f32]>>>,
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All(_) => "All",
            Self::Lazy(_) => "Lazy",
        })
    }
}

impl Lazy {
    fn row(&self, unit: usize) -> &[f32] {
        let Some(row) = self.rows.get(unit) else { return &[] };
        row.get_or_init(|| {
            let mut units = vec![0.0; self.rows.len()];
            units[unit] = 1.0;
            self.head
                .map(&self.pass, &units)
                .into_iter()
                .map(|value| value as f32)
                .collect()
        })
    }
}

impl ClassMaps {
    /// The maps of the last forward pass of `network`; `logits` are those of its classes.
    ///
    /// # Errors
    /// Those of [`Network::unit_shares`].
    pub fn new(network: &dyn Network, logits: &[f64]) -> Result<Self, NetworkError> {
        let plan = network.plan();
        let (last, units, output) = (plan.last_feature_layer(), plan.units(), plan.output);
        let rows = match network.unit_shares()? {
            Some(shares) => Rows::All(shares),
            None => Rows::Lazy(Box::new(Lazy {
                head: network.head().clone(),
                pass: network.head_pass()?,
                rows: std::iter::repeat_with(OnceLock::new).take(units).collect(),
            })),
        };
        let mut maps = Self {
            shape: plan.layer(last).shape,
            output,
            units,
            rows,
            expected: Vec::new(),
            common: OnceLock::new(),
            logits: logits.to_vec(),
            answers: output.answers(logits),
        };
        if output == Output::Softmax {
            maps.expected = maps.mixture(&maps.answers);
        }
        Ok(maps)
    }

    /// The map of a mixture of units.
    fn mixture(&self, weights: &[f64]) -> Vec<f64> {
        match &self.rows {
            Rows::All(rows) => {
                let mut sums = vec![0.0; self.shape.cells()];
                for (row, weight) in rows.chunks_exact(self.shape.cells().max(1)).zip(weights) {
                    for (sum, &value) in sums.iter_mut().zip(row) {
                        *sum += weight * f64::from(value);
                    }
                }
                sums
            }
            Rows::Lazy(lazy) => lazy.head.map(&lazy.pass, weights),
        }
    }

    fn answer(&self, class: usize) -> f64 {
        self.answers.get(class).copied().unwrap_or(0.0)
    }

    /// Columns and rows of each map.
    pub fn size(&self) -> (usize, usize) {
        (self.shape.width, self.shape.height)
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.logits.len()
    }

    /// The map of a target; empty for a class that does not exist.
    pub fn map(&self, target: Target, score: Score) -> Map {
        let signed = match target {
            Target::Class(class) => {
                let factor = match (score, self.output) {
                    // not from the logits, as the sum over all classes would be made for each of them
                    (Score::Probability, Output::Softmax) => self.answer(class).max(SMALLEST_FACTOR),
                    (Score::Probability, Output::Sigmoid) => {
                        let logit = self.logits.get(class).copied().unwrap_or(0.0);
                        ScoreGradient::new(Target::Class(0), score, self.output, &[logit]).scale
                    }
                    _ => 1.0,
                };
                let row = self.row(class);
                if score == Score::Probability && self.output == Output::Softmax {
                    let differences = row.zip(&self.expected);
                    differences
                        .map(|(value, expected)| factor * (value - expected))
                        .collect()
                } else {
                    row.map(|value| factor * value).collect()
                }
            }
            Target::Rather { class, than } => self.row(class).zip(self.row(than)).map(|(a, b)| a - b).collect(),
        };
        Map::new(self.shape.width, self.shape.height, signed)
    }

    /// Who stands against a class in the map of its probability; none for the winner itself, and where a probability has
    /// no rivals since it comes from no softmax.
    pub fn rivals(&self, class: usize) -> Option<Rivals> {
        let (winner, _) = self
            .answers
            .iter()
            .enumerate()
            .max_by(|(_, a), (_, b)| a.total_cmp(b))?;
        if self.output != Output::Softmax || class == winner || class >= self.answers.len() {
            return None;
        }
        let common = self
            .common
            .get_or_init(|| self.mixture(&vec![1.0 / self.units as f64; self.units]));
        let row: Vec<f64> = self.row(class).collect();
        // at most a half, so that the division below is harmless
        let p = self.answer(class);
        let rivals: Vec<f64> = row
            .iter()
            .zip(&self.expected)
            .map(|(row, expected)| (expected - p * row) / (1.0 - p))
            .collect();
        Some(Rivals {
            winner,
            share: rivals::share(&row, &rivals, common),
        })
    }

    /// Makes the maps of all classes, unless `stop` answers true on the way; whether all are there now.
    ///
    /// Worth its time before [`ClassMaps::at_cell`] only, and done already where the head is linear.
    pub fn complete(&self, stop: &dyn Fn() -> bool) -> bool {
        let Rows::Lazy(lazy) = &self.rows else { return true };
        for unit in 0..self.units {
            if stop() {
                return false;
            }
            lazy.row(unit);
        }
        true
    }

    /// The share of every class's logit that comes from one cell: the inverse question, "what is here?". None before
    /// the maps of all classes are [complete](ClassMaps::complete).
    ///
    /// Where the head is linear, the sum over all cells, plus the class's bias, is the class's logit.
    pub fn at_cell(&self, cell: usize) -> Option<Vec<f32>> {
        let units: Vec<f64> = match &self.rows {
            Rows::All(rows) => {
                let rows = rows.chunks_exact(self.shape.cells().max(1));
                rows.filter_map(|row| row.get(cell))
                    .map(|&value| f64::from(value))
                    .collect()
            }
            Rows::Lazy(lazy) => {
                let values = lazy
                    .rows
                    .iter()
                    .map(|row| row.get()?.get(cell).map(|&value| f64::from(value)));
                values.collect::<Option<_>>()?
            }
        };
        Some(
            self.output
                .class_logits(&units)
                .into_iter()
                .map(|value| value as f32)
                .collect(),
        )
    }

    /// The map of a class's logit.
    fn row(&self, class: usize) -> impl Iterator<Item = f64> + '_ {
        let (unit, sign) = if self.output.is_pair(self.units) {
            (class.saturating_sub(1), if class == 0 { -1.0 } else { 1.0 })
        } else {
            (class, 1.0)
        };
        let cells = self.shape.cells();
        let row = match &self.rows {
            _ if class >= self.logits.len() => &[],
            Rows::All(rows) => rows.get(unit * cells..(unit + 1) * cells).unwrap_or_default(),
            Rows::Lazy(lazy) => lazy.row(unit),
        };
        row.iter().map(move |&value| sign * f64::from(value))
    }
}
