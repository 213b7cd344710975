//! The maps of all classes at once, where the head is a global average and one dense layer: a matrix product.

use super::CpuNetwork;
use super::buffer::{Buffer, padded};
use super::gate::Gate;
use super::gather::{Gather, Patches, Rows};
use super::gemm::{Multiply, scratch_len};
use super::isa::Isa;
use super::lanes::{Kernel, Lanes};
use super::nodes::source;
use super::pack::Columns;
use super::threads::Threads;
use crate::network::plain::{DensePart, Workers};
use crate::network::shape::{Padding, Window};

/// Classes that one thread takes at a time: whole panels of every instruction set.
const CLASSES: usize = 64;

impl CpuNetwork {
    /// What each cell adds to each unit, `[units, cells]`: the last feature layer times the kernel of a linear head divided
    /// by the number of cells that are averaged; none if the head is another.
    ///
    /// The kernel is packed class by class when it is needed, as it is large and read by the head as well.
    pub(super) fn shares_of_cells(&self) -> Option<Vec<f32>> {
        let kernel = self.head.linear_kernel()?;
        let last = source(&self.nodes, self.plan.last_feature_layer());
        let features = &self.stored[last.layer.0];
        let (cells, units, inputs) = (features.cells(), self.plan.units(), features.shape.channels);
        let row_len = padded(inputs);
        let mut tiles = Buffer::zeros(scratch_len(cells, row_len));
        self.isa.run(Gather {
            rows: Rows::Patches(Patches::of(
                features,
                Gate::forward(last.rectifier),
                Window::square(1, 1, Padding::Valid),
            )),
            first: 0,
            count: cells,
            row_len,
            shape: features.shape,
            tiles: tiles.values_mut(),
        });
        let scale = vec![1.0 / cells as f32; units];
        let mut shares = vec![0.0; units * cells];
        let parts = shares.chunks_mut(CLASSES * cells).enumerate();
        self.threads.each(parts, |thread, (part, shares)| {
            self.scratch.with(thread, CLASSES * (row_len + cells), |memory| {
                let (packed, products) = memory.split_at_mut(CLASSES * row_len);
                let columns = Columns {
                    kernel,
                    inputs,
                    scale: &scale,
                    wanted: part * CLASSES..(part * CLASSES + CLASSES).min(units),
                };
                let weights = columns.pack(self.isa, packed);
                let products = &mut products[..cells * weights.output_stride()];
                self.isa.run(Multiply {
                    tiles: tiles.values(),
                    weights,
                    bias: None,
                    exit: None,
                    out: products,
                    sum: None,
                    rectifier: None,
                });
                for (cell, products) in products.chunks_exact(weights.output_stride()).enumerate() {
                    for (row, product) in shares.chunks_exact_mut(cells).zip(products) {
                        row[cell] = *product;
                    }
                }
            });
        });
        Some(shares)
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
