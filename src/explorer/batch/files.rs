//! The files of an image: which there can be, what they are called, and what is written into them. The command line and
//! the window take them from here, so that the same choices give the same files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Answer, Open, Wish};
use crate::explain::{Layers, Target};
use crate::explorer::drawing::{Arrangement, Drawing, Look, Panel, Subject, View};
use crate::explorer::error::ExplorerError;
use crate::explorer::export::Export;
use crate::explorer::figure::Ground;
use crate::explorer::names::file_name;
use crate::explorer::numbers::Answers;
use crate::explorer::reply::NetworkInfo;
use crate::explorer::request::ExportRequest;
use crate::explorer::write::Existing;
use crate::imaging::{Colormap, Format};
use crate::network::{Group, LayerId, Plan};

/// How many classes are on a sheet unless they are named.
const SHEET: usize = 10;
/// Most pictures in a row of a sheet.
const COLUMNS: usize = 5;

/// What can be written of an image and its maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Written {
    /// Photo and map, at the photo's own size.
    Overlay,
    /// The map alone, at the photo's own size.
    Heatmap,
    /// The photo where the map is hot, transparent elsewhere.
    Mask,
    /// The photo with lines of equal heat.
    Lines,
    /// Photo and map next to each other.
    Beside,
    /// A figure for a paper.
    Figure,
    /// The same as SVG.
    Svg,
    /// Small overlays of the likeliest classes, or of those that are named.
    Classes,
    /// Small overlays of the class along the layers.
    Layers,
    /// The map before and after normalisation as `.npy`.
    Raw,
    /// The same as CSV.
    Csv,
    /// The same as JSON, with what made it.
    Json,
    /// What the network answers for all classes, as CSV and JSON.
    Predictions,
}

/// Which files there are of each image, and how pictures look.
#[derive(Clone, Debug, PartialEq)]
pub struct Writing {
    /// Which files.
    pub what: Vec<Written>,
    /// Share of the map in overlays, 0..=1.
    pub blend: f32,
    /// Heat from which masks show the photo, 0..=1.
    pub threshold: f32,
    /// Whether each cell of a map is a block of one colour.
    pub cells: bool,
    /// What counts as full heat; each map's own maximum if there is none.
    pub maximum: Option<f64>,
    /// How values become colours.
    pub colormap: Colormap,
    /// The format of pictures.
    pub format: Format,
    /// Width of figures in pixels.
    pub figure_width: u32,
    /// Paper of figures.
    pub ground: Ground,
    /// What is done about files that are there already.
    pub existing: Existing,
}

/// Files that were written, by what they are.
#[derive(Debug, Default)]
pub struct Files(Vec<(String, PathBuf)>);

impl Files {
    /// Those that were written, by what they are.
    pub fn named(self) -> impl Iterator<Item = (String, PathBuf)> {
        self.0.into_iter()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// These and others.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }
}

/// Where the files of an image go.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// What their names begin with; no other image of the job has it.
    pub stem: &'a str,
}

impl Place<'_> {
    /// A file whose name ends in `tail`, which leads into no other folder: names of layers may have slashes.
    fn file(self, tail: &str) -> PathBuf {
        self.folder.join(file_name(self.stem, &tail.replace(['/', '\\'], "_")))
    }
}

impl Wish {
    /// These maps, and those of the sheets that are written.
    #[must_use]
    pub fn with_sheets(mut self, writing: &Writing, plan: &Plan) -> Self {
        if writing.has(Written::Classes) && self.classes.is_empty() {
            self.likeliest = SHEET;
        }
        if writing.has(Written::Layers) {
            let groups = plan.groups().iter().map(Group::last);
            let groups = groups.map(|layer| self.method.place(layer));
            let has_map = |layer: &LayerId| self.method.has_map(plan, *layer);
            self.along = groups.filter(has_map).collect();
            self.along.dedup();
        }
        self
    }

    /// What is explained when `class` is in question.
    pub fn target(&self, class: usize) -> Target {
        match self.than {
            Some(than) if than != class => Target::Rather { class, than },
            _ => Target::Class(class),
        }
    }
}

impl Answer {
    /// The map of a class at a layer as the session draws it, over its photo; none if there is no such map.
    pub fn panel(
        &self,
        network: &Arc<NetworkInfo>,
        wish: &Wish,
        (class, layer): (usize, Layers),
        writing: &Writing,
    ) -> Option<Panel> {
        let predicted = &self.predicted;
        let target = wish.target(class);
        Some(Panel {
            image: predicted.image,
            network: network.clone(),
            of: Subject {
                preprocessing: wish.preprocessing,
                target,
                layer,
                channel: None,
                score: wish.score,
                method: wish.method,
            },
            map: self.maps.get(&(class, layer))?.clone(),
            answer: predicted.probabilities.get(class).copied(),
            look: writing.look(writing.overlay(), target),
        })
    }
}

impl Writing {
    /// Whether files of this kind are written.
    pub fn has(&self, what: Written) -> bool {
        self.what.contains(&what)
    }

    fn overlay(&self) -> View {
        View::Overlay { blend: self.blend }
    }

    /// How a map is shown; a difference of classes has evidence against it too.
    fn look(&self, view: View, target: Target) -> Look {
        Look {
            view,
            colormap: match target {
                Target::Class(_) => self.colormap,
                Target::Rather { .. } => Colormap::Diverging,
            },
            cells: self.cells,
            maximum: self.maximum,
        }
    }

    /// What is written for a map: what each file is, what is in it, and how its name ends.
    fn exports(&self, panel: &Panel) -> Vec<(&'static str, Export, String)> {
        let format = self.format.endings()[0];
        let picture = |view: View| {
            let panel = Panel {
                look: self.look(view, panel.of.target),
                ..panel.clone()
            };
            let export = Export::Picture(Drawing::of(panel));
            vec![(view.name(), export, format!(".{}.{format}", view.name()))]
        };
        let files = self.what.iter().flat_map(|what| match what {
            Written::Overlay => picture(self.overlay()),
            Written::Heatmap => picture(View::Heatmap),
            Written::Mask => picture(View::Mask {
                threshold: self.threshold,
            }),
            Written::Lines => picture(View::Lines),
            Written::Beside => picture(View::Beside),
            Written::Raw => vec![
                ("heat", Export::Heat(panel.clone()), ".heat.npy".to_owned()),
                ("signed", Export::Signed(panel.clone()), ".signed.npy".to_owned()),
            ],
            Written::Csv => vec![("csv", Export::Signed(panel.clone()), ".map.csv".to_owned())],
            Written::Json => vec![("json", Export::Signed(panel.clone()), ".map.json".to_owned())],
            Written::Figure => vec![("figure", self.figure(panel), format!(".figure.{format}"))],
            Written::Svg => vec![("svg", self.figure(panel), ".figure.svg".to_owned())],
            // not once a map
            Written::Predictions | Written::Layers | Written::Classes => Vec::new(),
        });
        files.collect()
    }

    fn figure(&self, panel: &Panel) -> Export {
        Export::Picture(Drawing {
            arrangement: Arrangement::Figure {
                width: self.figure_width,
                ground: self.ground,
            },
            panels: vec![Panel {
                look: self.look(self.overlay(), panel.of.target),
                ..panel.clone()
            }],
        })
    }

    /// Writes the files of a map, `photo.285.block14_sepconv2_act.overlay.png` and so on.
    ///
    /// # Errors
    /// The first file that cannot be written.
    pub fn write_map(&self, open: &Open<'_>, panel: &Panel, place: Place<'_>) -> Result<Files, ExplorerError> {
        let class = match panel.of.target {
            Target::Class(class) => class.to_string(),
            Target::Rather { class, than } => format!("{class}-rather-than-{than}"),
        };
        let layer = panel.of.layer.name(&panel.network.plan);
        let base = place.file(&format!(".{class}.{layer}"));
        let (mut names, mut files) = (Vec::new(), Vec::new());
        for (name, export, ending) in self.exports(panel) {
            let mut path = base.as_os_str().to_owned();
            path.push(ending);
            names.push(name.to_owned());
            files.push((export, PathBuf::from(path)));
        }
        self.write_all(open, names, files)
    }

    /// Writes what there is once an image: the predictions, and the sheets of many classes at each layer and of each class
    /// along the layers.
    ///
    /// # Errors
    /// The first file that cannot be written.
    pub fn write_image(
        &self,
        open: &Open<'_>,
        network: &Arc<NetworkInfo>,
        wish: &Wish,
        answer: &Answer,
        place: Place<'_>,
    ) -> Result<Files, ExplorerError> {
        let mut files = self.write_predictions(open, network, answer, place)?;
        let panel = |place| answer.panel(network, wish, place, self);
        let mut sheets: Vec<(String, Vec<Panel>)> = Vec::new();
        if self.has(Written::Classes) {
            let shown = match wish.likeliest {
                0 => answer.classes.clone(),
                count => answer.predicted.ranking.iter().copied().take(count).collect(),
            };
            for &layer in &wish.layers {
                let panels = shown.iter().filter_map(|&class| panel((class, layer)));
                let name = layer.name(&network.plan);
                sheets.push((format!("classes.{name}"), panels.collect()));
            }
        }
        if !wish.along.is_empty() {
            for &class in &answer.classes {
                let panels = wish.along.iter().filter_map(|&layer| panel((class, layer.into())));
                sheets.push((format!("layers.{class}"), panels.collect()));
            }
        }
        for (what, panels) in sheets {
            let columns = panels.len().min(COLUMNS);
            let drawing = Drawing {
                arrangement: Arrangement::Sheet { columns },
                panels,
            };
            let path = place.file(&format!(".{what}.{}", self.format.endings()[0]));
            files.extend(self.write_all(open, vec![what], vec![(Export::Picture(drawing), path)])?);
        }
        Ok(files)
    }

    fn write_predictions(
        &self,
        open: &Open<'_>,
        network: &Arc<NetworkInfo>,
        answer: &Answer,
        place: Place<'_>,
    ) -> Result<Files, ExplorerError> {
        if !self.has(Written::Predictions) {
            return Ok(Files::default());
        }
        let answers = Answers {
            image: answer.predicted.image,
            network: network.clone(),
            predicted: answer.predicted.clone(),
        };
        let endings = ["csv", "json"];
        let names = endings.map(|ending| format!("predictions_{ending}"));
        let files = endings.map(|ending| {
            let path = place.file(&format!(".predictions.{ending}"));
            (Export::Predictions(answers.clone()), path)
        });
        self.write_all(open, names.into(), files.into())
    }

    /// Writes files, which are called `names` in reports.
    fn write_all(
        &self,
        open: &Open<'_>,
        names: Vec<String>,
        files: Vec<(Export, PathBuf)>,
    ) -> Result<Files, ExplorerError> {
        let existing = self.existing;
        let written = open.write(&ExportRequest { files, existing })?;
        Ok(Files(names.into_iter().zip(written).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_never_too_long() {
        let called = |stem: &str| {
            let folder = Path::new("out");
            let file = Place { folder, stem }.file(".7.layer");
            file.file_name().unwrap().to_string_lossy().into_owned()
        };
        assert_eq!(called("photo"), "photo.7.layer");
        for long in ["n".repeat(240), "é".repeat(120), "日".repeat(80)] {
            let (first, second) = (called(&long), called(&format!("{long}x")));
            assert!(first.len() <= 200 && first.ends_with(".7.layer"), "{first}");
            assert!(first.starts_with(&long[..90]) && first != second);
        }
    }

    #[test]
    fn a_layer_of_a_nested_network_leads_into_no_folder() {
        let folder = Path::new("out");
        let file = Place { folder, stem: "a" }.file(".1.body/conv\\1");
        assert_eq!(file, Path::new("out/a.1.body_conv_1"));
    }
}
