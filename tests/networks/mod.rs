//! Small Xceptions with deterministic values, written in every dialect.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod hdf5;

use std::collections::BTreeMap;

use gradcam_explorer::models::xception::{self, Architecture};

/// Shape and values of one tensor.
pub type Array = (Vec<usize>, Vec<f32>);

/// Tensors by name.
pub type Tensors = BTreeMap<String, Array>;

/// Narrow, with two middle blocks; `block13`'s residual is as wide as its second separable convolution, as ever.
pub fn small(classes: usize) -> Architecture {
    Architecture {
        input_size: [71; 2],
        bn_epsilon: 1e-3,
        stem: [4, 6],
        entry: [[8, 8], [10, 10], [12, 12]],
        middle: vec![[12, 12, 12]; 2],
        exit: [[12, 16], [18, 20]],
        classes,
    }
}

/// Every tensor of the network with Keras' names and layout. Variances are between 0 and 1, with one very small one.
pub fn keras(architecture: &Architecture) -> Tensors {
    let plan = xception::plan(architecture).unwrap();
    let tensors = plan.parameters().into_iter().map(|parameter| {
        let path = parameter.path();
        let count = parameter.shape.iter().product();
        let mut values = uniform(&path, count);
        if path.ends_with("/moving_variance") {
            values.iter_mut().for_each(|value| *value = value.abs() + 1e-6);
            if path.starts_with("block1_conv1_bn/") {
                values[0] = 1e-6;
            }
        }
        (path, (parameter.shape, values))
    });
    tensors.collect()
}

/// Values in -1..1 that depend on the name only (FNV-1a and splitmix64).
pub fn uniform(name: &str, count: usize) -> Vec<f32> {
    let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    let value = |position: u64| {
        let mut z = seed.wrapping_add((position + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count as u64).map(value).collect()
}

/// The same network with timm's names and layout. `head` is `fc`, `last_linear` or `classifier.1`.
pub fn timm(keras: &Tensors, head: &str) -> Tensors {
    let middle = keras
        .keys()
        .filter(|path| path.ends_with("_sepconv3/depthwise_kernel"))
        .count();
    keras
        .iter()
        .map(|(path, (shape, values))| {
            let (layer, weight) = path.split_once('/').unwrap();
            (
                timm_name(layer, weight, middle, head),
                torch_layout(weight, shape, values),
            )
        })
        .collect()
}

/// timm's names, written down from `timm/models/xception.py`; blocks are numbered without gaps, as its code would.
fn timm_name(layer: &str, weight: &str, middle: usize, head: &str) -> String {
    let norm = match weight {
        "gamma" => "weight",
        "beta" => "bias",
        "moving_mean" => "running_mean",
        "moving_variance" => "running_var",
        _ => "",
    };
    let block = |keras: usize| if keras == 13 { middle + 4 } else { keras - 1 };
    let residual = |stem: &str| match layer.strip_prefix(stem) {
        Some("") => Some(2),
        Some("_1") => Some(3),
        Some("_2") => Some(4),
        Some("_3") => Some(13),
        _ => None,
    };
    if layer == "predictions" {
        return format!("{head}.{}", if weight == "kernel" { "weight" } else { "bias" });
    }
    if let Some(keras) = residual("conv2d") {
        return format!("block{}.skip.weight", block(keras));
    }
    if let Some(keras) = residual("batch_normalization") {
        return format!("block{}.skipbn.{norm}", block(keras));
    }
    if let Some(rest) = layer.strip_prefix("block1_conv") {
        return match rest.strip_suffix("_bn") {
            Some(number) => format!("bn{number}.{norm}"),
            None => format!("conv{rest}.weight"),
        };
    }
    let (keras, rest) = layer.strip_prefix("block").unwrap().split_once("_sepconv").unwrap();
    let keras: usize = keras.parse().unwrap();
    let number: usize = rest[..1].parse().unwrap();
    let leaf = match weight {
        "depthwise_kernel" => "conv1.weight",
        "pointwise_kernel" => "pointwise.weight",
        _ => norm,
    };
    let is_norm = rest.ends_with("_bn");
    if keras == 14 {
        return format!("{}{}.{leaf}", if is_norm { "bn" } else { "conv" }, number + 2);
    }
    let position = (number - 1) * 3 + usize::from(keras > 2) + usize::from(is_norm);
    format!("block{}.rep.{position}.{leaf}", block(keras))
}

/// HWIO to OIHW, depthwise HWC1 to C1HW, dense IO to OI.
fn torch_layout(weight: &str, shape: &[usize], values: &[f32]) -> Array {
    match *shape {
        [height, width, a, b] => {
            let depthwise = weight == "depthwise_kernel";
            let (outputs, inputs) = if depthwise { (a, b) } else { (b, a) };
            let mut moved = Vec::new();
            for o in 0..outputs {
                for i in 0..inputs {
                    for cell in 0..height * width {
                        let (a_at, b_at) = if depthwise { (o, i) } else { (i, o) };
                        moved.push(values[(cell * a + a_at) * b + b_at]);
                    }
                }
            }
            (vec![outputs, inputs, height, width], moved)
        }
        [inputs, outputs] => {
            let moved = (0..outputs).flat_map(|o| (0..inputs).map(move |i| values[i * outputs + o]));
            (vec![outputs, inputs], moved.collect())
        }
        _ => (shape.to_vec(), values.to_vec()),
    }
}

/// A safetensors file of f32 tensors.
pub fn safetensors(tensors: &Tensors, metadata: &[(&str, &str)]) -> Vec<u8> {
    let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
    let raw = tensors
        .iter()
        .map(|(name, (shape, values))| (name.as_str(), "F32", shape.clone(), bytes(values)));
    raw_safetensors(&raw.collect::<Vec<_>>(), metadata)
}

/// A safetensors file of anything: name, type, shape and bytes.
pub fn raw_safetensors(tensors: &[(&str, &str, Vec<usize>, Vec<u8>)], metadata: &[(&str, &str)]) -> Vec<u8> {
    let mut header = serde_json::Map::new();
    if !metadata.is_empty() {
        let entries = metadata.iter().map(|&(key, value)| (key.to_owned(), value.into()));
        header.insert("__metadata__".to_owned(), serde_json::Value::Object(entries.collect()));
    }
    let mut data = Vec::new();
    for (name, dtype, shape, bytes) in tensors {
        let offsets = [data.len(), data.len() + bytes.len()];
        let entry = serde_json::json!({ "dtype": dtype, "shape": shape, "data_offsets": offsets });
        header.insert((*name).to_owned(), entry);
        data.extend_from_slice(bytes);
    }
    let header = serde_json::to_vec(&header).unwrap();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.extend(data);
    file
}
