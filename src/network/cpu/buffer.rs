//! Memory in the form the kernels want: aligned to cache lines, channels padded to whole vectors.

use std::sync::Mutex;

use bytemuck::{cast_slice, cast_slice_mut};
use pulp::Simd;

use super::pages::Pages;
use super::threads::lock;
use crate::network::shape::Shape;

/// Channels of a cell are padded to a multiple of this, with zeros: two vectors of the widest instruction set.
///
/// No kernel therefore has a remainder to treat, whatever the widths of the network.
pub(super) const CHANNEL_BLOCK: usize = 32;

/// `channels` rounded up to whole blocks.
pub(super) fn padded(channels: usize) -> usize {
    channels.next_multiple_of(CHANNEL_BLOCK)
}

/// Floats that start at a cache line.
#[derive(Debug)]
pub(super) struct Buffer {
    pages: Pages,
    len: usize,
}

impl Buffer {
    /// Zeros. Large buffers cost no memory before they are written: the system gives zeroed pages.
    pub(super) fn zeros(len: usize) -> Self {
        let pages = Pages::zeros(len);
        Self { pages, len }
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.pages.floats()[..self.len]
    }

    pub(super) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.pages.floats_mut()[..self.len]
    }
}

/// Feature maps of one or more images: NHWC with padded channels.
#[derive(Debug)]
pub(super) struct Features {
    pub(super) images: usize,
    pub(super) shape: Shape,
    buffer: Buffer,
}

impl Features {
    /// Zeros.
    pub(super) fn zeros(images: usize, shape: Shape) -> Self {
        let buffer = Buffer::zeros(Self::len(images, shape));
        Self { images, shape, buffer }
    }

    /// No maps at all.
    pub(super) fn none() -> Self {
        let shape = Shape {
            height: 0,
            width: 0,
            channels: 0,
        };
        Self::zeros(0, shape)
    }

    /// Floats that fit without a new allocation.
    pub(super) fn capacity(&self) -> usize {
        self.buffer.pages.floats().len()
    }

    /// Maps in the memory of others, with whatever is left in it; in new memory if they do not fit.
    pub(super) fn reuse(mut self, images: usize, shape: Shape) -> Self {
        let len = Self::len(images, shape);
        if self.capacity() < len {
            return Self::zeros(images, shape);
        }
        self.buffer.len = len;
        Self {
            images,
            shape,
            buffer: self.buffer,
        }
    }

    /// Floats of maps, padding included.
    pub(super) fn len(images: usize, shape: Shape) -> usize {
        images * shape.cells() * padded(shape.channels)
    }

    /// Floats from one cell to the next.
    pub(super) fn stride(&self) -> usize {
        padded(self.shape.channels)
    }

    /// Cells of all images.
    pub(super) fn cells(&self) -> usize {
        self.images * self.shape.cells()
    }

    /// All images, padding included.
    pub(super) fn values(&self) -> &[f32] {
        self.buffer.values()
    }

    /// All images, padding included. Whoever writes keeps the padding zero.
    pub(super) fn values_mut(&mut self) -> &mut [f32] {
        self.buffer.values_mut()
    }

    /// Makes what is behind the channels zero, where other maps were before.
    pub(super) fn clear_padding(&mut self) {
        let (stride, channels) = (self.stride(), self.shape.channels);
        if channels < stride {
            let cells = self.values_mut().chunks_exact_mut(stride);
            cells.for_each(|cell| cell[channels..].fill(0.0));
        }
    }

    /// One image, padding included.
    pub(super) fn image(&self, image: usize) -> &[f32] {
        let len = self.shape.cells() * self.stride();
        &self.values()[image * len..][..len]
    }

    /// One image without its padding, as plain arithmetic takes it.
    pub(super) fn image_values(&self, image: usize) -> Vec<f64> {
        let channels = self.shape.channels;
        let cells = self.image(image).chunks_exact(self.stride());
        cells
            .flat_map(|cell| &cell[..channels])
            .map(|&value| f64::from(value))
            .collect()
    }

    /// Replaces the first image by values without padding.
    pub(super) fn set_values(&mut self, values: &[f64]) {
        self.set_image(0, values);
    }

    /// Replaces one image by values without padding.
    pub(super) fn set_image(&mut self, image: usize, values: &[f64]) {
        let (stride, channels) = (self.stride(), self.shape.channels);
        let len = self.shape.cells() * stride;
        let cells = self.values_mut()[image * len..][..len].chunks_exact_mut(stride);
        for (cell, values) in cells.zip(values.chunks_exact(channels)) {
            cell[channels..].fill(0.0);
            for (cell, value) in cell.iter_mut().zip(values) {
                *cell = *value as f32;
            }
        }
    }
}

/// Floats as vectors. The slice must start at a cache line and hold whole blocks, as every row of [`Features`] does.
#[inline(always)]
pub(super) fn vectors<S: Simd>(values: &[f32]) -> &[S::f32s] {
    cast_slice(values)
}

/// Floats as vectors; see [`vectors`].
#[inline(always)]
pub(super) fn vectors_mut<S: Simd>(values: &mut [f32]) -> &mut [S::f32s] {
    cast_slice_mut(values)
}

/// Memory of their own for the threads, for values that live no longer than one part.
pub(super) struct Scratch(Vec<Mutex<Buffer>>);

impl Scratch {
    pub(super) fn new(threads: usize) -> Self {
        Self((0..threads).map(|_| Mutex::new(Buffer::zeros(0))).collect())
    }

    /// Calls `work` with at least `len` floats of the given thread's memory, whatever was left there.
    pub(super) fn with<T>(&self, thread: usize, len: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
        let mut buffer = lock(&self.0[thread]);
        if buffer.len < len {
            *buffer = Buffer::zeros(len);
        }
        work(buffer.values_mut())
    }
}
