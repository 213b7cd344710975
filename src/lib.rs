//! Grad-CAM explorer.
pub mod labels;
pub mod weights;
pub mod xception;
