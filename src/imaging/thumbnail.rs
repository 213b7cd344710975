//! Small copies for display.

use image::{ImageBuffer, Rgb};

use super::Photo;

/// A copy whose longer side is at most `max_side` pixels (0 counts as 1), each pixel the mean of
/// those it covers; a photo that is small enough is copied as it is.
///
/// For display only: the network's input comes from [`network_input`](super::network_input).
#[must_use]
pub fn thumbnail(photo: &Photo, max_side: u32) -> Photo {
    let max_side = max_side.max(1);
    let longer = photo.width.max(photo.height);
    let view = ImageBuffer::<Rgb<u8>, _>::from_raw(photo.width, photo.height, photo.rgb.as_slice());
    let Some(view) = view.filter(|_| longer > max_side) else {
        return photo.clone();
    };
    let scaled = |side: u32| {
        let side = f64::from(side) * f64::from(max_side) / f64::from(longer);
        (side.round() as u32).max(1)
    };
    let small = image::imageops::thumbnail(&view, scaled(photo.width), scaled(photo.height));
    Photo {
        width: small.width(),
        height: small.height(),
        rgb: small.into_raw(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_means() {
        let rgb = [[10, 20, 30], [30, 40, 50], [0, 0, 0], [20, 40, 254]].concat();
        let photo = Photo {
            width: 4,
            height: 1,
            rgb,
        };
        let small = thumbnail(&photo, 2);
        assert_eq!((small.width, small.height), (2, 1));
        assert_eq!(small.rgb, [20, 30, 40, 10, 20, 127]);
    }

    #[test]
    fn the_longer_side_is_bounded_and_neither_is_zero() {
        let photo = Photo {
            width: 300,
            height: 2,
            rgb: vec![9; 1800],
        };
        for (max_side, expected) in [(300, (300, 2)), (299, (299, 2)), (30, (30, 1)), (0, (1, 1))] {
            let small = thumbnail(&photo, max_side);
            assert_eq!((small.width, small.height), expected);
            assert!(small.rgb.iter().all(|&value| value == 9));
        }
    }
}
