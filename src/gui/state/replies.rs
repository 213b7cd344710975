//! What replies of the session change.

use std::path::Path;
use std::sync::Arc;

use super::{Faithful, Message, State};
use crate::explorer::{
    Activity, ExplorerError, Failure, ImageId, NetworkEpoch, NetworkInfo, NetworkSource, Predicted, Reply,
};
use crate::gui::batch;
use crate::gui::command::Command;
use crate::gui::networks::{SizeQuestion, file_of};
use crate::samples::SAMPLES;
use crate::weights::fetch::FetchError;
use crate::weights::{BuiltIn, WeightsError};

impl State {
    /// Takes one reply of the session.
    pub fn receive(&mut self, reply: Reply) {
        self.take(reply);
        self.follow_image();
    }

    fn take(&mut self, reply: Reply) {
        match reply {
            Reply::Network(info) => self.use_network(info),
            Reply::SecondNetwork(info) => self.take_second(info),
            Reply::SecondExplained(explained) => self.take_second_map(explained),
            Reply::Opened(opened) => {
                self.fetched(opened.image);
                let is_sample = opened.path.is_none() && SAMPLES.iter().any(|sample| sample.file == opened.name);
                if let Some(greeting) = self.greeting.take_if(|_| !is_sample) {
                    self.due.push(Command::Dismiss(greeting));
                }
                let is_shown = self.images.current().is_some_and(|image| image.id == opened.image);
                if let Some(path) = opened.path.clone().filter(|_| is_shown) {
                    self.preferences.remember(path);
                }
                let image = opened.image;
                let crop = self.images.get(image).and_then(|image| image.crop);
                self.images.opened(opened);
                // a part that the file has no longer cannot be come back to
                if self.images.get(image).and_then(|image| image.crop) != crop {
                    self.history.forget_image(image);
                }
            }
            Reply::Downloading { what, progress } => {
                // an image that was taken off the list meanwhile is of no interest
                if !is_address(&what) || self.images.list().iter().any(|image| image.url.as_ref() == Some(&what)) {
                    self.download = Some((what, progress));
                }
            }
            Reply::WeightsReady(path) => {
                self.getting_weights = false;
                self.getting_failed = false;
                self.download = None;
                self.due.push(Command::UseWeights(path));
            }
            Reply::Previewed(image, previewed) => self.images.previewed(image, previewed),
            Reply::Display { image, photo, small } => self.images.display(image, photo, small),
            Reply::PaintedCopies(painted) => self.images.painted(painted),
            Reply::Predicted(predicted) => self.predicted(predicted),
            Reply::ClassMapsComplete(image) => {
                let is_shown = self.images.current().is_some_and(|shown| shown.id == image);
                if let Some(share) = self.here_soon.take_if(|_| is_shown) {
                    self.ask_here(share);
                }
            }
            Reply::Explained(explained) => {
                if self.is_current(explained.epoch) {
                    self.maps.insert(explained);
                }
            }
            Reply::Explaining { request, done, total } => self.explaining = Some((request, [done, total])),
            Reply::Measuring { request, done, total } => self.take_measuring(request, [done, total]),
            Reply::Measured(measured) => {
                if self.is_current(measured.epoch) {
                    self.take_measured(measured);
                }
            }
            Reply::Masked(masked) => {
                if self.is_current(masked.epoch) {
                    self.take_masked(masked);
                }
            }
            // the maps have come one by one
            Reply::ExplainedAll { .. } => {}
            Reply::Exported(files) => {
                let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
                let folder = files.first().and_then(|file| file.parent());
                let text = match (files.as_slice(), folder) {
                    ([_, _, _, ..], Some(folder)) => format!("Saved {} files in {}", files.len(), folder.display()),
                    _ => format!("Saved {}", names.join(", ")),
                };
                self.messages.push(Message::Done(text));
            }
            Reply::Batch(progress) => self.batch = Some(progress),
            Reply::BatchOver(progress) => {
                self.batch = None;
                self.messages.push(Message::Done(batch::told(&progress)));
            }
            Reply::InputPicture(picture) => self.input_picture = Some(picture),
            Reply::Without(without) => self.without_answer = Some(without),
            Reply::Varied(varied) => self.take_varied(varied),
            Reply::Rendered(picture) => self.due.push(Command::CopyPicture(picture)),
            Reply::Failed(failure) => self.failed(&failure),
            Reply::Fingerprint {
                epoch,
                sha256,
                fingerprint,
            } => {
                if self.is_current(epoch) {
                    self.fingerprint = Some((sha256, fingerprint));
                }
            }
            Reply::Channels(channels) => {
                if self.is_current(channels.epoch) {
                    self.channels = Some(channels);
                }
            }
            Reply::Randomized(randomized) => {
                if self.is_current(randomized.epoch) {
                    self.sanity.take(randomized);
                }
            }
            Reply::FeatureMap(feature_map) => {
                if self.is_current(feature_map.epoch) {
                    self.feature_map = Some(feature_map);
                }
            }
        }
    }

    fn use_network(&mut self, info: Arc<NetworkInfo>) {
        // classes and layers of another plan mean something else
        let same_plan = self
            .network
            .as_ref()
            .is_some_and(|old| old.plan == info.plan && old.labels == info.labels);
        if !same_plan {
            self.choices.class = None;
            self.choices.than = None;
            self.choices.layer = None;
            self.choices.fused = None;
            self.compare = None;
            self.unfolded.clear();
            self.pinned.clear();
            self.recent_classes.clear();
            self.history.clear();
        }
        for image in self.images.list_mut() {
            image.forget_prediction();
        }
        self.maps.clear();
        self.faithful = Faithful::default();
        self.channels = None;
        self.channel = None;
        self.channel_preview = None;
        self.feature_map = None;
        self.sanity.forget();
        self.input_picture = None;
        self.hiding = None;
        self.varied.clear();
        self.fingerprint = None;
        // so that nothing passes for the official weights
        if info.weights.path.is_some() {
            self.due.push(Command::Fingerprint);
        }
        if let Some(second) = &mut self.second {
            second.stand_beside_another();
        }
        self.shown = None;
        self.other_shown = None;
        self.preview = None;
        self.here = None;
        self.here_soon = None;
        self.loading = false;
        self.network_error = None;
        let file = file_of(&info.source).unwrap_or(Path::new(""));
        let mut said = self.preferences.networks.said(file);
        // one that was found rather than named is loaded again with what was said of it before
        let is_found = self.wanted_network.source == NetworkSource::Search(None);
        if is_found && info.choices.is_empty() && !said.choices().is_empty() {
            self.due.push(Command::UseNetwork(self.wanted(info.source.clone())));
        } else {
            said.remember(&info.choices);
        }
        // what was said on the command line is meant for the network that it asked for
        if file != Path::new("") || !self.wanted_network.source.is_built_in() {
            said.input = self.input_at_start.take().unwrap_or(said.input);
        }
        self.choices.input = said.input;
        self.preferences.networks.remember(file, said);
        let notes = [&info.device_note, &info.labels_note].into_iter().flatten();
        self.messages.extend(notes.cloned().map(Message::Error));
        self.network = Some(info);
        self.choose_as_before();
        self.go_on_repeating();
        self.look_for(self.search.query.clone());
    }

    fn predicted(&mut self, predicted: Predicted) {
        if self.is_current(predicted.epoch) {
            self.images.predicted(predicted);
        }
    }

    fn failed(&mut self, failure: &Failure) {
        let text = failure.error.to_string();
        match (failure.during, failure.image) {
            (Activity::LoadingNetwork, _) => {
                self.loading = false;
                self.to_repeat = None;
                self.ask_size(failure);
                // a network that goes on speaking has no error
                let is_without = self.network.is_none() && self.size_question.is_none();
                self.network_error = Some(text.clone()).filter(|_| is_without);
                let asks = self.size_question.is_some();
                // what is chosen next, such as a device, is meant for the network that speaks
                if let Some(network) = &self.network {
                    self.wanted_network.source = network.source.clone();
                    self.wanted_network.choices = network.choices.clone();
                }
                // better the built-in network than none; if that is what failed there is nothing left to try
                if self.network.is_none() && !self.wanted_network.source.is_built_in() {
                    let built_in = NetworkSource::BuiltIn(BuiltIn::default());
                    self.due.push(Command::UseNetwork(self.wanted(built_in)));
                }
                if asks {
                    return;
                }
            }
            (Activity::LoadingSecond, _) => self.loading_second = false,
            (Activity::ExplainingAll, None) => self.batch = None,
            // what cannot be measured is not tried again and again
            (Activity::Measuring, Some(image)) => {
                if self.images.get(image).is_none() {
                    return;
                }
                self.stop_measuring();
            }
            (Activity::GettingWeights, _) => {
                self.getting_weights = false;
                // whoever cancelled it needs no other way
                let cancelled = FetchError::Cancelled.to_string();
                self.getting_failed = failure.error.to_string() != cancelled;
                self.download = None;
            }
            (Activity::Opening, Some(image)) => {
                self.fetched(image);
                self.maps.forget(image);
                self.faithful.forget(image);
                self.history.forget_image(image);
                // whoever took it off the list does not want to hear about it
                if self.images.remove(image).is_none() {
                    return;
                }
            }
            // an image stays whose copy for the screen failed: its file may be back soon
            (Activity::Predicting | Activity::Explaining | Activity::Displaying, Some(image)) => {
                let Some(image) = self.images.get_mut(image) else {
                    return;
                };
                if failure.during == Activity::Predicting {
                    image.prediction_failed();
                }
            }
            // files that were not written are told even if their image is gone
            _ => {}
        }
        self.messages.push(Message::Error(text));
    }

    /// Asks for the input size that a network's file does not say.
    fn ask_size(&mut self, failure: &Failure) {
        if let ExplorerError::Weights(WeightsError::InputSizeNeeded { file, usual }) = failure.error.as_ref() {
            self.size_question = Some(SizeQuestion {
                wanted: self.wanted_network.clone(),
                name: file.clone(),
                usual: *usual,
                text: usual.map_or_else(String::new, |side| side.to_string()),
            });
        }
    }

    /// Whether what arrives now is an image rather than weights.
    pub fn is_fetching_image(&self) -> bool {
        self.download.as_ref().is_some_and(|(what, _)| is_address(what))
    }

    /// The download of an image has ended, if it was one that was fetched.
    fn fetched(&mut self, image: ImageId) {
        let url = self.images.get(image).and_then(|image| image.url.as_ref());
        self.download.take_if(|(what, _)| Some(&*what) == url);
    }

    fn is_current(&self, epoch: NetworkEpoch) -> bool {
        self.network.as_ref().is_some_and(|network| network.epoch == epoch)
    }
}

/// Whether this is what an image is called while it is fetched; weights are called by their source.
fn is_address(what: &str) -> bool {
    what.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explorer::{DeviceChoice, ImageSource};
    use crate::gui::choices::{Choices, Preferences};
    use crate::gui::networks::WantedNetwork;
    use crate::weights::NetworkChoices;

    /// A window with one image.
    fn state() -> (State, ImageId) {
        let network = WantedNetwork {
            source: NetworkSource::BuiltIn(BuiltIn::Drawings),
            choices: NetworkChoices::default(),
            device: DeviceChoice::Cpu,
        };
        let mut state = State::new(Choices::default(), Preferences::default(), network);
        let image = state.images.add(ImageSource::File("drive/photo.png".into()));
        (state, image)
    }

    fn failed(during: Activity, image: Option<ImageId>) -> Reply {
        Reply::Failed(Failure {
            image,
            during,
            error: Arc::new(ExplorerError::Request("the drive is gone".to_owned())),
        })
    }

    #[test]
    fn a_failed_copy_for_the_screen_is_told_and_leaves_the_image() {
        let (mut state, image) = state();
        state.receive(failed(Activity::Displaying, Some(image)));
        assert_eq!(state.messages, [Message::Error("the drive is gone".to_owned())]);
        assert!(state.images.get(image).is_some());
        state.receive(failed(Activity::Opening, Some(image)));
        assert!(state.images.get(image).is_none());
    }

    #[test]
    fn of_an_image_taken_off_the_list_only_failed_exports_are_told() {
        let (mut state, image) = state();
        state.images.remove(image);
        for during in [
            Activity::Opening,
            Activity::Displaying,
            Activity::Predicting,
            Activity::Explaining,
        ] {
            state.receive(failed(during, Some(image)));
            assert_eq!(state.messages, [], "{during:?}");
        }
        state.receive(failed(Activity::Exporting, Some(image)));
        assert_eq!(state.messages.len(), 1);
    }

    #[test]
    fn a_failed_fingerprint_is_told_and_ends_no_loading() {
        let (mut state, _) = state();
        state.loading = true;
        state.receive(failed(Activity::Fingerprinting, None));
        assert_eq!(state.messages.len(), 1);
        assert!(state.loading && state.network_error.is_none() && state.due.is_empty());
    }
}
