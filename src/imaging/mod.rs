//! Pictures: bytes to pixels, pixels to the network's input, maps to colours, pixels to bytes.
//!
//! Everything here is a pure function of its arguments: no file, no window, no network.
//! The numbers are those of the tools that Keras' users have: Pillow, TensorFlow or OpenCV decides
//! what the network sees, OpenCV how a map becomes a picture.

mod blur;
mod colormap;
mod compare;
mod cutout;
mod decode;
mod encode;
mod error;
mod fit;
mod format;
mod ifd;
mod input;
mod memory;
mod orientation;
mod overlay;
mod painting;
mod photo;
mod pixels;
mod preview;
mod region;
mod resize;
mod resize_map;
mod rows;
mod thumbnail;
mod variation;
mod views;
mod xmp;

pub use blur::blurred;
pub use colormap::{Colormap, UnknownColormap};
pub use compare::{Difference, difference};
pub use cutout::Cutout;
pub use decode::{Limits, decode, source_format};
pub use encode::{MadeBy, encode, encode_png, is_written_by_us};
pub use error::ImageError;
pub use fit::{Fit, UnknownFit};
pub use format::{Format, UnknownFormat};
pub use input::{Preprocessing, gray_network_input, network_input, network_picture, update_network_input};
pub use overlay::{colorize, heatmap, overlay};
pub use painting::{Area, Brush, Canvas, Painting, PaintingKey, Paints, Stroke, UnknownBrush};
pub use photo::Photo;
pub use pixels::{Pixels, UnknownPixels};
pub use preview::{Preview, preview};
pub use region::{Region, UnknownRegion, within};
pub use resize::{Resize, UnknownResize, resize};
pub use resize_map::resize_map;
pub use thumbnail::{encode_thumbnail, thumbnail};
pub use variation::Variation;
pub use views::{
    CONTOUR_LEVELS, beside, cells, contours, mask, mask_share, side_by_side, signed_colours, signed_overlay,
    signed_share, signed_strength,
};
pub use xmp::{recipe_in, xml_text, xmp_packet};
