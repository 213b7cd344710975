//! Commands about images, and about the weights that may be among opened files.

use std::path::PathBuf;

use super::{Effect, apply};
use crate::explorer::{ImageId, ImageSource, NetworkSource, Request};
use crate::gui::command::Command;
use crate::gui::images::Stage;
use crate::gui::state::{Message, State};

/// Endings of files that are taken for a network, those that will be refused by what they are among them.
const NETWORKS: [&str; 8] = ["safetensors", "h5", "hdf5", "keras", "onnx", "pt", "pth", "pb"];

/// Uses a network as it is, whatever its kind.
pub(super) fn use_weights(state: &mut State, path: PathBuf) -> Option<Effect> {
    let device = state.wanted_network.1;
    apply(state, Command::UseNetwork(NetworkSource::File(path), device))
}

/// Opens images, and uses the weights among the files, if there are any.
pub(super) fn open_files(state: &mut State, files: Vec<PathBuf>) -> Option<Effect> {
    let is_weights = |path: &PathBuf| {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        ending.is_some_and(|ending| NETWORKS.contains(&ending.as_str()))
    };
    let (mut weights, images): (Vec<PathBuf>, Vec<PathBuf>) = files.into_iter().partition(is_weights);
    open(state, images.iter().map(|path| ImageSource::from_argument(path)));
    let chosen = weights.pop()?;
    if !weights.is_empty() {
        let text = format!("One network speaks at a time; it is that of {}", chosen.display());
        state.messages.push(Message::Done(text));
    }
    use_weights(state, chosen)
}

/// Opens images and shows the first of them.
pub(super) fn open(state: &mut State, sources: impl IntoIterator<Item = ImageSource>) {
    let mut first = None;
    for source in sources {
        // what is on the list already is shown, not listed twice
        let listed = match &source {
            ImageSource::File(path) => state
                .images
                .list()
                .iter()
                .find(|image| image.path.as_ref() == Some(path)),
            _ => None,
        };
        let listed = listed.map(|image| image.id);
        let image = listed.unwrap_or_else(|| state.images.add(source));
        first.get_or_insert(image);
    }
    if let Some(first) = first {
        show(state, first);
    }
}

pub(super) fn show(state: &mut State, image: ImageId) {
    state.images.show(image);
    state.preview = None;
    state.channel = None;
}

/// Takes an image off the list. The session keeps it for a while, so that it can come back.
pub(super) fn remove(state: &mut State, image: ImageId) -> Option<Effect> {
    let position = state.images.position(image)?;
    if state.images.get(image)?.stage != Stage::Open {
        return dismiss(state, image);
    }
    let removed = state.images.remove(image)?;
    let text = format!("Removed {} from the list; undo brings it back", removed.name);
    state.messages.push(Message::Done(text));
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
    Effect::Send(Box::new(Request::Close(image)))
}

pub(super) fn step_image(state: &mut State, step: isize) {
    if let Some(image) = state.images.neighbour(step) {
        show(state, image);
    }
}
