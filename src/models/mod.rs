//! What makes plans: networks from their widths, and networks from the descriptions that Keras saves.

pub mod keras;
pub mod xception;
