//! `gradcam-explorer explain`: predictions and maps of images, as text, JSON and files.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::arguments::{Explain, NetworkArguments, Write};
use super::guesses;
use super::inputs::{Input, inputs};
use super::map_files::{self, Files};
use super::progress_bar::Bar;
use super::report::{
    ErrorReport, FilesReport, ImageReport, InputReport, MapReport, PredictionReport, RivalsReport, Timings,
    WeightsReport, print_json, print_text,
};
use super::{Stop, start, wait};
use crate::explain::{Map, Rivals, Score, Target};
use crate::explorer::{
    Activity, Answers, ExplainRequest, Explorer, ImageId, ImageSource, NetworkInfo, Opened, Panel, Predicted, Purpose,
    Reply, Request, Subject, View, percent_encoded,
};
use crate::imaging::Preprocessing;
use crate::network::{Group, LayerId, Role};
use crate::weights::SaidBy;

/// How many classes are on a sheet unless they are named.
const SHEET: usize = 10;

/// What is the same for all images.
struct Task<'a> {
    explorer: &'a Explorer,
    network: &'a Arc<NetworkInfo>,
    options: &'a Explain,
    weights: WeightsReport,
    preprocessing: Preprocessing,
    /// Empty for the top class of each image.
    classes: Vec<usize>,
    layers: Vec<LayerId>,
    score: Score,
}

/// Runs the command.
pub fn run(network: &NetworkArguments, options: &Explain) -> Result<(), Stop> {
    if options.download {
        super::weights::download_if_none(network)?;
    }
    let input = network.input();
    let (explorer, network) = start(network)?;
    let preprocessing = Preprocessing {
        crop: options.crop,
        ..input.over(network.usual)
    };
    let classes = options
        .classes
        .iter()
        .map(|query| {
            if let Some(note) = network.labels.is_also_an_index(query) {
                eprintln!("gradcam-explorer: {note}");
            }
            network
                .labels
                .find(query)
                .map_err(|error| Stop::Usage(error.to_string()))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let layers = layers(&network, &options.layers)?;
    if let Some(folder) = &options.out {
        std::fs::create_dir_all(folder)
            .map_err(|error| Stop::Failed(format!("{} cannot be made: {error}", folder.display())))?;
    }
    let sha256 = if options.json {
        fingerprint(&explorer)?
    } else {
        String::new()
    };
    let pixels_from = match input.pixels {
        Some(_) => SaidBy::User,
        None => network.pixels_said_by,
    };
    let weights = WeightsReport {
        name: network.weights.name.clone(),
        sha256,
        classes: network.plan.classes(),
        output: network.plan.output,
        output_from: network.weights.output_said_by,
        input: InputReport {
            width: network.plan.input().width,
            height: network.plan.input().height,
            pixels: preprocessing.pixels.name(),
            pixels_from,
            resize: preprocessing.resize.name(),
            fit: preprocessing.fit.name(),
            from: network.weights.input_said_by,
        },
    };
    guesses::tell(&network, pixels_from);
    let task = Task {
        explorer: &explorer,
        network: &network,
        options,
        weights,
        preprocessing,
        classes,
        layers,
        score: options.score.unwrap_or(network.recommended.score),
    };
    let mut failed = false;
    let mut names = HashSet::new();
    let mut out = io::stdout().lock();
    let inputs = inputs(&options.images, options.recursive, |note| {
        eprintln!("gradcam-explorer: {note}")
    });
    for (number, Input { name, source }) in (0..).zip(inputs) {
        match source.and_then(|source| task.image(ImageId(number), &name, source, &mut names)) {
            Ok(report) if options.json => print_json(&mut out, &report)?,
            Ok(report) => print_text(&mut out, &report)?,
            Err(error) => {
                failed = true;
                if options.json {
                    print_json(&mut out, &ErrorReport::new(&name, error))?;
                } else {
                    eprintln!("gradcam-explorer: {error}");
                }
            }
        }
    }
    if failed { Err(Stop::Reported) } else { Ok(()) }
}

/// The layers by name, the last feature layer when none is named.
fn layers(network: &NetworkInfo, names: &[String]) -> Result<Vec<LayerId>, Stop> {
    if names.is_empty() {
        return Ok(vec![network.plan.last_feature_layer()]);
    }
    names
        .iter()
        .map(|name| {
            let found = network
                .plan
                .find(name)
                .filter(|&id| network.plan.layer(id).role != Role::NoMap);
            found.ok_or_else(|| {
                Stop::Usage(format!(
                    "there is no layer {name:?} with a map; `gradcam-explorer layers` lists them all"
                ))
            })
        })
        .collect()
}

fn fingerprint(explorer: &Explorer) -> Result<String, Stop> {
    explorer.send(Request::Fingerprint);
    wait(explorer, Activity::Fingerprinting, |reply| match reply {
        Reply::Fingerprint { sha256, .. } => Some(sha256),
        _ => None,
    })
    .map_err(Stop::Failed)
}

impl Task<'_> {
    /// Everything about one image; the error is one sentence that names it.
    fn image(
        &self,
        image: ImageId,
        path: &Path,
        source: ImageSource,
        names: &mut HashSet<String>,
    ) -> Result<ImageReport, String> {
        let Self { explorer, network, .. } = self;
        let preprocessing = self.preprocessing;
        explorer.send(Request::Open {
            image,
            source,
            urgent: false,
        });
        let bar = Bar::default();
        let opened: Opened = wait(explorer, Activity::Opening, |reply| match reply {
            Reply::Opened(opened) => Some(opened),
            Reply::Downloading { what, progress } => {
                bar.show(&what, progress);
                None
            }
            _ => None,
        })?;
        drop(bar);
        if let Some(crop) = preprocessing
            .crop
            .filter(|crop| !crop.fits(opened.width, opened.height))
        {
            return Err(format!(
                "{} has {} x {} pixels, of which {crop} is no part; give another --crop",
                path.display(),
                opened.width,
                opened.height
            ));
        }
        explorer.send(Request::Predict {
            image,
            preprocessing,
            urgent: true,
        });
        let predicted: Predicted = wait(explorer, Activity::Predicting, |reply| match reply {
            Reply::Predicted(predicted) => Some(predicted),
            _ => None,
        })?;
        let start = Instant::now();
        let top = predicted.ranking.first().copied();
        let classes = if self.classes.is_empty() {
            top.into_iter().collect()
        } else {
            self.classes.clone()
        };
        let maps = self.maps(image, &classes, &self.layers, &predicted)?;
        let maps_ms = start.elapsed().as_secs_f64() * 1e3;

        let mut reports = Vec::new();
        for &class in &classes {
            for &layer in &self.layers {
                let Some(map) = maps.get(&(class, layer)) else {
                    return Err(format!("{}: the map of class {class} did not arrive", path.display()));
                };
                let rivals = self.rivals(&predicted, class, layer);
                reports.push(self.map_report(&predicted, path, (class, layer), map, rivals, names)?);
            }
        }
        let answers = Answers {
            image,
            network: (*network).clone(),
            predicted: predicted.clone(),
        };
        let mut files = map_files::write_predictions(explorer, self.options, &answers, path, names)?;
        files.extend(self.sheets(&classes, &predicted, path, names)?);
        explorer.send(Request::Close(image));
        let (predictions, complement) = self.predictions(&predicted);
        Ok(ImageReport {
            image: path.display().to_string(),
            image_bytes: percent_encoded(path),
            width: opened.width,
            height: opened.height,
            crop: preprocessing.crop,
            device: network.device,
            weights: self.weights.clone(),
            predictions,
            complement,
            maps: reports,
            files: FilesReport::new(files),
            timings_ms: Timings {
                decode: opened.decode_ms,
                preprocess: predicted.preprocess_ms,
                forward: predicted.forward_ms,
                maps: maps_ms,
            },
        })
    }

    /// The maps of all classes at all layers.
    fn maps(
        &self,
        image: ImageId,
        classes: &[usize],
        layers: &[LayerId],
        predicted: &Predicted,
    ) -> Result<HashMap<(usize, LayerId), Map>, String> {
        let (known, mut swept): (Vec<_>, Vec<_>) = layers.iter().copied().partition(|&layer| self.is_known(layer));
        let mut maps = HashMap::new();
        for &layer in &known {
            for &class in classes {
                let map = predicted.class_maps.map(Target::Class(class), self.score);
                maps.insert((class, layer), map);
            }
        }
        swept.sort_unstable();
        swept.dedup();
        if !swept.is_empty() {
            self.explorer.send(Request::Explain(ExplainRequest {
                image,
                preprocessing: self.preprocessing,
                purpose: Purpose::Main,
                targets: classes.iter().copied().map(Target::Class).collect(),
                layers: swept,
                score: self.score,
                method: self.options.method,
            }));
            wait(self.explorer, Activity::Explaining, |reply| {
                match reply {
                    Reply::Explained(explained) => {
                        if let Target::Class(class) = explained.explanation.target {
                            maps.insert((class, explained.explanation.layer), explained.explanation.map);
                        }
                    }
                    Reply::ExplainedAll { .. } => return Some(()),
                    _ => {}
                }
                None
            })?;
        }
        Ok(maps)
    }

    /// Whether the maps of a layer come with the prediction.
    fn is_known(&self, layer: LayerId) -> bool {
        self.options.method.is_in_class_maps(&self.network.plan, layer)
    }

    /// Who stands against a class in its map, as far as that is known.
    fn rivals(&self, predicted: &Predicted, class: usize, layer: LayerId) -> Option<Rivals> {
        let is_asked = self.score == Score::Probability && self.is_known(layer);
        is_asked.then(|| predicted.class_maps.rivals(class)).flatten()
    }

    /// The likeliest classes. Of a single sigmoid the class of its one value, as Keras answers it, and its complement.
    fn predictions(&self, predicted: &Predicted) -> (Vec<PredictionReport>, Option<PredictionReport>) {
        let labels = &self.network.labels;
        let plan = &self.network.plan;
        let is_pair = plan.output.is_pair(plan.units());
        // the two stand and fall together
        let top = if is_pair { 2 } else { self.options.top };
        let ranked = (1..).zip(predicted.ranking.iter()).take(top);
        let mut reports: Vec<PredictionReport> = ranked
            .map(|(rank, &index)| PredictionReport {
                rank,
                index,
                wnid: labels.get(index).and_then(|label| label.wnid.clone()),
                label: labels.display_name(index),
                probability: predicted.probabilities[index],
                logit: predicted.logits[index],
            })
            .collect();
        let is_complement = |report: &PredictionReport| report.index == 0 && is_pair;
        let complement = reports.iter().position(is_complement).map(|at| reports.remove(at));
        (reports, complement)
    }

    fn map_report(
        &self,
        predicted: &Predicted,
        path: &Path,
        (class, layer_id): (usize, LayerId),
        map: &Map,
        rivals: Option<Rivals>,
        names: &mut HashSet<String>,
    ) -> Result<MapReport, String> {
        let options = self.options;
        let layer = self.network.plan.layer(layer_id).name.clone();
        let labels = &self.network.labels;
        let label = labels.display_name(class);
        let mut files = Files::default();
        if let Some(folder) = &options.out {
            let base = folder.join(map_files::unique_name(path, class, &layer, names));
            let panel = self.panel(predicted, class, layer_id, map);
            files = map_files::write(self.explorer, options, &panel, &base)?;
        }
        Ok(MapReport {
            class,
            label,
            layer,
            score: self.score.name(),
            method: options.method.name(),
            width: map.width,
            height: map.height,
            signed_min: map.min(),
            signed_max: map.max(),
            empty: map.is_empty(),
            rivals: rivals.map(|rivals| RivalsReport::new(rivals, map, labels)),
            files: FilesReport::new(files),
        })
    }

    /// A map as the session draws it.
    fn panel(&self, predicted: &Predicted, class: usize, layer: LayerId, map: &Map) -> Panel {
        let options = self.options;
        Panel {
            image: predicted.image,
            network: self.network.clone(),
            of: Subject {
                preprocessing: self.preprocessing,
                target: Target::Class(class),
                layer,
                channel: None,
                score: self.score,
                method: options.method,
            },
            map: Arc::new(map.clone()),
            answer: predicted.probabilities.get(class).copied(),
            look: map_files::look(options, View::Overlay { blend: options.blend }),
        }
    }

    /// Writes the sheets that are wanted: of many classes at each layer, and of each class along the layers.
    fn sheets(
        &self,
        classes: &[usize],
        predicted: &Predicted,
        path: &Path,
        names: &mut HashSet<String>,
    ) -> Result<Files, String> {
        let plan = &self.network.plan;
        let mut sheets: Vec<(String, Vec<usize>, Vec<LayerId>)> = Vec::new();
        if self.options.write.contains(&Write::Classes) {
            let likeliest = || predicted.ranking.iter().copied().take(SHEET).collect();
            let shown: Vec<usize> = if self.classes.is_empty() {
                likeliest()
            } else {
                classes.to_vec()
            };
            for &layer in &self.layers {
                sheets.push((
                    format!("classes.{}", plan.layer(layer).name),
                    shown.clone(),
                    vec![layer],
                ));
            }
        }
        if self.options.write.contains(&Write::Layers) {
            let layers: Vec<LayerId> = plan.groups().iter().map(Group::last).collect();
            for &class in classes {
                sheets.push((format!("layers.{class}"), vec![class], layers.clone()));
            }
        }
        let mut files = Files::default();
        for (what, classes, layers) in sheets {
            let maps = self.maps(predicted.image, &classes, &layers, predicted)?;
            let mut panels = Vec::new();
            for &class in &classes {
                for &layer in &layers {
                    let map = maps.get(&(class, layer));
                    panels.extend(map.map(|map| self.panel(predicted, class, layer, map)));
                }
            }
            let sheet = map_files::write_sheet(self.explorer, self.options, panels, (path, &what), names)?;
            files.extend(sheet);
        }
        Ok(files)
    }
}
