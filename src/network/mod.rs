//! Networks as graphs of named layers, and two ways to run them. Knows no file, no photo, and no network by name.
//!
//! * [`Plan`]: every layer in order, with its operation ([`Op`]), inputs, shape and tensors; drives forward and backward
//!   passes alike. [`Output`] says what the last layer's values mean, [`Group`]s which layers belong together.
//! * [`Network`]: the seam. [`CandleNetwork`] runs the plan with candle's operations on any device, in f32 or f64;
//!   [`CpuNetwork`] with kernels of our own on the CPU, in f32.
//! * [`Head`]: the few layers behind the last map, as plain arithmetic (`plain`): any score's gradient there takes no
//!   backward sweep.

mod activation;
mod candle;
pub mod cpu;
mod groups;
mod head;
mod layer;
mod narrowed;
#[expect(clippy::module_inception, reason = "the seam that the folder is about")]
mod network;
mod op;
mod output;
mod plain;
mod plan;
pub(crate) mod roles;
mod shape;

pub use activation::Activation;
pub use candle::CandleNetwork;
pub use cpu::{CpuNetwork, MOST_KEPT};
pub use groups::Group;
pub use head::{Head, HeadPass};
pub use layer::{Layer, LayerId, Role};
pub use network::{Network, NetworkError, ReluRule, Site, Visit};
pub use op::{Op, SMALLEST_DEVIATION};
pub use output::Output;
pub use plan::{Parameter, Plan, PlanError};
pub use shape::{Padding, Shape, Window};
