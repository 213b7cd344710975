//! Values of a few cells over many places, for masks.

/// Values `[height, width]` at other rows and columns: each is a cell, and how far the place lies towards the next one; the
/// last cell goes on.
pub(super) fn stretched(
    values: &[f64],
    [height, width]: [usize; 2],
    rows: &[(usize, f64)],
    columns: &[(usize, f64)],
) -> Vec<f64> {
    let at = |y: usize, x: usize| values[y * width + x];
    let mix = |a: f64, b: f64, share: f64| a + (b - a) * share;
    let mut stretched = Vec::with_capacity(rows.len() * columns.len());
    for &(above, share_below) in rows {
        let below = (above + 1).min(height - 1);
        for &(left, share_right) in columns {
            let right = (left + 1).min(width - 1);
            let upper = mix(at(above, left), at(above, right), share_right);
            let lower = mix(at(below, left), at(below, right), share_right);
            stretched.push(mix(upper, lower, share_below));
        }
    }
    stretched
}
