//! Whether the map of a changed picture, brought back to where the picture was, is that of the picture itself.

use super::map::Map;
use super::rank_correlation::rank_correlation;

/// A map of a changed picture in the cells of the picture before the change.
#[derive(Clone, Debug, PartialEq)]
pub struct BroughtBack {
    /// The map; no evidence where the changed picture does not show what was there.
    pub map: Map,
    /// Which cells it shows, `[height, width]`.
    pub seen: Vec<bool>,
}

/// Brings the map of a changed picture back: `place` says where a place of the picture, in shares of its sides, lies in the
/// changed one; none where that does not show it.
///
/// Between the middles of cells lies what is between them.
pub fn brought_back(changed: &Map, place: impl Fn([f64; 2]) -> Option<[f64; 2]>) -> BroughtBack {
    let (width, height) = (changed.width, changed.height);
    let mut signed = Vec::with_capacity(changed.signed.len());
    let mut seen = Vec::with_capacity(changed.signed.len());
    for row in 0..height {
        for column in 0..width {
            let middle = [(column as f64 + 0.5) / width as f64, (row as f64 + 0.5) / height as f64];
            let there = place(middle);
            signed.push(there.map_or(0.0, |there| at(changed, there)));
            seen.push(there.is_some());
        }
    }
    BroughtBack {
        map: Map::new(width, height, signed),
        seen,
    }
}

/// The value of a map at a place in shares of its sides, in lines between the middles of four cells.
fn at(map: &Map, share: [f64; 2]) -> f64 {
    let sides = [map.width, map.height];
    let [column, row] = [0, 1].map(|axis| {
        let last = sides[axis].saturating_sub(1);
        let place = (share[axis] * sides[axis] as f64 - 0.5).clamp(0.0, last as f64);
        // whole places that were computed, such as 2.9999999999999996
        let nearest = place.round();
        let place = if (place - nearest).abs() < 1e-9 { nearest } else { place };
        let first = place as usize;
        (first, (first + 1).min(last), place - first as f64)
    });
    let value = |column: usize, row: usize| map.signed[row * map.width + column];
    let between = |row: usize| {
        let (left, right, across) = column;
        (1.0 - across) * value(left, row) + across * value(right, row)
    };
    (1.0 - row.2) * between(row.0) + row.2 * between(row.1)
}

/// Spearman's correlation of the ranks of a map's cells and of those that were brought back, as far as the changed picture
/// shows them, -1..=1; none where one has no order.
pub fn agreement_where_seen(map: &Map, back: &BroughtBack) -> Option<f64> {
    let of = |map: &Map| -> Vec<f32> {
        let seen = map.shares().zip(&back.seen).filter(|(_, seen)| **seen);
        seen.map(|(share, _)| share as f32).collect()
    };
    rank_correlation(&of(map), &of(&back.map))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::Variation;

    fn map(width: usize, height: usize) -> Map {
        let values = (0..width * height).map(|i| ((i * 37 + 11) % 101) as f64 - 40.0);
        Map::new(width, height, values.collect())
    }

    fn back(changed: &Map, variation: Variation) -> BroughtBack {
        brought_back(changed, |place| variation.place(place, [300, 200]))
    }

    #[test]
    fn a_map_that_did_not_move_agrees_with_itself() {
        let map = map(7, 5);
        let same = back(&map, Variation::Same);
        assert_eq!(same.map, map);
        assert_eq!(agreement_where_seen(&map, &same), Some(1.0));
        // values too small for single precision still have an order
        let tiny = Map::new(7, 5, map.signed.iter().map(|value| value * 1e-300).collect());
        assert_eq!(agreement_where_seen(&tiny, &same), Some(1.0));
    }

    #[test]
    fn a_map_that_moves_with_the_picture_comes_back_exactly() {
        let map = map(7, 7);
        for (variation, again) in [
            (Variation::Flip, Variation::Flip),
            (Variation::Turn(1), Variation::Turn(3)),
            (Variation::Turn(2), Variation::Turn(2)),
            (Variation::Turn(3), Variation::Turn(1)),
        ] {
            // what a network would give that does not care
            let moved = back(&map, again).map;
            assert_ne!(moved, map);
            let brought = back(&moved, variation);
            assert_eq!(brought.map, map, "{variation}");
            assert!(agreement_where_seen(&map, &brought) == Some(1.0));
            // and one that always looks at the same place does not agree
            let stays = agreement_where_seen(&map, &back(&map, variation)).unwrap();
            assert!(stays < 0.9, "{variation}: {stays}");
        }
    }

    #[test]
    fn what_is_cut_off_does_not_count() {
        let map = map(10, 10);
        let brought = back(&map, Variation::Middle(80));
        let seen = brought.seen.iter().filter(|seen| **seen).count();
        assert_eq!(seen, 64);
        assert!(!brought.seen[0] && brought.seen[55]);
        assert_eq!(brought.map.signed[0], 0.0);
    }

    #[test]
    fn a_map_without_an_order_agrees_with_nothing() {
        let flat = Map::new(3, 3, vec![1.0; 9]);
        assert_eq!(agreement_where_seen(&flat, &back(&flat, Variation::Same)), None);
    }
}
