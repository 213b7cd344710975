//! The right column, upper part: the network as its blocks, and the layers of the chosen one.

use egui::accesskit::Role as Accessible;
use egui::{Align2, Frame, Panel, Rect, Response, RichText, ScrollArea, Sense, Slider, Ui, WidgetInfo, pos2, vec2};

use super::command::{Action, Command};
use super::state::State;
use super::theme::{self, UNIT, palette};
use super::widgets::{action_tooltip, caption, focus_ring, section, text_in};
use crate::network::{LayerId, Plan, Role, Shape};

/// Layers that belong together, such as `block14`.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Keras' prefix.
    pub name: String,
    /// Its layers that have a map, in Keras' order.
    pub layers: Vec<LayerId>,
    /// What comes out of it.
    pub shape: Shape,
}

/// The blocks of a plan. Layers without a block in their name, such as `conv2d` and `add`, belong to the block they
/// stand in.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for id in plan.mappable() {
        let layer = plan.layer(id);
        let name = layer
            .name
            .split('_')
            .next()
            .filter(|prefix| prefix.starts_with("block"));
        match blocks.last_mut() {
            Some(block) if name.is_none_or(|name| name == block.name) => {
                block.layers.push(id);
                block.shape = layer.shape;
            }
            _ => blocks.push(Block {
                name: name.unwrap_or(&layer.name).to_owned(),
                layers: vec![id],
                shape: layer.shape,
            }),
        }
    }
    blocks
}

/// What it means to choose a layer of this kind; none for ordinary ones.
pub fn warning(role: Role) -> Option<&'static str> {
    match role {
        Role::RawConvolution => Some(
            "A convolution before its batch normalisation: the scale of its channels is arbitrary, and so is their share.",
        ),
        Role::ResidualBranch => Some(
            "Part of a residual branch: this map shows only what passes through the 1×1 convolution beside the block.",
        ),
        Role::Target | Role::NoMap => None,
    }
}

/// Draws the blocks.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let (Some(network), Some(chosen)) = (&state.network, state.layer()) else {
        section(ui, "Layer", |_| {});
        return;
    };
    let plan = &network.plan;
    section(ui, "Layer", |ui| {
        if state.choices.layer.is_some() {
            let button = egui::Button::new(RichText::new("default").small()).frame_when_inactive(false);
            let response = ui
                .add(button)
                .on_hover_ui(|ui| action_tooltip(ui, Action::DefaultLayer));
            if response.clicked() {
                commands.push(Command::Do(Action::DefaultLayer));
            }
        }
        caption(ui, "[   ]");
    });
    let blocks = blocks(plan);
    let most = blocks.iter().map(|block| block.shape.channels).max().unwrap_or(1);
    scrubber(ui, plan, chosen, commands);
    if let Some(warning) = warning(plan.layer(chosen).role) {
        // below the list, which would jump away from the pointer
        let below = Panel::bottom("warning").frame(Frame::new()).show_separator_line(false);
        below.show(ui, |ui| {
            ui.add_space(UNIT);
            ui.label(RichText::new(warning).small().color(palette(ui).weak));
        });
    }
    let seen = ui.scope_id().with("chosen layer");
    // in sight after it was chosen, and after the window has changed its height
    let now = (chosen.0, ui.available_height() as i32);
    let is_new = ui.data(|data| data.get_temp(seen)) != Some(now);
    ui.data_mut(|data| data.insert_temp(seen, now));
    ScrollArea::vertical()
        .id_salt("layers")
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for block in &blocks {
                let is_open = block.layers.contains(&chosen);
                // the last layer is what comes out of the block
                let Some(&last) = block.layers.last() else { continue };
                if block_row(ui, block, is_open, most).clicked() && !is_open {
                    commands.push(Command::SelectLayer(last));
                }
                if is_open {
                    for &layer in &block.layers {
                        let response = layer_row(ui, plan, layer, layer == chosen);
                        if is_new && layer == chosen {
                            response.scroll_to_me(None);
                        }
                        if response.clicked() {
                            commands.push(Command::SelectLayer(layer));
                        }
                    }
                }
            }
        });
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

/// One block: name, resolution, and its channels as a bar.
fn block_row(ui: &mut Ui, block: &Block, is_open: bool, most: usize) -> Response {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 5.5 * UNIT), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Accessible::Button, ui.is_enabled(), is_open, &block.name));
    if response.hovered() {
        ui.painter().rect_filled(rect, UNIT, colours.raised);
    }
    focus_ring(ui, &response, rect);
    let inner = rect.shrink2(vec2(2.0 * UNIT, 0.0));
    let colour = if is_open { colours.text } else { colours.weak };
    text_in(ui, inner, Align2::LEFT_CENTER, &block.name, theme::BODY, colour);
    let size = format!("{}×{}", block.shape.width, block.shape.height);
    let bar_width = 12.0 * UNIT;
    let size_rect = Rect::from_min_max(inner.min, pos2(inner.right() - bar_width - 3.0 * UNIT, inner.bottom()));
    text_in(ui, size_rect, Align2::RIGHT_CENTER, &size, theme::SMALL, colours.weak);
    let share = block.shape.channels as f32 / most.max(1) as f32;
    let bar = Rect::from_min_max(
        pos2(inner.right() - bar_width, inner.center().y - 2.0),
        pos2(inner.right(), inner.center().y + 2.0),
    );
    ui.painter().rect_filled(bar, 2.0, colours.raised);
    let filled = Rect::from_min_size(bar.min, vec2(bar.width() * share, bar.height()));
    ui.painter()
        .rect_filled(filled, 2.0, if is_open { colours.accent } else { colours.weak });
    let channels = block.shape.channels;
    response.on_hover_text(format!("{}: {size} cells, {channels} channels at its end", block.name))
}

fn layer_row(ui: &mut Ui, plan: &Plan, id: LayerId, is_chosen: bool) -> Response {
    let colours = palette(ui);
    let layer = plan.layer(id);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 5.0 * UNIT), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Accessible::Button, ui.is_enabled(), is_chosen, &layer.name));
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
        if let Some(warning) = warning(layer.role) {
            caption(ui, warning);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::xception::{self, Architecture};

    #[test]
    fn xception_has_fourteen_blocks_that_hold_every_mappable_layer() {
        let plan = xception::plan(&Architecture::keras(1000)).unwrap();
        let blocks = blocks(&plan);
        let names: Vec<String> = (1..=14).map(|block| format!("block{block}")).collect();
        assert_eq!(blocks.iter().map(|block| block.name.clone()).collect::<Vec<_>>(), names);
        let layers: Vec<LayerId> = blocks.iter().flat_map(|block| block.layers.clone()).collect();
        let mut sorted = layers.clone();
        sorted.sort();
        assert_eq!(sorted, plan.mappable().collect::<Vec<_>>());
        assert_eq!(blocks[13].layers.last(), Some(&plan.last_feature_layer()));
        assert_eq!(
            blocks[1].layers.last().map(|&id| plan.layer(id).name.as_str()),
            Some("add")
        );
    }
}
