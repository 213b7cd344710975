//! Pictures of which parts are missing.

use super::Photo;

/// A picture, and how much of each of its pixels is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cutout {
    /// The pixels, with black where nothing is.
    pub photo: Photo,
    /// One value a pixel, 0 where nothing is and 255 where all is; none where all of the picture is there.
    pub opacity: Option<Vec<u8>>,
}

impl From<Photo> for Cutout {
    /// All of a photo.
    fn from(photo: Photo) -> Self {
        Self { photo, opacity: None }
    }
}

impl Cutout {
    /// The part of a photo that a drawing of the same size has white; grey lets through what it is.
    ///
    /// # Panics
    /// When their sizes differ.
    #[must_use]
    pub fn of(mut photo: Photo, drawing: &Photo) -> Self {
        assert_eq!((photo.width, photo.height), (drawing.width, drawing.height), "one size");
        let opacity: Vec<u8> = drawing.rgb.as_chunks::<3>().0.iter().map(|[grey, ..]| *grey).collect();
        for (pixel, opacity) in photo.rgb.as_chunks_mut::<3>().0.iter_mut().zip(&opacity) {
            if *opacity == 0 {
                // what is not to be seen is not in the file either
                *pixel = [0; 3];
            }
        }
        let is_whole = opacity.iter().all(|&opacity| opacity == u8::MAX);
        Self {
            photo,
            opacity: Some(opacity).filter(|_| !is_whole),
        }
    }

    /// Two pictures next to each other with nothing between them, the lower one in the middle of the height of the other.
    #[must_use]
    pub fn beside(&self, right: &Self) -> Self {
        let gap = (self.photo.width / 50).max(1);
        let height = self.photo.height.max(right.photo.height);
        let mut both = Self {
            photo: Photo::filled(self.photo.width + gap + right.photo.width, height, [0; 3]),
            opacity: None,
        };
        let mut opacity = vec![0; both.photo.rgb.len() / 3];
        for (part, x) in [(self, 0), (right, self.photo.width + gap)] {
            both.place(
                part,
                x as usize,
                ((height - part.photo.height) / 2) as usize,
                &mut opacity,
            );
        }
        both.opacity = Some(opacity);
        both
    }

    /// Puts a part where it belongs.
    fn place(&mut self, part: &Self, x: usize, y: usize, opacity: &mut [u8]) {
        let (whole, width) = (self.photo.width as usize, part.photo.width as usize);
        for (row, pixels) in part.photo.rgb.chunks_exact(3 * width.max(1)).enumerate() {
            let start = (y + row) * whole + x;
            self.photo.rgb[3 * start..][..3 * width].copy_from_slice(pixels);
            match &part.opacity {
                Some(own) => opacity[start..][..width].copy_from_slice(&own[row * width..][..width]),
                None => opacity[start..][..width].fill(u8::MAX),
            }
        }
    }

    /// The picture over a colour, for what knows no transparency.
    #[must_use]
    pub fn over(self, colour: [u8; 3]) -> Photo {
        let Self { mut photo, opacity } = self;
        for (pixel, opacity) in photo
            .rgb
            .as_chunks_mut::<3>()
            .0
            .iter_mut()
            .zip(opacity.iter().flatten())
        {
            let opacity = u32::from(*opacity);
            for (level, behind) in pixel.iter_mut().zip(colour) {
                let mixed = u32::from(*level) * opacity + u32::from(behind) * (255 - opacity);
                *level = ((mixed + 127) / 255) as u8;
            }
        }
        photo
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_beside_each_other_keep_their_pixels_and_have_nothing_between() {
        let low = Cutout::from(Photo::filled(3, 1, [9; 3]));
        let high = Cutout {
            photo: Photo::filled(2, 3, [7; 3]),
            opacity: Some(vec![255, 255, 255, 255, 255, 0]),
        };
        let both = low.beside(&high);
        assert_eq!((both.photo.width, both.photo.height), (6, 3));
        let opacity = [
            [0, 0, 0, 0, 255, 255],
            [255, 255, 255, 0, 255, 255],
            [0, 0, 0, 0, 255, 0],
        ];
        assert_eq!(both.opacity, Some(opacity.concat()));
        let level = |x: usize, y: usize| both.photo.rgb[3 * (6 * y + x)];
        assert_eq!([level(0, 0), level(0, 1), level(3, 1), level(4, 2)], [0, 9, 0, 7]);
    }

    #[test]
    fn what_is_missing_is_gone_and_shows_what_is_behind() {
        let photo = Photo::filled(3, 1, [200, 100, 50]);
        let drawing = Photo {
            width: 3,
            height: 1,
            rgb: vec![255, 255, 255, 128, 128, 128, 0, 0, 0],
        };
        let cutout = Cutout::of(photo.clone(), &drawing);
        assert_eq!(cutout.photo.rgb, [200, 100, 50, 200, 100, 50, 0, 0, 0]);
        assert_eq!(cutout.opacity, Some(vec![255, 128, 0]));
        assert_eq!(cutout.over([255; 3]).rgb, [200, 100, 50, 227, 177, 152, 255, 255, 255]);
        let whole = Cutout::of(photo.clone(), &Photo::filled(3, 1, [255; 3]));
        assert_eq!(whole, Cutout::from(photo));
    }
}
