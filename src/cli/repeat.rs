//! `gradcam-explorer explain --from PICTURE`: a picture that this program wrote is made again, from what it says of itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::arguments::{Explain, NetworkArguments};
use super::{Stop, load, map_files, wait};
use crate::explain::{Fusion, Layers};
use crate::explorer::{
    Activity, Drawing, Existing, ExplainRequest, Explorer, Export, ExportRequest, ImageId, NetworkInfo, NetworkNote,
    NetworkSource, Panel, Predicted, Provenance, Purpose, Recipe, Reply, Request, Subject, find_network, find_photo,
};
use crate::imaging::{self, Difference};

/// Runs the command.
pub fn run(network: &NetworkArguments, options: &Explain, picture: &Path) -> Result<(), Stop> {
    if options.out.is_none() && !options.check {
        return Err(Stop::Usage(
            "--from needs --out DIR to make the picture again there, or --check to compare it".to_owned(),
        ));
    }
    let written = std::fs::read(picture).map_err(|error| {
        Stop::Failed(format!(
            "{} could not be read: {error}; check the path and its permissions",
            picture.display()
        ))
    })?;
    let provenance = match Provenance::in_file(&written) {
        None => Err(format!(
            "{} does not say how it was made; choose a picture that this program wrote",
            picture.display()
        )),
        Some(provenance) => provenance.map_err(|problem| format!("{}: {problem}", picture.display())),
    };
    let provenance = provenance.map_err(Stop::Failed)?;
    let mut repeat = Repeat {
        arguments: network,
        places: places(picture, &options.images),
        picture,
        explorer: Explorer::start(|| {})?,
        loaded: None,
        changed: Vec::new(),
    };
    let panels: Result<Vec<Panel>, String> = (0..)
        .zip(&provenance.panels)
        .map(|(number, recipe)| repeat.panel(ImageId(number), recipe))
        .collect();
    let drawing = Drawing {
        arrangement: provenance.arrangement,
        panels: panels.map_err(Stop::Failed)?,
    };
    let name = picture.file_name().unwrap_or_default();
    if let Some(folder) = &options.out {
        std::fs::create_dir_all(folder)
            .map_err(|error| Stop::Failed(format!("{} cannot be made: {error}", folder.display())))?;
        let path = repeat.write(drawing.clone(), folder.join(name), options.existing.into())?;
        if !options.check {
            println!("{}", path.display());
        }
    }
    if !options.check {
        for change in &repeat.changed {
            eprintln!("gradcam-explorer: {change}");
        }
        return Ok(());
    }
    let folder = tempfile::tempdir().map_err(|error| Stop::Failed(format!("no temporary folder: {error}")))?;
    let again = repeat.write(drawing, folder.path().join(name), Existing::Refuse)?;
    let again = std::fs::read(&again).map_err(|error| Stop::Failed(format!("{}: {error}", again.display())))?;
    let difference = imaging::difference(&written, &again)
        .map_err(|error| Stop::Failed(format!("{}: {error}", picture.display())))?;
    let differences = repeat
        .changed
        .iter()
        .cloned()
        .chain(in_words(difference, &provenance.version));
    let differences: Vec<String> = differences.collect();
    if differences.is_empty() {
        println!("same");
        return Ok(());
    }
    for difference in differences {
        println!("{difference}");
    }
    Err(Stop::Reported)
}

/// What is different about a picture that was made again; none if nothing is.
fn in_words(difference: Difference, version: &str) -> Option<String> {
    let text = match difference {
        Difference::None => return None,
        Difference::Size([width, height], [other_width, other_height]) => {
            format!("the picture has {width} x {height} pixels, made again {other_width} x {other_height}")
        }
        Difference::Pixels { differing, all, most } => {
            format!("{differing} of {all} pixels differ, by at most {most} of 255 levels")
        }
    };
    let here = env!("CARGO_PKG_VERSION");
    Some(if version == here {
        text
    } else {
        format!("{text}; it was made by version {version}, this is {here}")
    })
}

/// Where photos and networks may be: what a person names, then beside the picture, then here.
fn places(picture: &Path, named: &[PathBuf]) -> Vec<PathBuf> {
    let beside = picture.parent().filter(|folder| *folder != Path::new(""));
    let here = PathBuf::from(".");
    named
        .iter()
        .cloned()
        .chain(beside.map(Path::to_owned))
        .chain([here])
        .collect()
}

/// A picture being made again.
struct Repeat<'a> {
    arguments: &'a NetworkArguments,
    places: Vec<PathBuf>,
    picture: &'a Path,
    explorer: Explorer,
    /// The network that speaks, by what the picture says of it.
    loaded: Option<(NetworkNote, Arc<NetworkInfo>)>,
    /// What is no longer what it was, a sentence each.
    changed: Vec<String>,
}

impl Repeat<'_> {
    /// One map with its photo, computed again; the error is one sentence.
    fn panel(&mut self, image: ImageId, recipe: &Recipe) -> Result<Panel, String> {
        let picture = self.picture.display();
        let note = &recipe.image;
        let found = find_photo(note, &self.places).ok_or_else(|| {
            format!(
                "{picture} was made from {}, which is neither beside it nor here; name it behind the options",
                note.name
            )
        })?;
        if found.is_same == Some(false) {
            self.change(format!(
                "the photo was changed: {} is not the file that was drawn",
                note.name
            ));
        }
        let network = self.network(&recipe.network)?;
        let (class, than) = (recipe.class.index, recipe.rather_than.as_ref().map(|than| than.index));
        if let Some(class) = [Some(class), than]
            .into_iter()
            .flatten()
            .find(|&class| class >= network.plan.classes())
        {
            return Err(format!(
                "{} has no class {class}, of which {picture} is",
                network.weights.name
            ));
        }
        let layer = Layers::parse(&recipe.layer, &network.plan, Fusion::default()).ok();
        let layer = layer.or_else(|| network.plan.find(&recipe.layer).map(Layers::from));
        let layer = layer
            .filter(|layers| layers.all().all(|layer| recipe.method.has_map(&network.plan, layer)))
            .ok_or_else(|| {
                format!(
                    "{} has no layer {} with a map, at which {picture} is",
                    network.weights.name, recipe.layer
                )
            })?;
        let explorer = &self.explorer;
        explorer.send(Request::Open {
            image,
            source: found.source,
            urgent: false,
        });
        let opened = wait(explorer, Activity::Opening, |reply| match reply {
            Reply::Opened(opened) => Some(opened),
            _ => None,
        })?;
        if let Some(crop) = recipe.crop.filter(|crop| !crop.fits(opened.width, opened.height)) {
            let (name, width, height) = (&note.name, opened.width, opened.height);
            return Err(format!(
                "{name} has {width} x {height} pixels, of which {crop} is no part"
            ));
        }
        explorer.send(Request::Paint {
            image,
            painting: recipe.painting.clone(),
        });
        let preprocessing = recipe.preprocessing();
        explorer.send(Request::Predict {
            image,
            preprocessing,
            urgent: true,
        });
        let predicted = wait(explorer, Activity::Predicting, |reply| match reply {
            Reply::Predicted(predicted) => Some(predicted),
            _ => None,
        })?;
        Ok(Panel {
            image,
            of: Subject {
                preprocessing,
                target: recipe.target(),
                layer,
                channel: recipe.channel,
                score: recipe.score,
                method: recipe.method,
            },
            map: Arc::new(self.map(&network, recipe, layer, &predicted)?),
            answer: predicted.probabilities.get(class).copied(),
            look: recipe.look(),
            network,
        })
    }

    fn map(
        &self,
        network: &NetworkInfo,
        recipe: &Recipe,
        layers: Layers,
        predicted: &Predicted,
    ) -> Result<crate::explain::Map, String> {
        let (image, preprocessing) = (predicted.image, predicted.preprocessing);
        let Some(layer) = layers.single() else {
            let maps = layers
                .all()
                .map(|layer| self.map(network, recipe, layer.into(), predicted));
            let maps = maps.collect::<Result<Vec<_>, _>>()?;
            let fused = layers.fusion().fused(&maps.iter().collect::<Vec<_>>());
            return fused.ok_or_else(|| format!("{} has no map at {}", network.weights.name, recipe.layer));
        };
        if let Some(channel) = recipe.channel {
            self.explorer.send(Request::FeatureMap {
                image,
                preprocessing,
                layer,
                channel,
            });
            return wait(&self.explorer, Activity::Explaining, |reply| match reply {
                Reply::FeatureMap(found) => Some(found.map),
                _ => None,
            });
        }
        if recipe.method.is_in_class_maps(&network.plan, layer) {
            return Ok(predicted.class_maps.map(recipe.target(), recipe.score));
        }
        self.explorer.send(Request::Explain(ExplainRequest {
            image,
            preprocessing,
            purpose: Purpose::Main,
            targets: vec![recipe.target()],
            layers: vec![layer],
            score: recipe.score,
            method: recipe.method,
        }));
        let mut map = None;
        wait(&self.explorer, Activity::Explaining, |reply| match reply {
            Reply::Explained(explained) => {
                map = Some(explained.explanation.map);
                None
            }
            Reply::ExplainedAll { .. } => Some(()),
            _ => None,
        })?;
        map.ok_or_else(|| format!("the map of {} did not arrive", recipe.subject()))
    }

    /// The network of a panel: the one that the arguments name, else that of the picture, else what is found as usual.
    fn network(&mut self, note: &NetworkNote) -> Result<Arc<NetworkInfo>, String> {
        if let Some((loaded, network)) = &self.loaded
            && loaded == note
        {
            return Ok(network.clone());
        }
        let found = || find_network(note, &self.places);
        let source = match &self.arguments.weights {
            Some(_) => self.arguments.source(),
            None => found().unwrap_or(NetworkSource::Search(None)),
        };
        let said = self.arguments.choices();
        let choices = if said.is_empty() { note.choices() } else { said };
        let network = load(&self.explorer, source, choices, self.arguments.device.into())?;
        self.explorer.send(Request::Fingerprint);
        let sha256 = wait(&self.explorer, Activity::Fingerprinting, |reply| match reply {
            Reply::Fingerprint { sha256, .. } => Some(sha256),
            _ => None,
        })?;
        if note.sha256.as_ref().is_some_and(|wanted| *wanted != sha256) {
            let (here, wanted) = (&network.weights.name, &note.name);
            self.change(format!(
                "the network is another: {here} instead of {wanted} ({}); name it with --weights",
                note.file
            ));
        }
        self.loaded = Some((note.clone(), network.clone()));
        Ok(network)
    }

    /// Remembers what is no longer what it was, once.
    fn change(&mut self, text: String) {
        if !self.changed.contains(&text) {
            self.changed.push(text);
        }
    }

    fn write(&self, drawing: Drawing, path: PathBuf, existing: Existing) -> Result<PathBuf, Stop> {
        let files = vec![(Export::Picture(drawing), path.clone())];
        let written = map_files::send(&self.explorer, ExportRequest { files, existing }).map_err(Stop::Failed)?;
        Ok(written.into_iter().next().unwrap_or(path))
    }
}
