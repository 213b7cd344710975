//! Writing what is seen: pictures at the photo's own size, and the map as arrays.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::error::ExplorerError;
use super::request::{ExportKind, ExportRequest};
use crate::explain::Map;
use crate::imaging::{self, Colormap, Cutout, Photo, Region};

/// Drawings of what is there: white for all of it, black for nothing.
const ALL: [u8; 3] = [255; 3];
const NOTHING: [u8; 3] = [0; 3];

/// Behind a picture that goes where nothing is transparent.
pub const PAPER: [u8; 3] = [255; 3];

/// The values from 0 to 1 that a colormap turns into the picture of a map, `[height, width]`.
///
/// Diverging colormaps show the signed map with no evidence at 0.5, the others the heat. `maximum` is what counts as
/// full evidence; the map's own maximum (or largest magnitude) if there is none.
fn picture_values(map: &Map, colormap: Colormap, maximum: Option<f64>) -> Vec<f32> {
    if colormap.is_diverging() {
        map.signed_unit(maximum.unwrap_or_else(|| map.max_abs()))
    } else {
        map.heat_with_maximum(maximum.unwrap_or_else(|| map.max()))
    }
}

/// Renders and writes every file of the request.
///
/// # Errors
/// The first file that cannot be encoded or written.
pub fn write(request: &ExportRequest, photo: &Photo) -> Result<(), ExplorerError> {
    for (kind, path) in &request.files {
        check_ending(*kind, path)?;
    }
    for (kind, path) in &request.files {
        write_file(path, &render(request, *kind, path, photo)?)?;
    }
    Ok(())
}

/// A name without an ending is taken as it is; any other has to be one of what is written.
fn check_ending(kind: ExportKind, path: &Path) -> Result<(), ExplorerError> {
    let (what, endings): (_, &[&str]) = if is_array(kind) {
        ("Values", &["npy"])
    } else {
        ("Pictures", &["png", "jpg", "jpeg"])
    };
    let Some(ending) = path.extension() else { return Ok(()) };
    if endings.iter().any(|known| ending.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    let known: Vec<String> = endings.iter().map(|ending| format!(".{ending}")).collect();
    let (ending, known) = (ending.display(), known.join(" or "));
    Err(ExplorerError::Request(format!(
        "{what} are not written as .{ending}; choose a name that ends in {known}"
    )))
}

fn is_array(kind: ExportKind) -> bool {
    matches!(kind, ExportKind::Heat | ExportKind::Signed)
}

/// The picture of one kind, without what it does not show; none for arrays.
pub fn picture(request: &ExportRequest, kind: ExportKind, photo: &Photo) -> Option<Cutout> {
    if is_array(kind) {
        return None;
    }
    let ExportRequest { map, colormap, .. } = request;
    let region = request.region.unwrap_or(Region::whole(photo.width, photo.height));
    let seen = photo.part(region);
    let filled = |colour| Photo::filled(photo.width, photo.height, colour);
    // the map where it lies, and nothing around it
    let alone = |draw: &dyn Fn(&Photo) -> Photo| imaging::within(&filled(NOTHING), region, |_| draw(&seen));
    let mut values = picture_values(map, *colormap, request.maximum);
    let mut size = [map.width, map.height];
    // lines need a slope, so they are always those of the smooth map
    if request.cells && kind != ExportKind::Contours {
        let whole = [region.width as usize, region.height as usize];
        values = imaging::cells(&values, size, whole);
        size = whole;
    }
    let [width, height] = size;
    let heatmap = |seen: &Photo| imaging::heatmap(&values, width, height, *colormap, seen.width, seen.height);
    // what of the picture is there
    let there = |draw: &dyn Fn(&Photo) -> Photo| imaging::within(&filled(NOTHING), region, draw);
    let whole = |part: &Photo| Photo::filled(part.width, part.height, ALL);
    let drawing = match kind {
        ExportKind::Heatmap => Some(there(&whole)),
        ExportKind::Beside => Some(imaging::side_by_side(&filled(ALL), &there(&whole), NOTHING)),
        ExportKind::Mask(threshold) => Some(there(&|part: &Photo| {
            imaging::mask(&whole(part), &values, size, threshold, NOTHING)
        })),
        _ => None,
    };
    let picture = match kind {
        ExportKind::Overlay if colormap.is_diverging() => imaging::within(photo, region, |seen| {
            imaging::signed_overlay(seen, &values, size, *colormap, request.blend)
        }),
        ExportKind::Overlay => imaging::within(photo, region, |seen| {
            imaging::overlay(seen, &values, width, height, *colormap, request.blend)
        }),
        ExportKind::Heatmap => alone(&heatmap),
        ExportKind::Beside => imaging::side_by_side(photo, &alone(&heatmap), NOTHING),
        ExportKind::Mask(_) => photo.clone(),
        ExportKind::Contours => {
            imaging::within(photo, region, |seen| imaging::contours(seen, &values, size, *colormap))
        }
        ExportKind::Heat | ExportKind::Signed => return None,
    };
    Some(match drawing {
        Some(drawing) => Cutout::of(picture, &drawing),
        None => picture.into(),
    })
}

/// The bytes of one file: JPEG where its name says so.
fn render(request: &ExportRequest, kind: ExportKind, path: &Path, photo: &Photo) -> Result<Vec<u8>, ExplorerError> {
    let map = &request.map;
    let Some(picture) = picture(request, kind, photo) else {
        let values = match kind {
            ExportKind::Heat => map.heat(),
            _ => map.signed.iter().map(|&value| value as f32).collect(),
        };
        return Ok(npy(&values, map.height, map.width));
    };
    let texts: Vec<(&str, &str)> = request
        .provenance
        .iter()
        .map(|(keyword, text)| (keyword.as_str(), text.as_str()))
        .collect();
    let is_jpeg = path.extension().is_some_and(|ending| {
        let is = |known: &str| ending.eq_ignore_ascii_case(known);
        is("jpg") || is("jpeg")
    });
    let encoded = if is_jpeg {
        imaging::encode_jpeg(picture, &texts)
    } else {
        imaging::encode_png_with_text(&picture, &texts)
    };
    encoded.map_err(|error| ExplorerError::Image {
        name: "the exported picture".to_owned(),
        error,
    })
}

/// Writes beside the target and renames, so that no half-written file is left under the wanted name.
fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ExplorerError> {
    let fail = |error| ExplorerError::Write {
        path: path.to_owned(),
        error,
    };
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}.partial", std::process::id()));
    let partial = Path::new(&partial);
    let written = fs::File::create(partial)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(partial, path));
    if written.is_err() {
        // the first error is the one to report; a partial file that cannot be removed changes nothing about it
        fs::remove_file(partial).ok();
    }
    written.map_err(fail)
}

/// A float32 array `[height, width]` in NumPy's format, version 1.0
/// (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
fn npy(values: &[f32], height: usize, width: usize) -> Vec<u8> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_read_back_by_an_independent_reader() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map.npy");
        let values = [0.0, -1.5, f32::MIN_POSITIVE, 3.25, 1e30, 7.0];
        write_file(&path, &npy(&values, 2, 3)).unwrap();
        let tensor = candle_core::Tensor::read_npy(&path).unwrap();
        assert_eq!(tensor.dims(), [2, 3]);
        assert_eq!(tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap(), values);
        assert_eq!(fs::read(&path).unwrap().len() % 64, 24);
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        let error = write_file(&path, b"x").unwrap_err();
        assert!(error.to_string().contains("taken"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
