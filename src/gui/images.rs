//! The open images, in the order of the film strip.

use std::path::PathBuf;
use std::sync::Arc;

use crate::explorer::{ImageId, ImageSource, NetworkEpoch, Opened, Predicted};
use crate::imaging::{Photo, Resize};

/// How many copies for the screen are kept, at most 12 MB each.
const DISPLAY_COPIES: usize = 6;

/// How far an image has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has asked for it yet.
    Waiting,
    /// It is being decoded.
    Opening,
    /// It can be predicted and shown.
    Open,
}

/// One image of the list.
#[derive(Debug)]
pub struct OpenImage {
    /// Which image.
    pub id: ImageId,
    /// Its name for people.
    pub name: String,
    /// Its file, if it has one.
    pub path: Option<PathBuf>,
    /// Where it comes from; taken when the session is asked to open it.
    pub source: Option<ImageSource>,
    /// How far it has come.
    pub stage: Stage,
    /// Own width and height in pixels, once it is open.
    pub size: [u32; 2],
    /// A small copy, once it is open.
    pub thumbnail: Option<Arc<Photo>>,
    /// A copy for the screen; only of the images shown lately.
    pub display: Option<Arc<Photo>>,
    /// When the copy for the screen was asked for or used last.
    display_used: u64,
    /// Whether a copy for the screen was asked for.
    pub display_asked: bool,
    /// What the network says about it.
    pub prediction: Option<Predicted>,
    /// The prediction that was asked for last.
    pub asked: Option<(NetworkEpoch, Resize)>,
    /// Whether that prediction has not come back yet.
    pub predicting: bool,
}

/// All open images and the one shown.
#[derive(Debug, Default)]
pub struct Images {
    list: Vec<OpenImage>,
    current: Option<ImageId>,
    /// Shown before the current one; where to go back to if that cannot be opened.
    previous: Option<ImageId>,
    next_id: u64,
    clock: u64,
}

impl Images {
    /// Adds an image at the end.
    pub fn add(&mut self, source: ImageSource) -> ImageId {
        self.next_id += 1;
        let id = ImageId(self.next_id);
        self.list.push(OpenImage {
            id,
            name: source.name(),
            path: match &source {
                ImageSource::File(path) => Some(path.clone()),
                _ => None,
            },
            source: Some(source),
            stage: Stage::Waiting,
            size: [0; 2],
            thumbnail: None,
            display: None,
            display_used: 0,
            display_asked: false,
            prediction: None,
            asked: None,
            predicting: false,
        });
        id
    }

    /// Shows an image of the list.
    pub fn show(&mut self, id: ImageId) {
        if self.current != Some(id) && self.get(id).is_some() {
            self.previous = self.current;
            self.current = Some(id);
        }
    }

    /// Takes an image off the list; if it was shown, a neighbour is.
    pub fn remove(&mut self, id: ImageId) -> Option<OpenImage> {
        let position = self.position(id)?;
        let removed = self.list.remove(position);
        if self.current == Some(id) {
            let previous = self.previous.filter(|&previous| self.get(previous).is_some());
            let neighbour = self.list.get(position.min(self.list.len().saturating_sub(1)));
            self.current = neighbour.map(|image| image.id);
            if removed.stage != Stage::Open && previous.is_some() {
                self.current = previous;
            }
            self.previous = None;
        }
        Some(removed)
    }

    /// The image `step` places away from the shown one.
    pub fn neighbour(&self, step: isize) -> Option<ImageId> {
        let position = self.position(self.current?)?.checked_add_signed(step)?;
        self.list.get(position).map(|image| image.id)
    }

    /// Stores what came of opening an image.
    pub fn opened(&mut self, opened: Opened) {
        if let Some(image) = self.get_mut(opened.image) {
            image.stage = Stage::Open;
            image.name = opened.name;
            image.size = [opened.width, opened.height];
            image.thumbnail = Some(opened.thumbnail);
        }
    }

    /// Stores a copy for the screen, and lets the one go that was not used for the longest time.
    pub fn display(&mut self, id: ImageId, photo: Arc<Photo>) {
        self.clock += 1;
        let clock = self.clock;
        let Some(image) = self.get_mut(id) else { return };
        image.display = Some(photo);
        image.display_asked = false;
        image.display_used = clock;
        let current = self.current;
        let kept = || {
            self.list
                .iter()
                .filter(|image| image.display.is_some() && Some(image.id) != current)
        };
        if kept().count() >= DISPLAY_COPIES
            && let Some(oldest) = kept().min_by_key(|image| image.display_used).map(|image| image.id)
            && let Some(image) = self.get_mut(oldest)
        {
            image.display = None;
        }
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

    fn position(&self, id: ImageId) -> Option<usize> {
        self.list.iter().position(|image| image.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str) -> ImageSource {
        ImageSource::File(PathBuf::from(name))
    }

    fn three() -> (Images, [ImageId; 3]) {
        let mut images = Images::default();
        let ids = ["a", "b", "c"].map(|name| images.add(source(name)));
        images.list_mut().iter_mut().for_each(|image| image.stage = Stage::Open);
        images.show(ids[1]);
        (images, ids)
    }

    #[test]
    fn removing_the_shown_image_shows_its_neighbour() {
        let (mut images, [a, b, c]) = three();
        images.remove(b);
        assert_eq!(images.current, Some(c));
        images.remove(c);
        assert_eq!(images.current, Some(a));
        images.remove(a);
        assert_eq!(images.current, None);
    }

    #[test]
    fn an_image_that_cannot_be_opened_gives_way_to_the_one_before() {
        let (mut images, [a, ..]) = three();
        images.show(a);
        let broken = images.add(source("broken"));
        images.show(broken);
        images.remove(broken);
        assert_eq!(images.current, Some(a));
    }

    #[test]
    fn copies_for_the_screen_are_bounded() {
        let mut images = Images::default();
        let photo = Arc::new(Photo {
            width: 1,
            height: 1,
            rgb: vec![0; 3],
        });
        for name in 0..50 {
            let id = images.add(source(&name.to_string()));
            images.show(id);
            images.display(id, photo.clone());
        }
        assert!(images.list().iter().filter(|image| image.display.is_some()).count() <= DISPLAY_COPIES);
        assert!(images.current().unwrap().display.is_some());
    }
}
