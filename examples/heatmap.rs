//! Where a classifier looks: `cargo run --release --example heatmap -- model.keras photo.jpg heatmap.png`.

use std::error::Error;
use std::path::PathBuf;

use gradcam_explorer::explain::{ClassMaps, Score, Target};
use gradcam_explorer::explorer::{DeviceChoice, NetworkSource, input_of, load_network};
use gradcam_explorer::imaging::{self, Colormap, Limits};
use gradcam_explorer::weights::{Environment, NetworkChoices};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [model, photo, heatmap] = arguments.as_slice() else {
        return Err("usage: heatmap MODEL PHOTO HEATMAP.png".into());
    };
    // open a network, with what its file says of pixels and classes
    let source = NetworkSource::File(model.clone());
    let choices = NetworkChoices::default();
    let mut opened = load_network(&source, &choices, DeviceChoice::Cpu, &Environment::default())?;
    // classify
    let photo = imaging::decode(&std::fs::read(photo)?, &Limits::default())?;
    let plan = opened.network.plan().clone();
    let units = opened.network.forward(&input_of(&photo, plan.input(), opened.usual))?;
    let logits = plan.output.class_logits(&units);
    let answers = plan.output.answers(&logits);
    let class = (0..answers.len())
        .max_by(|&a, &b| answers[a].total_cmp(&answers[b]))
        .unwrap_or(0);
    println!("class {class}: {:.4}", answers[class]);
    // explain, and draw
    let map = ClassMaps::new(opened.network.as_ref(), &logits)?.map(Target::Class(class), Score::Logit);
    let drawn = imaging::overlay(&photo, &map.heat(), map.width, map.height, Colormap::Jet, 0.4);
    std::fs::write(heatmap, imaging::encode_png(&drawn)?)?;
    Ok(())
}
