//! Pictures at the sizes of cameras: decoding, the network's input, display copies and overlays.
//!
//! `cargo bench --bench pictures`; a filter such as `-- overlay` runs a part of it. Nothing else should run meanwhile.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gradcam_explorer::explorer::DISPLAY_SIDE;
use gradcam_explorer::imaging::{self, Colormap, Limits, Photo, Resize};

/// Sides of the network's input and of the map at its last feature layer.
const INPUT: u32 = 299;
const MAP: usize = 10;

/// Names and sizes of photos, width and height.
const SIZES: [(&str, u32, u32); 2] = [("1 MP", 1152, 864), ("24 MP", 6000, 4000)];

/// Smooth colours with a little noise, about as hard to compress as a photograph.
fn photo(width: u32, height: u32) -> Photo {
    let mut noise = 1_u32;
    let rgb = (0..height)
        .flat_map(|y| (0..width).flat_map(move |x| [x / 9 + y / 17, x / 23 + y / 7, (x + y) / 13]))
        .map(|value| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (value + (noise >> 29)) as u8
        })
        .collect();
    Photo::new(width, height, rgb).expect("three bytes a pixel")
}

fn pictures(c: &mut Criterion) {
    let photos = SIZES.map(|(name, width, height)| (name, photo(width, height)));
    let heat: Vec<f32> = (0..MAP * MAP).map(|cell| cell as f32 / (MAP * MAP) as f32).collect();

    let mut group = c.benchmark_group("decode PNG");
    group.sample_size(10);
    for (name, photo) in &photos {
        let png = imaging::encode_png(photo).expect("a photo that fits in memory");
        group.bench_function(*name, |b| {
            b.iter(|| imaging::decode(black_box(&png), &Limits::default()).expect("a whole PNG"));
        });
    }
    group.finish();

    let mut group = c.benchmark_group("decode JPEG");
    group.sample_size(10);
    for (name, photo) in &photos {
        let mut jpeg = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 90)
            .encode(&photo.rgb, photo.width, photo.height, image::ExtendedColorType::Rgb8)
            .expect("a photo that fits in memory");
        group.bench_function(*name, |b| {
            b.iter(|| imaging::decode(black_box(&jpeg), &Limits::default()).expect("a whole JPEG"));
        });
        // what the `image` crate's own decoder takes, for comparison
        group.bench_function(BenchmarkId::new("image", name), |b| {
            b.iter(|| {
                image::load_from_memory(black_box(&jpeg))
                    .expect("a whole JPEG")
                    .into_rgb8()
            });
        });
    }
    group.finish();

    let mut group = c.benchmark_group("network input");
    group.sample_size(20);
    for resize in Resize::ALL {
        for (name, photo) in &photos {
            group.bench_function(BenchmarkId::new(resize.name(), name), |b| {
                b.iter(|| imaging::network_input(black_box(photo), INPUT, INPUT, resize.into()));
            });
        }
    }
    group.finish();

    let mut group = c.benchmark_group("overlay");
    group.sample_size(20);
    for (name, photo) in &photos {
        group.bench_function(*name, |b| {
            b.iter(|| imaging::overlay(black_box(photo), &heat, MAP, MAP, Colormap::Jet, 0.4));
        });
    }
    group.finish();

    let mut group = c.benchmark_group("thumbnail");
    group.sample_size(10);
    for (name, photo) in photos.iter().filter(|(_, photo)| photo.width > DISPLAY_SIDE) {
        group.bench_function(*name, |b| b.iter(|| imaging::thumbnail(black_box(photo), DISPLAY_SIDE)));
    }
    group.finish();
}

criterion_group!(benches, pictures);
criterion_main!(benches);
