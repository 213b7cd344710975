//! Small maps of the class from the photo to the predictions: one a group of layers, and all of those groups that a person
//! unfolds, so that hundreds of layers take no hundreds of maps.

use std::collections::BTreeSet;

use egui::accesskit::Role;
use egui::{Align, Align2, Layout, Rect, Response, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::command::Command;
use super::multiples::{Tile, tile, tile_size};
use super::state::State;
use super::strip::{GAP, strip};
use super::textures::{Slot, Textures};
use super::theme::{self, UNIT, palette};
use super::widgets::{focus_ring, text_in};
use crate::network::{Group, LayerId, Plan};

/// Height of the names of groups above their maps, and where there is little room.
const HEADER: [f32; 2] = [5.0 * UNIT, 4.0 * UNIT];
/// What is little room for all of it.
const LITTLE: f32 = 30.0 * UNIT;

/// The layers whose maps have to be computed for the strip; that of the chosen layer is in the picture anyway.
pub fn wanted(plan: &Plan, unfolded: &BTreeSet<usize>) -> Vec<LayerId> {
    let groups = plan.groups().iter().enumerate();
    let layers = groups.flat_map(|(position, group)| {
        let folded = group.layers.len() - 1;
        let shown = if unfolded.contains(&position) { 0 } else { folded };
        group.layers[shown..].iter().copied()
    });
    layers.collect()
}

/// What stands in the strip, each with the position of its group: of a folded group its last layer, or the chosen one.
fn tiles(plan: &Plan, unfolded: &BTreeSet<usize>, chosen: LayerId) -> Vec<(usize, LayerId)> {
    let in_group = plan.group_of(chosen);
    let tiles = wanted(plan, unfolded).into_iter().filter_map(|layer| {
        let group = plan.group_of(layer)?;
        let is_instead = in_group == Some(group) && !unfolded.contains(&group);
        Some((group, if is_instead { chosen } else { layer }))
    });
    tiles.collect()
}

/// Draws the strip.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) {
    let (Some(network), Some(class), Some(chosen)) = (&state.network, state.class(), state.layer()) else {
        return;
    };
    let plan = &network.plan;
    let tiles = tiles(plan, &state.unfolded, chosen);
    let above = HEADER[usize::from(ui.available_height() < LITTLE)];
    let small = tile_size(state, ui.available_height() - 3.0 * UNIT - above);
    let size = small + vec2(0.0, above);
    // a group that was just unfolded or folded stays in sight until another layer is chosen
    let remembered = ui.scope_id().with("unfolded last");
    let last: Option<(LayerId, usize)> = ui.data(|data| data.get_temp(remembered));
    let group = last.filter(|(at, _)| *at == chosen).map(|(_, group)| group);
    let (current, what) = match group {
        Some(group) => {
            let is_unfolded = usize::from(state.unfolded.contains(&group));
            (tiles.iter().position(|tile| tile.0 == group), [group, 1 + is_unfolded])
        }
        None => (tiles.iter().position(|tile| tile.1 == chosen), [chosen.0, 0]),
    };
    let current = (current.unwrap_or(0), what);
    let mut named = None;
    strip(ui, "layer strip", tiles.len(), current, size, |ui, position| {
        let Some(&(index, layer)) = tiles.get(position) else {
            return;
        };
        let group = &plan.groups()[index];
        let described = plan.layer(layer);
        ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let goes_on = tiles.get(position + 1).is_some_and(|next| next.0 == index);
            let is_first_in_sight = named.replace(index) != Some(index);
            let header = Header {
                group,
                is_named: is_first_in_sight,
                is_unfolded: state.unfolded.contains(&index),
                goes_on,
            };
            if header
                .show(ui, vec2(small.x, above))
                .is_some_and(|response| response.clicked())
            {
                ui.data_mut(|data| data.insert_temp(remembered, (chosen, index)));
                commands.push(Command::Unfold(index));
            }
            let shape = described.shape;
            let mut detail = format!("{}×{}×{}", shape.width, shape.height, shape.channels);
            if layer == plan.last_feature_layer() {
                detail.push_str(" · default");
            }
            let map = Tile {
                name: &described.name,
                about: "",
                caption: group.short(&described.name),
                detail: &detail,
                shown: state.shown_as(state.choices.target(class), layer),
                slot: Slot::Layer(layer),
                is_chosen: layer == chosen,
            };
            if tile(ui, state, textures, map, small).clicked() {
                commands.push(Command::SelectLayer(layer));
            }
        });
    });
}

/// What stands above a map.
struct Header<'a> {
    group: &'a Group,
    /// Whether the name of the group stands here.
    is_named: bool,
    is_unfolded: bool,
    /// Whether the next map is of the same group.
    goes_on: bool,
}

impl Header<'_> {
    /// Draws it; clicked, it unfolds or folds the group.
    fn show(&self, ui: &mut Ui, size: Vec2) -> Option<Response> {
        let colours = palette(ui);
        let count = self.group.layers.len();
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let line = rect.bottom() - size.y / 5.0;
        if self.is_unfolded && count > 1 {
            let right = rect.right() + if self.goes_on { GAP } else { 0.0 };
            ui.painter()
                .hline(rect.left()..=right, line, Stroke::new(1.0, colours.accent));
        }
        if !self.is_named {
            return None;
        }
        let mut text = Rect::from_min_max(rect.min, pos2(rect.right(), line));
        if count == 1 {
            text_in(
                ui,
                text,
                Align2::LEFT_CENTER,
                &self.group.name,
                theme::SMALL,
                colours.text,
            );
            return None;
        }
        let response = ui.interact(text, ui.scope_id().with(("group", &self.group.name)), Sense::click());
        let name = &self.group.name;
        let label = format!("All {count} layers of {name}");
        response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), self.is_unfolded, &label));
        if response.hovered() {
            ui.painter()
                .rect_filled(text.expand2(vec2(UNIT, 0.0)), UNIT, colours.raised);
        }
        focus_ring(ui, &response, text);
        let more = if self.is_unfolded {
            "−".to_owned()
        } else {
            format!("+{}", count - 1)
        };
        text.max.x -= text_in(ui, text, Align2::RIGHT_CENTER, &more, theme::SMALL, colours.weak) + UNIT;
        text_in(ui, text, Align2::LEFT_CENTER, name, theme::SMALL, colours.text);
        let tooltip = if self.is_unfolded {
            format!("Show one map of {name}, what comes out of it.")
        } else {
            format!("Show the maps of all {count} layers of {name}.")
        };
        Some(response.on_hover_text(tooltip))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::xception::{self, Architecture};

    #[test]
    fn layers_are_one_map_a_group_until_one_is_unfolded() {
        let plan = xception::plan(&Architecture::keras(10)).unwrap();
        assert!(plan.mappable().count() > 120);
        let count = plan.groups().len();
        let wants = |unfolded: &[usize]| wanted(&plan, &unfolded.iter().copied().collect());
        let lasts: Vec<LayerId> = plan.groups().iter().map(Group::last).collect();
        assert_eq!(wants(&[]), lasts);
        assert_eq!(wants(&[5]).len(), count - 1 + plan.groups()[5].layers.len());
        // nothing is computed anew for a layer that is chosen, and it has a place
        let chosen = plan.groups()[7].layers[2];
        for unfolded in [BTreeSet::new(), BTreeSet::from([7])] {
            let shown = tiles(&plan, &unfolded, chosen);
            assert_eq!(shown.iter().filter(|tile| tile.1 == chosen).count(), 1);
            assert_eq!(shown.len(), wanted(&plan, &unfolded).len());
        }
    }
}
