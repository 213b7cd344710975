//! The window, driven as a person drives it: by what is written on it, by keys, by the pointer and by drops.
//!
//! No display is needed. The network is the built-in one, so nothing is downloaded.

#[path = "../networks/mod.rs"]
mod networks;
#[path = "../program/mod.rs"]
mod program;
#[path = "../server/mod.rs"]
mod server;
mod support;

mod advice;
mod any_network;
mod batch;
mod brush;
mod classes;
mod compare;
mod crop;
mod exports;
mod faithfulness;
mod first_steps;
mod flip;
mod follow;
mod images;
mod layers;
mod looks;
mod methods;
mod numbers;
mod persistence;
mod picture;
mod pixels;
mod questions;
mod room;
mod sanity;
mod settings;
mod signed;
mod snapshots;
mod web;
mod words;
