//! Writes the one format that everything is imported to: safetensors with Keras' names, f32, and what is known in the
//! metadata.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, SeekFrom, Write as _};
use std::path::Path;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::storage::hex;
use crate::network::Plan;
use crate::weights::error::WeightsError;
use crate::weights::info::key;

/// The header is padded to a multiple of this, so that the tensors are aligned.
const ALIGNMENT: usize = 8;

/// Writes all tensors of the plan to `out`, one at a time, and [`key::DATA_SHA256`] into the metadata.
///
/// The file appears under its name only when it is whole and on the disk; one that was there before is replaced then.
pub(crate) fn write(
    out: &Path,
    plan: &Plan,
    metadata: &BTreeMap<String, String>,
    tensor: &dyn Fn(&str) -> Result<Vec<f32>, WeightsError>,
) -> Result<(), WeightsError> {
    let mut partial = out.as_os_str().to_owned();
    // two programs may import to the same place at once
    partial.push(format!(".{}.partial", std::process::id()));
    let partial = Path::new(&partial);
    let written = write_partial(partial, out, plan, metadata, tensor);
    let placed = written.and_then(|()| fs::rename(partial, out).map_err(|source| write_error(out, source)));
    if placed.is_err() {
        // the first error is the one to report, and a partial file that is not there needs no removal
        fs::remove_file(partial).ok();
    }
    placed
}

fn write_partial(
    partial: &Path,
    out: &Path,
    plan: &Plan,
    metadata: &BTreeMap<String, String>,
    tensor: &dyn Fn(&str) -> Result<Vec<f32>, WeightsError>,
) -> Result<(), WeightsError> {
    let failed = |source| write_error(out, source);
    let mut file = BufWriter::with_capacity(1 << 18, File::create(partial).map_err(failed)?);
    write_to(&mut file, out, plan, metadata, tensor)?;
    file.flush().and_then(|()| file.get_ref().sync_all()).map_err(failed)
}

fn write_to(
    file: &mut (impl io::Write + io::Seek),
    out: &Path,
    plan: &Plan,
    metadata: &BTreeMap<String, String>,
    tensor: &dyn Fn(&str) -> Result<Vec<f32>, WeightsError>,
) -> Result<(), WeightsError> {
    let failed = |source| write_error(out, source);
    // hashes all have the same length, so that the true one fits in afterwards
    file.write_all(&header(plan, metadata, &hex(&[0; 32])))
        .map_err(failed)?;
    let mut hash = Sha256::new();
    let mut bytes = Vec::new();
    for parameter in plan.parameters() {
        bytes.clear();
        bytes.extend(tensor(&parameter.path())?.into_iter().flat_map(f32::to_le_bytes));
        hash.update(&bytes);
        file.write_all(&bytes).map_err(failed)?;
    }
    let mut finish = || -> io::Result<()> {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header(plan, metadata, &hex(&hash.clone().finalize())))
    };
    finish().map_err(failed)
}

fn write_error(out: &Path, source: io::Error) -> WeightsError {
    WeightsError::Write {
        file: out.display().to_string(),
        source,
    }
}

/// Length and header of the file, padded with blanks as safetensors does.
fn header(plan: &Plan, metadata: &BTreeMap<String, String>, data_sha256: &str) -> Vec<u8> {
    let mut entries: Map<String, Value> = metadata
        .iter()
        .map(|(key, value)| (key.clone(), json!(value)))
        .collect();
    entries.insert(key::DATA_SHA256.to_owned(), json!(data_sha256));
    let mut header = Map::from_iter([("__metadata__".to_owned(), Value::Object(entries))]);
    let mut offset = 0;
    for parameter in plan.parameters() {
        let end = offset + parameter.shape.iter().product::<usize>() * size_of::<f32>();
        let tensor = json!({ "dtype": "F32", "shape": parameter.shape, "data_offsets": [offset, end] });
        header.insert(parameter.path(), tensor);
        offset = end;
    }
    let mut text = Value::Object(header).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(ALIGNMENT), b' ');
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text);
    bytes
}
