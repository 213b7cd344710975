//! What the last values of a network mean: from its last activation, else from the loss that it was trained with.

use serde_json::Value;

use super::error::KerasError;
use super::json::Model;
use crate::network::{Activation, Layer, LayerId, Op, Output};

/// A loss, as far as it tells what the values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    /// Of logits of a softmax.
    SoftmaxLogits,
    /// Of logits of sigmoids.
    SigmoidLogits,
    /// Of plain values.
    Values,
    /// Nothing.
    Unknown,
}

/// The losses of a model's outputs.
pub struct Losses {
    all: Vec<(Option<String>, Loss)>,
}

/// Reads the losses from where a file has them.
pub fn losses(model: &Model, training: Option<&str>) -> Result<Losses, KerasError> {
    let apart: Option<Value> = match training {
        Some(json) => {
            Some(serde_json::from_str(json).map_err(|error| KerasError::Json(format!("its training: {error}")))?)
        }
        None => None,
    };
    let loss = model
        .compile_config
        .as_ref()
        .or(apart.as_ref())
        .and_then(|config| config.get("loss"));
    let all = match loss {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(losses)) => losses.iter().map(|value| (None, read(value))).collect(),
        Some(Value::Object(object)) if !object.contains_key("class_name") => object
            .iter()
            .map(|(name, value)| (Some(name.clone()), read(value)))
            .collect(),
        Some(value) => vec![(None, read(value))],
    };
    Ok(Losses { all })
}

fn read(value: &Value) -> Loss {
    let (name, from_logits) = match value {
        Value::String(name) => (name.as_str(), false),
        Value::Object(object) => {
            let config = object.get("config");
            let flag = config
                .and_then(|config| config.get("from_logits"))
                .and_then(Value::as_bool);
            let class = object.get("class_name").and_then(Value::as_str).unwrap_or_default();
            // a function by its name
            let name = match config {
                Some(Value::String(name)) if class == "function" => name.as_str(),
                _ => class,
            };
            (name, flag.unwrap_or(false))
        }
        _ => return Loss::Unknown,
    };
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_lowercase();
    match plain.as_str() {
        "categoricalcrossentropy" | "sparsecategoricalcrossentropy" | "categoricalfocalcrossentropy" if from_logits => {
            Loss::SoftmaxLogits
        }
        "binarycrossentropy" | "binaryfocalcrossentropy" if from_logits => Loss::SigmoidLogits,
        "meansquarederror"
        | "mse"
        | "meanabsoluteerror"
        | "mae"
        | "huber"
        | "huberloss"
        | "logcosh"
        | "meanabsolutepercentageerror"
        | "mape"
        | "meansquaredlogarithmicerror"
        | "msle"
        | "poisson" => Loss::Values,
        _ => Loss::Unknown,
    }
}

/// What was decided, and whether the file says so.
pub struct Decided {
    pub output: Output,
    pub said: bool,
}

/// Takes a final softmax or sigmoid out of the layers, so that they end in its logits, and says what the values mean.
///
/// `flat_output` is the last layer's place, `chosen` that of the output among all `outputs`.
pub fn decide(
    layers: &mut Vec<Layer>,
    flat_output: usize,
    losses: &Losses,
    chosen: usize,
    outputs: &[String],
) -> Decided {
    layers.truncate(flat_output + 1);
    let mut last = flat_output;
    // behind the softmax there may be layers that only hand its vector on
    while matches!(layers[last].op, Op::Identity | Op::Flatten) && layers[last].shape.cells() == 1 {
        match *layers[last].inputs.as_slice() {
            [input] if layers[input.0].shape == layers[last].shape => last = input.0,
            _ => break,
        }
    }
    let found = match layers[last].op {
        Op::Activation(Activation::Softmax) => Some(Output::Softmax),
        Op::Activation(Activation::Sigmoid) => Some(Output::Sigmoid),
        _ => None,
    };
    if let Some(output) = found {
        let before = layers[last].inputs.first().copied().unwrap_or(LayerId(0));
        let is_part = layers[before.0].weights == layers[last].weights && before.0 + 1 == last;
        if is_part && last == flat_output {
            // the layer is its linear part now
            if let Some(activation) = layers.pop() {
                layers[before.0].name = activation.name;
            }
        } else {
            layers[last].op = Op::Identity;
        }
        return Decided { output, said: true };
    }
    let is_linear = !matches!(layers[last].op, Op::Activation(_));
    let named = losses
        .all
        .iter()
        .find(|(name, _)| name.is_some() && name.as_deref() == outputs.get(chosen).map(String::as_str));
    let loss = named.or_else(|| losses.all.get(chosen)).or_else(|| losses.all.first());
    let units = layers.last().map_or(0, |layer| layer.shape.channels);
    let (output, said) = match loss.map_or(Loss::Unknown, |(_, loss)| *loss) {
        Loss::SoftmaxLogits => (Output::Softmax, true),
        Loss::SigmoidLogits => (Output::Sigmoid, true),
        Loss::Values => (Output::Values, true),
        Loss::Unknown if is_linear && units > 1 => (Output::Softmax, false),
        Loss::Unknown => (Output::Values, false),
    };
    Decided { output, said }
}
