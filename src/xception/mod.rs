//! Keras' Xception: one description of the network, and the ways to run it.
//!
//! * [`Architecture`]: the numbers that differ between networks, read from the weights' shapes.
//! * [`Plan`]: every Keras layer in order; drives forward and backward passes alike.
//! * [`Network`]: the seam. [`CandleNetwork`] runs the plan with candle's operations on any device, in f32 or f64;
//!   [`CpuNetwork`] with kernels of our own on the CPU, in f32.

pub mod architecture;
mod candle;
pub mod cpu;
mod network;
mod plan;

pub use architecture::{Architecture, ArchitectureError};
pub use candle::CandleNetwork;
pub use cpu::CpuNetwork;
pub use network::{Head, Network, NetworkError, Site, Visit};
pub use plan::{Layer, LayerId, Op, Parameter, Plan, Role, Shape, pool_padding};
