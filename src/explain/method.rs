//! The methods that say where the evidence lies, and what each of them needs.

use std::fmt;
use std::str::FromStr;

use super::asking::Asking;
use super::score::{Score, ScoreGradient, Target};
use super::{
    ablation_cam, eigen_cam, eigen_grad_cam, finer_cam, grad_cam, grad_cam_element_wise, grad_cam_plus_plus, gradient,
    guided_grad_cam, hires_cam, integrated_gradients, kpca_cam, layer_cam, occlusion, rise, score_cam, shapley_cam,
    smooth_grad, xgrad_cam,
};
use crate::network::{LayerId, NetworkError, Output, Plan, Role, Shape, Site};

/// How a map is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Grad-CAM (Selvaraju et al. 2017): channels weighted by their mean gradient.
    #[default]
    GradCam,
    /// HiResCAM (Draelos and Carin 2020): gradient times activation, cell by cell.
    HiresCam,
    /// XGrad-CAM (Fu et al. 2020): channels weighted by their gradient where they are active.
    XgradCam,
    /// Grad-CAM++ (Chattopadhay et al. 2018): positive gradients weighted by their higher derivatives.
    GradCamPlusPlus,
    /// LayerCAM (Jiang et al. 2021): positive gradient times activation, cell by cell.
    LayerCam,
    /// Grad-CAM element-wise (pytorch-grad-cam): the positive part of gradient times activation of each channel.
    GradCamElementWise,
    /// Eigen-CAM (Muhammad and Yeasin 2020): the first principal component of the activation, whatever the class.
    EigenCam,
    /// EigenGrad-CAM (pytorch-grad-cam): the first principal component of gradient times activation.
    EigenGradCam,
    /// Finer-CAM (Zhang et al. 2025): Grad-CAM of what tells a class from the one most like it.
    FinerCam,
    /// KPCA-CAM (Karmani et al. 2024): the first kernel principal component of the activation, whatever the class.
    KpcaCam,
    /// ShapleyCAM (Cai 2025): Grad-CAM with half of what the gradient changes by along the activation taken off.
    ShapleyCam,
    /// Ablation-CAM (Desai and Ramaswamy 2020): channels weighted by what the score loses without them.
    AblationCam,
    /// Score-CAM (Wang et al. 2020): channels weighted by the score of the picture seen through them.
    ScoreCam,
    /// Faster-Score-CAM (Li 2020): Score-CAM of the ten channels that vary most.
    FasterScoreCam,
    /// The gradient with respect to the picture (Simonyan et al. 2013).
    Gradient,
    /// SmoothGrad (Smilkov et al. 2017): the gradient averaged over noisy copies of the picture.
    SmoothGrad,
    /// Integrated gradients (Sundararajan et al. 2017): the gradient on the way from black to the picture.
    IntegratedGradients,
    /// Guided Grad-CAM (Selvaraju et al. 2017): guided backpropagation to the pixels where Grad-CAM's heat lies.
    GuidedGradCam,
    /// Occlusion (Zeiler and Fergus 2014): what the score loses when a grey square hides a place.
    Occlusion,
    /// RISE (Petsiuk et al. 2018): random masks weighted by the score of what they leave.
    Rise,
}

/// What a method works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Activation and gradient of any layer, from one backward sweep.
    Layer,
    /// The activation of any layer, and what the network makes of a changed one or of the picture seen through it.
    Activation,
    /// The picture itself; no layer is chosen.
    Pixels,
}

impl Method {
    /// All methods, in the order shown to people.
    pub const ALL: [Self; 20] = [
        Self::GradCam,
        Self::HiresCam,
        Self::XgradCam,
        Self::GradCamPlusPlus,
        Self::LayerCam,
        Self::GradCamElementWise,
        Self::EigenCam,
        Self::EigenGradCam,
        Self::KpcaCam,
        Self::FinerCam,
        Self::ShapleyCam,
        Self::AblationCam,
        Self::ScoreCam,
        Self::FasterScoreCam,
        Self::Gradient,
        Self::SmoothGrad,
        Self::IntegratedGradients,
        Self::GuidedGradCam,
        Self::Occlusion,
        Self::Rise,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::GradCam => "grad-cam",
            Self::HiresCam => "hires-cam",
            Self::XgradCam => "xgrad-cam",
            Self::GradCamPlusPlus => "grad-cam-plus-plus",
            Self::LayerCam => "layer-cam",
            Self::GradCamElementWise => "grad-cam-element-wise",
            Self::EigenCam => "eigen-cam",
            Self::EigenGradCam => "eigen-grad-cam",
            Self::FinerCam => "finer-cam",
            Self::KpcaCam => "kpca-cam",
            Self::ShapleyCam => "shapley-cam",
            Self::AblationCam => "ablation-cam",
            Self::ScoreCam => "score-cam",
            Self::FasterScoreCam => "faster-score-cam",
            Self::Gradient => "gradient",
            Self::SmoothGrad => "smooth-grad",
            Self::IntegratedGradients => "integrated-gradients",
            Self::GuidedGradCam => "guided-grad-cam",
            Self::Occlusion => "occlusion",
            Self::Rise => "rise",
        }
    }

    /// The name in papers.
    pub fn title(self) -> &'static str {
        match self {
            Self::GradCam => "Grad-CAM",
            Self::HiresCam => "HiResCAM",
            Self::XgradCam => "XGrad-CAM",
            Self::GradCamPlusPlus => "Grad-CAM++",
            Self::LayerCam => "LayerCAM",
            Self::GradCamElementWise => "Grad-CAM element-wise",
            Self::EigenCam => "Eigen-CAM",
            Self::EigenGradCam => "EigenGrad-CAM",
            Self::FinerCam => "Finer-CAM",
            Self::KpcaCam => "KPCA-CAM",
            Self::ShapleyCam => "ShapleyCAM",
            Self::AblationCam => "Ablation-CAM",
            Self::ScoreCam => "Score-CAM",
            Self::FasterScoreCam => "Faster-Score-CAM",
            Self::Gradient => "Gradient",
            Self::SmoothGrad => "SmoothGrad",
            Self::IntegratedGradients => "Integrated gradients",
            Self::GuidedGradCam => "Guided Grad-CAM",
            Self::Occlusion => "Occlusion",
            Self::Rise => "RISE",
        }
    }

    /// What it works on.
    pub fn basis(self) -> Basis {
        match self {
            Self::GradCam
            | Self::HiresCam
            | Self::XgradCam
            | Self::GradCamPlusPlus
            | Self::LayerCam
            | Self::GradCamElementWise
            | Self::EigenCam
            | Self::EigenGradCam
            | Self::FinerCam => Basis::Layer,
            Self::KpcaCam | Self::ShapleyCam | Self::AblationCam | Self::ScoreCam | Self::FasterScoreCam => {
                Basis::Activation
            }
            Self::Gradient
            | Self::SmoothGrad
            | Self::IntegratedGradients
            | Self::GuidedGradCam
            | Self::Occlusion
            | Self::Rise => Basis::Pixels,
        }
    }

    /// The layer whose map it makes where `wanted` is chosen: that one, unless it knows one place only. Methods of the
    /// picture have the input.
    pub fn place(self, wanted: LayerId) -> LayerId {
        match self.basis() {
            Basis::Layer | Basis::Activation => wanted,
            Basis::Pixels => LayerId(0),
        }
    }

    /// Whether a network has what it needs: guided Grad-CAM changes what ReLUs pass back.
    pub fn fits(self, plan: &Plan) -> bool {
        self != Self::GuidedGradCam || plan.has_rectifier()
    }

    /// Whether it makes a map at this layer.
    pub fn has_map(self, plan: &Plan, layer: LayerId) -> bool {
        let described = plan.layers.get(layer.0);
        let has_cells = described.is_some_and(|layer| layer.role != Role::NoMap || self.basis() == Basis::Pixels);
        has_cells && self.place(layer) == layer && self.check(plan, layer).is_ok()
    }

    /// Refuses a layer that has more cells than the method can work on.
    ///
    /// # Errors
    /// [`NetworkError::TooManyCells`].
    pub fn check(self, plan: &Plan, layer: LayerId) -> Result<(), NetworkError> {
        let most = kpca_cam::MOST_CELLS;
        let cells = plan.layers.get(layer.0).map_or(0, |layer| layer.shape.cells());
        match self {
            Self::KpcaCam if cells > most => Err(NetworkError::TooManyCells {
                method: self.title(),
                cells,
                most,
            }),
            _ => Ok(()),
        }
    }

    /// Width and height of its map at a layer.
    pub fn map_size(self, plan: &Plan, layer: LayerId) -> [usize; 2] {
        let Shape { width, height, .. } = plan.layer(layer).shape;
        match self {
            Self::Occlusion => [occlusion::CELLS; 2],
            _ => [width, height],
        }
    }

    /// Whether one map at a layer takes many passes, or as long: seconds rather than a moment.
    pub fn is_slow(self, plan: &Plan, layer: LayerId) -> bool {
        match self {
            Self::KpcaCam => plan.layer(layer).shape.cells() > kpca_cam::SLOW_CELLS,
            Self::ShapleyCam | Self::Gradient | Self::GuidedGradCam => false,
            // the probability is a matter of the head alone there
            Self::AblationCam => !ablation_cam::is_closed(plan, layer, Score::Logit),
            _ => self.basis() != Basis::Layer,
        }
    }

    /// Whether the score has no part in it: the map is the same for probability and logit.
    pub fn ignores_score(self) -> bool {
        matches!(self, Self::EigenCam | Self::KpcaCam | Self::FinerCam)
    }

    /// Whether the class has no part in it: the map is the same for all of them.
    pub fn ignores_class(self) -> bool {
        matches!(self, Self::EigenCam | Self::KpcaCam)
    }

    /// The method that makes the same map of a score at this layer, if there is a better known one.
    ///
    /// Where the gradient is the same at every cell, as in front of a global average, HiResCAM and XGrad-CAM are Grad-CAM. So
    /// is ShapleyCAM of a logit where nothing behind the layer bends it, as behind ReLUs.
    pub fn same_as(self, plan: &Plan, layer: LayerId, score: Score) -> Option<Self> {
        let is_uniform = || layer == plan.last_feature_layer() && plan.gradient_is_uniform();
        let is_straight = || {
            let is_logit = score == Score::Logit || plan.output == Output::Values;
            is_logit && plan.is_piecewise_linear_behind(layer)
        };
        let is_same = match self {
            Self::HiresCam | Self::XgradCam => is_uniform(),
            Self::ShapleyCam => is_straight(),
            _ => false,
        };
        is_same.then_some(Self::GradCam)
    }

    /// Whether [`ClassMaps`](super::ClassMaps) holds this method's maps of both scores at a layer: at the last feature layer
    /// always Grad-CAM's, and those that equal it wherever the gradient is the same at every cell, as it is in front of a
    /// global average.
    pub fn is_in_class_maps(self, plan: &Plan, layer: LayerId) -> bool {
        let is_like_grad_cam = |score| self == Self::GradCam || self.same_as(plan, layer, score).is_some();
        layer == plan.last_feature_layer() && Score::ALL.into_iter().all(is_like_grad_cam)
    }

    /// The gradient of what is explained.
    pub(super) fn score_gradient(self, target: Target, score: Score, output: Output, logits: &[f64]) -> ScoreGradient {
        match self {
            Self::FinerCam => finer_cam::gradient(target, output, logits),
            _ => ScoreGradient::new(target, score, output, logits),
        }
    }

    /// The signed map of a layer, `[height, width]`, up to the factor `scale` of the score's gradient; none of a method
    /// that works on something else.
    ///
    /// `gradient_mean` is the gradient at the site averaged over its cells. The true gradient is `scale` times what
    /// the site has; only methods that are not proportional to the gradient need it.
    pub(super) fn signed_map(
        self,
        site: &dyn Site,
        gradient_mean: &[f64],
        scale: f64,
    ) -> Option<Result<Vec<f64>, NetworkError>> {
        let channels = gradient_mean.len();
        Some(match self {
            Self::GradCam | Self::FinerCam => grad_cam::signed_map(site, gradient_mean),
            Self::HiresCam => hires_cam::signed_map(site, channels),
            Self::XgradCam => xgrad_cam::signed_map(site, gradient_mean),
            Self::GradCamPlusPlus => grad_cam_plus_plus::signed_map(site, channels, scale),
            Self::LayerCam => layer_cam::signed_map(site, channels),
            Self::GradCamElementWise => grad_cam_element_wise::signed_map(site, channels),
            Self::EigenCam => eigen_cam::signed_map(site, channels),
            Self::EigenGradCam => eigen_grad_cam::signed_map(site, channels),
            Self::KpcaCam
            | Self::ShapleyCam
            | Self::AblationCam
            | Self::ScoreCam
            | Self::FasterScoreCam
            | Self::Gradient
            | Self::SmoothGrad
            | Self::IntegratedGradients
            | Self::GuidedGradCam
            | Self::Occlusion
            | Self::Rise => return None,
        })
    }

    /// The signed map of a method that asks the network again, `[height, width]` of [`Method::map_size`]; none of one that
    /// works on a layer's activation and gradient.
    pub(super) fn asked_map(
        self,
        asking: &mut Asking<'_, '_>,
        layer: LayerId,
        logits: &[f64],
    ) -> Option<Result<Vec<f64>, NetworkError>> {
        Some(match self {
            Self::KpcaCam => kpca_cam::signed_map(asking, layer),
            Self::ShapleyCam => shapley_cam::signed_map(asking, layer, logits),
            Self::AblationCam => ablation_cam::signed_map(asking, layer, logits),
            Self::ScoreCam => score_cam::signed_map(asking, layer, None),
            Self::FasterScoreCam => score_cam::signed_map(asking, layer, Some(score_cam::FASTER)),
            Self::Gradient => gradient::signed_map(asking),
            Self::SmoothGrad => smooth_grad::signed_map(asking),
            Self::IntegratedGradients => integrated_gradients::signed_map(asking),
            Self::GuidedGradCam => guided_grad_cam::signed_map(asking, logits),
            Self::Occlusion => occlusion::signed_map(asking, logits),
            Self::Rise => rise::signed_map(asking),
            _ => return None,
        })
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|method| method.name() == name)
            .ok_or_else(|| format!("there is no method named {name:?}; use {}", names()))
    }
}
