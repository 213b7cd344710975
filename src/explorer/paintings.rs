//! What is painted over the open images, by its name, and the painted photo that was asked for last.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::error::ExplorerError;
use super::images::Input;
use super::preprocessing::input_of;
use super::request::ImageId;
use crate::imaging::{Canvas, Painting, PaintingKey, Photo, Preprocessing, Region, update_network_input};
use crate::network::Shape;

/// How many paintings of an image are remembered, so that what waits for a worker finds its own while a hand paints on.
const REMEMBERED: usize = 256;

/// What was painted lately.
#[derive(Debug, Default)]
pub struct Paintings {
    /// Of each image, the newest last.
    known: HashMap<ImageId, VecDeque<Painting>>,
    /// The photo that was painted last.
    canvas: Option<(ImageId, PaintedPhoto)>,
}

/// A photo with what is painted over it, and what a network took of it last.
#[derive(Debug)]
pub struct PaintedPhoto {
    /// The photo.
    pub canvas: Canvas,
    input: Option<(Shape, Preprocessing, Input)>,
    /// Where the photo has changed since.
    changed: Option<Region>,
}

impl PaintedPhoto {
    /// A photo that nothing is painted over yet.
    pub fn new(photo: Arc<Photo>) -> Self {
        Self {
            canvas: Canvas::new(photo),
            input: None,
            changed: None,
        }
    }

    /// Paints this over it and nothing else.
    pub fn paint(&mut self, painting: &Painting) {
        let changed = self.canvas.paint(painting);
        self.changed = [self.changed, changed].into_iter().flatten().reduce(Region::union);
    }

    /// The input of a network: where only a part of the photo has changed since the last one, only what follows from that
    /// is made again.
    pub fn input(&mut self, shape: Shape, preprocessing: Preprocessing) -> Input {
        let seen = preprocessing.unpainted();
        let photo = self.canvas.painted();
        let known = self.input.take().filter(|(of, way, _)| (*of, *way) == (shape, seen));
        let input = match known {
            Some((_, _, mut input)) if shape.channels == 3 => {
                if let Some(changed) = self.changed {
                    let values = Arc::make_mut(&mut input);
                    update_network_input(values, photo, shape.sides(), seen, changed);
                }
                input
            }
            _ => Arc::new(input_of(photo, shape, seen)),
        };
        self.changed = None;
        self.input = Some((shape, seen, input.clone()));
        input
    }
}

impl Paintings {
    /// Remembers what is painted over an image.
    pub fn insert(&mut self, image: ImageId, painting: Painting) {
        let known = self.known.entry(image).or_default();
        known.retain(|known| *known != painting);
        known.push_back(painting);
        if known.len() > REMEMBERED {
            known.pop_front();
        }
    }

    /// What has this name; nothing if nothing is painted.
    ///
    /// # Errors
    /// When it is not remembered any more.
    pub fn get(&self, image: ImageId, key: Option<PaintingKey>) -> Result<Painting, ExplorerError> {
        let Some(key) = key else { return Ok(Painting::default()) };
        let known = self.known.get(&image).into_iter().flatten();
        let found = known.into_iter().find(|painting| painting.key() == Some(key));
        found.cloned().ok_or_else(|| {
            let text = "what was painted over the photo when this was asked for has been painted over since; ask again";
            ExplorerError::Request(text.to_owned())
        })
    }

    /// Takes the photo out that was painted last, if it is this one, so that it can be painted on.
    pub fn take_canvas(&mut self, image: ImageId, photo: &Arc<Photo>) -> Option<PaintedPhoto> {
        let (_, painted) = self.canvas.take_if(|(known, _)| *known == image)?;
        // a file may have changed since
        Arc::ptr_eq(painted.canvas.photo(), photo).then_some(painted)
    }

    /// Keeps a painted photo to paint on.
    pub fn keep_canvas(&mut self, image: ImageId, painted: PaintedPhoto) {
        if self.known.contains_key(&image) {
            self.canvas = Some((image, painted));
        }
    }

    /// Forgets an image.
    pub fn remove(&mut self, image: ImageId) {
        self.known.remove(&image);
        self.canvas.take_if(|(known, _)| *known == image);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{Area, Brush, Region, Stroke};

    fn square(side: u32) -> Painting {
        Painting::from(Stroke {
            brush: Brush::Grey,
            area: Area::Rectangle(Region::whole(side, side)),
        })
    }

    #[test]
    fn what_was_painted_lately_is_found_by_its_name_and_what_is_long_gone_is_told() {
        let mut paintings = Paintings::default();
        for side in 1..=300 {
            paintings.insert(ImageId(1), square(side));
        }
        assert_eq!(paintings.get(ImageId(1), square(300).key()).unwrap(), square(300));
        assert_eq!(paintings.get(ImageId(1), square(45).key()).unwrap(), square(45));
        assert!(paintings.get(ImageId(1), square(44).key()).is_err());
        assert!(paintings.get(ImageId(2), square(300).key()).is_err());
        assert!(paintings.get(ImageId(2), None).unwrap().is_empty());
        paintings.remove(ImageId(1));
        assert!(paintings.get(ImageId(1), square(300).key()).is_err());
    }
}
