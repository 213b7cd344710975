//! What is assumed of a network whose file does not say it.

use crate::explorer::NetworkInfo;
use crate::weights::SaidBy;

/// Says once what was assumed because the file does not say it.
pub fn tell(network: &NetworkInfo) {
    let (name, info) = (&network.weights.name, &network.weights);
    if info.output_said_by == SaidBy::Guess {
        let output = network.plan.output;
        eprintln!("gradcam-explorer: {name} does not say what its values mean; {output} is assumed, --output decides");
    }
    if info.outputs.len() > 1 && network.choices.output_layer.is_none() {
        let (first, names) = (&info.outputs[0], info.outputs.join(", "));
        eprintln!(
            "gradcam-explorer: {name} has several outputs ({names}); {first} is explained, --output-layer decides"
        );
    }
}
