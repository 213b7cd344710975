//! From a photo to the numbers that a network takes.

use serde::{Deserialize, Serialize};

use super::resize::levels;
use super::{Fit, Photo, Pixels, Resize};

/// Everything that decides, outside of a network's file, how it sees a photo.
///
/// The default is that of the Grad-CAM tutorial with Xception: `load_img` with a `target_size`, then Xception's
/// `preprocess_input`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Preprocessing {
    /// The range of the numbers.
    pub pixels: Pixels,
    /// How the size changes.
    pub resize: Resize,
    /// Which part of the photo is seen.
    pub fit: Fit,
}

impl From<Resize> for Preprocessing {
    /// Another way of resizing, and all else by default.
    fn from(resize: Resize) -> Self {
        Self {
            resize,
            ..Self::default()
        }
    }
}

/// The network's input, NHWC [height, width, 3], in the range of [`Preprocessing::pixels`].
///
/// A side of 0 counts as 1.
/// The part of the photo that [`Preprocessing::fit`] chooses ([`Fit::region`]) is cut out and resized. Pillow's ways of
/// resizing look a little beyond its edges, as `load_img(keep_aspect_ratio=True)` does, which gives Pillow the box rather
/// than the part; TensorFlow's and OpenCV's get the part alone.
#[must_use]
pub fn network_input(photo: &Photo, width: u32, height: u32, preprocessing: Preprocessing) -> Vec<f32> {
    let Preprocessing { pixels, resize, fit } = preprocessing;
    let region = fit.region([photo.width, photo.height], [width, height]);
    let mut input = levels(photo, region, width, height, resize).into_floats();
    pixels.scale(&mut input);
    input
}

/// The input of a network that takes gray pictures, `[height, width, 1]`: the photo in gray, as Keras' `load_img` with
/// `color_mode="grayscale"` makes it before it changes the size.
#[must_use]
pub fn gray_network_input(photo: &Photo, width: u32, height: u32, preprocessing: Preprocessing) -> Vec<f32> {
    let input = network_input(&in_gray(photo), width, height, preprocessing);
    input.chunks_exact(3).map(|pixel| pixel[0]).collect()
}

/// The photo in gray, as Pillow's `convert("L")` has it (`L24` in `libImaging/Convert.c`).
fn in_gray(photo: &Photo) -> Photo {
    let pixels = photo.rgb.chunks_exact(3);
    let rgb = pixels.flat_map(|pixel| {
        let [red, green, blue] = [0, 1, 2].map(|channel| u32::from(pixel[channel]));
        [((red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) >> 16) as u8; 3]
    });
    Photo {
        rgb: rgb.collect(),
        ..*photo
    }
}

/// What the network sees, as a picture: the input before it is scaled.
///
/// With [`Resize::TensorFlow`], whose levels have fractions, each is rounded.
#[must_use]
pub fn network_picture(photo: &Photo, width: u32, height: u32, preprocessing: Preprocessing) -> Photo {
    let region = preprocessing.fit.region([photo.width, photo.height], [width, height]);
    Photo {
        width: width.max(1),
        height: height.max(1),
        rgb: levels(photo, region, width, height, preprocessing.resize).into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn input_runs_from_minus_one_to_one_by_default() {
        let photo = Photo {
            width: 1,
            height: 1,
            rgb: vec![0, 127, 255],
        };
        assert_eq!(
            network_input(&photo, 1, 1, Preprocessing::default()),
            [-1.0, 127.0 / 127.5 - 1.0, 1.0]
        );
    }

    #[test]
    fn what_was_written_before_is_read() {
        let read = |json: &str| serde_json::from_str::<Preprocessing>(json).ok();
        assert_eq!(read("{}"), Some(Preprocessing::default()));
        let crop = Preprocessing {
            pixels: Pixels::Caffe,
            resize: Resize::TensorFlow,
            fit: Fit::Crop,
        };
        let json = serde_json::to_string(&crop).unwrap_or_default();
        assert_eq!(json, r#"{"pixels":"caffe","resize":"tensorflow","fit":"crop"}"#);
        assert_eq!(read(&json), Some(crop));
    }

    proptest! {
        #[test]
        fn the_picture_is_the_input_rounded(
            sides in [1_u32..40, 1_u32..40], to in [1_u32..30, 1_u32..30],
            bytes in prop::collection::vec(any::<u8>(), 40 * 40 * 3),
            resize in prop::sample::select(Resize::ALL.to_vec()),
            fit in prop::sample::select(Fit::ALL.to_vec()),
        ) {
            let photo = Photo { width: sides[0], height: sides[1], rgb: bytes[..(sides[0] * sides[1] * 3) as usize].to_vec() };
            let seen = Preprocessing { pixels: Pixels::ZeroTo255, resize, fit };
            let input = network_input(&photo, to[0], to[1], seen);
            let picture = network_picture(&photo, to[0], to[1], seen);
            prop_assert_eq!(input.len(), (to[0] * to[1] * 3) as usize);
            for (level, byte) in input.iter().zip(&picture.rgb) {
                prop_assert!((level - f32::from(*byte)).abs() <= 0.5);
            }
        }
    }
}
