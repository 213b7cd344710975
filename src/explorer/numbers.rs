//! Maps and predictions as numbers for other programs: NumPy's arrays, CSV and JSON.

use std::sync::Arc;

use serde::Serialize;

use super::drawing::Panel;
use super::recipe::{NetworkNote, PhotoNote, Recipe, program};
use super::reply::{NetworkInfo, Predicted};
use super::request::ImageId;
use crate::explain::Map;
use crate::imaging::{Fit, Painting, Pixels, Region, Resize, resize_map};

/// A float32 array `[height, width]` in NumPy's format, version 1.0
/// (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
pub fn npy(values: &[f32], height: usize, width: usize) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({height}, {width}), }}").into_bytes();
    // magic, version and length take ten bytes; the data starts at a multiple of 64
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(b' ');
    }
    header.push(b'\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header);
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// One line a cell: its row and column from 0, the signed value with all digits, and the normalised one.
pub fn map_csv(map: &Map) -> String {
    let mut csv = "row,column,signed,heat\n".to_owned();
    for (cell, (signed, heat)) in map.signed.iter().zip(map.heat()).enumerate() {
        let (row, column) = (cell / map.width.max(1), cell % map.width.max(1));
        csv.push_str(&format!("{row},{column},{signed:?},{heat}\n"));
    }
    csv
}

/// Where the heat reaches a threshold, in pixels of the photo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Extent {
    /// The threshold, 0..=1.
    pub threshold: f32,
    /// The smallest rectangle around all such pixels; none without any.
    pub bounding_box: Option<Region>,
    /// How many pixels that are.
    pub pixels: u64,
    /// Their share of the part of the photo that the network saw, 0..=1.
    pub share: f64,
}

/// Where the normalised map, resized to the part of the photo where it lies as it is drawn, reaches a threshold.
pub fn extent(map: &Map, region: Region, threshold: f32) -> Extent {
    let (width, height) = (region.width as usize, region.height as usize);
    let mut extent = Extent {
        threshold,
        bounding_box: None,
        pixels: 0,
        share: 0.0,
    };
    if map.is_empty() || map.signed.is_empty() {
        return extent;
    }
    let values = resize_map(&map.heat(), map.width, map.height, width, height);
    let [mut left, mut top, mut right, mut bottom] = [width, height, 0, 0];
    for (row, values) in values.chunks_exact(width.max(1)).enumerate() {
        for (column, _) in values.iter().enumerate().filter(|(_, value)| **value >= threshold) {
            extent.pixels += 1;
            (left, right) = (left.min(column), right.max(column));
            (top, bottom) = (top.min(row), bottom.max(row));
        }
    }
    if extent.pixels > 0 {
        let pixels = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
        extent.bounding_box = Some(Region {
            x: region.x + pixels(left),
            y: region.y + pixels(top),
            width: pixels(right + 1 - left),
            height: pixels(bottom + 1 - top),
        });
        extent.share = extent.pixels as f64 / (f64::from(region.width) * f64::from(region.height));
    }
    extent
}

/// The thresholds whose extents are told.
pub const THRESHOLDS: [f32; 4] = [0.2, 0.4, 0.6, 0.8];

#[derive(Serialize)]
struct MapDocument<'a> {
    program: String,
    /// What made it.
    of: &'a Recipe,
    width: usize,
    height: usize,
    /// Where in the photo it lies.
    region: Region,
    /// `[height][width]`
    signed: Vec<&'a [f64]>,
    heat: Vec<&'a [f32]>,
    empty: bool,
    extents: Vec<Extent>,
}

/// A map with what made it and its extents, as one JSON document.
pub fn map_json(panel: &Panel, of: &Recipe, [width, height]: [u32; 2]) -> serde_json::Result<Vec<u8>> {
    let map = &panel.map;
    let region = panel.region([width, height]);
    let heat = map.heat();
    let columns = map.width.max(1);
    let document = MapDocument {
        program: program(),
        of,
        width: map.width,
        height: map.height,
        region,
        signed: map.signed.chunks_exact(columns).collect(),
        heat: heat.chunks_exact(columns).collect(),
        empty: map.is_empty(),
        extents: THRESHOLDS.map(|threshold| extent(map, region, threshold)).into(),
    };
    let mut json = serde_json::to_vec(&document)?;
    json.push(b'\n');
    Ok(json)
}

/// What a network answers for an image, to be written down.
#[derive(Clone, Debug)]
pub struct Answers {
    /// Which open image.
    pub image: ImageId,
    /// Which network.
    pub network: Arc<NetworkInfo>,
    /// What it says.
    pub predicted: Predicted,
}

impl PartialEq for Answers {
    /// One network answers the same for the same input.
    fn eq(&self, other: &Self) -> bool {
        let key = |answers: &Self| (answers.image, answers.network.epoch, answers.predicted.preprocessing);
        key(self) == key(other)
    }
}

/// Some classes as CSV with all digits: rank, index, wnid, name, what the network answers, logit.
pub fn predictions_csv(network: &NetworkInfo, predicted: &Predicted, classes: &[usize]) -> String {
    let answer = match network.plan.output.is_probability() {
        true => "probability",
        false => "value",
    };
    let ranks = ranks(predicted);
    let mut csv = format!("rank,index,wnid,name,{answer},logit\n");
    for &class in classes {
        let label = network.labels.get(class);
        let wnid = label.and_then(|label| label.wnid.as_deref()).unwrap_or_default();
        let value = |values: &[f64]| values.get(class).copied().unwrap_or(f64::NAN);
        csv.push_str(&format!(
            "{},{class},{},{},{},{}\n",
            ranks.get(class).copied().unwrap_or(0),
            quoted(wnid),
            quoted(&network.labels.display_name(class)),
            value(&predicted.probabilities),
            value(&predicted.logits),
        ));
    }
    csv
}

/// The rank of each class, from 1.
fn ranks(predicted: &Predicted) -> Vec<usize> {
    let mut ranks = vec![0; predicted.ranking.len()];
    for (rank, &class) in (1..).zip(predicted.ranking.iter()) {
        if let Some(place) = ranks.get_mut(class) {
            *place = rank;
        }
    }
    ranks
}

/// A field of CSV, in quotes where it needs them.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[derive(Serialize)]
struct PredictionsDocument<'a> {
    program: String,
    image: PhotoNote,
    #[serde(skip_serializing_if = "Option::is_none")]
    crop: Option<Region>,
    #[serde(skip_serializing_if = "Painting::is_empty")]
    painting: Painting,
    network: NetworkNote,
    pixels: Pixels,
    resize: Resize,
    fit: Fit,
    /// All classes, the most probable first.
    predictions: Vec<PredictionLine<'a>>,
}

#[derive(Serialize)]
struct PredictionLine<'a> {
    rank: usize,
    index: usize,
    wnid: Option<&'a str>,
    label: String,
    probability: f64,
    logit: f64,
}

/// All classes with what the network answers, as one JSON document.
pub fn predictions_json(
    answers: &Answers,
    image: PhotoNote,
    painting: Painting,
    sha256: Option<String>,
) -> serde_json::Result<Vec<u8>> {
    let Answers { network, predicted, .. } = answers;
    let line = |(rank, &index): (usize, &usize)| PredictionLine {
        rank,
        index,
        wnid: network.labels.get(index).and_then(|label| label.wnid.as_deref()),
        label: network.labels.display_name(index),
        probability: predicted.probabilities.get(index).copied().unwrap_or(f64::NAN),
        logit: predicted.logits.get(index).copied().unwrap_or(f64::NAN),
    };
    let document = PredictionsDocument {
        program: program(),
        image,
        crop: predicted.preprocessing.crop,
        painting,
        network: NetworkNote::of(network, sha256),
        pixels: predicted.preprocessing.pixels,
        resize: predicted.preprocessing.resize,
        fit: predicted.preprocessing.fit,
        predictions: (1..).zip(predicted.ranking.iter()).map(line).collect(),
    };
    let mut json = serde_json::to_vec(&document)?;
    json.push(b'\n');
    Ok(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_read_back_by_an_independent_reader() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map.npy");
        let values = [0.0, -1.5, f32::MIN_POSITIVE, 3.25, 1e30, 7.0];
        std::fs::write(&path, npy(&values, 2, 3)).unwrap();
        let tensor = candle_core::Tensor::read_npy(&path).unwrap();
        assert_eq!(tensor.dims(), [2, 3]);
        assert_eq!(tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap(), values);
        assert_eq!(std::fs::read(&path).unwrap().len() % 64, 24);
    }

    #[test]
    fn a_map_is_a_table_with_all_digits() {
        let map = Map::new(2, 2, vec![-1.0, 0.1 + 0.2, 2.0, 1e-7]);
        let csv = map_csv(&map);
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines[0], "row,column,signed,heat");
        assert_eq!(lines[1], "0,0,-1.0,0");
        assert_eq!(lines[2], "0,1,0.30000000000000004,0.15");
        assert_eq!(lines[3], "1,0,2.0,1");
        assert!(lines[4].starts_with("1,1,1e-7,"));
    }

    #[test]
    fn the_extent_is_where_the_heat_is() {
        let mut values = vec![0.0; 16];
        values[5] = 4.0;
        let map = Map::new(4, 4, values);
        let region = Region {
            x: 100,
            y: 50,
            width: 40,
            height: 40,
        };
        let found = extent(&map, region, 0.5);
        let bounds = found.bounding_box.unwrap();
        // one hot cell, whose heat falls to one half where the next begins
        assert_eq!((bounds.x, bounds.y, bounds.width, bounds.height), (110, 60, 10, 10));
        assert!(found.pixels > 20 && found.pixels <= 100, "{found:?}");
        assert!((found.share - found.pixels as f64 / 1600.0).abs() < 1e-12);
        let all = extent(&map, region, 0.0);
        assert_eq!((all.bounding_box, all.share), (Some(region), 1.0));
        let empty = Map::new(1, 1, vec![-1.0]);
        assert_eq!(
            (
                extent(&empty, region, 0.0).bounding_box,
                extent(&empty, region, 0.0).pixels
            ),
            (None, 0)
        );
    }

    #[test]
    fn a_field_with_commas_is_one_field() {
        assert_eq!(quoted("tabby"), "tabby");
        assert_eq!(quoted("cat, tabby"), "\"cat, tabby\"");
        assert_eq!(quoted("a \"cat\""), "\"a \"\"cat\"\"\"");
    }
}
