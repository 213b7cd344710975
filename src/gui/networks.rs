//! The network that is asked for, and what a person said of those used lately: plain values, the latter kept between
//! starts.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::explorer::{DeviceChoice, InputChoices, NetworkSource};
use crate::network::Output;
use crate::weights::NetworkChoices;

/// Of how many networks is kept what was said of them.
const KEPT: usize = 50;

/// A network to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedNetwork {
    /// Which weights.
    pub source: NetworkSource,
    /// What is said of it where its file does not, or differently.
    pub choices: NetworkChoices,
    /// On which device.
    pub device: DeviceChoice,
}

/// The question on which input size a network was trained.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeQuestion {
    /// The network, as it could not be loaded, or as it is loaded now.
    pub wanted: WantedNetwork,
    /// Its file or name, as shown to people.
    pub name: String,
    /// The side on which Keras' own weights of its family were trained, where there is one.
    pub usual: Option<usize>,
    /// The size as far as it is typed.
    pub text: String,
}

/// What was said of one network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// Of the way from photo to input.
    pub input: InputChoices,
    /// Height and width of the input.
    pub input_size: Option<[usize; 2]>,
    /// What its values mean.
    pub output: Option<Output>,
    /// Which of its outputs is explained.
    pub output_layer: Option<String>,
}

impl Said {
    /// What counts when the network is loaded.
    pub fn choices(&self) -> NetworkChoices {
        NetworkChoices {
            input_size: self.input_size,
            output: self.output,
            output_layer: self.output_layer.clone(),
        }
    }

    /// Remembers what counted when it was loaded.
    pub fn remember(&mut self, choices: &NetworkChoices) {
        self.input_size = choices.input_size;
        self.output = choices.output;
        self.output_layer.clone_from(&choices.output_layer);
    }
}

/// What was said of the networks used lately, by their files, the newest first. The networks inside the program have an
/// empty path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Networks(Vec<(PathBuf, Said)>);

impl Networks {
    /// What was said of a network.
    pub fn said(&self, file: &Path) -> Said {
        let known = self.0.iter().find(|(known, _)| known == file);
        known.map(|(_, said)| said.clone()).unwrap_or_default()
    }

    /// Their files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|(file, _)| file.as_path())
    }

    /// Remembers what is said of a network; nothing needs no place.
    pub fn remember(&mut self, file: &Path, said: Said) {
        self.0.retain(|(known, _)| known != file);
        if said != Said::default() {
            self.0.insert(0, (file.to_owned(), said));
        }
        self.0.truncate(KEPT);
    }
}

/// The file of a source, empty for the networks inside the program; none where it is still to be found.
pub fn file_of(source: &NetworkSource) -> Option<&Path> {
    match source {
        NetworkSource::BuiltIn(_) => Some(Path::new("")),
        NetworkSource::File(file) | NetworkSource::Search(Some(file)) => Some(file),
        NetworkSource::Search(None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::Pixels;

    #[test]
    fn what_was_said_is_kept_of_the_networks_used_lately() {
        let mut networks = Networks::default();
        let said = Said {
            input: InputChoices {
                pixels: Some(Pixels::ZeroTo255),
                ..InputChoices::default()
            },
            input_size: Some([240, 320]),
            ..Said::default()
        };
        for number in 0..60 {
            networks.remember(Path::new(&number.to_string()), said.clone());
        }
        assert_eq!(networks.said(Path::new("59")), said);
        assert_eq!(networks.said(Path::new("9")), Said::default());
        assert_eq!(networks.said(Path::new("59")).choices().input_size, Some([240, 320]));
        networks.remember(Path::new("59"), Said::default());
        assert_eq!(networks.0.len(), KEPT - 1);
        let json = serde_json::to_string(&networks).unwrap();
        assert_eq!(serde_json::from_str::<Networks>(&json).unwrap(), networks);
    }
}
