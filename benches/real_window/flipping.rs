//! Flipping through a folder of photos: from each press of a key to the next picture on the screen, and from the last one
//! to its map.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::{Context, Event, Key, Modifiers, RawInput};
use gradcam_explorer::explorer::NetworkSource;
use gradcam_explorer::gui::command::Command;
use gradcam_explorer::gui::state::State;
use gradcam_explorer::weights::BuiltIn;

use super::memory;

/// Photos in the folder.
const PHOTOS: u32 = 60;

/// How a person presses the key: how often, and with how much time between.
const WAYS: [(&str, usize, Duration); 3] = [
    ("pressed one by one", 15, Duration::from_millis(400)),
    ("pressed quickly", 30, Duration::from_millis(120)),
    ("held", 50, Duration::from_millis(33)),
];

/// Photos of one to five megapixels with gradients, waves and grain.
fn photos(folder: &Path) {
    let mut seed = 1_u32;
    for number in 0..PHOTOS {
        let width = 1160 + 24 * number;
        let photo = image::RgbImage::from_fn(width, width * 3 / 4, |x, y| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = (seed >> 28) as f32;
            let wave = |scale: f32| 50.0 * ((x + 40 * number) as f32 / scale + y as f32 / 90.0).sin();
            let light = 60.0 + x as f32 / 40.0 + y as f32 / 50.0 + grain;
            image::Rgb([70.0, 130.0, 310.0].map(|scale| (light + wave(scale)) as u8))
        });
        photo
            .save(folder.join(format!("{number:02}.jpg")))
            .expect("room for the photos");
    }
}

/// The same photos in a folder for each way, so that nothing of them is known when it begins.
fn folders(parent: &Path) -> Vec<PathBuf> {
    let folder = |way: usize| parent.join(format!("flipping {way}"));
    for way in 0..WAYS.len() {
        std::fs::create_dir(folder(way)).expect("a folder for the photos");
        if way == 0 {
            photos(&folder(way));
            continue;
        }
        for number in 0..PHOTOS {
            let name = format!("{number:02}.jpg");
            std::fs::copy(folder(0).join(&name), folder(way).join(&name)).expect("room for the photos");
        }
    }
    (0..WAYS.len()).map(folder).collect()
}

/// How far the script is.
enum Stage {
    /// Until the network of photographs speaks.
    Network,
    /// Until the folder of this way is open, with the map of its first photo.
    Folder(usize),
    /// The way, and the presses so far.
    Pressing(usize, usize),
    /// Waits for the map after the last press of a way.
    Map(usize),
    /// Until all others of the folder are predicted, so that the next way begins with an idle program.
    Rest(usize),
    Done,
}

/// The script, and what it has measured.
pub struct Flipping {
    folders: Vec<PathBuf>,
    stage: Stage,
    /// When the last key was pressed, and when the next will be.
    pressed: Instant,
    next: Instant,
    /// Presses whose picture is still to be seen: the position it will have, and when.
    awaited: Vec<(usize, Instant)>,
    /// What the last frame has drawn, to be counted once it is on the screen: which picture, and whether with its map.
    drawn: Option<(usize, bool)>,
    milliseconds: Vec<f64>,
    passed_over: usize,
}

impl Flipping {
    pub fn new(folder: &Path) -> Self {
        Self {
            folders: folders(folder),
            stage: Stage::Network,
            pressed: Instant::now(),
            next: Instant::now(),
            awaited: Vec::new(),
            drawn: None,
            milliseconds: Vec::new(),
            passed_over: 0,
        }
    }

    pub fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    /// The frame before is on the screen: counts it, and presses the next key if it is time.
    pub fn begin(&mut self, state: &mut State, input: &mut RawInput) {
        let drawn = self.drawn.take();
        if let Some((position, _)) = drawn {
            // a press whose picture gave way to that of a later one before it was drawn was passed over
            self.passed_over += self.awaited.iter().filter(|(wanted, _)| *wanted < position).count();
            let seen = self.awaited.iter().filter(|(wanted, _)| *wanted == position);
            let seen = seen.map(|(_, pressed)| pressed.elapsed().as_secs_f64() * 1e3);
            self.milliseconds.extend(seen);
            self.awaited.retain(|(wanted, _)| *wanted > position);
        }
        let has_map = drawn.is_some_and(|(_, has_map)| has_map);
        let open = |state: &mut State, folder: &Path| {
            state.due.push(Command::OpenPaths(vec![folder.to_owned()]));
        };
        match self.stage {
            Stage::Network => {
                let source = NetworkSource::BuiltIn(BuiltIn::Photographs);
                let speaks = state.network.as_ref().is_some_and(|network| network.source == source);
                if speaks && has_map {
                    open(state, &self.folders[0]);
                    self.stage = Stage::Folder(0);
                } else if state.wanted_network.source != source {
                    let wanted = state.wanted(source);
                    state.due.push(Command::UseNetwork(wanted));
                }
            }
            Stage::Folder(way) => {
                let path = state.images.current().and_then(|image| image.path.as_deref());
                if has_map && path == Some(&self.folders[way].join("00.jpg")) {
                    self.next = Instant::now();
                    self.stage = Stage::Pressing(way, 0);
                }
            }
            Stage::Pressing(way, presses) if Instant::now() >= self.next => {
                let (_, most, pause) = WAYS[way];
                for pressed in [true, false] {
                    input.events.push(Event::Key {
                        key: Key::ArrowRight,
                        physical_key: None,
                        pressed,
                        repeat: false,
                        modifiers: Modifiers::NONE,
                    });
                }
                self.pressed = Instant::now();
                self.next += pause;
                let wanted = state.images.current_position().map_or(0, |position| position + 1);
                self.awaited.push((wanted, self.pressed));
                self.stage = if presses + 1 < most {
                    Stage::Pressing(way, presses + 1)
                } else {
                    Stage::Map(way)
                };
            }
            Stage::Map(way) if has_map && self.awaited.is_empty() => {
                self.report(WAYS[way].0);
                self.stage = Stage::Rest(way);
            }
            Stage::Rest(way) if state.images.list().iter().all(|image| image.top.is_some()) => {
                memory::report(&format!("with {} images", state.images.list().len()));
                self.stage = match self.folders.get(way + 1) {
                    Some(folder) => {
                        open(state, folder);
                        Stage::Folder(way + 1)
                    }
                    None => Stage::Done,
                };
            }
            _ => {}
        }
    }

    /// Takes note of what this frame has drawn, and asks for the next one when something is to be done in it.
    pub fn end(&mut self, ctx: &Context, state: &State) {
        let current = state.images.current();
        let pictured = state.pictured();
        if let (Some(current), Some(pictured)) = (current, pictured)
            && current.id == pictured.id
            && let Some(position) = state.images.current_position()
        {
            let has_map = state.shown.is_some() && !state.is_waiting_for_map() && current.display.is_some();
            let is_new = !self.awaited.is_empty() || matches!(self.stage, Stage::Map(_));
            self.drawn = Some((position, has_map));
            if is_new {
                // so that it is counted as soon as it is on the screen
                ctx.request_repaint();
            }
        }
        ctx.request_repaint_after(match self.stage {
            Stage::Pressing(..) => self.next.saturating_duration_since(Instant::now()),
            _ => Duration::from_millis(50),
        });
    }

    fn report(&mut self, way: &str) {
        let map = self.pressed.elapsed().as_secs_f64() * 1e3;
        let mut sorted = std::mem::take(&mut self.milliseconds);
        sorted.sort_by(f64::total_cmp);
        println!(
            "flipping, {way}: the picture after {:.0} ms (median), {:.0} ms (worst of {}), {} passed over; photo and map \
             {map:.0} ms after the last press",
            sorted[sorted.len() / 2],
            sorted[sorted.len() - 1],
            sorted.len(),
            std::mem::take(&mut self.passed_over),
        );
    }
}
