//! One name per parameter: from the names of Keras, and from those of timm's `legacy_xception`, to Keras' own.
//!
//! timm: `timm/models/xception.py`, where `blockN` is Keras' `block(N+1)` and `rep` counts activations too.
//! Cadene's port calls the dense layer `last_linear`, another `classifier.1`, timm `fc`.

use std::collections::{BTreeMap, BTreeSet};

use crate::weights::error::TensorProblem;

/// How the tensors of a file are named and laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Keras' names, `block1_conv1/kernel`, convolutions as `[h, w, in, out]`.
    Keras,
    /// timm's names, `conv1.weight`, convolutions as `[out, in, h, w]`.
    Timm,
}

/// Which tensor of a file is which parameter.
pub(crate) struct Names {
    pub dialect: Dialect,
    /// From the canonical path, such as `block1_conv1/kernel`, to the name in the file.
    pub stored: BTreeMap<String, String>,
}

impl Names {
    /// Recognises all tensors of a file, given with their shapes.
    pub(crate) fn recognise<'a>(
        tensors: impl Iterator<Item = (&'a str, &'a [usize])> + Clone,
    ) -> Result<Self, TensorProblem> {
        let keras = tensors.clone().any(|(name, _)| name.contains('/'));
        let pairs: Vec<(String, &str)> = if keras {
            keras_names(tensors)?
        } else {
            timm_names(tensors.map(|(name, _)| name))?
        };
        let mut stored = BTreeMap::new();
        for (canonical, name) in pairs {
            if let Some(other) = stored.insert(canonical.clone(), name.to_owned()) {
                return Err(TensorProblem::Twice(other, name.to_owned(), canonical));
            }
        }
        let dialect = if keras { Dialect::Keras } else { Dialect::Timm };
        Ok(Self { dialect, stored })
    }
}

/// Keras' names as they are, but for layers whose name depends on the program that saved them.
///
/// The four residual convolutions and their batch normalisations are unnamed in Keras, so their numbers go on from the
/// models built before; only their order counts. The dense layer is the only one with a matrix.
fn keras_names<'a>(
    tensors: impl Iterator<Item = (&'a str, &'a [usize])> + Clone,
) -> Result<Vec<(String, &'a str)>, TensorProblem> {
    let mut split = Vec::new();
    let mut unnamed = BTreeSet::new();
    let mut dense = BTreeSet::new();
    for (name, shape) in tensors {
        let (path, weight) = name
            .rsplit_once('/')
            .ok_or_else(|| TensorProblem::Extra(name.to_owned()))?;
        let layer = path.rsplit('/').next().unwrap_or(path);
        let weight = weight.strip_suffix(":0").unwrap_or(weight);
        if let Some(numbered) = automatic_name(layer) {
            unnamed.insert(numbered);
        }
        if weight == "kernel" && shape.len() == 2 {
            dense.insert(layer);
        }
        split.push((layer, weight, name));
    }
    let head = match (dense.len(), dense.first()) {
        (1, Some(&layer)) => layer,
        _ => "predictions",
    };
    let mut canonical_unnamed = BTreeMap::new();
    let mut ranks = BTreeMap::new();
    for &(stem, number) in &unnamed {
        let rank = ranks.entry(stem).or_insert(0);
        canonical_unnamed.insert((stem, number), numbered(stem, *rank));
        *rank += 1;
    }
    let canonical = |layer: &str| {
        if layer == head {
            return "predictions".to_owned();
        }
        let automatic = automatic_name(layer).and_then(|key| canonical_unnamed.get(&key));
        automatic.map_or_else(|| layer.to_owned(), Clone::clone)
    };
    Ok(split
        .into_iter()
        .map(|(layer, weight, name)| (format!("{}/{weight}", canonical(layer)), name))
        .collect())
}

/// Splits the name that Keras gives an unnamed convolution or batch normalisation, such as `conv2d_3`.
fn automatic_name(layer: &str) -> Option<(&'static str, usize)> {
    ["conv2d", "batch_normalization"].into_iter().find_map(|stem| {
        let rest = layer.strip_prefix(stem)?;
        if rest.is_empty() {
            return Some((stem, 0));
        }
        Some((stem, rest.strip_prefix('_')?.parse().ok()?))
    })
}

fn timm_names<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Result<Vec<(String, &'a str)>, TensorProblem> {
    // a shallower network may leave numbers out or count on, so that only the order of the blocks tells their place
    let blocks: BTreeSet<usize> = names.clone().filter_map(block_number).collect();
    let keras_blocks: BTreeMap<usize, usize> = blocks
        .iter()
        .enumerate()
        .map(|(position, &block)| {
            let last = position + 1 == blocks.len();
            (block, if last && position >= 3 { 13 } else { position + 2 })
        })
        .collect();
    let keras_block = |number: usize| keras_blocks.get(&number).copied();
    let mut pairs = Vec::new();
    for name in names {
        if name.ends_with(".num_batches_tracked") {
            continue;
        }
        let canonical = timm_name(name, &keras_block).ok_or_else(|| TensorProblem::Extra(name.to_owned()))?;
        pairs.push((canonical, name));
    }
    Ok(pairs)
}

/// The number in `block7.rep.1.conv1.weight`.
fn block_number(name: &str) -> Option<usize> {
    name.strip_prefix("block")?.split('.').next()?.parse().ok()
}

fn timm_name(name: &str, keras_block: &dyn Fn(usize) -> Option<usize>) -> Option<String> {
    let parts: Vec<&str> = name.split('.').collect();
    let norm = |leaf| {
        Some(match leaf {
            "weight" => "gamma",
            "bias" => "beta",
            "running_mean" => "moving_mean",
            "running_var" => "moving_variance",
            _ => return None,
        })
    };
    let separable = |leaf| match leaf {
        "conv1" => Some("depthwise_kernel"),
        "pointwise" => Some("pointwise_kernel"),
        _ => None,
    };
    let (layer, weight) = match *parts.as_slice() {
        [conv @ ("conv1" | "conv2"), "weight"] => (format!("block1_{conv}"), "kernel"),
        [bn @ ("bn1" | "bn2"), leaf] => (format!("block1_conv{}_bn", &bn[2..]), norm(leaf)?),
        ["conv3", leaf, "weight"] => ("block14_sepconv1".to_owned(), separable(leaf)?),
        ["conv4", leaf, "weight"] => ("block14_sepconv2".to_owned(), separable(leaf)?),
        ["bn3", leaf] => ("block14_sepconv1_bn".to_owned(), norm(leaf)?),
        ["bn4", leaf] => ("block14_sepconv2_bn".to_owned(), norm(leaf)?),
        ["fc" | "last_linear", leaf] | ["classifier", "1", leaf] => (
            "predictions".to_owned(),
            match leaf {
                "weight" => "kernel",
                "bias" => "bias",
                _ => return None,
            },
        ),
        [_, "skip", "weight"] => (
            numbered("conv2d", residual(keras_block(block_number(name)?)?)?),
            "kernel",
        ),
        [_, "skipbn", leaf] => (
            numbered("batch_normalization", residual(keras_block(block_number(name)?)?)?),
            norm(leaf)?,
        ),
        [_, "rep", position, leaf, "weight"] => {
            let layer = repeated(keras_block(block_number(name)?)?, position, 0)?;
            (layer, separable(leaf)?)
        }
        [_, "rep", position, leaf] => {
            let layer = repeated(keras_block(block_number(name)?)?, position, 1)?;
            (format!("{layer}_bn"), norm(leaf)?)
        }
        _ => return None,
    };
    Some(format!("{layer}/{weight}"))
}

/// Which residual convolution belongs to a Keras block.
fn residual(keras_block: usize) -> Option<usize> {
    match keras_block {
        2..=4 => Some(keras_block - 2),
        13 => Some(3),
        _ => None,
    }
}

fn numbered(stem: &str, number: usize) -> String {
    if number == 0 {
        stem.to_owned()
    } else {
        format!("{stem}_{number}")
    }
}

/// The separable convolution at a place of timm's `rep`: activation, convolution and normalisation take turns, and
/// Keras' `block2` has no activation in front.
fn repeated(keras_block: usize, position: &str, offset: usize) -> Option<String> {
    let first = if keras_block == 2 { 0 } else { 1 };
    let position = position.parse::<usize>().ok()?.checked_sub(first + offset)?;
    position
        .is_multiple_of(3)
        .then(|| format!("block{keras_block}_sepconv{}", position / 3 + 1))
}
