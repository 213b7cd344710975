//! What a person says of a network where its file does not, or differently.

use crate::network::Output;

/// What is chosen for a network when it is opened; none of it leaves it to the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkChoices {
    /// Height and width of the input in pixels.
    pub input_size: Option<[usize; 2]>,
    /// What its last values mean.
    pub output: Option<Output>,
    /// The layer whose output is explained, where there are several.
    pub output_layer: Option<String>,
}

impl NetworkChoices {
    /// Whether everything is left to the file.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
