//! Two pictures beside each other: what tells the second from the first, and its map.

use super::State;
use crate::explain::{Layers, Method, Score};
use crate::explorer::ImageId;
use crate::gui::choices::View;
use crate::gui::command::Command;
use crate::gui::images::OpenImage;
use crate::gui::maps::{MapKey, Shown};
use crate::network::LayerId;

/// What the second picture has instead; all else is as in the first. A second network would be one more: the key of its
/// map then names a network too, and the session that holds it is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Instead {
    /// Another class.
    Class(usize),
    /// Another layer.
    Layer(LayerId),
    /// Another method.
    Method(Method),
    /// The other score.
    Score(Score),
    /// Another image.
    Image(ImageId),
    /// The second network.
    Network,
    /// Nothing painted over the photo.
    Unpainted,
}

/// What two pictures can differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Two classes.
    Class,
    /// Two layers.
    Layer,
    /// Two methods.
    Method,
    /// Two scores.
    Score,
    /// Two images.
    Image,
    /// Two networks.
    Network,
    /// With what is painted, and without.
    Painting,
}

impl Difference {
    /// All of them, in the order shown.
    pub const ALL: [Self; 7] = [
        Self::Class,
        Self::Layer,
        Self::Method,
        Self::Score,
        Self::Image,
        Self::Network,
        Self::Painting,
    ];

    /// Name and one sentence about it.
    pub fn name_and_explanation(self) -> (&'static str, &'static str) {
        match self {
            Self::Class => ("Classes", "Two classes of the same image."),
            Self::Layer => ("Layers", "The same class at two layers."),
            Self::Method => ("Methods", "The same class by two methods."),
            Self::Score => ("Scores", "The same class by its probability and by its logit."),
            Self::Image => ("Images", "The same class in two images."),
            Self::Network => ("Networks", "The same class and kind of layer through two networks."),
            Self::Painting => (
                "Painting",
                "The same class with what is painted over the photo, and without.",
            ),
        }
    }
}

impl Instead {
    /// What the pictures differ in.
    pub fn difference(self) -> Difference {
        match self {
            Self::Class(_) => Difference::Class,
            Self::Layer(_) => Difference::Layer,
            Self::Method(_) => Difference::Method,
            Self::Score(_) => Difference::Score,
            Self::Image(_) => Difference::Image,
            Self::Network => Difference::Network,
            Self::Unpainted => Difference::Painting,
        }
    }
}

/// A second picture beside the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compare {
    /// What it has instead.
    pub instead: Instead,
    /// Whether both have the same colours for the same values.
    pub one_scale: bool,
}

impl State {
    /// Begins to compare, or stops.
    pub fn toggle_compare(&mut self) {
        self.compare = match self.compare {
            Some(_) => None,
            None => {
                let first = Difference::ALL
                    .into_iter()
                    .find_map(|difference| self.first_of(difference));
                first.map(|instead| Compare {
                    instead,
                    one_scale: false,
                })
            }
        };
    }

    /// Compares in another way.
    pub fn compare_in(&mut self, difference: Difference) {
        if let (Some(instead), Some(compare)) = (self.first_of(difference), self.compare) {
            self.compare = Some(Compare { instead, ..compare });
        }
    }

    /// The most telling thing to compare with what is chosen; none if there is no other.
    pub fn first_of(&self, difference: Difference) -> Option<Instead> {
        match difference {
            Difference::Class => {
                let chosen = self.class()?;
                let mut classes = self.pinned.iter().chain(self.prediction()?.ranking.iter()).copied();
                classes.find(|&class| class != chosen).map(Instead::Class)
            }
            Difference::Layer => {
                let (network, chosen) = (self.network.as_ref()?, self.layer()?);
                let default = network.plan.last_feature_layer();
                if chosen != default {
                    return Some(Instead::Layer(default));
                }
                // what comes out of the group before
                let groups = network.plan.groups();
                let before = network.plan.group_of(chosen)?.checked_sub(1)?;
                Some(Instead::Layer(groups.get(before)?.last()))
            }
            Difference::Method => {
                let other = Method::ALL.into_iter().find(|&method| method != self.choices.method);
                other.map(Instead::Method)
            }
            Difference::Score => {
                let other = Score::ALL.into_iter().find(|&score| score != self.score());
                other.filter(|_| self.output().is_probability()).map(Instead::Score)
            }
            Difference::Image => {
                let next = self.images.neighbour(1).or_else(|| self.images.neighbour(-1));
                next.map(Instead::Image)
            }
            Difference::Network => self.second.as_ref().map(|_| Instead::Network),
            Difference::Painting => self.painting().map(|_| Instead::Unpainted),
        }
    }

    /// Puts each of the two pictures in the place of the other.
    pub fn swap_sides(&mut self) {
        let Some(compare) = &self.compare else { return };
        let (instead, class, layer) = (compare.instead, self.class(), self.layer());
        let back = match instead {
            Instead::Class(other) => {
                self.choose_class(other);
                class.map(Instead::Class)
            }
            Instead::Layer(other) => {
                let default = self.network.as_ref().map(|network| network.plan.last_feature_layer());
                self.choices.layer = Some(other).filter(|_| default != Some(other));
                self.choices.fused = None;
                layer.map(Instead::Layer)
            }
            Instead::Method(other) => Some(Instead::Method(std::mem::replace(&mut self.choices.method, other))),
            Instead::Score(other) => {
                let score = self.score();
                self.choices.score = Some(other);
                Some(Instead::Score(score))
            }
            Instead::Image(other) => {
                let (shown, class) = (self.images.current().map(|image| image.id), self.class());
                self.images.show(other);
                // the pictures change places, not what they explain
                if let Some(class) = class {
                    self.choose_class(class);
                }
                shown.map(Instead::Image)
            }
            Instead::Network => {
                // once both are loaded they are compared again
                if let (Some(first), Some(second)) = (&self.network, &self.second) {
                    let (first, second) = (first.source.clone(), second.info.source.clone());
                    self.due.push(Command::UseNetwork(self.wanted(second)));
                    self.due.push(Command::HoldSecond(first));
                }
                None
            }
            // the hand paints over the first
            Instead::Unpainted => None,
        };
        if let (Some(instead), Some(compare)) = (back, &mut self.compare) {
            compare.instead = instead;
        }
    }

    /// How photo and map are shown together: of two pictures, none has its photo beside it.
    pub fn view(&self) -> View {
        match self.choices.view {
            View::Beside if self.compare.is_some() => View::Overlay,
            view => view,
        }
    }

    /// The image of the second picture, which may be that of the first.
    pub fn other_image(&self) -> Option<&OpenImage> {
        match self.compare?.instead {
            Instead::Image(image) => self.images.get(image),
            _ => self.images.current(),
        }
    }

    /// What the second picture should show.
    pub fn other_key(&self) -> Option<MapKey> {
        let instead = self.compare?.instead;
        let mut key = self.chosen_key()?;
        match instead {
            Instead::Class(class) => key.target = self.choices.target(class),
            Instead::Layer(layer) => key.layer = layer,
            Instead::Method(method) => key.method = method,
            Instead::Score(score) => key.score = score,
            Instead::Image(image) => {
                key.image = image;
                key.preprocessing = self.images.get(image)?.seen_as(key.preprocessing);
            }
            Instead::Unpainted => key.preprocessing.painting = None,
            // its maps are not those of the network in use
            Instead::Network => return None,
        }
        key.layer = match instead {
            // of the chosen layer, not of the one that the chosen method has instead
            Instead::Method(method) => method.place(self.layer()?),
            _ => key.method.place(key.layer),
        };
        let has_all = |layers: &Layers| layers.all().all(|layer| key.method.place(layer) == layer);
        let is_of_layers = !matches!(instead, Instead::Layer(_));
        key.fused = key.fused.filter(|layers| is_of_layers && has_all(layers));
        Some(key)
    }

    /// Brings the second picture up to date; a map that is still being computed leaves the last one of the same image.
    pub(super) fn update_other(&mut self) {
        // what is no longer there cannot be compared with
        let is_gone = |compare: &Compare| {
            matches!(compare.instead, Instead::Image(image) if self.images.get(image).is_none()
                || self.images.current().is_some_and(|shown| shown.id == image))
                || compare.instead == Instead::Unpainted && self.painting().is_none()
        };
        if self.compare.as_ref().is_some_and(is_gone) {
            let is_unpainted = self
                .compare
                .is_some_and(|compare| compare.instead == Instead::Unpainted);
            self.compare = None;
            if !is_unpainted {
                self.toggle_compare();
            }
        }
        self.images
            .look_at_too(match self.compare.map(|compare| compare.instead) {
                Some(Instead::Image(image)) => Some(image),
                _ => None,
            });
        self.update_second();
        let wanted = self.other_key();
        let found = match self.compares_networks() {
            true => self.second_shown(),
            false => wanted.and_then(|key| self.shown_of(key)),
        };
        if found.is_some() {
            self.other_shown = found;
        } else if self.compares_networks() {
            // without such a class there is nothing to wait for
            let request = self.second_request();
            let shown = self.other_shown.as_ref().map(|shown| shown.key.image);
            if request.map(|request| request.image) != shown {
                self.other_shown = None;
            }
        } else if self.other_shown.as_ref().map(|shown| shown.key.image) != wanted.map(|key| key.image) {
            self.other_shown = None;
        }
        let is_shared = self.compare.is_some_and(|compare| compare.one_scale);
        if let (true, Some(one), Some(other)) = (is_shared, &mut self.shown, &mut self.other_shown) {
            let maximum = one.maximum.max(other.maximum);
            (one.maximum, other.maximum) = (maximum, maximum);
        }
    }

    /// Whether the second picture still waits for its map.
    pub fn is_waiting_for_other(&self) -> bool {
        if self.compares_networks() {
            return self.missing_of_second().is_some();
        }
        let is_old = |key: MapKey| self.other_shown.as_ref().is_none_or(|shown: &Shown| shown.key != key);
        self.other_key().is_some_and(is_old)
    }
}
