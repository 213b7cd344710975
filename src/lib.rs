//! Grad-CAM explorer: see, live, where an image classifier looks.
//!
//! The map of the house, from the inside out. Each part knows only those above it.
//!
//! | Module | What it is | What it does not know |
//! |---|---|---|
//! | [`imaging`] | bytes to pixels, pixels to the network's input, maps to colours | files, networks |
//! | [`network`] | a graph of named layers, run by candle or by our own kernels | files, images, networks by name |
//! | [`models`] | what makes graphs: Xception from its widths, any Keras model from its description | files, images |
//! | [`explain`] | maps from activations and gradients, in closed form or by a backward sweep | files, clocks, threads |
//! | [`labels`] | the names of classes, and finding them | networks |
//! | [`weights`] | files of weights: checked, imported, found, downloaded | windows, sessions |
//! | [`samples`] | the pictures inside the program | everything else |
//! | [`explorer`] | the session: requests in, replies out, workers in between | windows, command lines |
//! | [`gui`], [`cli`] | the two thin faces of the session | each other's insides |
//!
//! # As a library
//!
//! `examples/heatmap.rs` opens a network, classifies a photo and draws where it looked, in twenty lines:
//! [`explorer::load_network`], [`network::Network::forward`], [`explain::ClassMaps`] and [`imaging::overlay`]; of layers
//! before the last one [`explain::backward`] makes the maps.
//!
//! # Invariants
//!
//! * The numbers are Keras': pixels exactly, logits, maps and overlays within the tolerances of `tests/keras.rs`.
//! * There is one description of each network, [`network::Plan`]. Forward passes, backward sweeps, the check of weights
//!   and the list of layers all read it.
//! * Widths, depth, classes and input size come from the weights; no constant of the program names them.
//! * A class is its index, never its name: names repeat.
//! * A map is never NaN. Without positive evidence it is empty, and says so.
//! * `imaging`, `network`, `models` and `explain` read no file, no clock and no environment.
//! * Data flows one way: request, worker, reply, repaint. The window's thread never waits.
//! * No panic is reachable from input, and a panic of one job is a reply like any other failure.
//! * `unsafe` lives in `network::cpu::threads`, in one block, and nowhere else.

#![warn(clippy::unwrap_used, clippy::expect_used)]

pub mod cli;
pub mod explain;
pub mod explorer;
pub mod gui;
pub mod imaging;
pub mod labels;
pub mod models;
pub mod network;
mod noise;
pub mod samples;
pub mod weights;
