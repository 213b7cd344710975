//! What a person has chosen: plain values, kept between starts.

use serde::{Deserialize, Serialize};

pub use super::preferences::{Appearance, Drawer, Preferences, TOPS};
use crate::explain::{Layers, Method, Score, Target};
use crate::explorer::InputChoices;
use crate::imaging::Colormap;
use crate::network::LayerId;

/// How photo and map are shown together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum View {
    /// The map over the photo.
    #[default]
    Overlay,
    /// The map alone.
    Map,
    /// Photo and map next to each other.
    Beside,
    /// The photo, only where the map is hot.
    Mask,
    /// The photo with lines of equal heat.
    Contours,
}

impl View {
    /// All views, in the order shown.
    pub const ALL: [Self; 5] = [Self::Overlay, Self::Map, Self::Beside, Self::Mask, Self::Contours];

    /// The name shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overlay => "Overlay",
            Self::Map => "Map",
            Self::Beside => "Beside",
            Self::Mask => "Mask",
            Self::Contours => "Lines",
        }
    }

    /// One sentence for the tooltip.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Overlay => "The map over the photo, mixed by the blend.",
            Self::Map => "The map alone.",
            Self::Beside => "The photo and the map next to each other.",
            Self::Mask => "The photo only where the heat reaches the threshold.",
            Self::Contours => "The photo with lines of equal heat.",
        }
    }
}

/// Which value has the hottest colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scale {
    /// Each map's own maximum.
    #[default]
    Own,
    /// The largest maximum among the classes on the list.
    Shared,
    /// The maximum at the moment when this was chosen.
    Fixed,
}

impl Scale {
    /// All scales, in the order shown.
    pub const ALL: [Self; 3] = [Self::Own, Self::Shared, Self::Fixed];

    /// The name shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "Own",
            Self::Shared => "Shared",
            Self::Fixed => "Fixed",
        }
    }

    /// One sentence for the tooltip.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Own => {
                "Each map is divided by its own maximum, as in the tutorial: colours show where, not how much."
            }
            Self::Shared => "One scale for all classes on the list, so that their maps can be compared.",
            Self::Fixed => "The scale stays as it is now, whatever class, layer or image is shown.",
        }
    }
}

/// Everything that decides what the picture shows; undo and redo step through these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    /// The class; none follows the top prediction of whichever image is shown.
    #[serde(skip)]
    pub class: Option<usize>,
    /// The class that [`Self::class`] is compared with.
    #[serde(skip)]
    pub than: Option<usize>,
    /// The layer; none is the last feature layer.
    #[serde(skip)]
    pub layer: Option<LayerId>,
    /// Several layers whose maps are fused, of which [`Self::layer`] is one; none if there is one.
    #[serde(skip)]
    pub fused: Option<Layers>,
    /// Probability or logit; none is what is recommended for the network. Kept under a name of its own, since `score` has
    /// been what every start left there, chosen or not.
    #[serde(rename = "chosen_score")]
    pub score: Option<Score>,
    /// How maps are made.
    pub method: Method,
    /// What is chosen of the way from photo to input, instead of what is usual for the network; kept with it.
    #[serde(skip)]
    pub input: InputChoices,
    /// How heat becomes colour.
    pub colormap: Colormap,
    /// Share of the map in the overlay, 0..=1.
    pub blend: f32,
    /// Which value has the hottest colour.
    pub scale: Scale,
    /// The maximum of [`Scale::Fixed`].
    #[serde(skip)]
    pub fixed_maximum: f64,
    /// Whether evidence against the class is shown too.
    pub signed: bool,
    /// How photo and map are shown together.
    pub view: View,
    /// Whether the map's own cells are shown instead of a smooth map.
    pub cells: bool,
    /// The heat from which [`View::Mask`] shows the photo, 0..=1.
    pub threshold: f32,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            class: None,
            than: None,
            layer: None,
            fused: None,
            score: None,
            method: Method::default(),
            input: InputChoices::default(),
            colormap: Colormap::default(),
            blend: 0.4,
            scale: Scale::default(),
            fixed_maximum: 0.0,
            signed: false,
            view: View::default(),
            cells: false,
            threshold: 0.5,
        }
    }
}

impl Choices {
    /// The map settings of a fresh start, with class and layer kept.
    pub fn with_default_settings(&self) -> Self {
        Self {
            class: self.class,
            than: self.than,
            layer: self.layer,
            fused: self.fused,
            ..Self::default()
        }
    }

    /// Lets go of a class that was chosen for another image, and of the one that it is compared with, unless it stays.
    pub fn leave_image(&mut self, stays: impl Fn(usize) -> bool) {
        if !self.class.is_some_and(stays) {
            self.class = None;
            self.than = None;
        }
    }

    /// These choices, with every number that no control offers replaced by one that it does.
    pub fn within_ranges(self) -> Self {
        let usual = Self::default();
        let share = |value: f32, usual: f32| if value.is_nan() { usual } else { value.clamp(0.0, 1.0) };
        Self {
            blend: share(self.blend, usual.blend),
            threshold: share(self.threshold, usual.threshold),
            // its maximum was that of a map and is not kept
            scale: if self.scale == Scale::Fixed && self.fixed_maximum <= 0.0 {
                usual.scale
            } else {
                self.scale
            },
            ..self
        }
    }

    /// What the picture explains when `class` is in question.
    pub fn target(&self, class: usize) -> Target {
        match self.than {
            Some(than) if than != class => Target::Rather { class, than },
            _ => Target::Class(class),
        }
    }

    /// Whether colours stand for evidence for and against.
    pub fn is_signed(&self, target: Target) -> bool {
        self.signed || self.colormap.is_diverging() || matches!(target, Target::Rather { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_become_some_that_a_control_offers() {
        for (stored, used) in [
            (7.0, 1.0),
            (-1.0, 0.0),
            (f32::INFINITY, 1.0),
            (f32::NAN, 0.4),
            (0.25, 0.25),
        ] {
            let choices = Choices {
                blend: stored,
                ..Choices::default()
            };
            assert_eq!(choices.within_ranges().blend, used, "{stored}");
        }
        let threshold = Choices {
            threshold: f32::NAN,
            ..Choices::default()
        };
        assert_eq!(threshold.within_ranges(), Choices::default());
    }
}
