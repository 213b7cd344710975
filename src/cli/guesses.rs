//! What is assumed of a network whose file does not say it.

use crate::explorer::NetworkInfo;
use crate::weights::SaidBy;

/// Says once what was assumed because the file does not say it.
pub fn tell(network: &NetworkInfo, pixels_from: SaidBy) {
    let (name, info) = (&network.weights.name, &network.weights);
    if info.output_said_by == SaidBy::Guess {
        let output = network.plan.output;
        eprintln!("gradcam-explorer: {name} does not say what its values mean; {output} is assumed, --output decides");
    }
    if pixels_from == SaidBy::Guess && info.usual_pixels.is_none() {
        let pixels = network.usual.pixels;
        eprintln!(
            "gradcam-explorer: {name} does not say how pixels are scaled for it; {pixels} is assumed, --pixels decides"
        );
    }
    if info.outputs.len() > 1 && network.choices.output_layer.is_none() {
        let (first, names) = (&info.outputs[0], info.outputs.join(", "));
        eprintln!(
            "gradcam-explorer: {name} has several outputs ({names}); {first} is explained, --output-layer decides"
        );
    }
}
