//! Guided Grad-CAM (Selvaraju et al. 2017, section 3.1): guided backpropagation (Springenberg et al. 2015, "Striving for
//! simplicity") where Grad-CAM's heat at the last feature layer lies.
//!
//! Guided backpropagation is the gradient with respect to the picture of which each ReLU on the way back passes only what is
//! positive. The paper multiplies its colours with the heat brought to the picture's size; the map has the largest magnitude
//! of them, as that of the plain gradient has. Adebayo et al. 2018 ("Sanity checks for saliency maps") found that guided
//! backpropagation hardly changes when the network's weights are made random: it shows edges more than reasons.

use super::asking::Asking;
use super::gradient;
use super::map::Map;
use super::method::Method;
use super::score::ScoreGradient;
use crate::imaging::resize_map;
use crate::network::{NetworkError, ReluRule};

/// The map of the picture's size, `[height, width]`; nowhere negative. `logits` are those of the picture.
pub(super) fn signed_map(asking: &mut Asking<'_, '_>, logits: &[f64]) -> Result<Vec<f64>, NetworkError> {
    let plan = asking.network.plan();
    let (last, output, units) = (plan.last_feature_layer(), plan.output, plan.units());
    if !Method::GuidedGradCam.fits(plan) {
        return Err(NetworkError::NoRelu(Method::GuidedGradCam.title()));
    }
    let shape = plan.layer(last).shape;
    asking.announce(1);
    let picture = asking.picture;
    let score = ScoreGradient::new(asking.target, asking.score, output, logits);
    let seed = output.unit_gradient(units, &score.logits);
    let map = asking.network.head().map(&asking.network.head_pass()?, &seed);
    let guided = gradient::of(asking, picture.values, ReluRule::Guided)?;
    let [height, width] = asking.size();
    let heat = Map::new(shape.width, shape.height, map).heat();
    let heat = resize_map(&heat, shape.width, shape.height, width, height);
    let largest = gradient::largest(&guided, picture.grey.len());
    Ok(largest
        .into_iter()
        .zip(heat)
        .map(|(g, heat)| g * f64::from(heat))
        .collect())
}
