//! Weights in the order in which the matrix product reads them.
//!
//! Outputs are cut into panels of two vectors: `[panel][row][2 * LANES]`, where a row is `[taps][padded inputs]`, as the
//! gathers write it. Where inputs or outputs are padded, weights are zero.

use std::ops::Range;

use super::buffer::{Buffer, padded};
use super::isa::Isa;
use super::lanes::{Kernel, Lanes};
use super::threads::Threads;

/// Columns of blocks that are transposed together, as blocks beside each other are read as one stream.
const COLUMNS: usize = 4;

/// The weights of one convolution, packed for one instruction set.
pub(super) struct Packed {
    /// Kernel positions, 9 or 1.
    taps: usize,
    inputs: usize,
    outputs: usize,
    /// Outputs in a panel: two vectors.
    panel: usize,
    values: Buffer,
}

impl Packed {
    /// Packs a kernel `[taps, inputs, outputs]`, each output channel multiplied by its `scale`.
    ///
    /// A convolution that reads the image has no padding between its taps; it is packed as one tap of `9 * 3` inputs.
    pub(super) fn new(isa: Isa, kernel: &[f32], taps: usize, inputs: usize, outputs: usize, scale: &[f32]) -> Self {
        let (panel, row) = (2 * isa.lanes(), taps * padded(inputs));
        let mut packed = Buffer::zeros(row * padded(outputs));
        for (index, weights) in kernel.chunks_exact(outputs).enumerate() {
            let at = index / inputs * padded(inputs) + index % inputs;
            let strips = weights.chunks(panel).zip(scale.chunks(panel));
            let panels = packed.values_mut().chunks_exact_mut(row * panel);
            for ((weights, scale), target) in strips.zip(panels) {
                for ((target, weight), scale) in target[at * panel..].iter_mut().zip(weights).zip(scale) {
                    *target = weight * scale;
                }
            }
        }
        Self {
            taps,
            inputs,
            outputs,
            panel,
            values: packed,
        }
    }

    /// The weights of the vector-Jacobian product: inputs and outputs exchanged, and the kernel turned by half a turn.
    ///
    /// Made when it is needed, in memory that all layers share, as it takes a few percent of the product itself:
    /// a panel is a column of square blocks, so blocks change places and are transposed one by one.
    pub(super) fn transposed<'a>(&self, isa: Isa, threads: &Threads, memory: &'a mut Buffer) -> PackedRef<'a> {
        let (panel, taps) = (self.panel, self.taps);
        let (inputs, outputs) = (padded(self.inputs), padded(self.outputs));
        let len = taps * inputs * outputs;
        if memory.values().len() < len {
            *memory = Buffer::zeros(len);
        }
        let source = self.values.values();
        let block = panel * panel;
        let (column, rows) = (taps * outputs * panel, outputs / panel);
        let groups = memory.values_mut()[..len].chunks_mut(COLUMNS * column);
        threads.each(groups.enumerate(), |_, (group, targets)| {
            for index in 0..taps * rows {
                let (tap, row) = (taps - 1 - index / rows, index % rows);
                let from = (row * taps + tap) * inputs * panel + group * COLUMNS * block;
                let sources = source[from..].chunks_exact(block);
                for (target, source) in targets.chunks_exact_mut(column).zip(sources) {
                    isa.run(Transpose {
                        source,
                        target: &mut target[index * block..][..block],
                        side: panel,
                    });
                }
            }
        });
        PackedRef {
            taps,
            inputs: self.outputs,
            outputs: self.inputs,
            values: &memory.values()[..len],
        }
    }

    pub(super) fn as_ref(&self) -> PackedRef<'_> {
        PackedRef {
            taps: self.taps,
            inputs: self.inputs,
            outputs: self.outputs,
            values: self.values.values(),
        }
    }
}

/// Packed weights, wherever they lie.
#[derive(Clone, Copy)]
pub(super) struct PackedRef<'a> {
    taps: usize,
    inputs: usize,
    outputs: usize,
    /// As [`Packed`] has them.
    pub(super) values: &'a [f32],
}

impl PackedRef<'_> {
    /// Values of one gathered row: a multiple of [`CHANNEL_BLOCK`].
    pub(super) fn row_len(self) -> usize {
        self.taps * padded(self.inputs)
    }

    /// Values of a row of the result, without padding.
    pub(super) fn outputs(self) -> usize {
        self.outputs
    }

    /// Floats from one row of the result to the next.
    pub(super) fn output_stride(self) -> usize {
        padded(self.outputs)
    }

    /// Values of a row without the padding at its end.
    pub(super) fn depth(self) -> usize {
        self.row_len() - padded(self.inputs) + self.inputs
    }
}

/// Some columns of a kernel `[inputs, all]`.
pub(super) struct Columns<'a> {
    pub(super) kernel: &'a [f32],
    pub(super) all: usize,
    pub(super) wanted: Range<usize>,
}

impl Columns<'_> {
    /// Packs them into memory for as many rows as [`PackedRef::row_len`] says, each weight multiplied by `scale`.
    pub(super) fn pack<'a>(&self, isa: Isa, memory: &'a mut [f32], scale: f32) -> PackedRef<'a> {
        let (panel, inputs, outputs) = (2 * isa.lanes(), self.kernel.len() / self.all.max(1), self.wanted.len());
        let row = padded(inputs);
        let values = &mut memory[..row * padded(outputs)];
        for (index, values) in values.chunks_exact_mut(row * panel).enumerate() {
            let first = (self.wanted.start + index * panel).min(self.wanted.end);
            let end = (first + panel).min(self.wanted.end);
            let (rows, padding) = values.split_at_mut(inputs * panel);
            for (target, weights) in rows
                .chunks_exact_mut(panel)
                .zip(self.kernel.chunks_exact(self.all.max(1)))
            {
                let (target, beyond) = target.split_at_mut(end - first);
                for (target, weight) in target.iter_mut().zip(&weights[first..end]) {
                    *target = weight * scale;
                }
                beyond.fill(0.0);
            }
            padding.fill(0.0);
        }
        PackedRef {
            taps: 1,
            inputs,
            outputs,
            values,
        }
    }
}

/// A square block and its transpose.
struct Transpose<'a> {
    source: &'a [f32],
    target: &'a mut [f32],
    /// Whole vectors.
    side: usize,
}

impl Kernel for Transpose<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let (side, lanes) = (self.side, S::F32_LANES);
        for row in (0..side).step_by(lanes) {
            for column in (0..side).step_by(lanes) {
                let source = &self.source[row * side + column..];
                simd.transpose(source, &mut self.target[column * side + row..], side);
            }
        }
    }
}
