//! Which class is explained, which are listed, and which are shown side by side.

use super::State;
use crate::explorer::Predicted;
use crate::gui::images::OpenImage;

/// How many classes are shown side by side at most.
const MULTIPLES: usize = 20;
/// How many classes chosen lately are listed.
const RECENT_CLASSES: usize = 6;

impl State {
    /// The prediction of the image shown, if it is that of the network and settings in use.
    pub fn prediction(&self) -> Option<&Predicted> {
        let prediction = self.images.current()?.prediction.as_ref()?;
        (prediction.preprocessing == self.preprocessing()).then_some(prediction)
    }

    /// The prediction on the list: that of the image shown, or while it is awaited the last one.
    pub fn listing(&self) -> Option<&Predicted> {
        let last = || {
            let epoch = self.network.as_ref()?.epoch;
            let is_awaited = self.images.current().is_some_and(OpenImage::is_awaited);
            self.listed_last
                .as_ref()
                .filter(|last| is_awaited && last.epoch == epoch)
        };
        self.prediction().or_else(last)
    }

    /// The class that is chosen, or the top prediction.
    pub fn class(&self) -> Option<usize> {
        self.choices
            .class
            .or_else(|| self.prediction()?.ranking.first().copied())
    }

    /// Whether the chosen class stays when another image is shown.
    pub fn keeps(&self, class: usize) -> bool {
        self.preferences.keep_class || self.pinned.contains(&class)
    }

    /// Chooses a class for the image that is shown.
    pub fn choose_class(&mut self, class: usize) {
        self.chosen_for = self.images.current().map(|image| image.id);
        self.choices.class = Some(class);
    }

    /// Lets another image than before show its own top class, unless the chosen one stays; one that cannot be opened changes
    /// nothing.
    pub fn follow_image(&mut self) {
        let shown = self.open_image().map(|image| image.id);
        if shown.is_none() || shown == self.chosen_for {
            return;
        }
        self.chosen_for = shown;
        let mut choices = self.choices.clone();
        choices.leave_image(|class| self.keeps(class));
        self.choices = choices;
        let (keep, pinned) = (self.preferences.keep_class, &self.pinned);
        self.history.leave_image(|class| keep || pinned.contains(&class));
    }

    /// Where a class stands among the predictions of the shown image, 0 being the first.
    pub fn rank(&self, class: usize) -> Option<usize> {
        let ranking = &self.prediction()?.ranking;
        ranking.iter().position(|&ranked| ranked == class)
    }

    /// The classes on the list: those found, those that a place argues for, or else the most probable.
    pub fn listed(&self) -> &[usize] {
        if !self.search.query.is_empty() {
            return &self.search.found;
        }
        if let Some(here) = self.here() {
            return &here.listed;
        }
        let ranking = self.listing().map_or(&[][..], |prediction| &prediction.ranking);
        ranking.get(..self.preferences.top).unwrap_or(ranking)
    }

    /// Remembers a class as chosen lately.
    pub fn remember_class(&mut self, class: usize) {
        self.recent_classes.retain(|&known| known != class);
        self.recent_classes.insert(0, class);
        self.recent_classes.truncate(RECENT_CLASSES);
    }

    /// The classes shown side by side: the pinned ones, or else the most probable and the chosen one.
    pub fn side_by_side(&self) -> Vec<usize> {
        let ranking = self.prediction().map_or(&[][..], |prediction| &prediction.ranking);
        if self.pinned.len() > 1 {
            self.pinned.iter().take(MULTIPLES).copied().collect()
        } else {
            let chosen = self.class();
            let top = ranking.get(..self.preferences.top.min(MULTIPLES)).unwrap_or(ranking);
            let beyond = chosen.filter(|class| !top.contains(class));
            beyond.into_iter().chain(top.iter().copied()).collect()
        }
    }
}
