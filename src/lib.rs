//! Grad-CAM explorer.
pub mod explain;
pub mod xception;
