//! The randomisation test of the map in the picture, as far as it is done.

use std::collections::HashMap;

use super::State;
use crate::explain::{Likeness, Method, Verdict, verdict};
use crate::explorer::Randomized;
use crate::gui::choices::Drawer;
use crate::gui::maps::{MapKey, Shown};
use crate::network::LayerId;

/// What the randomisation test found last, and what of it is looked at.
#[derive(Clone, Debug, Default)]
pub struct Sanity {
    /// Of which map; none before the first stage.
    key: Option<MapKey>,
    /// The stages that are done, in their order.
    stages: Vec<Randomized>,
    /// The stage that is looked at; none is the last that is done.
    pub stage: Option<usize>,
    /// What was found of each method at each layer of the network in use, last.
    verdicts: HashMap<(LayerId, Method), Verdict>,
    /// A map that takes many passes of which the test is wanted all the same.
    pub wanted: Option<MapKey>,
}

impl Sanity {
    /// Takes what a stage found.
    pub(super) fn take(&mut self, found: Randomized) {
        let key = MapKey::first_of(&found.request);
        if found.index == 0 || self.key != key {
            self.stages.clear();
            self.key = key;
        }
        let is_last = found.index + 1 == found.count;
        self.stages.push(found);
        if let Some(key) = self.key.filter(|_| is_last) {
            let stages: Vec<Likeness> = self.stages.iter().map(|stage| stage.likeness).collect();
            self.verdicts
                .extend(verdict(&stages).map(|verdict| ((key.layer, key.method), verdict)));
        }
    }

    /// What the last test of a method at a layer said, of whichever picture and class.
    pub fn verdict_of(&self, layer: LayerId, method: Method) -> Option<Verdict> {
        self.verdicts.get(&(layer, method)).copied()
    }

    /// Forgets everything but the stage that is looked at, since another network speaks.
    pub(super) fn forget(&mut self) {
        *self = Self {
            stage: self.stage,
            ..Self::default()
        };
    }

    /// The stages of a map that are done.
    pub fn stages_of(&self, key: &MapKey) -> &[Randomized] {
        if self.key.as_ref() == Some(key) {
            &self.stages
        } else {
            &[]
        }
    }
}

impl State {
    /// The map that is tested: that of the chosen layer, also where those of several are fused.
    pub fn sanity_key(&self) -> Option<MapKey> {
        self.chosen_key().map(|key| key.at(key.layer))
    }

    /// The map of which the randomisation test is to be made; none while nobody looks at it, a hand paints, it is done,
    /// or it would take long and is not wanted yet.
    pub fn sanity_wish(&self) -> Option<MapKey> {
        let key = self.sanity_key().filter(|_| self.prediction().is_some())?;
        let is_open = self.preferences.drawer == Some(Drawer::Sanity);
        (is_open && !self.is_busy_painting() && !self.takes_long_to_randomize(&key) && !self.is_randomized(&key))
            .then_some(key)
    }

    /// Whether the test of a map waits until it is wanted, since each stage takes many passes.
    pub fn takes_long_to_randomize(&self, key: &MapKey) -> bool {
        self.sanity.wanted.as_ref() != Some(key) && self.is_slow(key)
    }

    /// Whether all stages of a map are done.
    fn is_randomized(&self, key: &MapKey) -> bool {
        let stages = self.sanity.stages_of(key);
        stages.last().is_some_and(|last| last.index + 1 == last.count)
    }

    /// What the whole test says of a map; none before it is done.
    pub fn sanity_verdict(&self, key: &MapKey) -> Option<Verdict> {
        let last = || self.sanity.verdict_of(key.layer, key.method);
        self.is_randomized(key).then(last)?
    }

    /// The stage of a map that is looked at.
    pub fn randomized(&self, key: &MapKey) -> Option<&Randomized> {
        let stages = self.sanity.stages_of(key);
        let last = stages.len().checked_sub(1)?;
        stages.get(self.sanity.stage.map_or(last, |stage| stage.min(last)))
    }

    /// The map of a stage as a small picture shows it.
    pub fn randomized_shown(&self, key: &MapKey, stage: &Randomized) -> Shown {
        let signed = self.choices.is_signed(key.target);
        Shown {
            seen: self.seen_of(key),
            key: *key,
            channel: None,
            maximum: stage.map.strongest(signed),
            map: stage.map.clone(),
            signed,
        }
    }
}
