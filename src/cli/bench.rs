//! `gradcam-explorer bench`: how long a forward pass, the maps and the start take, as one line of JSON.
//!
//! The environment variables exist so that one script can time this program beside others: `T0_UNIX` (launch time in
//! seconds), `BENCH_IMAGE`, `BENCH_WEIGHTS_SAFETENSORS`, `BENCH_RUNS` and `BENCH_STARTUP=1` (stop after the first heatmap).

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::Stop;
use super::arguments::{Bench, NetworkArguments};
use crate::explain::{self, ClassMaps, Method, Score, Target};
use crate::explorer::{NetworkSource, input_of, load_network};
use crate::imaging::{self, Limits, Preprocessing};
use crate::network::{LayerId, Network, NetworkError};
use crate::samples::SAMPLES;
use crate::weights::Environment;

/// Calls before the timed ones.
const WARM_UP: usize = 3;
/// The first class asked for and the one clicked next (or, in small networks, the last two).
const CLASSES: [usize; 2] = [285, 515];
/// The early layer that is timed.
const EARLY_LAYER: &str = "block3_sepconv2_bn";

/// Medians in ms, memory in MiB.
#[derive(Debug, Default, Serialize)]
struct BenchReport {
    device: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    forward_ms: Option<f64>,
    /// Forward pass and the map of a class at the last feature layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    cam_last_ms: Option<f64>,
    /// Another class at that layer, same image.
    #[serde(skip_serializing_if = "Option::is_none")]
    cam_other_ms: Option<f64>,
    /// The maps of all classes at that layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    cam_all_classes_ms: Option<f64>,
    /// Another class at an early layer, same image.
    #[serde(skip_serializing_if = "Option::is_none")]
    cam_early_ms: Option<f64>,
    /// All layers of one class, same image.
    #[serde(skip_serializing_if = "Option::is_none")]
    cam_all_layers_ms: Option<f64>,
    /// The forward pass once maps of other layers were asked for, so that all activations are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    forward_kept_ms: Option<f64>,
    /// From the launch (or the start of `main`) to the first heatmap.
    first_heatmap_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rss_first_mb: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rss_peak_mb: Option<f64>,
    top1: usize,
    p_top1: f64,
}

/// Runs the command; `started` is when `main` began.
pub fn run(arguments: &NetworkArguments, options: &Bench, started: Instant) -> Result<(), Stop> {
    let device = |error: NetworkError| Stop::Failed(error.to_string());
    let source = environment("BENCH_WEIGHTS_SAFETENSORS")
        .map_or_else(|| arguments.source(), |file| NetworkSource::File(PathBuf::from(file)));
    let loaded = load_network(
        &source,
        &arguments.choices(),
        arguments.device.into(),
        &Environment::of_process(),
    )?;
    let mut network = loaded.network;
    let input = input(options, network.as_ref(), arguments.input().over(loaded.usual))?;

    let plan = network.plan().clone();
    let classes = plan.classes();
    let [first, other] = CLASSES.map(|class| class.min(classes.saturating_sub(1)));
    let logits = plan.output.class_logits(&network.forward(&input).map_err(device)?);
    let maps = ClassMaps::new(network.as_ref(), &logits).map_err(device)?;
    let heat = maps.map(Target::Class(first), Score::Probability).heat();
    let probabilities = plan.output.answers(&logits);
    let top1 = (0..classes)
        .max_by(|&a, &b| logits[a].total_cmp(&logits[b]))
        .unwrap_or(0);
    let mut report = BenchReport {
        device: loaded.device,
        first_heatmap_s: since_launch(started),
        rss_first_mb: peak_memory_mb(),
        top1,
        p_top1: probabilities.get(top1).copied().unwrap_or(0.0),
        ..BenchReport::default()
    };
    std::hint::black_box(heat);
    if environment("BENCH_STARTUP").as_deref() != Some("1") {
        let runs = environment("BENCH_RUNS")
            .and_then(|runs| runs.parse().ok())
            .unwrap_or(options.runs);
        let score = Score::Probability;
        report.forward_ms = Some(median_ms(runs, || network.forward(&input).map(drop)).map_err(device)?);
        let cam_last = || {
            let logits = plan.output.class_logits(&network.forward(&input)?);
            let maps = ClassMaps::new(network.as_ref(), &logits)?;
            std::hint::black_box(maps.map(Target::Class(first), score).heat());
            Ok(())
        };
        report.cam_last_ms = Some(median_ms(runs, cam_last).map_err(device)?);
        let cam_other = || {
            std::hint::black_box(maps.map(Target::Class(other), score).heat());
            Ok(())
        };
        report.cam_other_ms = Some(median_ms(runs, cam_other).map_err(device)?);
        let all_classes = || {
            let maps = ClassMaps::new(network.as_ref(), &logits)?;
            for class in 0..classes {
                std::hint::black_box(maps.map(Target::Class(class), score).heat());
            }
            Ok(())
        };
        report.cam_all_classes_ms = Some(median_ms(runs, all_classes).map_err(device)?);
        let early: Vec<LayerId> = plan.find(EARLY_LAYER).into_iter().collect();
        let all: Vec<LayerId> = plan.mappable().collect();
        let mut sweep = |layers: &[LayerId]| {
            median_ms(runs, || {
                let targets = [Target::Class(other)];
                let method = Method::GradCam;
                explain::backward(
                    network.as_mut(),
                    &logits,
                    &targets,
                    layers,
                    score,
                    method,
                    &|| false,
                    &mut |found| {
                        std::hint::black_box(found.map.heat());
                    },
                )
            })
        };
        report.cam_early_ms = Some(sweep(&early).map_err(device)?);
        report.cam_all_layers_ms = Some(sweep(&all).map_err(device)?);
        report.forward_kept_ms = Some(median_ms(runs, || network.forward(&input).map(drop)).map_err(device)?);
        report.rss_peak_mb = peak_memory_mb();
    }
    let line = serde_json::to_string(&report).map_err(|error| Stop::Failed(error.to_string()))?;
    let mut out = io::stdout().lock();
    if options.json {
        writeln!(out, "{line}")?;
    } else {
        writeln!(
            out,
            "{}",
            line.trim_matches(['{', '}'])
                .replace(',', "\n")
                .replace('"', "")
                .replace(':', " ")
        )?;
    }
    Ok(())
}

/// The network's input from the image of the options, the environment or the samples.
fn input(options: &Bench, network: &dyn Network, preprocessing: Preprocessing) -> Result<Vec<f32>, Stop> {
    let file = options
        .image
        .clone()
        .or_else(|| environment("BENCH_IMAGE").map(PathBuf::from));
    let (name, bytes) = match file {
        Some(file) => {
            let name = file.display().to_string();
            let bytes = std::fs::read(&file).map_err(|error| Stop::Failed(format!("{name}: {error}")))?;
            (name, bytes)
        }
        None => (SAMPLES[0].title.to_owned(), SAMPLES[0].bytes.to_owned()),
    };
    let photo =
        imaging::decode(&bytes, &Limits::default()).map_err(|error| Stop::Failed(format!("{name}: {error}")))?;
    Ok(input_of(&photo, network.plan().input(), preprocessing))
}

/// The median time of `runs` calls after some to warm up.
fn median_ms(runs: usize, mut call: impl FnMut() -> Result<(), NetworkError>) -> Result<f64, NetworkError> {
    for _ in 0..WARM_UP {
        call()?;
    }
    let mut times = Vec::new();
    for _ in 0..runs.max(1) {
        let start = Instant::now();
        call()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Seconds since the launch that `T0_UNIX` names, else since `main` began.
fn since_launch(started: Instant) -> f64 {
    let launch = environment("T0_UNIX").and_then(|seconds| seconds.parse::<f64>().ok());
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|time| time.as_secs_f64());
    match (launch, now) {
        (Some(launch), Ok(now)) if now > launch => now - launch,
        _ => started.elapsed().as_secs_f64(),
    }
}

/// The most memory this process has held, in MiB; known on Linux only.
fn peak_memory_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}
