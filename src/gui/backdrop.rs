//! The colour behind the picture, painted only where no photo covers it.
//!
//! Without a graphics card the pixels that are painted are what a frame costs. So none of the large areas is painted
//! twice: the panels show the colour that the window is cleared to, and this is painted around the photo, not under it.

use egui::{Color32, Rect, Shape, pos2};

/// How far it reaches under a photo's edge, in points, so that no line of the panel's colour shows between the two.
const OVERLAP: f32 = 1.0;

/// The parts of `area` that none of `covered` hides.
pub fn uncovered(area: Rect, covered: &[Rect]) -> Vec<Rect> {
    let mut parts = vec![area];
    for hole in covered {
        let hole = hole.shrink(OVERLAP);
        parts = parts.into_iter().flat_map(|part| without(part, hole)).collect();
    }
    parts
}

/// Fills what [`uncovered`] leaves.
pub fn shape(area: Rect, covered: &[Rect], colour: Color32) -> Shape {
    let parts = uncovered(area, covered);
    let fill = |part| Shape::rect_filled(part, 0.0, colour);
    Shape::Vec(parts.into_iter().map(fill).collect())
}

/// What is left of a rectangle: above, below, left and right of the hole.
fn without(part: Rect, hole: Rect) -> Vec<Rect> {
    let hole = hole.intersect(part);
    if !hole.is_positive() {
        return vec![part];
    }
    [
        Rect::from_min_max(part.min, pos2(part.right(), hole.top())),
        Rect::from_min_max(pos2(part.left(), hole.bottom()), part.max),
        Rect::from_min_max(pos2(part.left(), hole.top()), pos2(hole.left(), hole.bottom())),
        Rect::from_min_max(pos2(hole.right(), hole.top()), pos2(part.right(), hole.bottom())),
    ]
    .into_iter()
    .filter(Rect::is_positive)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(left: f32, top: f32, right: f32, bottom: f32) -> Rect {
        Rect::from_min_max(pos2(left, top), pos2(right, bottom))
    }

    #[test]
    fn every_pixel_is_painted_once_or_covered() {
        let area = rect(0.0, 0.0, 20.0, 12.0);
        let photos: [&[Rect]; 6] = [
            &[],
            &[rect(4.0, 2.0, 16.0, 10.0)],
            &[rect(-5.0, 2.0, 30.0, 10.0)],
            &[rect(-5.0, -5.0, 30.0, 30.0)],
            &[rect(1.0, 1.0, 9.0, 11.0), rect(11.0, 3.0, 19.0, 9.0)],
            &[rect(40.0, 1.0, 50.0, 11.0)],
        ];
        for covered in photos {
            let parts = uncovered(area, covered);
            for (x, y) in (0..12).flat_map(|y| (0..20).map(move |x| (x, y))) {
                let pixel = pos2(x as f32 + 0.5, y as f32 + 0.5);
                let painted = parts.iter().filter(|part| part.contains(pixel)).count();
                let hidden = covered.iter().any(|photo| photo.shrink(OVERLAP).contains(pixel));
                assert_eq!(painted, usize::from(!hidden), "{covered:?} at {pixel:?}");
            }
        }
    }
}
