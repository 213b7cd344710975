//! `gradcam-explorer weights`: status, download, import and verification.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::arguments::{NetworkArguments, WeightsCommand};
use super::progress_bar::Bar;
use super::{Stop, start, wait};
use crate::explorer::{Activity, Explorer, ImageId, ImageSource, Reply, Request};
use crate::weights::{
    self, BuiltIn, Environment, Fingerprint, ImportOptions, PassedOver, Weights, WeightsError, verify,
};

/// Runs the command.
pub fn run(network: &NetworkArguments, command: WeightsCommand) -> Result<(), Stop> {
    match command {
        WeightsCommand::Status => status(network),
        WeightsCommand::Download => download(),
        WeightsCommand::Import { file, out } => import(network, file, out),
        WeightsCommand::Inspect { file } => inspect(network, &file),
        WeightsCommand::Verify { photograph } => verify(network, photograph.as_deref()),
    }
}

fn failed(error: WeightsError) -> Stop {
    Stop::Failed(error.to_string())
}

/// Every place that was looked at, and what is known of the weights in use.
fn status(network: &NetworkArguments) -> Result<(), Stop> {
    let located = weights::locate_with(
        network.weights.as_deref(),
        &network.choices(),
        &Environment::of_process(),
    )
    .map_err(failed)?;
    let mut out = io::stdout().lock();
    for visited in &located.visited {
        let path = visited
            .path
            .as_ref()
            .map(|path| format!(" ({})", path.display()))
            .unwrap_or_default();
        writeln!(out, "{}{path}: {}", visited.place.name(), visited.reason())?;
    }
    let weights = match located.weights {
        Some(weights) => weights,
        None => Weights::built_in(BuiltIn::default()).map_err(failed)?,
    };
    writeln!(out)?;
    describe(&mut out, &weights)?;
    if let Some(built_in) = weights.info().built_in {
        let knows = match built_in {
            BuiltIn::Photographs => "the 1000 classes of ImageNet (75 % top-1 by its authors)",
            BuiltIn::Drawings => "drawn things, not photographs",
        };
        writeln!(
            out,
            "This built-in network knows {knows}; `gradcam-explorer weights download`"
        )?;
        writeln!(out, "fetches the ImageNet weights of Keras' Xception (92 MB).")?;
    }
    Ok(())
}

/// Name, file, hash, classes, source and licence.
fn describe(out: &mut impl io::Write, weights: &Weights) -> Result<(), Stop> {
    let info = weights.info();
    let known = match weights.fingerprint().map_err(failed)? {
        Fingerprint::OfficialKeras => "official Keras ImageNet weights",
        Fingerprint::Port(source) => source.name,
        Fingerprint::Unknown => "no published weights",
    };
    let built_in = "inside the program".to_owned();
    writeln!(out, "network  {}", info.name)?;
    writeln!(
        out,
        "file     {}",
        info.path.as_ref().map_or(built_in, |path| path.display().to_string())
    )?;
    writeln!(out, "sha256   {}", weights.sha256().map_err(failed)?)?;
    writeln!(out, "known    {known}")?;
    writeln!(out, "classes  {}", info.classes)?;
    let plan = weights.plan();
    writeln!(out, "output   {} ({})", plan.output, info.output_said_by)?;
    let input = plan.input();
    writeln!(
        out,
        "input    {} x {} ({})",
        input.width, input.height, info.input_said_by
    )?;
    writeln!(out, "source   {}", info.source().unwrap_or("not recorded"))?;
    writeln!(out, "licence  {}", info.licence().unwrap_or("not recorded"))?;
    tell_passed_over(out, &info.passed_over)
}

/// What lies in a file beside its network, if something does.
fn tell_passed_over(out: &mut impl io::Write, passed_over: &PassedOver) -> Result<(), Stop> {
    if !passed_over.is_empty() {
        writeln!(out, "passed over: {passed_over}")?;
    }
    Ok(())
}

/// Downloads unless some weights are there already.
pub fn download_if_none(network: &NetworkArguments) -> Result<(), Stop> {
    let located = weights::locate_with(
        network.weights.as_deref(),
        &network.choices(),
        &Environment::of_process(),
    )
    .map_err(failed)?;
    if located.weights.is_some() { Ok(()) } else { download() }
}

fn download() -> Result<(), Stop> {
    let explorer = Explorer::start(|| {})?;
    explorer.send(Request::DownloadWeights);
    let bar = Bar::default();
    let path = wait(&explorer, Activity::GettingWeights, |reply| match reply {
        Reply::Downloading { what, progress } => {
            bar.show(&what, progress);
            None
        }
        Reply::WeightsReady(path) => Some(path),
        _ => None,
    });
    drop(bar);
    writeln!(io::stdout(), "{}", path.map_err(Stop::Failed)?.display())?;
    Ok(())
}

/// Through the session, so that a file that upsets a parser fails in words.
fn import(network: &NetworkArguments, file: PathBuf, out: Option<PathBuf>) -> Result<(), Stop> {
    let explorer = Explorer::start(|| {})?;
    let options = ImportOptions {
        choices: network.choices(),
        pixels: network.pixels.map(|pixels| pixels.to_string()),
        resize: network.resize.map(|resize| resize.to_string()),
        fit: network.fit.map(|fit| fit.to_string()),
        ..ImportOptions::default()
    };
    explorer.send(Request::ImportWeights { file, out, options });
    let path = wait(&explorer, Activity::GettingWeights, |reply| match reply {
        Reply::WeightsReady(path) => Some(path),
        _ => None,
    })
    .map_err(Stop::Failed)?;
    let weights = Weights::open(&path).map_err(failed)?;
    describe(&mut io::stdout().lock(), &weights)
}

/// The layers of a file as a table; status 1 if it cannot be explained, with the reason.
fn inspect(network: &NetworkArguments, file: &Path) -> Result<(), Stop> {
    let inspection = weights::inspect(file, &network.choices()).map_err(failed)?;
    let mut out = io::stdout().lock();
    let width = inspection
        .lines
        .iter()
        .map(|line| line.layer.chars().count())
        .max()
        .unwrap_or(0);
    for line in &inspection.lines {
        let shape = line.shape.map_or_else(String::new, |[height, width, channels]| {
            format!("{height}x{width}x{channels}")
        });
        let parameters = line.parameters.map_or_else(String::new, |count| count.to_string());
        writeln!(
            out,
            "{:<width$}  {:<24} {shape:>15} {parameters:>10}  {}",
            line.layer,
            line.class.as_deref().unwrap_or_default(),
            line.taken_for.as_deref().unwrap_or("not understood")
        )?;
    }
    tell_passed_over(&mut out, &inspection.passed_over)?;
    match inspection.refusal {
        Some(refusal) => Err(failed(refusal)),
        None => Ok(()),
    }
}

/// Checks every value; with the tutorial's photograph, its printed top ten too.
fn verify(network: &NetworkArguments, photograph: Option<&Path>) -> Result<(), Stop> {
    let located = weights::locate_with(
        network.weights.as_deref(),
        &network.choices(),
        &Environment::of_process(),
    )
    .map_err(failed)?;
    let weights = match located.weights {
        Some(weights) => weights,
        None => Weights::built_in(BuiltIn::default()).map_err(failed)?,
    };
    weights.check_values().map_err(failed)?;
    let mut out = io::stdout().lock();
    describe(&mut out, &weights)?;
    writeln!(out, "values   all finite")?;
    let Some(photograph) = photograph else { return Ok(()) };

    let input = network.input();
    let (explorer, network) = start(network)?;
    let image = ImageId(0);
    explorer.send(Request::Open {
        image,
        source: ImageSource::from_argument(photograph),
        urgent: false,
    });
    wait(&explorer, Activity::Opening, |reply| {
        matches!(reply, Reply::Opened(_)).then_some(())
    })
    .map_err(Stop::Failed)?;
    explorer.send(Request::Predict {
        image,
        preprocessing: input.over(network.usual),
        urgent: true,
    });
    let predicted = wait(&explorer, Activity::Predicting, |reply| match reply {
        Reply::Predicted(predicted) => Some(predicted),
        _ => None,
    })
    .map_err(Stop::Failed)?;
    let top: Vec<(String, f32)> = predicted
        .ranking
        .iter()
        .take(verify::TUTORIAL_TOP_TEN.len())
        .filter_map(|&class| {
            Some((
                network.labels.get(class)?.name.clone(),
                *predicted.probabilities.get(class)? as f32,
            ))
        })
        .collect();
    let lines = verify::compare(&top);
    writeln!(
        out,
        "\n{:<4} {:<28} {:>10}   {:<28} {:>10}",
        "", "tutorial", "", "this network", ""
    )?;
    for line in &lines {
        let (name, probability) = line.found.clone().unwrap_or_default();
        let mark = if line.agrees { "" } else { "differs" };
        writeln!(
            out,
            "{:>3}  {:<28} {:>10.6}   {name:<28} {probability:>10.6} {mark}",
            line.rank, line.expected.0, line.expected.1
        )?;
    }
    if lines.iter().all(|line| line.agrees) {
        Ok(())
    } else {
        Err(Stop::Failed(
            "the predictions are not those that the tutorial prints for its photograph".to_owned(),
        ))
    }
}
