//! Finding classes: by name, and by asking what a place of the image argues for.

use super::State;
use crate::explorer::{ImageId, NetworkEpoch};
use crate::gui::maps::within;
use crate::imaging::Preprocessing;
use crate::labels::Match;
use crate::network::LayerId;
use crate::weights::BuiltIn;

/// What is looked for in the search field.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The text in the field.
    pub query: String,
    /// The classes found: those that are called exactly so first, then the likeliest.
    pub found: Vec<usize>,
    /// Why they were found.
    matches: Vec<Match>,
    /// Of which prediction the order is.
    ordered_by: Option<(ImageId, NetworkEpoch, Preprocessing)>,
}

impl Search {
    /// The name by which a class was found, where that is not the one shown.
    pub fn by(&self, class: usize) -> Option<&str> {
        let found = self.matches.iter().find(|found| found.class == class)?;
        found.by.as_deref()
    }

    /// Whether only letters of what is looked for are scattered over the names found.
    pub fn is_scattered(&self) -> bool {
        self.matches.first().is_some_and(|found| found.is_scattered)
    }
}

/// What one cell of the last feature layer argues for.
#[derive(Clone, Debug, PartialEq)]
pub struct Here {
    /// Which image.
    pub image: ImageId,
    /// How it was brought to the network's input size.
    pub preprocessing: Preprocessing,
    /// The place in the photo, as shares of its width and height.
    pub share: [f32; 2],
    /// Column and row of the cell.
    pub cell: (usize, usize),
    /// Columns and rows of the layer.
    pub cells: (usize, usize),
    /// What the cell adds to the logit of each class.
    pub evidence: Vec<f32>,
    /// All classes, the one it argues for most first.
    pub ranking: Vec<usize>,
    /// Those on the list: the first ones it argues for, then the last ones, against which it argues most.
    pub listed: Vec<usize>,
}

/// How many classes against which a place argues are listed behind those for which it does.
const AGAINST: usize = 5;

impl Here {
    /// What the cell adds to a class's logit, as a share of the most it adds to any.
    pub fn share(&self, class: usize) -> f32 {
        let value = |class: usize| self.evidence.get(class).copied().unwrap_or(0.0);
        let most = self.ranking.first().map_or(0.0, |&first| value(first));
        if most > 0.0 { value(class) / most } else { 0.0 }
    }
}

/// The cell of so many in which a share of a side lies.
fn cell_of(share: f32, cells: usize) -> usize {
    ((share.clamp(0.0, 1.0) * cells as f32) as usize).min(cells.saturating_sub(1))
}

impl State {
    /// What a place of the shown image argues for, if one was asked about.
    pub fn here(&self) -> Option<&Here> {
        let image = self.images.current()?.id;
        self.here
            .as_ref()
            .filter(|here| (here.image, here.preprocessing) == (image, self.preprocessing()))
    }

    /// Ranks the classes by what a cell of the last feature layer adds to their logits.
    pub fn ask_here(&mut self, share: [f32; 2]) {
        let (Some(prediction), Some(image)) = (self.prediction(), self.images.current()) else {
            return;
        };
        let Some(in_input) = within(self.seen(image.size, prediction.preprocessing), share) else {
            return;
        };
        let (columns, rows) = prediction.class_maps.size();
        let cell = (cell_of(in_input[0], columns), cell_of(in_input[1], rows));
        let is_known = |here: &Here| here.cell == cell && here.cells == (columns, rows);
        if let Some(here) = self.here().filter(|here| is_known(here)) {
            let here = Here { share, ..here.clone() };
            self.here = Some(here);
            return;
        }
        // the maps of all classes may still be on their way
        let Some(evidence) = prediction.class_maps.at_cell(cell.1 * columns + cell.0) else {
            self.here_soon = Some(share);
            self.here = None;
            return;
        };
        let mut ranking: Vec<usize> = (0..evidence.len()).collect();
        let value = |class: usize| evidence.get(class).copied().unwrap_or(0.0);
        ranking.sort_by(|&a, &b| value(b).total_cmp(&value(a)));
        let (image, preprocessing) = (prediction.image, prediction.preprocessing);
        let against = ranking
            .iter()
            .rev()
            .take_while(|&&class| value(class) < 0.0)
            .take(AGAINST);
        let against = against.count();
        let first = self.preferences.top.min(ranking.len() - against);
        let listed = [&ranking[..first], &ranking[ranking.len() - against..]].concat();
        self.here_soon = None;
        self.here = Some(Here {
            image,
            preprocessing,
            cell,
            cells: (columns, rows),
            share,
            evidence,
            ranking,
            listed,
        });
    }

    /// Column, row and number of columns of the cell of a layer that lies at the place that was asked about.
    pub fn cell_here(&self, layer: LayerId) -> Option<[usize; 3]> {
        let here = self.here()?;
        let size = self.images.current()?.size;
        let [x, y] = within(self.seen(size, here.preprocessing), here.share)?;
        let shape = self.network.as_ref()?.plan.layer(layer).shape;
        Some([cell_of(x, shape.width), cell_of(y, shape.height), shape.width])
    }

    /// Looks for classes.
    pub fn look_for(&mut self, query: String) {
        self.search = self.search_for(query);
        self.order_found();
    }

    /// Looks for a class to compare with.
    pub fn look_for_rival(&mut self, query: String) {
        self.rival_search = self.search_for(query);
    }

    fn search_for(&self, query: String) -> Search {
        let matches = self.labels().map_or_else(Vec::new, |labels| labels.matches(&query));
        Search {
            query,
            found: matches.iter().map(|found| found.class).collect(),
            matches,
            ordered_by: None,
        }
    }

    /// Brings the classes found into the order of the prediction shown, if they are in another.
    pub fn order_found(&mut self) {
        let prediction = self.prediction();
        let key = prediction.map(|prediction| (prediction.image, prediction.epoch, prediction.preprocessing));
        if self.search.query.is_empty() || key.is_none() || self.search.ordered_by == key {
            return;
        }
        let ranking = prediction.map_or(&[][..], |prediction| &prediction.ranking);
        let mut ranks = vec![usize::MAX; ranking.len()];
        for (rank, &class) in ranking.iter().enumerate() {
            if let Some(place) = ranks.get_mut(class) {
                *place = rank;
            }
        }
        let rank = |class: usize| ranks.get(class).copied().unwrap_or(usize::MAX);
        let mut ordered: Vec<&Match> = self.search.matches.iter().collect();
        ordered.sort_by_key(|found| (!found.is_exact, rank(found.class)));
        let found = ordered.into_iter().map(|found| found.class).collect();
        self.search.found = found;
        self.search.ordered_by = key;
    }

    /// A network inside the program, other than the one in use, that has what is looked for, and the class's name.
    pub fn has_it_instead(&self) -> Option<(BuiltIn, String)> {
        let in_use = self.network.as_ref().and_then(|network| network.weights.built_in);
        let others = BuiltIn::ALL.into_iter().filter(|&other| Some(other) != in_use);
        others
            .filter_map(|other| {
                let labels = other.labels();
                let found = labels
                    .matches(&self.search.query)
                    .into_iter()
                    .find(|found| !found.is_scattered)?;
                Some((other, labels.display_name(found.class)))
            })
            .next()
    }
}
