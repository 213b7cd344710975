//! The methods that turn a layer's activation and gradient into a map.

use std::fmt;
use std::str::FromStr;

use super::{grad_cam, grad_cam_plus_plus, hires_cam, layer_cam, xgrad_cam};
use crate::network::{LayerId, NetworkError, Plan, Site};

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
}

impl Method {
    /// All methods, in the order shown to people.
    pub const ALL: [Self; 5] = [
        Self::GradCam,
        Self::HiresCam,
        Self::XgradCam,
        Self::GradCamPlusPlus,
        Self::LayerCam,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::GradCam => "grad-cam",
            Self::HiresCam => "hires-cam",
            Self::XgradCam => "xgrad-cam",
            Self::GradCamPlusPlus => "grad-cam-plus-plus",
            Self::LayerCam => "layer-cam",
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
        }
    }

    /// Whether [`ClassMaps`](super::ClassMaps) holds this method's maps at a layer: at the last feature layer always
    /// Grad-CAM's, and those that equal it wherever the gradient is the same at every cell, as it is in front of a global
    /// average.
    pub fn is_in_class_maps(self, plan: &Plan, layer: LayerId) -> bool {
        let is_like_grad_cam = match self {
            Self::GradCam => true,
            Self::HiresCam | Self::XgradCam => plan.gradient_is_uniform(),
            Self::GradCamPlusPlus | Self::LayerCam => false,
        };
        is_like_grad_cam && layer == plan.last_feature_layer()
    }

    /// The signed map of a layer, `[height, width]`, up to the factor `scale` of the score's gradient.
    ///
    /// `gradient_mean` is the gradient at the site averaged over its cells. The true gradient is `scale` times what
    /// the site has; only methods that are not proportional to the gradient need it.
    pub(super) fn signed_map(
        self,
        site: &dyn Site,
        gradient_mean: &[f64],
        scale: f64,
    ) -> Result<Vec<f64>, NetworkError> {
        let channels = gradient_mean.len();
        match self {
            Self::GradCam => grad_cam::signed_map(site, gradient_mean),
            Self::HiresCam => hires_cam::signed_map(site, channels),
            Self::XgradCam => xgrad_cam::signed_map(site, gradient_mean),
            Self::GradCamPlusPlus => grad_cam_plus_plus::signed_map(site, channels, scale),
            Self::LayerCam => layer_cam::signed_map(site, channels),
        }
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
