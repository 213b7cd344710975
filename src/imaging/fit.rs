//! A photo of one shape for a network of another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Region;

/// Which part of a photo goes into a network whose input has other proportions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// All of it, stretched: what Keras does unless it is told otherwise.
    #[default]
    Stretch,
    /// The largest part in the middle that has the input's proportions: `crop_to_aspect_ratio=True` of
    /// `image_dataset_from_directory`, `smart_resize`, and `keep_aspect_ratio=True` of `load_img`.
    Crop,
}

/// A name that is no way of fitting.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("unknown way of fitting '{0}'; choose stretch or crop")]
pub struct UnknownFit(pub String);

impl Fit {
    /// Every way, the default first.
    pub const ALL: [Self; 2] = [Self::Stretch, Self::Crop];

    /// The name that [`FromStr`] reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stretch => "stretch",
            Self::Crop => "crop",
        }
    }

    /// The part of a photo of [width, height] that becomes an input of [width, height].
    ///
    /// A side of 0 counts as 1.
    ///
    /// Source: `smart_resize` in Keras' `utils/image_utils.py`, with the f32 arithmetic that it has within
    /// `image_dataset_from_directory`. `load_img` computes the same box in whole numbers; both agree as long as no side
    /// of the photo times one of the input reaches 2^24, where f32 begins to skip whole numbers.
    #[must_use]
    pub fn region(self, [photo_width, photo_height]: [u32; 2], [width, height]: [u32; 2]) -> Region {
        let (photo_width, photo_height) = (photo_width.max(1), photo_height.max(1));
        if self == Self::Stretch {
            return Region::whole(photo_width, photo_height);
        }
        let crop_height = cropped(photo_height, photo_width, height.max(1), width.max(1));
        let crop_width = cropped(photo_width, photo_height, width.max(1), height.max(1));
        Region {
            x: half(photo_width - crop_width),
            y: half(photo_height - crop_height),
            width: crop_width,
            height: crop_height,
        }
    }
}

/// What is left of a photo's `side` when its `other` side stays whole.
fn cropped(side: u32, other: u32, target: u32, other_target: u32) -> u32 {
    // the product is one of whole numbers in Keras
    let product = (u64::from(other) * u64::from(target)) as f32;
    ((product / other_target as f32) as u32).clamp(1, side)
}

/// Half of what is cut off, as Keras rounds it.
fn half(cut: u32) -> u32 {
    (cut as f32 / 2.0) as u32
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Fit {
    type Err = UnknownFit;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|fit| fit.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownFit(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_round_trip() {
        for fit in Fit::ALL {
            assert_eq!(fit.to_string().parse(), Ok(fit));
            assert_eq!(
                serde_json::to_value(fit).ok(),
                Some(serde_json::Value::from(fit.name()))
            );
            let message = UnknownFit("pad".to_owned()).to_string();
            assert!(message.contains(fit.name()), "{message}");
        }
        assert_eq!("pad".parse::<Fit>(), Err(UnknownFit("pad".to_owned())));
    }

    #[test]
    fn the_crop_of_keras_documentation() {
        // "if size=(200, 200) and the input image has size (340, 500), we take a crop of (340, 340) centered along the
        // width"
        let region = Fit::Crop.region([500, 340], [200, 200]);
        assert_eq!(
            region,
            Region {
                x: 80,
                y: 0,
                width: 340,
                height: 340
            }
        );
        assert_eq!(Fit::Stretch.region([500, 340], [200, 200]), Region::whole(500, 340));
        assert_eq!(Fit::Crop.region([0, 0], [0, 0]), Region::whole(1, 1));
    }

    proptest! {
        #[test]
        fn crops_are_those_of_load_img_and_in_the_photo(
            photo in [1_u32..16_000, 1_u32..16_000], target in [1_u32..1_048, 1_u32..1_048],
        ) {
            // in whole numbers, which load_img has
            let [width, height] = photo;
            let crop_height = (width * target[1] / target[0]).min(height).max(1);
            let crop_width = (height * target[0] / target[1]).min(width).max(1);
            let expected = Region {
                x: (width - crop_width) / 2,
                y: (height - crop_height) / 2,
                width: crop_width,
                height: crop_height,
            };
            let region = Fit::Crop.region(photo, target);
            prop_assert_eq!(region, expected);
            prop_assert!(region.width == width || region.height == height);
        }

        #[test]
        fn any_sides_give_a_part_of_the_photo(photo: [u32; 2], target: [u32; 2]) {
            for fit in Fit::ALL {
                let region = fit.region(photo, target);
                prop_assert!(region.width > 0 && region.height > 0);
                prop_assert!(u64::from(region.x) + u64::from(region.width) <= u64::from(photo[0].max(1)));
                prop_assert!(u64::from(region.y) + u64::from(region.height) <= u64::from(photo[1].max(1)));
            }
        }
    }
}
