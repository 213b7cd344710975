//! From a photo to the numbers that a network takes.

use serde::{Deserialize, Serialize};

use super::resize::{Levels, levels, levels_part};
use super::{Fit, PaintingKey, Photo, Pixels, Region, Resize};

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
    /// Which part of the photo, or of [`Self::crop`], is seen.
    pub fit: Fit,
    /// The part of this photo that a person has cut out; all of it if there is none. It belongs to one photo and is not
    /// kept with a network.
    #[serde(skip)]
    pub crop: Option<Region>,
    /// What a person has painted over this photo, by its name: whoever has the photo paints it first. It belongs to one photo,
    /// too.
    #[serde(skip)]
    pub painting: Option<PaintingKey>,
}

impl Preprocessing {
    /// The same of the photo without what is painted over it.
    #[must_use]
    pub fn unpainted(self) -> Self {
        Self { painting: None, ..self }
    }

    /// The part of a photo of [width, height] that becomes an input of [width, height].
    ///
    /// A side of 0 counts as 1; what lies outside of the photo is cut off.
    #[must_use]
    pub fn region(self, [width, height]: [u32; 2], input: [u32; 2]) -> Region {
        let crop = self.crop_of([width, height]);
        let within = self.fit.region([crop.width, crop.height], input);
        Region {
            x: crop.x + within.x,
            y: crop.y + within.y,
            ..within
        }
    }

    /// What was cut out of a photo of [width, height].
    fn crop_of(self, [width, height]: [u32; 2]) -> Region {
        let whole = Region::whole(width.max(1), height.max(1));
        self.crop.map_or(whole, |crop| crop.clamped(width, height))
    }
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
/// What lies outside of [`Preprocessing::crop`] is not there. The photo is taken as it is, with what is painted over it.
/// The part of the photo that [`Preprocessing::fit`] chooses ([`Fit::region`]) is cut out and resized. Pillow's ways of
/// resizing look a little beyond its edges, as `load_img(keep_aspect_ratio=True)` does, which gives Pillow the box rather
/// than the part; TensorFlow's and OpenCV's get the part alone.
#[must_use]
pub fn network_input(photo: &Photo, width: u32, height: u32, preprocessing: Preprocessing) -> Vec<f32> {
    let mut input = seen(photo, width, height, preprocessing).into_floats();
    preprocessing.pixels.scale(&mut input);
    input
}

/// Brings the input of a photo up to date, `[height, width, 3]` by [`network_input`] for this width and height, after the photo
/// was `changed` in a rectangle: as if all of it were made again.
pub fn update_network_input(
    input: &mut Vec<f32>,
    photo: &Photo,
    [width, height]: [u32; 2],
    preprocessing: Preprocessing,
    changed: Region,
) {
    let region = preprocessing.fit.region([photo.width, photo.height], [width, height]);
    let part = match preprocessing.crop {
        None => levels_part(photo, region, [width, height], preprocessing.resize, changed),
        Some(_) => None,
    };
    let Some((part, levels)) = part else {
        *input = network_input(photo, width, height, preprocessing);
        return;
    };
    let mut values = levels.into_floats();
    preprocessing.pixels.scale(&mut values);
    for (y, row) in (part.y as usize..).zip(values.chunks_exact(part.width as usize * 3)) {
        let start = (y * width as usize + part.x as usize) * 3;
        input[start..start + row.len()].copy_from_slice(row);
    }
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
    Photo {
        width: width.max(1),
        height: height.max(1),
        rgb: seen(photo, width, height, preprocessing).into_bytes(),
    }
}

/// The levels that a network sees, before they are scaled.
fn seen(photo: &Photo, width: u32, height: u32, preprocessing: Preprocessing) -> Levels {
    let photo = photo.part(preprocessing.crop_of([photo.width, photo.height]));
    let region = preprocessing.fit.region([photo.width, photo.height], [width, height]);
    levels(&photo, region, width, height, preprocessing.resize)
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
            crop: None,
            painting: None,
        };
        let json = serde_json::to_string(&crop).unwrap_or_default();
        assert_eq!(json, r#"{"pixels":"caffe","resize":"tensorflow","fit":"crop"}"#);
        assert_eq!(read(&json), Some(crop));
    }

    proptest! {
        #[test]
        fn what_is_cut_out_is_seen_as_a_photo_of_its_own(
            sides in [2_u32..40, 2_u32..40], to in [1_u32..30, 1_u32..30],
            crop in [0_u32..40, 0_u32..40, 1_u32..40, 1_u32..40],
            bytes in prop::collection::vec(any::<u8>(), 40 * 40 * 3),
            resize in prop::sample::select(Resize::ALL.to_vec()),
            fit in prop::sample::select(Fit::ALL.to_vec()),
        ) {
            let photo = Photo { width: sides[0], height: sides[1], rgb: bytes[..(sides[0] * sides[1] * 3) as usize].to_vec() };
            let [x, y, width, height] = crop;
            let crop = Region { x, y, width, height };
            let whole = Preprocessing { resize, fit, ..Preprocessing::default() };
            let part = photo.part(crop.clamped(sides[0], sides[1])).into_owned();
            let cropped = Preprocessing { crop: Some(crop), ..whole };
            prop_assert_eq!(network_input(&photo, to[0], to[1], cropped), network_input(&part, to[0], to[1], whole));
            let (of_photo, of_part) = (cropped.region(sides, to), whole.region([part.width, part.height], to));
            prop_assert_eq!((of_photo.width, of_photo.height), (of_part.width, of_part.height));
            prop_assert_eq!(photo.part(of_photo), part.part(of_part));
        }

        #[test]
        fn an_input_that_is_brought_up_to_date_is_the_input(
            sides in [1_u32..40, 1_u32..40], to in [1_u32..30, 1_u32..30],
            changed in [0_u32..40, 0_u32..40, 1_u32..40, 1_u32..40], crops: bool,
            bytes in prop::collection::vec(any::<u8>(), 40 * 40 * 3),
            resize in prop::sample::select(Resize::ALL.to_vec()),
            pixels in prop::sample::select(Pixels::ALL.to_vec()),
            fit in prop::sample::select(Fit::ALL.to_vec()),
        ) {
            let photo = Photo { width: sides[0], height: sides[1], rgb: bytes[..(sides[0] * sides[1] * 3) as usize].to_vec() };
            let [x, y, width, height] = changed;
            let changed = Region { x, y, width, height }.clamped(sides[0], sides[1]);
            let crop = crops.then_some(Region { x: 1, y: 2, width: 20, height: 10 });
            let seen = Preprocessing { pixels, resize, fit, crop, painting: None };
            let mut input = network_input(&photo, to[0], to[1], seen);
            let repainted = super::super::within(&photo, changed, |part| {
                Photo { rgb: part.rgb.iter().map(|level| 255 - level).collect(), ..*part }
            });
            update_network_input(&mut input, &repainted, to, seen, changed);
            prop_assert_eq!(input, network_input(&repainted, to[0], to[1], seen));
        }

        #[test]
        fn the_picture_is_the_input_rounded(
            sides in [1_u32..40, 1_u32..40], to in [1_u32..30, 1_u32..30],
            bytes in prop::collection::vec(any::<u8>(), 40 * 40 * 3),
            resize in prop::sample::select(Resize::ALL.to_vec()),
            fit in prop::sample::select(Fit::ALL.to_vec()),
        ) {
            let photo = Photo { width: sides[0], height: sides[1], rgb: bytes[..(sides[0] * sides[1] * 3) as usize].to_vec() };
            let seen = Preprocessing { pixels: Pixels::ZeroTo255, resize, fit, crop: None, painting: None };
            let input = network_input(&photo, to[0], to[1], seen);
            let picture = network_picture(&photo, to[0], to[1], seen);
            prop_assert_eq!(input.len(), (to[0] * to[1] * 3) as usize);
            for (level, byte) in input.iter().zip(&picture.rgb) {
                prop_assert!((level - f32::from(*byte)).abs() <= 0.5);
            }
        }
    }
}
