//! What kernels are written against: a vector of floats, and the few things that differ between instruction sets.

#[cfg(target_arch = "aarch64")]
use pulp::aarch64::Neon;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
use pulp::{Scalar256b, Simd};

use super::transpose;

/// Work that is compiled for each instruction set.
///
/// `run` and everything it calls per vector must be `#[inline(always)]`: only inlined code gets the instructions.
pub(super) trait Kernel {
    type Output;

    fn run<S: Lanes>(self, simd: S) -> Self::Output;
}

/// A vector of floats, and how many rows of the matrix product its register file holds.
pub(super) trait Lanes: Simd {
    /// Rows of a tile: two accumulators each, beside two vectors of weights and one broadcast value.
    const ROWS: usize;

    /// `a * b + c`, in one rounding where the processor can.
    fn multiply_add(self, a: Self::f32s, b: Self::f32s, c: Self::f32s) -> Self::f32s;

    /// Transposes a square of as many rows as a vector has lanes, which lie `side` floats apart.
    #[inline(always)]
    fn transpose(self, source: &[f32], target: &mut [f32], side: usize) {
        transpose::by_fours(Self::F32_LANES, source, target, side);
    }
}

/// 32 registers: 24 accumulators.
#[cfg(target_arch = "x86_64")]
impl Lanes for V4 {
    const ROWS: usize = 12;

    #[inline(always)]
    fn multiply_add(self, a: Self::f32s, b: Self::f32s, c: Self::f32s) -> Self::f32s {
        self.mul_add_f32s(a, b, c)
    }

    #[inline(always)]
    fn transpose(self, source: &[f32], target: &mut [f32], side: usize) {
        transpose::by_sixteen(self, source, target, side);
    }
}

/// 16 registers: 12 accumulators.
#[cfg(target_arch = "x86_64")]
impl Lanes for V3 {
    const ROWS: usize = 6;

    #[inline(always)]
    fn multiply_add(self, a: Self::f32s, b: Self::f32s, c: Self::f32s) -> Self::f32s {
        self.mul_add_f32s(a, b, c)
    }
}

/// 32 registers: 24 accumulators.
#[cfg(target_arch = "aarch64")]
impl Lanes for Neon {
    const ROWS: usize = 12;

    #[inline(always)]
    fn multiply_add(self, a: Self::f32s, b: Self::f32s, c: Self::f32s) -> Self::f32s {
        self.mul_add_f32s(a, b, c)
    }
}

/// Whatever the compiler makes of eight floats: two registers of SSE2 in a plain x86-64 build, where a fused
/// multiply-add would be a call into the mathematics library.
impl Lanes for Scalar256b {
    const ROWS: usize = 2;

    #[inline(always)]
    fn multiply_add(self, a: Self::f32s, b: Self::f32s, c: Self::f32s) -> Self::f32s {
        self.add_f32s(self.mul_f32s(a, b), c)
    }
}

#[cfg(test)]
impl Lanes for pulp::Scalar128b {
    const ROWS: usize = 12;

    #[inline(always)]
    fn multiply_add(self, a: Self::f32s, b: Self::f32s, c: Self::f32s) -> Self::f32s {
        self.add_f32s(self.mul_f32s(a, b), c)
    }
}
