//! What a weights file says about itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::built_in::BuiltIn;
use super::error::WeightsError;
use super::formats::names::Dialect;
use super::passed_over::PassedOver;
use super::said_by::SaidBy;
use crate::imaging::Pixels;
use crate::models::keras::NetworkChoices;
use crate::models::xception::architecture::KERAS_BN_EPSILON;

/// Keys of `__metadata__` in the canonical safetensors file.
pub mod key {
    /// Version of these conventions, [`FORMAT`](super::FORMAT).
    pub const FORMAT: &str = "format";
    /// The network's name for people.
    pub const NAME: &str = "name";
    /// URL or file that the weights came from.
    pub const SOURCE: &str = "source";
    /// SHA-256 of that source, 64 lower-case hexadecimal digits.
    pub const SOURCE_SHA256: &str = "source_sha256";
    /// SHA-256 of all bytes after the header.
    pub const DATA_SHA256: &str = "data_sha256";
    /// Program and version that wrote the file.
    pub const IMPORTER: &str = "importer";
    /// What is known of the licence.
    pub const LICENCE: &str = "licence";
    /// Side of the input in pixels.
    pub const INPUT_SIZE: &str = "input_size";
    /// The graph as Keras describes it, JSON.
    pub const MODEL_CONFIG: &str = "model_config";
    /// How the model was trained as Keras describes it, JSON.
    pub const TRAINING_CONFIG: &str = "training_config";
    /// Keras' version that wrote the description.
    pub const KERAS_VERSION: &str = "keras_version";
    /// What the last values mean, where a person has said it.
    pub const OUTPUT: &str = "output";
    /// Which of several outputs is explained.
    pub const OUTPUT_LAYER: &str = "output_layer";
    /// The range of the input's numbers, as [`Pixels`](crate::imaging::Pixels) names it.
    pub const PIXELS: &str = "pixels";
    /// How photos are brought to the input size, as [`Resize`](crate::imaging::Resize) names it.
    pub const RESIZE: &str = "resize";
    /// Which part of a photo is seen, as [`Fit`](crate::imaging::Fit) names it.
    pub const FIT: &str = "fit";
    /// Epsilon of every batch normalisation.
    pub const BN_EPSILON: &str = "bn_epsilon";
    /// Why that epsilon was chosen, where the source did not say.
    pub const BN_EPSILON_REASON: &str = "bn_epsilon_reason";
    /// `imagenet`, or the class names as a JSON list of strings.
    pub const LABELS: &str = "labels";
}

/// Value of [`key::FORMAT`] in files written by this program.
pub const FORMAT: &str = "gradcam-explorer/1";

/// What is known of a network besides its tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// The network's name for people: from the metadata, else the file's name.
    pub name: String,
    /// The file; none for the network built into the program.
    pub path: Option<PathBuf>,
    /// Which of the networks built into the program this is, if it is one.
    pub built_in: Option<BuiltIn>,
    /// How the tensors are named in the file.
    pub dialect: Dialect,
    /// Number of classes.
    pub classes: usize,
    /// Who says the size of the input.
    pub input_said_by: SaidBy,
    /// Who says what the last values mean.
    pub output_said_by: SaidBy,
    /// The range of pixels that networks of its family take, where the family is known.
    pub usual_pixels: Option<Pixels>,
    /// The names of the outputs where there are several; the first is explained unless another is chosen.
    pub outputs: Vec<String>,
    /// What lies in the file beside the network.
    pub passed_over: PassedOver,
    /// Why the epsilon of the batch normalisations was chosen, where the file does not say which is right.
    pub bn_epsilon_reason: Option<String>,
    /// Everything in `__metadata__`; [`key`] lists what this program writes.
    pub metadata: BTreeMap<String, String>,
}

impl Info {
    /// URL or file that the weights came from.
    pub fn source(&self) -> Option<&str> {
        self.get(key::SOURCE)
    }

    /// SHA-256 of the source as recorded at import.
    pub fn source_sha256(&self) -> Option<&str> {
        self.get(key::SOURCE_SHA256)
    }

    /// What is known of the licence.
    pub fn licence(&self) -> Option<&str> {
        self.get(key::LICENCE)
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }
}

/// What the metadata say of a network, in the form in which a person would.
pub(super) fn said(file: &str, metadata: &BTreeMap<String, String>) -> Result<NetworkChoices, WeightsError> {
    Ok(NetworkChoices {
        input_size: input_size(file, metadata)?,
        output: metadata.get(key::OUTPUT).and_then(|name| name.parse().ok()),
        output_layer: metadata.get(key::OUTPUT_LAYER).cloned(),
    })
}

/// Height and width of the input in pixels, if something is said.
fn input_size(file: &str, metadata: &BTreeMap<String, String>) -> Result<Option<[usize; 2]>, WeightsError> {
    let Some(value) = metadata.get(key::INPUT_SIZE) else {
        return Ok(None);
    };
    parse_size(value.trim())
        .map(Some)
        .ok_or_else(|| WeightsError::Metadata {
            file: file.to_owned(),
            key: key::INPUT_SIZE,
            value: value.clone(),
            expected: "a number of pixels such as 299",
        })
}

/// Height and width from `299`, or from width and height as in `320x240` or `320 × 240`.
pub fn parse_size(text: &str) -> Option<[usize; 2]> {
    match text.split_once(['x', 'X', '×']) {
        Some((width, height)) => Some([height.trim().parse().ok()?, width.trim().parse().ok()?]),
        None => text.trim().parse().ok().map(|side| [side; 2]),
    }
}

/// The text that [`parse_size`] reads.
pub fn format_size([height, width]: [usize; 2]) -> String {
    if height == width {
        width.to_string()
    } else {
        format!("{width}x{height}")
    }
}

/// What an epsilon should be, for errors.
pub(super) const EPSILON_EXPECTED: &str = "a number between 0 and 1 such as 0.001";

/// Epsilon of the batch normalisations if the metadata has it.
pub(super) fn bn_epsilon(file: &str, metadata: &BTreeMap<String, String>) -> Result<Option<f64>, WeightsError> {
    let Some(value) = metadata.get(key::BN_EPSILON) else {
        return Ok(None);
    };
    match value.trim().parse::<f64>() {
        Ok(epsilon) if epsilon > 0.0 && epsilon < 1.0 => Ok(Some(epsilon)),
        _ => Err(WeightsError::Metadata {
            file: file.to_owned(),
            key: key::BN_EPSILON,
            value: value.clone(),
            expected: EPSILON_EXPECTED,
        }),
    }
}

/// PyTorch's default epsilon, and what a port would have added to the variances to make up for Keras' one.
const TORCH_BN_EPSILON: f64 = 1e-5;

/// Decides the epsilon of a network with timm's names by the smallest variance in it, with the reason in words.
///
/// Keras normalises with 1e-3, timm's code with 1e-5, and nobody recorded whether the port added the difference,
/// 9.9e-4, to the variances. A variance below that shows a plain copy, for which Keras' epsilon is right. A port that
/// added it has its quietest channels, whose variance was nearly nothing, just above.
pub(super) fn bn_epsilon_by_variance(smallest: f32) -> (f64, String) {
    let added = KERAS_BN_EPSILON - TORCH_BN_EPSILON;
    let smallest = f64::from(smallest);
    // f32 keeps seven digits, so a sum of 9.9e-4 and almost nothing can come out a little smaller
    // in Keras' own weights the smallest variance is 2.6e-5, the third smallest 1.5e-2, so that there is a wide gap
    let (least, most) = (added * (1.0 - 1e-5), 5e-3);
    if smallest < least {
        let reason =
            format!("the variance {smallest:.3e} is below {added:.2e}, so Keras' variances were copied as they are");
        (KERAS_BN_EPSILON, reason)
    } else if smallest < most {
        let reason =
            format!("the smallest variance is {smallest:.3e}, so {added:.2e} was added to all when they were copied");
        (TORCH_BN_EPSILON, reason)
    } else {
        let reason = format!("the smallest variance, {smallest:.3e}, does not tell; Keras' own is assumed");
        (KERAS_BN_EPSILON, reason)
    }
}
