//! A part of a photo that the network sees alone.

use super::State;
use crate::gui::history::Step;
use crate::imaging::Region;

/// A part that is being cut out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cropping {
    /// Where the rectangle begins, in shares of the photo's sides; none before it was begun.
    pub from: Option<[f32; 2]>,
    /// In which of several pictures it is drawn.
    pub picture: usize,
    /// Whether it is asked which class would win without it, instead of cutting it out.
    pub asks: bool,
}

impl Cropping {
    /// Whether the key that began it may have been the first letter of a word.
    pub fn may_be_a_word(self) -> bool {
        self.from.is_none() && !self.asks
    }

    /// The pixels of a photo of this width and height from where it began to this place, all that it touches; none before
    /// it was begun, or where that is less than `least` pixels wide or high.
    pub fn region(self, to: [f32; 2], size: [u32; 2], least: [f32; 2]) -> Option<Region> {
        let from = self.from?;
        let side = |axis: usize| {
            let [from, to] = [from[axis], to[axis]].map(|share| share.clamp(0.0, 1.0) * size[axis] as f32);
            let (start, end) = (from.min(to).floor(), from.max(to).ceil());
            (end - start >= least[axis].max(1.0)).then_some((start as u32, (end - start) as u32))
        };
        let ((x, width), (y, height)) = (side(0)?, side(1)?);
        Some(Region { x, y, width, height }.clamped(size[0], size[1]))
    }
}

impl State {
    /// The part of the shown photo that the network sees alone.
    pub fn cropped(&self) -> Option<Region> {
        self.images.current()?.crop
    }

    /// Waits for a rectangle to be drawn, or no longer.
    pub fn start_cropping(&mut self) {
        let is_open = self.open_image().is_some();
        self.asking_here = false;
        self.brushing = None;
        self.cropping = match self.cropping {
            None if is_open => Some(Cropping::default()),
            _ => None,
        };
    }

    /// Waits for a rectangle of which it is asked which class would win without it, or no longer.
    pub fn start_asking_without(&mut self) {
        let waits = self.cropping.is_some_and(|cropping| cropping.asks);
        self.cropping = None;
        if !waits {
            self.start_cropping();
        }
        if let Some(cropping) = &mut self.cropping {
            cropping.asks = true;
        }
    }

    /// Begins a rectangle.
    pub fn crop_from(&mut self, from: [f32; 2], picture: usize) {
        if let Some(cropping) = &mut self.cropping {
            *cropping = Cropping {
                from: Some(from),
                picture,
                ..*cropping
            };
        }
    }

    /// Lets the network see a part of the shown photo alone, or all of it.
    pub fn crop(&mut self, region: Option<Region>) {
        self.cropping = None;
        self.here = None;
        let Some(id) = self.images.current().map(|image| image.id) else {
            return;
        };
        if let Some(image) = self.images.get_mut(id) {
            let [width, height] = image.size;
            let region = region.map(|region| region.clamped(width, height));
            image.crop = region.filter(|region| *region != Region::whole(width, height));
        }
    }
}

impl State {
    /// What undo would come back to.
    pub fn step(&self) -> Step {
        Step {
            choices: self.choices.clone(),
            edits: self.images.edits(),
        }
    }

    /// Comes back to a step.
    pub(in crate::gui) fn return_to(&mut self, step: Step) {
        self.choices = step.choices;
        if self.images.edits() != step.edits {
            self.cropping = None;
            self.lift_brush();
            self.here = None;
            self.images.set_edits(&step.edits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_is_every_pixel_that_it_touches_whichever_way_it_is_drawn() {
        let region = |from: [f32; 2], to: [f32; 2]| {
            Cropping {
                from: Some(from),
                picture: 0,
                asks: false,
            }
            .region(to, [100, 50], [2.0, 2.0])
        };
        let expected = Region {
            x: 10,
            y: 10,
            width: 41,
            height: 10,
        };
        for (from, to) in [
            ([0.1, 0.2], [0.501, 0.4]),
            ([0.501, 0.4], [0.1, 0.2]),
            ([0.1, 0.4], [0.501, 0.2]),
        ] {
            assert_eq!(region(from, to), Some(expected));
        }
        // beyond the edges there is nothing
        assert_eq!(region([-3.0, -0.1], [7.0, 2.0]), Some(Region::whole(100, 50)));
        // a slip of the hand is none
        assert_eq!(region([0.5, 0.2], [0.501, 0.9]), None);
        assert_eq!(region([1.2, 1.2], [2.0, 2.0]), None);
        assert_eq!(Cropping::default().region([0.5; 2], [100, 50], [2.0, 2.0]), None);
    }
}
