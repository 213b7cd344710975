//! Small networks in Keras' HDF5 layouts, as `hdf5_pure` writes them.

use hdf5_pure::{AttrValue, FileBuilder};

use super::Tensors;

/// What a layer is called in Keras 1 and in Keras 3, told by its weights.
fn kind(tensors: &Tensors, layer: &str) -> usize {
    let has = |weight: &str| tensors.get(&format!("{layer}/{weight}"));
    match (has("kernel"), has("gamma")) {
        (Some((shape, _)), _) if shape.len() == 2 => 3,
        (Some(_), _) => 0,
        (None, Some(_)) => 2,
        (None, None) => 1,
    }
}

/// The layers in the order of creation: a block's residual before its separable convolutions.
pub fn in_order_of_creation(middle: usize) -> Vec<String> {
    let mut layers: Vec<String> = ["block1_conv1", "block1_conv1_bn", "block1_conv2", "block1_conv2_bn"]
        .map(str::to_owned)
        .to_vec();
    let numbers = (2..5 + middle).chain([13, 14]);
    for block in numbers {
        let residual = match block {
            2 => Some(""),
            3 => Some("_1"),
            4 => Some("_2"),
            13 => Some("_3"),
            _ => None,
        };
        if let Some(suffix) = residual {
            layers.extend([format!("conv2d{suffix}"), format!("batch_normalization{suffix}")]);
        }
        for position in 1..=if (5..13).contains(&block) { 3 } else { 2 } {
            let name = format!("block{block}_sepconv{position}");
            layers.extend([name.clone(), format!("{name}_bn")]);
        }
    }
    layers.push("predictions".to_owned());
    layers
}

/// The weights of each kind of layer, in Keras' order.
const WEIGHTS: [&[&str]; 4] = [
    &["kernel"],
    &["depthwise_kernel", "pointwise_kernel"],
    &["gamma", "beta", "moving_mean", "moving_variance"],
    &["kernel", "bias"],
];

/// One weight of a layer that is the `number`th of its kind, counted from one.
struct Weight<'a> {
    kind: usize,
    number: usize,
    layer: &'a str,
    weight: &'a str,
}

/// One dataset for each weight; `place` names its group and the dataset in there.
fn write(
    tensors: &Tensors,
    layers: &[String],
    place: &dyn Fn(&Weight<'_>) -> (String, String),
    deflated: bool,
) -> Vec<u8> {
    let mut builder = FileBuilder::new();
    let mut counts = [0; 4];
    for layer in layers {
        let kind = kind(tensors, layer);
        counts[kind] += 1;
        let mut group = None;
        for weight in WEIGHTS[kind] {
            let (shape, values) = &tensors[&format!("{layer}/{weight}")];
            let number = counts[kind];
            let (path, name) = place(&Weight {
                kind,
                number,
                layer,
                weight,
            });
            let group = group.get_or_insert_with(|| builder.create_group(&path));
            let shape: Vec<u64> = shape.iter().map(|&side| side as u64).collect();
            let created = group.create_dataset(&name).with_f32_data(values);
            created.with_shape(&shape);
            if deflated {
                created.with_chunks(&shape).with_shuffle().with_deflate(4);
            }
        }
        if let Some(group) = group {
            builder.add_group(group.finish());
        }
    }
    builder.set_attr("backend", AttrValue::AsciiString("tensorflow".to_owned()));
    builder.finish().unwrap()
}

/// Keras 1, as the official file: automatic names, the dense layer called `dense`.
pub fn keras1(tensors: &Tensors, middle: usize, dense: &str) -> Vec<u8> {
    let stems = ["convolution2d", "separableconvolution2d", "batchnormalization"];
    let place = |weight: &Weight<'_>| {
        let numbered = |stem: &&str| format!("{stem}_{}", weight.number);
        let group = stems.get(weight.kind).map_or_else(|| dense.to_owned(), numbered);
        let name = match weight.weight {
            "kernel" => "W",
            "bias" => "b",
            "moving_mean" => "running_mean",
            "moving_variance" => "running_std",
            other => other,
        };
        let name = format!("{group}_{name}:0");
        (group, name)
    };
    write(tensors, &in_order_of_creation(middle), &place, false)
}

/// Keras 2 without the group below the group, chunked and compressed.
pub fn keras2_compressed(tensors: &Tensors, layers: &[String]) -> Vec<u8> {
    let place = |weight: &Weight<'_>| (weight.layer.to_owned(), format!("{}:0", weight.weight));
    write(tensors, layers, &place, true)
}
