//! RISE (Petsiuk et al. 2018, equation 6): the mean of random masks, each weighted by the score of the picture seen through
//! it, less what masks that know nothing would have.
//!
//! Masks are made as in the authors' code (`explanations.py`): 7 by 7 cells that are open with a half's chance, stretched
//! smoothly to a little more than the picture, and moved by less than a cell. What a mask hides is grey. The paper's map
//! is E[S m] / E[m]; the mean score is taken off, so that places which make no difference have about 0. 1000 masks, the
//! same in every run; the paper has 4000 to 8000.

use super::asking::Asking;
use super::stretched::stretched;
use crate::network::NetworkError;
use crate::noise::Noise;

/// Masks.
const MASKS: usize = 1000;
/// Cells a side of a mask.
const CELLS: usize = 7;
const SEED: u64 = 0x5249_5345;

/// The signed map of the picture's size, `[height, width]`.
pub(super) fn signed_map(asking: &mut Asking<'_, '_>) -> Result<Vec<f64>, NetworkError> {
    let [height, width] = asking.size();
    asking.announce(MASKS);
    let mut noise = Noise::new(SEED);
    let (mut weighted, mut open) = (vec![0.0; height * width], vec![0.0; height * width]);
    let mut mean = 0.0;
    for _ in 0..MASKS {
        let mask = mask(&mut noise, [height, width]);
        let input = asking.picture.seen_through(mask.iter().copied());
        let score = asking.score_of(&input)?;
        mean += score / MASKS as f64;
        for ((weighted, open), share) in weighted.iter_mut().zip(&mut open).zip(&mask) {
            *weighted += score * share;
            *open += share;
        }
    }
    Ok(weighted
        .into_iter()
        .zip(open)
        .map(|(weighted, open)| if open > 0.0 { weighted / open - mean } else { 0.0 })
        .collect())
}

/// One mask, 0..=1, `[height, width]`.
fn mask(noise: &mut Noise, [height, width]: [usize; 2]) -> Vec<f64> {
    // one more cell than seen, so that it can be moved
    let side = CELLS + 1;
    let cells: Vec<f64> = (0..side * side)
        .map(|_| if noise.even() < 0.5 { 1.0 } else { 0.0 })
        .collect();
    let [down, right] = [noise.even(), noise.even()];
    let place = |at: usize, length: usize, moved: f64| {
        let position = (at as f64 + 0.5) / length as f64 * (CELLS as f64 - 1.0) + moved;
        let before = (position as usize).min(side - 2);
        (before, position - before as f64)
    };
    let rows: Vec<_> = (0..height).map(|y| place(y, height, down)).collect();
    let columns: Vec<_> = (0..width).map(|x| place(x, width, right)).collect();
    stretched(&cells, [side, side], &rows, &columns)
}
