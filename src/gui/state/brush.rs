//! Painting over the photo: the brush, the stroke that is being drawn, and the image without what is painted.

use super::State;
use crate::explorer::{ImageId, PaintCopies, Predicted};
use crate::imaging::{Area, Brush, Painting, Preprocessing, Stroke};

/// The narrowest and the widest brush, as shares of the photo's longer side.
const WIDTHS: std::ops::RangeInclusive<f32> = 0.002..=1.0;
/// A stroke has a corner every so many of its radii, so that it takes little room.
const CORNERS: f64 = 0.125;

/// What the brush gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BrushKind {
    /// Middle grey.
    #[default]
    Grey,
    /// The photo out of focus.
    Blur,
    /// Its mean colour.
    Mean,
    /// Pixels from elsewhere.
    Clone,
    /// The photo again.
    Erase,
}

impl BrushKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Grey, Self::Blur, Self::Mean, Self::Clone, Self::Erase];

    /// Name and explanation.
    pub fn describe(self) -> (&'static str, &'static str) {
        match self {
            Self::Grey => ("Grey", "Hide what is under the brush with middle grey."),
            Self::Blur => ("Blur", "Put what is under the brush out of focus."),
            Self::Mean => (
                "Mean colour",
                "Hide what is under the brush with the mean colour of the photo.",
            ),
            Self::Clone => (
                "Clone",
                "Copy pixels from elsewhere in the photo: a first click says from where, Ctrl+click or Alt+click from where else.",
            ),
            Self::Erase => (
                "Erase",
                "Take away what was painted under the brush; the photo comes back.",
            ),
        }
    }
}

/// The brush, as it is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BrushChoice {
    /// What it gives.
    pub kind: BrushKind,
    /// Its width as a share of the photo's longer side.
    pub width: f32,
}

impl Default for BrushChoice {
    fn default() -> Self {
        Self {
            kind: BrushKind::default(),
            width: 0.1,
        }
    }
}

impl BrushChoice {
    /// A brush so many times as wide.
    pub fn wider(&mut self, factor: f32) {
        self.width = (self.width * factor).clamp(*WIDTHS.start(), *WIDTHS.end());
    }

    /// Half of its width in pixels of a photo of this size.
    pub fn radius(self, size: [u32; 2]) -> u32 {
        (f64::from(self.width) * f64::from(size[0].max(size[1])) / 2.0).round() as u32
    }
}

/// The hand that paints.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Brushing {
    /// From where pixels are copied, in pixels of the photo; none before that was said.
    pub source: Option<[i32; 2]>,
    /// How far from the pointer that is, while a stroke of copied pixels is drawn and after it.
    pub offset: Option<[i32; 2]>,
    /// In which of several pictures a stroke is being drawn; none while none is.
    pub drawing: Option<usize>,
    /// Whether nothing was painted yet.
    is_fresh: bool,
}

impl Brushing {
    /// Whether the key that began it may have been the first letter of a word.
    pub fn may_be_a_word(self) -> bool {
        self.is_fresh
    }
}

impl State {
    /// Takes the brush, or puts it away.
    pub fn start_brushing(&mut self) {
        let is_open = self.open_image().is_some();
        self.asking_here = false;
        self.cropping = None;
        self.brushing = match self.brushing {
            None if is_open => Some(Brushing {
                is_fresh: true,
                ..Brushing::default()
            }),
            _ => None,
        };
    }

    /// Ends a stroke, and forgets from where pixels are copied.
    pub fn lift_brush(&mut self) {
        if let Some(brushing) = &mut self.brushing {
            *brushing = Brushing::default();
        }
    }

    /// Whether the pointer draws in the picture rather than moves it.
    pub fn is_drawing(&self) -> bool {
        self.cropping.is_some() || self.brushing.is_some()
    }

    /// Whether a stroke is being drawn.
    pub(super) fn is_drawing_stroke(&self) -> bool {
        self.brushing.is_some_and(|brushing| brushing.drawing.is_some())
    }

    /// Chooses another brush.
    pub fn choose_brush(&mut self, brush: BrushChoice) {
        self.brush = brush;
        self.brush.wider(1.0);
        if let Some(brushing) = &mut self.brushing {
            brushing.is_fresh = false;
        }
    }

    /// What is painted over the shown photo.
    pub fn painting(&self) -> Option<&Painting> {
        let painting = &self.images.current()?.painting;
        (!painting.is_empty()).then_some(painting)
    }

    /// Says from where pixels are copied, in shares of the photo's sides.
    pub fn clone_from_here(&mut self, share: [f32; 2]) {
        let Some(size) = self.open_image().map(|image| image.size) else {
            return;
        };
        if let Some(brushing) = &mut self.brushing {
            *brushing = Brushing {
                source: Some(pixel(share, size)),
                ..Brushing::default()
            };
        }
    }

    /// Begins a stroke at a place in shares of the photo's sides, in this one of several pictures.
    pub fn begin_stroke(&mut self, share: [f32; 2], picture: usize) {
        let (Some(mut brushing), Some(image)) = (self.brushing, self.open_image()) else {
            return;
        };
        let (id, size) = (image.id, image.size);
        let at = pixel(share, size);
        let brush = match (self.brush.kind, brushing.source) {
            (BrushKind::Grey, _) => Brush::Grey,
            (BrushKind::Blur, _) => Brush::Blur,
            (BrushKind::Mean, _) => Brush::Mean,
            (BrushKind::Erase, _) => Brush::Erase,
            (BrushKind::Clone, Some(source)) => Brush::Clone([source[0] - at[0], source[1] - at[1]]),
            // pixels from nowhere are not to be had
            (BrushKind::Clone, None) => return self.clone_from_here(share),
        };
        brushing.is_fresh = false;
        brushing.drawing = Some(picture);
        brushing.offset = match brush {
            Brush::Clone(offset) => Some(offset),
            _ => None,
        };
        self.brushing = Some(brushing);
        // the class whose evidence is hidden stays, whichever is on top then
        if self.choices.class.is_none()
            && let Some(class) = self.class()
        {
            self.choose_class(class);
        }
        self.here = None;
        let stroke = Stroke {
            brush,
            area: Area::Line {
                radius: self.brush.radius(size),
                points: vec![at],
            },
        };
        if let Some(image) = self.images.get_mut(id) {
            image.paint(image.painting.with(stroke));
        }
    }

    /// Draws the stroke on to a place in shares of the photo's sides.
    pub fn draw_to(&mut self, share: [f32; 2]) {
        self.draw(share, CORNERS);
    }

    /// The same, unless that is nearer to the last corner than so many radii.
    fn draw(&mut self, share: [f32; 2], corners: f64) {
        let is_drawing = self.is_drawing_stroke();
        let Some(id) = self.open_image().map(|image| image.id).filter(|_| is_drawing) else {
            return;
        };
        let Some(image) = self.images.get_mut(id) else { return };
        let to = pixel(share, image.size);
        let last = image.painting.strokes().last().map(|stroke| &stroke.area);
        let Some(Area::Line { radius, points }) = last else {
            return;
        };
        let step = (f64::from(*radius) * corners).max(1.0);
        let is_near = points.last().is_some_and(|last| {
            let away = [0, 1].map(|axis| f64::from(to[axis] - last[axis]));
            away[0].hypot(away[1]) < step
        });
        if !is_near {
            let mut painting = image.painting.clone();
            painting.draw_to(to);
            image.paint(painting);
        }
    }

    /// Ends the stroke, where the hand is lifted if that is known.
    pub fn end_stroke(&mut self, share: Option<[f32; 2]>) {
        if let Some(share) = share {
            self.draw(share, 0.0);
        }
        if let Some(brushing) = &mut self.brushing {
            brushing.drawing = None;
        }
    }

    /// Takes everything away that is painted over the shown photo.
    pub fn remove_painting(&mut self) {
        self.lift_brush();
        let id = self.images.current().map(|image| image.id);
        if let Some(image) = id.and_then(|id| self.images.get_mut(id)) {
            image.paint(Painting::default());
        }
    }

    /// What the network says of the shown image without what is painted over it; none where nothing is painted, or that is
    /// not known yet.
    pub fn unpainted(&self) -> Option<&Predicted> {
        let image = self.images.current()?;
        let wanted = self.unpainted_way(image.id)?;
        let epoch = self.network.as_ref()?.epoch;
        let known = image.unpainted.as_ref()?;
        (known.epoch == epoch && known.preprocessing == wanted).then_some(known)
    }

    /// How the network would see a painted image without what is painted; none if nothing is painted.
    pub fn unpainted_way(&self, image: ImageId) -> Option<Preprocessing> {
        let image = self.images.get(image)?;
        let seen = image.seen_as(self.preprocessing());
        seen.painting.is_some().then_some(seen.unpainted())
    }

    /// Whether a stroke is being drawn and the map of what the network saw last is still to come: it does before the network
    /// sees more. Maps that take many passes wait for the end.
    pub fn paints_on_for_map(&self) -> bool {
        let is_slow = self.chosen_key().is_none_or(|key| self.is_slow(&key));
        self.is_drawing_stroke() && !is_slow && self.is_waiting_for_map()
    }

    /// The copies for the screen that are still to be painted over.
    pub fn copies_to_paint(&self) -> Option<PaintCopies> {
        let image = self.open_image()?;
        let (small, large) = (image.small_display.clone()?, image.display.clone());
        let large = large.filter(|_| self.large_in_sight);
        let is_there = image.painted.as_ref().is_some_and(|painted| {
            painted.painting == image.painting.key() && (painted.large.is_some() || large.is_none())
        });
        (!image.painting.is_empty() && !is_there).then(|| PaintCopies {
            image: image.id,
            painting: image.painting.clone(),
            size: image.size,
            small,
            large,
        })
    }
}

/// The pixel of a photo at a place in shares of its sides; places around it count, too.
fn pixel(share: [f32; 2], size: [u32; 2]) -> [i32; 2] {
    [0, 1].map(|axis| (share[axis].clamp(-1.0, 2.0) * size[axis] as f32).floor() as i32)
}
