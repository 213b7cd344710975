//! Things of one size in a row that is scrolled sideways; only what is in sight is laid out.

use egui::scroll_area::ScrollArea;
use egui::style::ScrollAnimation;
use egui::{Align, Rect, Ui, Vec2, vec2};

use super::theme::UNIT;

/// Room between two things.
pub const GAP: f32 = 2.0 * UNIT;

/// Draws `count` things of a size, of which the one at `current.0` is brought into sight whenever it is another, as
/// `current.1` tells, or their size is another.
pub fn strip(
    ui: &mut Ui,
    id: &str,
    count: usize,
    current: (usize, [usize; 2]),
    size: Vec2,
    mut thing: impl FnMut(&mut Ui, usize),
) {
    ui.spacing_mut().item_spacing.x = GAP;
    let step = size.x + GAP;
    let (position, what) = current;
    let seen = ui.scope_id().with((id, "seen"));
    // another photo may make all of them wider or narrower
    let now = (what, size.x as i32);
    let is_new = ui.data(|data| data.get_temp(seen)) != Some(now);
    let area = ScrollArea::horizontal().id_salt(id).auto_shrink([false, false]);
    area.show_viewport(ui, |ui, viewport| {
        ui.set_width(step * count as f32);
        let left = position as f32 * step;
        if is_new {
            ui.data_mut(|data| data.insert_temp(seen, now));
            if left < viewport.left() || left + size.x > viewport.right() {
                let place = Rect::from_min_size(ui.min_rect().min + vec2(left, 0.0), size);
                ui.scroll_to_rect_animation(place, Some(Align::Center), ScrollAnimation::none());
            }
        }
        let first = (viewport.left() / step).floor().max(0.0) as usize;
        let last = ((viewport.right() / step).ceil().max(0.0) as usize).min(count);
        ui.horizontal_top(|ui| {
            ui.add_space(first as f32 * step);
            for position in first..last {
                thing(ui, position);
            }
        });
    });
}
