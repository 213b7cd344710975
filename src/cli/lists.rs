//! `gradcam-explorer layers` and `gradcam-explorer classes`.

use std::io::{self, Write as _};

use serde::Serialize;

use super::arguments::NetworkArguments;
use super::report::print_json;
use super::{Stop, start};
use crate::network::Role;

#[derive(Serialize)]
struct LayerReport<'a> {
    layer: &'a str,
    group: &'a str,
    height: usize,
    width: usize,
    channels: usize,
    note: &'static str,
}

#[derive(Serialize)]
struct ClassReport {
    index: usize,
    wnid: Option<String>,
    label: String,
}

/// Lists every layer that has a map, with its shape.
pub fn layers(network: &NetworkArguments, json: bool) -> Result<(), Stop> {
    let (_explorer, network) = start(network)?;
    let plan = &network.plan;
    let mut out = io::stdout().lock();
    let widest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
    let name_width = widest(&mut plan.mappable().map(|id| plan.layer(id).name.chars().count()));
    let group_width = widest(&mut plan.groups().iter().map(|group| group.name.chars().count()));
    let layers = plan.groups().iter();
    let layers = layers.flat_map(|group| group.layers.iter().map(|&id| (group.name.as_str(), id)));
    for (group, id) in layers {
        let layer = plan.layer(id);
        let note = match layer.role {
            _ if id == plan.last_feature_layer() => "default",
            Role::RawConvolution => "before batch normalisation",
            Role::ResidualBranch => "residual branch",
            Role::Target | Role::NoMap => "",
        };
        let (height, width, channels) = (layer.shape.height, layer.shape.width, layer.shape.channels);
        if json {
            let report = LayerReport {
                layer: &layer.name,
                group,
                height,
                width,
                channels,
                note,
            };
            print_json(&mut out, &report)?;
        } else {
            let name = &layer.name;
            let line =
                format!("{name:<name_width$}  {height:>3} x {width:<3} x {channels:<5} {group:<group_width$}  {note}");
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(())
}

/// Lists all classes, or those that match, the best first.
pub fn classes(network: &NetworkArguments, query: &str, json: bool) -> Result<(), Stop> {
    let (_explorer, network) = start(network)?;
    let labels = &network.labels;
    let found: Vec<usize> = if query.trim().is_empty() {
        (0..labels.len()).collect()
    } else {
        labels.search(query)
    };
    if found.is_empty() {
        return Err(Stop::Failed(format!("no class matches {query:?}")));
    }
    let mut out = io::stdout().lock();
    for index in found {
        let (wnid, label) = (
            labels.get(index).and_then(|label| label.wnid.clone()),
            labels.display_name(index),
        );
        if json {
            let report = ClassReport { index, wnid, label };
            print_json(&mut out, &report)?;
        } else {
            writeln!(out, "{index:>4}  {:<10} {label}", wnid.unwrap_or_default())?;
        }
    }
    Ok(())
}
