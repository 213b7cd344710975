//! What is explained: a score of the network's output, and its gradient with respect to the logits.

use std::fmt;
use std::str::FromStr;

use crate::network::Output;

/// Which number of a class is explained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Score {
    /// What the network answers. Of a softmax the probability, as in the tutorial: evidence for the class rather than for
    /// the others. Of a sigmoid its probability, of plain values the value itself.
    #[default]
    Probability,
    /// The logit, as in the paper (Selvaraju et al. 2017): evidence for the class alone.
    Logit,
}

impl Score {
    /// Both, in the order shown to people.
    pub const ALL: [Self; 2] = [Self::Probability, Self::Logit];

    /// The score of a target at the given logits of all classes; 0 of a class that does not exist.
    ///
    /// Of a difference of classes that of their logits, as in [`ScoreGradient::new`].
    pub fn value(self, target: Target, output: Output, logits: &[f64]) -> f64 {
        let of = |values: &[f64], class: usize| values.get(class).copied().unwrap_or(0.0);
        match target {
            Target::Class(class) => match self {
                Self::Probability => of(&output.answers(logits), class),
                Self::Logit => of(logits, class),
            },
            Target::Rather { class, than } => of(logits, class) - of(logits, than),
        }
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Probability => "probability",
            Self::Logit => "logit",
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Score {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|score| score.name() == name)
            .ok_or_else(|| format!("there is no score named {name:?}; use probability or logit"))
    }
}

/// Whose evidence is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// One class by its index; 0 is a class like any other.
    Class(usize),
    /// The first class rather than the second: the difference of their logits, whatever the [`Score`].
    Rather {
        /// The class argued for.
        class: usize,
        /// The class argued against.
        than: usize,
    },
}

/// The smallest probability used as a factor. Below it f64 would underflow and the map of a very unlikely class would
/// lose its shape, which does not depend on this factor.
pub(super) const SMALLEST_FACTOR: f64 = 1e-280;

/// The gradient of a score with respect to the logits, split so that nothing underflows: `scale * logits`.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreGradient {
    /// One value a class, of ordinary size: networks propagate this.
    pub logits: Vec<f64>,
    /// What the propagated gradient is still to be multiplied with.
    pub scale: f64,
}

impl ScoreGradient {
    /// The gradient for a target at the given logits of all classes.
    ///
    /// Logit and plain value: delta_cj. Probability of a softmax: dp_c/dz_j = p_c (delta_cj - p_j), with p_c as the
    /// scale; of a sigmoid: p_c (1 - p_c) delta_cj.
    pub fn new(target: Target, score: Score, output: Output, logits: &[f64]) -> Self {
        let mut gradient = vec![0.0; logits.len()];
        let mut scale = 1.0;
        match target {
            Target::Class(class) => {
                match (score, output) {
                    (Score::Probability, Output::Softmax) => {
                        let p = output.answers(logits);
                        scale = p.get(class).copied().unwrap_or(0.0).max(SMALLEST_FACTOR);
                        gradient = p.into_iter().map(|p| -p).collect();
                    }
                    (Score::Probability, Output::Sigmoid) => {
                        let z = logits.get(class).copied().unwrap_or(0.0);
                        // the probability that it is not the class, without the cancellation of 1 - p
                        let [p, not] = [z, -z].map(|z| output.answers(&[z])[0]);
                        scale = (p * not).max(SMALLEST_FACTOR);
                    }
                    (Score::Probability, Output::Values) | (Score::Logit, _) => {}
                }
                add(&mut gradient, class, 1.0);
            }
            Target::Rather { class, than } => {
                add(&mut gradient, class, 1.0);
                add(&mut gradient, than, -1.0);
            }
        }
        Self {
            logits: gradient,
            scale,
        }
    }

    /// The change of this gradient, over the same scale, as the logits move along a direction: the score's second derivative
    /// times that direction, one value a class.
    ///
    /// Of a logit, a plain value or a difference of logits it is zero. Of a softmax, with d_j = delta_cj - p_j and the mean m
    /// of the direction v by p, it is d_j (d v) - p_j (v_j - m); of a sigmoid (1 - 2 p_c) v_c delta_cj.
    pub(super) fn second(
        &self,
        target: Target,
        score: Score,
        output: Output,
        logits: &[f64],
        along: &[f64],
    ) -> Vec<f64> {
        let (Target::Class(class), Score::Probability) = (target, score) else {
            return vec![0.0; logits.len()];
        };
        let p = output.answers(logits);
        match output {
            Output::Values => vec![0.0; logits.len()],
            Output::Softmax => {
                let ahead: f64 = self.logits.iter().zip(along).map(|(d, v)| d * v).sum();
                let mean: f64 = p.iter().zip(along).map(|(p, v)| p * v).sum();
                let parts = self.logits.iter().zip(&p).zip(along);
                parts.map(|((d, p), v)| d * ahead - p * (v - mean)).collect()
            }
            Output::Sigmoid => {
                let [p, along] = [&p, along].map(|values| values.get(class).copied().unwrap_or(0.0));
                let parts = self.logits.iter();
                parts.map(|d| d * (1.0 - 2.0 * p) * along).collect()
            }
        }
    }
}

fn add(gradient: &mut [f64], class: usize, value: f64) {
    if let Some(entry) = gradient.get_mut(class) {
        *entry += value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn score_gradients_equal_finite_differences() {
        let logits = [0.3, -1.2, 2.5, 0.0];
        for output in Output::ALL {
            for class in 0..logits.len() {
                let gradient = ScoreGradient::new(Target::Class(class), Score::Probability, output, &logits);
                for j in 0..logits.len() {
                    let step = 1e-6;
                    let mut up = logits;
                    let mut down = logits;
                    up[j] += step;
                    down[j] -= step;
                    let expected = (output.answers(&up)[class] - output.answers(&down)[class]) / (2.0 * step);
                    let found = gradient.scale * gradient.logits[j];
                    assert!(
                        (found - expected).abs() < 1e-9,
                        "{output}: {found} instead of {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn second_derivatives_equal_finite_differences_of_gradients() {
        let (logits, along) = ([0.3, -1.2, 2.5, 0.0], [1.0, -0.5, 2.0, 0.7]);
        for output in Output::ALL {
            for score in Score::ALL {
                for class in 0..logits.len() {
                    let target = Target::Class(class);
                    let gradient = ScoreGradient::new(target, score, output, &logits);
                    let found = gradient.second(target, score, output, &logits, &along);
                    let step = 1e-5;
                    let [up, down] = [step, -step].map(|step| {
                        let moved: Vec<f64> = logits.iter().zip(along).map(|(z, v)| z + step * v).collect();
                        ScoreGradient::new(target, score, output, &moved)
                    });
                    for j in 0..logits.len() {
                        let expected = (up.logits[j] * up.scale - down.logits[j] * down.scale) / (2.0 * step);
                        let found = gradient.scale * found[j];
                        assert!(
                            (found - expected).abs() < 1e-9,
                            "{output} {score}: {found} instead of {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn unlikely_classes_keep_a_gradient() {
        let gradient = ScoreGradient::new(Target::Class(0), Score::Probability, Output::Softmax, &[-900.0, 900.0]);
        assert!(gradient.scale > 0.0);
        assert_eq!(gradient.logits, [1.0, -1.0]);
        let sure = ScoreGradient::new(Target::Class(0), Score::Probability, Output::Sigmoid, &[900.0]);
        assert!(sure.scale > 0.0);
    }

    #[test]
    fn a_difference_ignores_the_score() {
        let target = Target::Rather { class: 2, than: 0 };
        for score in Score::ALL {
            for output in Output::ALL {
                let gradient = ScoreGradient::new(target, score, output, &[1.0, 2.0, 3.0]);
                assert_eq!(gradient.logits, [-1.0, 0.0, 1.0]);
            }
        }
    }
}
