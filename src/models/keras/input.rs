//! What a model takes: its size as far as the description says it, and the name of its layer.

use serde_json::Value;

use super::calls::TensorRef;
use super::config::Config;
use super::error::KerasError;
use super::json::{LayerDescription, Model};
use super::layers::Input;
use crate::network::Shape;

/// Height and width of a model's input as far as it says them, and the channels.
pub fn input_shape(model: &Model) -> (Option<[usize; 2]>, usize) {
    let mut found: Option<Vec<Option<usize>>> = None;
    let mut model = Some(model);
    while let (None, Some(current)) = (&found, model) {
        let first = match current.inputs.first() {
            Some(input) => current.find(&input.layer).map(|(_, layer)| layer),
            None => current.layers.first(),
        };
        let said = first.and_then(|layer| said_shape(layer));
        found = said.or(current.build_shape.as_ref()).and_then(sides);
        model = first.and_then(|layer| layer.model.as_deref());
    }
    match found.as_deref() {
        Some(&[height, width, channels]) => {
            let size = height.zip(width).map(|(height, width)| [height, width]);
            (size, channels.unwrap_or(3))
        }
        _ => (None, 3),
    }
}

/// `[null, height, width, channels]` without the batch.
fn sides(shape: &Value) -> Option<Vec<Option<usize>>> {
    let sides = shape.as_array()?;
    let sides = sides
        .iter()
        .skip(1)
        .map(|side| side.as_u64().and_then(|side| usize::try_from(side).ok()));
    Some(sides.collect())
}

/// Keras' name of the layer that takes the picture.
pub fn input_name(model: &Model) -> String {
    let named = match model.inputs.first() {
        Some(input) => Some(input.layer.clone()),
        None => model
            .layers
            .first()
            .filter(|layer| layer.class == "InputLayer")
            .map(|layer| layer.name.clone()),
    };
    named.unwrap_or_else(|| "input_layer".to_owned())
}

/// Types of whole numbers that hold pixels from 0 to 255.
const WHOLE: [&str; 7] = ["uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"];

/// Refuses an input of a model whose values are not those that it is given.
pub fn check(model: &Model, reference: &TensorRef, given: Input, is_picture: bool) -> Result<(), KerasError> {
    match model.find(&reference.layer) {
        Some((_, layer)) if reference.node == 0 && reference.index == 0 => check_layer(layer, given, is_picture),
        _ => Err(KerasError::Graph(format!("its input {} is not there", reference.layer))),
    }
}

/// Refuses a layer that is no input of what it is given.
pub fn check_layer(layer: &LayerDescription, given: Input, is_picture: bool) -> Result<(), KerasError> {
    let wrong = |reason: &str| Err(KerasError::Graph(format!("its input {} {reason}", layer.name)));
    if layer.class != "InputLayer" || layer.is_of_somebody() {
        return wrong("is no input");
    }
    let config = Config::new(&layer.config);
    for key in ["sparse", "ragged"] {
        if config.get(key).is_some_and(|flag| *flag != Value::Bool(false)) {
            return wrong(&format!("is {key}"));
        }
    }
    if !said_shape(layer).is_some_and(|shape| takes(shape, given)) {
        return wrong("has another shape than what it reads");
    }
    for key in ["optional", "input_dtype"] {
        config.get(key);
    }
    if let Some(unread) = config.unread() {
        return wrong(&format!("is not understood: {unread}"));
    }
    match config.quantised() {
        Some(precision) if !(is_picture && is_whole(layer)) => wrong(&format!("is not understood: {precision}")),
        _ => Ok(()),
    }
}

/// Whether Keras makes whole numbers of what the layer is given, as is fine with pixels from 0 to 255 and nothing else.
pub fn is_whole(layer: &LayerDescription) -> bool {
    let dtype = layer.config.get("dtype").and_then(Value::as_str);
    dtype.is_some_and(|dtype| WHOLE.contains(&dtype))
}

fn said_shape(layer: &LayerDescription) -> Option<&Value> {
    ["batch_shape", "batch_input_shape"]
        .iter()
        .find_map(|key| layer.config.get(*key))
}

/// Whether a shape, but for its batch, is that of what is given, as far as it says it.
fn takes(shape: &Value, given: Input) -> bool {
    let Shape {
        height,
        width,
        channels,
    } = given.shape;
    let sides = if given.is_map {
        vec![height, width, channels]
    } else {
        vec![channels]
    };
    let is = |(said, side): (&Value, &usize)| said.is_null() || said.as_u64() == u64::try_from(*side).ok();
    let said = shape.as_array().and_then(|shape| shape.get(1..));
    said.is_some_and(|said| said.len() == sides.len() && said.iter().zip(&sides).all(is))
}
