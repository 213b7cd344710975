//! The instruction sets a kernel can run with, chosen when the program runs.
//!
//! Kernels are written once against [`Lanes`] and compiled for each instruction set. The vectors come from `pulp`,
//! whose tokens prove that the processor has the instructions; this is why no kernel needs `unsafe`.

use std::fmt;

#[cfg(target_arch = "aarch64")]
use pulp::aarch64::Neon;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
use pulp::{NullaryFnOnce, Scalar256b, Simd};

use super::transpose;

/// An instruction set that this processor has.
#[derive(Clone, Copy)]
pub struct Isa(Token);

#[derive(Clone, Copy)]
enum Token {
    #[cfg(target_arch = "x86_64")]
    Avx512(V4),
    #[cfg(target_arch = "x86_64")]
    Avx2(V3),
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
    Portable(Scalar256b),
    /// Vectors and tiles of the size of NEON's, in plain floats, so that tests cover them on every machine.
    #[cfg(test)]
    LikeNeon(pulp::Scalar128b),
}

impl Isa {
    /// Everything this processor can run, fastest first; the portable path is always there.
    pub fn available() -> Vec<Self> {
        let tokens = [
            #[cfg(target_arch = "x86_64")]
            V4::try_new().map(Token::Avx512),
            #[cfg(target_arch = "x86_64")]
            V3::try_new().map(Token::Avx2),
            #[cfg(target_arch = "aarch64")]
            Neon::try_new().map(Token::Neon),
            Some(Token::Portable(Scalar256b)),
            #[cfg(test)]
            Some(Token::LikeNeon(pulp::Scalar128b)),
        ];
        tokens.into_iter().flatten().map(Self).collect()
    }

    /// The fastest.
    pub fn best() -> Self {
        Self::available()
            .first()
            .copied()
            .unwrap_or(Self(Token::Portable(Scalar256b)))
    }

    /// Floats in one vector.
    pub(super) fn lanes(self) -> usize {
        self.run(LaneCount)
    }

    /// Runs a kernel compiled for this instruction set.
    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Token::Avx512(simd) => simd.vectorize(Call(simd, kernel)),
            #[cfg(target_arch = "x86_64")]
            Token::Avx2(simd) => simd.vectorize(Call(simd, kernel)),
            #[cfg(target_arch = "aarch64")]
            Token::Neon(simd) => simd.vectorize(Call(simd, kernel)),
            Token::Portable(simd) => kernel.run(simd),
            #[cfg(test)]
            Token::LikeNeon(simd) => kernel.run(simd),
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            #[cfg(target_arch = "x86_64")]
            Token::Avx512(_) => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Token::Avx2(_) => "AVX2",
            #[cfg(target_arch = "aarch64")]
            Token::Neon(_) => "NEON",
            Token::Portable(_) => "portable",
            #[cfg(test)]
            Token::LikeNeon(_) => "like NEON",
        })
    }
}

impl fmt::Debug for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

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

/// A kernel together with its instruction set, in the form pulp runs.
struct Call<S, K>(S, K);

impl<S: Lanes, K: Kernel> NullaryFnOnce for Call<S, K> {
    type Output = K::Output;

    #[inline(always)]
    fn call(self) -> K::Output {
        self.1.run(self.0)
    }
}

struct LaneCount;

impl Kernel for LaneCount {
    type Output = usize;

    #[inline(always)]
    fn run<S: Lanes>(self, _: S) -> usize {
        S::F32_LANES
    }
}
