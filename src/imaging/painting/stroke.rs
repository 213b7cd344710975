//! One stroke: what it gives, and which pixels it covers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::imaging::Region;

/// The farthest place that is looked at, in pixels; no photo is as large.
const FARTHEST: i32 = 1 << 20;

/// What a stroke gives to the pixels that it covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Brush {
    /// Middle grey, 128.
    #[default]
    Grey,
    /// The photo out of focus.
    Blur,
    /// The mean colour of the photo.
    Mean,
    /// The pixels of the photo that lie so many columns to the right and rows below; nothing where there are none.
    Clone([i32; 2]),
    /// The photo itself: what was painted before is taken away.
    Erase,
}

impl Brush {
    /// Those that hide what is under them without needing to be told with what.
    pub const FILLS: [Self; 3] = [Self::Grey, Self::Blur, Self::Mean];

    /// The name for people and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Blur => "blur",
            Self::Mean => "mean",
            Self::Clone(_) => "clone",
            Self::Erase => "erase",
        }
    }
}

/// A name that is no fill.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("unknown fill '{0}'; choose grey, blur or mean")]
pub struct UnknownBrush(pub String);

impl fmt::Display for Brush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Brush {
    type Err = UnknownBrush;

    /// Reads [`Self::FILLS`].
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::FILLS
            .into_iter()
            .find(|fill| fill.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownBrush(name.to_owned()))
    }
}

/// Which pixels a stroke covers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// A line with round ends: all pixels at most `radius` away from it.
    Line {
        /// Half of its width in pixels; 0 is one pixel wide.
        radius: u32,
        /// The pixels that it goes through, as [column, row]; they may lie outside of the photo.
        points: Vec<[i32; 2]>,
    },
    /// A rectangle.
    Rectangle(Region),
}

impl Area {
    /// How much there is to be looked at.
    pub(super) fn corners(&self) -> usize {
        match self {
            Self::Line { points, .. } => points.len(),
            Self::Rectangle(_) => 1,
        }
    }
}

/// One stroke.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stroke {
    /// What it gives.
    pub brush: Brush,
    /// Where.
    pub area: Area,
}

impl Stroke {
    /// How many pieces, each from one point to the next, this stroke has in common with one of which it is the continuation;
    /// none if it is not.
    pub(super) fn pieces_of(&self, before: &Self) -> Option<usize> {
        let (
            Area::Line { radius, points },
            Area::Line {
                radius: radius_before,
                points: points_before,
            },
        ) = (&self.area, &before.area)
        else {
            return None;
        };
        let is_continued = self.brush == before.brush && radius == radius_before && points.starts_with(points_before);
        is_continued.then(|| points_before.len().saturating_sub(1))
    }

    /// The ends of its pieces; a single point is a piece, too.
    fn pieces(&self) -> impl DoubleEndedIterator<Item = [[i32; 2]; 2]> + ExactSizeIterator {
        let points: &[[i32; 2]] = match &self.area {
            Area::Line { points, .. } => points,
            Area::Rectangle(_) => &[],
        };
        let pieces = points.len().saturating_sub(1).max(points.len().min(1));
        (0..pieces).map(move |piece| [points[piece], points[(piece + 1).min(points.len() - 1)]])
    }

    /// The rectangle of a photo of [width, height] outside of which it covers nothing but what its first `pieces` do; none if
    /// it covers nothing.
    pub(super) fn bounds(&self, pieces: usize, size: [u32; 2]) -> Option<Region> {
        let whole = Region::whole(size[0], size[1]);
        match &self.area {
            Area::Rectangle(region) => region.intersection(whole),
            Area::Line { radius, .. } => {
                let bounds = self
                    .pieces()
                    .skip(pieces)
                    .filter_map(|[from, to]| around(from, to, *radius));
                bounds.reduce(Region::union)?.intersection(whole)
            }
        }
    }

    /// Calls `span(row, first column, column behind the last)` for all pixels of `within` that it covers, apart from those
    /// that only its first `pieces` do; some more than once.
    pub(super) fn spans(&self, pieces: usize, within: Region, mut span: impl FnMut(u32, u32, u32)) {
        match &self.area {
            Area::Rectangle(region) => {
                if let Some(common) = region.intersection(within) {
                    for y in common.y..common.y + common.height {
                        span(y, common.x, common.x + common.width);
                    }
                }
            }
            Area::Line { radius, .. } => {
                let before = self.pieces().map(Some);
                let before = std::iter::once(None).chain(before);
                for ([from, to], before) in self.pieces().zip(before).skip(pieces) {
                    let bounds = around(from, to, *radius).and_then(|bounds| bounds.intersection(within));
                    let Some(bounds) = bounds else { continue };
                    let line = Segment::new(from, to, *radius);
                    let before = before.map(|[from, to]| Segment::new(from, to, *radius));
                    for y in bounds.y..bounds.y + bounds.height {
                        let Some([first, last]) = line.row(y) else { continue };
                        let (first, end) = (first.max(bounds.x), (last + 1).min(bounds.x + bounds.width));
                        // most of it was covered by the piece before
                        let covered = before.as_ref().and_then(|before| before.row(y));
                        let [from, to] = covered.map_or([end, end], |[from, to]| [from, to + 1]);
                        for (start, end) in [(first, end.min(from)), (first.max(to), end)] {
                            if start < end {
                                span(y, start, end);
                            }
                        }
                    }
                }
            }
        }
    }

    /// The same for a copy of the photo of another size.
    pub(super) fn scaled(&self, from: [u32; 2], to: [u32; 2]) -> Self {
        let factor = [0, 1].map(|axis| f64::from(to[axis]) / f64::from(from[axis].max(1)));
        // the middle of a pixel stays where it is
        let place = |at: i32, axis: usize| ((f64::from(at) + 0.5) * factor[axis]).floor() as i32;
        let length = |length: i32, axis: usize| (f64::from(length) * factor[axis]).round() as i32;
        let brush = match self.brush {
            Brush::Clone([x, y]) => Brush::Clone([length(x, 0), length(y, 1)]),
            other => other,
        };
        let area = match &self.area {
            Area::Rectangle(region) => Area::Rectangle(region.scaled(from, to)),
            Area::Line { radius, points } => Area::Line {
                radius: (f64::from(*radius) * f64::midpoint(factor[0], factor[1])).round() as u32,
                points: points.iter().map(|&[x, y]| [place(x, 0), place(y, 1)]).collect(),
            },
        };
        Self { brush, area }
    }
}

/// The rectangle around a piece of a line; none where it has no pixel with places from 0 on.
fn around(from: [i32; 2], to: [i32; 2], radius: u32) -> Option<Region> {
    let radius = i64::from(radius.min(FARTHEST as u32));
    let side = |axis: usize| {
        let [from, to] = [from[axis], to[axis]].map(|at| i64::from(at.clamp(-FARTHEST, FARTHEST)));
        let start = (from.min(to) - radius).max(0);
        let end = from.max(to) + radius + 1;
        (start < end).then(|| (start as u32, (end - start) as u32))
    };
    let ((x, width), (y, height)) = (side(0)?, side(1)?);
    Some(Region { x, y, width, height })
}

/// A piece of a line with round ends, between the middles of two pixels.
struct Segment {
    from: [f64; 2],
    to: [f64; 2],
    along: [f64; 2],
    /// The square of its length.
    length: f64,
    radius: f64,
}

impl Segment {
    fn new(from: [i32; 2], to: [i32; 2], radius: u32) -> Self {
        let place = |point: [i32; 2]| point.map(|at| f64::from(at.clamp(-FARTHEST, FARTHEST)));
        let (from, to) = (place(from), place(to));
        let along = [to[0] - from[0], to[1] - from[1]];
        Self {
            from,
            to,
            along,
            length: along[0] * along[0] + along[1] * along[1],
            radius: f64::from(radius),
        }
    }

    /// Whether a pixel's middle is at most the radius away from it.
    fn covers(&self, x: f64, y: f64) -> bool {
        let reach = self.radius * self.radius;
        let square = |[x, y]: [f64; 2]| x * x + y * y;
        let off = [x - self.from[0], y - self.from[1]];
        let share = off[0] * self.along[0] + off[1] * self.along[1];
        // all of these are whole numbers, so that nothing is rounded before the last product
        if share <= 0.0 {
            square(off) <= reach
        } else if share >= self.length {
            square([x - self.to[0], y - self.to[1]]) <= reach
        } else {
            let aside = off[0] * self.along[1] - off[1] * self.along[0];
            aside * aside <= reach * self.length
        }
    }

    /// The first and the last column from 0 on that it covers in a row; none if it covers none. It is convex, so that a row of
    /// it is one piece.
    fn row(&self, y: u32) -> Option<[u32; 2]> {
        let y = f64::from(y);
        let mut ends = [f64::INFINITY, f64::NEG_INFINITY];
        let mut widen = |from: f64, to: f64| ends = [ends[0].min(from), ends[1].max(to)];
        for end in [self.from, self.to] {
            let down = y - end[1];
            let half = self.radius * self.radius - down * down;
            if half >= 0.0 {
                widen(end[0] - half.sqrt(), end[0] + half.sqrt());
            }
        }
        // between both ends: as far from the line as the radius is, and beside it
        let [right, below] = self.along;
        let down = y - self.from[1];
        let limits = |factor: f64, rest: f64, least: f64, most: f64| match factor {
            0.0 if (least..=most).contains(&rest) => [f64::NEG_INFINITY, f64::INFINITY],
            0.0 => [f64::INFINITY, f64::NEG_INFINITY],
            _ => {
                let (a, b) = ((least - rest) / factor, (most - rest) / factor);
                [a.min(b), a.max(b)]
            }
        };
        let reach = self.radius * self.length.sqrt();
        let aside = limits(below, -down * right, -reach, reach);
        let beside = limits(right, down * below, 0.0, self.length);
        let (from, to) = (aside[0].max(beside[0]), aside[1].min(beside[1]));
        if self.length > 0.0 && from <= to {
            widen(self.from[0] + from, self.from[0] + to);
        }
        if ends[0] > ends[1] {
            return None;
        }
        // what was computed is off by less than a pixel
        let (least, most) = (ends[0].floor() as i64 - 1, ends[1].ceil() as i64 + 1);
        let first = (least.max(0)..=most).take(4).find(|&x| self.covers(x as f64, y))?;
        let last = (first..=most).rev().take(4).find(|&x| self.covers(x as f64, y))?;
        Some([first as u32, last as u32])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// By looking at every pixel.
        #[test]
        fn a_row_of_a_line_is_what_is_near_it(
            from in [-15_i32..40, -15_i32..40], to in [-15_i32..40, -15_i32..40], radius in 0_u32..25,
        ) {
            let line = Segment::new(from, to, radius);
            for y in 0..70 {
                let covered: Vec<u32> = (0..70).filter(|&x| line.covers(f64::from(x), f64::from(y))).collect();
                let ends = covered.first().zip(covered.last()).map(|(&first, &last)| [first, last]);
                prop_assert_eq!(line.row(y), ends, "{} of {:?}", y, covered);
            }
        }
    }
}
