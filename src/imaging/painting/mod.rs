//! Painting over a photo, as data: strokes in the photo's own pixels, from which the painted photo follows exactly.
//!
//! A pixel has the value that the last stroke over it gives, and every brush gives a value of the photo as it was before
//! anything was painted. So the order in which pixels are painted does not matter, a stroke can be taken back, and only what
//! changed has to be painted anew ([`Canvas`]).

mod canvas;
mod key;
mod stroke;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use canvas::{Canvas, Paints};
pub use key::PaintingKey;
pub use stroke::{Area, Brush, Stroke, UnknownBrush};

use super::Region;

/// More corners of strokes than any hand draws; what has more is refused.
const MOST_POINTS: usize = 200_000;

/// What was painted over one photo.
///
/// Copies share their strokes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<Stroke>", into = "Vec<Stroke>")]
pub struct Painting {
    strokes: Vec<Arc<Stroke>>,
    key: Option<PaintingKey>,
}

impl PartialEq for Painting {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Painting {}

impl TryFrom<Vec<Stroke>> for Painting {
    type Error = String;

    fn try_from(strokes: Vec<Stroke>) -> Result<Self, String> {
        let points: usize = strokes.iter().map(|stroke| stroke.area.corners()).sum();
        if points > MOST_POINTS {
            return Err(format!("a painting of {points} points; {MOST_POINTS} is the most"));
        }
        Ok(Self::of(strokes.into_iter().map(Arc::new).collect()))
    }
}

impl From<Painting> for Vec<Stroke> {
    fn from(painting: Painting) -> Self {
        painting.strokes.into_iter().map(Arc::unwrap_or_clone).collect()
    }
}

impl From<Stroke> for Painting {
    fn from(stroke: Stroke) -> Self {
        Self::of(vec![Arc::new(stroke)])
    }
}

impl Painting {
    fn of(strokes: Vec<Arc<Stroke>>) -> Self {
        let key = PaintingKey::of(&strokes);
        Self { strokes, key }
    }

    /// The strokes, the last one on top.
    #[must_use]
    pub fn strokes(&self) -> &[Arc<Stroke>] {
        &self.strokes
    }

    /// Whether nothing is painted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.strokes.is_empty()
    }

    /// What tells it from others; none if nothing is painted.
    #[must_use]
    pub const fn key(&self) -> Option<PaintingKey> {
        self.key
    }

    /// The same with one more stroke on top.
    #[must_use]
    pub fn with(&self, stroke: Stroke) -> Self {
        let mut strokes = self.strokes.clone();
        strokes.push(Arc::new(stroke));
        Self::of(strokes)
    }

    /// Draws the last stroke on to another place of the photo; nothing if that is a rectangle, or there is none.
    ///
    /// What was drawn before it is shared as it is.
    pub fn draw_to(&mut self, point: [i32; 2]) {
        let Some(last) = self.strokes.last_mut() else { return };
        if !matches!(last.area, Area::Line { .. }) {
            return;
        }
        if let Area::Line { points, .. } = &mut Arc::make_mut(last).area {
            points.push(point);
        }
        self.key = PaintingKey::of(&self.strokes);
    }

    /// The same with another brush in every stroke, apart from those that erase.
    #[must_use]
    pub fn by(&self, brush: Brush) -> Self {
        let other = |stroke: &Arc<Stroke>| match stroke.brush {
            Brush::Erase => stroke.clone(),
            _ => Arc::new(Stroke {
                brush,
                area: stroke.area.clone(),
            }),
        };
        Self::of(self.strokes.iter().map(other).collect())
    }

    /// The same for a copy of the photo, both sizes as [width, height]; places are rounded to whole pixels.
    #[must_use]
    pub fn scaled(&self, from: [u32; 2], to: [u32; 2]) -> Self {
        if from == to {
            return self.clone();
        }
        let scaled = |stroke: &Arc<Stroke>| Arc::new(stroke.scaled(from, to));
        Self::of(self.strokes.iter().map(scaled).collect())
    }

    /// How many strokes two paintings begin with in common.
    fn common(&self, other: &Self) -> usize {
        let same = |(a, b): &(&Arc<Stroke>, &Arc<Stroke>)| Arc::ptr_eq(a, b) || a == b;
        self.strokes.iter().zip(&other.strokes).take_while(same).count()
    }

    /// The last stroke and how many pieces of it were there before, if nothing else was added to a painting: while a hand
    /// draws.
    fn drawn_on(&self, before: &Self) -> Option<(&Stroke, usize)> {
        let common = self.common(before);
        match (&self.strokes[common..], &before.strokes[common..]) {
            ([new], []) => Some((new, 0)),
            ([new], [old]) => Some((new, new.pieces_of(old)?)),
            _ => None,
        }
    }

    /// The rectangle in which a photo of [width, height] may differ between this painting and another; none if it is the
    /// same.
    fn differs_in(&self, before: &Self, size: [u32; 2]) -> Option<Region> {
        if let Some((stroke, pieces)) = self.drawn_on(before) {
            return stroke.bounds(pieces, size);
        }
        let common = self.common(before);
        let (new, old) = (&self.strokes[common..], &before.strokes[common..]);
        let bounds = new.iter().chain(old).filter_map(|stroke| stroke.bounds(0, size));
        bounds.reduce(Region::union)
    }
}
