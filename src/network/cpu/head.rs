//! The maps of all classes at once, where the head is a global average and one dense layer: a matrix product.

use candle_nn::VarBuilder;

use super::CpuNetwork;
use super::buffer::Features;
use super::convolution::with_values;
use super::gate::Gate;
use super::gather::{Patches, Rows};
use super::isa::Isa;
use super::lanes::{Kernel, Lanes};
use super::nodes::source;
use super::pack::Packed;
use super::product::Product;
use super::threads::Threads;
use crate::network::network::NetworkError;
use crate::network::plain::{DensePart, Workers, tensor};
use crate::network::plan::Plan;
use crate::network::shape::{Padding, Shape, Window};

/// Classes that one thread transposes at a time.
const CLASSES: usize = 64;

/// Packs the kernel of a linear head divided by the number of cells that are averaged; none if the head is another.
pub(super) fn shares(isa: Isa, plan: &Plan, vb: &VarBuilder) -> Result<Option<Packed>, NetworkError> {
    let Some(dense) = plan.linear_head().map(|id| plan.layer(id)) else {
        return Ok(None);
    };
    let shape = plan.layer(plan.last_feature_layer()).shape;
    let units = plan.units();
    let kernel = tensor(&vb.pp(&dense.weights), &[shape.channels, units], "kernel")?;
    let scale = vec![1.0 / shape.cells() as f32; units];
    let packed = with_values(&kernel, |kernel| {
        Packed::new(isa, kernel, 1, shape.channels, units, &scale)
    })?;
    Ok(Some(packed))
}

impl CpuNetwork {
    /// What each cell adds to each unit, `[units, cells]`: the last feature layer times the packed kernel.
    pub(super) fn shares_of_cells(&self, shares: &Packed) -> Vec<f32> {
        let last = source(&self.nodes, self.plan.last_feature_layer());
        let features = &self.stored[last.layer.0];
        let (cells, units) = (features.cells(), self.plan.units());
        let mut products = Features::zeros(
            1,
            Shape {
                channels: units,
                ..features.shape
            },
        );
        let gate = Gate::forward(last.rectifier);
        let product = Product {
            rows: Rows::Patches(Patches::of(features, gate, Window::square(1, 1, Padding::Valid))),
            weights: shares.as_ref(),
            bias: None,
        };
        product.run(self.isa, &self.threads, &self.scratch, &mut products, None);
        let mut shares = vec![0.0; units * cells];
        let parts = shares.chunks_mut(CLASSES * cells).enumerate();
        self.threads.each(parts, |_, (part, shares)| {
            for (cell, products) in products.values().chunks_exact(products.stride()).enumerate() {
                let products = &products[part * CLASSES..];
                for (row, product) in shares.chunks_exact_mut(cells).zip(products) {
                    row[cell] = *product;
                }
            }
        });
        shares
    }
}

/// The engine's threads and instructions, for what is computed by plain arithmetic.
pub(super) struct EngineWorkers<'a> {
    isa: Isa,
    threads: &'a Threads,
}

impl CpuNetwork {
    pub(super) fn workers(&self) -> EngineWorkers<'_> {
        EngineWorkers {
            isa: self.isa,
            threads: &self.threads,
        }
    }
}

impl Workers for EngineWorkers<'_> {
    fn run(&self, parts: Vec<DensePart<'_>>) {
        self.threads.each(parts, |_, part| self.isa.run(part));
    }
}

/// Plain loops, of which the compiler makes vectors of the instruction set: the same operations, so the same bits.
impl Kernel for DensePart<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, _: S) {
        self.compute();
    }
}
