//! The window itself: each frame it takes the session's replies, lays the panels out, and applies what they ask for.

mod effects;

use egui::{Context, Frame, Margin, Panel, Rect, Ui, UiBuilder, UiStackInfo};

use super::apply::apply;
use super::choices::Appearance;
use super::clipboard::Clipboard;
use super::command::{Command, PathField};
use super::dialogs::{Answer, Dialogs};
use super::drops::Drops;
use super::gather::Gatherer;
use super::networks::{WantedNetwork, file_of};
use super::notices::Notices;
use super::state::{Message, State};
use super::textures::Textures;
use super::wishes::Wishes;
use super::{
    Options, built_in_notice, drawer, film_strip, greeting, help, input_size, kept, keys, layers, method_notice,
    output_notice, path_field, picture, pixels_notice, predictions, samples, settings, theme, top_bar, welcome,
};
use crate::explorer::{Explorer, ExplorerError, Request};

/// The window's app.
pub struct ExplorerApp {
    state: State,
    explorer: Explorer,
    textures: Textures,
    dialogs: Dialogs,
    gatherer: Gatherer,
    /// Without one, egui's is used.
    clipboard: Option<Clipboard>,
    /// What winit loses of drops, where it does.
    drops: Option<Drops>,
    notices: Notices,
    /// Where the picture was in the last frame.
    canvas: Rect,
    /// To be done in the first frame.
    pending: Vec<Command>,
    /// What the session was asked for.
    wishes: Wishes,
}

impl ExplorerApp {
    /// Prepares the window and asks for the network and the images in `options`.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(cc: &eframe::CreationContext<'_>, options: Options) -> Result<Self, ExplorerError> {
        let ctx = cc.egui_ctx.clone();
        theme::install(&ctx);
        let Options {
            images,
            greet,
            source,
            choices,
            input,
            device,
            settings,
            surroundings,
        } = options;
        let explorer = Explorer::start_in(surroundings, {
            let ctx = ctx.clone();
            move || ctx.request_repaint()
        })?;
        let kept = kept::read(cc.storage, settings.as_deref());
        let mut wanted = WantedNetwork {
            source,
            choices,
            device,
        };
        if let Some(file) = file_of(&wanted.source).filter(|_| wanted.choices.is_empty()) {
            wanted.choices = kept.preferences.networks.said(file).choices();
        }
        let WantedNetwork {
            source,
            choices,
            device,
        } = wanted.clone();
        explorer.send(Request::UseNetwork {
            source,
            choices,
            device,
        });
        let mut app = Self {
            state: State::new(kept.choices, kept.preferences, wanted),
            explorer,
            textures: Textures::default(),
            dialogs: Dialogs::default(),
            gatherer: Gatherer::default(),
            clipboard: None,
            drops: None,
            notices: Notices::default(),
            canvas: Rect::ZERO,
            pending: Vec::new(),
            wishes: Wishes::default(),
        };
        // what is said now counts more than what was chosen in an earlier version
        app.state.input_at_start = [input, kept.input].into_iter().find(|said| !said.is_empty());
        app.state.messages.extend(kept.problem.map(Message::Error));
        if images.is_empty() && greet {
            app.state.greet(samples::first());
        }
        if !images.is_empty() {
            app.gather(&ctx, images)
                .map_err(|error| ExplorerError::Request(error.to_string()))?;
        }
        Ok(app)
    }

    /// Copies and pastes without stopping the window, rather than through egui. The tests leave the clipboard of who
    /// runs them alone.
    pub(super) fn use_system_clipboard(&mut self, ctx: &Context) {
        let ctx = ctx.clone();
        match Clipboard::start(move || ctx.request_repaint()) {
            Ok(clipboard) => self.clipboard = Some(clipboard),
            // egui's serves as well
            Err(error) => self
                .state
                .messages
                .push(Message::Error(format!("The clipboard may be slow: {error}."))),
        }
    }

    /// Opens what is dropped on the window even where winit forgets the list for the sake of one entry.
    #[cfg(target_os = "linux")]
    pub(super) fn catch_lost_drops(&mut self, cc: &eframe::CreationContext<'_>) {
        let ctx = cc.egui_ctx.clone();
        self.drops = Drops::start(cc, move || ctx.request_repaint());
    }

    /// What the window shows, for tests.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What the window shows, to be changed by whoever opens it.
    pub fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    /// Takes everything that other threads have sent.
    fn receive(&mut self, ctx: &Context, commands: &mut Vec<Command>) {
        while let Some(reply) = self.explorer.try_recv() {
            self.wishes.note(&reply);
            self.state.receive(reply);
        }
        while let Some(found) = self.gatherer.found() {
            if !found.images.is_empty() || !found.networks.is_empty() {
                commands.push(Command::Open {
                    images: found.images,
                    networks: found.networks,
                });
            }
            commands.extend(found.piped.into_iter().map(Command::OpenSource));
            self.state
                .messages
                .extend(found.problems.into_iter().map(Message::Error));
            self.state.messages.extend(found.notes.into_iter().map(Message::Done));
        }
        while let Some(paths) = self.drops.as_ref().and_then(Drops::found) {
            commands.push(Command::OpenPaths(paths));
        }
        while let Some(answer) = self.clipboard.as_ref().and_then(Clipboard::answer) {
            self.clipboard_answered(ctx, answer, commands);
        }
        while let Some(answer) = self.dialogs.answer() {
            match answer {
                Answer::Chosen(question, paths) => commands.push(Command::Answer(question, paths)),
                Answer::Cancelled => {}
                Answer::Unavailable(question) => {
                    commands.push(Command::TypePath(Some(PathField {
                        question,
                        text: String::new(),
                    })));
                }
            }
        }
    }

    /// Lays out all panels.
    fn layout(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let Self {
            state,
            textures,
            canvas,
            ..
        } = self;
        let panel = |margin: Margin| Frame::new().inner_margin(margin);
        let widest = (0.27 * ui.available_width()).clamp(200.0, 420.0);
        let side = widest.min(264.0);
        let bar = Panel::top("bar")
            .exact_size(11.0 * theme::UNIT)
            .frame(panel(Margin::symmetric(8, 0)));
        bar.show(ui, |ui| top_bar::show(ui, state, commands));
        let left = Panel::left("classes")
            .default_size(side)
            .size_range(side..=widest)
            .frame(panel(Margin::same(12)));
        left.show(ui, |ui| {
            if built_in_notice::is_due(state) {
                let below = Panel::bottom("built-in").frame(Frame::new()).show_separator_line(false);
                below.show(ui, |ui| built_in_notice::show(ui, state, commands));
            }
            if output_notice::is_due(state) {
                let below = Panel::bottom("output").frame(Frame::new()).show_separator_line(false);
                below.show(ui, |ui| output_notice::show(ui, state, commands));
            }
            if pixels_notice::is_due(state) {
                let below = Panel::bottom("pixels").frame(Frame::new()).show_separator_line(false);
                below.show(ui, |ui| pixels_notice::show(ui, state, commands));
            }
            predictions::show(ui, state, commands);
            ui.take_available_space();
        });
        let right = Panel::right("map")
            .default_size(side)
            .size_range(side..=widest)
            .frame(panel(Margin::same(12)));
        right.show(ui, |ui| {
            let height = (ui.available_height() * 0.62).min(settings::HEIGHT);
            let below = Panel::bottom("settings")
                .exact_size(height)
                .frame(Frame::new())
                .show_separator_line(false);
            below.show(ui, |ui| {
                let area = egui::ScrollArea::vertical()
                    .id_salt("settings")
                    .auto_shrink([false, false]);
                area.show(ui, |ui| settings::show(ui, state, textures, commands));
            });
            if method_notice::is_due(state) {
                let below = Panel::bottom("method").frame(Frame::new()).show_separator_line(false);
                below.show(ui, |ui| method_notice::show(ui, state, commands));
            }
            layers::show(ui, state, commands);
            ui.take_available_space();
        });
        let strip = panel(Margin::symmetric(12, 8));
        if state.images.list().len() > 1 {
            let film = Panel::bottom("images").exact_size(film_strip::HEIGHT).frame(strip);
            film.show(ui, |ui| film_strip::show(ui, state, textures, commands));
        }
        if let Some(open) = state.preferences.drawer {
            let folded_out = Panel::bottom("drawer")
                .resizable(true)
                .default_size(192.0)
                // the picture keeps the larger part
                .size_range(120.0..=(0.4 * ui.available_height()).max(120.0));
            folded_out
                .frame(strip)
                .show(ui, |ui| drawer::show(ui, state, textures, open, commands));
        }
        let tabs = Panel::bottom("tabs")
            .exact_size(8.0 * theme::UNIT)
            .frame(panel(Margin::symmetric(8, 0)));
        tabs.show(ui, |ui| drawer::tabs(ui, state, commands));
        egui::CentralPanel::default().frame(panel(Margin::ZERO)).show(ui, |ui| {
            *canvas = ui.available_rect_before_wrap();
            state.camera = picture::show(ui, state, textures, commands);
            state.zoom_wish = None;
            greeting::show(ui, state, *canvas);
            let hovering = ui.input(|input| input.raw.hovered_files.len());
            if hovering > 0 {
                welcome::drop_target(ui, *canvas, hovering);
            }
        });
        if state.help_open {
            help::show(ui, state, commands);
        }
        if let Some(field) = state.path_field.clone() {
            path_field::show(ui, &field, commands);
        }
        if let Some(question) = state.size_question.clone() {
            input_size::show(ui, &question, commands);
        }
    }
}

impl eframe::App for ExplorerApp {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        let mut commands = std::mem::take(&mut self.pending);
        self.state.is_dark = ui.visuals().dark_mode;
        self.receive(&ctx, &mut commands);
        if ctx.input(|input| input.pointer.delta() != egui::Vec2::ZERO) {
            self.state.preview_muted = false;
        }
        keys::collect(&ctx, &self.state, &mut commands);
        self.state.update_shown();
        // The panels have no fill of their own, since the window is cleared to their colour. What fades into it is told.
        let cleared = UiStackInfo::default().with_frame(Frame::new().fill(ui.visuals().panel_fill));
        ui.scope_builder(UiBuilder::new().ui_stack_info(cleared), |ui| {
            self.layout(ui, &mut commands);
        });

        commands.append(&mut self.state.due);
        let before = self.state.preview.take();
        let mut changed = false;
        for command in commands {
            changed |= !matches!(command, Command::PreviewClass(_));
            if let Some(effect) = apply(&mut self.state, command) {
                self.carry_out(&ctx, effect);
            }
        }
        changed |= self.state.preview != before;
        self.state.keep_input();
        if !ctx.input(|input| input.pointer.any_down()) {
            // whatever is chosen after an image was removed is what undo undoes
            if self.state.history.settle(&self.state.choices) {
                for removed in self.state.images.forget_removed() {
                    self.explorer.send(Request::Close(removed));
                }
            }
        }
        self.wishes.ask(&mut self.state, &self.explorer);
        self.textures
            .keep_in_sight(|image| self.state.images.get(image).is_some());
        ctx.set_theme(match self.state.preferences.appearance {
            Appearance::System => egui::ThemePreference::System,
            Appearance::Light => egui::ThemePreference::Light,
            Appearance::Dark => egui::ThemePreference::Dark,
        });
        self.notices.show(&ctx, self.canvas, self.state.messages.drain(..));
        if changed {
            ctx.request_repaint();
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        kept::write(storage, &self.state.choices, &self.state.preferences);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
