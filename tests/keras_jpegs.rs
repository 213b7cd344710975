//! JPEG files through the whole path of the tutorial: as close to Keras as lossless images are.
//!
//! `data/reference/make_jpegs.py` made the files and numbers.

mod support;

use std::collections::HashMap;

use candle_core::{DType, Device};
use gradcam_explorer::imaging::{self, Resize};
use gradcam_explorer::network::{CandleNetwork, Network};
use support::keras::{self, GoldenArrays, differences};

#[test]
fn logits_and_maps_of_jpegs_are_those_of_keras() {
    let vb = support::reference_weights(DType::F32);
    let mut network = CandleNetwork::load(support::reference_plan(), &vb, DType::F32, &Device::Cpu).unwrap();
    let arrays = GoldenArrays::open("golden_jpegs");
    let hashes = std::fs::read(support::data("reference/golden_jpegs.json")).unwrap();
    let hashes: HashMap<String, String> = serde_json::from_slice(&hashes).unwrap();
    for name in ["halved", "progressive", "inks"] {
        let photo = keras::photo(&format!("jpegs/{name}.jpg"));
        let pixels = imaging::resize(&photo, 299, 299, Resize::Nearest).rgb;
        assert_eq!(keras::sha256(&pixels), hashes[name], "{name}: pixels");
        let logits = network
            .forward(&imaging::network_input(&photo, 299, 299, Resize::Nearest.into()))
            .unwrap();
        let worst = differences(&logits, &arrays.get(&format!("{name}/logits"))).0;
        assert!(worst < 5e-4, "{name}: logits differ by {worst}");
        let maps = arrays.maps(&format!("{name}/"));
        assert_eq!(maps.len(), 4);
        keras::check_maps(name, &mut network, &logits, &maps);
    }
}
