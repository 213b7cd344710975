//! A network held beside the one that speaks: the same photo, class and kind of layer through both.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Compare, Instead, State};
use crate::explain::{Map, Target};
use crate::explorer::{ExplainRequest, NetworkInfo, Purpose, SecondExplained};
use crate::gui::choices::Scale;
use crate::gui::maps::{MapKey, Shown};
use crate::gui::networks::file_of;
use crate::imaging::Preprocessing;
use crate::network::{LayerId, MOST_KEPT, Plan, Role};

/// A second network, and what it made of the last image.
#[derive(Clone, Debug)]
pub struct SecondNetwork {
    /// What there is to say about it.
    pub info: Arc<NetworkInfo>,
    /// The classes of it that stand for those of the network in use, as far as they were looked for by name.
    classes: BTreeMap<usize, Option<usize>>,
    /// What the second picture needs of it; brought up to date twice a frame, by [`State::update_second`].
    request: Option<ExplainRequest>,
    explained: Option<Made>,
}

/// What it made of an image.
#[derive(Clone, Debug)]
struct Made {
    request: Arc<ExplainRequest>,
    answers: Arc<[f64]>,
    map: Arc<Map>,
}

impl SecondNetwork {
    /// About how much memory it takes, in megabytes.
    pub fn megabytes(&self) -> u64 {
        self.info.plan.bytes(MOST_KEPT as u64) >> 20
    }

    /// A class of it by the name that it has in the network in use, once that was looked for.
    fn class(&self, class: usize) -> Option<usize> {
        self.classes.get(&class).copied().flatten()
    }

    /// The same, which is looked for once.
    fn find(&mut self, first: &NetworkInfo, class: usize) -> Option<usize> {
        let labels = &self.info.labels;
        let is_alike = || first.labels == *labels && first.plan.classes() == self.info.plan.classes();
        *self.classes.entry(class).or_insert_with(|| {
            if is_alike() {
                Some(class)
            } else {
                labels.find(&first.labels.display_name(class)).ok()
            }
        })
    }

    fn target(&mut self, first: &NetworkInfo, target: Target) -> Option<Target> {
        Some(match target {
            Target::Class(class) => Target::Class(self.find(first, class)?),
            Target::Rather { class, than } => Target::Rather {
                class: self.find(first, class)?,
                than: self.find(first, than)?,
            },
        })
    }

    /// Its classes stand for those of another network from now on.
    pub(super) fn stand_beside_another(&mut self) {
        self.classes.clear();
    }
}

/// The layer of a plan that stands for a layer of another: the default for the default, one of the same name, else the end
/// of a group as deep in the network.
fn alike(first: &Plan, layer: LayerId, second: &Plan) -> LayerId {
    let default = second.last_feature_layer();
    if layer == first.last_feature_layer() {
        return default;
    }
    let named = second.find(&first.layer(layer).name);
    if let Some(named) = named.filter(|&named| second.layer(named).role != Role::NoMap) {
        return named;
    }
    let (groups, others) = (first.groups().len(), second.groups());
    let Some(group) = first.group_of(layer) else {
        return default;
    };
    let place = (group * others.len().saturating_sub(1)).div_ceil(groups.max(2) - 1);
    others.get(place).map_or(default, |group| group.last())
}

impl State {
    /// Takes a second network, or lets it go; one that came is compared with at once.
    pub(super) fn take_second(&mut self, info: Option<Arc<NetworkInfo>>) {
        self.loading_second = false;
        self.second = info.map(|info| SecondNetwork {
            info,
            classes: BTreeMap::new(),
            request: None,
            explained: None,
        });
        if self.compares_networks() || self.second.is_some() {
            self.other_shown = None;
            self.compare = self.second.as_ref().map(|_| Compare {
                instead: Instead::Network,
                one_scale: false,
            });
        }
    }

    /// Takes what it made of an image.
    pub(super) fn take_second_map(&mut self, explained: SecondExplained) {
        if let Some(second) = self
            .second
            .as_mut()
            .filter(|second| second.info.epoch == explained.epoch)
        {
            second.explained = Some(Made {
                request: explained.request,
                answers: explained.answers,
                map: Arc::new(explained.map),
            });
        }
    }

    /// Whether the second picture is through the second network.
    pub fn compares_networks(&self) -> bool {
        self.compare.is_some_and(|compare| compare.instead == Instead::Network)
    }

    /// Finds out what the second picture needs of the second network.
    pub(in crate::gui) fn update_second(&mut self) {
        if let Some(mut second) = self.second.take() {
            second.request = self.request_of(&mut second);
            self.second = Some(second);
        }
    }

    fn request_of(&self, second: &mut SecondNetwork) -> Option<ExplainRequest> {
        if !self.compares_networks() {
            return None;
        }
        let (first, image) = (self.network.as_ref()?, self.images.current()?);
        let target = second.target(first, self.choices.target(self.class()?))?;
        let info = &second.info;
        let said = file_of(&info.source).map(|file| self.preferences.networks.said(file).input);
        let usual = said.unwrap_or_default().over(info.usual);
        let preprocessing = image.seen_as(Preprocessing {
            pixels: usual.pixels,
            ..self.preprocessing()
        });
        Some(ExplainRequest {
            image: image.id,
            preprocessing,
            purpose: Purpose::Compare,
            targets: vec![target],
            layers: vec![(self.choices.method).place(alike(&first.plan, self.layer()?, &info.plan))],
            score: self.choices.score.unwrap_or(info.recommended.score),
            method: self.choices.method,
        })
    }

    /// What the second picture needs of the second network; none where that has no such class.
    pub fn second_request(&self) -> Option<&ExplainRequest> {
        self.second.as_ref()?.request.as_ref()
    }

    /// The same, as long as it is missing.
    pub fn missing_of_second(&self) -> Option<&ExplainRequest> {
        let request = self.second_request()?;
        let made = self.second.as_ref()?.explained.as_ref();
        made.is_none_or(|made| *made.request != *request).then_some(request)
    }

    /// The map of the second network as the picture shows it, once it is there.
    pub(super) fn second_shown(&self) -> Option<Shown> {
        let request = self.second_request()?;
        let made = self.second.as_ref()?.explained.as_ref();
        let made = made.filter(|made| *made.request == *request)?;
        let key = MapKey::first_of(request)?;
        let signed = self.choices.is_signed(key.target);
        let maximum = match self.choices.scale {
            Scale::Fixed => self.choices.fixed_maximum,
            Scale::Own | Scale::Shared => made.map.strongest(signed),
        };
        Some(Shown {
            seen: self.seen_of(&key),
            key,
            channel: None,
            map: made.map.clone(),
            signed,
            maximum,
        })
    }

    /// What the second network answers for a class of its own in the image that is shown.
    pub fn second_value(&self, target: Target) -> Option<f64> {
        let (Target::Class(class) | Target::Rather { class, .. }) = target;
        let made = self.second.as_ref()?.explained.as_ref()?;
        let current = self.images.current()?.id;
        made.answers
            .get(class)
            .copied()
            .filter(|_| made.request.image == current)
    }

    /// What the second network says of the class, in words.
    pub fn second_answer(&self) -> String {
        let (Some(second), Some(class)) = (&self.second, self.class()) else {
            return String::new();
        };
        let name = self.class_name(class);
        let Some(class) = second.class(class) else {
            return format!("has no class {name}");
        };
        let made = second.explained.as_ref();
        let current = self.images.current().map(|image| image.id);
        let Some(made) = made.filter(|made| Some(made.request.image) == current) else {
            return "predicting…".to_owned();
        };
        let value = made.answers.get(class).copied().unwrap_or(0.0);
        let rank = 1 + made.answers.iter().filter(|&&other| other > value).count();
        let answer = crate::gui::answers::answer(second.info.plan.output, value);
        format!("{name} · no. {rank}, {answer}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::{BuiltIn, Weights};

    #[test]
    fn layers_of_a_kind_stand_for_each_other() {
        let [a, b] = [BuiltIn::Photographs, BuiltIn::Drawings].map(|built_in| Weights::built_in(built_in).unwrap());
        let (a, b) = (a.plan(), b.plan());
        assert_eq!(alike(a, a.last_feature_layer(), b), b.last_feature_layer());
        assert_eq!(alike(b, b.last_feature_layer(), a), a.last_feature_layer());
        // the same network: the same layers
        for layer in a.mappable() {
            assert_eq!(alike(a, layer, a), layer);
        }
        // early stays early, and what is found has a map
        let mut before = 0;
        for group in a.groups() {
            let found = alike(a, group.last(), b);
            assert_ne!(b.layer(found).role, Role::NoMap);
            let place = b.group_of(found).unwrap();
            assert!(place >= before);
            before = place;
        }
        assert!(before > 0);
    }
}
