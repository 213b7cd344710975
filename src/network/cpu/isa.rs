//! The instruction sets a kernel can run with, chosen when the program runs.
//!
//! Kernels are written once against [`Lanes`] and compiled for each instruction set. The vectors come from `pulp`,
//! whose tokens prove that the processor has the instructions; this is why no kernel needs `unsafe`.

use std::fmt;

#[cfg(target_arch = "aarch64")]
use pulp::aarch64::Neon;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
use pulp::{NullaryFnOnce, Scalar256b};

use super::lanes::{Kernel, Lanes};

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
