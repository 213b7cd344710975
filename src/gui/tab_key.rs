//! The Tab key: folds the panels away while nothing has the keyboard, else goes on to the next field or button.

use egui::{Context, Event, Id, Key, RawInput};

/// Takes the key before egui makes the keyboard's way of it.
pub struct TabKey;

/// Where the presses are kept until they are asked for.
fn presses() -> Id {
    Id::unique("presses of the tab key")
}

impl egui::Plugin for TabKey {
    fn debug_name(&self) -> &'static str {
        "tab key"
    }

    fn input_hook(&mut self, ctx: &Context, input: &mut RawInput) {
        let is_taken = ctx.memory(|memory| memory.focused().is_some() || memory.top_modal_layer().is_some());
        if is_taken || egui::Popup::is_any_open(ctx) {
            return;
        }
        let before = input.events.len();
        input.events.retain(
            |event| !matches!(event, Event::Key { key: Key::Tab, pressed: true, modifiers, .. } if modifiers.is_none()),
        );
        let taken = before - input.events.len();
        if taken > 0 {
            ctx.data_mut(|data| *data.get_temp_mut_or_default::<usize>(presses()) += taken);
        }
    }
}

/// How often it was pressed to fold the panels since this was asked last.
pub fn pressed(ctx: &Context) -> usize {
    ctx.data_mut(|data| data.remove_temp::<usize>(presses())).unwrap_or(0)
}
