//! Which map is wanted, which one is shown meanwhile, and on which scale.

use std::sync::Arc;

use super::State;
use crate::explain::{Layers, Map, Method, Target};
use crate::explorer::{Channels, ChannelsRequest, Purpose};
use crate::gui::choices::Scale;
use crate::gui::maps::{MapKey, Shown};
use crate::network::LayerId;

impl State {
    /// What a map of `target` at `layer` of the shown image is called in the store.
    pub fn key(&self, target: Target, layer: LayerId) -> Option<MapKey> {
        let image = self.images.current()?;
        let preprocessing = self.preprocessing();
        let (score, method) = (self.score(), self.choices.method);
        let layer = method.place(layer);
        Some(MapKey {
            image: image.id,
            preprocessing,
            target,
            layer,
            score,
            method,
            fused: None,
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
        if let Some(layers) = key.fused {
            let maps = layers.all().map(|layer| self.map(&key.at(layer)));
            let maps: Vec<Arc<Map>> = maps.collect::<Option<_>>()?;
            let maps: Vec<&Map> = maps.iter().map(|map| &**map).collect();
            return layers.fusion().fused(&maps).map(Arc::new);
        }
        if !key.method.is_in_class_maps(&network.plan, key.layer) {
            return self.maps.get(key).cloned();
        }
        let prediction = self.images.get(key.image)?.prediction_as(key.preprocessing)?;
        Some(Arc::new(prediction.class_maps.map(key.target, key.score)))
    }

    /// The map of the chosen class at the chosen layer.
    pub fn chosen_key(&self) -> Option<MapKey> {
        self.key_of(self.class()?)
    }

    /// The map of a class at the chosen layer, or layers.
    fn key_of(&self, class: usize) -> Option<MapKey> {
        let key = self.key(self.choices.target(class), self.layer()?)?;
        let layers = self.chosen_layers()?;
        Some(MapKey {
            fused: Some(layers).filter(|layers| layers.single().is_none()),
            ..key
        })
    }

    /// The chosen layer, or those whose maps are fused; of a method that knows one place only, that place.
    pub fn chosen_layers(&self) -> Option<Layers> {
        let method = self.choices.method;
        let has_all = |layers: &Layers| layers.all().all(|layer| method.place(layer) == layer);
        let fused = self.choices.fused.filter(has_all);
        Some(fused.unwrap_or(method.place(self.layer()?).into()))
    }

    /// Grad-CAM's map of the chosen class at the chosen layer: what channels are part of, whatever the method.
    fn layer_key(&self) -> Option<MapKey> {
        let key = self.chosen_key()?;
        let method = Method::GradCam;
        Some(MapKey { method, ..key }.at(self.layer()?))
    }

    /// What gradients and channels are wanted of: the chosen class at the chosen layer, and the place that was asked about.
    pub fn channels_wish(&self) -> Option<ChannelsRequest> {
        let key = self.layer_key()?;
        Some(ChannelsRequest {
            explain: key.request(Purpose::Main),
            cell: self
                .cell_here(key.layer)
                .map(|[column, row, columns]| row * columns + column),
        })
    }

    /// The channel whose feature map is to be shown: the one under the pointer, else the chosen one.
    pub fn channel_in_sight(&self) -> Option<usize> {
        self.channel_preview.or(self.channel)
    }

    /// Gradients and channels of what is chosen, once they are computed.
    pub fn channels(&self) -> Option<&Channels> {
        let wish = self.channels_wish()?;
        self.channels.as_ref().filter(|channels| *channels.request == wish)
    }

    /// The feature map of the chosen channel, once it is computed.
    fn shown_channel(&self) -> Option<Shown> {
        let channel = self.channel_in_sight()?;
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
        self.key_of(self.preview.or_else(|| self.class())?)
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
        // whoever chooses something else, and comes back, wants it after all
        let chosen = self.chosen_key();
        self.stopped.take_if(|stopped| Some(*stopped) != chosen);
        let wanted = self.wanted_key();
        let channel = self.shown_channel().filter(|_| self.preview.is_none());
        let found = channel.or_else(|| wanted.and_then(|key| self.shown_of(key)));
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
        let is_wanted = MapKey::first_of(request) == self.wanted_key().map(|key| key.at(key.layer));
        (is_wanted && self.is_waiting_for_map()).then(|| 100 * done / (*total).max(1))
    }

    /// Stops the map that the picture waits for, or else what is being measured.
    pub fn stop_computing(&mut self) {
        if self.explained_share().is_some() {
            self.stopped = self.chosen_key();
        } else {
            self.stop_measuring();
        }
    }

    /// Goes on with what was stopped.
    pub fn go_on_computing(&mut self) {
        if self.stopped.take().is_none() {
            self.go_on_measuring();
        }
    }

    /// Whether a person has stopped the map that the picture should show.
    pub fn is_map_stopped(&self) -> bool {
        self.stopped.is_some() && self.stopped == self.chosen_key()
    }

    /// Whether the picture still waits for the map it should show.
    pub fn is_waiting_for_map(&self) -> bool {
        self.wanted_key()
            .is_some_and(|wanted| self.shown.as_ref().is_none_or(|shown| shown.key != wanted))
    }
}
