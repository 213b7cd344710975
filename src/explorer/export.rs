//! Writing what is seen: pictures in the format of their names with a note of what made them, and maps as numbers.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use super::drawing::{Arrangement, Drawing, Panel};
use super::error::ExplorerError;
use super::images::Images;
use super::network::WeightsInUse;
use super::numbers::{self, Answers};
use super::recipe::{Provenance, Recipe};
use super::reply::NetworkInfo;
use super::request::{ExportRequest, ImageId, NetworkSource};
use super::write::{ending, write_file};
use crate::imaging::{self, Cutout, Format, Photo};
use crate::weights::Weights;

/// Something to write into a file, whose name says in which format.
#[derive(Clone, Debug, PartialEq)]
pub enum Export {
    /// A picture: `.png`, `.jpg`, `.jpeg` or `.webp`, of figures and sheets `.svg` too; PNG if its name has no ending.
    Picture(Drawing),
    /// The values of a map before normalisation: float32 `.npy` `[h, w]` at the layer's size, `.csv` or `.json`, the last two
    /// with the normalised values beside.
    Signed(Panel),
    /// The normalised map, from 0 to 1: float32 `.npy` `[h, w]` at the layer's size.
    Heat(Panel),
    /// What the network answers for all classes: `.csv` or `.json`.
    Predictions(Answers),
}

impl Export {
    /// The image that it is of, or the first of several.
    pub(super) fn image(&self) -> Option<ImageId> {
        match self {
            Self::Picture(drawing) => drawing.panels.first().map(|panel| panel.image),
            Self::Signed(panel) | Self::Heat(panel) => Some(panel.image),
            Self::Predictions(answers) => Some(answers.image),
        }
    }

    /// The endings that its files may have, the usual one first.
    pub fn endings(&self) -> &'static [&'static str] {
        match self {
            Self::Picture(drawing) => match drawing.arrangement {
                Arrangement::Single | Arrangement::Compare => &["png", "jpg", "jpeg", "webp"],
                Arrangement::Figure { .. } | Arrangement::Sheet { .. } => &["png", "jpg", "jpeg", "webp", "svg"],
            },
            Self::Signed(_) => &["npy", "csv", "json"],
            Self::Heat(_) => &["npy"],
            Self::Predictions(_) => &["csv", "json"],
        }
    }

    /// In words, of several.
    fn plural(&self) -> &'static str {
        match self {
            Self::Picture(_) => "Pictures",
            Self::Signed(_) | Self::Heat(_) => "Values",
            Self::Predictions(_) => "Predictions",
        }
    }

    /// Whether a file may be called so: a name without an ending is taken as it is, any other has to be one of what is
    /// written.
    ///
    /// # Errors
    /// One sentence with the endings that can be written.
    pub fn check(&self, path: &Path) -> Result<(), ExplorerError> {
        let endings = self.endings();
        let Some(found) = ending(path) else { return Ok(()) };
        if endings.contains(&found.as_str()) {
            return Ok(());
        }
        let what = self.plural();
        let (last, others) = endings.split_last().unwrap_or((&"", &[]));
        let others: Vec<String> = others.iter().map(|ending| format!(".{ending}")).collect();
        let known = match others.as_slice() {
            [] => format!(".{last}"),
            others => format!("{} or .{last}", others.join(", ")),
        };
        Err(ExplorerError::Request(format!(
            "{what} are not written as .{found}; choose a name that ends in {known}"
        )))
    }
}

/// Where photos and hashes come from.
pub struct Sources<'a> {
    /// The open images.
    pub images: &'a Images,
    /// The weights of the network in use.
    pub weights: &'a WeightsInUse,
}

impl Sources<'_> {
    /// The picture.
    pub fn render(&self, drawing: &Drawing) -> Result<Cutout, ExplorerError> {
        drawing.render(&self.photos(drawing)?).ok_or_else(nothing)
    }

    /// The photo of each panel with its name.
    fn photos(&self, drawing: &Drawing) -> Result<Vec<(Arc<Photo>, String)>, ExplorerError> {
        let photo = |panel: &Panel| {
            let photo = self.images.painted(panel.image, panel.of.preprocessing.painting)?;
            Ok((photo, self.images.source(panel.image)?.name()))
        };
        drawing.panels.iter().map(photo).collect()
    }

    /// A figure or sheet as SVG, with its provenance.
    fn svg(&self, drawing: &Drawing) -> Result<Vec<u8>, ExplorerError> {
        let photos = self.photos(drawing)?;
        let page = drawing.page(&photos).ok_or_else(nothing)?;
        let page = page.ok_or_else(|| {
            ExplorerError::Request("only figures and sheets are written as .svg; choose another ending".to_owned())
        })?;
        let made_by = self.provenance(drawing)?.made_by().map_err(ExplorerError::Request)?;
        let title = photos.first().map(|(_, name)| name.as_str()).unwrap_or_default();
        let svg = page.svg(title, &imaging::xmp_packet(&made_by));
        svg.map(String::into_bytes).map_err(|error| ExplorerError::Image {
            name: title.to_owned(),
            error,
        })
    }

    /// All that decides it.
    pub fn provenance(&self, drawing: &Drawing) -> Result<Provenance, ExplorerError> {
        let recipes: Result<Vec<_>, _> = drawing.panels.iter().map(|panel| self.recipe(panel)).collect();
        Ok(Provenance::new(drawing.arrangement, recipes?))
    }

    fn recipe(&self, panel: &Panel) -> Result<Recipe, ExplorerError> {
        let image = self.images.note(panel.image)?;
        let painting = self.images.painting(panel.image, panel.of.preprocessing.painting)?;
        Ok(Recipe::of(panel, image, painting, self.sha256(&panel.network)?))
    }

    /// The hash of a network's file.
    fn sha256(&self, network: &NetworkInfo) -> Result<Option<String>, ExplorerError> {
        let in_use = self.weights.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, weights)) = in_use.filter(|(epoch, _)| *epoch == network.epoch) {
            return Ok(Some(weights.sha256()?));
        }
        // a second network, or one that no longer speaks
        match &network.source {
            NetworkSource::BuiltIn(built_in) => Ok(Some(Weights::built_in(*built_in)?.sha256()?)),
            NetworkSource::File(file) => Ok(Weights::open_with(file, &network.choices)?.sha256().map(Some)?),
            NetworkSource::Search(_) => Ok(None),
        }
    }

    /// Writes every file of the request, none if one of their names cannot be; gives their paths as they are.
    ///
    /// # Errors
    /// The first file that cannot be encoded or written.
    pub fn write(&self, request: &ExportRequest) -> Result<Vec<PathBuf>, ExplorerError> {
        for (what, path) in &request.files {
            what.check(path)?;
        }
        let write = |(what, path): &(Export, PathBuf)| {
            let bytes = self.bytes(what, path)?;
            write_file(path, &bytes, request.existing)
        };
        request.files.iter().map(write).collect()
    }

    /// The bytes of one file.
    fn bytes(&self, what: &Export, path: &Path) -> Result<Vec<u8>, ExplorerError> {
        let ending = ending(path);
        match what {
            Export::Picture(drawing) if ending.as_deref() == Some("svg") => self.svg(drawing),
            Export::Picture(drawing) => {
                let format = ending.and_then(|ending| Format::of_ending(&ending)).unwrap_or_default();
                let picture = self.render(drawing)?;
                let made_by = self.provenance(drawing)?.made_by().map_err(ExplorerError::Request)?;
                imaging::encode(picture, format, Some(&made_by)).map_err(|error| ExplorerError::Image {
                    name: path
                        .file_name()
                        .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
                    error,
                })
            }
            Export::Predictions(answers) if ending.as_deref() == Some("json") => {
                let note = self.images.note(answers.image)?;
                let painting = self
                    .images
                    .painting(answers.image, answers.predicted.preprocessing.painting)?;
                let json = numbers::predictions_json(answers, note, painting, self.sha256(&answers.network)?);
                json.map_err(|error| ExplorerError::Request(error.to_string()))
            }
            Export::Predictions(Answers { network, predicted, .. }) => {
                Ok(numbers::predictions_csv(network, predicted, &predicted.ranking).into_bytes())
            }
            Export::Heat(panel) => Ok(numbers::npy(&panel.map.heat(), panel.map.height, panel.map.width)),
            Export::Signed(panel) => match ending.as_deref() {
                Some("csv") => Ok(numbers::map_csv(&panel.map).into_bytes()),
                Some("json") => {
                    let [width, height] = self.images.note(panel.image).map(|note| [note.width, note.height])?;
                    let recipe = self.recipe(panel)?;
                    let json = numbers::map_json(panel, &recipe, [width, height]);
                    json.map_err(|error| ExplorerError::Request(error.to_string()))
                }
                _ => {
                    let signed: Vec<f32> = panel.map.signed.iter().map(|&value| value as f32).collect();
                    Ok(numbers::npy(&signed, panel.map.height, panel.map.width))
                }
            },
        }
    }
}

fn nothing() -> ExplorerError {
    ExplorerError::Request("there is nothing to draw yet; open an image first".to_owned())
}
