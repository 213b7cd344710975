//! What `explain` prints: the JSON documents that scripts rely on, and the same as text for people.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;

use serde::Serialize;

use super::Stop;
use super::measures_report::MeasuresReport;
use crate::explain::{Map, Rivals};
use crate::explorer::{Files, percent_encoded};
use crate::imaging::Region;
use crate::labels::Labels;
use crate::network::Output;
use crate::weights::SaidBy;

/// Prints one document as one line, at once.
pub fn print_json(out: &mut impl io::Write, document: &impl Serialize) -> Result<(), Stop> {
    let line = serde_json::to_string(document).map_err(|error| Stop::Failed(error.to_string()))?;
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// Prints one image as text.
pub fn print_text(out: &mut impl io::Write, report: &ImageReport) -> Result<(), Stop> {
    let part = report
        .crop
        .map_or_else(String::new, |crop| format!(", of which {crop}"));
    writeln!(out, "{} ({} x {}{part})", report.image, report.width, report.height)?;
    let mut predictions: Vec<_> = report.predictions.iter().chain(&report.complement).collect();
    predictions.sort_by_key(|prediction| prediction.rank);
    for p in predictions {
        let answer = if report.weights.output.is_probability() {
            format!("{:>7.3} %", p.probability * 100.0)
        } else {
            format!("{:>9.4}", p.probability)
        };
        writeln!(
            out,
            "{:>4}  {answer}  {:<28} {:>4}  {}",
            p.rank,
            p.label,
            p.index,
            p.wnid.as_deref().unwrap_or_default()
        )?;
    }
    for map in &report.maps {
        let state = if map.empty { "no evidence" } else { "ok" };
        write!(
            out,
            "  map of {} ({}) at {}, {} x {}: {state}",
            map.label, map.class, map.layer, map.width, map.height
        )?;
        for file in map.files.all() {
            write!(out, "  {file}")?;
        }
        writeln!(out)?;
        if let Some(measures) = &map.measures {
            writeln!(out, "    {}", measures.text())?;
        }
        if let Some(rivals) = map.rivals.as_ref().filter(|rivals| rivals.prevail) {
            writeln!(
                out,
                "    mostly says: not {} ({}); --score logit explains {} alone",
                rivals.label, rivals.class, map.label
            )?;
        }
    }
    for file in report.files.all() {
        writeln!(out, "  {file}")?;
    }
    Ok(out.flush()?)
}

/// One image of `explain --json`.
#[derive(Debug, Serialize)]
pub struct ImageReport {
    /// Its path, with replacement characters for what is no text.
    pub image: String,
    /// The path in percent encoding, if it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_bytes: Option<String>,
    /// Of its file, 64 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    pub width: u32,
    pub height: u32,
    /// The part of it that the network saw, if not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<Region>,
    pub device: &'static str,
    /// Hash of all choices that the result depends on.
    pub choices: String,
    pub weights: WeightsReport,
    pub predictions: Vec<PredictionReport>,
    /// Of a network with a single sigmoid, the class that its one value argues against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complement: Option<PredictionReport>,
    pub maps: Vec<MapReport>,
    /// What was written of the image itself: its predictions and sheets.
    #[serde(skip_serializing_if = "FilesReport::is_empty")]
    pub files: FilesReport,
    pub timings_ms: Timings,
}

/// An image that failed.
#[derive(Debug, Serialize)]
pub struct ErrorReport {
    pub image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_bytes: Option<String>,
    pub choices: String,
    pub error: String,
}

impl ErrorReport {
    /// The image by its path, and one sentence.
    pub fn new(image: &Path, choices: &str, error: String) -> Self {
        Self {
            image: image.display().to_string(),
            image_bytes: percent_encoded(image),
            choices: choices.to_owned(),
            error,
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct WeightsReport {
    pub name: String,
    pub sha256: String,
    pub classes: usize,
    /// What the probabilities are: `softmax`, `sigmoid`, or plain `values`.
    pub output: Output,
    /// Who says so.
    pub output_from: SaidBy,
    pub input: InputReport,
}

/// What the network sees.
#[derive(Clone, Debug, Serialize)]
pub struct InputReport {
    pub width: usize,
    pub height: usize,
    /// The range outside of the network's file.
    pub pixels: &'static str,
    /// Who says that range.
    pub pixels_from: SaidBy,
    pub resize: &'static str,
    pub fit: &'static str,
    /// Who says the size.
    pub from: SaidBy,
}

impl fmt::Display for InputReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            width,
            height,
            pixels,
            pixels_from: _,
            resize,
            fit,
            from: _,
        } = self;
        write!(f, "{width} x {height}, {pixels}, {resize}, {fit}")
    }
}

#[derive(Debug, Serialize)]
pub struct PredictionReport {
    pub rank: usize,
    pub index: usize,
    pub wnid: Option<String>,
    pub label: String,
    pub probability: f64,
    pub logit: f64,
}

#[derive(Debug, Serialize)]
pub struct MapReport {
    pub class: usize,
    pub label: String,
    pub layer: String,
    pub score: &'static str,
    pub method: &'static str,
    pub width: usize,
    pub height: usize,
    /// What the network answers for the class.
    pub probability: f64,
    pub logit: f64,
    pub signed_min: f64,
    pub signed_max: f64,
    pub empty: bool,
    /// The share of its positive evidence in the middle of what the network saw, half as wide and half as high.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle: Option<f64>,
    /// What was measured of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measures: Option<MeasuresReport>,
    /// Of the probability of a softmax, at the last layer, for any class but the likeliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rivals: Option<RivalsReport>,
    pub files: FilesReport,
}

/// What the map of a probability says of the likeliest class.
#[derive(Debug, Serialize)]
pub struct RivalsReport {
    /// The likeliest class.
    class: usize,
    label: String,
    /// How much of the map is about others than its own class.
    share: f64,
    /// Whether the map mostly says "not the likeliest class".
    prevail: bool,
}

impl RivalsReport {
    /// Of one map.
    pub fn new(rivals: Rivals, map: &Map, labels: &Labels) -> Self {
        Self {
            class: rivals.winner,
            label: labels.display_name(rivals.winner),
            share: rivals.share,
            prevail: rivals.prevail() || map.is_empty(),
        }
    }
}

/// The files that were written for a map, by what they are. A path that is no text has replacement characters in it, and
/// comes a second time in percent encoding, as `overlay_bytes` and so on.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub struct FilesReport(BTreeMap<String, String>);

impl FilesReport {
    /// By their paths.
    pub fn new(files: Files) -> Self {
        let mut report = BTreeMap::new();
        for (what, path) in files.named() {
            let bytes = percent_encoded(&path).map(|bytes| (format!("{what}_bytes"), bytes));
            report.extend(bytes);
            report.insert(what, path.display().to_string());
        }
        Self(report)
    }

    /// Whether nothing was written.
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is printed for people: pictures, then numbers.
    fn all(&self) -> impl Iterator<Item = &String> {
        const NUMBERS: [&str; 4] = ["heat", "signed", "csv", "json"];
        let is_picture = |what: &str| !NUMBERS.contains(&what);
        let files = self.0.iter().filter(|(what, _)| !what.ends_with("_bytes"));
        let pictures = files.clone().filter(move |(what, _)| is_picture(what));
        let numbers = files.filter(move |(what, _)| !is_picture(what));
        pictures.chain(numbers).map(|(_, path)| path)
    }

    /// The paths, in percent encoding where they are no text.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(|(what, _)| !what.ends_with("_bytes"));
        named.map(|(what, path)| self.0.get(&format!("{what}_bytes")).unwrap_or(path).as_str())
    }
}

#[derive(Debug, Serialize)]
pub struct Timings {
    pub decode: f64,
    pub preprocess: f64,
    pub forward: f64,
    pub maps: f64,
}
