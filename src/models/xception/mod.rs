//! Keras' Xception: the numbers that differ between its networks, and the plan that they make.

pub mod architecture;
mod plan;
pub mod recognise;

pub use architecture::{Architecture, ArchitectureError};
pub use plan::plan;
