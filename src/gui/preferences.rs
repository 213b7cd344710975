//! How a person likes the window: plain values, kept between starts.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::batch::{BatchChoices, FigureChoices};
use super::folding::Panels;
use super::icons;
use super::networks::Networks;
use crate::explain::{Fill, Score};

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Appearance {
    /// As the system says.
    #[default]
    System,
    /// Dark text on light panels.
    Light,
    /// Light text on dark panels.
    Dark,
}

impl Appearance {
    /// All of them, in the order shown.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The name shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }
}

/// What can be open below the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Drawer {
    /// Small maps of all layers.
    Layers,
    /// Small maps of many classes.
    SideBySide,
    /// The tutorial's two histograms.
    Gradients,
    /// The strongest channels.
    Channels,
    /// The values of the map.
    Values,
    /// The predictions as bars.
    Predictions,
    /// The picture that the network sees.
    Input,
    /// Whether the map depends on what the network has learnt.
    Sanity,
    /// Whether the map is true to the network.
    Faithfulness,
    /// Whether all methods tell the same.
    Agreement,
    /// What changes when something is hidden, turned or cut.
    Questions,
}

impl Drawer {
    /// All of them, in the order shown.
    pub const ALL: [Self; 11] = [
        Self::Layers,
        Self::SideBySide,
        Self::Gradients,
        Self::Channels,
        Self::Values,
        Self::Predictions,
        Self::Input,
        Self::Faithfulness,
        Self::Agreement,
        Self::Sanity,
        Self::Questions,
    ];

    /// The icon before its name.
    pub fn icon(self) -> char {
        match self {
            Self::Layers => icons::LAYERS,
            Self::SideBySide => icons::SIDE_BY_SIDE,
            Self::Gradients => icons::GRADIENTS,
            Self::Channels => icons::CHANNELS,
            Self::Values => icons::VALUES,
            Self::Predictions => icons::BARS,
            Self::Input => icons::INPUT,
            Self::Sanity => icons::SANITY,
            Self::Faithfulness => icons::FAITHFULNESS,
            Self::Agreement => icons::AGREEMENT,
            Self::Questions => icons::QUESTIONS,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Layers => "All layers",
            Self::SideBySide => "Side by side",
            Self::Gradients => "Gradients",
            Self::Channels => "Top channels",
            Self::Values => "Map values",
            Self::Predictions => "Bar chart",
            Self::Input => "Input",
            Self::Faithfulness => "Faithfulness",
            Self::Agreement => "Agreement",
            Self::Sanity => "Sanity",
            Self::Questions => "Questions",
        }
    }

    /// Its name where there is little room.
    pub fn short_name(self) -> &'static str {
        match self {
            Self::Layers => "Layers",
            Self::Channels => "Channels",
            Self::Values => "Values",
            Self::Predictions => "Bars",
            other => other.name(),
        }
    }

    /// One sentence about it.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Layers => {
                "Small maps of the class from the photo to the predictions: one a group of layers, and all on demand."
            }
            Self::SideBySide => "Small maps of the classes on the list, or of the pinned ones.",
            Self::Gradients => {
                "How the gradients of the class's score at the chosen layer are distributed, as in the tutorial."
            }
            Self::Channels => {
                "The channels of the layer that count most for the class, with their weight and mean activation, or that in \
                 the place that was asked about."
            }
            Self::Values => "How the values of the map in the picture are distributed, and where the threshold is.",
            Self::Predictions => "The predictions on the list as a chart.",
            Self::Input => "What the network sees: the photo, or the part cut out of it, pixel by pixel.",
            Self::Faithfulness => {
                "Whether the map is true to the network: what it answers while the evidence that the map names is hidden, or \
                 appears."
            }
            Self::Agreement => {
                "Whether the story hangs on the method: the maps of all methods at this layer, and how much each two agree."
            }
            Self::Sanity => {
                "Whether the map depends on what the network has learnt: the map while ever more of its weights are random."
            }
            Self::Questions => {
                "What must be hidden so that the class is no longer on top, which would win without a part, and whether the map \
                 stays when the picture is turned, darker or cut."
            }
        }
    }
}

/// How many predictions can be listed; the last means all of them.
pub const TOPS: [usize; 5] = [5, 10, 20, 50, usize::MAX];

/// What stays on the list of files.
const RECENT_FILES: usize = 10;

/// Everything else that is kept between starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Light or dark.
    pub appearance: Appearance,
    /// Number of predictions on the list, one of [`TOPS`].
    pub top: usize,
    /// Whether the list shows probabilities or logits.
    pub values: Score,
    /// Whether the chosen class stays when another image is shown.
    pub keep_class: bool,
    /// What is open below the picture.
    pub drawer: Option<Drawer>,
    /// What hides pixels where it is measured whether a map is true.
    pub fill: Fill,
    /// Which panels are folded away.
    pub panels: Panels,
    /// Files opened lately, the newest first.
    pub recent: Vec<PathBuf>,
    /// What was said of networks.
    pub networks: Networks,
    /// How figures are drawn.
    pub figure: FigureChoices,
    /// What is written of all images.
    pub batch: BatchChoices,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            appearance: Appearance::default(),
            top: 10,
            values: Score::Probability,
            keep_class: false,
            drawer: None,
            fill: Fill::default(),
            panels: Panels::default(),
            recent: Vec::new(),
            networks: Networks::default(),
            figure: FigureChoices::default(),
            batch: BatchChoices::default(),
        }
    }
}

impl Preferences {
    /// These preferences, with every number that no control offers replaced by the next larger one that it does.
    pub fn within_ranges(mut self) -> Self {
        self.top = TOPS.into_iter().find(|&top| top >= self.top).unwrap_or(usize::MAX);
        self.recent.truncate(RECENT_FILES);
        self.figure = self.figure.within_ranges();
        self
    }

    /// Puts a file at the front of [`Self::recent`].
    pub fn remember(&mut self, path: PathBuf) {
        self.recent.retain(|known| *known != path);
        self.recent.insert(0, path);
        self.recent.truncate(RECENT_FILES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_no_control_offers_becomes_the_next_larger_one() {
        for (stored, used) in [
            (0, 5),
            (10, 10),
            (11, 20),
            (100_000, usize::MAX),
            (usize::MAX, usize::MAX),
        ] {
            let preferences = Preferences {
                top: stored,
                ..Preferences::default()
            };
            assert_eq!(preferences.within_ranges().top, used, "{stored}");
        }
    }
}
