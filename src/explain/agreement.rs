//! Whether two maps tell the same: the rank correlation of their cells (as Adebayo et al. 2018, section 3, compare maps).

use super::map::Map;
use super::rank_correlation::rank_correlation;

/// Cells a side at most: single pixels of two gradients share no order, their surroundings do.
const MOST: usize = 32;

/// Spearman's rank correlation of the signed values of two maps over the same picture, -1..=1.
///
/// A finer map is brought to the cells of the coarser one first, and both to 32 a side at most, each having the mean of the
/// values in it, so that a map of pixels can be compared with one of a layer. None where a map is the same everywhere, or has
/// no cells.
#[must_use]
pub fn agreement(one: &Map, other: &Map) -> Option<f64> {
    let cells = |one: usize, other: usize| one.min(other).min(MOST);
    let size = [cells(one.width, other.width), cells(one.height, other.height)];
    if size.contains(&0) {
        return None;
    }
    rank_correlation(&averaged(one, size), &averaged(other, size))
}

/// The mean of a map's values in each cell of a coarser grid, `[height, width]`, as shares of the largest magnitude; a value
/// belongs to the cell that its centre lies in.
fn averaged(map: &Map, [width, height]: [usize; 2]) -> Vec<f32> {
    let shares: Vec<f64> = map.shares().collect();
    let mut sums = vec![(0.0, 0.0); width * height];
    for (y, row) in shares.chunks_exact(map.width.max(1)).enumerate() {
        for (x, value) in row.iter().enumerate() {
            let column = (2 * x + 1) * width / (2 * map.width);
            let line = (2 * y + 1) * height / (2 * map.height);
            let (sum, count) = &mut sums[line * width + column];
            *sum += value;
            *count += 1.0;
        }
    }
    sums.into_iter()
        .map(|(sum, count): (f64, f64)| (sum / count) as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finer_map_is_compared_by_the_means_of_its_parts() {
        let coarse = Map::new(2, 1, vec![1e-60, 3e-60]);
        // left 1.5 in the mean, right 4, although the largest value lies left
        let fine = Map::new(4, 2, vec![9.0, -3.0, 4.0, 4.0, 0.0, 0.0, 4.0, 4.0]);
        assert_eq!(agreement(&coarse, &fine), Some(1.0));
        assert_eq!(agreement(&fine, &coarse), Some(1.0));
        let opposite = Map::new(2, 1, vec![3.0, 1.0]);
        assert_eq!(agreement(&opposite, &fine), Some(-1.0));
        assert_eq!(agreement(&Map::new(2, 1, vec![0.0; 2]), &fine), None);
        assert_eq!(agreement(&Map::new(0, 0, Vec::new()), &fine), None);
    }

    #[test]
    fn cells_that_do_not_divide_evenly_all_have_values() {
        let three = Map::new(3, 1, vec![1.0, 2.0, 3.0]);
        let seven = Map::new(7, 1, (1..=7).map(f64::from).collect());
        assert_eq!(agreement(&three, &seven), Some(1.0));
    }
}
