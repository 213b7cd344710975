//! What a network answers while one picture becomes another, pixel by pixel.

use super::super::asking::Asking;
use super::super::map::Map;
use super::hidden::Hidden;
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
    /// The standard deviation of the answers after each step.
    pub spread: Vec<f64>,
}

impl Random {
    /// None of no curves; all have as many steps as the first.
    pub fn of(curves: &[&Curve]) -> Option<Self> {
        let count = curves.len() as f64;
        let mean_and_deviation = |of: &dyn Fn(&Curve) -> f64| {
            let mean = curves.iter().map(|curve| of(curve)).sum::<f64>() / count;
            let squares = curves.iter().map(|curve| (of(curve) - mean) * (of(curve) - mean));
            (mean, (squares.sum::<f64>() / count).sqrt())
        };
        let (area, deviation) = mean_and_deviation(&|curve| curve.area);
        let at = |step: usize| mean_and_deviation(&|curve| curve.answers.get(step).copied().unwrap_or(0.0));
        let (answers, spread) = (0..curves.first()?.answers.len()).map(at).unzip();
        Some(Self {
            area,
            deviation,
            answers,
            spread,
        })
    }
}

/// Pixels from the most relevant to the least.
pub(super) fn order(relevance: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..relevance.len()).collect();
    order.sort_by(|&a, &b| relevance[b].total_cmp(&relevance[a]));
    order
}

/// A map of random values that has as many cells as another: as smooth as that one at the picture's size, and so a fair
/// rival. The same for the same `index`.
pub fn random_map(map: &Map, index: usize) -> Map {
    let mut noise = Noise::new(SEED.wrapping_add(index as u64));
    Map::new(map.width, map.height, map.signed.iter().map(|_| noise.even()).collect())
}

/// Which way pixels go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// From the whole picture, the strongest evidence is hidden first.
    Deletion,
    /// From nothing, the strongest evidence appears first.
    Insertion,
}

impl Way {
    /// Both, in the order shown to people.
    pub const ALL: [Self; 2] = [Self::Deletion, Self::Insertion];
}

/// The picture after `step` of `steps`.
///
/// Steps are cut as in Xplique (`metrics/fidelity.py`): after step i the first i / steps of all pixels, rounded down, have
/// changed.
pub(super) fn after(hidden: &Hidden<'_>, order: &[usize], way: Way, [step, steps]: [usize; 2]) -> Vec<f32> {
    let changed = order.len() * step.min(steps) / steps.max(1);
    let mut is_hidden = vec![way == Way::Insertion; order.len()];
    for &pixel in &order[..changed] {
        is_hidden[pixel] = way == Way::Deletion;
    }
    hidden.with(&is_hidden)
}

/// The answers on one way in `order`, of which those to the whole picture and to nothing of it are known.
pub(super) fn curve(
    asking: &mut Asking<'_, '_>,
    hidden: &Hidden<'_>,
    order: &[usize],
    way: Way,
    [whole, nothing]: [f64; 2],
    steps: usize,
) -> Result<Curve, NetworkError> {
    let steps = steps.max(1);
    let [first, last] = match way {
        Way::Deletion => [whole, nothing],
        Way::Insertion => [nothing, whole],
    };
    let mut answers = vec![first];
    for step in 1..steps {
        answers.push(asking.score_of(&after(hidden, order, way, [step, steps]))?);
    }
    answers.push(last);
    let pairs = answers.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0);
    let area = pairs.sum::<f64>() / steps as f64;
    Ok(Curve { answers, area })
}
