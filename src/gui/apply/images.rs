//! Commands about images, and about the networks that may be among opened files.

use std::path::PathBuf;

use super::Effect;
use crate::explorer::{ImageId, ImageSource, NetworkSource, Request};
use crate::gui::gather::Repeated;
use crate::gui::images::{OpenImage, Stage};
use crate::gui::networks::WantedNetwork;
use crate::gui::state::{Message, State, ToRepeat};

/// Runs a network; the question about its input size, if there is one, is answered or given up.
pub(super) fn use_network(state: &mut State, wanted: WantedNetwork) -> Effect {
    state.loading = true;
    state.network_error = None;
    // the built-in network may take the place of one whose size is asked for
    if !wanted.source.is_built_in() {
        state.size_question = None;
    }
    state.wanted_network = wanted.clone();
    let WantedNetwork {
        source,
        choices,
        device,
    } = wanted;
    Effect::Send(Box::new(Request::UseNetwork {
        source,
        choices,
        device,
    }))
}

/// Loads a network beside the one in use, with what was said of it before.
pub(super) fn hold_second(state: &mut State, source: NetworkSource) -> Effect {
    state.loading_second = true;
    let WantedNetwork {
        source,
        choices,
        device,
    } = state.wanted(source);
    Effect::Send(Box::new(Request::HoldSecond {
        source,
        choices,
        device,
    }))
}

/// Opens images, and runs the last of the networks, if there are any.
pub(super) fn open_files(state: &mut State, images: &[PathBuf], mut networks: Vec<PathBuf>) -> Option<Effect> {
    open(state, images.iter().map(|path| ImageSource::from_argument(path)));
    let chosen = networks.pop()?;
    if !networks.is_empty() {
        let text = format!("One network is used at a time; it is that of {}", chosen.display());
        state.messages.push(Message::Done(text));
    }
    let wanted = state.wanted(NetworkSource::File(chosen));
    Some(use_network(state, wanted))
}

/// Opens images and shows the first of them.
pub(super) fn open(state: &mut State, sources: impl IntoIterator<Item = ImageSource>) {
    let mut first = None;
    for source in sources {
        let image = add(state, source);
        first.get_or_insert(image);
    }
    if let Some(first) = first {
        show(state, first);
    }
}

/// Puts an image on the list, unless it is there already.
fn add(state: &mut State, source: ImageSource) -> ImageId {
    let listed = match &source {
        ImageSource::File(path) => state
            .images
            .list()
            .iter()
            .find(|image| image.path.as_ref() == Some(path)),
        // whoever opens what was left at its address asks for it
        ImageSource::Url(url) => state
            .images
            .list()
            .iter()
            .find(|image| image.url.as_ref() == Some(url) && image.stage == Stage::NotFetched),
        _ => None,
    };
    let Some(listed) = listed.map(|image| image.id) else {
        return state.images.add(source);
    };
    state.images.fetch(listed);
    listed
}

/// Opens the photos of a picture, and shows what it shows.
pub(super) fn repeat(state: &mut State, repeated: Repeated) {
    let Repeated {
        name,
        recipes,
        photos,
        networks,
    } = repeated;
    let mut images: Vec<ImageId> = Vec::new();
    for (number, (photo, recipe)) in photos.into_iter().zip(&recipes).enumerate() {
        // panels of one photo show one image
        let known = recipes
            .iter()
            .take(number)
            .position(|before| before.image == recipe.image);
        let known = known.and_then(|position| images.get(position).copied());
        let image = known.unwrap_or_else(|| add(state, photo));
        if let Some(image) = state.images.get_mut(image) {
            let [width, height] = image.size;
            let is_open = image.stage == Stage::Open;
            // of one that is still to be opened it is fitted then
            image.crop = recipe
                .crop
                .map(|crop| if is_open { crop.clamped(width, height) } else { crop });
            // of one photo with what is painted and without, the first panel has it
            if known.is_none() {
                image.paint(recipe.painting.clone());
            }
        }
        images.push(image);
    }
    let Some(&first) = images.first() else { return };
    show(state, first);
    state.repeat(ToRepeat {
        name,
        recipes,
        images,
        networks,
    });
}

pub(super) fn show(state: &mut State, image: ImageId) {
    state.images.show(image);
    state.preview = None;
    state.here_soon = None;
    state.cropping = None;
    state.lift_brush();
    state.channel = None;
}

/// Takes an image off the list. The session keeps it for a while, so that it can come back.
pub(super) fn remove(state: &mut State, image: ImageId) -> Option<Effect> {
    let position = state.images.position(image)?;
    if state.images.get(image)?.stage != Stage::Open {
        return dismiss(state, image);
    }
    let removed = state.images.remove(image)?;
    state.messages.push(Message::Removed(image, removed.name.clone()));
    let earlier = state.images.set_aside(position, removed)?;
    Some(close(state, earlier))
}

pub(super) fn dismiss(state: &mut State, image: ImageId) -> Option<Effect> {
    let removed = state.images.remove(image)?;
    state.download.take_if(|(what, _)| Some(&*what) == removed.url.as_ref());
    Some(close(state, image))
}

fn close(state: &mut State, image: ImageId) -> Effect {
    state.maps.forget(image);
    state.faithful.forget(image);
    state.history.forget_image(image);
    Effect::Send(Box::new(Request::Close(image)))
}

pub(super) fn step_image(state: &mut State, step: isize) {
    if let Some(image) = state.images.neighbour(step) {
        show(state, image);
    }
}

/// Shows the image at an end of the list.
pub(super) fn show_end(state: &mut State, end: impl Fn(&[OpenImage]) -> Option<&OpenImage>) {
    if let Some(image) = end(state.images.list()).map(|image| image.id) {
        show(state, image);
    }
}
