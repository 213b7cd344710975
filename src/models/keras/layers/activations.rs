//! Activation functions by name, and as layers (`keras/src/activations`, `keras/src/layers/activations`).

use serde_json::Value;

use super::{Built, Called, last_axis, one};
use crate::models::keras::config::{Config, shortened};
use crate::network::{Activation, Op, Shape};

/// The function of this name; the inner option is empty for the linear one.
pub fn named(name: &str, is_keras_2: bool) -> Option<Option<Activation>> {
    Some(Some(match name {
        "linear" => return Some(None),
        "relu" => Activation::RELU,
        "relu6" => Activation::Relu {
            max: Some(6.0),
            slope: 0.0,
            threshold: 0.0,
        },
        "leaky_relu" if !is_keras_2 => Activation::Relu {
            max: None,
            slope: 0.2,
            threshold: 0.0,
        },
        "elu" => Activation::Elu { alpha: 1.0 },
        "selu" => Activation::Selu,
        "gelu" => Activation::Gelu { approximate: false },
        "silu" | "swish" => Activation::Silu,
        "tanh" => Activation::Tanh,
        "sigmoid" => Activation::Sigmoid,
        // clip(x / 5 + 1/2) before Keras 3
        "hard_sigmoid" if is_keras_2 => Activation::HardSigmoid { slope: 0.2 },
        "hard_sigmoid" => Activation::HardSigmoid { slope: 1.0 / 6.0 },
        "hard_silu" | "hard_swish" if !is_keras_2 => Activation::HardSilu,
        "softplus" => Activation::Softplus,
        "softmax" => Activation::Softmax,
        _ => return None,
    }))
}

/// The function that a configuration names: by a word, as a function of Keras, or as a layer.
pub fn of_value(value: &Value, is_keras_2: bool) -> Result<Option<Activation>, String> {
    let unknown = || format!("activation is {}", shortened(&value.to_string()));
    match value {
        Value::String(name) => named(name, is_keras_2).ok_or_else(unknown),
        Value::Object(object) => {
            let class = object.get("class_name").and_then(Value::as_str).ok_or_else(unknown)?;
            let module = object.get("module").and_then(Value::as_str).unwrap_or("builtins");
            if class == "function" && (module == "builtins" || module.starts_with("keras")) {
                let name = object.get("config").and_then(Value::as_str).ok_or_else(unknown)?;
                return named(name, is_keras_2).ok_or_else(unknown);
            }
            // Keras 3 knows no class without its module
            if !is_keras_2 && !object.get("module").is_some_and(Value::is_string) {
                return Err(unknown());
            }
            let config = object.get("config").and_then(Value::as_object).ok_or_else(unknown)?;
            let config = Config::new(config);
            let activation = match class {
                "ReLU" => relu_of(&config)?,
                "LeakyReLU" => leaky_of(&config)?,
                "ELU" => Activation::Elu {
                    alpha: config.number("alpha", 1.0)?,
                },
                _ => return Err(unknown()),
            };
            match config.unread() {
                Some(_) => Err(unknown()),
                None => Ok(Some(activation)),
            }
        }
        _ => Err(unknown()),
    }
}

fn relu_of(config: &Config<'_>) -> Result<Activation, String> {
    let max = config.optional_number("max_value")?;
    let (slope, threshold) = (config.number("negative_slope", 0.0)?, config.number("threshold", 0.0)?);
    if slope < 0.0 || threshold < 0.0 || max.is_some_and(|max| max <= threshold) {
        return Err("its slope, threshold or maximum is out of range".to_owned());
    }
    Ok(Activation::Relu { max, slope, threshold })
}

fn leaky_of(config: &Config<'_>) -> Result<Activation, String> {
    // `alpha` before Keras 3
    let slope = match config.get("alpha") {
        Some(_) => config.number("alpha", 0.3)?,
        None => config.number("negative_slope", 0.3)?,
    };
    Ok(Activation::Relu {
        max: None,
        slope,
        threshold: 0.0,
    })
}

pub fn relu(layer: &Called<'_>) -> Result<Built, String> {
    Ok(one(layer, Op::Activation(relu_of(&layer.config)?)))
}

pub fn leaky(layer: &Called<'_>) -> Result<Built, String> {
    Ok(one(layer, Op::Activation(leaky_of(&layer.config)?)))
}

pub fn elu(layer: &Called<'_>) -> Result<Built, String> {
    let alpha = layer.config.number("alpha", 1.0)?;
    Ok(one(layer, Op::Activation(Activation::Elu { alpha })))
}

/// Over the channels of each cell.
pub fn softmax(layer: &Called<'_>) -> Result<Built, String> {
    last_axis(layer)?;
    Ok(one(layer, Op::Activation(Activation::Softmax)))
}

pub fn prelu(layer: &Called<'_>) -> Result<Built, String> {
    let shape = layer.input().shape;
    let mut alpha = [shape.height, shape.width, shape.channels];
    let axes = layer.config.get("shared_axes").and_then(Value::as_array);
    for axis in axes.into_iter().flatten() {
        let axis = axis.as_u64().and_then(|axis| usize::try_from(axis).ok());
        let side = match (axis, layer.input().is_map) {
            (Some(axis @ 1..=3), true) => &mut alpha[axis - 1],
            (Some(1), false) => &mut alpha[2],
            _ => return Err("its shared_axes make no sense".to_owned()),
        };
        *side = 1;
    }
    let [height, width, channels] = alpha;
    let alpha = Shape {
        height,
        width,
        channels,
    };
    Ok(one(layer, Op::PRelu { alpha }))
}
