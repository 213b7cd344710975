//! What is asked for because somebody paints over the photo, or asks questions about it.

use super::Wishes;
use crate::explorer::{Explorer, Request};
use crate::gui::state::State;

/// What is painted over the shown photo, over its copies for the screen.
pub(super) fn paint(wishes: &mut Wishes, state: &State, explorer: &Explorer) {
    let Some(copies) = state.copies_to_paint() else { return };
    let wanted = Some((copies.image, copies.painting.key(), copies.large.is_some()));
    if wishes.copies != wanted {
        explorer.send(Request::PaintCopies(copies));
        wishes.copies = wanted;
    }
}

/// What the network says of the shown image without what is painted, if that is not known.
pub(super) fn unpainted(wishes: &mut Wishes, state: &State, explorer: &Explorer) {
    let Some(image) = state.open_image().filter(|image| !image.is_predicting()) else {
        return;
    };
    let is_missing = state.unpainted().is_none() && state.prediction().is_some();
    let Some(preprocessing) = state.unpainted_way(image.id).filter(|_| is_missing) else {
        return;
    };
    let wanted = Some((image.id, preprocessing, image.painting.key()));
    if wishes.unpainted != wanted {
        explorer.send(Request::Predict {
            image: image.id,
            preprocessing,
            urgent: true,
        });
        wishes.unpainted = wanted;
    }
}

/// Answers to the questions that are open.
pub(super) fn questions(wishes: &mut Wishes, state: &State, explorer: &Explorer) {
    if let Some(wish) = state.without_wish()
        && wishes.without.replace(wish) != Some(wish)
    {
        explorer.send(Request::Without(wish));
    }
    if let Some(wish) = state.variations_wish()
        && wishes.variations.as_ref() != Some(&wish)
    {
        explorer.send(Request::Vary(wish.clone()));
        wishes.variations = Some(wish);
    }
}
