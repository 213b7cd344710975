//! Which map is wanted, which one is shown meanwhile, and on which scale.

use std::sync::Arc;

use super::State;
use crate::explain::{Map, Method, Target};
use crate::explorer::{Channels, ExplainRequest, Purpose};
use crate::gui::choices::Scale;
use crate::gui::maps::{MapKey, Shown};
use crate::network::LayerId;

impl State {
    /// What a map of `target` at `layer` of the shown image is called in the store.
    pub fn key(&self, target: Target, layer: LayerId) -> Option<MapKey> {
        let image = self.images.current()?;
        let preprocessing = self.preprocessing();
        let (score, method) = (self.score(), self.choices.method);
        let layer = (self.network.as_ref()).map_or(layer, |network| method.place(&network.plan, layer));
        Some(MapKey {
            image: image.id,
            preprocessing,
            target,
            layer,
            score,
            method,
        })
    }

    /// Where in its photo a map lies.
    pub(super) fn seen_of(&self, key: &MapKey) -> [[f32; 2]; 2] {
        let size = self.images.get(key.image).map_or([1; 2], |image| image.size);
        self.seen(size, key.preprocessing)
    }

    /// A map: at the last feature layer at once, elsewhere once it was computed.
    pub fn map(&self, key: &MapKey) -> Option<Arc<Map>> {
        let network = self.network.as_ref()?;
        if !key.method.is_in_class_maps(&network.plan, key.layer) {
            return self.maps.get(key).cloned();
        }
        let prediction = self.images.get(key.image)?.prediction_as(key.preprocessing)?;
        Some(Arc::new(prediction.class_maps.map(key.target, key.score)))
    }

    /// The map of the chosen class at the chosen layer.
    pub fn chosen_key(&self) -> Option<MapKey> {
        self.key(self.choices.target(self.class()?), self.layer()?)
    }

    /// Grad-CAM's map of the chosen class at the chosen layer: what channels are part of, whatever the method.
    fn layer_key(&self) -> Option<MapKey> {
        let key = self.chosen_key()?;
        Some(MapKey {
            layer: self.layer()?,
            method: Method::GradCam,
            ..key
        })
    }

    /// What gradients and channels are wanted of: the chosen class at the chosen layer.
    pub fn channels_wish(&self) -> Option<ExplainRequest> {
        Some(self.layer_key()?.request(Purpose::Main))
    }

    /// Gradients and channels of what is chosen, once they are computed.
    pub fn channels(&self) -> Option<&Channels> {
        let wish = self.channels_wish()?;
        self.channels.as_ref().filter(|channels| *channels.request == wish)
    }

    /// The feature map of the chosen channel, once it is computed.
    fn shown_channel(&self) -> Option<Shown> {
        let channel = self.channel?;
        let key = self.layer_key()?;
        let found = self.feature_map.as_ref()?;
        let is_wanted = (found.image, found.preprocessing, found.layer, found.channel)
            == (key.image, key.preprocessing, key.layer, channel);
        let map = Arc::new(found.map.clone());
        let signed = self.choices.colormap.is_diverging();
        let maximum = map.strongest(signed);
        is_wanted.then_some(Shown {
            seen: self.seen_of(&key),
            key,
            channel: Some(channel),
            map,
            signed,
            maximum,
        })
    }

    /// A map as the picture would show it; none while it is computed.
    pub fn shown_as(&self, target: Target, layer: LayerId) -> Option<Shown> {
        self.shown_of(self.key(target, layer)?)
    }

    /// The map of a key as a picture would show it; none while it is computed.
    pub fn shown_of(&self, key: MapKey) -> Option<Shown> {
        let map = self.map(&key)?;
        let maximum = self.maximum_for(&map, &key);
        Some(Shown {
            seen: self.seen_of(&key),
            key,
            channel: None,
            map,
            signed: self.choices.is_signed(key.target),
            maximum,
        })
    }

    /// What the picture should show: the class under the pointer, else the chosen one.
    pub fn wanted_key(&self) -> Option<MapKey> {
        let class = self.preview.or_else(|| self.class())?;
        self.key(self.choices.target(class), self.layer()?)
    }

    /// The value of the hottest colour for a map.
    pub fn maximum_for(&self, map: &Map, key: &MapKey) -> f64 {
        let signed = self.choices.is_signed(key.target);
        let of = |map: &Map| map.strongest(signed);
        match self.choices.scale {
            Scale::Own => of(map),
            Scale::Fixed => self.choices.fixed_maximum,
            Scale::Shared => {
                let others = self.side_by_side().into_iter().filter_map(|class| {
                    self.map(&MapKey {
                        target: self.choices.target(class),
                        ..*key
                    })
                    .map(|map| of(&map))
                });
                others.fold(of(map), f64::max)
            }
        }
    }

    /// Brings [`Self::shown`] up to date. A map that is still being computed leaves the last one of the same image.
    pub fn update_shown(&mut self) {
        let wanted = self.wanted_key();
        let channel = self.shown_channel().filter(|_| self.preview.is_none());
        let found = channel.or_else(|| wanted.and_then(|key| self.shown_as(key.target, key.layer)));
        if found.is_some() {
            self.shown = found;
        } else if self.shown.as_ref().map(|shown| shown.key.image) != wanted.map(|key| key.image) {
            self.shown = None;
        }
        self.update_other();
    }

    /// How far the map is that the picture waits for, in per cent; none of one that takes a single pass.
    pub fn explained_share(&self) -> Option<usize> {
        let (request, [done, total]) = self.explaining.as_ref()?;
        let is_wanted = MapKey::first_of(request) == self.wanted_key();
        (is_wanted && self.is_waiting_for_map()).then(|| 100 * done / (*total).max(1))
    }

    /// Whether the picture still waits for the map it should show.
    pub fn is_waiting_for_map(&self) -> bool {
        self.wanted_key()
            .is_some_and(|wanted| self.shown.as_ref().is_none_or(|shown| shown.key != wanted))
    }
}
