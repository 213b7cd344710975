//! Arithmetic written into a model: operations of Keras 3 (`keras/src/ops`), `TFOpLambda` and `SlicingOpLambda` of
//! Keras 2.

use serde_json::Value;

use super::{Built, Called, merging, one};
use crate::models::keras::config::{number, shortened};
use crate::network::{Activation, Op};

/// Steps of a constant's nesting that are looked into.
const MAX_NESTING: usize = 6;

/// A constant as one number a channel: a number, a list of them, or such a list in brackets.
pub fn per_channel(value: &Value, channels: usize) -> Option<Vec<f64>> {
    let mut value = value;
    for _ in 0..MAX_NESTING {
        match value {
            Value::Object(object) => value = object.get("config")?.get("value").or_else(|| object.get("value"))?,
            Value::Array(items) => match items.as_slice() {
                [one @ Value::Array(_)] => value = one,
                [one] => return Some(vec![number(one)?; channels]),
                items if items.len() == channels => return items.iter().map(number).collect(),
                _ => return None,
            },
            _ => return Some(vec![number(value)?; channels]),
        }
    }
    None
}

/// `x * scale + shift`.
pub fn affine(layer: &Called<'_>, scale: Vec<f64>, shift: Vec<f64>) -> Built {
    one(layer, Op::Affine { scale, shift })
}

/// The one constant of an operation, one number a channel.
pub fn constant(layer: &Called<'_>) -> Result<Vec<f64>, String> {
    match layer.constants.read() {
        [value] => per_channel(value, layer.channels()).ok_or_else(|| {
            format!(
                "its constant {} is not one number a channel",
                shortened(&value.to_string())
            )
        }),
        _ => Err("it does not have one constant".to_owned()),
    }
}

/// A constant taken away, or taken from.
pub fn subtract(layer: &Called<'_>) -> Result<Built, String> {
    single(layer)?;
    let constant = constant(layer)?;
    let channels = layer.channels();
    Ok(if layer.tensor_first {
        affine(
            layer,
            vec![1.0; channels],
            constant.iter().map(|value| -value).collect(),
        )
    } else {
        affine(layer, vec![-1.0; channels], constant)
    })
}

pub fn divide(layer: &Called<'_>) -> Result<Built, String> {
    single(layer)?;
    let constant = constant(layer)?;
    if !layer.tensor_first || constant.contains(&0.0) {
        return Err("it divides by what it reads, or by zero".to_owned());
    }
    let scale = constant.iter().map(|value| 1.0 / value).collect();
    Ok(affine(layer, scale, vec![0.0; layer.channels()]))
}

fn single(layer: &Called<'_>) -> Result<(), String> {
    match layer.inputs.len() {
        1 => Ok(()),
        count => Err(format!("it joins {count} layers")),
    }
}

/// `x[..., i]`, or all channels in reverse.
pub fn get_item(layer: &Called<'_>) -> Result<Built, String> {
    single(layer)?;
    let wrong = || "it takes a part of what it reads".to_owned();
    let key = match layer.constants.read() {
        [Value::Array(key)] => key.as_slice(),
        _ => return Err(wrong()),
    };
    let is_ellipsis = |value: &Value| value.get("class_name").and_then(Value::as_str) == Some("__ellipsis__");
    match key {
        [first, Value::Number(index)] if is_ellipsis(first) => {
            let index = index
                .as_u64()
                .and_then(|index| usize::try_from(index).ok())
                .ok_or_else(wrong)?;
            if index < layer.channels() {
                Ok(Built::Channel(index))
            } else {
                Err(wrong())
            }
        }
        [first, slice] if is_ellipsis(first) => {
            let config = slice.get("config").unwrap_or(slice);
            reversed(layer, config.get("step"), [config.get("start"), config.get("stop")])
        }
        _ => Err(wrong()),
    }
}

/// Channels in reverse, if a slice says so.
fn reversed(layer: &Called<'_>, step: Option<&Value>, bounds: [Option<&Value>; 2]) -> Result<Built, String> {
    let is_open = bounds.iter().all(|bound| bound.is_none_or(Value::is_null));
    if step.and_then(Value::as_i64) == Some(-1) && is_open {
        let channels = (0..layer.channels()).rev().collect();
        Ok(one(layer, Op::Reorder { channels }))
    } else {
        Err("it takes a part of what it reads".to_owned())
    }
}

/// Channels put together along the last axis.
pub fn stack(layer: &Called<'_>) -> Result<Built, String> {
    if layer.config.number("axis", 0.0)? == -1.0 {
        Ok(Built::Stack)
    } else {
        Err("it stacks along another axis than the channels".to_owned())
    }
}

/// min(max(x, 0), 6).
pub fn relu6(layer: &Called<'_>) -> Result<Built, String> {
    let relu = Activation::Relu {
        max: Some(6.0),
        slope: 0.0,
        threshold: 0.0,
    };
    Ok(one(layer, Op::Activation(relu)))
}

/// max(x, 0).
pub fn relu(layer: &Called<'_>) -> Result<Built, String> {
    Ok(one(layer, Op::RELU))
}

pub fn silu(layer: &Called<'_>) -> Result<Built, String> {
    Ok(one(layer, Op::Activation(Activation::Silu)))
}

pub fn sigmoid(layer: &Called<'_>) -> Result<Built, String> {
    Ok(one(layer, Op::Activation(Activation::Sigmoid)))
}

pub fn gelu(layer: &Called<'_>) -> Result<Built, String> {
    let approximate = layer.config.flag("approximate", true)?;
    Ok(one(layer, Op::Activation(Activation::Gelu { approximate })))
}

/// A function of TensorFlow by its name.
pub fn tensorflow(layer: &Called<'_>) -> Result<Built, String> {
    let function = layer.config.text("function").ok_or("it does not say its function")?;
    match function {
        "__operators__.add" | "math.add" | "nn.bias_add" => merging::add(layer),
        "math.subtract" | "__operators__.sub" => merging::subtract(layer),
        "math.multiply" | "__operators__.mul" => merging::multiply(layer),
        "math.maximum" => merging::maximum(layer),
        "math.minimum" => merging::minimum(layer),
        "math.truediv" | "math.divide" | "__operators__.truediv" => divide(layer),
        "cast" => match layer.constants.read() {
            [Value::String(dtype)] if ["float32", "float64"].contains(&dtype.as_str()) => Ok(one(layer, Op::Identity)),
            _ => Err("it does not cast to float32".to_owned()),
        },
        "nn.relu" => Ok(one(layer, Op::RELU)),
        "nn.relu6" => relu6(layer),
        "nn.silu" => silu(layer),
        "nn.sigmoid" | "math.sigmoid" => sigmoid(layer),
        "nn.gelu" => {
            let approximate = match layer.constants.read() {
                [] => false,
                [Value::Bool(approximate)] => *approximate,
                _ => return Err("it calls nn.gelu with unknown arguments".to_owned()),
            };
            Ok(one(layer, Op::Activation(Activation::Gelu { approximate })))
        }
        other => Err(format!("it calls {}", shortened(other))),
    }
}

/// `x[..., ::-1]`.
pub fn slicing(layer: &Called<'_>) -> Result<Built, String> {
    let wrong = || "it takes a part of what it reads".to_owned();
    if layer.config.text("function") != Some("__operators__.getitem") {
        return Err(wrong());
    }
    let slices = layer
        .constants
        .read()
        .first()
        .and_then(|value| value.as_array())
        .ok_or_else(wrong)?;
    match slices.as_slice() {
        [_, slice] => {
            let config = slice.get("config").unwrap_or(slice);
            reversed(layer, config.get("step"), [config.get("start"), config.get("stop")])
        }
        _ => Err(wrong()),
    }
}
