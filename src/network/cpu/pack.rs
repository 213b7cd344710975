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
        let mut packed = Buffer::zeros(taps * padded(inputs) * padded(outputs));
        let columns = Columns {
            kernel,
            inputs,
            scale,
            wanted: 0..outputs,
        };
        columns.write(isa, packed.values_mut());
        Self {
            taps,
            inputs,
            outputs,
            panel: 2 * isa.lanes(),
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

/// Some columns of a kernel `[taps, inputs, outputs]`.
pub(super) struct Columns<'a> {
    pub(super) kernel: &'a [f32],
    pub(super) inputs: usize,
    /// One an output: what each weight is multiplied by.
    pub(super) scale: &'a [f32],
    pub(super) wanted: Range<usize>,
}

impl Columns<'_> {
    /// Packs the columns of a kernel of one tap into memory for as many rows as [`PackedRef::row_len`] says, whatever was
    /// left there.
    pub(super) fn pack<'a>(&self, isa: Isa, memory: &'a mut [f32]) -> PackedRef<'a> {
        let (inputs, outputs) = (self.inputs, self.wanted.len());
        let values = &mut memory[..padded(inputs) * padded(outputs)];
        values.fill(0.0);
        self.write(isa, values);
        PackedRef {
            taps: 1,
            inputs,
            outputs,
            values,
        }
    }

    /// Writes the weights into zeros.
    fn write(&self, isa: Isa, values: &mut [f32]) {
        let panel = 2 * isa.lanes();
        let panels = values.chunks_exact_mut(values.len() / padded(self.wanted.len()) * panel);
        for (first, panel_values) in self.wanted.clone().step_by(panel).zip(panels) {
            let columns = first..(first + panel).min(self.wanted.end);
            let scale = &self.scale[columns.clone()];
            let taps = self.kernel.chunks_exact(self.inputs * self.scale.len());
            for (tap, target) in taps.zip(panel_values.chunks_exact_mut(padded(self.inputs) * panel)) {
                for (weights, target) in tap.chunks_exact(self.scale.len()).zip(target.chunks_exact_mut(panel)) {
                    for ((target, weight), scale) in target.iter_mut().zip(&weights[columns.clone()]).zip(scale) {
                        *target = weight * scale;
                    }
                }
            }
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
