//! Looks for weights in all places where they may be, and remembers why each was passed over.

use std::fs;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::hub;
use crate::models::keras::NetworkChoices;
use crate::weights::built_in::BuiltIn;
use crate::weights::checked::Weights;
use crate::weights::error::WeightsError;

/// A place where weights may be, in the order in which they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `--weights FILE`.
    Argument,
    /// `GRADCAM_WEIGHTS`.
    Variable,
    /// `weights/*.safetensors` in the working directory.
    WorkingFolder,
    /// `weights/*.safetensors` beside the executable.
    ExecutableFolder,
    /// `weights/*.safetensors` in the program's data folder.
    DataFolder,
    /// The Hugging Face Hub's cache.
    HubCache,
    /// The network built into the program.
    BuiltIn,
}

impl Place {
    /// The place in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Argument => "--weights",
            Self::Variable => super::environment::WEIGHTS_VARIABLE,
            Self::WorkingFolder => "weights folder in the working directory",
            Self::ExecutableFolder => "weights folder beside the program",
            Self::DataFolder => "the program's data folder",
            Self::HubCache => "Hugging Face cache",
            Self::BuiltIn => "built into the program",
        }
    }
}

/// What became of a place or of one file in it.
#[derive(Debug)]
pub enum Outcome {
    /// These weights speak.
    Chosen,
    /// Usable, but an earlier place had others.
    Later,
    /// Nobody has set it.
    NotSet,
    /// Nothing is there.
    Empty,
    /// The copy of a network built into the program.
    BuiltInCopy,
    /// A file is there and cannot be used.
    Refused(WeightsError),
}

/// One place or one file in it, and what became of it.
#[derive(Debug)]
pub struct Visited {
    /// The place.
    pub place: Place,
    /// The file or folder, as far as there is one.
    pub path: Option<PathBuf>,
    /// What became of it.
    pub outcome: Outcome,
}

impl Visited {
    /// Why it was chosen or passed over, in words.
    pub fn reason(&self) -> String {
        match &self.outcome {
            Outcome::Chosen => "used".to_owned(),
            Outcome::Later => "passed over, since an earlier place has weights".to_owned(),
            Outcome::NotSet => "not set".to_owned(),
            Outcome::Empty => "no weights there".to_owned(),
            Outcome::BuiltInCopy => "passed over, since it is built into the program".to_owned(),
            Outcome::Refused(error) => format!("passed over: {error}"),
        }
    }
}

/// The outcome of the search.
#[derive(Debug)]
pub struct Located {
    /// The first usable weights; none means the network built into the program.
    pub weights: Option<Weights>,
    /// All places in order, [`Place::BuiltIn`] last.
    pub visited: Vec<Visited>,
}

/// Looks for weights: the argument, the variable, the folders, the Hub's cache; else the network built in.
///
/// Every place is visited, so that a report can tell about all of them; files in a folder come in the order of their
/// names.
///
/// # Errors
/// A file that was asked for by argument or variable must be usable: no other may speak in its place.
pub fn locate(argument: Option<&Path>, environment: &Environment) -> Result<Located, WeightsError> {
    locate_with(argument, &NetworkChoices::default(), environment)
}

/// The same, with what a person says of the network; it is said of the file that is found as well as of one asked for.
///
/// # Errors
/// As [`locate`], and choices that do not fit.
pub fn locate_with(
    argument: Option<&Path>,
    choices: &NetworkChoices,
    environment: &Environment,
) -> Result<Located, WeightsError> {
    let mut search = Search {
        choices: choices.clone(),
        ..Search::default()
    };
    search.asked_for(Place::Argument, argument)?;
    search.asked_for(Place::Variable, environment.weights.as_deref())?;
    let working = environment.working.as_deref();
    let folder_of = |folder: Option<&Path>| folder.map(|folder| folder.join("weights"));
    search.folder(Place::WorkingFolder, folder_of(working));
    if environment.executable.as_deref() != working {
        search.folder(Place::ExecutableFolder, folder_of(environment.executable.as_deref()));
    }
    search.folder(Place::DataFolder, environment.weights_folder());
    let cache = environment.hub_cache.clone();
    let files = cache.as_deref().map(hub::cached).unwrap_or_default();
    search.files(Place::HubCache, cache, files);
    let outcome = if search.weights.is_some() {
        Outcome::Later
    } else {
        Outcome::Chosen
    };
    search.visit(Place::BuiltIn, None, outcome);
    let is_asked_for = argument.is_some() || environment.weights.is_some();
    let found = search.weights.as_ref().and_then(|weights| weights.info().path.clone());
    if let Some(file) = found.filter(|_| !is_asked_for && !choices.is_empty()) {
        search.weights = Some(Weights::open_with(&file, choices)?);
    }
    Ok(Located {
        weights: search.weights,
        visited: search.visited,
    })
}

#[derive(Default)]
struct Search {
    choices: NetworkChoices,
    weights: Option<Weights>,
    visited: Vec<Visited>,
}

impl Search {
    fn visit(&mut self, place: Place, path: Option<PathBuf>, outcome: Outcome) {
        self.visited.push(Visited { place, path, outcome });
    }

    fn asked_for(&mut self, place: Place, file: Option<&Path>) -> Result<(), WeightsError> {
        let Some(file) = file else {
            self.visit(place, None, Outcome::NotSet);
            return Ok(());
        };
        if self.weights.is_some() {
            self.visit(place, Some(file.to_owned()), Outcome::Later);
            return Ok(());
        }
        self.weights = Some(match BuiltIn::named(file) {
            Some(built_in) => Weights::built_in(built_in)?,
            None => Weights::open_with(file, &self.choices)?,
        });
        self.visit(place, Some(file.to_owned()), Outcome::Chosen);
        Ok(())
    }

    fn folder(&mut self, place: Place, folder: Option<PathBuf>) {
        let mut files: Vec<PathBuf> = folder
            .as_deref()
            .and_then(|folder| fs::read_dir(folder).ok())
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|file| file.extension().is_some_and(|extension| extension == "safetensors"))
            .collect();
        files.sort();
        self.files(place, folder, files);
    }

    fn files(&mut self, place: Place, folder: Option<PathBuf>, files: Vec<PathBuf>) {
        if files.is_empty() {
            self.visit(place, folder, Outcome::Empty);
        }
        for file in files {
            // they lie in the repository's `weights` folder too, where they must not hide real ones
            let is_copy = BuiltIn::ALL
                .iter()
                .any(|built_in| file.file_name().is_some_and(|name| name == built_in.file()));
            let outcome = if is_copy {
                Outcome::BuiltInCopy
            } else {
                match self.usable(&file) {
                    Err(error) => Outcome::Refused(error),
                    Ok(_) if self.weights.is_some() => Outcome::Later,
                    Ok(weights) => {
                        self.weights = Some(weights);
                        Outcome::Chosen
                    }
                }
            };
            self.visit(place, Some(file), outcome);
        }
    }

    /// A file nobody asked for, as it is; with the choices where they are what it lacks.
    fn usable(&self, file: &Path) -> Result<Weights, WeightsError> {
        match Weights::open(file) {
            Err(_) if !self.choices.is_empty() => Weights::open_with(file, &self.choices),
            opened => opened,
        }
    }
}
