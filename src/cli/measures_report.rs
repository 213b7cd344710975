//! What was measured of a map, as `explain --json` has it.

use serde::Serialize;

use crate::explain::{Fill, Measures, Random};

/// What each of [`MeasuresReport::numbers`] is called.
pub const MEASURES: [&str; 7] = [
    "Deletion",
    "Random deletion",
    "Insertion",
    "Random insertion",
    "ROAD",
    "Average drop",
    "Increase",
];

/// Numbers of [`Measures`]; those that were not asked for are left out.
#[derive(Debug, Serialize)]
pub struct MeasuresReport {
    /// What hides in the curves, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion: Option<f64>,
    /// The mean area of random orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random_deletion: Option<f64>,
    /// The standard deviation of those areas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random_deletion_deviation: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insertion: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random_insertion: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random_insertion_deviation: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub road: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_drop: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub increase: Option<bool>,
}

impl MeasuresReport {
    pub fn new(measures: &Measures, fill: Fill) -> Self {
        let area = |random: &Option<Random>| random.as_ref().map(|random| random.area);
        let deviation = |random: &Option<Random>| random.as_ref().map(|random| random.deviation);
        let has_curve = measures.deletion.is_some() || measures.insertion.is_some();
        Self {
            fill: has_curve.then(|| fill.name()),
            deletion: measures.deletion.as_ref().map(|curve| curve.area),
            random_deletion: area(&measures.random_deletion),
            random_deletion_deviation: deviation(&measures.random_deletion),
            insertion: measures.insertion.as_ref().map(|curve| curve.area),
            random_insertion: area(&measures.random_insertion),
            random_insertion_deviation: deviation(&measures.random_insertion),
            road: measures.road,
            average_drop: measures.average_drop,
            increase: measures.increase,
        }
    }

    /// All of them but the deviations, in the order of [`MEASURES`]; an increase counts 1.
    pub fn numbers(&self) -> [Option<f64>; MEASURES.len()] {
        [
            self.deletion,
            self.random_deletion,
            self.insertion,
            self.random_insertion,
            self.road,
            self.average_drop,
            self.increase.map(f64::from),
        ]
    }

    /// In words, for people.
    pub fn text(&self) -> String {
        let number = |name: &str, value: Option<f64>| value.map(|value| format!("{name} {value:.4}"));
        let beside = |name: &str, value: Option<f64>, random: Option<f64>| match (value, random) {
            (Some(value), Some(random)) => Some(format!("{name} {value:.4} (random {random:.4})")),
            (value, _) => number(name, value),
        };
        let texts = [
            beside("deletion", self.deletion, self.random_deletion),
            beside("insertion", self.insertion, self.random_insertion),
            number("ROAD", self.road),
            number("average drop", self.average_drop),
            self.increase
                .map(|is| format!("increase {}", if is { "yes" } else { "no" })),
        ];
        texts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}
