//! Maps beside boxes: what is in them, and maps that are wrong on purpose.

/// Changes a map, `[height, width]` of the given width.
pub type Distort = fn(&[f32], usize) -> Vec<f32>;

/// Maps that are wrong on purpose.
pub const WRONG: [(&str, Distort); 3] = [
    ("mirrored", |heat, width| {
        heat.chunks(width).flat_map(|row| row.iter().rev().copied()).collect()
    }),
    ("upside down", |heat, width| {
        heat.chunks(width).rev().flatten().copied().collect()
    }),
    ("transposed", |heat, width| {
        (0..heat.len())
            .map(|at| heat[at % width * width + at / width])
            .collect()
    }),
];

/// The position of the maximum.
pub fn peak(heat: &[f32], width: usize) -> [usize; 2] {
    let at = (0..heat.len()).max_by(|&a, &b| heat[a].total_cmp(&heat[b])).unwrap();
    [at % width, at / width]
}

/// A map's share inside a box (left, top, right, bottom; right and bottom are the first outside), divided by the box's
/// share of the picture.
pub fn energy(heat: &[f32], width: usize, [left, top, right, bottom]: [usize; 4]) -> f64 {
    let all: f64 = heat.iter().map(|&h| f64::from(h)).sum();
    let inside: f64 = (top..bottom)
        .flat_map(|y| (left..right).map(move |x| y * width + x))
        .map(|at| f64::from(heat[at]))
        .sum();
    let area = ((right - left) * (bottom - top)) as f64 / heat.len() as f64;
    inside / all / area
}
