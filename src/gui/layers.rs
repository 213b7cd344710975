//! The right column, upper part: the network as its groups of layers, and the layers of the chosen one.

use egui::accesskit::Role as Accessible;
use egui::{Align2, Rect, Response, RichText, Sense, Slider, Ui, WidgetInfo, pos2, vec2};

use super::command::{Action, Command};
use super::rows::rows;
use super::state::State;
use super::theme::{self, UNIT, palette};
use super::widgets::{action_tooltip, caption, focus_ring, key_cap, section, segmented, text_in};
use crate::explain::{Fusion, Layers};
use crate::network::{Group, LayerId, Plan, Role, Shape};

/// Height of the name of a group or layer.
const ROW: f32 = 5.25 * UNIT;
/// Height of the heading, the slider, the names of the columns and the gap below the rows.
const HEAD: f32 = 24.0 * UNIT;
/// Room for the scroll bar beside the rows.
const SCROLL: f32 = 6.0;
/// Width of the channels of a group.
const CHANNELS: f32 = 9.0 * UNIT;

/// What it means to choose a layer of this kind; none for ordinary ones. The line below the picture says it, where nothing
/// moves for it, and so does the layer's row.
pub fn warning(role: Role) -> Option<&'static str> {
    match role {
        Role::RawConvolution => Some(
            "A convolution before its batch normalisation: the scale of its channels is arbitrary, and so is their share.",
        ),
        Role::ResidualBranch => Some("Part of a branch: what goes around it beside this layer is not in this map."),
        Role::Target | Role::NoMap => None,
    }
}

/// Height of the section when all of its rows are in sight.
pub fn height(state: &State) -> f32 {
    let (Some(network), Some(chosen)) = (&state.network, state.layer()) else {
        return 0.0;
    };
    let plan = &network.plan;
    let inside = plan.group_of(chosen).map_or(0, |open| plan.groups()[open].layers.len());
    let fusion = if state.choices.fused.is_some() {
        theme::ROW + UNIT
    } else {
        0.0
    };
    (plan.groups().len() + inside) as f32 * ROW + HEAD + fusion
}

/// Draws the groups.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let (Some(network), Some(chosen)) = (&state.network, state.layer()) else {
        section(ui, "Layer", |_| {});
        return;
    };
    let plan = &network.plan;
    section(ui, "Layer", |ui| {
        if state.choices.layer.is_some() {
            let response = ui
                .button(RichText::new("Default").small())
                .on_hover_ui(|ui| action_tooltip(ui, Action::DefaultLayer));
            if response.clicked() {
                commands.push(Command::Do(Action::DefaultLayer));
            }
        }
        for action in [Action::NextLayer, Action::PreviousLayer] {
            key_cap(ui, action);
        }
    });
    scrubber(ui, plan, chosen, commands);
    if let Some(layers) = state.choices.fused {
        fusion(ui, state, layers, commands);
    }
    legend(ui);
    let groups = plan.groups();
    let most = groups.iter().map(|group| group.shape.channels).max().unwrap_or(1);
    let open = plan.group_of(chosen);
    let inside = open.map_or(&[][..], |open| &groups[open].layers);
    // the layers of the open group stand below its name
    let above = open.map_or(groups.len(), |open| open + 1);
    let current = above + inside.iter().position(|&layer| layer == chosen).unwrap_or(0);
    let count = groups.len() + inside.len();
    rows(ui, "layers", count, ROW, (current, chosen.0), |ui, row| {
        if let Some(&layer) = row.checked_sub(above).and_then(|row| inside.get(row)) {
            let is_fused = state
                .choices
                .fused
                .is_some_and(|layers| layers.all().any(|own| own == layer));
            if layer_row(ui, plan, layer, layer == chosen || is_fused).clicked() {
                let fuses = ui.input(|input| input.modifiers.command || input.modifiers.shift);
                commands.push(match fuses {
                    true => Command::FuseLayer(layer),
                    false => Command::SelectLayer(layer),
                });
            }
            return;
        }
        let position = if row < above { row } else { row - inside.len() };
        let is_open = open == Some(position);
        let group = &groups[position];
        let has_fused = |layers: Layers| layers.all().any(|own| group.has(own));
        let is_marked = is_open || state.choices.fused.is_some_and(has_fused);
        if group_row(ui, plan, group, is_marked, most).clicked() {
            let fuses = ui.input(|input| input.modifiers.command || input.modifiers.shift);
            // what comes out of the group
            match fuses {
                true => commands.push(Command::FuseLayer(group.last())),
                false if !is_open => commands.push(Command::SelectLayer(group.last())),
                false => {}
            }
        }
    });
}

/// How the maps of several layers become one.
fn fusion(ui: &mut Ui, state: &State, layers: Layers, commands: &mut Vec<Command>) {
    let text = |fusion| match fusion {
        Fusion::Mean => (
            "Mean",
            "The mean of the layers' heat, each from 0 to 1, at the cells of the finest.",
        ),
        Fusion::Maximum => ("Maximum", "The largest heat of the layers: what any of them names."),
        Fusion::Product => ("Product", "The product of the layers' heat: what all of them name."),
    };
    if let Some(fusion) = segmented(ui, "Fusion", layers.fusion(), &Fusion::ALL, text) {
        let mut choices = state.choices.clone();
        choices.fused = Some(layers.by(fusion));
        commands.push(Command::Choose(choices));
    }
}

/// What the columns of the list are.
fn legend(ui: &mut Ui) {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 4.0 * UNIT), Sense::hover());
    let right = rect.right() - SCROLL;
    let mut inner = rect.with_max_x(right);
    let text = |rect: Rect, align: Align2, text: &str| text_in(ui, rect, align, text, theme::SMALL, colours.weak);
    text(inner, Align2::RIGHT_CENTER, "channels");
    inner.max.x = right - CHANNELS - 4.0 * UNIT;
    text(inner, Align2::RIGHT_CENTER, "cells");
    response.on_hover_text(
        "Cells: columns and rows of the layer's map. Channels: how many there are, with a bar that compares the groups. \
         Layers in grey say less: before their batch normalisation, or a part of a branch.",
    );
}

/// A slider over all layers.
fn scrubber(ui: &mut Ui, plan: &Plan, chosen: LayerId, commands: &mut Vec<Command>) {
    let layers: Vec<LayerId> = plan.mappable().collect();
    let mut position = layers.iter().position(|&layer| layer == chosen).unwrap_or(0);
    let last = layers.len().saturating_sub(1);
    ui.spacing_mut().slider_width = ui.available_width();
    let slider = Slider::new(&mut position, 0..=last).show_value(false);
    let response = ui
        .add(slider)
        .accessible_name("Layer")
        .on_hover_text("Move through all layers, from the photo to the predictions.");
    if response.changed()
        && let Some(&layer) = layers.get(position)
    {
        commands.push(Command::SelectLayer(layer));
    }
}

/// One group: name, whether the default layer is in it, resolution, and its channels with a bar.
fn group_row(ui: &mut Ui, plan: &Plan, group: &Group, is_open: bool, most: usize) -> Response {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Accessible::Button, ui.is_enabled(), is_open, &group.name));
    let about = about(plan, group);
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_description(about.as_str()));
    if response.hovered() {
        ui.painter().rect_filled(rect, UNIT, colours.raised);
    }
    focus_ring(ui, &response, rect);
    // names in line with the title of the list
    let mut inner = rect.with_max_x(rect.right() - UNIT);
    let Shape {
        width,
        height,
        channels,
    } = group.shape;
    let count = Rect::from_min_max(pos2(inner.right() - CHANNELS, inner.top()), inner.max);
    let text = count.with_max_y(count.bottom() - 1.0);
    text_in(
        ui,
        text,
        Align2::RIGHT_CENTER,
        &channels.to_string(),
        theme::SMALL,
        colours.weak,
    );
    let bar = Rect::from_min_max(
        pos2(count.left(), count.bottom() - 3.0),
        pos2(count.right(), count.bottom() - 1.0),
    );
    ui.painter().rect_filled(bar, 1.0, colours.raised);
    let filled = bar.with_min_x(bar.right() - bar.width() * channels as f32 / most.max(1) as f32);
    let colour = if is_open { colours.accent } else { colours.weak };
    ui.painter().rect_filled(filled, 1.0, colour);
    inner.max.x = count.left() - 2.0 * UNIT;
    let size = format!("{width}×{height}");
    inner.max.x -= text_in(ui, inner, Align2::RIGHT_CENTER, &size, theme::SMALL, colours.weak) + 2.0 * UNIT;
    // in an open group its own row says so
    if !is_open && group.has(plan.last_feature_layer()) {
        inner.max.x -= text_in(ui, inner, Align2::RIGHT_CENTER, "default", theme::SMALL, colours.weak) + 2.0 * UNIT;
    }
    let colour = if is_open { colours.text } else { colours.weak };
    text_in(ui, inner, Align2::LEFT_CENTER, &group.name, theme::BODY, colour);
    response.on_hover_text(format!("{}: {about}", group.name))
}

/// A group in words.
fn about(plan: &Plan, group: &Group) -> String {
    let Shape {
        width,
        height,
        channels,
    } = group.shape;
    let layers = match group.layers.len() {
        1 => "one layer".to_owned(),
        count => format!("{count} layers"),
    };
    let default = if group.has(plan.last_feature_layer()) {
        ", with the default layer"
    } else {
        ""
    };
    format!("{layers}, {width}×{height} cells and {channels} channels at its end{default}")
}

/// Why the default layer is the default.
const DEFAULT: &str = "The default: the last layer with height and width before the head that makes the classes of it. What it \
                       shows is nearest to the answer.";

fn layer_row(ui: &mut Ui, plan: &Plan, id: LayerId, is_chosen: bool) -> Response {
    let colours = palette(ui);
    let layer = plan.layer(id);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Accessible::Button, ui.is_enabled(), is_chosen, &layer.name));
    if let Some(warning) = warning(layer.role) {
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_description(warning));
    }
    let row = Rect::from_min_max(rect.min + vec2(3.0 * UNIT, 0.0), rect.max);
    if is_chosen {
        ui.painter().rect_filled(row, UNIT, colours.accent);
    } else if response.hovered() {
        ui.painter().rect_filled(row, UNIT, colours.raised);
    }
    focus_ring(ui, &response, row);
    let colour = match (is_chosen, layer.role) {
        (true, _) => colours.on_accent,
        (false, Role::Target) => colours.text,
        _ => colours.weak,
    };
    let inner = row.shrink2(vec2(2.0 * UNIT, 0.0));
    let is_default = id == plan.last_feature_layer();
    let mut name_rect = inner;
    if is_default {
        let width = text_in(ui, inner, Align2::RIGHT_CENTER, "default", theme::SMALL, colour);
        name_rect.max.x -= width + UNIT;
    }
    text_in(ui, name_rect, Align2::LEFT_CENTER, &layer.name, theme::SMALL, colour);
    let Shape {
        width,
        height,
        channels,
    } = layer.shape;
    let tooltip = format!("{}: {width}×{height} cells, {channels} channels", layer.name);
    response.on_hover_ui(|ui| {
        ui.label(tooltip);
        if is_default {
            caption(ui, DEFAULT);
        }
        if let Some(warning) = warning(layer.role) {
            caption(ui, warning);
        }
    })
}
