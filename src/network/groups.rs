//! Layers that belong together, found in any plan: what a person would call a block.
//!
//! A group is a run of layers with maps. It ends
//! * behind the layer where branches meet again, such as an addition, with the activation that alone reads it;
//! * where the next layers share the beginning of their names with each other and not with the group;
//! * where height and width are halved, or halved twice in a group that its names hold together;
//! * before the head.
//!
//! It ends only where all that follows reads one layer, so that no branch falls into two groups. Networks whose cells read
//! more than the cell before, such as NASNet, have no such places; there it ends where few layers are read.

mod branches;
mod names;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use self::branches::Branches;
use self::names::{Names, SEPARATORS};
use super::layer::{Layer, LayerId, Role};
use super::shape::Shape;

/// How many layers at most are read across the end of a group.
const MOST_READ: usize = 3;
/// A group of more layers is cut where more is read across its end.
const LONG: usize = 64;

/// Layers that belong together, such as Xception's `block14`.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What the names of its layers begin with; without such a beginning the name of the last one. Unique.
    pub name: String,
    /// Its layers that have a map, in the plan's order; at least one.
    pub layers: Vec<LayerId>,
    /// The shape of what comes out of its last layer.
    pub shape: Shape,
}

impl Group {
    /// What comes out of it.
    pub fn last(&self) -> LayerId {
        self.layers[self.layers.len() - 1]
    }

    /// Whether this layer is one of it.
    pub fn has(&self, layer: LayerId) -> bool {
        self.layers.binary_search(&layer).is_ok()
    }

    /// The name of one of its layers without what the group's name says already.
    pub fn short<'a>(&self, layer: &'a str) -> &'a str {
        let rest = layer.strip_prefix(&self.name);
        rest.and_then(|rest| rest.strip_prefix(SEPARATORS))
            .filter(|rest| !rest.is_empty())
            .unwrap_or(layer)
    }
}

/// The groups of a plan's layers, of which those from `head` on turn the last map into a vector.
pub(super) fn groups(layers: &[Layer], head: usize) -> Vec<Group> {
    let (branches, names) = (Branches::new(layers), Names::new(layers));
    let runs = (1..)
        .map(|most_read| (most_read, runs(layers, head, &branches, &names, most_read)))
        .find(|(most_read, runs)| *most_read == MOST_READ || runs.iter().all(|run| run.layers.len() <= LONG))
        .map_or_else(Vec::new, |(_, runs)| runs);
    let mut used = HashMap::new();
    let mut alike: HashMap<Option<&str>, usize> = HashMap::new();
    for run in &runs {
        *alike.entry(run.beginning).or_default() += 1;
    }
    let group = |run: &Run<'_>| {
        let is_alone = alike[&run.beginning] == 1;
        let last = &layers[run.layers[run.layers.len() - 1].0];
        let name = run.beginning.map_or(last.name.as_str(), |beginning| {
            names.common(beginning, &run.layers, is_alone)
        });
        Group {
            name: unique(name, &mut used),
            layers: run.layers.clone(),
            shape: last.shape,
        }
    };
    runs.iter().map(group).collect()
}

/// A group without a name.
struct Run<'a> {
    /// The beginning of name that some of its layers share.
    beginning: Option<&'a str>,
    layers: Vec<LayerId>,
}

/// Cuts where at most `most_read` layers are read across.
fn runs<'a>(
    layers: &'a [Layer],
    head: usize,
    branches: &Branches<'_>,
    names: &Names<'a>,
    most_read: usize,
) -> Vec<Run<'a>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    let (mut may_end, mut has_joined) = (false, false);
    for (index, layer) in layers.iter().enumerate().skip(1) {
        if branches.read_across(index) <= most_read {
            may_end = true;
            has_joined |= branches.end_with(index - 1);
        }
        if layer.role == Role::NoMap {
            continue;
        }
        let beginning = names.beginning(index);
        let ends = |run: &Run<'_>| {
            has_joined
                || run.is_another_than(beginning)
                || run.is_left_by(layers, layer.shape)
                || (run.layers[0].0 < head && index >= head)
        };
        match runs.last_mut().filter(|run| !(may_end && ends(run))) {
            Some(run) => {
                run.layers.push(LayerId(index));
                run.beginning = run.beginning.or(beginning);
            }
            None => runs.push(Run {
                beginning,
                layers: vec![LayerId(index)],
            }),
        }
        (may_end, has_joined) = (false, false);
    }
    runs
}

impl Run<'_> {
    /// Whether its names say that a layer with this beginning is no part of it; a single layer without one, such as a
    /// padding, goes with what follows.
    fn is_another_than(&self, beginning: Option<&str>) -> bool {
        match (self.beginning, beginning) {
            (_, None) => false,
            (Some(own), Some(other)) => own != other,
            (None, Some(_)) => self.layers.len() > 1,
        }
    }

    /// Whether a layer of this shape is so much smaller that it belongs to what follows.
    fn is_left_by(&self, layers: &[Layer], next: Shape) -> bool {
        let first = layers[self.layers[0].0].shape;
        // names also hold the reduction at the end of a block
        let times = if self.beginning.is_some() { 4 } else { 2 };
        let shrinks = |from: usize, to: usize| to < from && to <= from.div_ceil(times);
        shrinks(first.height, next.height) || shrinks(first.width, next.width)
    }
}

/// A name that no other group has; of each one used it is known with which number to go on.
fn unique(name: &str, used: &mut HashMap<String, usize>) -> String {
    let mut found = name.to_owned();
    while used.contains_key(&found) {
        let next = used.entry(name.to_owned()).or_insert(2);
        found = format!("{name} ({next})");
        *next += 1;
    }
    used.insert(found.clone(), 2);
    found
}
