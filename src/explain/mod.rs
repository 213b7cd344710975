//! Where does the evidence lie? Maps for any class at any layer, by twenty methods.
//!
//! * [`Score`], [`Target`]: what is explained, and its gradient with respect to the logits.
//! * [`Method`]: how a map is made; one file each. [`Basis`] says what a method works on.
//! * [`ClassMaps`]: every class at the last feature layer from the head alone, without any backward sweep.
//! * [`Rivals`]: how much of a probability's map only says that another class is likelier.
//! * [`backward`]: any classes at any layers from backward sweeps, never repeating the forward pass.
//! * [`maps`]: the same by any method, also by those that ask the network again with a changed [`Picture`].
//! * [`stages`]: the randomisation test: whether a map depends on what the network has learnt.
//! * [`agreement`]: whether two maps tell the same.
//! * [`Fusion`]: maps of several layers as one.
//! * [`Measure`]: whether a map is true to the network: what hiding its evidence does to the score.
//!
//! Everything here is arithmetic on values that are handed in: no files, no clock, no window.

mod ablation_cam;
mod agreement;
mod asking;
mod brought_back;
mod class_maps;
mod eigen_cam;
mod eigen_grad_cam;
mod finer_cam;
mod fusion;
mod grad_cam;
mod grad_cam_element_wise;
mod grad_cam_plus_plus;
mod gradient;
mod guided_grad_cam;
mod hiding;
mod hires_cam;
mod integrated_gradients;
mod kpca_cam;
mod layer_cam;
mod map;
mod measure;
mod method;
mod occlusion;
mod picture;
mod principal;
mod rank_correlation;
mod rise;
mod rivals;
mod sanity;
mod score;
mod score_cam;
mod shapley_cam;
mod smooth_grad;
mod stretched;
mod structural_similarity;
mod xgrad_cam;

pub use agreement::agreement;
pub use asking::Watch;
pub use brought_back::{BroughtBack, agreement_where_seen, brought_back};
pub use class_maps::ClassMaps;
pub use finer_cam::most_alike;
pub use fusion::{Fusion, Layers};
pub use hiding::Hiding;
pub use map::Map;
pub use measure::{Curve, Fill, Masked, Measure, Measures, Measuring, Random, Way, masked, measure, random_map};
pub use method::{Basis, Method};
pub use picture::Picture;
pub use rank_correlation::rank_correlation;
pub use rivals::{MOSTLY, Rivals};
pub use sanity::{DOES_NOT_CARE, Likeness, Stage, Verdict, likeness, stages, verdict};
pub use score::{Score, ScoreGradient, Target};
pub use structural_similarity::structural_similarity;

use crate::network::{LayerId, Network, NetworkError, Site};
use asking::Asking;

/// One finished map and what it explains.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// What is explained.
    pub target: Target,
    /// The layer whose cells the map has.
    pub layer: LayerId,
    /// The map itself.
    pub map: Map,
    /// The score's gradient averaged over space, one value a channel (Grad-CAM's alpha); empty of methods that have none.
    pub gradient_mean: Vec<f64>,
}

/// What is to be explained, where and how.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Classes or differences of classes.
    pub targets: &'a [Target],
    /// Layers; a method that knows one place only makes one map ([`Method::place`]).
    pub layers: &'a [LayerId],
    /// Probability or logit.
    pub score: Score,
    /// How maps are made.
    pub method: Method,
}

/// Explains every target at every layer by any method.
///
/// `logits` are those of the classes in the network's last forward pass, which was over `picture`; it is so again
/// afterwards, also after a failure. Maps are handed to `found` as they arise.
///
/// # Errors
/// [`NetworkError::Stopped`] as soon as it is stopped, else whatever the network reports.
pub fn maps(
    network: &mut dyn Network,
    picture: Picture<'_>,
    logits: &[f64],
    question: Question<'_>,
    watch: &mut Watch<'_>,
    found: &mut dyn FnMut(Explanation),
) -> Result<(), NetworkError> {
    let Question {
        targets,
        layers,
        score,
        method,
    } = question;
    if method.basis() == Basis::Layer {
        return backward(network, logits, targets, layers, score, method, watch.stop, found);
    }
    let mut places: Vec<LayerId> = layers.iter().map(|&layer| method.place(layer)).collect();
    places.sort_unstable();
    places.dedup();
    for &target in targets {
        for &layer in &places {
            let mut asking = Asking::new(network, picture, (target, score), watch);
            let signed = method.asked_map(&mut asking, layer, logits);
            // the next map, and whoever asks then, finds the pass that was there
            let restored = network.forward(picture.values);
            let Some(signed) = signed else { continue };
            let signed = signed?;
            restored?;
            let [width, height] = method.map_size(network.plan(), layer);
            found(Explanation {
                target,
                layer,
                map: Map::new(width, height, signed),
                gradient_mean: Vec::new(),
            });
        }
    }
    Ok(())
}

/// Explains every target at every layer from one backward sweep a target, in the network's last forward pass.
///
/// `logits` are those of the classes in that pass. Maps are handed to `found` as they arise, from the last layer to the first.
///
/// # Errors
/// [`NetworkError::NotALayers`] of a method whose [`Basis`] is no layer, [`NetworkError::Stopped`] as soon as `stop` answers
/// true, else whatever the network reports.
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
        .map(|&target| method.score_gradient(target, score, output, logits))
        .collect();
    let seeds: Vec<Vec<f64>> = gradients
        .iter()
        .map(|gradient| output.unit_gradient(units, &gradient.logits))
        .collect();
    network.backward(&seeds, layers, stop, &mut |index, site| {
        // what no gradient is part of is not multiplied by one either
        let scale = if method.ignores_class() {
            1.0
        } else {
            gradients[index].scale
        };
        let mut gradient_mean = site.gradient_mean()?;
        let not_a_layers = || NetworkError::NotALayers(method.title());
        let signed = method.signed_map(site, &gradient_mean, scale);
        let mut signed = signed.ok_or_else(not_a_layers)??;
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
