//! Rows of one height in a list that is scrolled; however many there are, only those in sight are laid out.

use egui::{Rect, ScrollArea, Ui, UiBuilder, vec2};

/// Draws `count` rows, of which the one at `current.0` is brought into sight whenever it is another, as `current.1` tells, or
/// the list has another height.
pub fn rows(
    ui: &mut Ui,
    id: &str,
    count: usize,
    height: f32,
    current: (usize, usize),
    mut row: impl FnMut(&mut Ui, usize),
) {
    let (position, what) = current;
    let seen = ui.scope_id().with((id, "seen"));
    let now = (what, ui.available_height() as i32);
    let is_new = ui.data(|data| data.get_temp(seen)) != Some(now);
    ui.data_mut(|data| data.insert_temp(seen, now));
    // the bar stands beside the rows, not over them
    ui.spacing_mut().scroll.floating_allocated_width = ui.spacing().scroll.bar_width;
    let area = ScrollArea::vertical().id_salt(id).auto_shrink([false, false]);
    area.show_viewport(ui, |ui, viewport| {
        ui.set_height(height * count as f32);
        let place = |row: usize| {
            let min = ui.max_rect().min + vec2(0.0, row as f32 * height);
            Rect::from_min_size(min, vec2(ui.max_rect().width(), height))
        };
        if is_new {
            // with a row on either side, as the edge of a list fades
            ui.scroll_to_rect(place(position).expand2(vec2(0.0, height)), None);
        }
        // and one on either side, for the keyboard to go on to
        let first = ((viewport.top() / height).floor() as usize).saturating_sub(1);
        let last = ((viewport.bottom() / height).ceil() as usize + 1).min(count);
        let in_sight = place(first).union(place(last.max(first + 1) - 1));
        ui.scope_builder(UiBuilder::new().max_rect(in_sight), |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            // ids that belong to a row rather than to its place on the screen
            ui.skip_ahead_auto_ids(first);
            for position in first..last {
                row(ui, position);
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_rows_only_those_in_sight_are_laid_out_and_the_chosen_one_is() {
        let ctx = egui::Context::default();
        let mut seen = Vec::new();
        for frame in 0..20 {
            let input = egui::RawInput {
                time: Some(f64::from(frame)),
                ..egui::RawInput::default()
            };
            let _ = ctx.run_ui(input, |ui| {
                seen.clear();
                ui.allocate_ui(vec2(200.0, 100.0), |ui| {
                    ui.set_max_height(100.0);
                    rows(ui, "many", 10_000, 20.0, (7000, 1), |ui, row| {
                        ui.allocate_space(vec2(100.0, 20.0));
                        seen.push(row);
                    });
                });
            });
        }
        assert!(seen.contains(&7000) && seen.len() <= 9, "{seen:?}");
    }
}
