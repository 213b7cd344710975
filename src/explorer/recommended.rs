//! Which score and method suit a network, until a person chooses.

use crate::explain::{Method, Score};
use crate::models::xception::recognise;
use crate::network::{Output, Plan};
use crate::weights::IMAGENET_CLASSES;

/// The rule for the score, in one sentence.
pub const SCORE_RULE: &str = "Recommended are the probability for Keras' Xception with ImageNet's classes, as in the \
                              tutorial, and the logit for all other networks.";

/// What is recommended for a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recommended {
    /// The score, by [`SCORE_RULE`]. Of sigmoids and plain values both scores have the same map but for a factor.
    pub score: Score,
    /// The method that is advised at layers before the last feature layer, where Grad-CAM's mean over space loses the object:
    /// in both networks of `docs/truth.md`, one of them an Xception, HiResCAM finds it more often at every depth.
    pub early_method: Method,
}

impl Recommended {
    /// What suits the network of this plan.
    pub fn of(plan: &Plan) -> Self {
        let is_xception = recognise::body(plan).is_some();
        let is_imagenet = plan.output == Output::Softmax && plan.classes() == IMAGENET_CLASSES;
        Self {
            score: if is_xception && is_imagenet {
                Score::Probability
            } else {
                Score::Logit
            },
            early_method: Method::HiresCam,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::xception::{self, Architecture};
    use crate::network::{Layer, LayerId, Op, Role, Shape};

    #[test]
    fn the_probability_is_recommended_for_keras_xception_with_imagenets_classes_only() {
        let mut plan = xception::plan(&Architecture::keras(1000)).unwrap();
        assert_eq!(Recommended::of(&plan).score, Score::Probability);
        for output in [Output::Sigmoid, Output::Values] {
            plan.output = output;
            assert_eq!(Recommended::of(&plan).score, Score::Logit, "{output}");
        }
        for classes in [1, 2, 18, 999, 1001] {
            let plan = xception::plan(&Architecture::keras(classes)).unwrap();
            let recommended = Recommended::of(&plan);
            assert_eq!(
                (recommended.score, recommended.early_method),
                (Score::Logit, Method::HiresCam)
            );
        }
    }

    #[test]
    fn another_body_has_the_logit_and_hires_cam_before_its_last_layer() {
        let layer = |name: &str, op, inputs: &[usize], shape, role| Layer {
            name: name.to_owned(),
            weights: name.to_owned(),
            op,
            inputs: inputs.iter().copied().map(LayerId).collect(),
            shape,
            role,
        };
        let photo = Shape {
            height: 8,
            width: 8,
            channels: 3,
        };
        let layers = vec![
            layer("input", Op::Input, &[], photo, Role::NoMap),
            layer("act", Op::RELU, &[0], photo, Role::Target),
            layer("avg_pool", Op::GlobalAveragePool, &[1], Shape::vector(3), Role::NoMap),
            layer(
                "predictions",
                Op::Dense { bias: true },
                &[2],
                Shape::vector(1000),
                Role::NoMap,
            ),
        ];
        let recommended = Recommended::of(&Plan::new(layers, Output::Softmax).unwrap());
        assert_eq!(
            (recommended.score, recommended.early_method),
            (Score::Logit, Method::HiresCam)
        );
    }
}
