//! Which calls of a model's layers an output depends on.

use std::collections::BTreeSet;

use crate::models::keras::calls::TensorRef;
use crate::models::keras::error::KerasError;
use crate::models::keras::json::Model;

/// The layers, and which of their calls, that some outputs of a model depend on, in Keras' order.
pub(super) fn needed(model: &Model, outputs: &[(usize, &TensorRef)]) -> Result<BTreeSet<(usize, usize)>, KerasError> {
    let places = model.places();
    if places.len() < model.layers.len() {
        return Err(KerasError::graph("two of its layers have the same name"));
    }
    let checked = |tensor: &TensorRef, call: Option<(usize, usize)>| {
        let name = &tensor.layer;
        call.ok_or_else(|| {
            KerasError::graph(&if places.contains_key(name.as_str()) {
                format!("the layer {name} is not called so often as it is read")
            } else {
                format!("there is no layer {name}")
            })
        })
    };
    let mut found = BTreeSet::new();
    let mut open: Vec<(usize, usize)> = outputs
        .iter()
        .map(|(_, output)| checked(output, model.call_given(output)))
        .collect::<Result<_, _>>()?;
    while let Some((index, call)) = open.pop() {
        if !found.insert((index, call)) {
            continue;
        }
        for tensor in model.layers[index].reads(call) {
            open.push(checked(tensor, model.call_among(&places, tensor))?);
        }
    }
    Ok(found)
}
