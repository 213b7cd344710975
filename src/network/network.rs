//! The seam between explanations and whatever computes the network: candle's operations on any device, or our own
//! kernels on the CPU.
//!
//! A network remembers the activations of its last forward pass, so that any number of vector-Jacobian products can
//! follow without repeating it.

use std::sync::Arc;

use thiserror::Error;

use super::head::{Head, HeadPass};
use super::layer::{LayerId, Role};
use super::plan::Plan;

/// What can go wrong while a network runs.
#[derive(Debug, Error)]
pub enum NetworkError {
    /// The caller gave an input of the wrong length.
    #[error("the network takes {expected} input values, but {found} were given")]
    Input {
        /// `height * width * 3`.
        expected: usize,
        /// Length that was given.
        found: usize,
    },
    /// A map or gradient was asked for before any image went through the network.
    #[error("no image has gone through the network yet")]
    NoForward,
    /// The layer has no feature map, or is none of this network's.
    #[error("the layer {0} has no feature map")]
    NoMap(String),
    /// A method that asks the network again was to read a layer of one pass.
    #[error("{0} is made of no single layer's activation and gradient; it needs the picture too")]
    NotALayers(&'static str),
    /// A method that changes what ReLUs pass back was asked of a network that has none.
    #[error("{0} needs ReLUs, of which this network has none; choose another method")]
    NoRelu(&'static str),
    /// Other values were given for a layer, but not as many as it has.
    #[error("the layer {layer} has {expected} values, but {found} were given")]
    Values {
        /// The layer.
        layer: String,
        /// `height * width * channels`.
        expected: usize,
        /// Length that was given.
        found: usize,
    },
    /// A gradient was asked for before a layer whose values were given from outside.
    #[error("the values of {0} were given, so that nothing before it has a gradient")]
    BeforeGiven(String),
    /// A method that compares all pairs of cells was asked for at a layer that has too many.
    #[error(
        "{method} compares each cell with each other, of which there are {cells} here; choose a layer with at most {most}"
    )]
    TooManyCells {
        /// The method's name.
        method: &'static str,
        /// Cells of the layer.
        cells: usize,
        /// Cells that it can have.
        most: usize,
    },
    /// The caller asked to stop.
    #[error("stopped, because something newer was asked for")]
    Stopped,
    /// A tensor could not be read from the weights, or the device failed.
    #[error("the device failed: {0}")]
    Device(#[from] candle_core::Error),
}

/// What a ReLU passes on the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReluRule {
    /// The gradient where its input is positive: what the gradient truly is.
    True,
    /// Of that only what is positive: guided backpropagation (Springenberg et al. 2015).
    Guided,
}

/// One layer during a backward sweep: its activation A and the gradient of the score with respect to it.
pub trait Site {
    /// Which layer this is.
    fn layer(&self) -> LayerId;

    /// The gradient averaged over all cells: Grad-CAM's alpha, `[channels]`.
    fn gradient_mean(&self) -> Result<Vec<f64>, NetworkError>;

    /// The sum over channels of `weights[k] * A[y, x, k]`: `[height, width]`, row-major.
    fn weighted_activation(&self, weights: &[f64]) -> Result<Vec<f64>, NetworkError>;

    /// A itself, `[height, width, channels]`.
    fn activation(&self) -> Result<Vec<f32>, NetworkError>;

    /// The gradient itself, `[height, width, channels]`.
    fn gradient(&self) -> Result<Vec<f32>, NetworkError>;
}

/// Called once for each score and each layer that a sweep passes: the index of the score, then the layer.
pub type Visit<'a> = dyn FnMut(usize, &dyn Site) -> Result<(), NetworkError> + 'a;

/// Refuses an input of the wrong length.
pub(super) fn check_input(plan: &Plan, found: usize) -> Result<(), NetworkError> {
    let expected = plan.input().len();
    if found == expected {
        Ok(())
    } else {
        Err(NetworkError::Input { expected, found })
    }
}

/// Refuses what no sweep can answer: any before the first forward pass, layers without a map, and gradients that are not
/// one value a unit.
pub(super) fn check_sweep(
    plan: &Plan,
    has_pass: bool,
    unit_gradients: &[Vec<f64>],
    layers: &[LayerId],
) -> Result<(), NetworkError> {
    if !has_pass {
        return Err(NetworkError::NoForward);
    }
    if let Some(&id) = layers.iter().find(|id| plan.layer(**id).role == Role::NoMap) {
        return Err(NetworkError::NoMap(plan.layer(id).name.clone()));
    }
    let expected = plan.units();
    let wrong = unit_gradients.iter().find(|gradient| gradient.len() != expected);
    wrong.map_or(Ok(()), |gradient| {
        Err(NetworkError::Input {
            expected,
            found: gradient.len(),
        })
    })
}

/// Refuses values for a layer that nothing can go on from: any before the first forward pass, those of layers without a map
/// or of the head, and too few or too many.
pub(super) fn check_given(plan: &Plan, has_pass: bool, layer: LayerId, found: usize) -> Result<(), NetworkError> {
    if !has_pass {
        return Err(NetworkError::NoForward);
    }
    let described = plan.layer(layer);
    if described.role == Role::NoMap || layer > plan.last_feature_layer() {
        return Err(NetworkError::NoMap(described.name.clone()));
    }
    let expected = described.shape.len();
    if found == expected {
        return Ok(());
    }
    Err(NetworkError::Values {
        layer: described.name.clone(),
        expected,
        found,
    })
}

/// Refuses gradients before the layer whose values were given from outside, if one's were.
pub(super) fn check_behind(plan: &Plan, given: Option<LayerId>, earliest: LayerId) -> Result<(), NetworkError> {
    match given.filter(|&given| earliest < given) {
        Some(given) => Err(NetworkError::BeforeGiven(plan.layer(given).name.clone())),
        None => Ok(()),
    }
}

/// A network with weights on a device.
pub trait Network: Send {
    /// The description this network runs.
    fn plan(&self) -> &Plan;

    /// Everything behind its last feature layer.
    fn head(&self) -> &Arc<Head>;

    /// What the head saw in the last forward pass.
    ///
    /// # Errors
    /// Before the first forward pass, or a device failure.
    fn head_pass(&self) -> Result<HeadPass, NetworkError>;

    /// Runs the network on one image and keeps what backward sweeps need.
    ///
    /// `input` is `[height, width, 3]`, scaled as the network expects it; the result are the logits, one a unit.
    ///
    /// # Errors
    /// An input of the wrong length, or a device failure.
    fn forward(&mut self, input: &[f32]) -> Result<Vec<f64>, NetworkError>;

    /// Goes on from a layer as if its output were `values`, `[height, width, channels]`: everything that follows from it is
    /// computed anew, and everything else is as in the last [`Network::forward`]. The result are the logits, one a unit.
    ///
    /// This is the last forward pass from now on: activations and sweeps are of it, but no sweep goes back further than to
    /// this layer. Each call begins with what the last [`Network::forward`] left, whatever was given before.
    ///
    /// # Errors
    /// Before the first forward pass, for a layer without a map or of the head, too few or too many values, or a device
    /// failure.
    fn forward_from(&mut self, layer: LayerId, values: &[f64]) -> Result<Vec<f64>, NetworkError>;

    /// The activation of one layer in the last forward pass, `[height, width, channels]`.
    ///
    /// # Errors
    /// Before the first forward pass, or a device failure.
    fn activation(&mut self, layer: LayerId) -> Result<Vec<f32>, NetworkError>;

    /// What each cell of the last feature layer adds to each unit of the last forward pass, `[units, cells]`; none if
    /// the head is more than a global average and one dense layer ([`Plan::linear_head`]).
    ///
    /// With the activation A, the dense kernel W and N cells this is A W / N, as the network takes the mean over cells
    /// before the dense layer: the sum of a row, plus the unit's bias, is the unit's logit.
    ///
    /// # Errors
    /// Before the first forward pass, or a device failure.
    fn unit_shares(&self) -> Result<Option<Vec<f32>>, NetworkError>;

    /// Propagates scores back from the units through the last forward pass, and shows each of `layers` on the way.
    ///
    /// `unit_gradients` holds, for each score, its gradient with respect to the units (one value each).
    /// The sweep ends at the earliest of `layers`; they are visited from the last to the first.
    /// `stop` is asked between stages; when it answers true the sweep ends with [`NetworkError::Stopped`].
    ///
    /// # Errors
    /// Before the first forward pass, for layers without a map, when stopped, or a device failure.
    fn backward(
        &mut self,
        unit_gradients: &[Vec<f64>],
        layers: &[LayerId],
        stop: &dyn Fn() -> bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), NetworkError>;

    /// The gradient of a score with respect to the input of the last forward pass, `[height, width, 3]`, from that with
    /// respect to the units; ReLUs, capped ones too, pass it by `rule`, other activations as it is.
    ///
    /// # Errors
    /// As [`Network::backward`].
    fn input_gradient(
        &mut self,
        unit_gradient: &[f64],
        rule: ReluRule,
        stop: &dyn Fn() -> bool,
    ) -> Result<Vec<f32>, NetworkError>;
}
