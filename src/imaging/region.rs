//! Rectangles of a photo, and pictures that are drawn in one of them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Photo;

/// A rectangle of whole pixels of a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Region {
    /// The leftmost column, from 0.
    pub x: u32,
    /// The uppermost row, from 0.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// A text that is no rectangle.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "'{0}' is no part of a photo; give x,y,width,height in pixels from the upper left corner, such as 40,20,300,200"
)]
pub struct UnknownRegion(pub String);

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { x, y, width, height } = self;
        f.pad(&format!("{x},{y},{width},{height}"))
    }
}

impl FromStr for Region {
    type Err = UnknownRegion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Option<Vec<u32>> = text.split(',').map(|number| number.trim().parse().ok()).collect();
        match numbers.as_deref() {
            Some(&[x, y, width, height]) if width > 0 && height > 0 => Ok(Self { x, y, width, height }),
            _ => Err(UnknownRegion(text.to_owned())),
        }
    }
}

impl Region {
    /// All of a photo of these sides.
    #[must_use]
    pub const fn whole(width: u32, height: u32) -> Self {
        Self {
            x: 0,
            y: 0,
            width,
            height,
        }
    }

    /// Where this rectangle of a photo of these sides lies, in shares of them, 0..=1: the upper left corner, then the
    /// lower right one, each as [x, y].
    ///
    /// For whoever shows the photo at another size.
    #[must_use]
    pub fn shares(self, width: u32, height: u32) -> [[f32; 2]; 2] {
        let share = |at: u32, side: u32| (f64::from(at) / f64::from(side.max(1))) as f32;
        let corner = |x, y| [share(x, width), share(y, height)];
        [
            corner(self.x, self.y),
            corner(self.x + self.width, self.y + self.height),
        ]
    }

    /// Where this rectangle of a photo of some sides lies in a copy of other sides, both as [width, height].
    #[must_use]
    pub fn scaled(self, from: [u32; 2], to: [u32; 2]) -> Self {
        let [start, end] = self.shares(from[0], from[1]);
        let at = |share: f32, side: u32| (share * side as f32).round() as u32;
        let [x, y] = [at(start[0], to[0]), at(start[1], to[1])];
        let [right, bottom] = [at(end[0], to[0]), at(end[1], to[1])];
        let (width, height) = (right.saturating_sub(x), bottom.saturating_sub(y));
        Self { x, y, width, height }.clamped(to[0], to[1])
    }

    /// The part of it that a photo of these sides has, at least one pixel.
    #[must_use]
    pub fn clamped(self, width: u32, height: u32) -> Self {
        let clamp = |start: u32, length: u32, side: u32| {
            let start = start.min(side.max(1) - 1);
            (start, length.clamp(1, side.max(1) - start))
        };
        let ((x, width), (y, height)) = (clamp(self.x, self.width, width), clamp(self.y, self.height, height));
        Self { x, y, width, height }
    }

    /// A cell of this rectangle, by [column, row], where it is divided into so many [columns, rows]: each pixel is in one cell.
    #[must_use]
    pub fn cell(self, cell: [usize; 2], cells: [usize; 2]) -> Self {
        let side = |start: u32, length: u32, axis: usize| {
            let edge = |number: usize| (u64::from(length) * number as u64 / cells[axis].max(1) as u64) as u32;
            let (from, to) = (edge(cell[axis]), edge(cell[axis] + 1));
            (start + from, to - from)
        };
        let ((x, width), (y, height)) = (side(self.x, self.width, 0), side(self.y, self.height, 1));
        Self { x, y, width, height }
    }

    /// What two rectangles have in common; none if that is nothing.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        let common = |a: u32, a_length: u32, b: u32, b_length: u32| {
            let (start, end) = (a.max(b), a.saturating_add(a_length).min(b.saturating_add(b_length)));
            (start < end).then(|| (start, end - start))
        };
        let (x, width) = common(self.x, self.width, other.x, other.width)?;
        let (y, height) = common(self.y, self.height, other.y, other.height)?;
        Some(Self { x, y, width, height })
    }

    /// The smallest rectangle that has all of two.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let end =
            |a: u32, a_length: u32, b: u32, b_length: u32| a.saturating_add(a_length).max(b.saturating_add(b_length));
        Self {
            x,
            y,
            width: end(self.x, self.width, other.x, other.width) - x,
            height: end(self.y, self.height, other.y, other.height) - y,
        }
    }

    /// Whether it has pixels, all of which a photo of these sides has too.
    #[must_use]
    pub fn fits(self, width: u32, height: u32) -> bool {
        let fits = |start: u32, len: u32, side: u32| len > 0 && start <= side && len <= side - start;
        fits(self.x, self.width, width) && fits(self.y, self.height, height)
    }
}

impl Photo {
    /// A photo of one colour.
    ///
    /// A side of 0 counts as 1.
    #[must_use]
    pub fn filled(width: u32, height: u32, colour: [u8; 3]) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        Self {
            width,
            height,
            rgb: colour.repeat(width as usize * height as usize),
        }
    }

    /// The pixels of a region; copied only when it is not the whole photo.
    ///
    /// # Panics
    /// When the photo does not have all of the region, or the region is empty.
    #[must_use]
    pub fn part(&self, region: Region) -> Cow<'_, Self> {
        if region == Region::whole(self.width, self.height) {
            return Cow::Borrowed(self);
        }
        let mut rgb = Vec::with_capacity(region.width as usize * region.height as usize * 3);
        for row in self.rows(region) {
            rgb.extend_from_slice(row);
        }
        Cow::Owned(Self {
            width: region.width,
            height: region.height,
            rgb,
        })
    }

    /// The rows of a region, `region.width * 3` bytes each.
    ///
    /// Panics as [`Photo::part`] does.
    pub(super) fn rows(&self, region: Region) -> impl Iterator<Item = &[u8]> {
        assert!(region.fits(self.width, self.height), "{region:?} is in the photo");
        (0..region.height as usize).map(move |y| self.row(region, y))
    }

    /// Row `y` of a region, from its own first; the region is in the photo.
    pub(super) fn row(&self, region: Region, y: usize) -> &[u8] {
        let start = (region.y as usize + y) * self.stride() + region.x as usize * 3;
        &self.rgb[start..][..region.width as usize * 3]
    }
}

/// The photo with a region of it drawn anew, and all around as it is.
///
/// `draw` gets the region as a photo of its own and gives a picture of the same size. So any picture of a photo and a map
/// becomes one where the map lies over a region only, such as the one that the network saw
/// ([`Fit::region`](super::Fit::region)):
///
/// ```
/// # use gradcam_explorer::imaging::{Colormap, Fit, Photo, overlay, within};
/// # let (photo, heat) = (Photo::filled(64, 48, [90; 3]), [0.5; 100]);
/// let region = Fit::Crop.region([photo.width, photo.height], [299, 299]);
/// let overlaid = within(&photo, region, |seen| overlay(seen, &heat, 10, 10, Colormap::Jet, 0.4));
/// ```
///
/// For a picture that does not show the photo outside, begin with [`Photo::filled`].
///
/// # Panics
/// As [`Photo::part`], and when the picture has another size.
#[must_use]
pub fn within(photo: &Photo, region: Region, draw: impl FnOnce(&Photo) -> Photo) -> Photo {
    let drawn = draw(&photo.part(region));
    let size = (drawn.width, drawn.height);
    assert_eq!(size, (region.width, region.height), "the size of what was drawn");
    if region == Region::whole(photo.width, photo.height) {
        return drawn;
    }
    let mut whole = photo.clone();
    let stride = whole.stride();
    let rows = whole.rgb.chunks_exact_mut(stride).skip(region.y as usize);
    for (row, drawn) in rows.zip(drawn.rgb.chunks_exact(drawn.stride())) {
        row[region.x as usize * 3..][..drawn.len()].copy_from_slice(drawn);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{Colormap, overlay};
    use proptest::prelude::*;

    #[test]
    fn cells_share_the_pixels_out() {
        let region = Region {
            x: 3,
            y: 5,
            width: 20,
            height: 8,
        };
        let mut seen = vec![0; 30 * 20];
        for row in 0..3 {
            for column in 0..7 {
                let cell = region.cell([column, row], [7, 3]);
                assert!((2..=3).contains(&cell.width) && (2..=3).contains(&cell.height));
                for y in cell.y..cell.y + cell.height {
                    for x in cell.x..cell.x + cell.width {
                        seen[(y * 30 + x) as usize] += 1;
                    }
                }
            }
        }
        for (at, count) in seen.into_iter().enumerate() {
            let is_inside = (3..23).contains(&(at % 30)) && (5..13).contains(&(at / 30));
            assert_eq!(count, u32::from(is_inside), "{at}");
        }
    }

    #[test]
    fn a_region_of_a_photo_is_one_of_its_copy() {
        let region = Region {
            x: 100,
            y: 0,
            width: 500,
            height: 400,
        };
        let small = region.scaled([1000, 400], [250, 100]);
        assert_eq!(small.to_string(), "25,0,125,100");
        assert_eq!(
            Region::whole(1000, 400).scaled([1000, 400], [250, 99]),
            Region::whole(250, 99)
        );
        // never nothing
        assert_eq!(region.scaled([1000, 400], [1, 1]), Region::whole(1, 1));
    }

    #[test]
    fn a_map_within_a_region_is_that_over_the_region_alone() {
        let photo = Photo::coordinates(40, 30);
        let region = Region {
            x: 5,
            y: 0,
            width: 30,
            height: 30,
        };
        let draw = |seen: &Photo| overlay(seen, &[0.2, 0.9, 0.4, 1.0], 2, 2, Colormap::Jet, 0.4);
        let overlaid = within(&photo, region, draw);
        assert_eq!(*overlaid.part(region), draw(&photo.part(region)));
        for x in [0, 35] {
            let side = Region { x, width: 5, ..region };
            assert_eq!(overlaid.part(side), photo.part(side));
        }
        assert_eq!(within(&photo, Region::whole(40, 30), draw), draw(&photo));
    }

    #[test]
    fn shares_are_of_the_whole_photo() {
        let region = Region {
            x: 25,
            y: 10,
            width: 50,
            height: 30,
        };
        assert_eq!(region.shares(100, 40), [[0.25, 0.25], [0.75, 1.0]]);
        assert_eq!(Region::whole(3, 7).shares(3, 7), [[0.0; 2], [1.0; 2]]);
    }

    #[test]
    #[should_panic(expected = "is in the photo")]
    fn a_region_beyond_the_photo_is_refused() {
        let region = Region {
            x: u32::MAX,
            ..Region::whole(2, 2)
        };
        let _ = Photo::coordinates(4, 4).part(region);
    }

    #[test]
    fn a_text_is_a_region_and_back() {
        let region = Region {
            x: 40,
            y: 0,
            width: 300,
            height: 1,
        };
        assert_eq!("40,0,300,1".parse(), Ok(region));
        assert_eq!(" 40, 0 ,300,1".parse(), Ok(region));
        assert_eq!(region.to_string().parse(), Ok(region));
        for text in [
            "",
            "1,2,3",
            "1,2,3,4,5",
            "1,2,0,4",
            "1,2,3,0",
            "-1,2,3,4",
            "a,b,c,d",
            "1.5,2,3,4",
            "1,2,3,4294967296",
        ] {
            let error = text.parse::<Region>().unwrap_err();
            assert!(error.to_string().contains("x,y,width,height"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn a_clamped_region_lies_in_the_photo(region: [u32; 4], sides in [0_u32..5000, 0_u32..5000]) {
            let [x, y, width, height] = region;
            let region = Region { x, y, width, height };
            let clamped = region.clamped(sides[0], sides[1]);
            prop_assert!(clamped.fits(sides[0].max(1), sides[1].max(1)), "{:?}", clamped);
            if region.fits(sides[0], sides[1]) {
                prop_assert_eq!(clamped, region);
            }
        }

        #[test]
        fn parts_hold_their_pixels_and_go_back_to_their_place(
            width in 1_u32..30, height in 1_u32..30, x: prop::sample::Index, y: prop::sample::Index,
            to_x: prop::sample::Index, to_y: prop::sample::Index,
        ) {
            let photo = Photo::coordinates(width, height);
            let (x, y) = (x.index(width as usize) as u32, y.index(height as usize) as u32);
            let region = Region {
                x,
                y,
                width: to_x.index((width - x) as usize) as u32 + 1,
                height: to_y.index((height - y) as usize) as u32 + 1,
            };
            let part = photo.part(region);
            let pixels = region.width * region.height;
            let expected = |i: u32| [(x + i % region.width) as u8, (y + i / region.width) as u8, 7];
            prop_assert_eq!(&part.rgb, &(0..pixels).flat_map(expected).collect::<Vec<_>>());
            prop_assert_eq!(&within(&photo, region, Photo::clone), &photo);
            let blank = Photo::filled(width, height, [255; 3]);
            let placed = within(&blank, region, |_| part.clone().into_owned());
            let kept = placed.rgb.as_chunks::<3>().0.iter().filter(|pixel| pixel[2] == 7).count();
            prop_assert_eq!(kept, pixels as usize);
            prop_assert_eq!(placed.part(region), part);
        }
    }
}
