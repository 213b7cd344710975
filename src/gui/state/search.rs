//! Finding classes: by name, and by asking what a place of the image argues for.

use super::State;
use crate::explorer::ImageId;
use crate::gui::maps::within;
use crate::imaging::Preprocessing;

/// What is looked for in the search field.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The text in the field.
    pub query: String,
    /// The classes found, the best first.
    pub found: Vec<usize>,
}

/// What one cell of the last feature layer argues for.
#[derive(Clone, Debug, PartialEq)]
pub struct Here {
    /// Which image.
    pub image: ImageId,
    /// How it was brought to the network's input size.
    pub preprocessing: Preprocessing,
    /// Column and row of the cell.
    pub cell: (usize, usize),
    /// Columns and rows of the layer.
    pub cells: (usize, usize),
    /// What the cell adds to the logit of each class.
    pub evidence: Vec<f32>,
    /// All classes, the one it argues for most first.
    pub ranking: Vec<usize>,
}

impl Here {
    /// What the cell adds to a class's logit, as a share of the most it adds to any.
    pub fn share(&self, class: usize) -> f32 {
        let value = |class: usize| self.evidence.get(class).copied().unwrap_or(0.0);
        let most = self.ranking.first().map_or(0.0, |&first| value(first));
        if most > 0.0 { value(class) / most } else { 0.0 }
    }
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
        let cell =
            |share: f32, cells: usize| ((share.clamp(0.0, 1.0) * cells as f32) as usize).min(cells.saturating_sub(1));
        let cell = (cell(in_input[0], columns), cell(in_input[1], rows));
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
        self.here_soon = None;
        self.here = Some(Here {
            image,
            preprocessing,
            cell,
            cells: (columns, rows),
            evidence,
            ranking,
        });
    }

    /// Looks for classes.
    pub fn look_for(&mut self, query: String) {
        self.search = self.search_for(query);
    }

    /// Looks for a class to compare with.
    pub fn look_for_rival(&mut self, query: String) {
        self.rival_search = self.search_for(query);
    }

    fn search_for(&self, query: String) -> Search {
        let found = match self.labels() {
            Some(labels) if !query.is_empty() => labels.search(&query),
            _ => Vec::new(),
        };
        Search { query, found }
    }
}
