//! The files of `explain --out`: what they are called, and what is written into them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::arguments::{Explain, Write};
use super::report::WeightsReport;
use super::wait;
use crate::explain::{Map, Score};
use crate::explorer::{Activity, Explorer, ExportKind, ExportRequest, ImageId, Reply, Request};
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
        provenance: provenance.into_iter().map(named).collect(),
    }));
    wait(explorer, Activity::Exporting, |reply| match reply {
        Reply::Exported(_) => Some(()),
        _ => None,
    })?;
    Ok(files)
}

/// `photo.285.block14_sepconv2_act`; a number tells images of equal names apart, and a name that is too long is shortened
/// and gets a hash of the whole.
pub fn unique_name(path: &Path, class: usize, layer: &str, names: &mut HashSet<String>) -> String {
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
        let tail = format!("{number}.{class}.{layer}");
        let room = MAX_NAME.saturating_sub(tail.len());
        if stem.len() <= room {
            return stem.clone() + &tail;
        }
        let hash: String = Sha256::digest(&stem)
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let end = stem.floor_char_boundary(room.saturating_sub(hash.len() + 1));
        format!("{}-{hash}{tail}", stem.get(..end).unwrap_or_default())
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
            assert!(first.len() <= MAX_NAME && first.ends_with(".7.layer"), "{first}");
            assert!(first.starts_with(&long[..90]) && first != second);
        }
    }
}
