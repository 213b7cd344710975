//! The files of `explain --out`: what they are called, and what is written into them.

use std::path::{Path, PathBuf};

use super::arguments::{Explain, Write};
use super::wait;
use crate::explorer::{
    Activity, Answers, Arrangement, Drawing, Existing, Explorer, ExplorerError, Export, ExportRequest, Look, Open,
    Panel, Reply, Request, View, file_name,
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

/// What is done about files that are there. A job that goes on makes those again that it had no time to record.
fn existing(options: &Explain) -> Existing {
    match options.job.resume {
        true => Existing::Replace,
        false => options.existing.into(),
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

/// Writes a sheet of small pictures, called `what` behind the image's `stem`, into a folder.
///
/// # Errors
/// When it cannot be written.
pub fn write_sheet(
    open: &Open<'_>,
    options: &Explain,
    panels: Vec<Panel>,
    (folder, stem, what): (&Path, &str, &str),
) -> Result<Files, ExplorerError> {
    let columns = panels.len().min(5);
    let base = name(stem, what);
    let drawing = Drawing {
        arrangement: Arrangement::Sheet { columns },
        panels,
    };
    let path = folder.join(format!("{base}.{}", options.format.endings()[0]));
    let files = vec![(Export::Picture(drawing), path)];
    let existing = existing(options);
    let written = open.write(&ExportRequest { files, existing })?;
    Ok(Files(written.into_iter().map(|file| (what.to_owned(), file)).collect()))
}

/// Writes the wanted files beside `base`, a path without extension.
///
/// # Errors
/// The first file that cannot be written.
pub fn write(open: &Open<'_>, options: &Explain, panel: &Panel, base: &Path) -> Result<Files, ExplorerError> {
    let (mut names, mut files) = (Vec::new(), Vec::new());
    for (name, export, ending) in exports(options, panel) {
        let mut path = base.as_os_str().to_owned();
        path.push(ending);
        names.push(name);
        files.push((export, PathBuf::from(path)));
    }
    let existing = existing(options);
    let written = open.write(&ExportRequest { files, existing })?;
    Ok(Files(names.into_iter().map(str::to_owned).zip(written).collect()))
}

/// Writes what the network answers for all classes into a folder, if that is wanted.
///
/// # Errors
/// The first file that cannot be written.
pub fn write_predictions(
    open: &Open<'_>,
    options: &Explain,
    answers: &Answers,
    (folder, stem): (&Path, &str),
) -> Result<Files, ExplorerError> {
    if !options.write.contains(&Write::Predictions) {
        return Ok(Files::default());
    }
    let base = name(stem, "predictions");
    let kinds = [("predictions_csv", "csv"), ("predictions_json", "json")];
    let files = kinds.map(|(_, ending)| {
        let export = Export::Predictions(answers.clone());
        (export, folder.join(format!("{base}.{ending}")))
    });
    let existing = existing(options);
    let files = files.into();
    let written = open.write(&ExportRequest { files, existing })?;
    Ok(Files(
        kinds
            .map(|(name, _)| name.to_owned())
            .into_iter()
            .zip(written)
            .collect(),
    ))
}

/// Writes files, and waits; gives their paths as they are in the end.
pub fn send(explorer: &Explorer, request: ExportRequest) -> Result<Vec<PathBuf>, String> {
    explorer.send(Request::Export(request));
    wait(explorer, Activity::Exporting, |reply| match reply {
        Reply::Exported(files) => Some(files),
        _ => None,
    })
}

/// `photo.285.block14_sepconv2_act` for the stem `photo`; a name that is too long is shortened and gets a hash of the whole.
pub fn map_name(stem: &str, class: usize, layer: &str) -> String {
    name(stem, &format!("{class}.{layer}"))
}

/// The name of what else is written of an image.
fn name(stem: &str, what: &str) -> String {
    file_name(stem, &format!(".{}", what.replace(['/', '\\'], "_")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_of_a_nested_network_leads_into_no_folder() {
        assert_eq!(map_name("a", 1, "body/conv\\1"), "a.1.body_conv_1");
    }
}
