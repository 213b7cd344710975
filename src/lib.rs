//! Grad-CAM explorer.
pub mod xception;
