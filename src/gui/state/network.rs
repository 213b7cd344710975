//! What there is to say about the network in use, and about the way from a photo to its input.

use super::State;
use crate::explain::{Method, Score};
use crate::explorer::NetworkSource;
use crate::gui::networks::{WantedNetwork, file_of};
use crate::imaging::{Preprocessing, Region};
use crate::labels::Labels;
use crate::network::{LayerId, Output};

impl State {
    /// The way from the shown photo to the input: what is usual for the network, with what was chosen in its place, and
    /// what was cut out.
    pub fn preprocessing(&self) -> Preprocessing {
        let usual = self.network.as_ref().map(|network| network.usual);
        let chosen = self.choices.input.over(usual.unwrap_or_default());
        self.images.current().map_or(chosen, |image| image.seen_as(chosen))
    }

    /// The score that is chosen, or else recommended for the network.
    pub fn score(&self) -> Score {
        let recommended = || self.network.as_ref().map(|network| network.recommended.score);
        self.choices.score.or_else(recommended).unwrap_or_default()
    }

    /// The method to recommend at the chosen layer instead of Grad-CAM, unless somebody has settled that already.
    pub fn better_method(&self) -> Option<Method> {
        let network = self.network.as_ref()?;
        let method = network.recommended.early_method;
        let is_open = !self.settled_methods.contains(&network.source) && self.choices.method == Method::GradCam;
        let is_early = self.layer() != Some(network.plan.last_feature_layer());
        (is_open && is_early && method != Method::GradCam).then_some(method)
    }

    /// Recommends no other method for this network any more.
    pub fn settle_method(&mut self) {
        let source = self.network.as_ref().map(|network| &network.source);
        if let Some(source) = source.filter(|source| !self.settled_methods.contains(source)) {
            self.settled_methods.push(source.clone());
        }
    }

    /// What the network's values mean.
    pub fn output(&self) -> Output {
        self.network
            .as_ref()
            .map_or(Output::Softmax, |network| network.plan.output)
    }

    /// The part of a photo of this width and height that the network sees, as shares of its sides: the upper left corner
    /// and the lower right one.
    pub fn seen(&self, size: [u32; 2], preprocessing: Preprocessing) -> [[f32; 2]; 2] {
        self.region(size, preprocessing)
            .map_or([[0.0; 2], [1.0; 2]], |region| region.shares(size[0], size[1]))
    }

    /// The same in pixels; none without a network.
    pub fn region(&self, size: [u32; 2], preprocessing: Preprocessing) -> Option<Region> {
        Some(preprocessing.region(size, self.input_size()?))
    }

    /// Width and height of the network's input; none without a network.
    pub fn input_size(&self) -> Option<[u32; 2]> {
        Some(self.network.as_ref()?.plan.input().sides())
    }

    /// These weights on the device in use, with what was said of them before.
    pub fn wanted(&self, source: NetworkSource) -> WantedNetwork {
        let known = file_of(&source).map(|file| self.preferences.networks.said(file).choices());
        WantedNetwork {
            choices: known.unwrap_or_default(),
            device: self.wanted_network.device,
            source,
        }
    }

    /// Keeps what is chosen of the network's input with the network.
    pub fn keep_input(&mut self) {
        let Some(file) = self.network.as_ref().and_then(|network| file_of(&network.source)) else {
            return;
        };
        let mut said = self.preferences.networks.said(file);
        if said.input != self.choices.input {
            said.input = self.choices.input;
            self.preferences.networks.remember(file, said);
        }
    }

    /// The labels of the network in use.
    pub fn labels(&self) -> Option<&Labels> {
        self.network.as_ref().map(|network| &network.labels)
    }

    /// The name of a class for people.
    pub fn class_name(&self, class: usize) -> String {
        self.labels()
            .map_or_else(|| format!("class {class}"), |labels| labels.display_name(class))
    }

    /// The layer that is chosen, or the default one.
    pub fn layer(&self) -> Option<LayerId> {
        let plan = &self.network.as_ref()?.plan;
        Some(self.choices.layer.unwrap_or_else(|| plan.last_feature_layer()))
    }
}
