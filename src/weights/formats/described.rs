//! An HDF5 file together with the description of its model: which dataset is which tensor of the network.

use std::collections::{HashMap, HashSet};

use hdf5_pure::File;

use super::hdf5::{self, Datasets, Found, Places, Walk};
use crate::models::keras::{self, Description, KerasError, KerasNetwork, NetworkChoices, Placement};
use crate::network::MOST_KEPT;
use crate::weights::error::{TensorProblem, WeightsError};
use crate::weights::passed_over::{Beside, PassedOver};

/// Weights and activations together may take this many bytes.
pub(crate) const MAX_MEMORY: u64 = 4 << 30;

/// A file whose tensors are placed by the description of its model, but not read yet.
pub(crate) struct DescribedWeights {
    pub datasets: Datasets,
    pub network: KerasNetwork,
    pub description: Description,
    /// What lies beside the network.
    pub passed_over: PassedOver,
}

/// What an HDF5 file says of its model, if it does.
pub(crate) fn description(name: &str, file: &File) -> Result<Option<Description>, WeightsError> {
    let attributes = file.root().attrs().map_err(|error| hdf5::damaged(name, &error))?;
    let text = |key: &str| attributes.get(key).and_then(|value| value.as_str().map(str::to_owned));
    Ok(text("model_config").map(|config| Description {
        config,
        training: text("training_config"),
        version: text("keras_version"),
    }))
}

/// The network of a description, and nothing that needs more memory than there is.
pub(crate) fn network(
    name: &str,
    description: &Description,
    choices: &NetworkChoices,
) -> Result<KerasNetwork, WeightsError> {
    let file = name.to_owned();
    let network = keras::network(description, choices).map_err(|problem| match problem {
        KerasError::InputSize { usual } => WeightsError::InputSizeNeeded {
            file: file.clone(),
            usual,
        },
        problem => WeightsError::Network {
            file: file.clone(),
            problem: Box::new(problem),
        },
    })?;
    let bytes = network.plan.bytes(MOST_KEPT as u64);
    if bytes > MAX_MEMORY {
        return Err(WeightsError::Memory {
            file,
            gigabytes: bytes as f64 / f64::from(1 << 30),
        });
    }
    Ok(network)
}

impl DescribedWeights {
    /// Places the tensors of a file.
    pub(crate) fn new(
        name: &str,
        file: File,
        description: Description,
        network: KerasNetwork,
    ) -> Result<Self, WeightsError> {
        let mut walk = Walk::default();
        walk.all(name, &file)?;
        let mut passed_over = walk.passed_over.clone();
        let found = walk.found();
        let problem = |problem| WeightsError::Tensor {
            file: name.to_owned(),
            problem,
        };
        let wanted: HashMap<String, Vec<usize>> = network
            .plan
            .parameters()
            .into_iter()
            .map(|parameter| (parameter.path(), parameter.shape))
            .collect();
        let mut places = Places::new();
        for placement in &network.placements {
            if let Some(extra) = extra(&found, placement) {
                return Err(problem(TensorProblem::Undescribed(extra)));
            }
            for (index, tensor) in placement.tensors.iter().enumerate() {
                let path = format!("{}/{tensor}", placement.weights);
                let dataset = place(&found, placement, index, tensor)
                    .ok_or_else(|| problem(missing(&found, placement, path.clone())))?;
                let expected = wanted.get(&path).cloned().unwrap_or_default();
                let dataset = &found[dataset];
                let shape: Vec<usize> = dataset
                    .shape
                    .iter()
                    .map(|&side| usize::try_from(side).unwrap_or(usize::MAX))
                    .collect();
                if !is_same_shape(&shape, &expected) {
                    return Err(problem(TensorProblem::Shape {
                        tensor: path,
                        found: shape,
                        expected,
                    }));
                }
                places.insert(path, (dataset.path.clone(), expected));
            }
        }
        let used: HashSet<&str> = places.values().map(|(dataset, _)| dataset.as_str()).collect();
        for dataset in found.iter().filter(|dataset| !used.contains(dataset.path.as_str())) {
            passed_over.add(Beside::OtherLayers, dataset.bytes);
        }
        Ok(Self {
            datasets: Datasets::new(name, file, places),
            network,
            description,
            passed_over,
        })
    }
}

/// Shapes are the same but for a scalar in brackets.
fn is_same_shape(found: &[usize], expected: &[usize]) -> bool {
    let trimmed = |shape: &[usize]| -> Vec<usize> { shape.iter().copied().skip_while(|&side| side == 1).collect() };
    found == expected || found.len() > expected.len() && trimmed(found) == trimmed(expected)
}

/// Whether Keras 3 wrote a tensor to which its layer gave no name, such as the only one of ConvNeXt's `LayerScale`.
fn is_unnamed(name: &str) -> bool {
    let number = name.strip_prefix("variable").and_then(|rest| match rest {
        "" => Some(rest),
        rest => rest.strip_prefix('_'),
    });
    number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What Keras 1 calls a tensor.
fn keras_1(tensor: &str) -> &str {
    match tensor {
        "kernel" => "W",
        "bias" => "b",
        "moving_mean" => "running_mean",
        // it was always the variance
        "moving_variance" => "running_std",
        other => other,
    }
}

/// Why a tensor is not found.
fn missing(datasets: &[Found], placement: &Placement, path: String) -> TensorProblem {
    let is_archive = || datasets.iter().any(|dataset| dataset.path.starts_with("layers/"));
    if placement.place.archive.is_none() && is_archive() {
        TensorProblem::Unordered(path)
    } else {
        TensorProblem::Missing(path)
    }
}

/// A dataset that an archive has for a layer though its description has no such tensor; Keras refuses that too.
fn extra(datasets: &[Found], placement: &Placement) -> Option<String> {
    // beside mean and variance there is a count
    let counted = usize::from(placement.tensors == ["mean", "variance"]);
    let archive = placement.place.archive.as_ref().filter(|archive| !archive.is_empty())?;
    let next = format!("{archive}/vars/{}", placement.tensors.len() + counted);
    datasets
        .iter()
        .find(|dataset| dataset.path == next)
        .map(|dataset| dataset.path.clone())
}

/// Finds the dataset of one tensor among all, given with their shapes.
///
/// In an archive the place is known exactly. In a whole-model HDF5 file the path ends with the names of layer and
/// tensor, below the group of the outermost model's layer.
fn place(datasets: &[Found], placement: &Placement, index: usize, tensor: &str) -> Option<usize> {
    if let Some(archive) = &placement.place.archive {
        let exact = format!("{archive}/vars/{index}");
        if let Some(found) = datasets.iter().position(|dataset| dataset.path == exact) {
            return Some(found);
        }
    }
    let layer = &placement.place.layer;
    let top = placement.place.models.first().unwrap_or(layer);
    let prefixes = [format!("model_weights/{top}/"), format!("{top}/")];
    let ending = format!("/{layer}");
    let before = format!("{layer}_");
    let names: &[&str] = if tensor == "depthwise_kernel" {
        &["depthwise_kernel", "kernel"]
    } else {
        &[tensor]
    };
    let mut candidates: Vec<((usize, bool), usize)> = Vec::new();
    for (position, dataset) in datasets.iter().enumerate() {
        let Some(rest) = prefixes
            .iter()
            .find_map(|prefix| dataset.path.strip_prefix(prefix.as_str()))
        else {
            continue;
        };
        let rest = rest.strip_suffix(":0").unwrap_or(rest);
        let (group, name) = rest.rsplit_once('/').unwrap_or(("", rest));
        let is_tensor = names.contains(&name) || placement.tensors.len() == 1 && is_unnamed(name);
        let is_layer = is_tensor && (group == layer.as_str() || group.ends_with(&ending));
        // Keras 1 has no group for a layer, but its name before that of the tensor
        let is_named = group.is_empty() && name.strip_prefix(&before).is_some_and(|name| name == keras_1(tensor));
        if is_layer || is_named {
            // models on the way tell layers of the same name apart
            let models = placement
                .place
                .models
                .iter()
                .skip(1)
                .filter(|model| group.split('/').any(|part| part == *model));
            // names may hold slashes: what is left of `conv1/bn` is no layer `bn`
            candidates.push(((models.count(), group == layer.as_str()), position));
        }
    }
    let most = candidates.iter().map(|(score, _)| *score).max()?;
    let mut best = candidates.iter().filter(|(score, _)| *score == most);
    match (best.next(), best.next()) {
        (Some((_, position)), None) => Some(*position),
        _ => None,
    }
}
