//! The files of `explain --out`: what they are called, and what is written into them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::arguments::{Explain, Write};
use super::report::{Files, WeightsReport};
use super::wait;
use crate::explain::Map;
use crate::explorer::{Activity, Explorer, ExportKind, ExportRequest, ImageId, Reply, Request};
use crate::imaging::Region;

/// What a map is of; all of it is noted in the pictures.
pub struct Origin<'a> {
    pub image: ImageId,
    /// Where in the photo the map lies.
    pub region: Region,
    pub path: &'a Path,
    pub class: usize,
    pub label: &'a str,
    pub layer: &'a str,
    pub weights: &'a WeightsReport,
}

/// Writes the wanted files beside `base`, a path without extension; the error is one sentence.
pub fn write(
    explorer: &Explorer,
    options: &Explain,
    origin: &Origin<'_>,
    base: &Path,
    map: &Map,
) -> Result<Files, String> {
    let with = |extension: &str| {
        let mut name = base.as_os_str().to_owned();
        name.push(extension);
        PathBuf::from(name)
    };
    let wanted = |what: Write| options.write.contains(&what);
    let files = Files {
        overlay: (wanted(Write::Overlay) || options.write.is_empty()).then(|| with(".overlay.png")),
        heatmap: wanted(Write::Heatmap).then(|| with(".heatmap.png")),
        heat: wanted(Write::Raw).then(|| with(".heat.npy")),
        signed: wanted(Write::Raw).then(|| with(".signed.npy")),
    };
    let kinds = [
        (ExportKind::Overlay, &files.overlay),
        (ExportKind::Heatmap, &files.heatmap),
        (ExportKind::Heat, &files.heat),
        (ExportKind::Signed, &files.signed),
    ];
    let Origin {
        image,
        region,
        path,
        class,
        label,
        layer,
        weights,
    } = origin;
    let provenance = [
        ("Software", format!("gradcam-explorer {}", env!("CARGO_PKG_VERSION"))),
        ("Source", path.display().to_string()),
        ("Weights", format!("{} {}", weights.name, weights.sha256)),
        ("Class", format!("{class} {label}")),
        ("Output", weights.output.name().to_owned()),
        ("Input", weights.input.to_string()),
        ("Layer", (*layer).to_owned()),
        ("Score", options.score.name().to_owned()),
        ("Method", options.method.name().to_owned()),
        ("Colormap", options.colormap.name().to_owned()),
        ("Blend", options.blend.to_string()),
    ];
    explorer.send(Request::Export(ExportRequest {
        image: *image,
        files: kinds
            .into_iter()
            .filter_map(|(kind, path)| Some((kind, path.clone()?)))
            .collect(),
        map: map.clone(),
        region: Some(*region),
        maximum: None,
        colormap: options.colormap,
        blend: options.blend,
        cells: false,
        provenance: provenance.map(|(keyword, text)| (keyword.to_owned(), text)).into(),
    }));
    wait(explorer, Activity::Exporting, |reply| match reply {
        Reply::Exported(_) => Some(()),
        _ => None,
    })?;
    Ok(files)
}

/// `photo.285.block14_sepconv2_act`; a number tells images of equal names apart.
pub fn unique_name(path: &Path, class: usize, layer: &str, names: &mut HashSet<String>) -> String {
    let stem = path
        .file_stem()
        .map_or_else(|| "image".into(), |stem| stem.to_string_lossy());
    let mut name = format!("{stem}.{class}.{layer}");
    let mut number = 2;
    while !names.insert(name.clone()) {
        name = format!("{stem}-{number}.{class}.{layer}");
        number += 1;
    }
    name
}
