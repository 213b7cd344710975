//! Normalisations (`keras/src/layers/normalization`).

use serde_json::Value;

use super::{Built, Called, one};
use crate::network::Op;

/// Refuses any axis but the last.
fn last_axis(layer: &Called<'_>, otherwise: i64) -> Result<(), String> {
    let last = if layer.input().is_map { 3 } else { 1 };
    let axis = match layer.config.get("axis") {
        None => Some(otherwise),
        Some(Value::Array(axes)) => match axes.as_slice() {
            [axis] => axis.as_i64(),
            _ => None,
        },
        Some(value) => value.as_i64(),
    };
    match axis {
        Some(axis) if axis == -1 || axis == last => Ok(()),
        _ => Err("it normalises along another axis than the channels".to_owned()),
    }
}

pub fn batch(layer: &Called<'_>) -> Result<Built, String> {
    last_axis(layer, -1)?;
    // Keras 1: 0 normalises with moving statistics
    if layer.config.number("mode", 0.0)? != 0.0 {
        return Err("its mode is not 0".to_owned());
    }
    for key in [
        "renorm_clipping",
        "renorm_momentum",
        "virtual_batch_size",
        "fused",
        "adjustment",
    ] {
        layer.config.get(key);
    }
    if layer.config.flag("renorm", false)? {
        return Err("it renormalises".to_owned());
    }
    let epsilon = layer.config.number("epsilon", 1e-3)?;
    Ok(one(
        layer,
        Op::BatchNorm {
            epsilon: positive(epsilon)?,
            scale: layer.config.flag("scale", true)?,
            center: layer.config.flag("center", true)?,
        },
    ))
}

pub fn layer(layer: &Called<'_>) -> Result<Built, String> {
    last_axis(layer, -1)?;
    if layer.config.flag("rms_scaling", false)? {
        return Err("it has rms_scaling".to_owned());
    }
    let epsilon = layer.config.number("epsilon", 1e-3)?;
    Ok(one(
        layer,
        Op::LayerNorm {
            epsilon: positive(epsilon)?,
            scale: layer.config.flag("scale", true)?,
            center: layer.config.flag("center", true)?,
        },
    ))
}

pub fn unit(layer: &Called<'_>) -> Result<Built, String> {
    last_axis(layer, -1)?;
    Ok(one(layer, Op::UnitNorm))
}

fn positive(epsilon: f64) -> Result<f64, String> {
    if epsilon > 0.0 && epsilon < 1.0 {
        Ok(epsilon)
    } else {
        Err(format!("epsilon is {epsilon}"))
    }
}
