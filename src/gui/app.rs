//! The window itself: each frame it takes the session's replies, lays the panels out, and applies what they ask for.

mod effects;

use egui::{Context, Frame, Margin, Panel, Rect, Ui, UiBuilder, UiStackInfo, ViewportCommand};

use super::apply::apply;
use super::choices::Appearance;
use super::clipboard::Clipboard;
use super::command::{Action, Command, PathField};
use super::dialogs::{Answer, Dialogs};
use super::drops::Drops;
use super::folding::{self, Side};
use super::gather::Gatherer;
use super::networks::{WantedNetwork, file_of};
use super::notices::Notices;
use super::pointer::{self, LostPointer};
use super::state::{Message, State};
use super::tab_key::TabKey;
use super::textures::Textures;
use super::wishes::Wishes;
use super::{
    Options, batch, built_in_notice, drawer, drawer_tabs, film_strip, greeting, help, input_size, kept, keys, layers,
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
    /// The title that the window has.
    title: String,
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
        ctx.add_plugin(TabKey);
        ctx.add_plugin(LostPointer);
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
        let hub = surroundings.environment.hub();
        let address = surroundings.sources.first().map(|source| source.url(hub));
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
            title: String::new(),
            canvas: Rect::ZERO,
            pending: Vec::new(),
            wishes: Wishes::default(),
        };
        app.state.weights_address = address;
        // what is said now counts more than what was chosen in an earlier version
        app.state.input_at_start = [input, kept.input].into_iter().find(|said| !said.is_empty());
        app.state.messages.extend(kept.problem.map(Message::Error));
        let is_open_again = images.is_empty() && app.state.open_again(kept.left_open);
        if images.is_empty() && !is_open_again && greet {
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

    /// What was told and not closed yet, for tests.
    pub fn told(&self) -> Vec<String> {
        self.notices.told()
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
            let repeated = found.repeated.into_iter().map(Box::new);
            commands.extend(repeated.map(Command::Repeat));
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
            pointer::lose(ctx);
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
        let screen = ui.available_size();
        let panels = state.preferences.panels;
        let folded = panels.folded;
        let narrowest = (0.27 * screen.x).clamp(200.0, 232.0);
        let widest = (0.4 * screen.x).clamp(narrowest, 640.0);
        // a larger window leaves more room for names, too
        let side = (0.15 * screen.x)
            .clamp(264.0, 380.0)
            .min(0.27 * screen.x)
            .max(narrowest);
        let bar = Panel::top("bar")
            .exact_size(11.0 * theme::UNIT)
            .frame(panel(Margin::symmetric(8, 0)));
        bar.show(ui, |ui| top_bar::show(ui, state, commands));
        if !folded.classes {
            let left = Panel::left("classes")
                .exact_size(panels.width(Side::Left, side, narrowest..=widest))
                .resizable(false)
                .show_separator_line(false)
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
        }
        folding::handle(ui, Side::Left, folded.classes, Action::FoldClasses, commands);
        if !folded.map {
            let right = Panel::right("map")
                .exact_size(panels.width(Side::Right, side, narrowest..=widest))
                .resizable(false)
                .show_separator_line(false)
                .frame(panel(Margin::same(12)));
            right.show(ui, |ui| {
                let height = (ui.available_height() * 0.62).min(settings::HEIGHT);
                // where there is more room than layers, the settings follow them rather than stand at the bottom
                let height = height.max(ui.available_height() - layers::height(state));
                // from top to bottom, as the keyboard goes
                let above = Panel::top("layers")
                    .exact_size((ui.available_height() - height).max(0.0))
                    .frame(Frame::new())
                    .show_separator_line(false);
                above.show(ui, |ui| {
                    layers::show(ui, state, commands);
                    ui.take_available_space();
                });
                // the bar stands beside the settings, not over them
                ui.spacing_mut().scroll.floating_allocated_width = ui.spacing().scroll.bar_width;
                let area = egui::ScrollArea::vertical()
                    .id_salt("settings")
                    .auto_shrink([false, false]);
                area.show(ui, |ui| settings::show(ui, state, textures, commands));
            });
        }
        folding::handle(ui, Side::Right, folded.map, Action::FoldMap, commands);
        let drawer_open = state.preferences.drawer;
        if state.images.list().len() > 1 && !folded.images {
            let height = film_strip::height(screen.y, drawer_open.is_some());
            let film = Panel::bottom("images").exact_size(height);
            let frame = panel(Margin::symmetric(12, if height < film_strip::HEIGHT { 4 } else { 8 }));
            film.frame(frame)
                .show(ui, |ui| film_strip::show(ui, state, textures, commands));
        }
        // below what they open, so that they stay where they are
        let tabs = Panel::bottom("tabs")
            .exact_size(8.0 * theme::UNIT)
            .frame(panel(Margin::symmetric(8, 0)));
        tabs.show(ui, |ui| drawer_tabs::show(ui, state, commands));
        if let Some(open) = drawer_open {
            let height = drawer::height(panels.height(), screen.y, ui.available_height(), picture::AROUND);
            let margin = drawer::margin(screen.y) as i8;
            let folded_out = Panel::bottom("drawer").exact_size(height).resizable(false);
            let folded_out = folded_out.frame(panel(Margin::symmetric(12, margin)));
            folded_out.show(ui, |ui| drawer::show(ui, state, textures, open, commands));
        }
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
        if state.asks_about_all {
            batch::show(ui, state, commands);
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
        self.state.remember_shown();
        self.state.order_found();
        // The panels have no fill of their own, since the window is cleared to their colour. What fades into it is told.
        let cleared = UiStackInfo::default().with_frame(Frame::new().fill(ui.visuals().panel_fill));
        ui.scope_builder(UiBuilder::new().ui_stack_info(cleared), |ui| {
            self.layout(ui, &mut commands);
        });

        commands.append(&mut self.state.due);
        let place = |state: &State| state.here().map(|here| here.cell);
        let before = (
            self.state.preview.take(),
            self.state.channel_preview.take(),
            place(&self.state),
        );
        let mut changed = false;
        for command in commands {
            changed |= !command.is_of_pointer();
            if let Some(effect) = apply(&mut self.state, command) {
                self.carry_out(&ctx, effect);
            }
        }
        changed |= (self.state.preview, self.state.channel_preview, place(&self.state)) != before;
        self.state.keep_input();
        self.state.go_on_hiding();
        // all cells that are hidden by themselves are one step
        if !ctx.input(|input| input.pointer.any_down()) && !self.state.is_hiding() {
            // whatever is chosen after an image was removed is what undo undoes
            let step = self.state.step();
            if self.state.history.settle(&step) {
                for removed in self.state.images.forget_removed() {
                    self.state.history.forget_image(removed);
                    self.explorer.send(Request::Close(removed));
                }
            }
        }
        self.state.large_in_sight = self.textures.large_in_sight();
        self.wishes.ask(&mut self.state, &self.explorer);
        self.textures
            .keep_in_sight(|image| self.state.images.get(image).is_some());
        let title = self.state.title();
        if title != self.title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
        ctx.set_theme(match self.state.preferences.appearance {
            Appearance::System => egui::ThemePreference::System,
            Appearance::Light => egui::ThemePreference::Light,
            Appearance::Dark => egui::ThemePreference::Dark,
        });
        let State { messages, images, .. } = &mut self.state;
        self.notices.show(&ctx, self.canvas, messages.drain(..), images);
        let folded = self.notices.folded();
        changed |= folded != self.state.folded_notes;
        self.state.folded_notes = folded;
        if changed {
            ctx.request_repaint();
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        let left_open = self.state.left_open();
        kept::write(storage, &self.state.choices, &self.state.preferences, &left_open);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
