//! Layers that join several others (`keras/src/layers/merging`), Keras 3's operations of the same names, and the joining
//! layers of Keras' own applications.

use super::operations::{self, affine, constant};
use super::{Built, Called, Part, last_axis, one};
use crate::models::keras::family::Family;
use crate::network::Op;

/// Refuses inputs that are not all maps or all vectors of shapes that fit: each side the same, or 1 to be repeated.
fn fitting(layer: &Called<'_>) -> Result<(), String> {
    let first = layer.input();
    let output = Op::Multiply.output(
        first.shape,
        &layer.inputs.iter().map(|input| input.shape).collect::<Vec<_>>(),
        0,
    );
    for input in &layer.inputs {
        let sides = [
            (input.shape.height, output.height),
            (input.shape.width, output.width),
            (input.shape.channels, output.channels),
        ];
        if input.is_map != first.is_map || sides.iter().any(|&(side, whole)| side != whole && side != 1) {
            return Err(format!("it joins {:?} and {:?}", first.shape, input.shape));
        }
    }
    Ok(())
}

/// Refuses inputs of several shapes.
fn alike(layer: &Called<'_>) -> Result<(), String> {
    fitting(layer)?;
    match layer.inputs.iter().find(|input| input.shape != layer.input().shape) {
        Some(other) => Err(format!("it joins {:?} and {:?}", layer.input().shape, other.shape)),
        None => Ok(()),
    }
}

/// The number of inputs, at least two, and no constants beside them.
fn several(layer: &Called<'_>) -> Result<usize, String> {
    match (layer.inputs.len(), layer.constants.read()) {
        (count @ 2.., []) => Ok(count),
        (count, _) => Err(format!("it joins {count} layers")),
    }
}

/// A sum of layers, or a constant added.
pub fn add(layer: &Called<'_>) -> Result<Built, String> {
    match (layer.inputs.as_slice(), layer.constants.read()) {
        ([a, b], []) if a.shape == b.shape && a.is_map == b.is_map => Ok(one(layer, Op::Add)),
        ([_], _) => Ok(affine(layer, vec![1.0; layer.channels()], constant(layer)?)),
        _ => {
            let factors = vec![1.0; several(layer)?];
            fitting(layer)?;
            Ok(one(layer, Op::WeightedSum { factors }))
        }
    }
}

/// The mean of layers.
pub fn average(layer: &Called<'_>) -> Result<Built, String> {
    let count = several(layer)?;
    fitting(layer)?;
    let factors = vec![1.0 / count as f64; count];
    Ok(one(layer, Op::WeightedSum { factors }))
}

/// A difference of two layers, or one of a layer and a constant.
pub fn subtract(layer: &Called<'_>) -> Result<Built, String> {
    if layer.inputs.len() == 1 {
        return operations::subtract(layer);
    }
    if several(layer)? > 2 {
        return Err(format!("it subtracts {} layers", layer.inputs.len()));
    }
    fitting(layer)?;
    let factors = vec![1.0, -1.0];
    Ok(one(layer, Op::WeightedSum { factors }))
}

/// A product of layers, or one of a layer and a constant.
pub fn multiply(layer: &Called<'_>) -> Result<Built, String> {
    if layer.inputs.len() == 1 {
        return Ok(affine(layer, constant(layer)?, vec![0.0; layer.channels()]));
    }
    several(layer)?;
    fitting(layer)?;
    Ok(one(layer, Op::Multiply))
}

/// The largest of layers.
pub fn maximum(layer: &Called<'_>) -> Result<Built, String> {
    several(layer)?;
    alike(layer)?;
    Ok(one(layer, Op::Maximum))
}

/// The smallest of layers.
pub fn minimum(layer: &Called<'_>) -> Result<Built, String> {
    several(layer)?;
    alike(layer)?;
    Ok(one(layer, Op::Minimum))
}

/// The channels of layers, one after the other.
pub fn concatenate(layer: &Called<'_>) -> Result<Built, String> {
    several(layer)?;
    last_axis(layer)?;
    let first = layer.input();
    let is_alike = |input: &&super::Input| {
        let same_sides = (input.shape.height, input.shape.width) == (first.shape.height, first.shape.width);
        !same_sides || input.is_map != first.is_map
    };
    match layer.inputs.iter().find(is_alike) {
        Some(other) => Err(format!("it joins {:?} and {:?}", first.shape, other.shape)),
        None => Ok(one(layer, Op::Concatenate)),
    }
}

/// What Keras 1 has for all ways to join layers.
pub fn merge(layer: &Called<'_>) -> Result<Built, String> {
    // of the other ways, and of functions of somebody's own
    for key in [
        "mode_type",
        "dot_axes",
        "output_shape_type",
        "output_mask_type",
        "arguments",
    ] {
        layer.config.get(key);
    }
    let axis = layer.config.get("concat_axis").and_then(serde_json::Value::as_i64);
    let last = if layer.input().is_map { 3 } else { 1 };
    match layer.config.text("mode") {
        Some("sum") => add(layer),
        Some("mul") => multiply(layer),
        Some("ave") => average(layer),
        Some("max") => maximum(layer),
        Some("concat") if axis == Some(-1) || axis == Some(last) => concatenate(layer),
        _ => Err("it joins layers in another way than by sum, product, mean, maximum or channels".to_owned()),
    }
}

/// InceptionResNetV2's `x + scale * branch` (`keras/src/applications/inception_resnet_v2.py`).
pub fn scaled_residual(layer: &Called<'_>) -> Result<Built, String> {
    if several(layer)? != 2 {
        return Err(format!("it joins {} layers", layer.inputs.len()));
    }
    alike(layer)?;
    if layer.config.is_absent("scale") {
        return Err("it does not say its scale".to_owned());
    }
    let factors = vec![1.0, layer.config.number("scale", 1.0)?];
    Ok(one(layer, Op::WeightedSum { factors }))
}

/// The same as Keras 2 writes it: by a name that a layer of somebody's own may have too, so only in that network.
pub fn scaled_residual_of_keras_2(layer: &Called<'_>) -> Result<Built, String> {
    match layer.family {
        Some(Family::InceptionResNetV2) => scaled_residual(layer),
        _ => Err("it is a class of somebody's own".to_owned()),
    }
}

/// ConvNeXt's factor a channel (`keras/src/applications/convnext.py`).
pub fn layer_scale(layer: &Called<'_>) -> Result<Built, String> {
    // the value that it had before training
    layer.config.number("init_values", 0.0)?;
    let channels = layer.config.required_count("projection_dim")?;
    if channels != layer.channels() {
        return Err(format!("projection_dim is {channels}"));
    }
    Ok(Built::Parts(vec![Part {
        op: Op::LayerScale,
        channels,
        is_map: layer.input().is_map,
    }]))
}
