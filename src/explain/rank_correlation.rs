//! Spearman's rank correlation: how much two lists put the same things in the same order.

/// The correlation of ranks, -1..=1, equal values having the mean of their ranks (Spearman 1904; as
/// `scipy.stats.spearmanr`).
///
/// None of lists of different lengths, of fewer than two values, or where one list has the same value everywhere, so that it
/// has no order.
#[must_use]
pub fn rank_correlation(a: &[f32], b: &[f32]) -> Option<f64> {
    if a.len() != b.len() || a.len() < 2 {
        return None;
    }
    let [a, b] = [a, b].map(ranks);
    let middle = (a.len() - 1) as f64 / 2.0;
    let sum = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - middle) * (y - middle)).sum::<f64>();
    let spread = (sum(&a, &a) * sum(&b, &b)).sqrt();
    (spread > 0.0).then(|| (sum(&a, &b) / spread).clamp(-1.0, 1.0))
}

/// The rank of each value from 0, that of equal ones their mean.
fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for equal in order.chunk_by(|&i, &j| values[i] == values[j]) {
        let mean = start as f64 + (equal.len() - 1) as f64 / 2.0;
        for &index in equal {
            ranks[index] = mean;
        }
        start += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::rank_correlation;

    #[test]
    fn the_same_order_is_one_and_the_opposite_minus_one() {
        assert_eq!(rank_correlation(&[1.0, 2.0, 30.0], &[-5.0, 0.0, 0.1]), Some(1.0));
        assert_eq!(rank_correlation(&[1.0, 2.0, 30.0], &[3.0, 2.0, 1.0]), Some(-1.0));
    }

    #[test]
    fn equal_values_share_their_ranks_as_in_scipy() {
        // scipy.stats.spearmanr([1, 2, 2, 3, 5], [2, 1, 4, 4, 3])
        let found = rank_correlation(&[1.0, 2.0, 2.0, 3.0, 5.0], &[2.0, 1.0, 4.0, 4.0, 3.0]).unwrap();
        assert!((found - 0.394_736_842_105_263_1).abs() < 1e-12, "{found}");
    }

    #[test]
    fn without_an_order_there_is_no_correlation() {
        for (a, b) in [
            (&[1.0_f32, 1.0][..], &[1.0_f32, 2.0][..]),
            (&[1.0], &[1.0]),
            (&[], &[]),
            (&[1.0, 2.0], &[1.0]),
        ] {
            assert_eq!(rank_correlation(a, b), None);
        }
    }
}
