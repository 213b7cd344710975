//! What a model takes: its size as far as the description says it, and the name of its layer.

use serde_json::Value;

use super::json::Model;

/// Height and width of a model's input as far as it says them, and the channels.
pub fn input_shape(model: &Model) -> (Option<[usize; 2]>, usize) {
    let mut found: Option<Vec<Option<usize>>> = None;
    let mut model = Some(model);
    while let (None, Some(current)) = (&found, model) {
        let first = match current.inputs.first() {
            Some(input) => current.find(&input.layer).map(|(_, layer)| layer),
            None => current.layers.first(),
        };
        let said = first.and_then(|layer| {
            let config = &layer.config;
            ["batch_shape", "batch_input_shape"]
                .iter()
                .find_map(|key| config.get(*key))
        });
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
