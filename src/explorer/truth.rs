//! How often a method finds the thing in pictures whose truth is known: what was measured of the networks inside the program.
//!
//! The figures are those of the tables in `docs/truth.md`, which is read here and nowhere else, and which
//! `examples/truth_table.rs` prints; so nothing that quotes them can say something else.

use std::sync::LazyLock;

use crate::explain::{Basis, Method, Score};
use crate::weights::BuiltIn;

/// The tables.
const DOCUMENT: &str = include_str!("../../docs/truth.md");

/// What was measured of a method with a score at a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// Things that were looked for.
    pub things: usize,
    /// The share of them that the map's maximum points at, in per cent.
    pub pointed: u32,
    /// The map's energy inside the thing's box, as a multiple of that of an even map.
    pub energy: f64,
}

/// One measurement.
#[derive(Clone, Debug)]
struct Row {
    network: BuiltIn,
    method: Method,
    score: Score,
    /// None of a map of the picture.
    layer: Option<&'static str>,
    truth: Truth,
}

impl Truth {
    /// What was measured of a network inside the program; none of a score or at a layer at which nothing was.
    ///
    /// Of a method that knows no layer the layer is of no account, and of one that ignores the score the score.
    pub fn of(network: BuiltIn, method: Method, score: Score, layer: &str) -> Option<Self> {
        static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| BuiltIn::ALL.into_iter().flat_map(rows).collect());
        let fits = |row: &&Row| {
            (row.network, row.method) == (network, method)
                && (row.score == score || method.ignores_score())
                && row.layer.is_none_or(|measured| measured == layer)
        };
        ROWS.iter().find(fits).map(|row| row.truth)
    }

    /// One sentence.
    pub fn sentence(self, network: BuiltIn) -> String {
        let Self { things, pointed, .. } = self;
        let of = match network {
            BuiltIn::Photographs => "photographs",
            BuiltIn::Drawings => "drawings",
        };
        format!("With this network and score it points at {pointed} % of {things} things in {of} (docs/truth.md).")
    }
}

/// The layers at which methods of layers were measured, from the first to the last.
#[cfg(test)]
fn depths(network: BuiltIn) -> Vec<&'static str> {
    let header = section(network).lines().find(|line| line.starts_with("| method"));
    header.map_or_else(Vec::new, |line| cells(line).skip(2).collect())
}

/// What stands below the heading of a network.
fn section(network: BuiltIn) -> &'static str {
    let heading = match network {
        BuiltIn::Photographs => "\n## Photographs\n",
        BuiltIn::Drawings => "\n## Drawings\n",
    };
    let (_, section) = DOCUMENT.split_once(heading).unwrap_or_default();
    section.split_once("\n## ").map_or(section, |(section, _)| section)
}

/// The cells of a line of a table.
fn cells(line: &'static str) -> impl Iterator<Item = &'static str> {
    let line = line.trim().trim_start_matches('|');
    line.strip_suffix('|').unwrap_or(line).split('|').map(str::trim)
}

/// All measurements of a network.
fn rows(network: BuiltIn) -> Vec<Row> {
    let section = section(network);
    let things = section.split_whitespace().next().and_then(|count| count.parse().ok());
    let mut lines = section.lines().filter(|line| line.starts_with('|'));
    let (Some(things), Some(header)) = (things, lines.next()) else {
        return Vec::new();
    };
    let layers: Vec<&str> = cells(header).skip(2).collect();
    let rows = lines.skip(1).flat_map(|line| {
        let mut line = cells(line);
        let method = line.next().and_then(|title| {
            let mut all = Method::ALL.into_iter();
            all.find(|method| method.title() == title)
        });
        // where fewer things were looked for than by the others, their number follows
        let score = line.next().and_then(|cell| {
            let fewer = cell.strip_suffix(" things").and_then(|cell| cell.split_once(", "));
            let (name, things) = match fewer {
                Some((name, count)) => (name, count.parse().ok()?),
                None => (cell, things),
            };
            Some((name.parse().ok()?, things))
        });
        let of = method.zip(score);
        let cells: Vec<(&str, &str)> = layers.iter().copied().zip(line).collect();
        cells.into_iter().filter_map(move |(layer, cell)| {
            let (method, (score, things)) = of?;
            let (pointed, energy) = cell.split_once(" %, ")?;
            Some(Row {
                network,
                method,
                score,
                layer: Some(layer).filter(|_| method.basis() != Basis::Pixels),
                truth: Truth {
                    things,
                    pointed: pointed.parse().ok()?,
                    energy: energy.parse().ok()?,
                },
            })
        })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explorer::Recommended;
    use crate::weights::Weights;

    #[test]
    fn every_cell_of_the_tables_is_read_and_every_method_was_measured() {
        for network in BuiltIn::ALL {
            let lines = section(network).lines().filter(|line| line.starts_with('|')).skip(2);
            let written: usize = lines
                .map(|line| cells(line).skip(2).filter(|cell| !cell.is_empty()).count())
                .sum();
            assert_eq!(rows(network).len(), written, "{network}");
            assert!(written > 100, "{network}");
            for method in Method::ALL {
                let last = depths(network).pop().unwrap();
                let truth = Truth::of(network, method, Score::Logit, last);
                let truth = truth.unwrap_or_else(|| panic!("{method} in {network}"));
                assert!(truth.pointed <= 100 && truth.energy > 0.0 && truth.things >= 15);
            }
            // what was measured elsewhere is not quoted
            assert_eq!(Truth::of(network, Method::GradCam, Score::Logit, "elsewhere"), None);
            let pixels = Truth::of(network, Method::Rise, Score::Logit, "elsewhere").unwrap();
            let of = pixels.sentence(network);
            assert!(
                of.contains(&format!("{} % of {} things", pixels.pointed, pixels.things)),
                "{of}"
            );
        }
    }

    #[test]
    fn what_is_recommended_follows_from_the_tables() {
        for network in BuiltIn::ALL {
            let weights = Weights::built_in(network).unwrap();
            let plan = weights.plan();
            let recommended = Recommended::of(plan);
            let mut layers = depths(network);
            for layer in &layers {
                assert!(plan.find(layer).is_some(), "{layer} is a layer of {network}");
            }
            let of = |method, layer| Truth::of(network, method, recommended.score, layer).unwrap();
            let last = layers.pop().unwrap();
            assert_eq!(plan.find(last), Some(plan.last_feature_layer()));
            // at the last layer nothing points better by more than two things, and only then at many times the cost
            let grad_cam = of(Method::GradCam, last);
            let most = Method::ALL.into_iter().map(|method| of(method, last).pointed).max();
            let few = 100 * 2 / u32::try_from(grad_cam.things).unwrap();
            assert!(most.unwrap() <= grad_cam.pointed + few, "{most:?}");
            for layer in layers {
                let (better, grad_cam) = (of(recommended.early_method, layer), of(Method::GradCam, layer));
                assert!(better.pointed > grad_cam.pointed, "{network} {layer}");
                assert!(better.energy > grad_cam.energy, "{network} {layer}");
            }
            // of a score that is no better nothing is recommended
            let other = |score| Truth::of(network, Method::GradCam, score, last).unwrap().pointed;
            assert!(
                Score::ALL
                    .into_iter()
                    .all(|score| other(score) <= other(recommended.score))
            );
        }
    }
}
