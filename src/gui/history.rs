//! Undo and redo of choices and of what was done to photos.

use std::collections::BTreeMap;

use super::choices::Choices;
use super::images::Edit;
use crate::explorer::ImageId;

/// How many steps back are possible.
const STEPS: usize = 200;

/// What a step back or forward brings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// What decides the picture.
    pub choices: Choices,
    /// What was cut out of the images and painted over them, of those to which anything was done.
    pub edits: BTreeMap<ImageId, Edit>,
}

/// The steps so far, and where among them we are.
#[derive(Clone, Debug, Default)]
pub struct History {
    entries: Vec<Step>,
    position: usize,
}

impl History {
    /// Records a step once it is settled; what was undone before is forgotten. Returns whether it is new.
    pub fn settle(&mut self, step: &Step) -> bool {
        if self.entries.get(self.position) == Some(step) {
            return false;
        }
        self.entries.truncate(self.position + 1);
        self.entries.push(step.clone());
        if self.entries.len() > STEPS {
            self.entries.remove(0);
        }
        self.position = self.entries.len() - 1;
        true
    }

    /// One step back.
    pub fn undo(&mut self) -> Option<Step> {
        self.position = self.position.checked_sub(1)?;
        self.entries.get(self.position).cloned()
    }

    /// One step forward again.
    pub fn redo(&mut self) -> Option<Step> {
        let next = self.entries.get(self.position + 1)?.clone();
        self.position += 1;
        Some(next)
    }

    /// Whether there is a step back.
    pub fn can_undo(&self) -> bool {
        self.position > 0
    }

    /// Whether there is a step forward.
    pub fn can_redo(&self) -> bool {
        self.position + 1 < self.entries.len()
    }

    /// Lets go of the classes that were chosen for an image that is left, unless they stay.
    pub fn leave_image(&mut self, stays: impl Fn(usize) -> bool) {
        self.revise(|step| step.choices.leave_image(&stays));
    }

    /// Forgets what was done to an image that cannot come back, or that is another by now.
    pub fn forget_image(&mut self, image: ImageId) {
        self.revise(|step| {
            step.edits.remove(&image);
        });
    }

    /// Changes all steps; those that are no longer told apart become one.
    fn revise(&mut self, change: impl Fn(&mut Step)) {
        let now = self.position;
        let mut entries: Vec<Step> = Vec::new();
        for (place, mut entry) in std::mem::take(&mut self.entries).into_iter().enumerate() {
            change(&mut entry);
            if entries.last() != Some(&entry) {
                entries.push(entry);
            }
            if place <= now {
                self.position = entries.len() - 1;
            }
        }
        self.entries = entries;
    }

    /// Forgets everything, as classes and layers of another network mean something else.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::Region;

    fn with_class(class: usize) -> Step {
        Step {
            choices: Choices {
                class: Some(class),
                ..Choices::default()
            },
            edits: BTreeMap::new(),
        }
    }

    fn with_crop(step: Step, image: u64) -> Step {
        let cropped = Edit {
            crop: Some(Region::whole(5, 7)),
            ..Edit::default()
        };
        let edits = BTreeMap::from([(ImageId(image), cropped)]);
        Step { edits, ..step }
    }

    #[test]
    fn steps_back_and_forth_and_forgets_what_was_undone() {
        let mut history = History::default();
        for class in 0..3 {
            history.settle(&with_class(class));
            history.settle(&with_class(class));
        }
        assert_eq!(history.undo(), Some(with_class(1)));
        assert_eq!(history.undo(), Some(with_class(0)));
        assert_eq!(history.undo(), None);
        assert_eq!(history.redo(), Some(with_class(1)));
        history.settle(&with_class(7));
        assert_eq!(history.redo(), None);
        assert_eq!(history.undo(), Some(with_class(1)));
    }

    #[test]
    fn leaves_the_classes_of_an_image_behind_and_keeps_other_steps() {
        let mut history = History::default();
        let mut blended = with_class(1);
        blended.choices.blend = 0.7;
        for step in [with_class(0), with_class(1), blended, with_class(9)] {
            history.settle(&step);
        }
        history.leave_image(|class| class == 9);
        assert_eq!(history.entries.len(), 3);
        assert_eq!(history.entries[history.position], with_class(9));
        assert_eq!(
            history.undo().map(|step| (step.choices.class, step.choices.blend)),
            Some((None, 0.7))
        );
        assert_eq!(history.undo(), Some(Step::default()));
        assert_eq!(history.undo(), None);
    }

    #[test]
    fn what_was_cut_out_of_an_image_that_is_gone_is_no_step() {
        let mut history = History::default();
        for step in [
            with_class(0),
            with_crop(with_class(0), 1),
            with_crop(with_class(0), 2),
            with_crop(with_class(3), 2),
        ] {
            history.settle(&step);
        }
        history.forget_image(ImageId(2));
        assert_eq!(history.entries[history.position], with_class(3));
        assert_eq!(history.undo(), Some(with_class(0)));
        assert_eq!(history.undo(), Some(with_crop(with_class(0), 1)));
        assert_eq!(history.undo(), Some(with_class(0)));
        assert_eq!(history.undo(), None);
        history.forget_image(ImageId(1));
        assert_eq!(history.redo(), Some(with_class(3)));
    }

    #[test]
    fn is_bounded() {
        let mut history = History::default();
        for class in 0..1000 {
            history.settle(&with_class(class));
        }
        assert_eq!(history.entries.len(), STEPS);
        assert_eq!(history.undo(), Some(with_class(998)));
    }
}
