//! What `explain` prints: the JSON documents that scripts rely on, and the same as text for people.

use std::fmt;
use std::io;
use std::path::PathBuf;

use serde::Serialize;

use super::Stop;
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
    writeln!(out, "{} ({} x {})", report.image.display(), report.width, report.height)?;
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
        let Files {
            overlay,
            heatmap,
            heat,
            signed,
        } = &map.files;
        for file in [overlay, heatmap, heat, signed].into_iter().flatten() {
            write!(out, "  {}", file.display())?;
        }
        writeln!(out)?;
    }
    Ok(out.flush()?)
}

/// One image of `explain --json`.
#[derive(Debug, Serialize)]
pub struct ImageReport {
    pub image: PathBuf,
    pub width: u32,
    pub height: u32,
    pub device: &'static str,
    pub weights: WeightsReport,
    pub predictions: Vec<PredictionReport>,
    /// Of a network with a single sigmoid, the class that its one value argues against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complement: Option<PredictionReport>,
    pub maps: Vec<MapReport>,
    pub timings_ms: Timings,
}

/// An image that failed.
#[derive(Debug, Serialize)]
pub struct ErrorReport {
    pub image: PathBuf,
    pub error: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct WeightsReport {
    pub name: String,
    pub sha256: String,
    pub classes: usize,
    /// What the probabilities are: `softmax`, `sigmoid`, or plain `values`.
    pub output: Output,
    pub input: InputReport,
}

/// What the network sees.
#[derive(Clone, Debug, Serialize)]
pub struct InputReport {
    pub width: usize,
    pub height: usize,
    /// The range outside of the network's file.
    pub pixels: &'static str,
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
    pub signed_min: f64,
    pub signed_max: f64,
    pub empty: bool,
    pub files: Files,
}

/// The files that were written for a map.
#[derive(Debug, Default, Serialize)]
pub struct Files {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlay: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heatmap: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heat: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
pub struct Timings {
    pub decode: f64,
    pub preprocess: f64,
    pub forward: f64,
    pub maps: f64,
}
