//! Photo to another size, exactly as the tools of Keras' users do it: a file for each.

mod nearest;
mod opencv;
mod tensorflow;
mod windowed;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Photo, Region};

/// How a photo is brought to another size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resize {
    /// One source pixel for each: Pillow's `NEAREST`, the default of Keras' `load_img`.
    #[default]
    Nearest,
    /// A triangle filter that widens when shrinking (antialiased): Pillow's `BILINEAR`.
    Bilinear,
    /// A cubic filter that widens when shrinking (antialiased): Pillow's `BICUBIC`.
    Bicubic,
    /// Between four source pixels, not antialiased, and not rounded: `tf.image.resize`, which
    /// `image_dataset_from_directory`, `smart_resize` and the layer `Resizing` use.
    TensorFlow,
    /// Between four source pixels, not antialiased, in steps of 1/2048: `cv2.resize` by default.
    OpenCv,
}

/// A name that is no way of resizing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("unknown way of resizing '{0}'; choose nearest, bilinear, bicubic, tensorflow or opencv")]
pub struct UnknownResize(pub String);

impl Resize {
    /// Every way, the default first.
    pub const ALL: [Self; 5] = [
        Self::Nearest,
        Self::Bilinear,
        Self::Bicubic,
        Self::TensorFlow,
        Self::OpenCv,
    ];

    /// The name that [`FromStr`] reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Bilinear => "bilinear",
            Self::Bicubic => "bicubic",
            Self::TensorFlow => "tensorflow",
            Self::OpenCv => "opencv",
        }
    }
}

impl fmt::Display for Resize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Resize {
    type Err = UnknownResize;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|resize| resize.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownResize(name.to_owned()))
    }
}

/// The photo at another size, byte for byte as `Image.resize` of Pillow 13 or `cv2.resize` of OpenCV 5 gives it; with
/// [`Resize::TensorFlow`], whose levels have fractions, each is rounded.
///
/// A side of 0 counts as 1.
#[must_use]
pub fn resize(photo: &Photo, width: u32, height: u32, method: Resize) -> Photo {
    let whole = Region::whole(photo.width, photo.height);
    Photo {
        width: width.max(1),
        height: height.max(1),
        rgb: levels(photo, whole, width, height, method).into_bytes(),
    }
}

/// Levels of a resized photo, [height, width, 3], 0..=255.
pub(super) enum Levels {
    /// As Pillow and OpenCV give them.
    Bytes(Vec<u8>),
    /// As TensorFlow gives them.
    Floats(Vec<f32>),
}

impl Levels {
    /// Each level as a float.
    pub(super) fn into_floats(self) -> Vec<f32> {
        match self {
            Self::Bytes(bytes) => bytes.into_iter().map(f32::from).collect(),
            Self::Floats(floats) => floats,
        }
    }

    /// Each level as a byte, rounded.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Floats(floats) => floats.into_iter().map(|level| level.round() as u8).collect(),
        }
    }
}

/// A region of the photo at another size.
///
/// A side of 0 counts as 1. Panics as [`Photo::part`] does.
pub(super) fn levels(photo: &Photo, region: Region, width: u32, height: u32, method: Resize) -> Levels {
    let (width, height) = (width.max(1), height.max(1));
    if (width, height) == (region.width, region.height) {
        return Levels::Bytes(photo.part(region).into_owned().rgb);
    }
    match method {
        Resize::Nearest => Levels::Bytes(nearest::resized(photo, region, width, height)),
        Resize::Bilinear => Levels::Bytes(windowed::resized(photo, region, width, height, &windowed::TRIANGLE)),
        Resize::Bicubic => Levels::Bytes(windowed::resized(photo, region, width, height, &windowed::CUBIC)),
        Resize::TensorFlow => Levels::Floats(tensorflow::resized(photo, region, width, height)),
        Resize::OpenCv => Levels::Bytes(opencv::resized(photo, region, width, height)),
    }
}

/// The part of a resized region of a photo, and its levels, that depends on what was `changed` in the photo, where that is
/// quicker to make than all of it; none elsewhere, and where nothing does.
pub(super) fn levels_part(
    photo: &Photo,
    region: Region,
    size: [u32; 2],
    method: Resize,
    changed: Region,
) -> Option<(Region, Levels)> {
    let filter = match method {
        Resize::Bilinear => &windowed::TRIANGLE,
        Resize::Bicubic => &windowed::CUBIC,
        Resize::Nearest | Resize::TensorFlow | Resize::OpenCv => return None,
    };
    if size == [region.width, region.height] {
        return None;
    }
    let (part, rgb) = windowed::resized_part(photo, region, size.map(|side| side.max(1)), filter, changed)?;
    Some((part, Levels::Bytes(rgb)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_round_trip() {
        for resize in Resize::ALL {
            assert_eq!(resize.to_string().parse(), Ok(resize));
            assert_eq!(resize.name().to_uppercase().parse(), Ok(resize));
            let name = serde_json::Value::from(resize.name());
            assert_eq!(serde_json::to_value(resize).ok(), Some(name.clone()));
            assert_eq!(serde_json::from_value(name).ok(), Some(resize));
            let message = UnknownResize("cubic".to_owned()).to_string();
            assert!(message.contains(resize.name()), "{message}");
        }
        assert_eq!("cubic".parse::<Resize>(), Err(UnknownResize("cubic".to_owned())));
        assert_eq!(Resize::default(), Resize::Nearest);
    }

    proptest! {
        #[test]
        fn one_colour_stays_one_colour(
            colour: [u8; 3], width in 1_u32..40, height in 1_u32..40, to in 1_u32..60,
        ) {
            let photo = Photo::filled(width, height, colour);
            for method in Resize::ALL {
                let resized = resize(&photo, to, to + 3, method);
                prop_assert_eq!(resized.rgb, colour.repeat((to * (to + 3)) as usize), "{}", method);
            }
        }

        #[test]
        fn what_has_no_antialiasing_sees_the_region_alone(
            width in 3_u32..40, height in 3_u32..40, to in [1_u32..60, 1_u32..60],
            bytes in prop::collection::vec(any::<u8>(), 40 * 40 * 3),
        ) {
            let photo = Photo { width, height, rgb: bytes[..(width * height * 3) as usize].to_vec() };
            let region = Region { x: 1, y: 2, width: width - 2, height: height - 2 };
            let part = photo.part(region);
            let whole = Region::whole(part.width, part.height);
            for method in [Resize::TensorFlow, Resize::OpenCv] {
                let of_region = levels(&photo, region, to[0], to[1], method).into_floats();
                let of_part = levels(&part, whole, to[0], to[1], method).into_floats();
                prop_assert_eq!(of_region, of_part);
            }
        }
    }
}
