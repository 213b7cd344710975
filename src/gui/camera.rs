//! Which part of the photo is shown, and how large. Plain numbers, independent of the photo and of the window.

/// Zoom and position; stays when the image changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// 1 fits the whole photo into the space there is; 2 is twice as large.
    pub zoom: f32,
    /// What is in the middle, as shares of the photo's width and height.
    pub centre: [f32; 2],
}

/// The closest look.
const MAX_ZOOM: f32 = 64.0;
/// The widest look, for photos much smaller than the window.
const MIN_ZOOM: f32 = 0.01;

impl Default for Camera {
    fn default() -> Self {
        Self {
            zoom: 1.0,
            centre: [0.5; 2],
        }
    }
}

impl Camera {
    /// Size of the shown photo for a space of `space` and a photo whose sides are in the proportion `photo`.
    pub fn size(&self, space: [f32; 2], photo: [f32; 2]) -> [f32; 2] {
        let fit = fit(space, photo) * self.zoom;
        [photo[0] * fit, photo[1] * fit]
    }

    /// Upper left corner of the shown photo relative to that of the space.
    pub fn corner(&self, space: [f32; 2], photo: [f32; 2]) -> [f32; 2] {
        let size = self.size(space, photo);
        [0, 1].map(|axis| space[axis] / 2.0 - self.centre[axis] * size[axis])
    }

    /// Zooms by `factor` so that the point at `fixed` (in the space) stays where it is; never farther than to fit.
    pub fn zoom_at(&mut self, factor: f32, fixed: [f32; 2], space: [f32; 2], photo: [f32; 2]) {
        self.zoom_to((self.zoom * factor).max(1.0), fixed, space, photo);
    }

    /// Zooms to `zoom` so that the point at `fixed` stays where it is; a small photo may become smaller than the space.
    pub fn zoom_to(&mut self, zoom: f32, fixed: [f32; 2], space: [f32; 2], photo: [f32; 2]) {
        let share = self.share_at(fixed, space, photo);
        self.zoom = zoom.clamp(MIN_ZOOM, MAX_ZOOM);
        let size = self.size(space, photo);
        for axis in 0..2 {
            self.centre[axis] = share[axis] - (fixed[axis] - space[axis] / 2.0) / size[axis].max(f32::MIN_POSITIVE);
        }
        self.keep_inside(space, photo);
    }

    /// Moves the photo with the pointer.
    pub fn pan(&mut self, delta: [f32; 2], space: [f32; 2], photo: [f32; 2]) {
        let size = self.size(space, photo);
        for axis in 0..2 {
            self.centre[axis] -= delta[axis] / size[axis].max(f32::MIN_POSITIVE);
        }
        self.keep_inside(space, photo);
    }

    /// Where in the photo a point of the space lies, as shares of its width and height.
    pub fn share_at(&self, point: [f32; 2], space: [f32; 2], photo: [f32; 2]) -> [f32; 2] {
        let (corner, size) = (self.corner(space, photo), self.size(space, photo));
        [0, 1].map(|axis| (point[axis] - corner[axis]) / size[axis].max(f32::MIN_POSITIVE))
    }

    /// The zoom at which a photo of `pixels` is shown pixel by pixel, for `scale` screen pixels a point.
    pub fn actual_pixels(space: [f32; 2], pixels: [f32; 2], scale: f32) -> f32 {
        1.0 / (fit(space, pixels) * scale).max(f32::MIN_POSITIVE)
    }

    /// No empty space where photo could be; a photo smaller than the space is centred.
    fn keep_inside(&mut self, space: [f32; 2], photo: [f32; 2]) {
        let size = self.size(space, photo);
        for axis in 0..2 {
            let half = (space[axis] / size[axis].max(f32::MIN_POSITIVE)) / 2.0;
            self.centre[axis] = if half >= 0.5 {
                0.5
            } else {
                self.centre[axis].clamp(half, 1.0 - half)
            };
        }
    }
}

fn fit(space: [f32; 2], photo: [f32; 2]) -> f32 {
    (space[0] / photo[0].max(1.0))
        .min(space[1] / photo[1].max(1.0))
        .max(f32::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: [f32; 2] = [400.0, 300.0];
    const PHOTO: [f32; 2] = [200.0, 100.0];

    #[test]
    fn the_point_under_the_pointer_stays() {
        let mut camera = Camera::default();
        camera.zoom_at(4.0, [150.0, 160.0], SPACE, PHOTO);
        let before = camera.share_at([180.0, 140.0], SPACE, PHOTO);
        camera.zoom_at(1.5, [180.0, 140.0], SPACE, PHOTO);
        let after = camera.share_at([180.0, 140.0], SPACE, PHOTO);
        assert!((before[0] - after[0]).abs() < 1e-5 && (before[1] - after[1]).abs() < 1e-5);
    }

    #[test]
    fn never_shows_emptiness_beside_a_zoomed_photo() {
        let mut camera = Camera::default();
        camera.zoom_at(3.0, [0.0, 0.0], SPACE, PHOTO);
        camera.pan([1e6, -1e6], SPACE, PHOTO);
        let (corner, size) = (camera.corner(SPACE, PHOTO), camera.size(SPACE, PHOTO));
        for axis in 0..2 {
            assert!(corner[axis] <= 0.01 && corner[axis] + size[axis] >= SPACE[axis] - 0.01);
        }
        camera.zoom_at(1e-6, [10.0, 10.0], SPACE, PHOTO);
        assert_eq!(camera, Camera::default());
    }

    #[test]
    fn actual_pixels_is_one_photo_pixel_a_screen_pixel() {
        let zoom = Camera::actual_pixels(SPACE, [4000.0, 2000.0], 2.0);
        let camera = Camera {
            zoom,
            ..Camera::default()
        };
        assert!((camera.size(SPACE, [4000.0, 2000.0])[0] * 2.0 - 4000.0).abs() < 0.5);
    }
}
