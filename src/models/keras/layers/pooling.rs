//! Pools (`keras/src/layers/pooling`).

use super::convolutional::padding;
use super::core::channels_last;
use super::{Built, Called, Part, map_only, one};
use crate::network::{Op, Window};

fn window(layer: &Called<'_>) -> Result<Window, String> {
    map_only(layer)?;
    channels_last(layer)?;
    let kernel = layer.config.pair("pool_size", None)?;
    Ok(Window {
        kernel,
        stride: match layer.config.get("strides") {
            None => kernel,
            Some(_) => layer.config.pair("strides", None)?,
        },
        dilation: [1; 2],
        padding: padding(layer)?,
    })
}

pub fn max(layer: &Called<'_>) -> Result<Built, String> {
    Ok(one(layer, Op::MaxPool { window: window(layer)? }))
}

pub fn average(layer: &Called<'_>) -> Result<Built, String> {
    Ok(one(layer, Op::AveragePool { window: window(layer)? }))
}

fn global(layer: &Called<'_>, op: Op) -> Result<Built, String> {
    map_only(layer)?;
    channels_last(layer)?;
    Ok(Built::Parts(vec![Part {
        op,
        channels: layer.channels(),
        is_map: layer.config.flag("keepdims", false)?,
    }]))
}

pub fn global_average(layer: &Called<'_>) -> Result<Built, String> {
    global(layer, Op::GlobalAveragePool)
}

pub fn global_max(layer: &Called<'_>) -> Result<Built, String> {
    global(layer, Op::GlobalMaxPool)
}
