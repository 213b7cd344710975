//! One layer of a network, and how sensible it is as a target.

use super::op::Op;
use super::shape::Shape;

/// How sensible a layer is as a target of Grad-CAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A normal target: after batch normalisation, activation, pooling or addition.
    Target,
    /// A convolution before its batch normalisation: the scale of its channels is arbitrary.
    RawConvolution,
    /// Part of a branch: what goes around it beside this layer is not in its map.
    ResidualBranch,
    /// No map: the input and its preprocessing, what does nothing, and everything without height and width.
    NoMap,
}

/// Index of a layer in [`Plan::layers`](super::Plan::layers).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayerId(pub usize);

/// One layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its name, such as `block14_sepconv2_act`; unique.
    pub name: String,
    /// The name under which its tensors are stored: its own, but for parts of a layer that does several things.
    pub weights: String,
    /// What it computes.
    pub op: Op,
    /// The layers it reads: none for the input, two for an addition (main branch first), else one.
    pub inputs: Vec<LayerId>,
    /// Its output.
    pub shape: Shape,
    /// Whether it makes a sensible map.
    pub role: Role,
}
