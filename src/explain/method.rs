//! The methods that turn a layer's activation and gradient into a map.

use std::fmt;
use std::str::FromStr;

use super::grad_cam;
use crate::xception::{NetworkError, Site};

/// How a map is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Grad-CAM (Selvaraju et al. 2017).
    #[default]
    GradCam,
}

impl Method {
    /// All methods, in the order shown to people.
    pub const ALL: [Self; 1] = [Self::GradCam];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::GradCam => "grad-cam",
        }
    }

    /// The signed map of a layer, `[height, width]`, given the gradient averaged over its cells.
    pub(super) fn signed_map(self, site: &dyn Site, gradient_mean: &[f64]) -> Result<Vec<f64>, NetworkError> {
        match self {
            Self::GradCam => grad_cam::signed_map(site, gradient_mean),
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
