//! Transposing squares of floats, for the weights of the vector-Jacobian products.

/// Transposes a square of as many rows as a vector has lanes, four by four: the compiler makes shuffles of that, but none
/// of larger squares. Rows lie `side` floats apart.
#[inline(always)]
pub(super) fn by_fours(lanes: usize, source: &[f32], target: &mut [f32], side: usize) {
    for row in (0..lanes).step_by(4) {
        for column in (0..lanes).step_by(4) {
            let [a, b, c, d] = [0, 1, 2, 3].map(|line| &source[(row + line) * side + column..][..4]);
            for k in 0..4 {
                target[(column + k) * side + row..][..4].copy_from_slice(&[a[k], b[k], c[k], d[k]]);
            }
        }
    }
}

/// As [`by_fours`] for sixteen lanes, with each line of the cache read and written once.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn by_sixteen(simd: pulp::x86::V4, source: &[f32], target: &mut [f32], side: usize) {
    let simd = simd.avx512f;
    let mut rows = [simd._mm512_setzero_ps(); 16];
    // as text, so that all rows are registers
    macro_rules! load {
        ($($row:literal)*) => {
            $(rows[$row] = bytemuck::pod_read_unaligned(bytemuck::cast_slice(&source[$row * side..][..16]));)*
        };
    }
    macro_rules! exchange {
        ($low:ident $high:ident: $($a:literal $b:literal),*) => {
            $((rows[$a], rows[$b]) = (simd.$low(rows[$a], rows[$b]), simd.$high(rows[$a], rows[$b]));)*
        };
    }
    macro_rules! exchange_pairs {
        ($($a:literal $b:literal),*) => {
            $(
                let (a, b) = (simd._mm512_castps_pd(rows[$a]), simd._mm512_castps_pd(rows[$b]));
                rows[$a] = simd._mm512_castpd_ps(simd._mm512_unpacklo_pd(a, b));
                rows[$b] = simd._mm512_castpd_ps(simd._mm512_unpackhi_pd(a, b));
            )*
        };
    }
    macro_rules! exchange_quarters {
        ($($a:literal $b:literal),*) => {
            $(
                let (a, b) = (rows[$a], rows[$b]);
                rows[$a] = simd._mm512_shuffle_f32x4::<0x88>(a, b);
                rows[$b] = simd._mm512_shuffle_f32x4::<0xdd>(a, b);
            )*
        };
    }
    macro_rules! store {
        ($($column:literal from $row:literal),*) => {
            $(target[$column * side..][..16].copy_from_slice(bytemuck::cast_slice(&rows[$row..=$row]));)*
        };
    }
    load!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    exchange!(_mm512_unpacklo_ps _mm512_unpackhi_ps: 0 1, 2 3, 4 5, 6 7, 8 9, 10 11, 12 13, 14 15);
    exchange_pairs!(0 2, 1 3, 4 6, 5 7, 8 10, 9 11, 12 14, 13 15);
    // each quarter of a register is now a column of four rows
    exchange_quarters!(0 4, 1 5, 2 6, 3 7, 8 12, 9 13, 10 14, 11 15);
    exchange_quarters!(0 8, 1 9, 2 10, 3 11, 4 12, 5 13, 6 14, 7 15);
    store!(
        0 from 0, 1 from 2, 2 from 1, 3 from 3, 4 from 4, 5 from 6, 6 from 5, 7 from 7,
        8 from 8, 9 from 10, 10 from 9, 11 from 11, 12 from 12, 13 from 14, 14 from 13, 15 from 15
    );
}
