//! The command line: arguments in, text or JSON out. A thin face of [`Explorer`], as the window is.
//!
//! Exit status: 0 when all went well, 1 when something failed, 2 when the arguments make no sense, 130 when it was
//! interrupted.

mod arguments;
mod batch;
mod bench;
mod csv;
mod examples;
mod explain;
mod guesses;
mod html_report;
mod inputs;
mod interrupt;
mod lists;
mod map_files;
mod measures_report;
mod progress;
mod progress_bar;
mod repeat;
mod report;
mod results;
mod shell;
mod suggest;
mod weights;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Parser as _;

use crate::explorer::{
    Activity, DeviceChoice, Explorer, ExplorerError, NetworkInfo, NetworkSource, Reply, Request, Surroundings,
};
use crate::weights::NetworkChoices;
use arguments::{Arguments, Command, NetworkArguments};

/// Why a command ends early.
#[derive(Debug)]
pub enum Stop {
    /// The arguments make no sense: status 2.
    Usage(String),
    /// Something failed: status 1.
    Failed(String),
    /// Failures were reported already: status 1.
    Reported,
    /// Nobody reads the output any more: status 0.
    OutputClosed,
    /// The person wanted no more: status 130, after one sentence.
    Interrupted(String),
}

impl From<ExplorerError> for Stop {
    fn from(error: ExplorerError) -> Self {
        match error {
            ExplorerError::Request(text) => Self::Usage(text),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Failed(format!("the output cannot be written: {error}")),
        }
    }
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let started = Instant::now();
    let arguments = Arguments::parse();
    let result = run(arguments, started);
    let (text, status) = match result {
        Ok(()) | Err(Stop::OutputClosed) => return ExitCode::SUCCESS,
        Err(Stop::Reported) => return ExitCode::from(1),
        Err(Stop::Failed(text)) => (text, 1),
        Err(Stop::Usage(text)) => (text, 2),
        Err(Stop::Interrupted(text)) => (text, interrupt::INTERRUPTED),
    };
    eprintln!("gradcam-explorer: {text}");
    ExitCode::from(status)
}

/// Does what the arguments say.
fn run(arguments: Arguments, started: Instant) -> Result<(), Stop> {
    let network = &arguments.network;
    match arguments.command {
        Some(_) if !arguments.images.is_empty() => Err(Stop::Usage(
            "images stand behind the command: gradcam-explorer explain IMAGE".to_owned(),
        )),
        None => open_window(arguments),
        Some(Command::Explain(options)) => match &options.from {
            Some(picture) => repeat::run(network, &options, picture),
            None => explain::run(network, &options),
        },
        Some(Command::Weights(command)) => weights::run(network, command),
        Some(Command::Bench(options)) => bench::run(network, &options, started),
        Some(Command::Layers { json }) => lists::layers(network, json),
        Some(Command::Classes { query, json }) => lists::classes(network, &query.join(" "), json),
        Some(Command::Completions { shell }) => shell::completions(shell),
        Some(Command::Man { out }) => shell::man(out.as_deref()),
    }
}

fn open_window(arguments: Arguments) -> Result<(), Stop> {
    if let Some(suggestion) = arguments.images.first().and_then(|word| suggest::command(word)) {
        return Err(Stop::Usage(suggestion));
    }
    let source = arguments.network.source();
    let options = crate::gui::Options {
        images: arguments.images,
        greet: true,
        source,
        choices: arguments.network.choices(),
        input: arguments.network.input(),
        device: arguments.network.device.into(),
        settings: crate::gui::settings_file(),
        surroundings: Surroundings::of_process(),
    };
    crate::gui::run(options).map_err(|error| Stop::Failed(error.to_string()))
}

/// A session with the network of the arguments, waited for.
fn start(arguments: &NetworkArguments) -> Result<(Explorer, Arc<NetworkInfo>), Stop> {
    let explorer = Explorer::start(|| {})?;
    let (source, choices) = (arguments.source(), arguments.choices());
    let network = load(&explorer, source, choices, arguments.device.into()).map_err(Stop::Failed)?;
    Ok((explorer, network))
}

/// Lets a session speak with a network, waited for.
fn load(
    explorer: &Explorer,
    source: NetworkSource,
    choices: NetworkChoices,
    device: DeviceChoice,
) -> Result<Arc<NetworkInfo>, String> {
    explorer.send(Request::UseNetwork {
        source,
        choices,
        device,
    });
    let network = wait(explorer, Activity::LoadingNetwork, |reply| match reply {
        Reply::Network(info) => Some(info),
        _ => None,
    })?;
    tell_notes(&network);
    Ok(network)
}

/// What a person should know of a network that was loaded.
fn tell_notes(network: &NetworkInfo) {
    for note in [&network.device_note, &network.labels_note].into_iter().flatten() {
        eprintln!("gradcam-explorer: {note}");
    }
}

/// Waits for the reply that `pick` takes, or for the failure of that activity.
fn wait<T>(explorer: &Explorer, activity: Activity, mut pick: impl FnMut(Reply) -> Option<T>) -> Result<T, String> {
    loop {
        match explorer.recv() {
            None => return Err("the worker ended; please report this".to_owned()),
            Some(Reply::Failed(failure)) if failure.during == activity => return Err(failure.error.to_string()),
            Some(reply) => {
                if let Some(found) = pick(reply) {
                    return Ok(found);
                }
            }
        }
    }
}
