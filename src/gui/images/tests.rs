//! The list of images: which one is shown, what is asked for, and what is kept.

use std::path::PathBuf;

use super::*;
use crate::explain::ClassMaps;
use crate::explorer::{DeviceChoice, NetworkSource, load_network};
use crate::imaging::{Fit, Pixels, Resize};
use crate::weights::{BuiltIn, Environment, NetworkChoices};

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
fn of_several_images_the_next_is_shown_if_the_first_cannot_be_opened() {
    let (mut images, [_, b, _]) = three();
    let new = ["broken", "cut off", "whole"].map(|name| images.add(source(name)));
    images.show(new[0]);
    images.remove(new[0]);
    assert_eq!(images.current, Some(new[1]));
    images.remove(new[1]);
    assert_eq!(images.current, Some(new[2]));
    // if none can, what was shown before is
    images.remove(new[2]);
    assert_eq!(images.current, Some(b));
}

#[test]
fn copies_for_the_screen_are_bounded_and_the_last_shown_keep_theirs() {
    let mut images = Images::default();
    let photo = Arc::new(Photo {
        width: 1,
        height: 1,
        rgb: vec![0; 3],
    });
    for name in 0..50 {
        let id = images.add(source(&name.to_string()));
        images.show(id);
        images.display(id, photo.clone(), photo.clone());
    }
    let kept: Vec<usize> = (0..50).filter(|&i| images.list[i].display.is_some()).collect();
    assert_eq!(kept, Vec::from_iter(50 - DISPLAY_COPIES..50));
}

const EPOCH: NetworkEpoch = NetworkEpoch(1);
const RESIZE: Preprocessing = Preprocessing {
    pixels: Pixels::MinusOneToOne,
    resize: Resize::Nearest,
    fit: Fit::Stretch,
    crop: None,
    painting: None,
};

/// Three hundred open images with the session that predicts them.
struct Many {
    images: Images,
    class_maps: Arc<ClassMaps>,
    /// Every image asked for, in order.
    asked: Vec<usize>,
}

impl Many {
    fn new() -> Self {
        let mut images = Images::default();
        for name in 0..300 {
            images.add(source(&name.to_string()));
        }
        images.list_mut().iter_mut().for_each(|image| image.stage = Stage::Open);
        let mut network = load_network(
            &NetworkSource::BuiltIn(BuiltIn::Drawings),
            &NetworkChoices::default(),
            DeviceChoice::Cpu,
            &Environment::default(),
        )
        .unwrap()
        .network;
        let input = network.plan().input().len();
        let logits = network.forward(&vec![0.0; input]).unwrap();
        let class_maps = Arc::new(ClassMaps::new(network.as_ref(), &logits).unwrap());
        Self {
            images,
            class_maps,
            asked: Vec::new(),
        }
    }

    fn show(&mut self, position: usize) {
        let id = self.images.list[position].id;
        self.images.show(id);
    }

    fn answer(&mut self, id: ImageId) {
        let predicted = Predicted {
            image: id,
            epoch: EPOCH,
            preprocessing: RESIZE,
            logits: [1.0, 2.0].into(),
            probabilities: [0.25, 0.75].into(),
            ranking: [1, 0].into(),
            class_maps: self.class_maps.clone(),
            preprocess_ms: 0.0,
            forward_ms: 0.0,
        };
        self.images.predicted(predicted);
    }

    /// Asks and answers until nothing is wanted any more; fails if that never happens.
    fn settle(&mut self) {
        for _ in 0..1000 {
            let wanted = self.images.to_predict(EPOCH, RESIZE, false);
            if wanted.is_empty() {
                return;
            }
            for (id, _) in wanted {
                self.asked.push(self.images.position(id).unwrap());
                self.answer(id);
                assert!(self.full().len() <= FULL_PREDICTIONS);
            }
        }
        panic!("predictions are asked for without end");
    }

    /// The positions of the images whose prediction is kept.
    fn full(&self) -> Vec<usize> {
        (0..300).filter(|&i| self.images.list[i].prediction.is_some()).collect()
    }
}

#[test]
fn three_hundred_images_are_each_predicted_once_the_nearest_first_and_few_predictions_are_kept() {
    let mut many = Many::new();
    many.show(100);
    many.settle();
    let distances: Vec<usize> = many.asked.iter().map(|position| position.abs_diff(100)).collect();
    assert!(distances.is_sorted(), "{distances:?}");
    many.asked.sort_unstable();
    assert_eq!(many.asked, Vec::from_iter(0..300));
    let top = Some(Top {
        class: 1,
        probability: 0.75,
    });
    assert!(many.images.list.iter().all(|image| image.top == top));
    // the shown one and those around it
    assert_eq!(many.full(), Vec::from_iter(88..112));
}

#[test]
fn a_prediction_that_was_let_go_is_asked_for_again_only_when_its_image_is_shown() {
    let mut many = Many::new();
    many.show(0);
    many.settle();
    many.asked.clear();
    many.show(299);
    many.settle();
    assert_eq!(many.asked, [299]);
    assert!(many.full().contains(&0), "the image shown before keeps its prediction");
    many.show(0);
    many.settle();
    assert_eq!(many.asked, [299]);
    for position in 100..100 + FULL_PREDICTIONS {
        many.show(position);
        many.settle();
    }
    assert!(!many.full().contains(&0), "it was shown longest ago");
    many.asked.clear();
    many.show(0);
    many.settle();
    assert_eq!(many.asked, [0]);
    assert!(many.full().contains(&0));
}

#[test]
fn of_the_images_in_the_background_two_are_predicted_at_a_time() {
    let mut many = Many::new();
    many.show(5);
    let wanted = many.images.to_predict(EPOCH, RESIZE, false);
    assert_eq!(wanted.iter().filter(|(_, is_shown)| *is_shown).count(), 1);
    assert_eq!(wanted.len(), 2);
    assert!(many.images.to_predict(EPOCH, RESIZE, false).is_empty());
    // whatever is shown is never kept waiting
    many.show(200);
    assert_eq!(
        many.images.to_predict(EPOCH, RESIZE, false),
        [(many.images.list[200].id, true)]
    );
}

#[test]
fn a_prediction_that_failed_is_asked_for_again_only_when_its_image_is_shown_anew() {
    let mut many = Many::new();
    many.show(7);
    let (id, _) = many.images.to_predict(EPOCH, RESIZE, false)[0];
    many.images.get_mut(id).unwrap().prediction_failed();
    assert!(
        !many
            .images
            .to_predict(EPOCH, RESIZE, false)
            .iter()
            .any(|(asked, _)| *asked == id)
    );
    many.show(8);
    many.show(7);
    assert_eq!(many.images.to_predict(EPOCH, RESIZE, false), [(id, true)]);
    many.images.get_mut(id).unwrap().prediction_failed();
    // for another way to the input size it is asked for at once
    let others = many.images.to_predict(EPOCH, Resize::Bilinear.into(), false);
    assert!(others.iter().any(|(asked, _)| *asked == id));
}
