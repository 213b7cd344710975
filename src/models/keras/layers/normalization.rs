//! Normalisations (`keras/src/layers/normalization`).

use super::{Built, Called, last_axis, one};
use crate::network::Op;

pub fn batch(layer: &Called<'_>) -> Result<Built, String> {
    last_axis(layer)?;
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
    last_axis(layer)?;
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
    last_axis(layer)?;
    Ok(one(layer, Op::UnitNorm))
}

fn positive(epsilon: f64) -> Result<f64, String> {
    if epsilon > 0.0 && epsilon < 1.0 {
        Ok(epsilon)
    } else {
        Err(format!("epsilon is {epsilon}"))
    }
}
