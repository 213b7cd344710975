//! What brings pixels to the range that a body expects (`keras/src/layers/preprocessing`, `keras/src/applications`).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::operations::per_channel;
use super::{Built, Called, Part, last_axis, one};
use crate::imaging::Pixels;
use crate::models::keras::config::shortened;
use crate::models::keras::family::Family;
use crate::network::{Op, SMALLEST_DEVIATION};

pub fn rescaling(layer: &Called<'_>) -> Result<Built, String> {
    if layer.config.is_absent("scale") {
        return Err("it does not say its scale".to_owned());
    }
    let channels = layer.channels();
    let read = |key: &'static str, otherwise: f64| match layer.config.get(key) {
        None if layer.config.is_absent(key) => Ok(vec![otherwise; channels]),
        None => Err(format!("{key} is null")),
        Some(value) => {
            per_channel(value, channels).ok_or_else(|| format!("{key} is {}", shortened(&value.to_string())))
        }
    };
    let (scale, shift) = (read("scale", 1.0)?, read("offset", 0.0)?);
    Ok(one(layer, Op::Affine { scale, shift }))
}

/// With mean and variance from the configuration, or from the weights if it was adapted.
pub fn normalization(layer: &Called<'_>) -> Result<Built, String> {
    if layer.config.flag("invert", false)? {
        return Err("it is inverted".to_owned());
    }
    last_axis(layer)?;
    let (mean, variance) = (layer.config.get("mean"), layer.config.get("variance"));
    let (Some(mean), Some(variance)) = (mean, variance) else {
        return Ok(one(layer, Op::Normalize));
    };
    if !are_alike(mean, variance) {
        return Err("its mean and variance have different shapes".to_owned());
    }
    let channels = layer.channels();
    let read = |value: &Value| per_channel(value, channels).ok_or("its mean or variance is not one number a channel");
    let (mean, variance) = (read(mean)?, read(variance)?);
    if variance.iter().any(|variance| *variance < 0.0) {
        return Err("its variance is negative".to_owned());
    }
    // (x - mean) / max(sqrt(variance), SMALLEST_DEVIATION)
    let scale: Vec<f64> = variance
        .iter()
        .map(|variance| 1.0 / variance.sqrt().max(SMALLEST_DEVIATION))
        .collect();
    let shift = mean.iter().zip(&scale).map(|(mean, scale)| -mean * scale).collect();
    Ok(one(layer, Op::Affine { scale, shift }))
}

/// Whether two constants are lists of the same lengths, or no lists both.
fn are_alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| are_alike(a, b)),
        (a, b) => a.is_array() == b.is_array(),
    }
}

/// A function of somebody's own is never run; only the preprocessing of Keras' own networks is known by its name.
pub fn lambda(layer: &Called<'_>) -> Result<Built, String> {
    let config = &layer.config;
    for key in [
        "function_type",
        "output_shape",
        "output_shape_type",
        "output_shape_module",
        "mask",
    ] {
        config.get(key);
    }
    if let Some(arguments) = config.get("arguments")
        && arguments.as_object().is_none_or(|arguments| !arguments.is_empty())
    {
        return Err("it calls a Python function with arguments, which cannot be known without running it".to_owned());
    }
    let own = || "it calls a Python function of its own, which is never run".to_owned();
    let function = config.get("function").ok_or_else(own)?;
    let module = config.text("module");
    let (name, module) = match function {
        Value::String(name) => (name.as_str(), module),
        Value::Object(object) => (
            object.get("config").and_then(Value::as_str).ok_or_else(own)?,
            object.get("module").and_then(Value::as_str),
        ),
        // Keras 2 writes byte code, which is compared and never run
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(code), defaults, Value::Null] if is_none(defaults) && is_xceptions_preprocessing(code) => {
                ("preprocess_input", Some("xception"))
            }
            _ => return Err(own()),
        },
        _ => return Err(own()),
    };
    if name != "preprocess_input" {
        return Err(format!(
            "it calls the Python function {}, which is never run",
            shortened(name)
        ));
    }
    let module = module
        .and_then(|module| module.rsplit('.').next())
        .unwrap_or("builtins");
    let family = match module {
        // Keras 3 writes the name without its module; it is that of the body
        "builtins" => layer.family,
        module => Family::of_module(module),
    };
    match family {
        None => Err(format!(
            "it calls preprocess_input of {}, which is not understood there",
            shortened(module)
        )),
        Some(family) => scaled(layer, family),
    }
}

/// `preprocess_input` of one of Keras' networks (`keras/src/applications/imagenet_utils.py`).
fn scaled(layer: &Called<'_>, family: Family) -> Result<Built, String> {
    let channels = layer.channels();
    let Some(pixels) = family.pixels().filter(|_| family != Family::MobileNetV3) else {
        // scaling is inside of the network
        return Ok(one(layer, Op::Identity));
    };
    // what black and white become says the rest, as all modes are linear
    let ends = [0.0, 255.0].map(|level| {
        let mut pixel = vec![level; channels];
        pixels.scale(&mut pixel);
        pixel
    });
    let scale = ends[0]
        .iter()
        .zip(&ends[1])
        .map(|(black, white)| f64::from(white - black) / 255.0);
    let affine = Op::Affine {
        scale: scale.collect(),
        shift: ends[0].iter().map(|&black| f64::from(black)).collect(),
    };
    let part = |op| Part {
        op,
        channels,
        is_map: layer.input().is_map,
    };
    Ok(Built::Parts(match pixels {
        Pixels::Caffe => {
            let channels = (0..channels).rev().collect();
            vec![part(Op::Reorder { channels }), part(affine)]
        }
        _ => vec![part(affine)],
    }))
}

/// No value, or a list of none.
fn is_none(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(|values| values.iter().all(Value::is_null))
}

/// Whether marshalled byte code is that of `preprocess_input` in Keras' `applications/xception.py`: a call of
/// `imagenet_utils.preprocess_input` with the mode `tf`, and nothing else.
fn is_xceptions_preprocessing(code: &str) -> bool {
    /// The function takes 300 to 500 bytes in all versions of Python.
    const MOST_BYTES: usize = 600;
    let text: String = code.split_whitespace().collect();
    let Ok(code) = BASE64_STANDARD.decode(text) else {
        return false;
    };
    let has = |name: &[u8]| code.windows(name.len()).any(|bytes| bytes == name);
    let names: [&[u8]; 6] = [
        b"applications/xception.py",
        b"imagenet_utils",
        b"preprocess_input",
        b"data_format",
        b"mode",
        b"\x02tf",
    ];
    code.len() < MOST_BYTES && names.into_iter().all(has)
}
