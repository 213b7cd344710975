//! What is measured of maps, how far it is, and what is still to be asked for: whether the map in the picture is true to the
//! network, and whether all methods tell the same.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::State;
use crate::explain::{Basis, Curve, Fill, Map, Measures, Method, Random, Way, agreement};
use crate::explorer::{ImageId, MaskRequest, MaskedPicture, MeasureRequest, Measured, NetworkInfo, Part, Purpose};
use crate::gui::choices::Drawer;
use crate::gui::compare;
use crate::gui::export;
use crate::gui::maps::MapKey;

/// Random orders beside a curve.
const RANDOM: usize = 5;
/// Curves beside that of the map in the picture, at most.
const BESIDE: usize = 6;
/// How many measurements are remembered; with more, all are forgotten but what comes then.
const REMEMBERED: usize = 2000;

/// What was measured of maps of one network.
#[derive(Debug, Default)]
pub struct Faithful {
    measured: HashMap<(MapKey, Fill, Part), Measures>,
    /// How far a measurement is: what was asked for, passes done and all.
    measuring: Option<(Arc<MeasureRequest>, [usize; 2])>,
    /// The map of which a person, or a failure, wants no more to be measured.
    stopped: Option<MapKey>,
    /// The map for which methods that take many passes are compared too.
    slow_for: Option<MapKey>,
    /// The point of a curve that was pointed at last.
    pub pointed: Option<(Way, usize)>,
    masked: Option<MaskedPicture>,
    /// How much two maps agree; the method that is first in the list of all stands first.
    agreements: HashMap<[MapKey; 2], Option<f64>>,
}

/// A map whose curve is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Beside {
    /// The map.
    pub key: MapKey,
    /// What tells it from the others.
    pub name: String,
}

/// Two maps, that of the method that is first in the list of all before the other.
fn pair(one: MapKey, other: MapKey) -> [MapKey; 2] {
    let place = |key: &MapKey| Method::ALL.iter().position(|method| *method == key.method);
    if place(&one) <= place(&other) {
        [one, other]
    } else {
        [other, one]
    }
}

impl Faithful {
    /// Forgets what was measured for an image.
    pub fn forget(&mut self, image: ImageId) {
        self.measured.retain(|(key, ..), _| key.image != image);
        self.agreements.retain(|[key, _], _| key.image != image);
    }
}

impl State {
    /// The maps whose curves are drawn: that in the picture first, then that of the second picture, and those of the pinned
    /// classes.
    pub fn measured_maps(&self) -> Vec<Beside> {
        let Some(chosen) = self.chosen_key() else {
            return Vec::new();
        };
        let mut maps = vec![Beside {
            key: chosen,
            name: self.choices.method.title().to_owned(),
        }];
        let is_same_photo = |key: &MapKey| (key.image, key.preprocessing) == (chosen.image, chosen.preprocessing);
        if let (Some(key), Some(name)) = (self.other_key().filter(is_same_photo), compare::name(self)) {
            maps.push(Beside { key, name });
        }
        let pinned = self.pinned.iter().map(|&class| {
            let target = self.choices.target(class);
            Beside {
                key: MapKey { target, ..chosen },
                name: export::target_name(self, target),
            }
        });
        for map in pinned.take(BESIDE) {
            let is_there = maps.iter().any(|known| known.key == map.key);
            // a map that takes many passes is made for the picture alone
            if !is_there && (self.map(&map.key).is_some() || !self.is_slow(&map.key)) {
                maps.push(map);
            }
        }
        maps
    }

    /// Whether a map of one image takes many passes in the network in use.
    pub(super) fn is_slow(&self, key: &MapKey) -> bool {
        let is_slow = |layer| (self.network.as_ref()).is_some_and(|network| key.method.is_slow(&network.plan, layer));
        match key.fused {
            Some(layers) => layers.all().any(is_slow),
            None => is_slow(key.layer),
        }
    }

    /// What was measured of a map.
    pub fn measures(&self, key: MapKey, part: Part) -> Option<&Measures> {
        let known = |part| self.faithful.measured.get(&(key, self.preferences.fill, part));
        // both curves have the one
        let both = known(Part::Curves).filter(|_| part == Part::Deletion);
        both.or_else(|| known(part))
    }

    /// The curve of a map.
    pub fn curve(&self, key: MapKey, way: Way) -> Option<&Curve> {
        let measures = self.measures(key, Part::Curves)?;
        match way {
            Way::Deletion => measures.deletion.as_ref(),
            Way::Insertion => measures.insertion.as_ref(),
        }
    }

    /// The curves of the random orders that were measured so far beside the map in the picture.
    pub fn random_curves(&self, way: Way) -> Option<Random> {
        let key = self.chosen_key()?;
        let measured = (0..RANDOM).filter_map(|index| self.measures(key, Part::Random(index)));
        let curves = measured.filter_map(|measures| match way {
            Way::Deletion => measures.deletion.as_ref(),
            Way::Insertion => measures.insertion.as_ref(),
        });
        Random::of(&curves.collect::<Vec<_>>())
    }

    /// Whether there is a curve to point at.
    pub fn curve_is_there(&self) -> bool {
        self.chosen_key()
            .is_some_and(|key| self.measures(key, Part::Curves).is_some())
    }

    /// What the session is to measure next, for whatever is folded out.
    pub fn measure_wish(&self) -> Option<MeasureRequest> {
        let chosen = self.chosen_key()?;
        self.prediction()?;
        if self.faithful.stopped == Some(chosen) {
            return None;
        }
        let (key, part) = match self.preferences.drawer? {
            Drawer::Faithfulness => self.next_of_curves(chosen)?,
            Drawer::Agreement => (self.next_method()?, Part::Deletion),
            _ => return None,
        };
        Some(MeasureRequest {
            of: key.request(Purpose::Main),
            fused: key.fused,
            fill: self.preferences.fill,
            part,
        })
    }

    /// The curves of the map in the picture, then those beside it, then chance, then what takes longest.
    fn next_of_curves(&self, chosen: MapKey) -> Option<(MapKey, Part)> {
        // first of all the picture has its map
        self.map(&chosen)?;
        let curves = self.measured_maps().into_iter().map(|map| (map.key, Part::Curves));
        let random = (0..RANDOM).map(|index| (chosen, Part::Random(index)));
        let all = curves.chain(random).chain([(chosen, Part::Road)]);
        let mut missing = all.filter(|(key, part)| self.measures(*key, *part).is_none());
        missing.next()
    }

    /// The maps of the chosen class at the chosen layer, or of the pixels, by all methods.
    pub fn methods(&self) -> Vec<MapKey> {
        let (Some(chosen), Some(layer), Some(network)) = (self.chosen_key(), self.layer(), &self.network) else {
            return Vec::new();
        };
        let keys = Method::ALL
            .into_iter()
            .filter(|method| method.fits(&network.plan))
            .map(|method| MapKey { method, ..chosen }.at(method.place(layer)));
        let of_here = keys.filter(|key| key.method.has_map(&network.plan, key.layer));
        let wants_slow = self.wants_slow();
        of_here
            .filter(|key| wants_slow || !self.is_slow(key) || self.map(key).is_some())
            .collect()
    }

    /// The next method whose map and deletion are not known.
    fn next_method(&self) -> Option<MapKey> {
        let is_missing = |key: &MapKey| self.measures(*key, Part::Deletion).is_none() || self.map(key).is_none();
        let (slow, quick): (Vec<MapKey>, Vec<MapKey>) = self.methods().into_iter().partition(|key| self.is_slow(key));
        quick.into_iter().chain(slow).find(is_missing)
    }

    /// What the methods that take many passes are compared for: one image, class and layer.
    fn place_of_methods(&self) -> Option<MapKey> {
        let method = Method::GradCam;
        Some(
            MapKey {
                method,
                ..self.chosen_key()?
            }
            .at(self.layer()?),
        )
    }

    /// Whether methods that take many passes are compared too.
    pub fn wants_slow(&self) -> bool {
        self.faithful.slow_for.is_some() && self.faithful.slow_for == self.place_of_methods()
    }

    /// Compares methods that take many passes too, for this image, class and layer; or no longer.
    pub fn want_slow(&mut self, wants: bool) {
        self.faithful.slow_for = self.place_of_methods().filter(|_| wants);
    }

    /// How much the maps of two methods agree, -1..=1; none until both are measured, or where one is the same everywhere.
    pub fn agreement_of(&self, one: MapKey, other: MapKey) -> Option<f64> {
        self.faithful.agreements.get(&pair(one, other)).copied().flatten()
    }

    /// Compares a map that was measured with those of other methods that were before, for the same class in the same place.
    fn compare_methods(&mut self, key: MapKey, map: &Map) {
        let is_of_pixels = |key: &MapKey| key.method.basis() == Basis::Pixels;
        let is_rival = |other: &MapKey| {
            let same_place = other.layer == key.layer || is_of_pixels(other) || is_of_pixels(&key);
            let as_other = MapKey {
                method: other.method,
                layer: other.layer,
                ..key
            };
            same_place && *other != key && *other == as_other
        };
        let known = self
            .faithful
            .measured
            .keys()
            .filter(|(_, _, part)| !matches!(part, Part::Random(_) | Part::Road));
        let rivals: HashSet<MapKey> = known.map(|(other, ..)| *other).filter(is_rival).collect();
        for other in rivals {
            let both = pair(key, other);
            if !self.faithful.agreements.contains_key(&both)
                && let Some(rival) = self.map(&other)
            {
                self.faithful.agreements.insert(both, agreement(map, &rival));
            }
        }
    }

    /// The point of a curve that the session is to show the picture of.
    pub fn mask_wish(&self) -> Option<(MaskRequest, Arc<Map>)> {
        if self.preferences.drawer != Some(Drawer::Faithfulness) || self.prediction().is_none() {
            return None;
        }
        let (way, step) = self.faithful.pointed?;
        let key = self.chosen_key()?;
        let request = MaskRequest {
            of: key.request(Purpose::Main),
            fused: key.fused,
            fill: self.preferences.fill,
            way,
            step,
        };
        Some((request, self.map(&key)?))
    }

    /// The picture at the point of a curve that was pointed at last, once it is there; until then the one before.
    pub fn masked(&self) -> Option<&MaskedPicture> {
        self.faithful.pointed?;
        let (masked, chosen) = (self.faithful.masked.as_ref()?, self.chosen_key()?);
        let key = MapKey::first_of_fused(&masked.request.of, masked.request.fused)?;
        let is_on_its_way = key.image == chosen.image && self.map(&chosen).is_some();
        (key == chosen || is_on_its_way).then_some(masked)
    }

    /// Takes a measurement.
    pub(super) fn take_measured(&mut self, measured: Measured) {
        let Measured {
            request, map, measures, ..
        } = measured;
        let Some(key) = MapKey::first_of_fused(&request.of, request.fused) else {
            return;
        };
        // a fused map is made of those of its layers whenever it is shown, and compared with none
        if key.fused.is_none() {
            let is_elsewhere = |network: &Arc<NetworkInfo>| key.method.is_in_class_maps(&network.plan, key.layer);
            if !self.network.as_ref().is_some_and(is_elsewhere) {
                self.maps.keep(key, map.clone());
            }
            if !matches!(request.part, Part::Random(_) | Part::Road) {
                self.compare_methods(key, &map);
            }
        }
        let faithful = &mut self.faithful;
        faithful.measuring = None;
        if faithful.measured.len() >= REMEMBERED {
            faithful.measured.clear();
            faithful.agreements.clear();
        }
        faithful.measured.insert((key, request.fill, request.part), measures);
    }

    /// Takes how far a measurement is.
    pub(super) fn take_measuring(&mut self, request: Arc<MeasureRequest>, passes: [usize; 2]) {
        self.faithful.measuring = Some((request, passes));
    }

    /// Takes the picture at a point of a curve.
    pub(super) fn take_masked(&mut self, masked: MaskedPicture) {
        self.faithful.masked = Some(masked);
    }

    /// Measures no more of the map in the picture, until that is asked for again.
    pub fn stop_measuring(&mut self) {
        self.faithful.stopped = self.chosen_key();
    }

    /// Goes on where it was stopped.
    pub fn go_on_measuring(&mut self) {
        self.faithful.stopped = None;
    }

    /// Whether measuring the map in the picture was stopped.
    pub fn is_measuring_stopped(&self) -> bool {
        self.faithful.stopped.is_some() && self.faithful.stopped == self.chosen_key()
    }

    /// How far the measurement is that is under way, in per cent.
    pub fn measured_share(&self) -> Option<usize> {
        let wish = self.measure_wish()?;
        let under_way = self
            .faithful
            .measuring
            .as_ref()
            .filter(|(request, _)| **request == wish);
        Some(under_way.map_or(0, |(_, [done, total])| 100 * done / (*total).max(1)))
    }
}
