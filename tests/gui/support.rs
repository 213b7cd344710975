//! A window without a display.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, Vec2, accesskit};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::wgpu::WgpuTestRenderer;
use egui_kittest::{Harness, Node};
use gradcam_explorer::explorer::{DeviceChoice, InputChoices, NetworkSource, Surroundings};
use gradcam_explorer::gui::choices::Appearance;
use gradcam_explorer::gui::command::PathField;
use gradcam_explorer::gui::dialogs::{Question, Save};
use gradcam_explorer::gui::export;
use gradcam_explorer::gui::state::State;
use gradcam_explorer::gui::{ExplorerApp, Options};
use gradcam_explorer::weights::fetch::Timeouts;
use gradcam_explorer::weights::{BuiltIn, Environment, NetworkChoices};

/// Nothing in these tests takes longer, even on a busy machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// A sample picture of the program.
pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples").join(name)
}

/// Weights of a network with seven classes, in a folder of their own.
pub fn small_weights(folder: &Path) -> PathBuf {
    let weights = folder.join("deer.safetensors");
    let formats = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/formats/small.safetensors");
    std::fs::copy(formats, &weights).unwrap();
    weights
}

/// Two animals with two hats.
pub const DOG_AND_CAT: &str = "dog-cowboy-hat-cat-party-hat.png";

/// Whether pictures can be made here.
pub fn has_adapter() -> bool {
    let found = std::panic::catch_unwind(WgpuTestRenderer::new).is_ok();
    if !found {
        eprintln!("skipped: no graphics adapter; install a software one such as mesa-vulkan-drivers");
        let required = std::env::var("REQUIRE_ADAPTER").is_ok_and(|value| value == "1");
        assert!(!required, "REQUIRE_ADAPTER=1, but there is no graphics adapter");
    }
    found
}

/// The built-in network without any image, which fetches nothing and keeps nothing.
fn usual() -> Options {
    Options {
        images: Vec::new(),
        greet: false,
        source: NetworkSource::BuiltIn(BuiltIn::Drawings),
        choices: NetworkChoices::default(),
        input: InputChoices::default(),
        device: DeviceChoice::Cpu,
        settings: None,
        surroundings: Surroundings {
            environment: Environment::default(),
            sources: Vec::new(),
            timeouts: QUICK,
        },
    }
}

/// Servers on this machine answer at once, or never.
pub const QUICK: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    stall: Duration::from_secs(5),
    pause: Duration::from_millis(10),
};

/// Gives the window the colour that eframe clears it to; egui_kittest clears to nothing.
struct Cleared;

impl egui::Plugin for Cleared {
    fn debug_name(&self) -> &'static str {
        "clear colour"
    }

    fn on_begin_pass(&mut self, ui: &mut egui::Ui) {
        let colour = ui.visuals().panel_fill;
        let ctx = ui.ctx();
        ctx.layer_painter(egui::LayerId::background())
            .rect_filled(ctx.content_rect(), 0.0, colour);
    }
}

/// A place for settings in memory.
#[derive(Default)]
pub struct Memory(HashMap<String, String>);

impl Memory {
    pub fn of(choices: &str, preferences: &str) -> Self {
        let both = [("choices", choices), ("preferences", preferences)];
        Self(both.map(|(key, value)| (key.to_owned(), value.to_owned())).into())
    }
}

impl eframe::Storage for Memory {
    fn get_string(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }

    fn set_string(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }

    fn remove_string(&mut self, key: &str) {
        self.0.remove(key);
    }

    fn flush(&mut self) {}
}

/// The window and what a person does to it.
pub struct Window {
    pub harness: Harness<'static, ExplorerApp>,
}

impl Window {
    /// An empty window of 1280 by 800 points.
    pub fn empty() -> Self {
        Self::with(Vec::new(), [1280.0, 800.0], egui::Theme::Dark)
    }

    /// A window as the program opens it when nobody names an image or a network.
    pub fn greeting() -> Self {
        let source = NetworkSource::BuiltIn(BuiltIn::Photographs);
        Self::speaking(source, Vec::new(), true, [1280.0, 800.0], egui::Theme::Dark)
    }

    /// A window that was asked to run a file of weights on a sample.
    pub fn with_weights(file: PathBuf) -> Self {
        let source = NetworkSource::Search(Some(file));
        Self::speaking(
            source,
            vec![sample(DOG_AND_CAT)],
            false,
            [1280.0, 800.0],
            egui::Theme::Dark,
        )
    }

    /// A window that shows a sample, with its prediction.
    pub fn with_sample(name: &str) -> Self {
        let mut window = Self::with(vec![sample(name)], [1280.0, 800.0], egui::Theme::Dark);
        window.wait("the first map", |state| state.shown.is_some());
        window
    }

    /// A window of any size and theme.
    pub fn with(images: Vec<PathBuf>, size: [f32; 2], theme: egui::Theme) -> Self {
        Self::speaking(NetworkSource::BuiltIn(BuiltIn::Drawings), images, false, size, theme)
    }

    fn speaking(source: NetworkSource, images: Vec<PathBuf>, greet: bool, size: [f32; 2], theme: egui::Theme) -> Self {
        let options = Options {
            images,
            greet,
            source,
            ..usual()
        };
        let mut window = Self::built(options, None, size, theme);
        let appearance = if theme == egui::Theme::Dark {
            Appearance::Dark
        } else {
            Appearance::Light
        };
        window.harness.state_mut().state_mut().preferences.appearance = appearance;
        window.settle();
        window
    }

    /// A window that finds what an earlier start has left.
    pub fn with_settings(storage: impl eframe::Storage + 'static, file: Option<PathBuf>) -> Self {
        let options = Options {
            images: vec![sample(DOG_AND_CAT)],
            settings: file,
            ..usual()
        };
        let storage: &'static dyn eframe::Storage = Box::leak(Box::new(storage));
        let mut window = Self::built(options, Some(storage), [1280.0, 800.0], egui::Theme::Dark);
        window.wait("the first map", |state| state.shown.is_some());
        window
    }

    /// A window as the program opens it the next time, when nobody names an image.
    pub fn restarted(storage: impl eframe::Storage + 'static) -> Self {
        let storage: &'static dyn eframe::Storage = Box::leak(Box::new(storage));
        let options = Options { greet: true, ..usual() };
        Self::built(options, Some(storage), [1280.0, 800.0], egui::Theme::Dark)
    }

    /// An empty window that fetches weights from, and keeps them, where it is told.
    pub fn in_surroundings(surroundings: Surroundings) -> Self {
        let options = Options {
            surroundings,
            ..usual()
        };
        let mut window = Self::built(options, None, [1280.0, 800.0], egui::Theme::Dark);
        window.wait("the network", |state| state.network.is_some());
        window
    }

    fn built(
        options: Options,
        storage: Option<&'static dyn eframe::Storage>,
        size: [f32; 2],
        theme: egui::Theme,
    ) -> Self {
        let harness = Harness::builder()
            .with_size(Vec2::from(size))
            .with_theme(theme)
            .with_max_steps(60)
            .with_step_dt(1.0 / 60.0)
            .build_eframe(|cc| {
                cc.storage = storage;
                cc.egui_ctx.add_plugin(Cleared);
                ExplorerApp::new(cc, options).unwrap()
            });
        Self { harness }
    }

    pub fn state(&self) -> &State {
        self.harness.state().state()
    }

    /// Draws frames until something holds.
    pub fn wait(&mut self, what: &str, holds: impl Fn(&State) -> bool) {
        let start = Instant::now();
        loop {
            self.harness.step();
            if holds(self.state()) {
                break;
            }
            assert!(
                start.elapsed() < DEADLINE,
                "waited in vain for {what}: {:#?}",
                self.state().messages
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        self.harness.run_ok();
    }

    /// Replaces measured times, which differ each time, so that pictures can be compared.
    pub fn freeze_times(&mut self) {
        for image in self.harness.state_mut().state_mut().images.list_mut() {
            if let Some(prediction) = &mut image.prediction {
                prediction.forward_ms = 40.0;
            }
        }
        self.settle();
    }

    /// Draws until nothing changes any more.
    pub fn settle(&mut self) {
        self.harness.run_ok();
    }

    /// Fails if anything goes on although nobody does anything: a frame asked for, or a reply of the session.
    ///
    /// Every request is answered, and every answer asks for a frame.
    #[track_caller]
    pub fn assert_idle(&mut self) {
        self.settle();
        for _ in 0..20 {
            self.harness.step();
            std::thread::sleep(Duration::from_millis(10));
            let causes = self.harness.ctx.repaint_causes();
            assert!(
                !self.harness.ctx.has_requested_repaint(),
                "the window is busy: {causes:?}"
            );
        }
    }

    /// Fails if the window goes on for long although nobody does anything, once what was asked for has come.
    pub fn assert_comes_to_rest(&mut self) {
        let start = Instant::now();
        let mut quiet = 0;
        while quiet < 20 {
            self.harness.step();
            std::thread::sleep(Duration::from_millis(10));
            quiet = if self.harness.ctx.has_requested_repaint() {
                0
            } else {
                quiet + 1
            };
            let causes = self.harness.ctx.repaint_causes();
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "the window is busy: {causes:?}"
            );
        }
    }

    pub fn label<'a>(&'a self, label: &'a str) -> Node<'a> {
        self.harness.get_by_label(label)
    }

    pub fn has(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).next().is_some()
    }

    /// The last of several things with this label, which is the lowest on the window.
    pub fn last<'a>(&'a self, label: &'a str) -> Node<'a> {
        self.harness.query_all_by_label(label).last().unwrap()
    }

    /// The one thing whose label fits.
    pub fn find<'a>(&'a self, fits: impl Fn(&str) -> bool + 'a) -> Node<'a> {
        self.harness
            .get_by(move |node| node.label().is_some_and(|label| fits(&label)))
    }

    /// Whether there is something of this kind with this label.
    pub fn harness_has(&self, role: accesskit::Role, label: &str) -> bool {
        self.harness.query_by_role_and_label(role, label).is_some()
    }

    /// Whether some text on the window contains this.
    pub fn has_text(&self, part: &str) -> bool {
        self.harness.query_all_by_label_contains(part).next().is_some()
    }

    /// What the line below the picture says about the place under the pointer.
    pub fn under_pointer(&self) -> Option<String> {
        let mut lines = self.harness.query_all_by_label_contains("of the evidence");
        lines
            .next()
            .and_then(|node| node.accesskit_node().label().or_else(|| node.value()))
    }

    /// How many textures of this name the graphics card holds.
    pub fn textures(&self, name: &str) -> usize {
        let manager = self.harness.ctx.tex_manager();
        let manager = manager.read();
        manager.allocated().filter(|(_, texture)| texture.name == name).count()
    }

    /// How many shapes the last frame consists of.
    pub fn shapes(&self) -> usize {
        self.harness.output().shapes.len()
    }

    /// Every line of text that is painted whole, with its place; what is cut off with … is not whole.
    pub fn painted_texts(&self) -> Vec<(String, Rect)> {
        fn collect(shape: &egui::Shape, found: &mut Vec<(String, Rect)>) {
            match shape {
                egui::Shape::Text(text) if !text.galley.elided => {
                    found.push((text.galley.text().to_owned(), text.visual_bounding_rect()));
                }
                egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, found)),
                _ => {}
            }
        }
        let mut found = Vec::new();
        for clipped in &self.harness.output().shapes {
            let before = found.len();
            collect(&clipped.shape, &mut found);
            let seen = found.split_off(before);
            found.extend(
                seen.into_iter()
                    .filter(|(_, place)| clipped.clip_rect.expand(1.0).contains_rect(*place)),
            );
        }
        found
    }

    /// Whether a text is painted whole somewhere.
    pub fn paints(&self, text: &str) -> bool {
        self.painted_texts().iter().any(|(painted, _)| painted == text)
    }

    /// From where to where level lines go, and how high they are.
    pub fn level_lines(&self) -> Vec<(f32, f32, f32)> {
        let shapes = self.harness.output().shapes.iter();
        let lines = shapes.filter_map(|clipped| match clipped.shape {
            egui::Shape::LineSegment { points: [from, to], .. } if from.y == to.y => {
                let clip = clipped.clip_rect;
                Some((from.x.max(clip.left()), to.x.min(clip.right()), from.y))
            }
            _ => None,
        });
        lines.collect()
    }

    /// A click anywhere.
    pub fn press(&mut self, position: Pos2) {
        self.move_to(position);
        for pressed in [true, false] {
            self.harness.event(button(position, pressed));
        }
        self.settle();
    }

    /// Two quick clicks.
    pub fn double_click(&mut self, position: Pos2) {
        self.move_to(position);
        for pressed in [true, false, true, false] {
            self.harness.event(button(position, pressed));
        }
        self.settle();
    }

    pub fn role<'a>(&'a self, role: accesskit::Role, label: &'a str) -> Node<'a> {
        self.harness.get_by_role_and_label(role, label)
    }

    pub fn click(&mut self, label: &str) {
        self.label(label).click();
        self.settle();
    }

    pub fn hover(&mut self, label: &str) {
        self.label(label).hover();
        self.settle();
    }

    pub fn key(&mut self, key: Key) {
        self.key_unsettled(key);
        self.settle();
    }

    /// A key with the character that it types, if it does.
    pub fn key_unsettled(&mut self, key: Key) {
        self.harness.key_press(key);
        let name = if key == Key::Minus { "-" } else { key.symbol_or_name() };
        if name.chars().count() == 1 && name.is_ascii() {
            self.harness.event(Event::Text(name.to_lowercase()));
        }
    }

    /// A key goes down and comes up as often, all in one frame.
    pub fn press_at_once(&mut self, key: Key, times: usize) {
        for pressed in [true, false].repeat(times) {
            self.harness.input_mut().events.push(key_event(key, pressed));
        }
        self.harness.step();
    }

    /// What the last frame asked of the window.
    pub fn asked_of_window(&self) -> &[egui::ViewportCommand] {
        let output = &self.harness.output().viewport_output;
        output.get(&egui::ViewportId::ROOT).map_or(&[], |root| &root.commands)
    }

    /// A key goes down and stays down.
    pub fn hold(&mut self, key: Key) {
        self.harness.event(key_event(key, true));
        self.settle();
    }

    /// A key that was held comes up.
    pub fn release(&mut self, key: Key) {
        self.harness.event(key_event(key, false));
        self.settle();
    }

    pub fn command_key(&mut self, key: Key) {
        self.harness.key_press_modifiers(Modifiers::COMMAND, key);
        self.settle();
    }

    pub fn type_text(&mut self, text: &str) {
        for character in text.chars() {
            self.harness.event(Event::Text(character.to_string()));
            self.settle();
        }
    }

    /// The rectangle of the picture.
    pub fn picture(&self) -> Rect {
        let is_picture = |node: &Node<'_>| node.accesskit_node().role() == accesskit::Role::Image;
        self.harness
            .root()
            .children_recursive()
            .find(is_picture)
            .unwrap()
            .rect()
    }

    pub fn move_to(&mut self, position: Pos2) {
        self.harness.event(Event::PointerMoved(position));
        self.settle();
    }

    pub fn wheel(&mut self, position: Pos2, up: f32) {
        self.scroll(position, Vec2::new(0.0, up));
    }

    /// Turns the wheel with the key for the other direction.
    pub fn wheel_sideways(&mut self, position: Pos2, left: f32) {
        self.scroll(position, Vec2::new(left, 0.0));
    }

    fn scroll(&mut self, position: Pos2, delta: Vec2) {
        self.move_to(position);
        self.harness.event(Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta,
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers: Modifiers::NONE,
        });
        self.settle();
    }

    /// The left button goes down or comes up.
    pub fn button(&mut self, position: Pos2, pressed: bool) {
        self.harness.event(button(position, pressed));
        self.settle();
    }

    /// Saves what the picture shows, under the name that is proposed.
    pub fn save(&mut self, folder: &Path) -> PathBuf {
        let save = export::save(self.state()).unwrap();
        let file = folder.join(&save.name);
        self.save_what(save, &file)
    }

    /// Saves what the picture shows, and gives the file that was written.
    pub fn save_as(&mut self, file: &Path) -> PathBuf {
        let save = export::save(self.state()).unwrap();
        self.save_what(save, file)
    }

    /// Saves something as on a system without dialogs, where the window asks for the path itself.
    pub fn save_what(&mut self, save: Save, file: &Path) -> PathBuf {
        let already_told = self.told();
        self.harness.state_mut().state_mut().path_field = Some(PathField {
            question: Question::Save(Box::new(save)),
            text: file.to_str().unwrap().to_owned(),
        });
        self.settle();
        self.click("Save");
        let start = Instant::now();
        loop {
            let told = self.told();
            if let Some(told) = told.iter().find(|told| !already_told.contains(told)) {
                let saved = told.strip_prefix("Saved ").unwrap_or_else(|| panic!("{told}"));
                return PathBuf::from(saved);
            }
            assert!(start.elapsed() < DEADLINE, "nothing was saved");
            self.harness.step();
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub fn drag(&mut self, from: Pos2, to: Pos2) {
        self.move_to(from);
        self.harness.event(button(from, true));
        self.settle();
        self.move_to(from + (to - from) / 2.0);
        self.move_to(to);
        self.harness.event(button(to, false));
        self.settle();
    }

    /// Drops files as the system does: for one frame.
    pub fn drop_files(&mut self, paths: &[PathBuf]) {
        for path in paths {
            self.harness
                .input_mut()
                .dropped_files
                .push(Arc::new(Dropped(path.clone())));
        }
        self.harness.step();
    }

    /// The classes on the list by name.
    pub fn listed(&self) -> Vec<String> {
        let state = self.state();
        state.listed().iter().map(|&class| state.class_name(class)).collect()
    }

    /// Everything that was told and not closed yet.
    pub fn told(&self) -> Vec<String> {
        self.harness.state().told()
    }

    /// Draws frames until something is told, and takes it.
    pub fn wait_until_told(&mut self) -> String {
        let start = Instant::now();
        while self.told().is_empty() {
            assert!(start.elapsed() < DEADLINE, "nothing was told");
            self.harness.step();
            std::thread::sleep(Duration::from_millis(2));
        }
        // a note is measured before it is seen
        self.settle();
        self.told().remove(0)
    }

    /// Draws frames until a picture is copied, and takes it.
    pub fn wait_until_copied(&mut self) -> egui::ColorImage {
        let start = Instant::now();
        loop {
            self.harness.step();
            let commands = &self.harness.output().platform_output.commands;
            let image = commands.iter().find_map(|command| match command {
                egui::OutputCommand::CopyImage(image) => Some(image.clone()),
                _ => None,
            });
            if let Some(image) = image {
                return image;
            }
            assert!(start.elapsed().as_secs() < 60, "nothing was copied");
        }
    }

    /// The name of the chosen class.
    pub fn chosen(&self) -> Option<String> {
        self.state().class().map(|class| self.state().class_name(class))
    }

    /// The name of the layer whose map is in the picture.
    pub fn shown_layer(&self) -> Option<String> {
        let plan = &self.state().network.as_ref()?.plan;
        Some(plan.layer(self.state().shown.as_ref()?.key.layer).name.clone())
    }
}

/// The left button goes down or up.
fn button(pos: Pos2, pressed: bool) -> Event {
    Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    }
}

fn key_event(key: Key, pressed: bool) -> Event {
    Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: Modifiers::NONE,
    }
}

struct Dropped(PathBuf);

impl fmt::Debug for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.display())
    }
}

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}
