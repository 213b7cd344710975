//! What goes beyond the window: its title, where dialogs begin, and what is left open from one start to the next.

use std::path::{Path, PathBuf};

use super::{Message, State};
use crate::explorer::ImageId;
use crate::gui::command::Command;
use crate::gui::dialogs::Question;
use crate::gui::images::Stage;
use crate::gui::left_open::{ChosenOf, LeftOpen};
use crate::gui::networks::file_of;

impl State {
    /// The title of the window.
    pub fn title(&self) -> String {
        let program = "Grad-CAM explorer";
        let image = self.images.current();
        image.map_or_else(|| program.to_owned(), |image| format!("{} – {program}", image.name))
    }

    /// Where a file dialog begins: beside the photo, or else where the last file was opened.
    pub fn folder_for(&self, question: &Question) -> Option<PathBuf> {
        let shown = || self.images.current()?.path.as_deref();
        let network = || file_of(&self.network.as_ref()?.source).filter(|file| *file != Path::new(""));
        let last = || self.preferences.recent.first().map(PathBuf::as_path);
        let file = match question {
            Question::Weights | Question::SecondWeights => network().or_else(last),
            _ => shown().or_else(last),
        };
        file?.parent().map(Path::to_owned)
    }

    /// The folders of open and recent images and of the networks used lately, each once.
    pub fn places(&self) -> Vec<PathBuf> {
        let open = self.images.list().iter().filter_map(|image| image.path.as_deref());
        let recent = self.preferences.recent.iter().map(PathBuf::as_path);
        let networks = self.preferences.networks.files();
        let in_use = self.network.as_ref().and_then(|network| file_of(&network.source));
        let files = open.chain(recent).chain(in_use).chain(networks);
        let mut places: Vec<PathBuf> = Vec::new();
        for folder in files.filter_map(Path::parent) {
            if folder != Path::new("") && !places.iter().any(|known| known == folder) {
                places.push(folder.to_owned());
            }
        }
        places
    }

    /// What is open now, to be opened again at the next start.
    pub fn left_open(&self) -> LeftOpen {
        let chosen = self.network.as_ref().map(|network| ChosenOf {
            class: self.choices.class,
            than: self.choices.than,
            pinned: self.pinned.clone(),
            layer: self.choices.layer.map(|layer| network.plan.layer(layer).name.clone()),
            ..ChosenOf::of(network)
        });
        LeftOpen::of(&self.images, self.greeting, chosen.unwrap_or_default())
    }

    /// Opens what was left open at the end of the last start; says whether there was anything.
    pub fn open_again(&mut self, left: LeftOpen) -> bool {
        self.messages.extend(left.what_is_missing().map(Message::Done));
        let (sources, shown) = left.images();
        let add = |(source, edit)| self.images.add_again(source, edit);
        let images: Vec<ImageId> = sources.into_iter().map(add).collect();
        let Some(&shown) = images.get(shown).or(images.first()) else {
            return false;
        };
        self.images.show(shown);
        // what was chosen was chosen for it
        self.chosen_for = Some(shown);
        self.chosen_before = Some(left.chosen);
        true
    }

    /// Whether an image is shown that need not be fetched first.
    pub fn is_fetched(&self) -> bool {
        let stage = self.images.current().map(|image| image.stage);
        stage.is_some_and(|stage| stage != Stage::NotFetched)
    }

    /// Chooses what was chosen at the end of the last start, if that means something for the network that speaks.
    pub(super) fn choose_as_before(&mut self) {
        let (Some(network), Some(before)) = (&self.network, self.chosen_before.take()) else {
            return;
        };
        if !before.is_of(network) {
            return;
        }
        let is_class = |class: &usize| *class < network.labels.len();
        self.choices.class = before.class.filter(is_class);
        self.choices.than = before.than.filter(is_class);
        self.choices.layer = before.layer.and_then(|layer| network.plan.find(&layer));
        self.pinned = before.pinned.into_iter().filter(is_class).collect();
    }

    /// Closes all images, and forgets pins, class and layer.
    pub fn start_fresh(&mut self) {
        let images = self.images.list().iter().map(|image| image.id);
        self.due.extend(images.map(Command::Dismiss));
        self.choices.class = None;
        self.choices.than = None;
        self.choices.layer = None;
        self.choices.fused = None;
        self.pinned.clear();
        self.recent_classes.clear();
        self.unfolded.clear();
        self.history.clear();
        self.look_for(String::new());
    }
}
