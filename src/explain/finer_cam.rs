//! Finer-CAM (Zhang et al. 2025, equation 5): Grad-CAM of the difference between a class's logit and that of the class most
//! like it, S = z_c - z_d, so that what both have in common falls away.
//!
//! Most alike is the class with the nearest logit, as in pytorch-grad-cam (`finer_cam.py`, of whose three classes this is
//! the first): of the top class the runner-up.

use super::score::{Score, ScoreGradient, Target};
use crate::network::Output;

/// The gradient of the difference with respect to the logits; a difference that a person chose stays what it is.
pub(super) fn gradient(target: Target, output: Output, logits: &[f64]) -> ScoreGradient {
    let target = match target {
        Target::Class(class) => match most_alike(class, logits) {
            Some(than) => Target::Rather { class, than },
            None => target,
        },
        Target::Rather { .. } => target,
    };
    ScoreGradient::new(target, Score::Logit, output, logits)
}

/// The class whose logit is nearest to that of `class`.
pub fn most_alike(class: usize, logits: &[f64]) -> Option<usize> {
    let logit = *logits.get(class)?;
    let others = (0..logits.len()).filter(|&other| other != class);
    let distance = |other: usize| (logits[other] - logit).abs();
    others.min_by(|&a, &b| distance(a).total_cmp(&distance(b)))
}
