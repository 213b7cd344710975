//! Maps that were computed, and what the picture shows of one.

use std::collections::HashMap;
use std::sync::Arc;

use crate::explain::{Layers, Map, Method, Score, Target};
use crate::explorer::{ExplainRequest, Explained, ImageId, Purpose};
use crate::imaging::{Preprocessing, signed_strength};
use crate::network::LayerId;

/// How many values the store holds, 8 bytes each: more than everything that is wanted at a time has in the largest
/// network allowed, else maps would be computed and let go in turns.
const VALUES: usize = 16 << 20;

/// What one map explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MapKey {
    /// Which image.
    pub image: ImageId,
    /// How it was brought to the network's input size.
    pub preprocessing: Preprocessing,
    /// Which class or difference of classes.
    pub target: Target,
    /// Which layer.
    pub layer: LayerId,
    /// Probability or logit.
    pub score: Score,
    /// How the map was made.
    pub method: Method,
    /// The layers whose maps are fused, of which [`Self::layer`] is one; none of a map of one layer.
    pub fused: Option<Layers>,
}

impl MapKey {
    /// The map of one of its layers.
    #[must_use]
    pub fn at(self, layer: LayerId) -> Self {
        Self {
            layer,
            fused: None,
            ..self
        }
    }

    /// Its layer, or layers.
    pub fn layers(&self) -> Layers {
        self.fused.unwrap_or_else(|| self.layer.into())
    }

    /// What a request asks for first; none if it asks for nothing.
    pub fn first_of(request: &ExplainRequest) -> Option<Self> {
        Some(Self {
            image: request.image,
            preprocessing: request.preprocessing,
            target: *request.targets.first()?,
            layer: *request.layers.first()?,
            score: request.score,
            method: request.method,
            fused: None,
        })
    }

    /// What was asked for first, of one layer or of several that are fused.
    pub fn first_of_fused(request: &ExplainRequest, fused: Option<Layers>) -> Option<Self> {
        let key = Self::first_of(request)?;
        Some(Self { fused, ..key })
    }

    /// The request for this map alone, or for those that are fused in it.
    pub fn request(self, purpose: Purpose) -> ExplainRequest {
        ExplainRequest {
            image: self.image,
            preprocessing: self.preprocessing,
            purpose,
            targets: vec![self.target],
            layers: self.layers().all().collect(),
            score: self.score,
            method: self.method,
        }
    }
}

/// Maps of one network by what they explain; the least recently stored go first.
#[derive(Debug, Default)]
pub struct MapStore {
    maps: HashMap<MapKey, (u64, Arc<Map>)>,
    values: usize,
    clock: u64,
}

impl MapStore {
    /// A stored map.
    pub fn get(&self, key: &MapKey) -> Option<&Arc<Map>> {
        self.maps.get(key).map(|(_, map)| map)
    }

    /// Stores the map of a reply.
    pub fn insert(&mut self, explained: Explained) {
        let request = &explained.request;
        let key = MapKey {
            image: request.image,
            preprocessing: request.preprocessing,
            target: explained.explanation.target,
            layer: explained.explanation.layer,
            score: request.score,
            method: request.method,
            fused: None,
        };
        self.keep(key, Arc::new(explained.explanation.map));
    }

    /// Stores a map.
    pub fn keep(&mut self, key: MapKey, map: Arc<Map>) {
        self.clock += 1;
        self.values += map.signed.len();
        if let Some((_, replaced)) = self.maps.insert(key, (self.clock, map)) {
            self.values -= replaced.signed.len();
        }
        while self.values > VALUES
            && let Some(oldest) = self
                .maps
                .iter()
                .min_by_key(|(_, (stored, _))| *stored)
                .map(|(key, _)| *key)
            && let Some((_, dropped)) = self.maps.remove(&oldest)
        {
            self.values -= dropped.signed.len();
        }
    }

    /// Forgets the maps of an image.
    pub fn forget(&mut self, image: ImageId) {
        self.maps.retain(|key, _| key.image != image);
        self.values = self.maps.values().map(|(_, map)| map.signed.len()).sum();
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// A map as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// What it explains.
    pub key: MapKey,
    /// The channel whose activation this is, rather than a map of evidence.
    pub channel: Option<usize>,
    /// Where in the photo it lies, as shares of the photo's sides: its upper left corner and its lower right one.
    pub seen: [[f32; 2]; 2],
    /// Its values.
    pub map: Arc<Map>,
    /// Whether colours stand for evidence for and against, with zero in the middle.
    pub signed: bool,
    /// The value of the hottest colour; for signed maps also the magnitude of the coldest.
    pub maximum: f64,
}

impl Shown {
    /// What the colormap is applied to, `[h, w]`: heat from 0 to 1, or signed evidence with 0.5 for none.
    pub fn units(&self) -> Vec<f32> {
        if self.signed {
            self.map.signed_unit(self.maximum)
        } else {
            self.map.heat_with_maximum(self.maximum)
        }
    }

    /// What the map's colours are multiplied by where it lies over a photo, for a blend of 0..=1.
    pub fn strength(&self, blend: f32) -> f32 {
        if self.signed { signed_strength(blend) } else { blend }
    }

    /// Whether there is nothing to see: no evidence for the class, and evidence against it is not shown.
    pub fn is_empty(&self) -> bool {
        !self.signed && self.map.is_empty()
    }

    /// The cell at a place of the photo given as shares of its width and height.
    pub fn cell_at(&self, share: [f32; 2]) -> Option<(usize, usize)> {
        let share = within(self.seen, share)?;
        let cell = |share: f32, cells: usize| ((share * cells as f32) as usize).min(cells.saturating_sub(1));
        Some((cell(share[0], self.map.width), cell(share[1], self.map.height)))
    }

    /// The signed value of a cell and its share of all evidence for the class, 0..=1.
    pub fn value(&self, (column, row): (usize, usize)) -> Option<(f64, f64)> {
        let value = *self.map.signed.get(row * self.map.width + column)?;
        let sum: f64 = self.map.signed.iter().map(|value| value.max(0.0)).sum();
        Some((value, if sum > 0.0 { value.max(0.0) / sum } else { 0.0 }))
    }
}

/// A place of the photo as shares of the sides of a part of it; none outside.
pub fn within([from, to]: [[f32; 2]; 2], share: [f32; 2]) -> Option<[f32; 2]> {
    let share = [0, 1].map(|axis| (share[axis] - from[axis]) / (to[axis] - from[axis]).max(f32::MIN_POSITIVE));
    share.iter().all(|share| (0.0..1.0).contains(share)).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(signed: bool) -> Shown {
        let map = Arc::new(Map::new(2, 2, vec![-2.0, 0.0, 1.0, 3.0]));
        let key = MapKey {
            image: ImageId(1),
            preprocessing: Preprocessing::default(),
            target: Target::Class(0),
            layer: LayerId(1),
            score: Score::Logit,
            method: Method::GradCam,
            fused: None,
        };
        Shown {
            key,
            channel: None,
            seen: [[0.0; 2], [1.0; 2]],
            map,
            signed,
            maximum: if signed { 4.0 } else { 3.0 },
        }
    }

    #[test]
    fn zero_evidence_is_the_middle_of_a_signed_map_and_the_bottom_of_a_heatmap() {
        assert_eq!(shown(true).units(), [0.25, 0.5, 0.625, 0.875]);
        assert_eq!(shown(false).units(), [0.0, 0.0, 1.0 / 3.0, 1.0]);
    }

    #[test]
    fn cells_cover_the_part_of_the_photo_that_was_seen() {
        let cropped = Shown {
            seen: [[0.25, 0.0], [0.75, 1.0]],
            ..shown(false)
        };
        assert_eq!(cropped.cell_at([0.49, 0.6]), Some((0, 1)));
        assert_eq!(cropped.cell_at([0.51, 0.6]), Some((1, 1)));
        assert_eq!(cropped.cell_at([0.2, 0.6]), None);
        assert_eq!(cropped.cell_at([0.8, 0.6]), None);
    }

    #[test]
    fn cells_cover_the_photo() {
        let shown = shown(false);
        assert_eq!(shown.cell_at([0.0, 0.49]), Some((0, 0)));
        assert_eq!(shown.cell_at([0.999, 0.5]), Some((1, 1)));
        assert_eq!(shown.cell_at([1.0, 0.5]), None);
        assert_eq!(shown.cell_at([0.5, -0.1]), None);
        assert_eq!(shown.value((1, 1)), Some((3.0, 0.75)));
        assert_eq!(shown.value((0, 0)), Some((-2.0, 0.0)));
        assert_eq!(shown.value((0, 2)), None);
    }
}
