//! Layers that move values without computing (`keras/src/layers/reshaping`).

use serde_json::Value;

use super::core::channels_last;
use super::{Built, Called, Part, map_only, one};
use crate::network::Op;

pub fn flatten(layer: &Called<'_>) -> Result<Built, String> {
    channels_last(layer)?;
    Ok(Built::Parts(vec![vector(layer)]))
}

/// All values in one vector, and nothing else.
pub fn reshape(layer: &Called<'_>) -> Result<Built, String> {
    let shape = layer.input().shape;
    let target = layer.config.get("target_shape").or_else(|| layer.config.get("dims"));
    let sides = target
        .and_then(Value::as_array)
        .ok_or("it does not say its target_shape")?;
    let sides: Vec<i64> = sides.iter().map(|side| side.as_i64().unwrap_or(0)).collect();
    let count = i64::try_from(shape.checked_len().unwrap_or(usize::MAX)).unwrap_or(i64::MAX);
    let is = |wanted: &[usize]| {
        let fits = |(&side, &wanted): (&i64, &usize)| side == -1 || usize::try_from(side) == Ok(wanted);
        let free = sides.iter().filter(|side| **side == -1).count();
        sides.len() == wanted.len() && free < 2 && sides.iter().zip(wanted).all(fits)
    };
    if is(&[shape.height, shape.width, shape.channels]) && layer.input().is_map {
        return Ok(one(layer, Op::Identity));
    }
    match *sides.as_slice() {
        [side] if side == -1 || side == count => Ok(Built::Parts(vec![vector(layer)])),
        [1, 1, side] if side == -1 || side == count => {
            let part = vector(layer);
            Ok(Built::Parts(vec![Part { is_map: true, ..part }]))
        }
        _ => Err(format!(
            ": it reshapes {shape:?} to {sides:?}, and only vectors are understood"
        )),
    }
}

fn vector(layer: &Called<'_>) -> Part {
    Part {
        op: Op::Flatten,
        channels: layer.input().shape.checked_len().unwrap_or(usize::MAX),
        is_map: false,
    }
}

/// Sides in another order, where that moves nothing.
pub fn permute(layer: &Called<'_>) -> Result<Built, String> {
    let dims = layer.config.get("dims").and_then(Value::as_array);
    let dims = dims.ok_or("it does not say its dims")?;
    let count = if layer.input().is_map { 3 } else { 1 };
    let is_order = dims.len() == count && dims.iter().zip(1_u64..).all(|(dim, place)| dim.as_u64() == Some(place));
    if is_order {
        Ok(one(layer, Op::Identity))
    } else {
        Err("it changes the order of height, width and channels".to_owned())
    }
}

/// Counts at both ends of rows and columns: `[[top, bottom], [left, right]]`, `[rows, columns]` or one for all.
fn border(layer: &Called<'_>, key: &'static str) -> Result<[[usize; 2]; 2], String> {
    map_only(layer)?;
    channels_last(layer)?;
    let value = layer
        .config
        .get(key)
        .ok_or_else(|| format!("it does not say its {key}"))?;
    let wrong = || format!("{key} is {value}");
    let count = |value: &Value| {
        value
            .as_u64()
            .filter(|&count| count < 1 << 24)
            .and_then(|count| usize::try_from(count).ok())
    };
    let ends = |value: &Value| match value.as_array().map(Vec::as_slice) {
        Some([before, after]) => Some([count(before)?, count(after)?]),
        Some(_) => None,
        None => count(value).map(|count| [count; 2]),
    };
    let [rows, columns] = match value.as_array().map(Vec::as_slice) {
        Some([rows, columns]) => [ends(rows).ok_or_else(wrong)?, ends(columns).ok_or_else(wrong)?],
        Some(_) => return Err(wrong()),
        None => [ends(value).ok_or_else(wrong)?; 2],
    };
    Ok([[rows[0], columns[0]], [rows[1], columns[1]]])
}

pub fn zero_padding(layer: &Called<'_>) -> Result<Built, String> {
    let [before, after] = border(layer, "padding")?;
    Ok(one(layer, Op::ZeroPad { before, after }))
}

pub fn cropping(layer: &Called<'_>) -> Result<Built, String> {
    let [before, after] = border(layer, "cropping")?;
    Ok(one(layer, Op::Crop { before, after }))
}

pub fn up_sampling(layer: &Called<'_>) -> Result<Built, String> {
    map_only(layer)?;
    channels_last(layer)?;
    let times = layer.config.pair("size", Some([2; 2]))?;
    match layer.config.word("interpolation")? {
        None | Some("nearest") => Ok(one(layer, Op::Repeat { times })),
        Some("bilinear") => Ok(one(layer, Op::Interpolate { times })),
        Some(other) => Err(format!(
            "interpolation is {other}, where nearest and bilinear are understood"
        )),
    }
}
