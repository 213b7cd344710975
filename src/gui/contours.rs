//! Lines of equal heat, by marching squares (Lorensen and Cline 1987, in the plane) on the smooth map.

use egui::{Color32, Painter, Pos2, Rect, Stroke, pos2};

use super::export;
use super::maps::Shown;
use super::state::State;
use crate::imaging::{CONTOUR_LEVELS, resize_map};

/// Side of the grid the lines are found on.
const SIDE: usize = 96;

/// One piece of a line, in shares of width and height.
type Segment = [[f32; 2]; 2];

/// Draws the lines over the photo in the colours of their values.
pub fn paint(painter: &Painter, state: &State, shown: &Shown, target: Rect) {
    if shown.map.signed.is_empty() {
        return;
    }
    let values = resize_map(&shown.units(), shown.map.width, shown.map.height, SIDE, SIDE);
    let table = export::colormap(&state.choices, shown).table();
    let at =
        |[x, y]: [f32; 2]| -> Pos2 { pos2(target.left() + x * target.width(), target.top() + y * target.height()) };
    for level in CONTOUR_LEVELS {
        let [red, green, blue] = table[(255.0 * level) as usize];
        let segments = segments(&values, SIDE, level);
        for (width, colour) in [
            (3.5, Color32::from_black_alpha(120)),
            (1.75, Color32::from_rgb(red, green, blue)),
        ] {
            for [from, to] in &segments {
                painter.line_segment([at(*from), at(*to)], Stroke::new(width, colour));
            }
        }
    }
}

/// The line of one level on a square grid whose values lie in the middle of its cells.
fn segments(values: &[f32], side: usize, level: f32) -> Vec<Segment> {
    let value = |x: usize, y: usize| values.get(y * side + x).copied().unwrap_or(0.0);
    let mut segments = Vec::new();
    for y in 0..side.saturating_sub(1) {
        for x in 0..side.saturating_sub(1) {
            // corners clockwise from the upper left one
            let corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
            let crossing = |from: usize| {
                let ((ax, ay), (bx, by)) = (corners[from], corners[(from + 1) % 4]);
                let (a, b) = (value(ax, ay), value(bx, by));
                if (a < level) == (b < level) {
                    return None;
                }
                let share = (level - a) / (b - a);
                let between = |a: usize, b: usize| (a as f32 + (b as f32 - a as f32) * share + 0.5) / side as f32;
                Some([between(ax, bx), between(ay, by)])
            };
            let crossings: Vec<[f32; 2]> = (0..4).filter_map(crossing).collect();
            // two crossings make one piece; four, at a saddle, make two
            for pair in crossings.as_chunks().0 {
                segments.push(*pair);
            }
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_slope_is_straight_and_where_it_should_be() {
        let side = 8;
        let values: Vec<f32> = (0..side * side).map(|i| (i % side) as f32 / 7.0).collect();
        let found = segments(&values, side, 0.5);
        assert_eq!(found.len(), side - 1);
        for [[ax, _], [bx, _]] in found {
            assert!((ax - 0.5).abs() < 1e-6 && (bx - 0.5).abs() < 1e-6);
        }
    }

    #[test]
    fn a_flat_map_has_no_lines() {
        assert!(segments(&[0.5; 64], 8, 0.5).is_empty());
        assert!(segments(&[], 0, 0.5).is_empty());
    }
}
