//! What the names of layers say of where they stand.

use std::collections::{HashMap, HashSet};

use crate::network::layer::{Layer, LayerId, Role};

/// What stands between the parts of a name.
pub const SEPARATORS: [char; 2] = ['_', '/'];

/// Parts of a name that are looked at; the names of no network have more, but a file can hold anything.
const MOST_PARTS: usize = 16;

/// The names of all layers, and how those begin that say something.
pub struct Names<'a> {
    layers: &'a [Layer],
    beginnings: HashMap<usize, &'a str>,
}

impl<'a> Names<'a> {
    pub fn new(layers: &'a [Layer]) -> Self {
        Self {
            layers,
            beginnings: beginnings(layers),
        }
    }

    /// How the name of a layer begins, if a neighbour's begins likewise: up to the first part with a digit, such as
    /// `block14` or `block_1`, or else the first part, such as `stem`.
    pub fn beginning(&self, index: usize) -> Option<&'a str> {
        self.beginnings.get(&index).copied()
    }

    /// What those of some layers that begin like this are called together.
    pub fn common(&self, beginning: &'a str, of: &[LayerId], is_alone: bool) -> &'a str {
        // `block1` even if all of it is `block1_project`, but `conv2_block1` and `conv2_block2`
        if is_alone && has_digit(beginning) {
            return beginning;
        }
        let own = of.iter().filter(|id| self.beginning(id.0) == Some(beginning));
        common(own.map(|id| self.layers[id.0].name.as_str()))
    }
}

/// See [`Names::beginning`].
fn beginnings(layers: &[Layer]) -> HashMap<usize, &str> {
    let mappable = || layers.iter().enumerate().filter(|(_, layer)| layer.role != Role::NoMap);
    let names: Vec<&str> = mappable().map(|(_, layer)| layer.name.as_str()).collect();
    let longer: HashSet<&str> = names.iter().flat_map(|name| parts(name)).collect();
    let mut counted: HashMap<&str, usize> = HashMap::new();
    for name in &names {
        *counted.entry(without_number(name)).or_default() += 1;
    }
    // `add`, `add_1`, `add_2`: a number that only counts says nothing about where the layer stands
    let tells = |name: &&str| counted[without_number(name)] == 1 || longer.contains(name);
    let telling: Vec<Option<&str>> = names.iter().map(|name| Some(*name).filter(tells)).collect();
    let shared = common(telling.iter().flatten().copied()).len();
    let begin: Vec<Option<&str>> = telling.iter().map(|name| Some(beginning((*name)?, shared))).collect();
    let neighbours = |position: usize| {
        let before = position.checked_sub(1).and_then(|before| begin[before]);
        [before, begin.get(position + 1).copied().flatten()]
    };
    let found = mappable().enumerate().filter_map(|(position, (index, _))| {
        let own = begin[position]?;
        neighbours(position).contains(&Some(own)).then_some((index, own))
    });
    found.collect()
}

/// The beginning of one name; the first `shared` bytes are those of all names.
fn beginning(name: &str, shared: usize) -> &str {
    let mut ends = parts(name).chain([name]).filter(|part| part.len() > shared);
    let first = ends.clone().next().unwrap_or(name);
    ends.find(|part| has_digit(&part[shared..])).unwrap_or(first)
}

fn has_digit(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

/// The beginnings of a name that end before a separator, the shortest first.
fn parts(name: &str) -> impl Iterator<Item = &str> + Clone {
    let ends = name.match_indices(SEPARATORS).map(|(end, _)| &name[..end]);
    ends.filter(|part| !part.is_empty()).take(MOST_PARTS)
}

/// `add` for `add_12`.
fn without_number(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((rest, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => name,
    }
}

/// The longest beginning that names share, cut where a part of each of them ends.
fn common<'a>(mut names: impl Iterator<Item = &'a str>) -> &'a str {
    let Some(first) = names.next() else { return "" };
    let begins = |name: &str, part: &str| {
        let rest = name.strip_prefix(part);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(SEPARATORS))
    };
    names.fold(first, |shared, name| {
        let beginnings = parts(shared).chain([shared]);
        beginnings.filter(|part| begins(name, part)).last().unwrap_or("")
    })
}
