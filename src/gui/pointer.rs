//! The pointer, of which the window loses sight when a file dialog opens or closes over it: until it moves again nothing is
//! under it, and no tooltip stays.

use egui::{Context, Event, Id, RawInput};

/// Tells egui that the pointer was lost sight of.
pub struct LostPointer;

fn lost() -> Id {
    Id::unique("the pointer is lost")
}

/// Loses sight of the pointer, from the next frame on until it moves.
pub fn lose(ctx: &Context) {
    ctx.data_mut(|data| data.insert_temp(lost(), true));
    ctx.request_repaint();
}

impl egui::Plugin for LostPointer {
    fn debug_name(&self) -> &'static str {
        "lost pointer"
    }

    fn input_hook(&mut self, ctx: &Context, input: &mut RawInput) {
        if ctx.data_mut(|data| data.remove_temp::<bool>(lost())).is_some() {
            // where it has moved since counts
            input.events.insert(0, Event::PointerGone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tooltip_goes_with_the_pointer_and_comes_back_when_it_moves() {
        let ctx = Context::default();
        ctx.add_plugin(LostPointer);
        let place = egui::pos2(20.0, 10.0);
        let mut time = 0.0;
        let mut has_tooltip = |ctx: &Context, events: Vec<Event>| {
            let mut seen = false;
            for events in [events, Vec::new(), Vec::new(), Vec::new()] {
                time += 1.0;
                let input = RawInput {
                    time: Some(time),
                    events,
                    ..RawInput::default()
                };
                let _ = ctx.run_ui(input, |ui| {
                    seen = false;
                    ui.button("Open a file").on_hover_ui(|_| seen = true);
                });
            }
            seen
        };
        assert!(has_tooltip(&ctx, vec![Event::PointerMoved(place)]));
        lose(&ctx);
        assert!(!has_tooltip(&ctx, Vec::new()));
        assert!(has_tooltip(
            &ctx,
            vec![Event::PointerMoved(place + egui::vec2(1.0, 0.0))]
        ));
        // it was seen in the same frame
        lose(&ctx);
        assert!(has_tooltip(&ctx, vec![Event::PointerMoved(place)]));
    }
}
