//! Whether a map depends on what the network has learnt: the randomisation test of Adebayo et al. 2018, "Sanity checks for
//! saliency maps".
//!
//! The network's weights are made random from the head down, a block more at each stage, and the map is made anew. A method
//! whose map stays what it was shows something else than what the network has learnt, such as the edges of the picture.

use super::map::Map;
use super::rank_correlation::rank_correlation;
use super::structural_similarity::structural_similarity;
use crate::network::{LayerId, Plan};

/// How many stages there are at most: each is a network of its own.
const MOST_STAGES: usize = 12;
/// The last stages, of which the verdict is made: there (almost) everything is random.
const LAST: usize = 3;
/// A mean rank correlation from which a map does not care about the weights. A map that does has about 0; with the 49 cells of
/// many last layers, two maps that have nothing to do with each other are beyond 0.37 once in a hundred times.
pub const DOES_NOT_CARE: f64 = 0.5;

/// A network of which everything from one layer on is random.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The block down to which it is, as the layers' list calls it; empty of the head alone.
    pub name: String,
    /// The earliest layer with random weights.
    pub from: LayerId,
}

/// The stages of the cascade: the head alone, then ever more blocks before it, everything at last. At most twelve, evenly
/// chosen where there are more blocks.
pub fn stages(plan: &Plan) -> Vec<Stage> {
    let has_weights = |from: usize, to: usize| {
        let layers = plan.layers.get(from..to).unwrap_or_default();
        layers.iter().any(|layer| plan.parameters_of(layer).next().is_some())
    };
    let head = plan.last_feature_layer().0 + 1;
    let mut all = vec![Stage {
        name: String::new(),
        from: LayerId(head),
    }];
    let mut end = head;
    for group in plan.groups().iter().rev() {
        let first = group.layers[0].0;
        // groups of the head, and blocks without weights, would be the stage before once more
        if first < end && has_weights(first, end) {
            all.push(Stage {
                name: group.name.clone(),
                from: group.layers[0],
            });
            end = first;
        }
    }
    // whatever comes before the first block, such as a layer without a map
    if has_weights(0, end)
        && let Some(last) = all.last_mut()
    {
        last.from = LayerId(0);
    }
    let count = all.len().min(MOST_STAGES);
    let chosen = (0..count).map(|index| index * (all.len() - 1) / (count - 1).max(1));
    chosen.map(|index| all[index].clone()).collect()
}

/// How much of a map is left when weights are random.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likeness {
    /// Spearman's rank correlation of the signed maps, -1 to 1; none where one of them has a single value.
    pub rank_correlation: Option<f64>,
    /// The structural similarity of the heat.
    pub structural_similarity: Option<f64>,
}

/// Compares a map of the trained network with one of a random network, of the same layer.
pub fn likeness(trained: &Map, random: &Map) -> Likeness {
    let values = |map: &Map| -> Vec<f32> { map.shares().map(|share| share as f32).collect() };
    Likeness {
        rank_correlation: rank_correlation(&values(trained), &values(random)),
        structural_similarity: structural_similarity(trained, random),
    }
}

/// What the whole cascade says of a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// The mean rank correlation with the maps of the last three stages; one without an order counts as 0.
    pub left: f64,
    /// Whether it is below [`DOES_NOT_CARE`]: the map changes with what the network has learnt.
    pub passes: bool,
}

/// The verdict of all stages, in their order; none before there is one.
pub fn verdict(stages: &[Likeness]) -> Option<Verdict> {
    let last = &stages[stages.len().saturating_sub(LAST)..];
    let sum: f64 = last.iter().map(|stage| stage.rank_correlation.unwrap_or(0.0)).sum();
    let left = sum / last.len() as f64;
    (!last.is_empty()).then_some(Verdict {
        left,
        passes: left < DOES_NOT_CARE,
    })
}
