//! The files of `explain --out`: what they are called, and what is written into them.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::arguments::{Explain, Write};
use super::report::WeightsReport;
use crate::explain::{Map, Score};
use crate::explorer::{ExplorerError, ExportKind, ExportRequest, ImageId, Open};
use crate::imaging::Region;

/// The longest name without endings, in bytes: file systems take 255, of which some are for endings while it is written.
const MAX_NAME: usize = 200;

/// The files that were written for a map.
#[derive(Debug, Default)]
pub struct Files {
    overlay: Option<PathBuf>,
    heatmap: Option<PathBuf>,
    heat: Option<PathBuf>,
    signed: Option<PathBuf>,
}

impl Files {
    /// Those that were written, by what they are.
    pub fn named(self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        let all = [
            ("overlay", self.overlay),
            ("heatmap", self.heatmap),
            ("heat", self.heat),
            ("signed", self.signed),
        ];
        all.into_iter().filter_map(|(what, path)| Some((what, path?)))
    }
}

/// What a map is of; all of it is noted in the pictures.
pub struct Origin<'a> {
    pub image: ImageId,
    /// Where in the photo the map lies.
    pub region: Region,
    /// What was cut out of it.
    pub crop: Option<Region>,
    pub path: &'a Path,
    pub class: usize,
    pub label: &'a str,
    pub layer: &'a str,
    pub score: Score,
    pub weights: &'a WeightsReport,
}

/// Writes the wanted files beside `base`, a path without extension.
///
/// # Errors
/// The first file that cannot be written.
pub fn write(
    open: &Open<'_>,
    options: &Explain,
    origin: &Origin<'_>,
    base: &Path,
    map: &Map,
) -> Result<Files, ExplorerError> {
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
        crop,
        path,
        class,
        label,
        layer,
        score,
        weights,
    } = origin;
    let mut provenance = vec![
        ("Software", format!("gradcam-explorer {}", env!("CARGO_PKG_VERSION"))),
        ("Source", path.display().to_string()),
        ("Weights", format!("{} {}", weights.name, weights.sha256)),
        ("Class", format!("{class} {label}")),
        ("Output", weights.output.name().to_owned()),
        ("Input", weights.input.to_string()),
        ("Layer", (*layer).to_owned()),
        ("Score", score.name().to_owned()),
        ("Method", options.method.name().to_owned()),
        ("Colormap", options.colormap.name().to_owned()),
        ("Blend", options.blend.to_string()),
    ];
    if let Some(crop) = crop {
        provenance.push(("Crop", crop.to_string()));
    }
    let named = |(keyword, text): (&str, String)| (keyword.to_owned(), text);
    let request = ExportRequest {
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
        provenance: provenance.into_iter().map(named).collect(),
    };
    open.write(&request)?;
    Ok(files)
}

/// `photo.285.block14_sepconv2_act` for the stem `photo`; a name that is too long is shortened and gets a hash of the whole.
pub fn name(stem: &str, class: usize, layer: &str) -> String {
    let tail = format!(".{class}.{layer}");
    let room = MAX_NAME.saturating_sub(tail.len());
    if stem.len() <= room {
        return stem.to_owned() + &tail;
    }
    let hash: String = Sha256::digest(stem)
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let end = stem.floor_char_boundary(room.saturating_sub(hash.len() + 1));
    format!("{}-{hash}{tail}", stem.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_never_too_long() {
        let called = |stem: &str| name(stem, 7, "layer");
        assert_eq!(called("photo"), "photo.7.layer");
        for long in ["n".repeat(240), "é".repeat(120), "日".repeat(80)] {
            let (first, second) = (called(&long), called(&format!("{long}x")));
            assert!(first.len() <= MAX_NAME && first.ends_with(".7.layer"), "{first}");
            assert!(first.starts_with(&long[..90]) && first != second);
        }
    }
}
