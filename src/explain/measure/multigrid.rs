//! The linear systems of a grid in which each cell hangs on the eight around it, solved by conjugate gradients (Hestenes and
//! Stiefel 1952) behind a multigrid cycle: a coarser grid has the sums over squares of two by two cells (aggregation;
//! Braess 1995, "Towards algebraic multigrid for elliptic problems of second order", whose correction is enlarged as here),
//! and each grid is relaxed by Gauss and Seidel, once forwards and once backwards. About a dozen steps settle what takes
//! plain conjugate gradients hundreds.

/// A value of each of up to three colours, which share their system.
pub(super) type Lanes = [f64; 3];

/// Steps at most, and the residual, relative to the right side, at which they end.
const STEPS: usize = 200;
const SETTLED: f64 = 1e-5;
/// How much the correction of a coarser grid is enlarged, which is too small as it is the same all over a square.
const ENLARGED: f64 = 1.5;
/// Cells a side of the coarsest grid at most, and how often it is relaxed.
const COARSEST: usize = 6;
const RELAXED: usize = 10;

/// A symmetric, positive definite system over a grid with an edge of one cell around it, which is never part of it.
pub(super) struct Grid {
    /// Height and width without the edge.
    size: [usize; 2],
    /// What each cell is multiplied by; 0 where it is not part of the system.
    diagonal: Vec<f64>,
    /// How much each cell hangs on that right of it, and on those left below, below, and right below.
    links: Vec<[f64; 4]>,
    /// The cells that are part of it.
    cells: Vec<usize>,
}

impl Grid {
    /// A system; cells are counted with the edge around them ([`Grid::place`]).
    pub(super) fn new(size: [usize; 2], diagonal: Vec<f64>, links: Vec<[f64; 4]>) -> Self {
        let cells = (0..diagonal.len()).filter(|&cell| diagonal[cell] != 0.0).collect();
        Self {
            size,
            diagonal,
            links,
            cells,
        }
    }

    /// How many cells there are with the edge.
    pub(super) fn len([height, width]: [usize; 2]) -> usize {
        (height + 2) * (width + 2)
    }

    /// Where a cell without the edge lies with it.
    pub(super) fn place([_, width]: [usize; 2], cell: usize) -> usize {
        (cell / width + 1) * (width + 2) + cell % width + 1
    }

    /// How far the four cells lie that links lead to.
    pub(super) fn steps([_, width]: [usize; 2]) -> [usize; 4] {
        let line = width + 2;
        [1, line - 1, line, line + 1]
    }

    /// What the cells around one say.
    fn around(&self, values: &[Lanes], cell: usize) -> Lanes {
        let mut sum = [0.0; 3];
        for (way, step) in Self::steps(self.size).into_iter().enumerate() {
            add(&mut sum, self.links[cell][way], &values[cell + step]);
            add(&mut sum, self.links[cell - step][way], &values[cell - step]);
        }
        sum
    }

    /// The system applied to values.
    fn apply(&self, values: &[Lanes]) -> Vec<Lanes> {
        let mut applied = vec![[0.0; 3]; values.len()];
        for &cell in &self.cells {
            let around = self.around(values, cell);
            applied[cell] = lanes(|lane| self.diagonal[cell] * values[cell][lane] - around[lane]);
        }
        applied
    }

    /// Lets one cell be what those around it say.
    fn relax(&self, right: &[Lanes], values: &mut [Lanes], cell: usize) {
        let around = self.around(values, cell);
        values[cell] = lanes(|lane| (right[cell][lane] + around[lane]) / self.diagonal[cell]);
    }

    fn half(&self) -> [usize; 2] {
        self.size.map(|length| length.div_ceil(2))
    }

    /// The cell of the coarser grid that one lies in.
    fn square(&self, cell: usize) -> usize {
        let line = self.size[1] + 2;
        let [row, column] = [cell / line - 1, cell % line - 1];
        (row / 2 + 1) * (self.half()[1] + 2) + column / 2 + 1
    }

    /// The same system over squares of two by two cells.
    fn coarser(&self) -> Self {
        let size = self.half();
        let mut diagonal = vec![0.0; Self::len(size)];
        let mut links = vec![[0.0; 4]; Self::len(size)];
        let steps = Self::steps(size);
        for &cell in &self.cells {
            let square = self.square(cell);
            diagonal[square] += self.diagonal[cell];
            for (way, step) in Self::steps(self.size).into_iter().enumerate() {
                let link = self.links[cell][way];
                if link == 0.0 {
                    continue;
                }
                let other = self.square(cell + step);
                let [first, second] = [square.min(other), square.max(other)];
                match steps.iter().position(|step| first + step == second) {
                    Some(way) => links[first][way] += link,
                    // inside of one square, both ways
                    None => diagonal[square] -= 2.0 * link,
                }
            }
        }
        Self::new(size, diagonal, links)
    }
}

/// Solves a system for up to three right sides, counted with the edge.
pub(super) fn solved(grid: Grid, right: &[Lanes]) -> Vec<Lanes> {
    let mut grids = vec![grid];
    while let Some(last) = grids
        .last()
        .filter(|last| last.size.iter().any(|&length| length > COARSEST))
    {
        let coarser = last.coarser();
        grids.push(coarser);
    }
    let finest = &grids[0];
    let dot = |a: &[Lanes], b: &[Lanes]| -> Lanes {
        let mut sum = [0.0; 3];
        for &cell in &finest.cells {
            for (lane, sum) in sum.iter_mut().enumerate() {
                *sum += a[cell][lane] * b[cell][lane];
            }
        }
        sum
    };
    // a lane that has settled, or has nothing to say, stays as it is
    let share = |part: Lanes, whole: Lanes| {
        lanes(|lane| {
            if whole[lane] > 0.0 {
                part[lane] / whole[lane]
            } else {
                0.0
            }
        })
    };
    let enough = dot(right, right).map(|square| square * SETTLED * SETTLED);
    let mut found = vec![[0.0; 3]; right.len()];
    let mut residual = right.to_vec();
    let mut corrected = cycle(&grids, &residual);
    let mut direction = corrected.clone();
    let mut size = dot(&residual, &corrected);
    for _ in 0..STEPS {
        let left = dot(&residual, &residual);
        if (0..3).all(|lane| left[lane] <= enough[lane]) {
            break;
        }
        let along = finest.apply(&direction);
        let step = share(size, dot(&direction, &along));
        for &cell in &finest.cells {
            for lane in 0..3 {
                found[cell][lane] += step[lane] * direction[cell][lane];
                residual[cell][lane] -= step[lane] * along[cell][lane];
            }
        }
        corrected = cycle(&grids, &residual);
        let next = dot(&residual, &corrected);
        let turn = share(next, size);
        size = next;
        for &cell in &finest.cells {
            direction[cell] = lanes(|lane| corrected[cell][lane] + turn[lane] * direction[cell][lane]);
        }
    }
    found
}

/// About what solves the first of the grids, each coarser than the one before.
fn cycle(grids: &[Grid], right: &[Lanes]) -> Vec<Lanes> {
    let Some((grid, coarser)) = grids.split_first() else {
        return right.to_vec();
    };
    let mut values = vec![[0.0; 3]; right.len()];
    let times = if coarser.is_empty() { RELAXED } else { 1 };
    for _ in 0..times {
        for &cell in &grid.cells {
            grid.relax(right, &mut values, cell);
        }
    }
    if !coarser.is_empty() {
        let mut residual = vec![[0.0; 3]; Grid::len(grid.half())];
        for &cell in &grid.cells {
            let around = grid.around(&values, cell);
            let left = lanes(|lane| right[cell][lane] - grid.diagonal[cell] * values[cell][lane] + around[lane]);
            add(&mut residual[grid.square(cell)], 1.0, &left);
        }
        let correction = cycle(coarser, &residual);
        for &cell in &grid.cells {
            add(&mut values[cell], ENLARGED, &correction[grid.square(cell)]);
        }
    }
    for _ in 0..times {
        for &cell in grid.cells.iter().rev() {
            grid.relax(right, &mut values, cell);
        }
    }
    values
}

fn lanes(value: impl Fn(usize) -> f64) -> Lanes {
    std::array::from_fn(value)
}

fn add(sum: &mut Lanes, factor: f64, values: &Lanes) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += factor * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_solves_the_system() {
        // a disk in which each cell hangs on its neighbours, and some weight of its own
        let size = [37, 50];
        let mut diagonal = vec![0.0; Grid::len(size)];
        let mut links = vec![[0.0; 4]; Grid::len(size)];
        let mut right = vec![[0.0; 3]; Grid::len(size)];
        let is_inside = |cell: usize| {
            let [y, x] = [cell / 52, cell % 52].map(|at| at as f64);
            (y - 19.0).hypot(x - 25.0) < 16.0
        };
        for cell in (0..Grid::len(size)).filter(|&cell| is_inside(cell)) {
            diagonal[cell] = 1.01;
            right[cell] = [1.0, (cell % 7) as f64, 0.0];
            for (way, step) in Grid::steps(size).into_iter().enumerate() {
                if is_inside(cell + step) {
                    links[cell][way] = 0.125;
                }
            }
        }
        let found = solved(Grid::new(size, diagonal.clone(), links.clone()), &right);
        let applied = Grid::new(size, diagonal, links).apply(&found);
        for lane in 0..3 {
            let square = |of: &dyn Fn(usize) -> f64| (0..right.len()).map(|cell| of(cell).powi(2)).sum::<f64>().sqrt();
            let left = square(&|cell| right[cell][lane] - applied[cell][lane]);
            assert!(left <= SETTLED * square(&|cell| right[cell][lane]), "{lane}: {left}");
        }
        assert!(found.iter().all(|value| value[2] == 0.0));
    }
}
