//! What makes one Xception differ from another: widths, depth, classes and input size.
//!
//! Nothing here is a constant of the program: everything is read from the shapes of the weights, so that narrower,
//! shallower or fine-tuned networks load by the same path as Keras' own.

use thiserror::Error;

use crate::network::PlanError;

/// Batch normalisation's epsilon in Keras' Xception (`BatchNormalization()` keeps its default of 1e-3).
pub const KERAS_BN_EPSILON: f64 = 1e-3;
/// Keras' default input side in pixels.
pub const KERAS_INPUT_SIZE: usize = 299;
/// The smallest input side Keras accepts for Xception (`min_size=71` in `keras/src/applications/xception.py`).
pub const MIN_INPUT_SIZE: usize = 71;
/// The largest input side accepted, so that absurd metadata cannot ask for absurd amounts of memory.
pub const MAX_INPUT_SIZE: usize = 1024;
/// Keras names the exit flow `block13` and `block14`; middle blocks are `block5` to at most `block12`.
pub const MAX_MIDDLE_BLOCKS: usize = 8;

/// The numbers that define one Xception; topology and layer names are always those of Keras.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// Height and width of the input in pixels.
    pub input_size: [usize; 2],
    /// Epsilon of every batch normalisation.
    pub bn_epsilon: f64,
    /// Output channels of `block1_conv1` and `block1_conv2`.
    pub stem: [usize; 2],
    /// Output channels of the two separable convolutions of `block2`, `block3` and `block4`.
    pub entry: [[usize; 2]; 3],
    /// Output channels of the three separable convolutions of each middle block, from `block5` on.
    pub middle: Vec<[usize; 3]>,
    /// Output channels of the two separable convolutions of `block13` and of `block14`.
    pub exit: [[usize; 2]; 2],
    /// Number of classes.
    pub classes: usize,
}

/// Why a set of tensors is no Xception. Each message names the first tensor that is wrong.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ArchitectureError {
    /// A tensor that every Xception has is absent.
    #[error("the tensor {0} is missing, so this is no Xception with Keras' layers")]
    Missing(String),
    /// A tensor has an impossible shape.
    #[error("the tensor {tensor} has shape {found:?}, but {expected} was expected")]
    Shape {
        /// Keras path of the tensor.
        tensor: String,
        /// Shape in the weights.
        found: Vec<usize>,
        /// What would have been right, in words or numbers.
        expected: String,
    },
    /// The input size is outside of what the network can take.
    #[error("the input size {0} is outside {MIN_INPUT_SIZE} to {MAX_INPUT_SIZE} pixels")]
    InputSize(usize),
    /// The layers make no network.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl Architecture {
    /// Keras' own Xception with the given number of classes.
    pub fn keras(classes: usize) -> Self {
        Self {
            input_size: [KERAS_INPUT_SIZE; 2],
            bn_epsilon: KERAS_BN_EPSILON,
            stem: [32, 64],
            entry: [[128, 128], [256, 256], [728, 728]],
            middle: vec![[728, 728, 728]; MAX_MIDDLE_BLOCKS],
            exit: [[728, 1024], [1536, 2048]],
            classes,
        }
    }

    /// Reads the widths from the shapes of tensors with Keras names and layouts.
    ///
    /// `shape_of` answers with the shape of a tensor such as `block1_conv1/kernel`.
    /// Only what defines the architecture is looked at; [`Plan::parameters`](crate::network::Plan::parameters) lists every
    /// tensor with the exact shape it must then have.
    ///
    /// # Errors
    /// The first tensor that is missing or has an impossible shape, or an input size outside the limits.
    pub fn detect(
        shape_of: &dyn Fn(&str) -> Option<Vec<usize>>,
        input_size: [usize; 2],
        bn_epsilon: f64,
    ) -> Result<Self, ArchitectureError> {
        let conv = |layer: &str| outputs(shape_of, &format!("{layer}/kernel"), 4);
        let separable = |layer: &str| outputs(shape_of, &format!("{layer}/pointwise_kernel"), 4);
        let pair = |block: usize| -> Result<[usize; 2], ArchitectureError> {
            Ok([
                separable(&format!("block{block}_sepconv1"))?,
                separable(&format!("block{block}_sepconv2"))?,
            ])
        };
        check_input_size(input_size)?;
        let stem = [conv("block1_conv1")?, conv("block1_conv2")?];
        let entry = [pair(2)?, pair(3)?, pair(4)?];
        let mut middle = Vec::new();
        for block in 5..5 + MAX_MIDDLE_BLOCKS {
            if shape_of(&format!("block{block}_sepconv1/pointwise_kernel")).is_none() {
                break;
            }
            let [first, second] = pair(block)?;
            middle.push([first, second, separable(&format!("block{block}_sepconv3"))?]);
        }
        Ok(Self {
            input_size,
            bn_epsilon,
            stem,
            entry,
            middle,
            exit: [pair(13)?, pair(14)?],
            classes: outputs(shape_of, "predictions/kernel", 2)?,
        })
    }
}

/// Refuses sizes that Keras refuses, and absurd ones.
///
/// # Errors
/// The side that is too small or too large.
pub fn check_input_size(sides: [usize; 2]) -> Result<(), ArchitectureError> {
    let wrong = sides
        .into_iter()
        .find(|side| !(MIN_INPUT_SIZE..=MAX_INPUT_SIZE).contains(side));
    wrong.map_or(Ok(()), |side| Err(ArchitectureError::InputSize(side)))
}

/// The last dimension of a kernel: its number of output channels, checked to be at least one.
fn outputs(
    shape_of: &dyn Fn(&str) -> Option<Vec<usize>>,
    tensor: &str,
    rank: usize,
) -> Result<usize, ArchitectureError> {
    let shape = shape_of(tensor).ok_or_else(|| ArchitectureError::Missing(tensor.to_owned()))?;
    match shape.last() {
        Some(&last) if shape.len() == rank && !shape.contains(&0) => Ok(last),
        _ => Err(ArchitectureError::Shape {
            tensor: tensor.to_owned(),
            found: shape,
            expected: format!("{rank} dimensions, none of them zero,"),
        }),
    }
}
