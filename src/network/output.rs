//! What the numbers at the end of a network mean, and how they become classes.

use std::fmt;
use std::str::FromStr;

use super::activation::{sigmoid, softmax};

/// What a network answers.
///
/// A network ends in *units*, the inputs of its last softmax or sigmoid (the logits). Each unit is a class, but a single
/// sigmoid unit is two: class 1 with the probability p and the logit z, and class 0, "not that", with 1 - p and -z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// One class out of all: probabilities that add up to 1.
    Softmax,
    /// Each class for itself: probabilities that need not add up.
    Sigmoid,
    /// Plain values, such as those of a regression.
    Values,
}

impl Output {
    /// All kinds, in the order shown to people.
    pub const ALL: [Self; 3] = [Self::Softmax, Self::Sigmoid, Self::Values];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Softmax => "softmax",
            Self::Sigmoid => "sigmoid",
            Self::Values => "values",
        }
    }

    /// Whether the answers are probabilities, to be shown as per cent.
    pub fn is_probability(self) -> bool {
        self != Self::Values
    }

    /// Whether a single unit stands for two classes.
    pub fn is_pair(self, units: usize) -> bool {
        self == Self::Sigmoid && units == 1
    }

    /// Number of classes of a network with so many units.
    pub fn classes(self, units: usize) -> usize {
        if self.is_pair(units) { 2 } else { units }
    }

    /// The logit of each class from those of the units.
    pub fn class_logits(self, units: &[f64]) -> Vec<f64> {
        match *units {
            [z] if self == Self::Sigmoid => vec![-z, z],
            _ => units.to_vec(),
        }
    }

    /// The gradient with respect to the units from that with respect to the classes' logits.
    pub fn unit_gradient(self, units: usize, classes: &[f64]) -> Vec<f64> {
        match *classes {
            [not, yes] if self.is_pair(units) => vec![yes - not],
            _ => classes.to_vec(),
        }
    }

    /// What the network answers for each class: probabilities, or the values themselves.
    pub fn answers(self, logits: &[f64]) -> Vec<f64> {
        let mut answers = logits.to_vec();
        match self {
            Self::Softmax => softmax(&mut answers),
            Self::Sigmoid => answers.iter_mut().for_each(|z| *z = sigmoid(*z)),
            Self::Values => {}
        }
        answers
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Output {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|output| output.name() == name)
            .ok_or_else(|| format!("there is no output named {name:?}; use softmax, sigmoid or values"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_sigmoid_is_two_classes() {
        let logits = Output::Sigmoid.class_logits(&[2.0]);
        assert_eq!(logits, [-2.0, 2.0]);
        let p = Output::Sigmoid.answers(&logits);
        assert!((p[0] + p[1] - 1.0).abs() < 1e-15 && p[1] > 0.88);
        assert_eq!(Output::Sigmoid.unit_gradient(1, &[1.0, 0.0]), [-1.0]);
        assert_eq!(Output::Sigmoid.unit_gradient(1, &[0.0, 1.0]), [1.0]);
        assert_eq!(Output::Sigmoid.classes(1), 2);
    }

    #[test]
    fn several_sigmoids_are_independent() {
        let p = Output::Sigmoid.answers(&[0.0, 0.0, 900.0]);
        assert_eq!(p, [0.5, 0.5, 1.0]);
        assert_eq!(Output::Sigmoid.classes(3), 3);
    }

    #[test]
    fn values_stay_what_they_are() {
        assert_eq!(Output::Values.answers(&[-3.0]), [-3.0]);
        assert_eq!(Output::Values.class_logits(&[-3.0]), [-3.0]);
        assert_eq!(Output::Softmax.class_logits(&[1.0]), [1.0]);
    }
}
