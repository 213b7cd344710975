//! What must be hidden so that a class is no longer on top: the cells of its map one after the other, those with most evidence
//! first, until another class is likelier.
//!
//! Greedy, so that fewer cells may do; which cells those are is told by the map, and how few of them it takes tells how much
//! the map is worth.

use super::map::Map;

/// The cells of a class' map on their way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hiding {
    /// The class that is on top before anything is hidden.
    pub class: usize,
    /// Columns and rows.
    pub cells: [usize; 2],
    /// All cells by their place in the map, that with most evidence first.
    order: Vec<usize>,
    hidden: usize,
    /// The class that was on top after the last cell, and whether that is another one.
    found: Option<usize>,
}

impl Hiding {
    /// Of the map of a class; nothing is hidden yet.
    ///
    /// Cells with equal evidence keep their order, row by row.
    pub fn new(class: usize, map: &Map) -> Self {
        let mut order: Vec<usize> = (0..map.signed.len()).collect();
        order.sort_by(|&a, &b| map.signed[b].total_cmp(&map.signed[a]));
        Self {
            class,
            cells: [map.width, map.height],
            order,
            hidden: 0,
            found: None,
        }
    }

    /// The cell to hide next, as [column, row]; none when another class is on top, or nothing is left.
    pub fn next_cell(&self) -> Option<[usize; 2]> {
        let cell = *self.order.get(self.hidden).filter(|_| self.found.is_none())?;
        Some([cell % self.cells[0], cell / self.cells[0]])
    }

    /// Takes note that the next cell was hidden, and which class is on top then.
    pub fn hide(&mut self, top: usize) {
        if self.next_cell().is_some() {
            self.hidden += 1;
            self.found = Some(top).filter(|&top| top != self.class);
        }
    }

    /// How many cells are hidden.
    pub const fn hidden(&self) -> usize {
        self.hidden
    }

    /// How many there are.
    pub fn all(&self) -> usize {
        self.order.len()
    }

    /// The class that is on top instead; none as long as none is.
    pub const fn found(&self) -> Option<usize> {
        self.found
    }

    /// Whether nothing is left to be done.
    pub fn is_over(&self) -> bool {
        self.next_cell().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hides cells of a network that answers class 0 as long as the evidence left is more than `threshold`.
    fn hide_all(map: &Map, threshold: f64) -> Hiding {
        let mut hiding = Hiding::new(0, map);
        let mut left = map.clone();
        while let Some([column, row]) = hiding.next_cell() {
            left.signed[row * map.width + column] = 0.0;
            let evidence: f64 = left.signed.iter().sum();
            hiding.hide(usize::from(evidence <= threshold));
        }
        hiding
    }

    #[test]
    fn the_strongest_cells_go_first_and_no_more_than_needed() {
        let map = Map::new(3, 2, vec![0.1, 5.0, 0.0, 3.0, -2.0, 3.0]);
        let mut hiding = Hiding::new(0, &map);
        let mut cells = Vec::new();
        while let Some(cell) = hiding.next_cell() {
            cells.push(cell);
            hiding.hide(0);
        }
        // equal ones row by row, and what argues against it last
        assert_eq!(cells, [[1, 0], [0, 1], [2, 1], [0, 0], [2, 0], [1, 1]]);
        assert_eq!((hiding.hidden(), hiding.found(), hiding.is_over()), (6, None, true));

        let hiding = hide_all(&map, 2.0);
        assert_eq!((hiding.hidden(), hiding.all(), hiding.found()), (2, 6, Some(1)));
        assert!(hiding.is_over());
        let hiding = hide_all(&map, -100.0);
        assert_eq!((hiding.hidden(), hiding.found()), (6, None));
    }

    #[test]
    fn what_is_over_goes_no_further() {
        let map = Map::new(2, 1, vec![1.0, 2.0]);
        let mut hiding = Hiding::new(4, &map);
        hiding.hide(7);
        hiding.hide(4);
        assert_eq!(
            (hiding.hidden(), hiding.found(), hiding.next_cell()),
            (1, Some(7), None)
        );
        let nothing = Hiding::new(0, &Map::new(0, 0, Vec::new()));
        assert!(nothing.is_over() && nothing.next_cell().is_none());
    }
}
