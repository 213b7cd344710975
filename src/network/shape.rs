//! Shapes of feature maps, and windows that slide over them as TensorFlow slides them.

/// Shape of a layer's output without the batch: NHWC, so `[height, width, channels]`. A vector is `[1, 1, n]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels, the fastest varying dimension.
    pub channels: usize,
}

impl Shape {
    /// A vector of `channels` values, `[1, 1, channels]`.
    pub fn vector(channels: usize) -> Self {
        Self {
            height: 1,
            width: 1,
            channels,
        }
    }

    /// Width and height, as photos have theirs.
    pub fn sides(self) -> [u32; 2] {
        [self.width, self.height].map(|side| u32::try_from(side).unwrap_or(u32::MAX))
    }

    /// Number of cells, `height * width`.
    pub fn cells(self) -> usize {
        self.height * self.width
    }

    /// Number of values, `height * width * channels`.
    pub fn len(self) -> usize {
        self.cells() * self.channels
    }

    /// Number of values, or none where the product overflows.
    pub fn checked_len(self) -> Option<usize> {
        self.height.checked_mul(self.width)?.checked_mul(self.channels)
    }

    /// Whether the shape holds no value at all.
    pub fn is_empty(self) -> bool {
        self.height == 0 || self.width == 0 || self.channels == 0
    }
}

/// What happens at the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Windows lie inside of the map.
    Valid,
    /// As many outputs as inputs, divided by the stride; the smaller half of the padding comes first.
    Same,
    /// Zeros around the map, on which windows lie as on the map itself.
    Zeros {
        /// Rows above and columns left of the map.
        before: [usize; 2],
        /// Rows below and columns right of it.
        after: [usize; 2],
    },
}

/// A window that slides over the rows and columns of a map: that of a convolution or of a pool.
///
/// Sizes as in TensorFlow (`tensorflow/core/framework/kernel_shape_util.cc`, `GetWindowedOutputSize`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows and columns of the kernel.
    pub kernel: [usize; 2],
    /// Steps from one output to the next.
    pub stride: [usize; 2],
    /// Steps from one tap of the kernel to the next, 1 for a dense kernel.
    pub dilation: [usize; 2],
    /// What happens at the border.
    pub padding: Padding,
}

impl Window {
    /// The depthwise half of a separable convolution that is one operation.
    pub const SEPARABLE: Self = Self::square(3, 1, Padding::Same);

    /// A square kernel without dilation.
    pub const fn square(kernel: usize, stride: usize, padding: Padding) -> Self {
        Self {
            kernel: [kernel; 2],
            stride: [stride; 2],
            dilation: [1; 2],
            padding,
        }
    }

    /// Whether this is the window of a product over channels alone.
    pub fn is_pointwise(self) -> bool {
        self.kernel == [1; 2] && self.stride == [1; 2]
    }

    /// Rows (axis 0) or columns (axis 1) that a window covers, the holes of a dilated one included.
    fn extent(self, axis: usize) -> usize {
        self.dilation[axis]
            .saturating_mul(self.kernel[axis].saturating_sub(1))
            .saturating_add(1)
    }

    /// Number of outputs along an axis of `size` inputs; 0 where no window fits.
    pub fn outputs(self, axis: usize, size: usize) -> usize {
        match self.padding {
            Padding::Same => size.div_ceil(self.stride[axis]),
            Padding::Valid => self.fits(axis, size),
            Padding::Zeros { before, after } => {
                self.fits(axis, size.saturating_add(before[axis]).saturating_add(after[axis]))
            }
        }
    }

    /// How many windows fit on an axis of `size` cells.
    fn fits(self, axis: usize, size: usize) -> usize {
        match size.checked_sub(self.extent(axis)) {
            Some(rest) => rest / self.stride[axis] + 1,
            None => 0,
        }
    }

    /// Padding before and behind an axis of `size` inputs.
    pub fn padding(self, axis: usize, size: usize) -> (usize, usize) {
        let outputs = self.outputs(axis, size);
        match self.padding {
            Padding::Zeros { before, after } => return (before[axis], after[axis]),
            Padding::Same if outputs > 0 => {}
            Padding::Same | Padding::Valid => return (0, 0),
        }
        let needed = (outputs - 1)
            .saturating_mul(self.stride[axis])
            .saturating_add(self.extent(axis));
        let total = needed.saturating_sub(size);
        (total / 2, total - total / 2)
    }

    /// Padding above and left of a map.
    pub fn before(self, input: Shape) -> [usize; 2] {
        [self.padding(0, input.height).0, self.padding(1, input.width).0]
    }

    /// The shape of what the window makes of a map, with as many channels; empty where no window fits.
    pub fn output(self, input: Shape) -> Shape {
        Shape {
            height: self.outputs(0, input.height),
            width: self.outputs(1, input.width),
            channels: input.channels,
        }
    }

    /// The position along an axis of `size` inputs that one tap of one output's window reads; none in the padding.
    pub fn position(self, axis: usize, size: usize, output: usize, tap: usize) -> Option<usize> {
        let before = self.padding(axis, size).0;
        let position = (output * self.stride[axis] + tap * self.dilation[axis]).checked_sub(before)?;
        (position < size).then_some(position)
    }
}

/// Where an output cell of a bilinear interpolation lies between two input cells of a side of `len`, `times` as many: both
/// cells, and the share of the second.
pub(super) fn between(out: usize, times: usize, len: usize) -> ([usize; 2], f64) {
    let at = (out as f64 + 0.5) / times as f64 - 0.5;
    let low = at.floor();
    let cell = |at: f64| (at.max(0.0) as usize).min(len.saturating_sub(1));
    ([cell(low), cell(low + 1.0)], at - low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_is_tensorflows() {
        let pool = Window::square(3, 2, Padding::Same);
        // an even side such as 74 is padded (0, 1), an odd one (1, 1)
        assert_eq!((pool.outputs(0, 74), pool.padding(0, 74)), (37, (0, 1)));
        assert_eq!((pool.outputs(0, 37), pool.padding(0, 37)), (19, (1, 1)));
        let shortcut = Window::square(1, 2, Padding::Same);
        assert_eq!((shortcut.outputs(1, 74), shortcut.padding(1, 74)), (37, (0, 0)));
        let dilated = Window {
            dilation: [2; 2],
            ..Window::square(3, 1, Padding::Same)
        };
        assert_eq!((dilated.outputs(0, 10), dilated.padding(0, 10)), (10, (2, 2)));
    }

    #[test]
    fn zeros_around_a_map_are_not_same_padding() {
        let window = Window {
            padding: Padding::Zeros {
                before: [0, 1],
                after: [1, 1],
            },
            ..Window::square(3, 2, Padding::Valid)
        };
        // an even side with (0, 1) as `same` has it, and with (1, 1)
        assert_eq!((window.outputs(0, 74), window.padding(0, 74)), (37, (0, 1)));
        assert_eq!((window.outputs(1, 74), window.padding(1, 74)), (37, (1, 1)));
        assert_eq!(window.position(1, 74, 0, 0), None);
        assert_eq!(window.position(1, 74, 0, 1), Some(0));
    }

    #[test]
    fn a_window_that_does_not_fit_has_no_output() {
        let window = Window::square(7, 7, Padding::Valid);
        assert_eq!(
            (window.outputs(0, 6), window.outputs(0, 7), window.outputs(0, 13)),
            (0, 1, 1)
        );
        let input = Shape {
            height: 5,
            width: 10,
            channels: 3,
        };
        assert!(window.output(input).is_empty());
    }

    #[test]
    fn positions_outside_are_padding() {
        let window = Window::square(3, 2, Padding::Same);
        let reads = |output| [0, 1, 2].map(|tap| window.position(0, 5, output, tap));
        assert_eq!(reads(0), [None, Some(0), Some(1)]);
        assert_eq!(reads(2), [Some(3), Some(4), None]);
    }
}
