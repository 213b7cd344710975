//! Convolutions (`keras/src/layers/convolutional`).

use super::core::channels_last;
use super::{Built, Called, Part, map_only, with_activation};
use crate::network::{Op, Padding, Window};

/// The window of a convolution.
fn window(layer: &Called<'_>) -> Result<Window, String> {
    map_only(layer)?;
    channels_last(layer)?;
    let config = &layer.config;
    // Keras 1 has nb_row and nb_col
    let kernel = match (config.get("nb_row"), config.get("nb_col")) {
        (Some(_), Some(_)) => [config.required_count("nb_row")?, config.required_count("nb_col")?],
        _ => config.pair("kernel_size", None)?,
    };
    let strides = match config.get("subsample") {
        Some(_) => config.pair("subsample", None)?,
        None => config.pair("strides", Some([1; 2]))?,
    };
    let dilation = config.pair("dilation_rate", Some([1; 2]))?;
    if strides != [1; 2] && dilation != [1; 2] {
        return Err("it has both strides and a dilation".to_owned());
    }
    Ok(Window {
        kernel,
        stride: strides,
        dilation,
        padding: padding(layer)?,
    })
}

/// What happens at the border.
pub fn padding(layer: &Called<'_>) -> Result<Padding, String> {
    let named = match layer.config.word("padding")? {
        None => layer.config.word("border_mode")?,
        said => said,
    };
    match named {
        None | Some("valid") => Ok(Padding::Valid),
        Some("same") => Ok(Padding::Same),
        Some(other) => Err(format!("padding is {other}")),
    }
}

fn filters(layer: &Called<'_>) -> Result<usize, String> {
    match layer.config.get("nb_filter") {
        Some(_) => layer.config.required_count("nb_filter"),
        None => layer.config.required_count("filters"),
    }
}

fn has_bias(layer: &Called<'_>) -> Result<bool, String> {
    Ok(layer.config.flag("use_bias", true)? && layer.config.flag("bias", true)?)
}

pub fn conv(layer: &Called<'_>) -> Result<Built, String> {
    let (window, filters) = (window(layer)?, filters(layer)?);
    let groups = layer.config.count("groups", 1)?;
    if !layer.channels().is_multiple_of(groups) || !filters.is_multiple_of(groups) {
        return Err(format!("{groups} groups do not divide its channels"));
    }
    let op = Op::Conv {
        window,
        groups,
        bias: has_bias(layer)?,
        kernel: "kernel",
    };
    with_activation(layer, vec![map(op, filters)])
}

pub fn depthwise(layer: &Called<'_>) -> Result<Built, String> {
    let window = window(layer)?;
    let multiplier = layer.config.count("depth_multiplier", 1)?;
    // Keras 2 repeats these two, which say nothing here
    layer.config.get("groups");
    layer.config.get("filters");
    let channels = layer.channels().saturating_mul(multiplier);
    let op = Op::Depthwise {
        window,
        multiplier,
        bias: has_bias(layer)?,
    };
    with_activation(layer, vec![map(op, channels)])
}

/// One operation where it is Xception's kind, else a depthwise and a pointwise convolution.
pub fn separable(layer: &Called<'_>) -> Result<Built, String> {
    let (window, filters) = (window(layer)?, filters(layer)?);
    let (multiplier, bias) = (layer.config.count("depth_multiplier", 1)?, has_bias(layer)?);
    if layer.config.count("groups", 1)? != 1 {
        return Err("it has several groups".to_owned());
    }
    let is_xceptions = window == Window::square(3, 1, Padding::Same) && multiplier == 1 && !bias;
    let parts = if is_xceptions {
        vec![map(Op::SeparableConv, filters)]
    } else {
        let depthwise = Op::Depthwise {
            window,
            multiplier,
            bias: false,
        };
        let pointwise = Op::Conv {
            window: Window::square(1, 1, Padding::Valid),
            groups: 1,
            bias,
            kernel: "pointwise_kernel",
        };
        let channels = layer.channels().saturating_mul(multiplier);
        vec![map(depthwise, channels), map(pointwise, filters)]
    };
    with_activation(layer, parts)
}

fn map(op: Op, channels: usize) -> Part {
    Part {
        op,
        channels,
        is_map: true,
    }
}
