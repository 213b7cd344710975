//! Pictures: bytes to pixels, pixels to the network's input, maps to colours, pixels to bytes.
//!
//! Everything here is a pure function of its arguments: no file, no window, no network.
//! The numbers are those of the tools that the Keras tutorial uses: Pillow decides what the
//! network sees, OpenCV how a map becomes a picture.

mod colormap;
mod decode;
mod encode;
mod error;
mod ifd;
mod orientation;
mod overlay;
mod photo;
mod resize;
mod resize_map;
mod thumbnail;
mod views;

pub use colormap::{Colormap, UnknownColormap};
pub use decode::{Limits, decode, source_format};
pub use encode::{encode_png, encode_png_with_text, is_written_by_us};
pub use error::ImageError;
pub use overlay::{colorize, heatmap, overlay};
pub use photo::Photo;
pub use resize::{Resize, UnknownResize, network_input, resize};
pub use resize_map::resize_map;
pub use thumbnail::thumbnail;
pub use views::{
    CONTOUR_LEVELS, beside, cells, contours, mask, mask_share, signed_overlay, signed_share, signed_strength,
};
