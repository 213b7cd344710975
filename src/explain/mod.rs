//! Where does the evidence lie? Maps for any class at any layer, from one forward pass.
//!
//! * [`Score`], [`Target`]: what is explained, and its gradient with respect to the logits.
//! * [`Method`]: how activation and gradient of a layer become a map; one file each.
//! * [`ClassMaps`]: every class at the last feature layer from the head alone, without any backward sweep.
//! * [`Rivals`]: how much of a probability's map only says that another class is likelier.
//! * [`backward`]: any classes at any layers from backward sweeps, never repeating the forward pass.
//!
//! Everything here is arithmetic on values that are handed in: no files, no clock, no window.

mod class_maps;
mod grad_cam;
mod grad_cam_plus_plus;
mod hires_cam;
mod layer_cam;
mod map;
mod method;
mod rivals;
mod score;
mod xgrad_cam;

pub use class_maps::ClassMaps;
pub use map::Map;
pub use method::Method;
pub use rivals::{MOSTLY, Rivals};
pub use score::{Score, ScoreGradient, Target};

use crate::network::{LayerId, Network, NetworkError, Site};

/// One finished map and what it explains.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// What is explained.
    pub target: Target,
    /// The layer whose cells the map has.
    pub layer: LayerId,
    /// The map itself.
    pub map: Map,
    /// The score's gradient averaged over space, one value a channel (Grad-CAM's alpha).
    pub gradient_mean: Vec<f64>,
}

/// Explains every target at every layer from one backward sweep a target, in the network's last forward pass.
///
/// `logits` are those of the classes in that pass. Maps are handed to `found` as they arise, from the last layer to the first.
///
/// # Errors
/// [`NetworkError::Stopped`] as soon as `stop` answers true, else whatever the network reports.
#[expect(clippy::too_many_arguments, reason = "each is one independent choice of the caller")]
pub fn backward(
    network: &mut dyn Network,
    logits: &[f64],
    targets: &[Target],
    layers: &[LayerId],
    score: Score,
    method: Method,
    stop: &dyn Fn() -> bool,
    found: &mut dyn FnMut(Explanation),
) -> Result<(), NetworkError> {
    let (output, units) = (network.plan().output, network.plan().units());
    let shapes: Vec<_> = network.plan().layers.iter().map(|layer| layer.shape).collect();
    let gradients: Vec<ScoreGradient> = targets
        .iter()
        .map(|&target| ScoreGradient::new(target, score, output, logits))
        .collect();
    let seeds: Vec<Vec<f64>> = gradients
        .iter()
        .map(|gradient| output.unit_gradient(units, &gradient.logits))
        .collect();
    network.backward(&seeds, layers, stop, &mut |index, site| {
        let scale = gradients[index].scale;
        let mut gradient_mean = site.gradient_mean()?;
        let mut signed = method.signed_map(site, &gradient_mean, scale)?;
        for value in gradient_mean.iter_mut().chain(&mut signed) {
            *value *= scale;
        }
        let shape = shapes[site.layer().0];
        found(Explanation {
            target: targets[index],
            layer: site.layer(),
            map: Map::new(shape.width, shape.height, signed),
            gradient_mean,
        });
        Ok(())
    })
}

/// The sum over channels of `term(gradient, activation)` at each cell, `[height, width]`.
fn channel_sum(site: &dyn Site, channels: usize, term: impl Fn(f64, f64) -> f64) -> Result<Vec<f64>, NetworkError> {
    let (activation, gradient) = (site.activation()?, site.gradient()?);
    let cells = gradient
        .chunks_exact(channels.max(1))
        .zip(activation.chunks_exact(channels.max(1)));
    Ok(cells
        .map(|(gradients, activations)| {
            gradients
                .iter()
                .zip(activations)
                .map(|(&g, &a)| term(f64::from(g), f64::from(a)))
                .sum()
        })
        .collect())
}
