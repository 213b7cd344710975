//! Undo and redo of choices.

use super::choices::Choices;

/// How many steps back are possible.
const STEPS: usize = 200;

/// The choices so far, and where among them we are.
#[derive(Clone, Debug, Default)]
pub struct History {
    entries: Vec<Choices>,
    position: usize,
}

impl History {
    /// Records the choices once they are settled; what was undone before is forgotten. Returns whether they are new.
    pub fn settle(&mut self, choices: &Choices) -> bool {
        if self.entries.get(self.position) == Some(choices) {
            return false;
        }
        self.entries.truncate(self.position + 1);
        self.entries.push(choices.clone());
        if self.entries.len() > STEPS {
            self.entries.remove(0);
        }
        self.position = self.entries.len() - 1;
        true
    }

    /// One step back.
    pub fn undo(&mut self) -> Option<Choices> {
        self.position = self.position.checked_sub(1)?;
        self.entries.get(self.position).cloned()
    }

    /// One step forward again.
    pub fn redo(&mut self) -> Option<Choices> {
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
        let Some(now) = self.entries.get(self.position).map(|_| self.position) else {
            return;
        };
        let mut entries: Vec<Choices> = Vec::new();
        let mut position = 0;
        for (place, mut entry) in std::mem::take(&mut self.entries).into_iter().enumerate() {
            entry.leave_image(&stays);
            if entries.last() != Some(&entry) {
                entries.push(entry);
            }
            if place <= now {
                position = entries.len() - 1;
            }
        }
        self.entries = entries;
        self.position = position;
    }

    /// Forgets everything, as classes and layers of another network mean something else.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_class(class: usize) -> Choices {
        Choices {
            class: Some(class),
            ..Choices::default()
        }
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
        let blended = Choices {
            blend: 0.7,
            ..with_class(1)
        };
        for choices in [with_class(0), with_class(1), blended.clone(), with_class(9)] {
            history.settle(&choices);
        }
        history.leave_image(|class| class == 9);
        assert_eq!(history.entries.len(), 3);
        assert_eq!(history.entries[history.position], with_class(9));
        assert_eq!(
            history.undo().map(|choices| (choices.class, choices.blend)),
            Some((None, 0.7))
        );
        assert_eq!(history.undo(), Some(Choices::default()));
        assert_eq!(history.undo(), None);
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
