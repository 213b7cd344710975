//! In which order Keras keeps the layers of a model, and so how an archive names their tensors.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::json::{LayerDescription, Model};
use super::place::snake_case;

/// Where each layer of a model is in an archive; none for a layer of which that is unclear: Keras counts the layers that
/// its outputs depend on by their depth, whatever the order in which a description lists them.
pub fn archive_names(model: &Model, prefix: &str) -> Vec<Option<String>> {
    let listed = names(model, prefix, 0..model.layers.len());
    if model.is_sequential {
        return listed;
    }
    let sorted = names(model, prefix, by_depth(model));
    let pairs = listed.into_iter().zip(sorted);
    pairs
        .map(|(listed, sorted)| {
            listed
                .filter(|_| sorted.is_some())
                .filter(|name| Some(name) == sorted.as_ref())
        })
        .collect()
}

/// The names in an archive, each class counted in this order.
fn names(model: &Model, prefix: &str, order: impl IntoIterator<Item = usize>) -> Vec<Option<String>> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut names = vec![None; model.layers.len()];
    for index in order {
        let layer = &model.layers[index];
        if is_operation(layer) {
            names[index] = Some(String::new());
            continue;
        }
        let class = match &layer.model {
            Some(_) if layer.class == "Model" => "functional".to_owned(),
            _ => snake_case(&layer.class),
        };
        let count = counts.entry(class.clone()).or_insert(0);
        names[index] = Some(match count {
            0 => format!("{prefix}/{class}"),
            _ => format!("{prefix}/{class}_{count}"),
        });
        *count += 1;
    }
    names
}

/// Operations are no layers, and not counted.
fn is_operation(layer: &LayerDescription) -> bool {
    layer.module.as_deref().is_some_and(|module| module.contains(".ops."))
}

/// The layers that the outputs depend on, the deepest first (`map_graph` in `keras/src/ops/function.py`).
fn by_depth(model: &Model) -> Vec<usize> {
    type Node = (usize, usize);
    let places = model.places();
    let reads = |(index, call): Node| -> Vec<Node> {
        let tensors = model.layers[index].reads(call);
        tensors.filter_map(|tensor| model.call_among(&places, tensor)).collect()
    };
    // a walk from the outputs, in which each call is entered once and left after all that it reads
    let mut entered: HashSet<Node> = HashSet::new();
    let mut order = vec![usize::MAX; model.layers.len()];
    let (mut left, mut count) = (Vec::new(), 0);
    for output in &model.outputs {
        let mut open: Vec<(Node, std::vec::IntoIter<Node>)> = Vec::new();
        let mut next = model.call_given(output);
        loop {
            if let Some(node) = next.take()
                && entered.insert(node)
            {
                if order[node.0] == usize::MAX {
                    order[node.0] = count;
                    count += 1;
                }
                open.push((node, reads(node).into_iter()));
            }
            let Some((node, rest)) = open.last_mut() else { break };
            match rest.next() {
                Some(read) => next = Some(read),
                None => {
                    left.push(*node);
                    open.pop();
                }
            }
        }
    }
    let mut depths: HashMap<Node, usize> = HashMap::new();
    let mut depth = vec![0_usize; model.layers.len()];
    for &node in left.iter().rev() {
        let own = depths.get(&node).copied().unwrap_or(0).max(depth[node.0]);
        depth[node.0] = own;
        depths.insert(node, own);
        for read in reads(node) {
            let below = depths.entry(read).or_insert(0);
            *below = (*below).max(own + 1);
        }
    }
    let mut layers: Vec<usize> = (0..model.layers.len())
        .filter(|&index| order[index] != usize::MAX)
        .collect();
    layers.sort_by_key(|&index| (std::cmp::Reverse(depth[index]), order[index]));
    layers
}
