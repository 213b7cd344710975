//! placeholder until merged
use crate::explorer::{DeviceChoice, NetworkSource};
use std::path::PathBuf;
/// O
pub struct Options {
    /// i
    pub images: Vec<PathBuf>,
    /// s
    pub source: NetworkSource,
    /// d
    pub device: DeviceChoice,
}
/// run
pub fn run(_: Options) -> Result<(), String> {
    Err("window not merged yet".into())
}
