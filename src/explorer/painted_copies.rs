//! What is painted over a photo, over its copies for the screen: the strokes at their size rather than the painted photo made
//! smaller, so that the hand sees them at once however large the photo is.

use std::sync::Arc;

use super::reply::{PaintedCopies, Repainted};
use super::request::{ImageId, PaintCopies};
use crate::imaging::{Canvas, Photo};

/// The copies that were painted last.
#[derive(Debug, Default)]
pub struct CopyPainter {
    last: Option<(ImageId, Canvas, Option<Canvas>)>,
}

impl CopyPainter {
    /// Paints the copies of an image; only where something changed, if they are those of the last time.
    pub fn paint(&mut self, wanted: PaintCopies) -> PaintedCopies {
        let PaintCopies {
            image,
            painting,
            size,
            small,
            large,
        } = wanted;
        let last = self.last.take().filter(|(known, ..)| *known == image);
        let (last_small, last_large) = last.map_or((None, None), |(_, small, large)| (Some(small), large));
        let brought = |canvas: Option<Canvas>, copy: Arc<Photo>| {
            let canvas = canvas.filter(|canvas| Arc::ptr_eq(canvas.photo(), &copy));
            let mut canvas = canvas.unwrap_or_else(|| Canvas::new(copy.clone()));
            let before = canvas.painted().clone();
            let region = canvas.paint(&painting.scaled(size, [copy.width, copy.height]));
            let repainted = Repainted {
                photo: canvas.painted().clone(),
                before,
                region,
            };
            (canvas, repainted)
        };
        let (small_canvas, small) = brought(last_small, small);
        let (large_canvas, large) = large.map(|large| brought(last_large, large)).unzip();
        self.last = Some((image, small_canvas, large_canvas));
        PaintedCopies {
            image,
            painting: painting.key(),
            small,
            large,
        }
    }
}
