//! The files of `explain --out`: what they are called, and what is written into them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::arguments::{Explain, Write};
use super::wait;
use crate::explorer::{
    Activity, Answers, Arrangement, Drawing, Explorer, Export, ExportRequest, Look, Panel, Reply, Request, View,
    file_name,
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

/// Writes a sheet of small pictures, called `what` behind the image's name; the error is one sentence.
pub fn write_sheet(
    explorer: &Explorer,
    options: &Explain,
    panels: Vec<Panel>,
    (path, what): (&Path, &str),
    names: &mut HashSet<String>,
) -> Result<Files, String> {
    let Some(folder) = &options.out else {
        return Ok(Files::default());
    };
    let columns = panels.len().min(5);
    let base = unique(path, &format!(".{}", what.replace(['/', '\\'], "_")), names);
    let drawing = Drawing {
        arrangement: Arrangement::Sheet { columns },
        panels,
    };
    let path = folder.join(format!("{base}.{}", options.format.endings()[0]));
    let files = vec![(Export::Picture(drawing), path)];
    let existing = options.existing.into();
    let written = send(explorer, ExportRequest { files, existing })?;
    Ok(Files(written.into_iter().map(|file| (what.to_owned(), file)).collect()))
}

/// Writes the wanted files beside `base`, a path without extension; the error is one sentence.
pub fn write(explorer: &Explorer, options: &Explain, panel: &Panel, base: &Path) -> Result<Files, String> {
    let (mut names, mut files) = (Vec::new(), Vec::new());
    for (name, export, ending) in exports(options, panel) {
        let mut path = base.as_os_str().to_owned();
        path.push(ending);
        names.push(name);
        files.push((export, PathBuf::from(path)));
    }
    let existing = options.existing.into();
    let written = send(explorer, ExportRequest { files, existing })?;
    Ok(Files(names.into_iter().map(str::to_owned).zip(written).collect()))
}

/// Writes what the network answers for all classes beside the maps, if that is wanted; the error is one sentence.
pub fn write_predictions(
    explorer: &Explorer,
    options: &Explain,
    answers: &Answers,
    path: &Path,
    names: &mut HashSet<String>,
) -> Result<Files, String> {
    let Some(folder) = options
        .out
        .as_ref()
        .filter(|_| options.write.contains(&Write::Predictions))
    else {
        return Ok(Files::default());
    };
    let base = unique(path, ".predictions", names);
    let kinds = [("predictions_csv", "csv"), ("predictions_json", "json")];
    let files = kinds.map(|(_, ending)| {
        let export = Export::Predictions(answers.clone());
        (export, folder.join(format!("{base}.{ending}")))
    });
    let existing = options.existing.into();
    let files = files.into();
    let written = send(explorer, ExportRequest { files, existing })?;
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

/// `photo.285.block14_sepconv2_act`; a number tells images of equal names apart, and a name that is too long is shortened
/// and gets a hash of the whole.
pub fn unique_name(path: &Path, class: usize, layer: &str, names: &mut HashSet<String>) -> String {
    unique(path, &format!(".{class}.{}", layer.replace(['/', '\\'], "_")), names)
}

/// The same with another tail.
fn unique(path: &Path, tail: &str, names: &mut HashSet<String>) -> String {
    let stem = match path.file_stem() {
        Some(stem) if stem != "-" => stem.to_string_lossy().into_owned(),
        _ => "image".to_owned(),
    };
    let named = |number: usize| {
        let number = if number > 1 {
            format!("-{number}")
        } else {
            String::new()
        };
        file_name(&stem, &format!("{number}{tail}"))
    };
    let mut number = 1;
    loop {
        let name = named(number);
        if names.insert(name.clone()) {
            return name;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_never_too_long() {
        let mut names = HashSet::new();
        let mut name = |path: &str| unique_name(Path::new(path), 7, "layer", &mut names);
        assert_eq!(name("a/photo.jpg"), "photo.7.layer");
        assert_eq!(name("b/photo.png"), "photo-2.7.layer");
        assert_eq!(name("-"), "image.7.layer");
        for long in ["n".repeat(240), "é".repeat(120), "日".repeat(80)] {
            let (first, second) = (name(&format!("{long}.png")), name(&format!("{long}x.png")));
            assert!(first.len() <= 200 && first.ends_with(".7.layer"), "{first}");
            assert!(first.starts_with(&long[..90]) && first != second);
        }
    }

    #[test]
    fn a_layer_of_a_nested_network_leads_into_no_folder() {
        let name = unique_name(Path::new("a.png"), 1, "body/conv\\1", &mut HashSet::new());
        assert_eq!(name, "a.1.body_conv_1");
    }
}
