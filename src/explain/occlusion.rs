//! Occlusion (Zeiler and Fergus 2014, section 4.2): how much the score falls when a grey square hides a place.
//!
//! The picture is divided into 14 by 14 cells, and a square of two by two cells moves over all of them in steps of one; a
//! cell's value is the mean fall over the squares that hide it.

use super::asking::Asking;
use crate::network::NetworkError;

/// Cells a side.
pub(super) const CELLS: usize = 14;
/// Cells a side of the square.
const SQUARE: usize = 2;

/// The signed map, `[14, 14]`.
pub(super) fn signed_map(asking: &mut Asking<'_, '_>, logits: &[f64]) -> Result<Vec<f64>, NetworkError> {
    let [height, width] = asking.size();
    let places = CELLS - SQUARE + 1;
    asking.announce(places * places);
    let score = asking.score.value(asking.target, asking.network.plan().output, logits);
    let (mut sums, mut counts) = (vec![0.0; CELLS * CELLS], vec![0_u32; CELLS * CELLS]);
    for top in 0..places {
        for left in 0..places {
            let hidden = |at: usize| {
                let cell = [at / width * CELLS / height, at % width * CELLS / width];
                let is_in = |cell: usize, first: usize| (first..first + SQUARE).contains(&cell);
                is_in(cell[0], top) && is_in(cell[1], left)
            };
            let mask = (0..height * width).map(|at| if hidden(at) { 0.0 } else { 1.0 });
            let input = asking.picture.seen_through(mask);
            let fall = score - asking.score_of(&input)?;
            for y in top..top + SQUARE {
                for x in left..left + SQUARE {
                    sums[y * CELLS + x] += fall;
                    counts[y * CELLS + x] += 1;
                }
            }
        }
    }
    Ok(sums
        .into_iter()
        .zip(counts)
        .map(|(sum, count)| sum / f64::from(count.max(1)))
        .collect())
}
