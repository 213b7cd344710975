//! What a network answers while one picture becomes another, pixel by pixel.

use super::super::asking::Asking;
use super::super::map::Map;
use crate::network::NetworkError;
use crate::noise::Noise;

const SEED: u64 = 0x0043_7572_7665;

/// Answers along the way, and the area below them.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The answer after each step, the first before any: at 0, 1 / steps, ..., 1 of all pixels.
    pub answers: Vec<f64>,
    /// The area below them by trapezoids; the mean answer on the way.
    pub area: f64,
}

/// The curves of several random orders.
#[derive(Clone, Debug, PartialEq)]
pub struct Random {
    /// The mean of the areas.
    pub area: f64,
    /// Their standard deviation.
    pub deviation: f64,
    /// The mean answer after each step.
    pub answers: Vec<f64>,
}

impl Random {
    /// None of no curves.
    pub(super) fn of(curves: &[Curve]) -> Option<Self> {
        let count = curves.len() as f64;
        let mean = |of: &dyn Fn(&Curve) -> f64| curves.iter().map(of).sum::<f64>() / count;
        let area = mean(&|curve| curve.area);
        let first = curves.first()?;
        Some(Self {
            area,
            deviation: mean(&|curve| (curve.area - area) * (curve.area - area)).sqrt(),
            answers: (0..first.answers.len())
                .map(|step| mean(&|curve| curve.answers[step]))
                .collect(),
        })
    }
}

/// Pixels from the most relevant to the least.
pub(super) fn order(relevance: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..relevance.len()).collect();
    order.sort_by(|&a, &b| relevance[b].total_cmp(&relevance[a]));
    order
}

/// Random values for the cells of a map: as smooth as the map at the picture's size, and so a fair rival.
pub(super) fn random(map: &Map, index: usize) -> Vec<f64> {
    let mut noise = Noise::new(SEED.wrapping_add(index as u64));
    map.signed.iter().map(|_| noise.even()).collect()
}

/// The answers while `from` becomes `to` in `order`, of which those at both ends are known.
///
/// Steps are cut as in Xplique (`metrics/fidelity.py`): after step i the first i / steps of all pixels, rounded down, have
/// changed.
pub(super) fn curve(
    asking: &mut Asking<'_, '_>,
    [from, to]: [&[f32]; 2],
    [first, last]: [f64; 2],
    order: &[usize],
    steps: usize,
) -> Result<Curve, NetworkError> {
    let channels = (from.len() / order.len().max(1)).max(1);
    let steps = steps.max(1);
    let mut input = from.to_vec();
    let mut answers = vec![first];
    let mut changed = 0;
    for step in 1..steps {
        let until = order.len() * step / steps;
        for &pixel in &order[changed..until] {
            let values = pixel * channels..(pixel + 1) * channels;
            input[values.clone()].copy_from_slice(&to[values]);
        }
        changed = until;
        answers.push(asking.score_of(&input)?);
    }
    answers.push(last);
    let pairs = answers.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0);
    let area = pairs.sum::<f64>() / steps as f64;
    Ok(Curve { answers, area })
}
