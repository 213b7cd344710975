//! Painting over a photo: how often a second classes and map follow, and how long a frame takes meanwhile:
//! `cargo bench --bench painting`, with the network in the box; `cargo bench --bench painting -- WEIGHTS` with another.
//!
//! A hand draws for some seconds, with a mouse that tells its place 125 times a second. A frame is made whenever it does or
//! the session has something to say, as a window does whose screen keeps up. Counted are layout, commands, tessellation and
//! the textures that a frame uploads, copied once as a driver would; what the graphics driver itself does is not.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, Vec2, accesskit};
use egui_kittest::Harness;
use egui_kittest::kittest::NodeT as _;
use gradcam_explorer::explorer::{DeviceChoice, InputChoices, NetworkSource, Surroundings};
use gradcam_explorer::gui::state::BrushKind;
use gradcam_explorer::gui::{ExplorerApp, Options};
use gradcam_explorer::samples::photographs;
use gradcam_explorer::weights::{BuiltIn, NetworkChoices};

/// For how long each brush draws.
const DRAWING: Duration = Duration::from_secs(4);
/// From one place of the mouse to the next.
const MOUSE: Duration = Duration::from_millis(8);

fn main() {
    // cargo passes options of its own
    let weights = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let folder = tempfile::tempdir().expect("a folder for the photos");
    let sample = &photographs()[0];
    let small = folder.path().join(sample.file);
    std::fs::write(&small, sample.bytes).expect("room for the photo");
    let large = large_photo(folder.path());
    for (name, photo) in [("a photo of the box", small), ("24 megapixels", large)] {
        let source = match &weights {
            Some(file) => NetworkSource::File(file.into()),
            None => NetworkSource::BuiltIn(BuiltIn::Photographs),
        };
        measure(name, photo, source);
    }
}

fn measure(name: &str, photo: PathBuf, source: NetworkSource) {
    let options = Options {
        images: vec![photo],
        greet: false,
        source,
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
    while harness.state().state().shown.is_none() {
        frame(&mut harness);
        std::thread::sleep(Duration::from_millis(1));
    }
    let state = harness.state().state();
    let network = state
        .network
        .as_ref()
        .map_or("", |network| network.weights.name.as_str());
    println!("{network}, {name}");
    for kind in BrushKind::ALL {
        if kind == BrushKind::Clone {
            continue;
        }
        harness.state_mut().state_mut().brush.kind = kind;
        draw(&mut harness, kind.describe().0);
    }
}

/// Takes the brush, draws, and puts it away.
fn draw(harness: &mut Harness<'_, ExplorerApp>, name: &str) {
    harness.key_press(Key::B);
    harness.event(Event::Text("b".to_owned()));
    frame(harness);
    frame(harness);
    assert!(harness.state().state().brushing.is_some(), "the brush is taken");
    let picture = picture(harness);
    let place = |share: f32| {
        let angle = 20.0 * share;
        picture.center() + 0.35 * picture.height() * Vec2::new(angle.cos(), (1.3 * angle).sin())
    };
    let button = |pos: Pos2, pressed: bool| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    harness.event(Event::PointerMoved(place(0.0)));
    frame(harness);
    harness.event(button(place(0.0), true));
    let start = Instant::now();
    let mut moved = start;
    let mut frames: Vec<Duration> = Vec::new();
    let mut seen = seen_painting(harness);
    let mut updates = 0;
    let mut took: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    while start.elapsed() < DRAWING {
        if moved.elapsed() >= MOUSE {
            moved = Instant::now();
            let share = start.elapsed().as_secs_f32() / DRAWING.as_secs_f32();
            harness.event(Event::PointerMoved(place(share)));
        } else if !harness.ctx.has_requested_repaint() {
            std::thread::sleep(Duration::from_micros(200));
            continue;
        }
        frames.push(frame(harness));
        let now = seen_painting(harness);
        if now != seen {
            updates += 1;
            if let Some(prediction) = harness.state().state().prediction() {
                took[0].push(prediction.preprocess_ms);
                took[1].push(prediction.forward_ms);
            }
        }
        seen = now;
    }
    let seconds = start.elapsed().as_secs_f64();
    harness.event(button(place(1.0), false));
    frame(harness);
    let strokes = harness
        .state()
        .state()
        .painting()
        .map_or(0, |painting| painting.strokes().len());
    assert!(strokes > 0, "something is painted");
    harness.key_press(Key::Escape);
    frame(harness);
    frames.sort();
    let [input, pass] = took.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
    });
    println!(
        "  {name}: {:.1} updates a second (input {input:.1} ms, pass {pass:.1} ms); {} frames, median {:.2} ms, longest {:.2} ms",
        updates as f64 / seconds,
        frames.len(),
        ms(frames[frames.len() / 2]),
        ms(*frames.last().expect("frames")),
    );
}

/// What was painted over the photo of which classes and map are shown.
fn seen_painting(harness: &Harness<'_, ExplorerApp>) -> Option<gradcam_explorer::imaging::PaintingKey> {
    let state = harness.state().state();
    state.shown.as_ref()?.key.preprocessing.painting
}

/// One frame: layout, commands, tessellation, and a copy of what is uploaded.
fn frame(harness: &mut Harness<'_, ExplorerApp>) -> Duration {
    let start = Instant::now();
    harness.step();
    let ctx = harness.ctx.clone();
    let shapes = harness.output().shapes.clone();
    std::hint::black_box(ctx.tessellate(shapes, ctx.pixels_per_point()));
    start.elapsed()
}

/// 6000 by 4000 pixels of waves as JPEG.
fn large_photo(folder: &Path) -> PathBuf {
    let photo = image::RgbImage::from_fn(6000, 4000, |x, y| {
        let wave = |scale: f32| (128.0 + 120.0 * (x as f32 / scale + y as f32 / 90.0).sin()) as u8;
        image::Rgb([wave(70.0), wave(130.0), wave(310.0)])
    });
    let path = folder.join("24-megapixels.jpg");
    photo.save(&path).expect("room for the photo");
    path
}

fn picture(harness: &Harness<'_, ExplorerApp>) -> Rect {
    let mut nodes = harness.root().children_recursive();
    let image = nodes.find(|node| node.accesskit_node().role() == accesskit::Role::Image);
    image.expect("a picture").rect()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
