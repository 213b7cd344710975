//! `gradcam-explorer explain`: predictions and maps of images, as text, JSON, tables and files.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use serde::Serialize;

use super::arguments::{Explain, NetworkArguments};
use super::guesses;
use super::html_report::{HtmlReport, Pictures, Truth};
use super::inputs::{Input, inputs, listed};
use super::interrupt;
use super::map_files;
use super::measures_report::MeasuresReport;
use super::progress_bar::Bar;
use super::report::{
    FilesReport, ImageReport, InputReport, MapReport, PredictionReport, RivalsReport, Timings, WeightsReport,
};
use super::results::{Results, digest};
use super::{Stop, tell_notes};
use crate::explain::{Layers, Rivals, Score};
use crate::explorer::{
    Answer, Batch, ExplorerError, Files, ImageId, ImageSource, NetworkInfo, Open, Panel, Place, Predicted,
    Surroundings, Wish, Writing, local_path, percent_encoded,
};
use crate::imaging::{Preprocessing, Region};
use crate::network::{LayerId, Plan};
use crate::weights::SaidBy;

/// What is the same for all images.
pub struct Task<'a> {
    pub batch: &'a Batch,
    pub network: &'a Arc<NetworkInfo>,
    pub options: &'a Explain,
    pub weights: WeightsReport,
    pub wish: Wish,
    pub writing: Writing,
    /// Hash of everything above.
    pub choices: String,
    /// Whether there is more than one image.
    is_job: bool,
    /// Set once no more is wanted.
    pub stop: &'a AtomicBool,
}

/// An image by its names.
#[derive(Clone, Copy)]
pub struct Named<'a> {
    pub image: ImageId,
    /// As it is reported.
    pub path: &'a Path,
    /// What its files are called.
    pub stem: &'a str,
}

/// What came of an image.
pub struct Found {
    pub report: ImageReport,
    /// None of them unless a page is wanted.
    pub pictures: Pictures,
}

/// Runs the command.
pub fn run(network: &NetworkArguments, options: &Explain) -> Result<(), Stop> {
    if options.download {
        super::weights::download_if_none(network)?;
    }
    let note = |note: String| {
        if !options.job.quiet {
            eprintln!("gradcam-explorer: {note}");
        }
    };
    let mut inputs = all_inputs(options, note)?;
    if let Some(shard) = options.job.shard {
        inputs = (0..)
            .zip(inputs)
            .filter(|(at, _)| shard.has(*at))
            .map(|(_, input)| input)
            .collect();
    }
    let said = network.input();
    let batch = Batch::load(
        &network.source(),
        network.choices(),
        network.device.into(),
        Surroundings::of_process(),
        inputs.len(),
        options.job.jobs,
    )
    .map_err(|error| Stop::Failed(error.to_string()))?;
    let info = batch.info().clone();
    if !options.job.quiet {
        tell_notes(&info);
    }
    let classes = options
        .classes
        .iter()
        .map(|query| {
            if let Some(text) = info.labels.is_also_an_index(query) {
                note(text);
            }
            info.labels.find(query).map_err(|error| Stop::Usage(error.to_string()))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let writing = map_files::writing(options);
    let wish = Wish {
        preprocessing: Preprocessing {
            crop: options.crop,
            ..said.over(info.usual)
        },
        classes,
        than: None,
        layers: layers(&info, options)?,
        likeliest: 0,
        along: Vec::new(),
        score: options.score.unwrap_or(info.recommended.score),
        method: options.method,
        measures: options.measures.clone(),
        fill: options.fill,
    };
    let wish = wish.with_sheets(&writing, &info.plan);
    if let Some(folder) = &options.out {
        std::fs::create_dir_all(folder)
            .map_err(|error| Stop::Failed(format!("{} cannot be made: {error}", folder.display())))?;
    }
    let pixels_from = match said.pixels {
        Some(_) => SaidBy::User,
        None => info.pixels_said_by,
    };
    if !options.job.quiet {
        guesses::tell(&info, pixels_from);
    }
    let weights = WeightsReport {
        name: info.weights.name.clone(),
        sha256: batch.sha256()?,
        classes: info.plan.classes(),
        output: info.plan.output,
        output_from: info.weights.output_said_by,
        input: InputReport {
            width: info.plan.input().width,
            height: info.plan.input().height,
            pixels: wish.preprocessing.pixels.name(),
            pixels_from,
            resize: wish.preprocessing.resize.name(),
            fit: wish.preprocessing.fit.name(),
            from: info.weights.input_said_by,
        },
    };
    let choices = digest(&Choices::new(options, &weights, &wish, &info.plan))?;
    let results = Results::open(options, &choices, &inputs)?;
    let report = match &options.report {
        Some(target) => Some(HtmlReport::create(
            target,
            truth(options, &inputs, &info, note),
            info.labels.clone(),
        )?),
        None => None,
    };
    let stop = interrupt::wanted();
    let task = Task {
        batch: &batch,
        network: &info,
        options,
        weights,
        wish,
        writing,
        choices,
        is_job: inputs.len() > 1,
        stop: &stop,
    };
    task.all(inputs, results, report)
}

/// The images of the arguments and of the list, in this order.
fn all_inputs(options: &Explain, note: impl FnMut(String)) -> Result<Vec<Input>, Stop> {
    let mut arguments = options.images.clone();
    if let Some(list) = &options.files_from {
        let is_pipe = |path: &Path| path.as_os_str() == "-";
        if is_pipe(list) && arguments.iter().any(|argument| is_pipe(argument)) {
            let text = "standard input is a list or an image, not both; leave one - out";
            return Err(Stop::Usage(text.to_owned()));
        }
        arguments.extend(listed(list).map_err(Stop::Failed)?);
    }
    Ok(inputs(&arguments, options.recursive, note))
}

/// What the images truly show, if they are those of one folder with a folder a class in it.
fn truth(options: &Explain, inputs: &[Input], network: &NetworkInfo, note: impl Fn(String)) -> Option<Truth> {
    let [root] = options.images.as_slice() else { return None };
    let root = local_path(root);
    let images = inputs.iter().filter(|input| input.source.is_ok());
    Truth::of(&root, images.map(|input| input.name.as_path()), &network.labels).unwrap_or_else(|text| {
        note(text);
        None
    })
}

/// The layers by name, the last feature layer when none is named, or the only place that the method knows.
fn layers(network: &NetworkInfo, options: &Explain) -> Result<Vec<Layers>, Stop> {
    let (method, plan) = (options.method, &network.plan);
    let place = |layer: LayerId| method.place(layer);
    if options.layers.is_empty() {
        return Ok(vec![place(plan.last_feature_layer()).into()]);
    }
    let each = options.layers.iter().map(|name| {
        let layers = Layers::parse(name, plan, options.fusion).map_err(Stop::Usage)?;
        for layer in layers.all() {
            let checked = method.check(plan, layer);
            checked.map_err(|error| Stop::Usage(format!("--layer {name}: {error}")))?;
        }
        match layers.all().find(|&layer| place(layer) != layer) {
            None => Ok(layers),
            Some(layer) => {
                let (title, place) = (method.title(), &plan.layer(place(layer)).name);
                Err(Stop::Usage(format!(
                    "{title} makes maps at {place} alone; leave --layer {name} out"
                )))
            }
        }
    });
    each.collect()
}

/// Everything that decides what the result of an image is, for its hash.
#[derive(Serialize)]
struct Choices<'a> {
    weights: &'a WeightsReport,
    crop: Option<Region>,
    classes: &'a [usize],
    layers: Vec<String>,
    score: &'static str,
    method: &'static str,
    measures: Vec<&'static str>,
    fill: Option<&'static str>,
    top: usize,
    /// Where pictures go, and which.
    out: Option<Vec<u8>>,
    write: Vec<String>,
    /// How pictures look.
    look: Option<String>,
}

impl<'a> Choices<'a> {
    fn new(options: &Explain, weights: &'a WeightsReport, wish: &'a Wish, plan: &Plan) -> Self {
        let out = options.out.as_ref();
        Self {
            weights,
            crop: wish.preprocessing.crop,
            classes: &wish.classes,
            layers: wish.layers.iter().map(|layer| layer.name(plan)).collect(),
            score: wish.score.name(),
            method: wish.method.name(),
            measures: wish.measures.iter().map(|measure| measure.name()).collect(),
            fill: (!wish.measures.is_empty()).then(|| wish.fill.name()),
            top: options.top,
            out: out.map(|out| out.as_os_str().as_encoded_bytes().to_vec()),
            write: out.map_or_else(Vec::new, |_| {
                options.write.iter().map(|what| format!("{what:?}")).collect()
            }),
            look: out.map(|_| {
                let Explain {
                    blend,
                    threshold,
                    cells,
                    maximum,
                    colormap,
                    format,
                    figure_width,
                    ground,
                    ..
                } = options;
                format!(
                    "{blend} {threshold} {cells} {maximum:?} {} {format:?} {figure_width} {ground:?}",
                    colormap.name()
                )
            }),
        }
    }
}

impl Task<'_> {
    /// Everything about one image, with files in the folder `out`; the error is one sentence that names it.
    pub fn image(&self, named: Named<'_>, source: ImageSource, out: Option<&Path>) -> Result<Found, ExplorerError> {
        let path = named.path;
        let start = Instant::now();
        let bar = Bar::default();
        let name = source.name();
        let progress = |progress| {
            if !self.is_job && !self.options.job.quiet {
                bar.show(&name, progress);
            }
        };
        let open = self.batch.open(named.image, source, &progress, self.stop)?;
        let photo = open.photo();
        drop(bar);
        let decode_ms = start.elapsed().as_secs_f64() * 1e3;
        let crop = self.wish.preprocessing.crop;
        if let Some(crop) = crop.filter(|crop| !crop.fits(photo.width, photo.height)) {
            return Err(ExplorerError::Request(format!(
                "{} has {} x {} pixels, of which {crop} is no part; give another --crop",
                path.display(),
                photo.width,
                photo.height
            )));
        }
        let answer = open.explain(&self.wish)?;
        let predicted = &answer.predicted;
        let place = out.map(|folder| Place {
            folder,
            stem: named.stem,
        });
        let mut reports = Vec::new();
        for &class in &answer.classes {
            for &layer in &self.wish.layers {
                reports.push(self.map_report(&open, path, &answer, (class, layer), place)?);
            }
        }
        let mut files = Files::default();
        if let Some(place) = place {
            files = (self.writing).write_image(&open, self.network, &self.wish, &answer, place)?;
        }
        let (predictions, complement) = self.predictions(predicted);
        let pictures = match &self.options.report {
            Some(_) => self.pictures(photo, &answer)?,
            None => Pictures::default(),
        };
        let report = ImageReport {
            image: path.display().to_string(),
            image_bytes: percent_encoded(path),
            sha256: open.sha256().map(str::to_owned),
            width: photo.width,
            height: photo.height,
            crop,
            device: self.network.device,
            choices: self.choices.clone(),
            weights: self.weights.clone(),
            predictions,
            complement,
            maps: reports,
            files: FilesReport::new(files),
            timings_ms: Timings {
                decode: decode_ms,
                preprocess: predicted.preprocess_ms,
                forward: predicted.forward_ms,
                maps: answer.maps_ms,
            },
        };
        Ok(Found { report, pictures })
    }

    /// Who stands against a class in its map, as far as that is known.
    fn rivals(&self, predicted: &Predicted, class: usize, layers: Layers) -> Option<Rivals> {
        let layer = layers.single()?;
        let is_known = self.wish.method.is_in_class_maps(&self.network.plan, layer);
        let is_asked = self.wish.score == Score::Probability && is_known;
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
        open: &Open<'_>,
        path: &Path,
        answer: &Answer,
        (class, id): (usize, Layers),
        place: Option<Place<'_>>,
    ) -> Result<MapReport, ExplorerError> {
        let options = self.options;
        let layer = id.name(&self.network.plan);
        let labels = &self.network.labels;
        let label = labels.display_name(class);
        let predicted = &answer.predicted;
        let no_map = || {
            let text = format!("{}: there is no map of class {class} at {layer}", path.display());
            ExplorerError::Request(text)
        };
        let panel = self.panel(answer, (class, id)).ok_or_else(no_map)?;
        let map = &*panel.map;
        let mut files = Files::default();
        if let Some(place) = place {
            files = self.writing.write_map(open, &panel, place)?;
        }
        let of_class = |values: &[f64]| values.get(class).copied().unwrap_or(0.0);
        Ok(MapReport {
            class,
            label,
            layer,
            score: self.wish.score.name(),
            method: options.method.name(),
            width: map.width,
            height: map.height,
            probability: of_class(&predicted.probabilities),
            logit: of_class(&predicted.logits),
            signed_min: map.min(),
            signed_max: map.max(),
            empty: map.is_empty(),
            middle: map.share_in_the_middle(),
            measures: (answer.measures.get(&(class, id))).map(|measures| MeasuresReport::new(measures, self.wish.fill)),
            rivals: self
                .rivals(predicted, class, id)
                .map(|rivals| RivalsReport::new(rivals, map, labels)),
            files: FilesReport::new(files),
        })
    }

    /// A map as the session draws it; none if there is no such map.
    pub fn panel(&self, answer: &Answer, place: (usize, Layers)) -> Option<Panel> {
        answer.panel(self.network, &self.wish, place, &self.writing)
    }
}
