//! The maps are where the objects are: the built-in network on drawn scenes whose pixels are known.
//!
//! `tests/data/scenes` holds 24 held-out scenes with boxes and masks, made by `weights/demo/make_test_scenes.py`.

mod support;

use candle_core::{DType, Device};
use gradcam_explorer::explain::{ClassMaps, Score, Target};
use gradcam_explorer::imaging::{self, Limits, Preprocessing};
use gradcam_explorer::network::{CpuNetwork, Network};
use gradcam_explorer::weights::{BuiltIn, Weights};
use serde::Deserialize;
use support::maps::{Distort, WRONG, energy, peak};

/// A map's maximum may lie this far outside of the object, in pixels: half a cell of the last layer.
const MARGIN: usize = 15;

#[derive(Deserialize)]
struct Scene {
    file: String,
    mask: String,
    objects: Vec<Object>,
}

#[derive(Deserialize)]
struct Object {
    class: usize,
    label: String,
    /// Left, top, right, bottom; right and bottom are the first pixels outside.
    r#box: [usize; 4],
}

/// What the maps of all objects say.
#[derive(Debug, Default)]
struct Figures {
    objects: usize,
    /// Maps whose maximum lies on the object.
    pointed: usize,
    /// The sum over objects of the map's share inside the box divided by the box's share of the picture.
    energy: f64,
}

/// Compares each object's map, changed by `distort`, with where the object is.
fn figures(distort: impl Fn(&[f32], usize) -> Vec<f32>) -> Figures {
    let weights = Weights::built_in(BuiltIn::Drawings).unwrap();
    let labels = weights.labels().labels;
    let vb = weights.var_builder(DType::F32, &Device::Cpu);
    let mut network = CpuNetwork::load(weights.plan().clone(), &vb, 2).unwrap();
    let last = network.plan().last_feature_layer();
    let shape = network.plan().layer(last).shape;
    let read = |file: &str| std::fs::read(support::data(&format!("scenes/{file}"))).unwrap();
    let scenes: Vec<Scene> = serde_json::from_slice(&read("scenes.json")).unwrap();
    assert_eq!(scenes.len(), 24);

    let mut figures = Figures::default();
    for scene in scenes {
        let photo = imaging::decode(&read(&scene.file), &Limits::default()).unwrap();
        let logits = network
            .forward(&imaging::network_input(&photo, 299, 299, Preprocessing::default()))
            .unwrap();
        let p = network.plan().output.answers(&logits);
        let top = (0..p.len()).max_by(|&a, &b| p[a].total_cmp(&p[b])).unwrap();
        assert!(
            scene.objects.iter().any(|object| object.class == top),
            "{}: {}",
            scene.file,
            labels.display_name(top)
        );
        let maps = ClassMaps::new(&network, &logits).unwrap();
        let mask = image::load_from_memory(&read(&scene.mask)).unwrap().to_luma8();
        let (width, height) = (mask.width() as usize, mask.height() as usize);
        for (value, object) in (1..).zip(&scene.objects) {
            assert_eq!(labels.display_name(object.class), object.label);
            let heat = distort(&maps.map(Target::Class(object.class), Score::Logit).heat(), shape.width);
            let heat = imaging::resize_map(&heat, shape.width, shape.height, width, height);
            let [x, y] = peak(&heat, width);
            let near = |x: usize, limit: usize| x.saturating_sub(MARGIN)..(x + MARGIN + 1).min(limit);
            let on_object =
                near(y, height).any(|my| near(x, width).any(|mx| mask.get_pixel(mx as u32, my as u32).0[0] == value));
            figures.objects += 1;
            figures.pointed += usize::from(on_object);
            figures.energy += energy(&heat, width, object.r#box);
        }
    }
    figures
}

impl Figures {
    fn pass(&self) -> bool {
        self.pointed as f64 >= 0.95 * self.objects as f64 && self.energy / self.objects as f64 >= 5.2
    }
}

#[test]
fn maps_lie_on_their_objects() {
    let figures = figures(|heat, _| heat.to_vec());
    assert_eq!(figures.objects, 57);
    assert!(figures.pass(), "{figures:?}");
}

/// The measurement has to tell a right map from a wrong one, or it measures nothing.
#[test]
fn mirrored_transposed_and_shifted_maps_fail() {
    let shifted: Distort = |heat, width| {
        heat.chunks(width)
            .flat_map(|row| (0..width).map(|x| row[(x + width - 1) % width]))
            .collect()
    };
    for (name, distort) in WRONG.into_iter().chain([("shifted by one cell", shifted)]) {
        let figures = figures(distort);
        assert!(!figures.pass(), "{name}: {figures:?}");
    }
}
