//! The layouts in which Keras has stored this network as HDF5, brought to one: `layer/weight`.
//!
//! | Written by | Dataset |
//! |---|---|
//! | Keras 1 | `/convolution2d_1/convolution2d_1_W:0`, automatic names only |
//! | Keras 2 | `/block1_conv1/block1_conv1/kernel:0`, a whole model below `/model_weights` |
//! | Keras 3 | `/layers/conv2d/vars/0`, the layer's name as attribute `name` of `vars` in later versions |
//!
//! Automatic names follow the order in which the layers were made, and in `keras/src/applications/xception.py` a block's
//! residual convolution is made before the separable ones. Two batch normalisations of `block13` are equally wide, so
//! that only this order tells them apart.

use std::collections::{BTreeMap, BTreeSet};

use crate::models::xception::architecture::MAX_MIDDLE_BLOCKS;
use crate::models::xception::{self, Architecture};
use crate::network::Op;
use crate::weights::error::TensorProblem;

/// Separable convolutions outside of the middle blocks, and in each of those.
const SEPARABLE: (usize, usize) = (10, 3);
/// Convolutions of an Xception of any depth.
const CONVOLUTIONS: usize = 6;

/// One dataset of an HDF5 file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dataset {
    /// Path from the root without a leading slash.
    pub path: String,
    /// The layer's name where the file says it besides the path.
    pub layer: Option<String>,
}

/// Kinds of layers that have weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Convolution,
    Separable,
    BatchNorm,
    Dense,
}

impl Kind {
    const STEMS: [(&'static str, Self); 7] = [
        ("convolution2d", Self::Convolution),
        ("conv2d", Self::Convolution),
        ("separableconvolution2d", Self::Separable),
        ("separable_conv2d", Self::Separable),
        ("batchnormalization", Self::BatchNorm),
        ("batch_normalization", Self::BatchNorm),
        ("dense", Self::Dense),
    ];

    /// Splits an automatic name such as `batchnormalization_36`; the first of a kind may go without a number.
    fn of_automatic_name(group: &str) -> Option<(Self, usize)> {
        let (stem, number) = match group.rsplit_once('_') {
            Some((stem, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => (stem, number.parse().ok()?),
            _ => (group, 0),
        };
        let (_, kind) = Self::STEMS.into_iter().find(|(name, _)| *name == stem)?;
        Some((kind, number))
    }

    /// The weights of such a layer in Keras' order.
    fn weights(self) -> &'static [&'static str] {
        match self {
            Self::Convolution | Self::Dense => &["kernel", "bias"],
            Self::Separable => &["depthwise_kernel", "pointwise_kernel", "bias"],
            Self::BatchNorm => &["gamma", "beta", "moving_mean", "moving_variance"],
        }
    }

    fn operation(self, op: &Op) -> bool {
        match self {
            Self::Convolution => matches!(op, Op::Conv { .. }),
            Self::Separable => *op == Op::SeparableConv,
            Self::BatchNorm => matches!(op, Op::BatchNorm { .. }),
            Self::Dense => op.is_dense(),
        }
    }
}

/// The Keras name, `layer/weight`, for each dataset, in the same order. Layers keep the names that they have.
pub(crate) fn keras_names(datasets: &[Dataset]) -> Result<Vec<String>, TensorProblem> {
    let keras3 = datasets.iter().any(|dataset| parts(&dataset.path).1 == "vars");
    let mut groups = Vec::with_capacity(datasets.len());
    let mut weights = Vec::with_capacity(datasets.len());
    for dataset in datasets {
        let (layer, weight) = if keras3 {
            keras3_dataset(&dataset.path)
        } else {
            named_dataset(&dataset.path)
        }
        .ok_or_else(|| TensorProblem::Extra(dataset.path.clone()))?;
        groups.push(layer);
        weights.push(weight);
    }
    let by_order = if keras3 {
        if datasets.iter().all(|dataset| dataset.layer.is_some()) {
            BTreeMap::new()
        } else {
            automatic_layers(&groups, Order::Model)?
        }
    } else if groups.iter().any(|group| last(group).starts_with("block1_")) {
        BTreeMap::new()
    } else {
        automatic_layers(&groups, Order::Creation)?
    };
    let names = groups
        .iter()
        .zip(weights)
        .zip(datasets)
        .map(|((group, weight), dataset)| {
            let named = dataset.layer.as_deref().unwrap_or(group);
            let layer = by_order.get(*group).map_or(named, String::as_str);
            format!("{}/{weight}", last(layer))
        });
    Ok(names.collect())
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The path but for the last two components, the last but one, and the last.
fn parts(path: &str) -> (&str, &str, &str) {
    let (group, dataset) = path.rsplit_once('/').unwrap_or(("", path));
    let (above, group) = group.rsplit_once('/').unwrap_or(("", group));
    (above, group, dataset)
}

/// `layers/conv2d_3/vars/0`: the group of the layer, and the weight from its position.
fn keras3_dataset(path: &str) -> Option<(&str, &'static str)> {
    let (group, "vars", position) = parts(path) else {
        return None;
    };
    let (kind, _) = Kind::of_automatic_name(last(group))?;
    let weight = kind.weights().get(position.parse::<usize>().ok()?)?;
    Some((group, weight))
}

/// `block1_conv1/block1_conv1/kernel:0` or `convolution2d_1/convolution2d_1_W:0`.
fn named_dataset(path: &str) -> Option<(&str, &str)> {
    let (group, dataset) = path.rsplit_once('/')?;
    let dataset = dataset.split_once(':').map_or(dataset, |(name, _)| name);
    let Some(keras1) = dataset
        .strip_prefix(last(group))
        .and_then(|rest| rest.strip_prefix('_'))
    else {
        return Some((group, dataset));
    };
    let weight = match keras1 {
        "W" => "kernel",
        "b" => "bias",
        "running_mean" => "moving_mean",
        // Keras 1 called it so, but always stored the variance
        "running_std" => "moving_variance",
        other => other,
    };
    Some((group, weight))
}

/// In which order automatic names count.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    /// As the layers of a functional model are listed: sorted by depth.
    Model,
    /// As the layers were made.
    Creation,
}

/// Which layer each group with an automatic name is, but for the dense layer, which is told by its matrix.
fn automatic_layers(groups: &[&str], order: Order) -> Result<BTreeMap<String, String>, TensorProblem> {
    let mut found: BTreeMap<Kind, BTreeSet<(usize, &str)>> = BTreeMap::new();
    for group in groups {
        if let Some((kind, number)) = Kind::of_automatic_name(last(group)) {
            found.entry(kind).or_default().insert((number, group));
        }
    }
    let count = |kind| found.get(&kind).map_or(0, BTreeSet::len);
    let separable = count(Kind::Separable);
    let middle_blocks = separable
        .checked_sub(SEPARABLE.0)
        .filter(|rest| rest.is_multiple_of(SEPARABLE.1))
        .map(|rest| rest / SEPARABLE.1)
        .filter(|&blocks| blocks <= MAX_MIDDLE_BLOCKS)
        .ok_or(TensorProblem::Layers {
            kind: "separable convolutions",
            found: separable,
            expected: "10, and 3 more for each of at most 8 middle blocks,",
        })?;
    if count(Kind::Convolution) != CONVOLUTIONS {
        return Err(TensorProblem::Layers {
            kind: "convolutions",
            found: count(Kind::Convolution),
            expected: "6",
        });
    }
    if count(Kind::BatchNorm) != CONVOLUTIONS + separable {
        return Err(TensorProblem::Layers {
            kind: "batch normalisations",
            found: count(Kind::BatchNorm),
            expected: "one for each convolution",
        });
    }
    let mut architecture = Architecture::keras(1);
    architecture.middle.truncate(middle_blocks);
    let plan = xception::plan(&architecture)?;
    let mut layers = BTreeMap::new();
    for kind in [Kind::Convolution, Kind::Separable, Kind::BatchNorm] {
        let of_kind = plan.layers.iter().filter(|layer| kind.operation(&layer.op));
        let mut names: Vec<&str> = of_kind.map(|layer| layer.name.as_str()).collect();
        if order == Order::Creation {
            names.sort_by_key(|name| creation(name));
        }
        let numbered = found.get(&kind).into_iter().flatten();
        layers.extend(
            numbered
                .zip(names)
                .map(|((_, group), name)| ((*group).to_owned(), name.to_owned())),
        );
    }
    Ok(layers)
}

/// Sorts layers by their block, and in each the residual first; the sort must leave all else in its order.
fn creation(layer: &str) -> (usize, bool) {
    const RESIDUALS: [usize; 4] = [2, 3, 4, 13];
    let block = layer
        .strip_prefix("block")
        .and_then(|rest| rest.split('_').next()?.parse().ok());
    if let Some(block) = block {
        return (block, true);
    }
    let number = layer
        .rsplit_once('_')
        .and_then(|(_, number)| number.parse::<usize>().ok());
    let block = RESIDUALS.get(number.unwrap_or(0)).copied().unwrap_or(0);
    (block, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(path: &str) -> Dataset {
        Dataset {
            path: path.to_owned(),
            layer: None,
        }
    }

    /// All datasets of a network of full depth, each layer with one weight only.
    fn automatic(convolution: &str, separable: &str, norm: &str, weights: [&str; 3]) -> Vec<Dataset> {
        let numbered = |stem: &str, count: usize, weight: &str| {
            let dataset = |number| plain(&weight.replace('*', &format!("{stem}_{number}")));
            (1..=count).map(dataset).collect::<Vec<_>>()
        };
        [
            numbered(convolution, 6, weights[0]),
            numbered(separable, 34, weights[1]),
            numbered(norm, 40, weights[2]),
        ]
        .concat()
    }

    #[test]
    fn keras_1_counts_in_the_order_of_creation() {
        let datasets = automatic(
            "convolution2d",
            "separableconvolution2d",
            "batchnormalization",
            ["*/*_W:0", "*/*_depthwise_kernel:0", "*/*_running_std:0"],
        );
        let names = keras_names(&datasets).unwrap();
        let name_of = |path: &str| {
            let position = datasets.iter().position(|dataset| dataset.path.starts_with(path));
            names[position.unwrap()].as_str()
        };
        assert_eq!(name_of("convolution2d_1/"), "block1_conv1/kernel");
        assert_eq!(name_of("convolution2d_3/"), "conv2d/kernel");
        assert_eq!(name_of("convolution2d_6/"), "conv2d_3/kernel");
        assert_eq!(
            name_of("separableconvolution2d_34/"),
            "block14_sepconv2/depthwise_kernel"
        );
        for (number, layer) in [
            (2, "block1_conv2_bn"),
            (3, "batch_normalization"),
            (4, "block2_sepconv1_bn"),
            (6, "batch_normalization_1"),
            (9, "batch_normalization_2"),
            (11, "block4_sepconv2_bn"),
            (12, "block5_sepconv1_bn"),
            (35, "block12_sepconv3_bn"),
            (36, "batch_normalization_3"),
            (37, "block13_sepconv1_bn"),
            (38, "block13_sepconv2_bn"),
            (40, "block14_sepconv2_bn"),
        ] {
            let name = name_of(&format!("batchnormalization_{number}/"));
            assert_eq!(name, format!("{layer}/moving_variance"));
        }
    }

    #[test]
    fn keras_3_without_names_counts_in_the_order_of_the_model() {
        let datasets = automatic(
            "conv2d",
            "separable_conv2d",
            "batch_normalization",
            ["layers/*/vars/0", "layers/*/vars/1", "layers/*/vars/3"],
        );
        let names = keras_names(&datasets).unwrap();
        let name_of = |path: &str| &names[datasets.iter().position(|d| d.path.starts_with(path)).unwrap()];
        assert_eq!(
            name_of("layers/separable_conv2d_1/"),
            "block2_sepconv1/pointwise_kernel"
        );
        // listed by depth: block1's two, block2's two, and only then the residual's
        assert_eq!(
            name_of("layers/batch_normalization_3/"),
            "block2_sepconv1_bn/moving_variance"
        );
        assert_eq!(
            name_of("layers/batch_normalization_5/"),
            "batch_normalization/moving_variance"
        );
        assert_eq!(
            name_of("layers/batch_normalization_38/"),
            "batch_normalization_3/moving_variance"
        );
    }

    #[test]
    fn names_in_the_file_count_more_than_their_order() {
        let named = |path: &str, layer: &str| Dataset {
            path: path.to_owned(),
            layer: Some(layer.to_owned()),
        };
        let datasets = [
            named(
                "layers/functional/layers/batch_normalization_7/vars/2",
                "block1_conv1_bn",
            ),
            named("layers/dense/vars/1", "deer"),
        ];
        assert_eq!(
            keras_names(&datasets).unwrap(),
            ["block1_conv1_bn/moving_mean", "deer/bias"]
        );
        let datasets = [
            plain("model_weights/block1_conv1/block1_conv1/kernel:0"),
            plain("model_weights/conv2d_7/conv2d_7/kernel:0"),
            plain("model_weights/deer/sequential/deer/bias"),
        ];
        assert_eq!(
            keras_names(&datasets).unwrap(),
            ["block1_conv1/kernel", "conv2d_7/kernel", "deer/bias"]
        );
    }

    #[test]
    fn a_wrong_number_of_layers_is_named() {
        let mut datasets = automatic(
            "convolution2d",
            "separableconvolution2d",
            "batchnormalization",
            ["*/*_W:0", "*/*_depthwise_kernel:0", "*/*_gamma:0"],
        );
        datasets.pop();
        let error = keras_names(&datasets).unwrap_err();
        assert!(error.to_string().contains("39 batch normalisations"), "{error}");
        datasets.retain(|dataset| !dataset.path.starts_with("sep"));
        let error = keras_names(&datasets).unwrap_err();
        assert!(error.to_string().contains("0 separable convolutions"), "{error}");
        assert!(keras_names(&[plain("layers/normalization/vars/0")]).is_err());
        assert!(keras_names(&[plain("loose")]).is_err());
    }
}
