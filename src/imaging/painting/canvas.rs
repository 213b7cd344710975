//! A photo that is painted over: only what changed is painted anew.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Brush, Painting, Stroke};
use crate::imaging::{Photo, Region, blurred, thumbnail};

/// Middle grey.
pub(super) const GREY: [u8; 3] = [128; 3];
/// Largest side of the copy that is put out of focus.
const SMALL: u32 = 160;
/// Deviation of the blur as a share of the photo's longer side.
const DEVIATION: f64 = 5.0 / 224.0;

/// What the brushes take their colours from, of one photo.
#[derive(Clone, Debug)]
pub struct Paints {
    mean: [u8; 3],
    /// A small copy out of focus.
    blurred: Photo,
}

impl Paints {
    /// Those of a photo.
    ///
    /// The photo out of focus is a small copy of it, each pixel the mean of those that it covers, with a normal blur of 5/224
    /// of the longer side, and between four pixels of it what lies between them.
    #[must_use]
    pub fn of(photo: &Photo) -> Self {
        let mut small = thumbnail(photo, SMALL);
        let deviation = DEVIATION * f64::from(small.width.max(small.height));
        let values: Vec<f32> = small.rgb.iter().map(|&level| f32::from(level)).collect();
        let size = [small.height as usize, small.width as usize];
        let values = blurred(&values, size, 3, deviation);
        small.rgb = values.into_iter().map(|level| level.round() as u8).collect();
        let mut mean = [0; 3];
        for (mean, level) in mean.iter_mut().zip(&thumbnail(photo, 1).rgb) {
            *mean = *level;
        }
        Self { mean, blurred: small }
    }

    /// The photo out of focus at a pixel of a photo of [width, height].
    fn blur_at(&self, [x, y]: [u32; 2], size: [u32; 2]) -> [u8; 3] {
        let rows = self.rows_at(y, size[1]);
        let (left, right, across) = between(self.blurred.width, x, size[0]);
        mixed([left, right].map(|column| rows.column(column)), across)
    }

    /// The rows of the small copy that a row of a photo of this height lies between.
    fn rows_at(&self, y: u32, height: u32) -> Rows<'_> {
        let (top, bottom, down) = between(self.blurred.height, y, height);
        let row = |row: usize| {
            let start = row * self.blurred.stride();
            self.blurred.rgb[start..start + self.blurred.stride()]
                .as_chunks::<3>()
                .0
        };
        Rows {
            upper: row(top),
            lower: row(bottom),
            down,
        }
    }
}

/// Two rows of a small copy, and how near to the second one something lies between them.
struct Rows<'a> {
    upper: &'a [[u8; 3]],
    lower: &'a [[u8; 3]],
    down: f32,
}

impl Rows<'_> {
    /// What lies between them in a column.
    fn column(&self, column: usize) -> [f32; 3] {
        let (upper, lower) = (self.upper[column], self.lower[column]);
        [0, 1, 2].map(|channel| (1.0 - self.down) * f32::from(upper[channel]) + self.down * f32::from(lower[channel]))
    }
}

/// What lies between two colours, rounded.
fn mixed([left, right]: [[f32; 3]; 2], across: f32) -> [u8; 3] {
    // levels are 0 or more
    [0, 1, 2].map(|channel| ((1.0 - across) * left[channel] + across * right[channel] + 0.5) as u8)
}

/// Which two of `side` pixels a pixel of a larger copy of `size` pixels lies between, and how near to the second.
fn between(side: u32, at: u32, size: u32) -> (usize, usize, f32) {
    let scale = f64::from(side) / f64::from(size.max(1));
    let place = ((f64::from(at) + 0.5) * scale - 0.5).clamp(0.0, f64::from(side - 1));
    let first = place as usize;
    let second = (first + 1).min(side as usize - 1);
    (first, second, (place - first as f64) as f32)
}

/// A photo that is painted over.
#[derive(Clone, Debug)]
pub struct Canvas {
    photo: Arc<Photo>,
    paints: Arc<Paints>,
    painting: Painting,
    painted: Arc<Photo>,
}

impl Canvas {
    /// A photo without anything over it yet.
    #[must_use]
    pub fn new(photo: Arc<Photo>) -> Self {
        let paints = Paints::of(&photo);
        Self::with(photo, Arc::new(paints))
    }

    /// The same with the paints of the photo that this is a copy of.
    #[must_use]
    pub fn with(photo: Arc<Photo>, paints: Arc<Paints>) -> Self {
        Self {
            paints,
            painting: Painting::default(),
            painted: photo.clone(),
            photo,
        }
    }

    /// The photo before anything was painted over it.
    #[must_use]
    pub const fn photo(&self) -> &Arc<Photo> {
        &self.photo
    }

    /// What the brushes take their colours from.
    #[must_use]
    pub const fn paints(&self) -> &Arc<Paints> {
        &self.paints
    }

    /// What is painted over it.
    #[must_use]
    pub const fn painting(&self) -> &Painting {
        &self.painting
    }

    /// The painted photo.
    #[must_use]
    pub const fn painted(&self) -> &Arc<Photo> {
        &self.painted
    }

    /// Paints this over the photo and nothing else; returns the rectangle outside of which nothing has changed.
    ///
    /// Whoever still has the painted photo of before keeps it as it was.
    pub fn paint(&mut self, painting: &Painting) -> Option<Region> {
        let size = [self.photo.width, self.photo.height];
        let changed = painting.differs_in(&self.painting, size);
        let before = std::mem::replace(&mut self.painting, painting.clone());
        if painting.is_empty() {
            self.painted = self.photo.clone();
        } else if let Some(region) = changed {
            let painted = Arc::make_mut(&mut self.painted);
            if let Some((stroke, pieces)) = painting.drawn_on(&before) {
                // nothing lies over the last stroke
                stroke.spans(pieces, region, |y, from, to| {
                    put_row(&self.photo, &self.paints, stroke, (y, from, to), painted);
                });
                return changed;
            }
            anew(&self.photo, &self.paints, painting, region, painted);
        }
        changed
    }
}

impl Painting {
    /// A photo with this over it; copied only if there is something.
    #[must_use]
    pub fn over<'a>(&self, photo: &'a Photo) -> Cow<'a, Photo> {
        if self.is_empty() {
            return Cow::Borrowed(photo);
        }
        let mut painted = photo.clone();
        let whole = Region::whole(photo.width, photo.height);
        anew(photo, &Paints::of(photo), self, whole, &mut painted);
        Cow::Owned(painted)
    }
}

/// Paints a rectangle anew: the photo, and over it the strokes.
fn anew(photo: &Photo, paints: &Paints, painting: &Painting, region: Region, painted: &mut Photo) {
    let stride = photo.stride();
    for y in region.y..region.y + region.height {
        let start = y as usize * stride + region.x as usize * 3;
        let row = start..start + region.width as usize * 3;
        painted.rgb[row.clone()].copy_from_slice(&photo.rgb[row]);
    }
    // the last stroke counts, so that whatever it covers is settled
    let mut open = Unsettled::new(region);
    for stroke in painting.strokes().iter().rev() {
        stroke.spans(0, region, |y, from, to| {
            let mut x = open.from(from, y);
            while x < to {
                if put(photo, paints, stroke, [x, y], painted) {
                    open.settle(x, y);
                }
                x = open.from(x + 1, y);
            }
        });
    }
}

/// Puts what a stroke gives to a piece of a row there, by its row, its first column and the one behind its last.
fn put_row(photo: &Photo, paints: &Paints, stroke: &Stroke, (y, from, to): (u32, u32, u32), painted: &mut Photo) {
    let start = y as usize * photo.stride();
    let bytes = start + from as usize * 3..start + to as usize * 3;
    let target = &mut painted.rgb[bytes.clone()];
    match stroke.brush {
        Brush::Grey => target.as_chunks_mut().0.fill(GREY),
        Brush::Mean => target.as_chunks_mut().0.fill(paints.mean),
        Brush::Erase => target.copy_from_slice(&photo.rgb[bytes]),
        Brush::Blur => {
            let rows = paints.rows_at(y, photo.height);
            let columns: Vec<[f32; 3]> = (0..rows.upper.len()).map(|column| rows.column(column)).collect();
            for (x, pixel) in (from..to).zip(target.as_chunks_mut::<3>().0) {
                let (left, right, across) = between(paints.blurred.width, x, photo.width);
                *pixel = mixed([columns[left], columns[right]], across);
            }
        }
        Brush::Clone(_) => {
            for x in from..to {
                put(photo, paints, stroke, [x, y], painted);
            }
        }
    }
}

/// Puts what a stroke gives to a pixel there; says whether it gives anything.
fn put(photo: &Photo, paints: &Paints, stroke: &Stroke, place: [u32; 2], painted: &mut Photo) -> bool {
    let colour = colour(photo, paints, stroke, place, [photo.width, photo.height]);
    if let Some(colour) = colour {
        let at = place[1] as usize * photo.stride() + place[0] as usize * 3;
        painted.rgb[at..at + 3].copy_from_slice(&colour);
    }
    colour.is_some()
}

/// The pixels of a region that are still to be settled, found without looking at the others again and again.
struct Unsettled {
    region: Region,
    /// Of each row and one place behind it: the pixel itself, or a later one before which all are settled.
    next: Vec<u32>,
}

impl Unsettled {
    fn new(region: Region) -> Self {
        let next = (0..region.height).flat_map(|_| 0..=region.width);
        Self {
            region,
            next: next.collect(),
        }
    }

    /// The first open pixel of row `y` from column `x` on; the one behind the region if there is none.
    fn from(&mut self, x: u32, y: u32) -> u32 {
        let row = (y - self.region.y) as usize * (self.region.width as usize + 1);
        let next = &mut self.next[row..=row + self.region.width as usize];
        let start = (x - self.region.x) as usize;
        let mut found = start;
        while next[found] as usize != found {
            found = next[found] as usize;
        }
        // the way there is shorter the next time
        let mut at = start;
        while next[at] as usize != at {
            at = std::mem::replace(&mut next[at], found as u32) as usize;
        }
        self.region.x + found as u32
    }

    fn settle(&mut self, x: u32, y: u32) {
        let row = (y - self.region.y) as usize * (self.region.width as usize + 1);
        let at = x - self.region.x;
        self.next[row + at as usize] = at + 1;
    }
}

/// What a stroke gives to a pixel; none where it has nothing to give.
fn colour(photo: &Photo, paints: &Paints, stroke: &Stroke, place: [u32; 2], size: [u32; 2]) -> Option<[u8; 3]> {
    let pixel = |[x, y]: [u32; 2]| photo.pixel(x, y);
    Some(match stroke.brush {
        Brush::Grey => GREY,
        Brush::Mean => paints.mean,
        Brush::Blur => paints.blur_at(place, size),
        Brush::Erase => pixel(place),
        Brush::Clone([right, down]) => {
            let from = [place[0].checked_add_signed(right)?, place[1].checked_add_signed(down)?];
            if from[0] >= size[0] || from[1] >= size[1] {
                return None;
            }
            pixel(from)
        }
    })
}
