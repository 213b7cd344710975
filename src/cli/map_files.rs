//! The files of `explain --out`: what they are called, and what is written into them.

use std::path::{Path, PathBuf};

use super::arguments::{Explain, Write};
use super::wait;
use crate::explain::Target;
use crate::explorer::{
    Activity, Answers, Arrangement, Drawing, Existing, Explorer, ExplorerError, Export, ExportRequest, Look, Open,
    Panel, Reply, Request, Subject, View, file_name,
};

/// The files that were written for a map, by what they are.
#[derive(Debug, Default)]
pub struct Files(Vec<(String, PathBuf)>);

impl Files {
    /// Those that were written, by what they are.
    pub fn named(self) -> impl Iterator<Item = (String, PathBuf)> {
        self.0.into_iter()
    }

    /// These and others.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }
}

/// How the options want a map to be shown.
pub fn look(options: &Explain, view: View) -> Look {
    Look {
        view,
        colormap: options.colormap,
        cells: options.cells,
        maximum: options.maximum,
    }
}

/// What is to be written for a map: what each file is, what is in it, and how its name ends.
fn exports(options: &Explain, panel: &Panel) -> Vec<(&'static str, Export, String)> {
    let format = options.format.endings()[0];
    let picture = |view: View| {
        let panel = Panel {
            look: look(options, view),
            ..panel.clone()
        };
        let export = Export::Picture(Drawing::of(panel));
        vec![(view.name(), export, format!(".{}.{format}", view.name()))]
    };
    let overlay = View::Overlay { blend: options.blend };
    let mut wanted = options.write.clone();
    if wanted.is_empty() {
        wanted.push(Write::Overlay);
    }
    let files = wanted.into_iter().flat_map(|what| match what {
        Write::Overlay => picture(overlay),
        Write::Heatmap => picture(View::Heatmap),
        Write::Mask => picture(View::Mask {
            threshold: options.threshold,
        }),
        Write::Lines => picture(View::Lines),
        Write::Beside => picture(View::Beside),
        Write::Raw => vec![
            ("heat", Export::Heat(panel.clone()), ".heat.npy".to_owned()),
            ("signed", Export::Signed(panel.clone()), ".signed.npy".to_owned()),
        ],
        Write::Csv => vec![("csv", Export::Signed(panel.clone()), ".map.csv".to_owned())],
        // not once a map
        Write::Predictions | Write::Layers | Write::Classes => Vec::new(),
        Write::Figure => vec![("figure", figure(options, panel), format!(".figure.{format}"))],
        Write::Svg => vec![("svg", figure(options, panel), ".figure.svg".to_owned())],
        Write::Json => vec![("json", Export::Signed(panel.clone()), ".map.json".to_owned())],
    });
    files.collect()
}

fn figure(options: &Explain, panel: &Panel) -> Export {
    let overlay = View::Overlay { blend: options.blend };
    Export::Picture(Drawing {
        arrangement: Arrangement::Figure {
            width: options.figure_width,
            ground: options.ground.into(),
        },
        panels: vec![Panel {
            look: look(options, overlay),
            ..panel.clone()
        }],
    })
}

/// Where the files of an image go.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// What their names begin with; no other image of the job has it.
    pub stem: &'a str,
}

impl Place<'_> {
    /// A file whose name ends in `tail`.
    fn file(self, tail: &str) -> PathBuf {
        self.folder.join(file_name(self.stem, &harmless(tail)))
    }
}

/// Without what would lead into other folders: names of layers may have slashes.
fn harmless(tail: &str) -> String {
    tail.replace(['/', '\\'], "_")
}

/// What becomes of files that are there: those of an image that is done again are of the run that was cut off.
fn existing(options: &Explain) -> Existing {
    if options.job.resume {
        Existing::Replace
    } else {
        options.existing.into()
    }
}

/// Writes the wanted files of a map, `photo.285.block14_sepconv2_act.overlay.png` and so on.
///
/// # Errors
/// The first file that cannot be written.
pub fn write(open: &Open<'_>, options: &Explain, panel: &Panel, place: Place<'_>) -> Result<Files, ExplorerError> {
    let Subject { target, layer, .. } = panel.of;
    let (Target::Class(class) | Target::Rather { class, .. }) = target;
    let layer = &panel.network.plan.layer(layer).name;
    let base = place.file(&format!(".{class}.{layer}"));
    let (mut names, mut files) = (Vec::new(), Vec::new());
    for (name, export, ending) in exports(options, panel) {
        let mut path = base.as_os_str().to_owned();
        path.push(ending);
        names.push(name.to_owned());
        files.push((export, PathBuf::from(path)));
    }
    write_all(open, options, names, files)
}

/// Writes a sheet of small pictures, called `what` behind the image's name.
///
/// # Errors
/// When it cannot be written.
pub fn write_sheet(
    open: &Open<'_>,
    options: &Explain,
    panels: Vec<Panel>,
    what: &str,
    place: Place<'_>,
) -> Result<Files, ExplorerError> {
    let columns = panels.len().min(5);
    let drawing = Drawing {
        arrangement: Arrangement::Sheet { columns },
        panels,
    };
    let path = place.file(&format!(".{what}.{}", options.format.endings()[0]));
    let files = vec![(Export::Picture(drawing), path)];
    write_all(open, options, vec![what.to_owned()], files)
}

/// Writes what the network answers for all classes beside the maps, if that is wanted.
///
/// # Errors
/// The first file that cannot be written.
pub fn write_predictions(
    open: &Open<'_>,
    options: &Explain,
    answers: &Answers,
    place: Place<'_>,
) -> Result<Files, ExplorerError> {
    if !options.write.contains(&Write::Predictions) {
        return Ok(Files::default());
    }
    let endings = ["csv", "json"];
    let names = endings.map(|ending| format!("predictions_{ending}"));
    let files = endings.map(|ending| {
        let path = place.file(&format!(".predictions.{ending}"));
        (Export::Predictions(answers.clone()), path)
    });
    write_all(open, options, names.into(), files.into())
}

/// Writes files, which are called `names` in the report.
fn write_all(
    open: &Open<'_>,
    options: &Explain,
    names: Vec<String>,
    files: Vec<(Export, PathBuf)>,
) -> Result<Files, ExplorerError> {
    let existing = existing(options);
    let written = open.write(&ExportRequest { files, existing })?;
    Ok(Files(names.into_iter().zip(written).collect()))
}

/// Lets a session write files, and waits; gives their paths as they are in the end.
pub fn send(explorer: &Explorer, request: ExportRequest) -> Result<Vec<PathBuf>, String> {
    explorer.send(Request::Export(request));
    wait(explorer, Activity::Exporting, |reply| match reply {
        Reply::Exported(files) => Some(files),
        _ => None,
    })
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
