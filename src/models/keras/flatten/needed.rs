//! Which layers of a model an output depends on.

use std::collections::BTreeSet;

use crate::models::keras::calls::TensorRef;
use crate::models::keras::error::KerasError;
use crate::models::keras::json::Model;

/// The layers that some outputs of a model depend on, in Keras' order.
pub(super) fn needed(model: &Model, outputs: &[(usize, &TensorRef)]) -> Result<BTreeSet<usize>, KerasError> {
    let by_name = model.places();
    if by_name.len() < model.layers.len() {
        return Err(KerasError::graph("two of its layers have the same name"));
    }
    let find = |tensor: &TensorRef| {
        let name = &tensor.layer;
        let index = by_name.get(name.as_str()).copied();
        let index = index.ok_or_else(|| KerasError::graph(&format!("there is no layer {name}")))?;
        // Keras 2 counts the making of a model as a call of it
        let layer = &model.layers[index];
        let calls = layer.calls.len().max(1) + usize::from(layer.model.is_some());
        if usize::try_from(tensor.node).is_ok_and(|node| node < calls) {
            Ok(index)
        } else {
            Err(KerasError::graph(&format!(
                "the layer {name} is not called so often as it is read"
            )))
        }
    };
    let mut found = BTreeSet::new();
    let mut open: Vec<usize> = outputs
        .iter()
        .map(|(_, output)| find(output))
        .collect::<Result<_, _>>()?;
    while let Some(index) = open.pop() {
        if !found.insert(index) {
            continue;
        }
        for tensor in model.layers[index].reads() {
            open.push(find(tensor)?);
        }
    }
    Ok(found)
}
