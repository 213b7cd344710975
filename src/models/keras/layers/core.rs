//! Dense layers, and layers that do nothing in a trained network (`keras/src/layers/core`, `regularization`).

use super::{Built, Called, Part, activation_of, one, with_activation};
use crate::network::Op;

pub fn dense(layer: &Called<'_>) -> Result<Built, String> {
    let units = match layer.config.get("units") {
        Some(_) => layer.config.required_count("units")?,
        // Keras 1
        None => layer.config.required_count("output_dim")?,
    };
    let bias = layer.config.flag("use_bias", true)? && layer.config.flag("bias", true)?;
    let part = Part {
        op: Op::Dense { bias },
        channels: units,
        is_map: layer.input().is_map,
    };
    with_activation(layer, vec![part])
}

pub fn activation(layer: &Called<'_>) -> Result<Built, String> {
    if layer.config.is_absent("activation") {
        return Err("it does not say its activation".to_owned());
    }
    let op = activation_of(layer)?.unwrap_or(Op::Identity);
    Ok(one(layer, op))
}

/// What is configured in layers that take part in training only.
const TRAINING_ONLY: [&str; 23] = [
    "stddev",
    "l1",
    "l2",
    "mode",
    "factor",
    "fill_mode",
    "fill_value",
    "interpolation",
    "height_factor",
    "width_factor",
    "value_range",
    "p",
    "sigma",
    "hue_factor",
    "saturation_factor",
    "brightness_factor",
    "contrast_factor",
    "x_factor",
    "y_factor",
    "scale",
    "kernel_size",
    "bounding_box_format",
    "rng_type",
];

/// Hands on what it reads, and has nothing to configure.
pub fn nothing(layer: &Called<'_>) -> Result<Built, String> {
    Ok(one(layer, Op::Identity))
}

/// Hands on what it reads in a trained network.
pub fn identity(layer: &Called<'_>) -> Result<Built, String> {
    channels_last(layer)?;
    for key in TRAINING_ONLY {
        layer.config.get(key);
    }
    if let Some(rate) = layer.config.get("rate")
        && !rate.as_f64().is_some_and(|rate| (0.0..=1.0).contains(&rate))
    {
        return Err(format!("rate is {rate}, not a share"));
    }
    Ok(one(layer, Op::Identity))
}

/// A branch that is left out at random in training and never afterwards (`keras/src/applications/convnext.py`).
pub fn stochastic_depth(layer: &Called<'_>) -> Result<Built, String> {
    layer.config.number("drop_path_rate", 0.0)?;
    Ok(one(layer, Op::Identity))
}

/// Refuses channels in front of height and width.
pub fn channels_last(layer: &Called<'_>) -> Result<(), String> {
    let named = match layer.config.word("data_format")? {
        None => layer.config.word("dim_ordering")?,
        said => said,
    };
    match named {
        None | Some("channels_last" | "tf" | "default") => Ok(()),
        Some(other) => Err(format!("data_format is {other}, where channels_last is understood")),
    }
}
