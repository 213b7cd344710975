//! The same picture a little different: turned, brighter, cut. What a network says of both should differ little.

use std::fmt;

use super::{Photo, Region};

/// What stands where a tilted picture has nothing.
const GROUND: [u8; 3] = [128; 3];

/// A change of a picture that leaves what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variation {
    /// None: the picture itself.
    Same,
    /// Left and right change places.
    Flip,
    /// So many quarters of a turn clockwise; width and height change places with every odd number.
    Turn(u8),
    /// So many degrees clockwise around the middle; what leaves the picture is cut off, and corners that it leaves are grey.
    Tilt(i8),
    /// Every level times so many per cent.
    Brightness(u8),
    /// The middle of so many per cent of both sides.
    Middle(u8),
}

impl Variation {
    /// Those that are asked about, in the order shown to people.
    pub const QUESTIONS: [Self; 9] = [
        Self::Flip,
        Self::Tilt(-10),
        Self::Tilt(10),
        Self::Turn(1),
        Self::Turn(2),
        Self::Turn(3),
        Self::Brightness(70),
        Self::Brightness(130),
        Self::Middle(80),
    ];

    /// The picture with this change.
    #[must_use]
    pub fn of(self, photo: &Photo) -> Photo {
        let (width, height) = (photo.width, photo.height);
        let quarters = match self {
            Self::Turn(quarters) => quarters % 4,
            _ => 0,
        };
        match self {
            Self::Same => photo.clone(),
            Self::Brightness(per_cent) => {
                let level = |&level: &u8| (u32::from(level) * u32::from(per_cent) + 50) / 100;
                let rgb = photo.rgb.iter().map(|old| level(old).min(255) as u8).collect();
                Photo { width, height, rgb }
            }
            Self::Middle(per_cent) => {
                let kept = |side: u32| (u64::from(side) * u64::from(per_cent.clamp(1, 100)) / 100).max(1) as u32;
                let (width, height) = (kept(photo.width), kept(photo.height));
                let region = Region {
                    x: (photo.width - width) / 2,
                    y: (photo.height - height) / 2,
                    width,
                    height,
                };
                photo.part(region).into_owned()
            }
            Self::Flip | Self::Turn(_) => {
                let (new_width, new_height) = if quarters % 2 == 1 {
                    (height, width)
                } else {
                    (width, height)
                };
                let from = |x: u32, y: u32| match (self, quarters) {
                    (Self::Flip, _) => (width - 1 - x, y),
                    (_, 1) => (y, height - 1 - x),
                    (_, 2) => (width - 1 - x, height - 1 - y),
                    (_, 3) => (width - 1 - y, x),
                    _ => (x, y),
                };
                let pixel = |x, y| {
                    let (x, y) = from(x, y);
                    photo.pixel(x, y)
                };
                let rgb = (0..new_height).flat_map(|y| (0..new_width).flat_map(move |x| pixel(x, y)));
                Photo {
                    width: new_width,
                    height: new_height,
                    rgb: rgb.collect(),
                }
            }
            Self::Tilt(_) => {
                let size = [f64::from(width), f64::from(height)];
                let mut rgb = Vec::with_capacity(photo.rgb.len());
                for y in 0..height {
                    for x in 0..width {
                        let place = [(f64::from(x) + 0.5) / size[0], (f64::from(y) + 0.5) / size[1]];
                        let from = self.rotated(place, size, -1.0);
                        rgb.extend(between(photo, [from[0] * size[0] - 0.5, from[1] * size[1] - 0.5]));
                    }
                }
                Photo { width, height, rgb }
            }
        }
    }

    /// Where a place of a picture of [width, height] lies in the changed one, both in shares of the sides, 0..=1; none if it
    /// is not there any more.
    #[must_use]
    pub fn place(self, [x, y]: [f64; 2], size: [u32; 2]) -> Option<[f64; 2]> {
        let place = match self {
            Self::Same | Self::Brightness(_) => [x, y],
            Self::Flip => [1.0 - x, y],
            Self::Turn(quarters) => match quarters % 4 {
                1 => [1.0 - y, x],
                2 => [1.0 - x, 1.0 - y],
                3 => [y, 1.0 - x],
                _ => [x, y],
            },
            Self::Tilt(_) => self.rotated([x, y], size.map(f64::from), 1.0),
            Self::Middle(per_cent) => {
                let kept = f64::from(per_cent.clamp(1, 100)) / 100.0;
                [x, y].map(|share| (share - 0.5) / kept + 0.5)
            }
        };
        place.iter().all(|share| (0.0..=1.0).contains(share)).then_some(place)
    }

    /// A place, in shares, after the tilt, or before it where `sense` is -1.
    fn rotated(self, [x, y]: [f64; 2], [width, height]: [f64; 2], sense: f64) -> [f64; 2] {
        let degrees = match self {
            Self::Tilt(degrees) => f64::from(degrees),
            _ => 0.0,
        };
        let (sine, cosine) = (sense * degrees.to_radians()).sin_cos();
        let (right, down) = ((x - 0.5) * width, (y - 0.5) * height);
        [
            (right * cosine - down * sine) / width + 0.5,
            (right * sine + down * cosine) / height + 0.5,
        ]
    }
}

impl Variation {
    /// In words.
    #[must_use]
    pub fn description(self) -> String {
        match self {
            Self::Same => "As it is".to_owned(),
            Self::Flip => "Left and right swapped".to_owned(),
            Self::Turn(quarters) => match quarters % 4 {
                1 => "A quarter of a turn to the right".to_owned(),
                2 => "Upside down".to_owned(),
                3 => "A quarter of a turn to the left".to_owned(),
                _ => "As it is".to_owned(),
            },
            Self::Tilt(degrees) if degrees < 0 => format!("Tilted by {}° to the left", -i32::from(degrees)),
            Self::Tilt(degrees) => format!("Tilted by {degrees}° to the right"),
            Self::Brightness(per_cent) if per_cent < 100 => format!("{} % darker", 100 - per_cent),
            Self::Brightness(per_cent) => format!("{} % brighter", per_cent - 100),
            Self::Middle(per_cent) => format!("The middle {per_cent} % of both sides"),
        }
    }
}

impl fmt::Display for Variation {
    /// In a word or two.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Same => "as it is".to_owned(),
            Self::Flip => "flipped".to_owned(),
            Self::Turn(quarters) => format!("turned {}°", 90 * u32::from(quarters % 4)),
            Self::Tilt(degrees) if *degrees < 0 => format!("tilted −{}°", -i32::from(*degrees)),
            Self::Tilt(degrees) => format!("tilted {degrees}°"),
            Self::Brightness(per_cent) if *per_cent < 100 => "darker".to_owned(),
            Self::Brightness(_) => "brighter".to_owned(),
            Self::Middle(_) => "cropped".to_owned(),
        };
        f.pad(&text)
    }
}

/// What lies between four pixels at a place whose whole numbers are the middles of pixels; outside of the picture its ground.
fn between(photo: &Photo, [x, y]: [f64; 2]) -> [u8; 3] {
    let level = |column: i64, row: i64| {
        let inside = |at: i64, side: u32| u32::try_from(at).ok().filter(|&at| at < side);
        match (inside(column, photo.width), inside(row, photo.height)) {
            (Some(column), Some(row)) => photo.pixel(column, row),
            _ => GROUND,
        }
    };
    let (left, top) = (x.floor(), y.floor());
    let (across, down) = (x - left, y - top);
    let (left, top) = (left as i64, top as i64);
    let rows = [top, top + 1].map(|row| [level(left, row), level(left + 1, row)]);
    [0, 1, 2].map(|channel| {
        let row = |[left, right]: [[u8; 3]; 2]| {
            (1.0 - across) * f64::from(left[channel]) + across * f64::from(right[channel])
        };
        ((1.0 - down) * row(rows[0]) + down * row(rows[1])).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn there_and_back_is_the_picture_itself() {
        let photo = Photo::coordinates(7, 5);
        for (there, back) in [
            (Variation::Flip, Variation::Flip),
            (Variation::Turn(1), Variation::Turn(3)),
            (Variation::Turn(2), Variation::Turn(2)),
            (Variation::Same, Variation::Tilt(0)),
            (Variation::Brightness(100), Variation::Middle(100)),
        ] {
            assert_eq!(back.of(&there.of(&photo)), photo, "{there}");
        }
        let turned = Variation::Turn(1).of(&photo);
        assert_eq!((turned.width, turned.height), (5, 7));
        // what was below on the left is above on the left
        assert_eq!(turned.pixel(0, 0), photo.pixel(0, 4));
        assert_eq!(turned.pixel(4, 0), photo.pixel(0, 0));
    }

    #[test]
    fn levels_are_multiplied_and_cut_off() {
        let photo = Photo::filled(1, 1, [10, 100, 250]);
        assert_eq!(Variation::Brightness(130).of(&photo).rgb, [13, 130, 255]);
        assert_eq!(Variation::Brightness(70).of(&photo).rgb, [7, 70, 175]);
    }

    proptest! {
        /// What is seen at a place is seen again where the place went.
        #[test]
        fn places_go_where_the_pixels_go(
            sides in [20_u32..60, 20_u32..60], at in [0.0_f64..1.0, 0.0_f64..1.0],
            variation in prop::sample::select(Variation::QUESTIONS.to_vec()),
        ) {
            prop_assume!(!matches!(variation, Variation::Brightness(_)));
            let photo = Photo::coordinates(sides[0], sides[1]);
            let changed = variation.of(&photo);
            let Some(place) = variation.place(at, sides) else { return Ok(()) };
            let share = |photo: &Photo, place: [f64; 2]| {
                [place[0] * f64::from(photo.width) - 0.5, place[1] * f64::from(photo.height) - 0.5]
            };
            let (before, after) = (share(&photo, at), share(&changed, place));
            // away from the edges, where the ground begins
            let is_inside = |place: [f64; 2], photo: &Photo| {
                let inside = |at: f64, side: u32| at >= 2.0 && at <= f64::from(side) - 3.0;
                inside(place[0], photo.width) && inside(place[1], photo.height)
            };
            prop_assume!(is_inside(before, &photo) && is_inside(after, &changed));
            let (before, after) = (between(&photo, before), between(&changed, after));
            for channel in 0..3 {
                prop_assert!(before[channel].abs_diff(after[channel]) <= 2, "{:?} {:?}", before, after);
            }
        }
    }
}
