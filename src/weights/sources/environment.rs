//! What the surroundings of the program say about where weights are.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use directories::{BaseDirs, ProjectDirs};

use super::hub;

/// The variable that names a file of weights.
pub const WEIGHTS_VARIABLE: &str = "GRADCAM_WEIGHTS";

/// Folders and settings, taken from the process once, so that all that follows depends on nothing hidden.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `GRADCAM_WEIGHTS`.
    pub weights: Option<PathBuf>,
    /// The working directory.
    pub working: Option<PathBuf>,
    /// The folder of the executable.
    pub executable: Option<PathBuf>,
    /// The program's own folder for data, where downloads and imports go.
    pub data: Option<PathBuf>,
    /// The Hugging Face Hub's cache.
    pub hub_cache: Option<PathBuf>,
    /// The Hub's address if it is not the public one, `HF_ENDPOINT`.
    pub hub_endpoint: Option<String>,
    /// Whether the Hub must not be asked, `HF_HUB_OFFLINE`.
    pub hub_offline: bool,
}

impl Environment {
    /// The surroundings of this process.
    pub fn of_process() -> Self {
        let executable = env::current_exe().ok();
        Self {
            working: env::current_dir().ok(),
            executable: executable.and_then(|file| file.parent().map(PathBuf::from)),
            data: ProjectDirs::from("", "", env!("CARGO_PKG_NAME")).map(|folders| folders.data_dir().to_owned()),
            ..Self::of_variables(
                &|name| env::var_os(name),
                BaseDirs::new().map(|dirs| dirs.home_dir().to_owned()),
            )
        }
    }

    /// The parts that environment variables decide, by the rules of `huggingface_hub`.
    pub fn of_variables(variable: &dyn Fn(&str) -> Option<OsString>, home: Option<PathBuf>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let path = |name: &str| set(name).map(PathBuf::from);
        let is_true = |name: &str| {
            let value = set(name).unwrap_or_default().to_string_lossy().to_uppercase();
            matches!(value.as_str(), "1" | "ON" | "YES" | "TRUE")
        };
        let cache = path("XDG_CACHE_HOME").or_else(|| home.map(|home| home.join(".cache")));
        let hub_home = path("HF_HOME").or_else(|| cache.map(|cache| cache.join("huggingface")));
        Self {
            weights: path(WEIGHTS_VARIABLE),
            hub_cache: path("HF_HUB_CACHE").or_else(|| hub_home.map(|home| home.join("hub"))),
            hub_endpoint: set("HF_ENDPOINT").map(|url| url.to_string_lossy().into_owned()),
            hub_offline: is_true("HF_HUB_OFFLINE") || is_true("TRANSFORMERS_OFFLINE"),
            ..Self::default()
        }
    }

    /// The folder for weights that this program downloads or imports.
    pub fn weights_folder(&self) -> Option<PathBuf> {
        self.data.as_ref().map(|data| data.join("weights"))
    }

    /// The Hub's address.
    pub(crate) fn hub(&self) -> &str {
        self.hub_endpoint.as_deref().unwrap_or(hub::PUBLIC)
    }
}
