//! Depthwise convolutions of any window as operations of their own, where no [`filter`](super::filter) fits, and their
//! vector-Jacobian products.
//!
//! A band of output lines is computed at a time. The lines that it reads are first copied into scratch, each channel
//! vector by itself: `[channel vector][line][phase][column]`, where columns that a stride leaves out of each other's
//! reach are apart. What lies outside of the map is zero there and ReLUs are passed, so that the filter itself, which
//! reads each value once a tap, knows neither borders nor strides: its columns are neighbours in memory.

use super::buffer::{Buffer, Features, Scratch, padded, vectors, vectors_mut};
use super::filter::Filter;
use super::gate::Gate;
use super::isa::Isa;
use super::lanes::{Kernel, Lanes};
use super::rectifier::Rectifier;
use super::threads::Threads;
use crate::network::shape::{Shape, Window};

/// Floats of one channel vector's lines that stay in an L1 cache: 20 kB.
const LINES: usize = 5_000;

/// Columns whose sums are in registers at a time.
const COLUMNS: usize = 8;

/// The kernel of a depthwise convolution, its batch normalisation folded in: `[channel vector][tap][lane]`.
pub(super) struct DepthwiseWeights {
    window: Window,
    values: Buffer,
}

impl DepthwiseWeights {
    /// Orders a kernel `[taps, channels]`, each channel multiplied by its `scale`.
    pub(super) fn new(isa: Isa, window: Window, kernel: &[f32], scale: &[f32]) -> Self {
        let (lanes, channels) = (isa.lanes(), scale.len());
        let taps = window.kernel[0] * window.kernel[1];
        let mut values = Buffer::zeros(taps * padded(channels));
        for (tap, row) in kernel.chunks_exact(channels).enumerate() {
            for (channel, (weight, scale)) in row.iter().zip(scale).enumerate() {
                values.values_mut()[(channel / lanes * taps + tap) * lanes + channel % lanes] = weight * scale;
            }
        }
        Self { window, values }
    }

    pub(super) fn window(&self) -> Window {
        self.window
    }

    /// The convolution without its bias, for windows that [fit](Filter::fits).
    pub(super) fn filter<'a>(
        &'a self,
        source: &'a Features,
        rectifier: Option<Rectifier>,
        zeros: &'a [f32],
    ) -> Filter<'a> {
        Filter {
            values: source.values(),
            shape: source.shape,
            skipped: 0,
            zeros,
            weights: self.values.values(),
            window: self.window,
            bias: None,
            rectifier,
            exit: None,
            turned: false,
        }
    }
}

/// A depthwise convolution, or its vector-Jacobian product.
#[derive(Clone, Copy)]
pub(super) struct Depthwise<'a> {
    source: &'a Features,
    gate: Gate<'a>,
    weights: &'a [f32],
    kernel: [usize; 2],
    /// Steps from one output to the next.
    stride: [usize; 2],
    /// Steps from one cell of the source to the next, with zeros between: the stride of what is walked back.
    spread: [usize; 2],
    dilation: [usize; 2],
    /// Zeros above and left of the source.
    padding: [usize; 2],
    /// Whether the kernel is turned by half a turn.
    turned: bool,
    /// One a padded channel.
    bias: Option<&'a [f32]>,
}

impl<'a> Depthwise<'a> {
    /// The convolution.
    pub(super) fn forward(
        source: &'a Features,
        gate: Gate<'a>,
        weights: &'a DepthwiseWeights,
        bias: &'a [f32],
    ) -> Self {
        let window = weights.window;
        Self {
            source,
            gate,
            weights: weights.values.values(),
            kernel: window.kernel,
            stride: window.stride,
            spread: [1; 2],
            dilation: window.dilation,
            padding: window.before(source.shape),
            turned: false,
            bias: Some(bias),
        }
    }

    /// From the gradient of the output to that of the input, whose shape is `input`.
    pub(super) fn backward(
        gradient: &'a Features,
        gate: Gate<'a>,
        weights: &'a DepthwiseWeights,
        input: Shape,
    ) -> Self {
        let window = weights.window;
        let padding = window.before(input);
        Self {
            source: gradient,
            gate,
            weights: weights.values.values(),
            kernel: window.kernel,
            stride: [1; 2],
            spread: window.stride,
            dilation: window.dilation,
            padding: [0, 1].map(|axis| (window.kernel[axis] - 1) * window.dilation[axis] - padding[axis]),
            turned: true,
            bias: None,
        }
    }

    /// Computes all of `out`, or adds to it.
    pub(super) fn run(self, isa: Isa, threads: &Threads, scratch: &Scratch, out: &mut Features, accumulate: bool) {
        let shape = out.shape;
        let floats = out.stride();
        let line = shape.width * floats;
        let reach = (self.kernel[0] - 1) * self.dilation[0] + 1;
        let row = self.row(shape.width);
        // lines of a band: as many as stay in the cache, and not more than give work to all threads
        let fit = (LINES / (row.len() * isa.lanes()).max(1)).saturating_sub(reach) / self.stride[0] + 1;
        let band = fit
            .min((out.images * shape.height).div_ceil(threads.count()))
            .clamp(1, shape.height.max(1));
        let images = out
            .values_mut()
            .chunks_exact_mut((shape.height * line).max(1))
            .enumerate();
        let parts = images.flat_map(|(image, out)| {
            let bands = out.chunks_mut(band * line).enumerate();
            bands.map(move |(index, out)| (image, index * band, out))
        });
        let lines = (band - 1) * self.stride[0] + reach;
        // an odd number of vectors from channel to channel, so that they do not meet in the same sets of a cache
        let step = (lines * row.len()) | 1;
        threads.each(parts, |thread, (image, first, out)| {
            scratch.with(thread, step * floats, |copied| {
                isa.run(Band {
                    convolution: self,
                    image,
                    first,
                    row,
                    step,
                    copied,
                    shape,
                    out,
                    accumulate,
                });
            });
        });
    }

    /// How a line lies in scratch when it serves `width` outputs.
    fn row(self, width: usize) -> Row {
        let [_, stride] = self.stride;
        let columns = (width - 1) * stride + (self.kernel[1] - 1) * self.dilation[1] + 1;
        Row {
            columns,
            phases: stride,
            phase: columns.div_ceil(stride),
        }
    }
}

/// A copied line: its columns sorted by their place within a stride.
#[derive(Clone, Copy)]
struct Row {
    /// Columns that are read, padding included.
    columns: usize,
    phases: usize,
    /// Columns of one phase.
    phase: usize,
}

impl Row {
    fn len(self) -> usize {
        self.phases * self.phase
    }

    #[inline(always)]
    fn place(self, column: usize) -> usize {
        column % self.phases * self.phase + column / self.phases
    }
}

/// Some output lines of one image.
struct Band<'a> {
    convolution: Depthwise<'a>,
    image: usize,
    /// First line.
    first: usize,
    row: Row,
    /// Vectors of scratch from one channel vector to the next.
    step: usize,
    copied: &'a mut [f32],
    /// Shape of the output.
    shape: Shape,
    /// Whole lines from `first` on.
    out: &'a mut [f32],
    accumulate: bool,
}

impl Kernel for Band<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(mut self, simd: S) {
        self.copy_lines(simd);
        let Self {
            convolution,
            row,
            step,
            shape,
            accumulate,
            ..
        } = self;
        let [_, kernel_width] = convolution.kernel;
        let taps = convolution.kernel[0] * kernel_width;
        let channels = convolution.source.stride() / S::F32_LANES;
        let copied = vectors::<S>(self.copied);
        let weights = vectors::<S>(convolution.weights);
        let bias = convolution.bias.map(vectors::<S>);
        let out = vectors_mut::<S>(self.out);
        let groups = shape.width.div_ceil(COLUMNS);
        // from the place of an output's first tap to each of its taps, in the order of the weights
        let mut places: Vec<usize> = (0..taps)
            .map(|tap| {
                let (down, right) = (tap / kernel_width, tap % kernel_width);
                down * convolution.dilation[0] * row.len() + row.place(right * convolution.dilation[1])
            })
            .collect();
        if convolution.turned {
            places.reverse();
        }
        for channel in 0..channels {
            let lines = &copied[channel * step..][..step];
            let weights = &weights[channel * taps..][..taps];
            let bias = bias.map_or(simd.splat_f32s(0.0), |bias| bias[channel]);
            for (line, out) in out.chunks_exact_mut(shape.width * channels).enumerate() {
                for group in 0..groups {
                    let (from, to) = (group * shape.width / groups, (group + 1) * shape.width / groups);
                    let top = line * convolution.stride[0] * row.len() + from;
                    macro_rules! sums {
                        ($($columns:literal)*) => {
                            match to - from {
                                $($columns => {
                                    let sums = filter::<S, $columns>(simd, &lines[top..], &places, weights, bias);
                                    for (out, sum) in out[from * channels + channel..].iter_mut().step_by(channels).zip(sums) {
                                        *out = if accumulate { simd.add_f32s(*out, sum) } else { sum };
                                    }
                                })*
                                _ => {}
                            }
                        };
                    }
                    sums!(1 2 3 4 5 6 7 8);
                }
            }
        }
    }
}

/// `N` neighbouring outputs of one line and channel vector, whose first tap is the first of `lines`.
#[inline(always)]
fn filter<S: Lanes, const N: usize>(
    simd: S,
    lines: &[S::f32s],
    places: &[usize],
    weights: &[S::f32s],
    bias: S::f32s,
) -> [S::f32s; N] {
    let mut sums = [bias; N];
    for (place, weight) in places.iter().zip(weights) {
        let values = &lines[*place..][..N];
        // as text, so that all sums are registers
        macro_rules! add {
            ($($column:literal)*) => {
                $(if $column < N {
                    sums[$column] = simd.multiply_add(values[$column], *weight, sums[$column]);
                })*
            };
        }
        add!(0 1 2 3 4 5 6 7);
    }
    sums
}

impl Band<'_> {
    /// Copies the lines that this band reads.
    #[inline(always)]
    fn copy_lines<S: Lanes>(&mut self, simd: S) {
        let Depthwise {
            source,
            gate,
            spread,
            padding,
            ..
        } = self.convolution;
        let zero = simd.splat_f32s(0.0);
        let (row, step, from) = (self.row, self.step, source.shape);
        let channels = source.stride() / S::F32_LANES;
        let outputs = self.out.len() / (self.shape.width * source.stride());
        let reach = (self.convolution.kernel[0] - 1) * self.convolution.dilation[0] + 1;
        let copied = vectors_mut::<S>(self.copied);
        let places = |inside: bool| -> Vec<usize> {
            let columns = (0..row.columns)
                .filter(|&column| cell_at(column, padding[1], spread[1], from.width).is_some() == inside);
            columns.map(|column| row.place(column)).collect()
        };
        let (cells, zeros) = (places(true), places(false));
        for line in 0..(outputs - 1) * self.convolution.stride[0] + reach {
            let copied = &mut copied[line * row.len()..];
            let top = self.first * self.convolution.stride[0] + line;
            let mut clear = |places: &[usize]| {
                for place in places {
                    let target = copied[*place..].iter_mut().step_by(step).take(channels);
                    target.for_each(|target| *target = zero);
                }
            };
            clear(&zeros);
            match cell_at(top, padding[0], spread[0], from.height) {
                Some(line) => {
                    let first = (self.image * from.height + line) * from.width;
                    gate.copy(simd, source, first, &cells, copied, step);
                }
                None => clear(&cells),
            }
        }
    }
}

/// The line (or column) of the source at a position of what the kernel slides over; none between and around them.
#[inline(always)]
fn cell_at(position: usize, padding: usize, spread: usize, size: usize) -> Option<usize> {
    let position = position.checked_sub(padding)?;
    let cell = position / spread;
    (position % spread == 0 && cell < size).then_some(cell)
}
