//! Pixels told by their neighbours, as ROAD fills what it hides (Rong et al. 2022, equation 3): each hidden pixel is the
//! weighted mean of those beside it, which is one linear system, plus a little noise.

use super::fill::mean_colour;
use super::multigrid::{Grid, Lanes, solved};
use crate::noise::Noise;

/// The weights of a pixel's neighbours right of it, left below, below, and right below it, and of those on the other side
/// (equation 3 of the paper).
const WEIGHTS: [f64; 4] = [1.0 / 6.0, 1.0 / 12.0, 1.0 / 6.0, 1.0 / 12.0];

/// The picture, `[height, width, channels]`, with its hidden pixels between their neighbours. Where all is hidden, the mean
/// colour is all that can be told.
pub(super) fn imputed(values: &[f32], size: [usize; 2], hidden: &[bool], noise: &mut (Noise, f64)) -> Vec<f32> {
    let channels = (values.len() / hidden.len().max(1)).max(1);
    let is_all = hidden.iter().all(|&is_hidden| is_hidden);
    let mean = mean_colour(values, channels);
    let mut result = values.to_vec();
    for first in (0..channels).step_by(3) {
        let lanes = channels.min(first + 3) - first;
        let told = match is_all {
            true => Vec::new(),
            false => told(values, size, channels, (first, lanes), hidden),
        };
        for lane in 0..lanes {
            let channel = first + lane;
            for pixel in (0..hidden.len()).filter(|&pixel| hidden[pixel]) {
                let between = told.get(Grid::place(size, pixel));
                let value = between.map_or(mean[channel], |told| told[lane]);
                result[pixel * channels + channel] = (value + noise.1 * noise.0.normal()) as f32;
            }
        }
    }
    result
}

/// What the neighbours tell of each hidden pixel, of `lanes` channels from the `first` on, counted with an edge around the
/// picture. Some pixel is not hidden.
fn told(
    values: &[f32],
    size: [usize; 2],
    channels: usize,
    (first, lanes): (usize, usize),
    hidden: &[bool],
) -> Vec<Lanes> {
    let [height, width] = size;
    let mut diagonal = vec![0.0; Grid::len(size)];
    let mut links = vec![[0.0; 4]; Grid::len(size)];
    let mut right: Vec<Lanes> = vec![[0.0; 3]; Grid::len(size)];
    let offsets: [[isize; 2]; 4] = [[0, 1], [1, -1], [1, 0], [1, 1]];
    for pixel in 0..hidden.len() {
        for (way, ([down, across], weight)) in offsets.into_iter().zip(WEIGHTS).enumerate() {
            let below = (pixel / width).checked_add_signed(down).filter(|&y| y < height);
            let beside = (pixel % width).checked_add_signed(across).filter(|&x| x < width);
            let (Some(y), Some(x)) = (below, beside) else { continue };
            let neighbour = y * width + x;
            if hidden[pixel] && hidden[neighbour] {
                links[Grid::place(size, pixel)][way] = weight;
            }
            for (one, other) in [(pixel, neighbour), (neighbour, pixel)] {
                if !hidden[one] {
                    continue;
                }
                let place = Grid::place(size, one);
                diagonal[place] += weight;
                if !hidden[other] {
                    let seen = &values[other * channels + first..][..lanes];
                    for (right, &value) in right[place].iter_mut().zip(seen) {
                        *right += weight * f64::from(value);
                    }
                }
            }
        }
    }
    solved(Grid::new(size, diagonal, links), &right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_lies_between_its_neighbours() {
        let none = || (Noise::new(1), 0.0);
        // a slope with a hole in it
        let values: Vec<f32> = (0..7 * 7).map(|at| (at % 7) as f32).collect();
        let hidden: Vec<bool> = (0..7 * 7)
            .map(|at| (2..5).contains(&(at % 7)) && (2..5).contains(&(at / 7)))
            .collect();
        let found = imputed(&values, [7, 7], &hidden, &mut none());
        for (found, value) in found.iter().zip(&values) {
            assert!((found - value).abs() < 1e-4, "{found} {value}");
        }
        let all = imputed(&values, [7, 7], &[true; 49], &mut none());
        assert!(all.iter().all(|value| (value - 3.0).abs() < 1e-6));
    }
}
