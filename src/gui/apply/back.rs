//! The way out of whatever is open.

use super::Effect;
use crate::gui::state::State;

/// Esc leaves one thing at a time, the innermost first.
pub(super) fn back(state: &mut State) -> Option<Effect> {
    if state.path_field.is_some() {
        state.path_field = None;
    } else if state.size_question.is_some() {
        state.size_question = None;
    } else if state.asks_about_all {
        state.asks_about_all = false;
    } else if state.help_open {
        state.help_open = false;
    } else if !state.search.query.is_empty() {
        state.look_for(String::new());
    } else if state.is_hiding() {
        state.stop_hiding();
    } else if state.cropping.is_some() {
        state.cropping = None;
    } else if state.brushing.is_some() {
        state.brushing = None;
    } else if state.channel.is_some() {
        state.channel = None;
        // the pointer may still rest on it
        state.channel_preview = None;
        state.preview_muted = true;
    } else if state.asking_here || state.here.is_some() || state.here_soon.is_some() {
        state.asking_here = false;
        state.here = None;
        state.here_soon = None;
    } else if state.cropped().is_some() {
        state.crop(None);
    } else if state.compare.is_some() {
        state.compare = None;
    } else if state.choices.than.is_some() {
        state.choices.than = None;
    } else {
        return Some(Effect::CloseNote);
    }
    Some(Effect::ReleaseFocus)
}
