//! Panels that are folded away, and the narrow handles that fold them and bring them back.

use std::ops::RangeInclusive;

use egui::{Align2, CursorIcon, Panel, Rect, Sense, Ui, WidgetInfo, accesskit::Role};
use serde::{Deserialize, Serialize};

use super::command::{Action, Command};
use super::icons;
use super::preferences::Drawer;
use super::theme::{self, UNIT, palette};
use super::widgets::{action_tooltip, focus_ring, text_in};

/// Width of a handle.
const HANDLE: f32 = 3.5 * UNIT;

/// Which panels are folded away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Folded {
    /// The classes on the left.
    pub classes: bool,
    /// Layers and map on the right.
    pub map: bool,
    /// The film strip at the bottom.
    pub images: bool,
}

impl Folded {
    /// Everything away.
    const ALL: Self = Self {
        classes: true,
        map: true,
        images: true,
    };
}

/// What is open around the picture, and what was before all of it was folded away at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Panels {
    /// Which panels are folded away now.
    pub folded: Folded,
    /// Which were before all of them were, and what was open below the picture.
    before: Option<(Folded, Option<Drawer>)>,
    /// Width of the panels on the left and on the right in points, where a person chose one.
    widths: [Option<u16>; 2],
    /// Height of what is folded out below the picture in thousandths of the window's, where a person chose one.
    height: Option<u16>,
}

impl Panels {
    /// Width of a panel: what was chosen, or else the `usual` one, within what the window allows.
    pub fn width(&self, side: Side, usual: f32, allowed: RangeInclusive<f32>) -> f32 {
        let chosen = self.widths[side as usize].map(f32::from);
        chosen.unwrap_or(usual).clamp(*allowed.start(), *allowed.end())
    }

    /// Chooses the width of a panel.
    pub fn widen(&mut self, side: Side, width: f32) {
        self.widths[side as usize] = Some(width as u16);
    }

    /// The chosen height of what is folded out below the picture, as a share of the window's.
    pub fn height(&self) -> Option<f32> {
        self.height.map(|height| f32::from(height) / 1000.0)
    }

    /// Chooses that height, or the usual one.
    pub fn raise(&mut self, share: Option<f32>) {
        self.height = share.map(|share| (1000.0 * share) as u16);
    }

    /// Folds everything away, or brings back what was there before; `drawer` is what is open below the picture.
    pub fn fold_all(&mut self, drawer: &mut Option<Drawer>) {
        if self.folded == Folded::ALL && drawer.is_none() {
            (self.folded, *drawer) = self.before.take().unwrap_or_default();
        } else {
            self.before = Some((self.folded, *drawer));
            (self.folded, *drawer) = (Folded::ALL, None);
        }
    }
}

/// On which side of the picture a panel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// On its left.
    Left,
    /// On its right.
    Right,
}

/// Draws the handle between a panel and the picture: a click folds the panel away, or brings it back, and a drag makes it
/// wider.
pub fn handle(ui: &mut Ui, side: Side, is_folded: bool, action: Action, commands: &mut Vec<Command>) {
    let panel = match side {
        Side::Left => Panel::left("handle on the left"),
        Side::Right => Panel::right("handle on the right"),
    };
    let panel = panel.exact_size(HANDLE).resizable(false).frame(egui::Frame::new());
    panel.show_separator_line(false).show(ui, |ui| {
        let whole = ui.available_rect_before_wrap();
        let response = ui.allocate_rect(whole, Sense::click_and_drag());
        let (label, _) = action.label_and_tooltip();
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, !is_folded, label));
        let colours = palette(ui);
        if response.hovered() || response.dragged() {
            ui.painter().rect_filled(whole, 0.0, colours.raised);
        }
        if let Some(pointer) = response
            .interact_pointer_pos()
            .filter(|_| response.dragged() && !is_folded)
        {
            ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
            let window = ui.ctx().content_rect();
            let width = match side {
                Side::Left => pointer.x - window.left(),
                Side::Right => window.right() - pointer.x,
            };
            commands.push(Command::Widen(side, (width - HANDLE / 2.0).max(0.0)));
        }
        focus_ring(ui, &response, whole);
        let points_left = (side == Side::Left) != is_folded;
        let icon = if points_left { icons::LEFT } else { icons::RIGHT }.to_string();
        let place = Rect::from_center_size(whole.center(), egui::vec2(5.0 * UNIT, theme::ROW));
        let colour = if response.hovered() { colours.text } else { colours.weak };
        text_in(ui, place, Align2::CENTER_CENTER, &icon, theme::BODY, colour);
        if response.on_hover_ui(|ui| action_tooltip(ui, action)).clicked() {
            commands.push(Command::Do(action));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_open_before_all_was_folded_away_comes_back() {
        let mut panels = Panels::default();
        panels.folded.images = true;
        let before = panels.folded;
        let mut drawer = Some(Drawer::Channels);
        panels.fold_all(&mut drawer);
        assert_eq!((panels.folded, drawer), (Folded::ALL, None));
        panels.fold_all(&mut drawer);
        assert_eq!((panels.folded, drawer), (before, Some(Drawer::Channels)));
        // one by one until nothing is left: then all come back
        let mut panels = Panels {
            folded: Folded::ALL,
            ..Panels::default()
        };
        panels.fold_all(&mut None);
        assert_eq!(panels.folded, Folded::default());
    }
}
