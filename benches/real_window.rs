//! Frames of the real window with a photo of 24 megapixels: `cargo bench --bench real_window`.
//!
//! Opens the program's own window (eframe, glow), drops the photo on it, plays inputs and measures everything from one
//! frame to the next: layout, painting, the graphics driver and the exchange with the display. Without a GPU:
//! `LIBGL_ALWAYS_SOFTWARE=1 xvfb-run -s "-screen 0 1400x900x24" cargo bench --bench real_window`.
//! The pointer of the system must stay away from the window. `window.rs` measures the same without a display.

#[path = "real_window/flipping.rs"]
mod flipping;
#[path = "real_window/memory.rs"]
mod memory;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use cpu_time::{ProcessTime, ThreadTime};
use egui::accesskit::{Node, Role};
use egui::{Context, Event, FullOutput, Modifiers, PointerButton, Pos2, RawInput, Rect, Ui, Vec2, ViewportCommand};
use gradcam_explorer::explorer::{DeviceChoice, NetworkSource, Surroundings};
use gradcam_explorer::gui::camera::Camera;
use gradcam_explorer::gui::state::State;
use gradcam_explorer::gui::{ExplorerApp, Options, native_options};
use gradcam_explorer::weights::BuiltIn;

use flipping::Flipping;

/// Frames measured for each gesture.
const FRAMES: usize = 400;
/// Frames between two parts, for what fades in and out.
const PAUSE: usize = 60;
/// Nobody does anything for so long before idleness is measured, and then for so long while it is.
const IDLE: [Duration; 2] = [Duration::from_secs(3), Duration::from_secs(10)];

fn main() -> ExitCode {
    let folder = tempfile::tempdir().expect("a folder for the photo");
    let photo = large_photo(folder.path());
    let flipping = Flipping::new(folder.path());
    let settings = folder.path().join("settings.ron");
    let mut native = native_options(Some(settings.clone()));
    native.glow_options.vsync = false;
    let options = Options {
        images: Vec::new(),
        // as the program starts, so that the driver has drawn a photo and a map before
        greet: true,
        source: NetworkSource::BuiltIn(BuiltIn::Drawings),
        choices: Default::default(),
        input: Default::default(),
        device: DeviceChoice::Cpu,
        settings: Some(settings),
        surroundings: Surroundings::of_process(),
    };
    let opened = eframe::run_native(
        "gradcam-explorer-bench",
        native,
        Box::new(move |cc| {
            Ok(Box::new(Bench::new(
                cc,
                ExplorerApp::new(cc, options)?,
                photo,
                flipping,
            )))
        }),
    );
    match opened {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let reason = error.to_string();
            let reason = reason.trim_end_matches('.');
            eprintln!("This benchmark needs a display and OpenGL to open the window ({reason}).");
            ExitCode::FAILURE
        }
    }
}

/// 6000 by 4000 pixels of gradients, waves and grain as JPEG, about as large as a camera's.
fn large_photo(folder: &Path) -> PathBuf {
    let mut seed = 1_u32;
    let photo = image::RgbImage::from_fn(6000, 4000, |x, y| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = (seed >> 28) as f32;
        let wave = |scale: f32| 50.0 * (x as f32 / scale + y as f32 / 90.0).sin();
        let light = 60.0 + x as f32 / 80.0 + y as f32 / 100.0 + grain;
        image::Rgb([70.0, 130.0, 310.0].map(|scale| (light + wave(scale)) as u8))
    });
    let path = folder.join("24-megapixels.jpg");
    photo.save(&path).expect("room for the photo");
    path
}

/// A part of the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Until the network is there and the empty window has settled.
    Start,
    /// From the drop until the photo's map is shown.
    Opening,
    /// Frames in which nothing changes, for comparison.
    Still,
    Blend,
    Hover,
    Pan,
    Zoom,
    Compare,
    /// Through folders of photos, by keys.
    Flip,
    Idle,
}

/// Those with gestures, in this order.
const GESTURES: [(Part, &str); 6] = [
    (Part::Still, "nothing moves"),
    (Part::Blend, "dragging the blend"),
    (Part::Hover, "hovering over the classes"),
    (Part::Pan, "panning a zoomed photo"),
    (Part::Zoom, "zooming by the wheel"),
    (Part::Compare, "panning two pictures"),
];

/// The clocks at the beginning of a frame.
#[derive(Clone, Copy)]
struct Clocks {
    thread: ThreadTime,
    process: ProcessTime,
    wall: Instant,
}

impl Clocks {
    fn now() -> Self {
        Self {
            thread: ThreadTime::now(),
            process: ProcessTime::now(),
            wall: Instant::now(),
        }
    }

    /// Milliseconds since then: of the window's thread, of the process, and of the day.
    fn elapsed(&self) -> [f64; 3] {
        [self.thread.elapsed(), self.process.elapsed(), self.wall.elapsed()].map(|time| time.as_secs_f64() * 1e3)
    }
}

/// What is where on the window.
#[derive(Clone, Copy)]
struct Places {
    blend: Rect,
    first_row: Rect,
    picture: Rect,
}

/// The app in the benchmark's hands.
struct Bench {
    app: ExplorerApp,
    photo: PathBuf,
    part: Part,
    /// Frames of this part so far; those of the pause before it count from below zero.
    frame: isize,
    last: Option<Clocks>,
    /// Of each frame: the three clocks and, once it is known, eframe's own measure.
    times: Vec<[f64; 4]>,
    nodes: Receiver<Vec<Node>>,
    places: Option<Places>,
    /// How often the blend, the class under the pointer or the view changed in this part.
    changes: usize,
    seen: Option<(f32, Option<usize>, Camera)>,
    painted: Arc<AtomicUsize>,
    flipping: Flipping,
    idle: Option<Receiver<(Duration, usize)>>,
}

impl Bench {
    fn new(cc: &eframe::CreationContext<'_>, app: ExplorerApp, photo: PathBuf, flipping: Flipping) -> Self {
        let (sender, nodes) = channel();
        cc.egui_ctx.add_plugin(TreeReader(sender));
        Self {
            app,
            photo,
            part: Part::Start,
            frame: 0,
            last: None,
            times: Vec::new(),
            nodes,
            places: None,
            changes: 0,
            seen: None,
            painted: Arc::default(),
            flipping,
            idle: None,
        }
    }

    fn enter(&mut self, part: Part) {
        let compares = self.app.state().compare.is_some();
        if compares != (part == Part::Compare) {
            self.app.state_mut().toggle_compare();
        }
        self.part = part;
        self.frame = -(PAUSE as isize);
        self.times.clear();
        self.changes = 0;
    }

    /// Goes on to the next part once this one is complete.
    fn advance(&mut self, ctx: &Context) {
        let state = self.app.state();
        match self.part {
            Part::Start if state.shown.is_some() && self.frame > 2 * PAUSE as isize => self.enter(Part::Opening),
            Part::Opening if is_complete(state) && self.frame > PAUSE as isize => {
                report_opening(ctx, &self.times);
                memory::report("with a photo of 24 megapixels");
                ctx.enable_accesskit();
                self.enter(Part::Still);
            }
            Part::Flip if self.flipping.is_done() => self.enter(Part::Idle),
            Part::Start | Part::Opening | Part::Flip | Part::Idle => {}
            // One more frame than is reported lets go of what is dragged.
            gesture if self.times.len() > FRAMES => {
                let position = GESTURES
                    .iter()
                    .position(|(part, _)| *part == gesture)
                    .expect("a gesture");
                report(GESTURES[position].1, &self.times[..FRAMES]);
                assert!(
                    gesture == Part::Still || self.changes > FRAMES / 8,
                    "{gesture:?} changed nothing"
                );
                self.enter(GESTURES.get(position + 1).map_or(Part::Flip, |(part, _)| *part));
            }
            _ => {}
        }
    }

    /// What the pointer does in this frame.
    fn script(&mut self, input: &mut RawInput) {
        let frame = self.frame;
        if self.part == Part::Opening && frame == 0 {
            input.dropped_files.push(Arc::new(Dropped(self.photo.clone())));
        }
        let Some(Places {
            blend,
            first_row,
            picture,
        }) = self.places
        else {
            return;
        };
        let turn = frame as f32 / 30.0;
        let circle = picture.center() + 100.0 * Vec2::angled(turn);
        let drag = match self.part {
            Part::Blend => Some(blend.center() + Vec2::new(0.45 * blend.width() * turn.sin(), 0.0)),
            Part::Pan | Part::Compare => Some(circle),
            _ => None,
        };
        let events = &mut input.events;
        if let Some(to) = drag {
            events.push(Event::PointerMoved(to));
            if frame == -10 || frame == FRAMES as isize {
                events.push(Event::PointerButton {
                    pos: to,
                    button: PointerButton::Primary,
                    pressed: frame < 0,
                    modifiers: Modifiers::NONE,
                });
            }
        }
        match self.part {
            // The photo is to be larger than its place, so that there is something to pan.
            Part::Pan | Part::Compare if (-50..-40).contains(&frame) => events.push(wheel(40.0)),
            Part::Hover if frame >= 0 => {
                let down = (frame % 32) as f32 / 4.0 * first_row.height();
                events.push(Event::PointerMoved(first_row.center() + Vec2::new(0.0, down)));
            }
            Part::Zoom if frame >= 0 => {
                events.push(Event::PointerMoved(picture.center()));
                events.push(wheel(if frame / 20 % 2 == 0 { 15.0 } else { -15.0 }));
            }
            _ => {}
        }
    }

    /// Looks for the places that the script needs.
    fn find_places(&mut self, ctx: &Context) {
        let Some(nodes) = self.nodes.try_iter().last() else {
            return;
        };
        ctx.disable_accesskit();
        let state: &State = self.app.state();
        let first = state.class_name(state.listed()[0]);
        let find = |role: Role, label: Option<&str>| {
            let fits = |node: &&Node| node.role() == role && (label.is_none() || node.label() == label);
            let bounds = nodes.iter().find(fits).and_then(Node::bounds).expect("a widget");
            Rect::from_two_pos(
                Pos2::new(bounds.x0 as f32, bounds.y0 as f32),
                Pos2::new(bounds.x1 as f32, bounds.y1 as f32),
            )
        };
        self.places = Some(Places {
            blend: find(Role::Slider, Some("Blend")),
            first_row: find(Role::Button, Some(&first)),
            picture: find(Role::Image, None),
        });
    }

    /// Waits for the end of the idle time without asking for frames.
    fn rest(&mut self, ctx: &Context) {
        let Some(idle) = &self.idle else {
            let (sender, receiver) = channel();
            let (ctx, painted) = (ctx.clone(), self.painted.clone());
            std::thread::spawn(move || {
                std::thread::sleep(IDLE[0]);
                let (start, before) = (ProcessTime::now(), painted.load(Ordering::Relaxed));
                std::thread::sleep(IDLE[1]);
                let _ = sender.send((start.elapsed(), painted.load(Ordering::Relaxed) - before));
                ctx.request_repaint();
            });
            self.idle = Some(receiver);
            return;
        };
        if let Ok((cpu, frames)) = idle.try_recv() {
            println!(
                "idle for {:?}: {:.1} ms of CPU, {frames} frames",
                IDLE[1],
                cpu.as_secs_f64() * 1e3
            );
            memory::report("in the end");
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }
}

impl eframe::App for Bench {
    fn raw_input_hook(&mut self, ctx: &Context, input: &mut RawInput) {
        self.painted.fetch_add(1, Ordering::Relaxed);
        if let Some(last) = self.last
            && self.frame > 0
        {
            let [thread, process, wall] = last.elapsed();
            self.times.push([thread, process, wall, f64::NAN]);
        }
        self.advance(ctx);
        self.script(input);
        if self.part == Part::Flip {
            self.flipping.begin(self.app.state_mut(), input);
        }
        self.frame += 1;
        self.last = Some(Clocks::now());
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        // eframe says only now what the frame before has cost.
        if let (Some(times), Some(usage)) = (self.times.last_mut(), frame.info().cpu_usage) {
            times[3] = f64::from(usage) * 1e3;
        }
        self.app.ui(ui, frame);
        let ctx = ui.ctx();
        let state = self.app.state();
        let seen = Some((state.choices.blend, state.preview, state.camera));
        self.changes += usize::from(self.seen != seen);
        self.seen = seen;
        if self.places.is_none() {
            self.find_places(ctx);
        }
        match self.part {
            Part::Idle => self.rest(ctx),
            Part::Flip => self.flipping.end(ctx, self.app.state()),
            _ => ctx.request_repaint(),
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        self.app.clear_color(visuals)
    }
}

/// Median and 99th percentile of every clock.
fn report(name: &str, times: &[[f64; 4]]) {
    let column = |clock: usize| {
        let mut sorted: Vec<f64> = times
            .iter()
            .map(|frame| frame[clock])
            .filter(|time| !time.is_nan())
            .collect();
        sorted.sort_by(f64::total_cmp);
        format!(
            "{:>7.2} {:>7.2}",
            sorted[sorted.len() / 2],
            sorted[sorted.len() * 99 / 100]
        )
    };
    println!(
        "{name:<26} | {} | {} | {} | {}",
        column(0),
        column(1),
        column(3),
        column(2)
    );
}

/// Whether the photo and its map are in the picture.
fn is_complete(state: &State) -> bool {
    let photo = state.images.current().filter(|image| image.size[0] == 6000);
    photo.is_some_and(|photo| photo.display.is_some()) && state.shown.is_some() && !state.is_waiting_for_map()
}

/// The longest frame while the photo was opened, and the heading of the table.
fn report_opening(ctx: &Context, times: &[[f64; 4]]) {
    let longest = |clock: usize| times.iter().map(|frame| frame[clock]).fold(0.0, f64::max);
    let total: f64 = times.iter().map(|frame| frame[2]).sum();
    let size = ctx.content_rect().size() * ctx.pixels_per_point();
    println!(
        "window of {} x {} pixels, {FRAMES} frames a row, milliseconds",
        size.x, size.y
    );
    println!(
        "opening: {} frames in {total:.0} ms; the longest took {:.1} ms, of which its thread computed at most {:.1} ms",
        times.len(),
        longest(2),
        longest(0),
    );
    println!(
        "{:<26} | thread: p50, p99 | process        | eframe          | wall",
        "a frame"
    );
}

fn wheel(up: f32) -> Event {
    Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: Vec2::new(0.0, up),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    }
}

/// Passes on what the window says to screen readers, which is how the script finds things.
struct TreeReader(Sender<Vec<Node>>);

impl egui::Plugin for TreeReader {
    fn debug_name(&self) -> &'static str {
        "tree reader"
    }

    fn output_hook(&mut self, _ctx: &Context, output: &mut FullOutput) {
        if let Some(update) = output.platform_output.accesskit_update.take() {
            let _ = self.0.send(update.nodes.into_iter().map(|(_, node)| node).collect());
        }
    }
}

/// A file let go over the window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}
