//! CPU time of the window's frames with a 24-megapixel photo open: `cargo bench --bench window`.
//!
//! Counted are layout, commands and tessellation, and the textures that a frame uploads, copied once as a driver would.
//! What the graphics driver itself does is not: `scripts/screenshots.sh` runs the real window.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::{Event, Pos2, Rect, Vec2, accesskit};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use gradcam_explorer::explorer::{DeviceChoice, InputChoices, NetworkSource, Surroundings};
use gradcam_explorer::gui::{ExplorerApp, Options};
use gradcam_explorer::weights::{BuiltIn, NetworkChoices};

/// Frames measured for each gesture.
const FRAMES: usize = 300;

fn main() {
    let folder = std::env::temp_dir().join("gradcam-explorer-bench");
    std::fs::create_dir_all(&folder).expect("a folder for the photo");
    let photo = large_photo(&folder);
    let options = Options {
        images: vec![photo],
        greet: false,
        source: NetworkSource::BuiltIn(BuiltIn::Drawings),
        choices: NetworkChoices::default(),
        input: InputChoices::default(),
        device: DeviceChoice::Cpu,
        settings: None,
        surroundings: Surroundings::of_process(),
    };
    let mut harness = Harness::builder()
        .with_size(Vec2::new(1280.0, 800.0))
        .with_step_dt(1.0 / 60.0)
        .build_eframe(|cc| ExplorerApp::new(cc, options).expect("a window"));

    let mut slowest = Duration::ZERO;
    while harness.state().state().shown.is_none() {
        slowest = slowest.max(frame(&mut harness));
        std::thread::sleep(Duration::from_millis(1));
    }
    println!("opening: slowest frame {:.2} ms", ms(slowest));

    let picture = picture(&harness);
    let first = row(&harness, 0);
    let rows = harness.state().state().listed().len();
    measure(&mut harness, "hovering over the classes", |harness, i| {
        let below = (i % (rows * 4)) as f32 / 4.0 * first.height();
        harness.event(Event::PointerMoved(first.center() + Vec2::new(0.0, below)));
    });
    measure(&mut harness, "moving the blend", |harness, i| {
        let slider = harness.get_by_role_and_label(accesskit::Role::Slider, "Blend");
        slider.set_value_accesskit((i % 100) as f64 / 100.0);
    });
    measure(&mut harness, "zooming", |harness, i| {
        harness.event(Event::PointerMoved(picture.center()));
        harness.event(Event::Zoom(if i % 2 == 0 { 1.05 } else { 0.96 }));
    });
    measure(&mut harness, "moving over the picture", |harness, i| {
        let angle = i as f32 / 20.0;
        harness.event(Event::PointerMoved(picture.center() + 100.0 * Vec2::angled(angle)));
    });
}

/// 6000 by 4000 pixels of smooth noise as JPEG, made once.
fn large_photo(folder: &std::path::Path) -> PathBuf {
    let path = folder.join("24-megapixels.jpg");
    if !path.exists() {
        let photo = image::RgbImage::from_fn(6000, 4000, |x, y| {
            let wave =
                |scale: f32, phase: f32| (128.0 + 120.0 * (x as f32 / scale + phase + y as f32 / 90.0).sin()) as u8;
            image::Rgb([wave(70.0, 0.0), wave(130.0, 1.0), wave(310.0, 2.0)])
        });
        photo.save(&path).expect("room for the photo");
    }
    path
}

/// One frame: layout, commands, tessellation, and a copy of what is uploaded.
fn frame(harness: &mut Harness<'_, ExplorerApp>) -> Duration {
    let start = Instant::now();
    harness.step();
    let ctx = harness.ctx.clone();
    let shapes = harness.output().shapes.clone();
    let meshes = ctx.tessellate(shapes, ctx.pixels_per_point());
    std::hint::black_box(meshes);
    start.elapsed()
}

fn measure(
    harness: &mut Harness<'_, ExplorerApp>,
    name: &str,
    mut gesture: impl FnMut(&mut Harness<'_, ExplorerApp>, usize),
) {
    let mut times: Vec<Duration> = (0..FRAMES)
        .map(|i| {
            gesture(harness, i);
            frame(harness)
        })
        .collect();
    times.sort();
    println!(
        "{name}: median {:.2} ms, p99 {:.2} ms",
        ms(times[FRAMES / 2]),
        ms(times[FRAMES * 99 / 100])
    );
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn picture(harness: &Harness<'_, ExplorerApp>) -> Rect {
    let image = harness
        .root()
        .children_recursive()
        .find(|node| node.accesskit_node().role() == accesskit::Role::Image);
    image.map_or(
        Rect::from_min_size(Pos2::new(300.0, 100.0), Vec2::splat(300.0)),
        |node| node.rect(),
    )
}

fn row(harness: &Harness<'_, ExplorerApp>, position: usize) -> Rect {
    let state = harness.state().state();
    let name = state.class_name(state.listed()[position]);
    harness.get_by_role_and_label(accesskit::Role::Button, &name).rect()
}
