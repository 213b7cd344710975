//! What is drawn: maps over photos, with everything that decides a pixel. Both faces of the session say what they want as
//! these values, so that the same choices give the same picture wherever they are made.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::figure::{Ground, WIDTHS, figure, sheet};
use super::page::Page;
use super::reply::NetworkInfo;
use super::request::ImageId;
use crate::explain::{Layers, Map, Method, Score, Target};
use crate::imaging::{self, Colormap, Cutout, Photo, Preprocessing, Region};

/// Drawings of what is there: white for all of it, black for nothing.
const ALL: [u8; 3] = [255; 3];
const NOTHING: [u8; 3] = [0; 3];

/// Behind a picture that goes where nothing is transparent.
pub const PAPER: [u8; 3] = [255; 3];

/// How photo and map are shown together, at the photo's own size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum View {
    /// The map over the photo; a signed map lets the photo through where it says nothing.
    Overlay {
        /// Share of the map, 0..=1.
        blend: f32,
    },
    /// The coloured map alone, transparent where it does not lie.
    Heatmap,
    /// The photo where the heat reaches a threshold, transparent elsewhere.
    Mask {
        /// The threshold, 0..=1.
        threshold: f32,
    },
    /// The photo with lines of equal heat.
    Lines,
    /// The photo and the coloured map next to each other, transparent between them.
    Beside,
}

impl View {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overlay { .. } => "overlay",
            Self::Heatmap => "heatmap",
            Self::Mask { .. } => "mask",
            Self::Lines => "lines",
            Self::Beside => "beside",
        }
    }
}

/// How a map becomes a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// How it is shown with its photo.
    pub view: View,
    /// How values become colours; a diverging colormap shows the signed map.
    pub colormap: Colormap,
    /// Whether each cell of the map is a block of one colour, instead of a smooth map.
    pub cells: bool,
    /// What counts as full heat, or of a signed map as full evidence; the map's own maximum, or largest magnitude, if there
    /// is none.
    pub maximum: Option<f64>,
}

/// What a map is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subject {
    /// How the photo was brought to the network's input size.
    pub preprocessing: Preprocessing,
    /// Which class, or difference of classes.
    pub target: Target,
    /// At which layer, or layers.
    pub layer: Layers,
    /// The channel of that layer whose own activation this is, rather than a map of evidence.
    pub channel: Option<usize>,
    /// Which number of the class.
    pub score: Score,
    /// How the map was made.
    pub method: Method,
}

/// One map over one photo.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Which open image.
    pub image: ImageId,
    /// Which network.
    pub network: Arc<NetworkInfo>,
    /// What the map is of.
    pub of: Subject,
    /// The map.
    pub map: Arc<Map>,
    /// What the network answers for the class: its probability or value; none where that is not known.
    pub answer: Option<f64>,
    /// How it is shown.
    pub look: Look,
}

impl PartialEq for Panel {
    /// Networks are told apart by when they began to speak.
    fn eq(&self, other: &Self) -> bool {
        self.network.epoch == other.network.epoch
            && (self.image, self.of, &self.map, self.answer, self.look)
                == (other.image, other.of, &other.map, other.answer, other.look)
    }
}

/// How several pictures become one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Arrangement {
    /// One picture.
    Single,
    /// Two pictures next to each other.
    Compare,
    /// A figure for a paper: photo, map, colour bar with numbers, and what all this is.
    Figure {
        /// Width in pixels.
        width: u32,
        /// Its paper.
        ground: Ground,
    },
    /// Small pictures with their names, row by row.
    Sheet {
        /// How many are in a row.
        columns: usize,
    },
}

/// A picture that can be written, copied and repeated.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// How the panels become one picture.
    pub arrangement: Arrangement,
    /// What is in it, from left to right and from top to bottom.
    pub panels: Vec<Panel>,
}

impl Drawing {
    /// One panel alone.
    pub fn of(panel: Panel) -> Self {
        Self {
            arrangement: Arrangement::Single,
            panels: vec![panel],
        }
    }

    /// The picture, from the photos of its panels and the names of those; none without panels.
    pub(super) fn render(&self, photos: &[(Arc<Photo>, String)]) -> Option<Cutout> {
        if let Some(page) = self.page(photos)? {
            return Some(page.pixels().into());
        }
        let pictures = self
            .panels
            .iter()
            .zip(photos)
            .map(|(panel, (photo, _))| panel.render(photo));
        pictures.reduce(|left, right| left.beside(&right))
    }

    /// The page, of figures and sheets.
    #[expect(clippy::option_option, reason = "no panels, and no page")]
    pub(super) fn page(&self, photos: &[(Arc<Photo>, String)]) -> Option<Option<Page>> {
        let (panel, (photo, name)) = self.panels.first().zip(photos.first())?;
        Some(match self.arrangement {
            Arrangement::Single | Arrangement::Compare => None,
            Arrangement::Figure { width, ground } => {
                let width = width.clamp(*WIDTHS.start(), *WIDTHS.end());
                Some(figure(panel, photo, width, ground, name))
            }
            Arrangement::Sheet { columns } => Some(sheet(&self.panels, photos, columns)),
        })
    }
}

impl Panel {
    /// Where in its photo, of this width and height, the map lies.
    pub(super) fn region(&self, size: [u32; 2]) -> Region {
        self.of.preprocessing.region(size, self.network.plan.input().sides())
    }

    /// The values from 0 to 1 that a colormap turns into the picture of the map, `[height, width]`.
    ///
    /// Diverging colormaps show the signed map with no evidence at 0.5, the others the heat.
    pub(super) fn units(&self) -> Vec<f32> {
        let Self { map, look, .. } = self;
        if look.colormap.is_diverging() {
            map.signed_unit(self.maximum())
        } else {
            map.heat_with_maximum(self.maximum())
        }
    }

    /// The value of the hottest colour.
    pub(super) fn maximum(&self) -> f64 {
        let is_signed = self.look.colormap.is_diverging();
        self.look.maximum.unwrap_or_else(|| self.map.strongest(is_signed))
    }

    /// The picture at the size of a smaller copy of its photo.
    pub fn render_small(&self, photo: &Photo, small: &Photo) -> Photo {
        let mut panel = self.clone();
        let sizes = [photo, small].map(|photo| [photo.width, photo.height]);
        panel.of.preprocessing.crop = self.of.preprocessing.crop.map(|crop| crop.scaled(sizes[0], sizes[1]));
        panel.render(small).over(PAPER)
    }

    /// The picture, without what it does not show.
    pub(super) fn render(&self, photo: &Photo) -> Cutout {
        let Self { map, look, .. } = self;
        let Look { view, colormap, .. } = *look;
        let region = self.region([photo.width, photo.height]);
        let seen = photo.part(region);
        let filled = |colour| Photo::filled(photo.width, photo.height, colour);
        let mut values = self.units();
        let mut size = [map.width, map.height];
        // lines need a slope, so they are always those of the smooth map
        if look.cells && view != View::Lines {
            let whole = [region.width as usize, region.height as usize];
            values = imaging::cells(&values, size, whole);
            size = whole;
        }
        let [width, height] = size;
        let heatmap = |seen: &Photo| imaging::heatmap(&values, width, height, colormap, seen.width, seen.height);
        // the map where it lies, and nothing around it
        let alone = |draw: &dyn Fn(&Photo) -> Photo| imaging::within(&filled(NOTHING), region, |_| draw(&seen));
        // what of the picture is there
        let there = |draw: &dyn Fn(&Photo) -> Photo| imaging::within(&filled(NOTHING), region, draw);
        let whole = |part: &Photo| Photo::filled(part.width, part.height, ALL);
        match view {
            View::Overlay { blend } if colormap.is_diverging() => imaging::within(photo, region, |seen| {
                imaging::signed_overlay(seen, &values, size, colormap, blend)
            })
            .into(),
            // an empty map is no blue veil: there is nothing to show
            View::Overlay { .. } if map.is_empty() => photo.clone().into(),
            View::Overlay { blend } => imaging::within(photo, region, |seen| {
                imaging::overlay(seen, &values, width, height, colormap, blend)
            })
            .into(),
            View::Heatmap => Cutout::of(alone(&heatmap), &there(&whole)),
            View::Beside => Cutout::from(photo.clone()).beside(&Cutout::of(alone(&heatmap), &there(&whole))),
            View::Mask { threshold } => Cutout::of(
                photo.clone(),
                &there(&|part: &Photo| imaging::mask(&whole(part), &values, size, threshold, NOTHING)),
            ),
            View::Lines => {
                imaging::within(photo, region, |seen| imaging::contours(seen, &values, size, colormap)).into()
            }
        }
    }
}
