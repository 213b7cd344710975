//! Files as Keras saves them, `.keras`, `.h5` and `.weights.h5`: which network they hold, and where its tensors are.

use std::fs::File;
use std::io;
use std::path::Path;

use super::error::WeightsError;
use super::formats::archive::KerasArchive;
use super::formats::described::{self, DescribedWeights};
use super::formats::foreign::Kind;
use super::formats::hdf5::{self, Datasets, Hdf5Weights};
use super::formats::names::Dialect;
use super::formats::storage::{self, Storage};
use super::network::StoredNetwork;
use crate::models::keras::{Description, NetworkChoices};

/// A network in a file that Keras saved.
pub(super) struct KerasFile {
    pub network: StoredNetwork,
    pub datasets: Datasets,
    /// What the file says of its graph, if it does.
    pub description: Option<Description>,
    /// SHA-256 of the whole file in lower-case hexadecimal.
    pub sha256: String,
}

/// Opens a file of this kind. Its tensors stay where they are.
pub(super) fn open(path: &Path, kind: Kind, choices: &NetworkChoices) -> Result<KerasFile, WeightsError> {
    let name = path.display().to_string();
    let read = |source: io::Error| WeightsError::Read {
        file: name.clone(),
        source,
    };
    let whole = || -> io::Result<Storage> { Storage::file(storage::open_file(path)?) };
    let found = match kind {
        Kind::Pickle => return Err(WeightsError::Pickle { file: name }),
        Kind::Zip => {
            let file: File = storage::open_file(path).map_err(read)?;
            let KerasArchive { description, weights } = KerasArchive::read(&name, file)?;
            // what cannot be explained is told before its weights are looked into
            let network = described::network(&name, &description, choices)?;
            let file = hdf5::open(&name, weights)?;
            of_description(DescribedWeights::new(&name, file, description, network)?)
        }
        Kind::Hdf5 => {
            let storage = whole().map_err(read)?;
            let len = storage.len();
            let file = hdf5::open(&name, storage)?;
            match described::description(&name, &file)? {
                Some(description) => {
                    let network = described::network(&name, &description, choices)?;
                    of_description(DescribedWeights::new(&name, file, description, network)?)
                }
                None => of_names(Hdf5Weights::new(&name, file, len, choices.input_size)?, choices),
            }
        }
    };
    let (network, datasets, description) = found;
    let sha256 = whole().and_then(|storage| storage.sha256_from(0)).map_err(read)?;
    Ok(KerasFile {
        network,
        datasets,
        description,
        sha256,
    })
}

type Found = (StoredNetwork, Datasets, Option<Description>);

fn of_description(weights: DescribedWeights) -> Found {
    let network = StoredNetwork {
        plan: weights.network.plan,
        dialect: Dialect::Keras,
        passed_over: weights.passed_over,
        outputs: weights.network.outputs,
        says_input_size: weights.network.says_input_size,
        says_output: weights.network.says_output,
        usual_pixels: weights.network.pixels,
    };
    (network, weights.datasets, Some(weights.description))
}

/// An Xception that is told by its tensors.
fn of_names(weights: Hdf5Weights, choices: &NetworkChoices) -> Found {
    let network = StoredNetwork::xception(weights.plan, Dialect::Keras, weights.passed_over, choices);
    (network, weights.datasets, None)
}
