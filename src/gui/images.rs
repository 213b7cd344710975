//! The open images, in the order of the film strip, and how much is kept of them.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use super::open_image::{Asked, Edit, OpenImage, Outcome, Stage, Top};
use crate::explorer::{ImageId, ImageSource, NetworkEpoch, Opened, PaintedCopies, Predicted, Previewed};
use crate::imaging::{Photo, Preprocessing};

/// How many copies for the screen are kept, at most 12 MB each.
pub const DISPLAY_COPIES: usize = 6;
/// How many predictions are kept with the maps of all classes, 0.4 MB each for ImageNet.
pub const FULL_PREDICTIONS: usize = 24;
/// How many quick looks are kept, 0.3 MB each.
const PREVIEWS: usize = 40;
/// How many images that were taken off the list can come back.
const SET_ASIDE: usize = 20;
/// How many images besides the shown one are opened or predicted at the same time.
const IN_BACKGROUND: usize = 2;

/// All open images and the one shown.
#[derive(Debug, Default)]
pub struct Images {
    list: Vec<OpenImage>,
    current: Option<ImageId>,
    /// Shown before the current one; where to go back to if that cannot be opened.
    previous: Option<ImageId>,
    next_id: u64,
    /// Shown beside the current one.
    beside: Option<ImageId>,
    /// Counts the images shown.
    clock: u64,
    /// Taken off the list, and from where, the last one last, until something else is chosen.
    removed: Vec<(usize, OpenImage)>,
}

impl Images {
    /// Adds an image at the end.
    pub fn add(&mut self, source: ImageSource) -> ImageId {
        self.next_id += 1;
        let id = ImageId(self.next_id);
        self.list.push(OpenImage::new(id, source));
        id
    }

    /// Adds an image that was open at the end of the last start; what is on the web waits until a person asks for it.
    pub fn add_again(&mut self, source: ImageSource, edit: Edit) -> ImageId {
        let is_on_the_web = matches!(source, ImageSource::Url(_));
        let id = self.add(source);
        if let Some(image) = self.get_mut(id) {
            image.set_edit(edit);
            if is_on_the_web {
                image.stage = Stage::NotFetched;
            }
        }
        id
    }

    /// Lets an image that waits for it be fetched.
    pub fn fetch(&mut self, id: ImageId) {
        if let Some(image) = self.get_mut(id).filter(|image| image.stage == Stage::NotFetched) {
            image.stage = Stage::Waiting;
        }
    }

    /// Shows an image of the list.
    pub fn show(&mut self, id: ImageId) {
        if self.current != Some(id) && self.get(id).is_some() {
            self.previous = self.current;
            self.set_current(Some(id));
        }
    }

    /// Takes an image off the list; if it was shown, a neighbour is.
    pub fn remove(&mut self, id: ImageId) -> Option<OpenImage> {
        let position = self.position(id)?;
        let removed = self.list.remove(position);
        if self.current == Some(id) {
            let previous = self.previous.filter(|&previous| self.get(previous).is_some());
            let neighbour = self.list.get(position.min(self.list.len().saturating_sub(1)));
            let neighbour = neighbour.map(|image| image.id);
            // of several that were opened at once, the one after
            let next = self.list.get(position).filter(|next| next.shown_at == 0);
            let next = next.map(|next| next.id).filter(|_| removed.stage != Stage::Open);
            self.set_current(if removed.stage == Stage::Open {
                neighbour
            } else {
                next.or(previous).or(neighbour)
            });
            self.previous = previous.filter(|_| next.is_some());
        }
        Some(removed)
    }

    /// Keeps an image that was taken off so that it can come back; returns one that no longer can.
    pub fn set_aside(&mut self, position: usize, image: OpenImage) -> Option<ImageId> {
        self.removed.push((position, image));
        (self.removed.len() > SET_ASIDE).then(|| self.removed.remove(0).1.id)
    }

    /// What was done to the images, also to those that can come back; nothing of those to which nothing was.
    pub fn edits(&self) -> BTreeMap<ImageId, Edit> {
        let removed = self.removed.iter().map(|(_, image)| image);
        let all = self.list.iter().chain(removed);
        all.filter_map(|image| Some((image.id, image.edit()?))).collect()
    }

    /// Does this to the images and nothing else; shows one for which that is something else, unless the one shown is.
    pub fn set_edits(&mut self, edits: &BTreeMap<ImageId, Edit>) {
        let removed = self.removed.iter_mut().map(|(_, image)| image);
        let mut changed = Vec::new();
        for image in self.list.iter_mut().chain(removed) {
            let edit = edits.get(&image.id);
            if image.edit().as_ref() != edit {
                image.set_edit(edit.cloned().unwrap_or_default());
                changed.push(image.id);
            }
        }
        if !changed.iter().any(|&image| self.current == Some(image))
            && let Some(&image) = changed.iter().find(|&&image| self.get(image).is_some())
        {
            self.show(image);
        }
    }

    /// Whether this image was taken off the list and can come back.
    pub fn is_set_aside(&self, id: ImageId) -> bool {
        self.removed.iter().any(|(_, image)| image.id == id)
    }

    /// Whether an image can come back.
    pub fn can_restore(&self) -> bool {
        !self.removed.is_empty()
    }

    /// Puts the image that was taken off last back where it was, and shows it.
    pub fn restore(&mut self) -> bool {
        let Some((position, mut image)) = self.removed.pop() else {
            return false;
        };
        // another network may speak by now
        image.forget_prediction();
        let id = image.id;
        self.list.insert(position.min(self.list.len()), image);
        self.show(id);
        true
    }

    /// Lets go of the images that were taken off; returns which they were.
    pub fn forget_removed(&mut self) -> Vec<ImageId> {
        self.removed.drain(..).map(|(_, image)| image.id).collect()
    }

    /// Says which image is shown beside the current one, if any is.
    pub fn look_at_too(&mut self, beside: Option<ImageId>) {
        if self.beside == beside {
            return;
        }
        self.beside = beside;
        if let Some(image) = beside.and_then(|id| self.get_mut(id)) {
            image.retry();
        }
    }

    /// The image shown beside the current one.
    pub fn beside(&self) -> Option<&OpenImage> {
        self.get(self.beside?)
    }

    fn is_in_sight(&self) -> impl Fn(ImageId) -> bool + use<> {
        let in_sight = [self.current, self.beside];
        move |image| in_sight.contains(&Some(image))
    }

    fn set_current(&mut self, id: Option<ImageId>) {
        self.current = id;
        self.clock += 1;
        let clock = self.clock;
        if let Some(image) = id.and_then(|id| self.get_mut(id)) {
            image.shown_at = clock;
            image.retry();
        }
    }

    /// How many images wait for their first prediction.
    pub fn waiting(&self) -> usize {
        let waits = |image: &&OpenImage| image.top.is_none() && image.is_awaited();
        self.list.iter().filter(waits).count()
    }

    /// The image `step` places away from the shown one.
    pub fn neighbour(&self, step: isize) -> Option<ImageId> {
        let position = self.position(self.current?)?.checked_add_signed(step)?;
        self.list.get(position).map(|image| image.id)
    }

    /// Stores what came of opening an image.
    pub fn opened(&mut self, opened: Opened) {
        if let Some(image) = self.get_mut(opened.image) {
            image.opened(opened);
        }
    }

    /// Stores what a quick look has seen; of all images, `PREVIEWS` keep it.
    pub fn previewed(&mut self, id: ImageId, previewed: Option<Previewed>) {
        let Some(image) = self.get_mut(id) else { return };
        image.previewed(previewed);
        self.keep(PREVIEWS, |image| image.preview.is_some(), |image| image.preview = None);
    }

    /// Stores copies for the screen; of all images, [`DISPLAY_COPIES`] keep theirs.
    pub fn display(&mut self, id: ImageId, photo: Arc<Photo>, small: Arc<Photo>) {
        let Some(image) = self.get_mut(id) else { return };
        image.preview = None;
        image.display = Some(photo);
        image.small_display = Some(small);
        self.keep(
            DISPLAY_COPIES,
            |image| image.display.is_some(),
            |image| (image.display, image.small_display, image.painted) = (None, None, None),
        );
    }

    /// Stores painted copies for the screen, unless what was painted is gone by now.
    pub fn painted(&mut self, painted: PaintedCopies) {
        let image = self.get_mut(painted.image);
        if let Some(image) = image.filter(|image| !image.painting.is_empty()) {
            image.painted = Some(painted);
        }
    }

    /// Stores a prediction; of all predictions, [`FULL_PREDICTIONS`] stay, and of the others the class on top.
    pub fn predicted(&mut self, predicted: Predicted) {
        let Some(image) = self.get_mut(predicted.image) else {
            return;
        };
        image.predicted(predicted);
        self.keep(
            FULL_PREDICTIONS,
            |image| image.prediction.is_some(),
            |image| image.prediction = None,
        );
    }

    /// Lets go of what more than `count` images hold. The shown image keeps it first, then those shown lately, the
    /// last one first, then those that never were, the nearest first.
    fn keep(&mut self, count: usize, holds: impl Fn(&OpenImage) -> bool, let_go: impl Fn(&mut OpenImage)) {
        let is_in_sight = self.is_in_sight();
        let middle = self.current_position().unwrap_or(0);
        let mut holders: Vec<(usize, &mut OpenImage)> = self.list.iter_mut().enumerate().collect();
        holders.retain(|(_, image)| holds(image));
        holders.sort_by_key(|(position, image)| {
            (
                !is_in_sight(image.id),
                Reverse(image.shown_at),
                position.abs_diff(middle),
            )
        });
        for (_, image) in holders.into_iter().skip(count) {
            let_go(image);
        }
    }

    /// The images to open now, the shown one first, each with whether it is the shown one. They count as being opened.
    pub fn to_open(&mut self) -> Vec<(ImageId, bool)> {
        // what a server keeps waiting keeps no file waiting
        let opening = |image: &&OpenImage| image.stage == Stage::Opening && image.url.is_none();
        let opening = self.list.iter().filter(opening).count();
        self.pick(
            opening,
            self.in_background(),
            |image, _| image.stage == Stage::Waiting,
            |image| image.stage = Stage::Opening,
        )
    }

    /// The images to take a quick look at now, the shown one first, each with whether it is the shown one. They count as
    /// asked for.
    pub fn to_look_at(&mut self) -> Vec<(ImageId, bool)> {
        let looking = |image: &&OpenImage| image.looked_at == Some(Outcome::Awaited) && image.stage != Stage::Open;
        let looking = self.list.iter().filter(looking).count();
        self.pick(
            looking,
            IN_BACKGROUND,
            |image, _| image.looked_at.is_none() && image.stage != Stage::Open && image.path.is_some(),
            |image| image.looked_at = Some(Outcome::Awaited),
        )
    }

    /// The images to predict now, the shown one first, each with whether it is the shown one. They count as asked for. If
    /// the picture `waits` for something of the shown one, what is painted over that is not looked at yet.
    pub fn to_predict(
        &mut self,
        epoch: NetworkEpoch,
        preprocessing: Preprocessing,
        waits: bool,
    ) -> Vec<(ImageId, bool)> {
        let waiting = self.current.filter(|_| waits);
        let predicting = self.list.iter().filter(|image| image.is_predicting()).count();
        self.pick(
            predicting,
            self.in_background(),
            |image, is_shown| {
                let holds = waiting == Some(image.id) && image.is_painted_ahead();
                let wanted = match holds {
                    true => image.seen_as(preprocessing),
                    false => image.wanted_as(preprocessing),
                };
                image.needs_prediction(epoch, wanted, is_shown)
            },
            |image| {
                image.asked = Some(Asked {
                    epoch,
                    preprocessing: image.wanted_as(preprocessing),
                    outcome: Outcome::Awaited,
                });
            },
        )
    }

    /// How many images besides the shown one are opened or predicted at the same time: none while a person waits for that
    /// one, unless it comes from a server.
    fn in_background(&self) -> usize {
        let is_awaited =
            |image: &OpenImage| image.url.is_none() && (image.stage != Stage::Open || image.is_predicting());
        if self.current().is_some_and(is_awaited) {
            0
        } else {
            IN_BACKGROUND
        }
    }

    /// Picks images for work of which there is so much `under_way`: those in sight always, of the others the nearest, so
    /// many `at_a_time`.
    fn pick(
        &mut self,
        mut under_way: usize,
        at_a_time: usize,
        needs_it: impl Fn(&OpenImage, bool) -> bool,
        note: impl Fn(&mut OpenImage),
    ) -> Vec<(ImageId, bool)> {
        let is_in_sight = self.is_in_sight();
        let middle = self.current_position().unwrap_or(0);
        let mut candidates: Vec<(usize, &mut OpenImage)> = self.list.iter_mut().enumerate().collect();
        candidates.retain(|(_, image)| needs_it(image, is_in_sight(image.id)));
        candidates.sort_by_key(|(position, _)| position.abs_diff(middle));
        let mut picked = Vec::new();
        for (_, image) in candidates {
            let is_shown = is_in_sight(image.id);
            if is_shown || under_way < at_a_time {
                note(image);
                picked.push((image.id, is_shown));
                under_way += 1;
            }
        }
        picked
    }

    /// The image shown.
    pub fn current(&self) -> Option<&OpenImage> {
        self.get(self.current?)
    }

    /// Position of the image shown, counted from 0.
    pub fn current_position(&self) -> Option<usize> {
        self.position(self.current?)
    }

    /// One image.
    pub fn get(&self, id: ImageId) -> Option<&OpenImage> {
        self.list.iter().find(|image| image.id == id)
    }

    /// One image, to be changed.
    pub fn get_mut(&mut self, id: ImageId) -> Option<&mut OpenImage> {
        self.list.iter_mut().find(|image| image.id == id)
    }

    /// All of them in order.
    pub fn list(&self) -> &[OpenImage] {
        &self.list
    }

    /// All of them, to be changed.
    pub fn list_mut(&mut self) -> &mut [OpenImage] {
        &mut self.list
    }

    /// Where in the list an image is, counted from 0.
    pub fn position(&self, id: ImageId) -> Option<usize> {
        self.list.iter().position(|image| image.id == id)
    }
}

#[cfg(test)]
mod tests;
