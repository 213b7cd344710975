//! Commands change the state; what reaches beyond it comes back as an effect.

mod back;
mod images;
mod steps;

use std::path::PathBuf;
use std::sync::Arc;

use super::batch;
use super::choices::{Appearance, Choices, Drawer, Scale};
use super::command::{Action, Command, PathField};
use super::copies;
use super::dialogs::{Question, Save};
use super::export::{self, Page};
use super::state::{Message, State};
use crate::explorer::{BatchProgress, Existing, ExportRequest, ImageSource, NetworkSource, Request};
use crate::imaging::Photo;
use back::back;
use images::{dismiss, hold_second, open, open_files, remove, repeat, show, show_end, step_image, use_network};
use steps::{ask_about, fuse_layer, paint, select_class, select_layer, step_class, step_layer, toggle_pin};

/// What a command asks of the world outside of the state.
#[derive(Debug)]
pub enum Effect {
    /// Send this to the session.
    Send(Box<Request>),
    /// Ask for files.
    Ask(Question),
    /// Find the images in these files and folders, then open them.
    Gather(Vec<PathBuf>),
    /// Stop what is being fetched.
    CancelDownload,
    /// Begin no further image.
    StopAll,
    /// Give the window the whole screen, or no longer.
    FullScreen,
    /// Close the window.
    Quit,
    /// Fold the notes out of their counter, or into it.
    ShowNotes,
    /// Put this on the clipboard.
    Copy(Arc<Photo>),
    /// Put this text on the clipboard.
    CopyText {
        /// The text.
        text: String,
        /// What it is, as it is told.
        what: &'static str,
    },
    /// Ask what is on the clipboard.
    Paste,
    /// Bring the keyboard to the search field.
    FocusSearch {
        /// Whether what is typed next replaces what is there.
        select: bool,
    },
    /// Take the keyboard away from whatever has it.
    ReleaseFocus,
    /// The same, and close the newest note.
    CloseNote,
}

/// What is told when what is on the clipboard is nothing to open.
pub const NOTHING_TO_PASTE: &str = "There is no picture, file, path or web address on the clipboard; copy one first.";

/// Carries out one command.
pub fn apply(state: &mut State, command: Command) -> Option<Effect> {
    let effect = carry_out(state, command);
    state.follow_image();
    effect
}

fn carry_out(state: &mut State, command: Command) -> Option<Effect> {
    match command {
        Command::Do(action) => return act(state, action),
        Command::OpenPaths(paths) => return Some(Effect::Gather(paths)),
        Command::Open { images, networks } => return open_files(state, &images, networks),
        Command::Repeat(repeated) => repeat(state, *repeated),
        Command::OpenSource(source) => open(state, [source]),
        Command::OpenPixels { name, photo } => open(state, [ImageSource::Pixels { name, photo }]),
        Command::NothingToPaste => state.messages.push(Message::Error(NOTHING_TO_PASTE.to_owned())),
        Command::ShowNotes => return Some(Effect::ShowNotes),
        Command::Widen(side, width) => state.preferences.panels.widen(side, width),
        Command::Raise(share) => state.preferences.panels.raise(share),
        Command::Show(image) => show(state, image),
        Command::Fetch(image) => state.images.fetch(image),
        Command::Remove(image) => return remove(state, image),
        Command::Dismiss(image) => return dismiss(state, image),
        Command::SelectClass(class) => select_class(state, class),
        Command::PreviewClass(class) => state.preview = Some(class).filter(|_| !state.preview_muted),
        Command::SelectRank(rank) => {
            let is_said = state.prediction().is_some();
            if let Some(&class) = state.listed().get(rank).filter(|_| is_said) {
                select_class(state, class);
            }
        }
        Command::TogglePin(class) => toggle_pin(state, class),
        Command::CompareWith(than) => state.choices.than = than,
        Command::SearchRival(query) => state.look_for_rival(query),
        Command::TestSanity(key) => state.sanity.wanted = Some(key),
        Command::LookAtStage(stage) => state.sanity.stage = Some(stage),
        Command::AskHere(share) => {
            state.asking_here = false;
            state.look_for(String::new());
            state.ask_here(share);
        }
        Command::LookHere(share) => state.ask_here(share),
        Command::PreviewChannel(channel) => state.channel_preview = Some(channel).filter(|_| !state.preview_muted),
        Command::Compare(compare) => state.compare = compare,
        Command::CompareIn(difference) => state.compare_in(difference),
        Command::CropFrom(share, picture) => state.crop_from(share, picture),
        Command::Crop(region) => state.crop(region),
        Command::Paint(painted) => paint(state, painted),
        Command::Ask(question) => ask_about(state, question),
        Command::Peek(holds) => state.peeking = holds,
        Command::SelectLayer(layer) => select_layer(state, layer),
        Command::FuseLayer(layer) => fuse_layer(state, layer),
        Command::Unfold(group) => {
            if !state.unfolded.remove(&group) {
                state.unfolded.insert(group);
            }
        }
        Command::SelectChannel(channel) => state.channel = Some(channel).filter(|_| state.channel != Some(channel)),
        Command::PointAt(way, step) => state.faithful.pointed = Some((way, step)),
        Command::WantSlow(wants) => state.want_slow(wants),
        Command::Fingerprint => return Some(Effect::Send(Box::new(Request::Fingerprint))),
        Command::CopyPicture(picture) => return Some(Effect::Copy(picture)),
        Command::CopyText { text, what } => return Some(Effect::CopyText { text, what }),
        Command::SettleMethod => state.settle_method(),
        Command::Choose(choices) => choose(state, choices),
        Command::Prefer(preferences) => state.preferences = preferences,
        Command::UseNetwork(wanted) => return Some(use_network(state, wanted)),
        Command::HoldSecond(source) => return Some(hold_second(state, source)),
        Command::LetGoSecond => return Some(Effect::Send(Box::new(Request::LetGoSecond))),
        Command::UseWeights(path) => {
            let wanted = state.wanted(NetworkSource::File(path));
            return Some(use_network(state, wanted));
        }
        Command::AskSize(question) => state.size_question = question,
        Command::AskAboutAll(asks) => state.asks_about_all = asks,
        Command::ChooseForAll => match batch::request(state, PathBuf::new()) {
            Ok(all) => {
                state.all_images = Some(Box::new(all));
                return Some(Effect::Ask(Question::AllImages));
            }
            Err(missing) => state.messages.push(Message::Error(missing.to_owned())),
        },
        Command::Search(query) => state.look_for(query),
        Command::StartSearch(query) => {
            state.preferences.panels.folded.classes = false;
            state.look_for(query);
            return Some(Effect::FocusSearch { select: false });
        }
        Command::TypePath(field) => state.path_field = field,
        Command::Answer(question, paths) => return answer(state, question, paths),
    }
    None
}

/// Uses the files that were chosen.
fn answer(state: &mut State, question: Question, mut paths: Vec<PathBuf>) -> Option<Effect> {
    state.path_field = None;
    match question {
        Question::Images | Question::Folder => Some(Effect::Gather(paths)),
        Question::Address => {
            let address = paths.pop()?.to_string_lossy().into_owned();
            let has_scheme = address.contains("://");
            let address = if has_scheme {
                address
            } else {
                format!("https://{address}")
            };
            open(state, [ImageSource::Url(address)]);
            None
        }
        Question::Weights => {
            let wanted = state.wanted(NetworkSource::File(paths.pop()?));
            Some(use_network(state, wanted))
        }
        Question::SecondWeights => {
            let source = NetworkSource::File(paths.pop()?);
            Some(hold_second(state, source))
        }
        Question::SaveAll(files) => {
            let folder = paths.pop()?;
            let files = files.into_iter().map(|(what, name)| (what, folder.join(name)));
            Some(Effect::Send(Box::new(Request::Export(ExportRequest {
                files: files.collect(),
                // nobody was asked whether files may go
                existing: Existing::Number,
            }))))
        }
        Question::AllImages => {
            let mut all = state.all_images.take()?;
            all.folder = paths.pop()?;
            state.batch = Some(BatchProgress::new(all.images.len(), all.folder.clone()));
            Some(Effect::Send(Box::new(Request::ExplainAll(all))))
        }
        Question::Save(save) => {
            let Save { what, existing, .. } = *save;
            let files = vec![(what, paths.pop()?)];
            Some(Effect::Send(Box::new(Request::Export(ExportRequest {
                files,
                existing,
            }))))
        }
    }
}

fn choose(state: &mut State, mut choices: Choices) {
    if choices.scale == Scale::Fixed && state.choices.scale != Scale::Fixed {
        match state.shown.as_ref().map(|shown| shown.maximum) {
            Some(maximum) if maximum > 0.0 => choices.fixed_maximum = maximum,
            // there is no scale to keep
            _ => choices.scale = state.choices.scale,
        }
    }
    if choices.method != state.choices.method {
        state.settle_method();
    }
    state.choices = choices;
}

fn act(state: &mut State, action: Action) -> Option<Effect> {
    match action {
        Action::Open => return Some(Effect::Ask(Question::Images)),
        Action::OpenFolder => return Some(Effect::Ask(Question::Folder)),
        Action::OpenAddress => {
            state.path_field = Some(PathField {
                question: Question::Address,
                text: String::new(),
            })
        }
        // once is enough
        Action::DownloadNetwork if state.getting_weights => {}
        Action::DownloadNetwork => {
            state.getting_weights = true;
            state.getting_failed = false;
            return Some(Effect::Send(Box::new(Request::DownloadWeights)));
        }
        Action::CancelDownload => return Some(Effect::CancelDownload),
        Action::OpenNetwork => return Some(Effect::Ask(Question::Weights)),
        Action::OpenSecond => return Some(Effect::Ask(Question::SecondWeights)),
        Action::Paste => return Some(Effect::Paste),
        Action::Save | Action::SaveValues | Action::SaveHeat | Action::SavePredictions | Action::Copy => {
            return save(state, action);
        }
        Action::SaveAll => match export::all(state) {
            Some(files) => return Some(Effect::Ask(Question::SaveAll(files))),
            None => {
                let text = "There is no map to save yet; open an image first.";
                state.messages.push(Message::Error(text.to_owned()));
            }
        },
        Action::ExplainAll if state.batch.is_some() => {
            let text =
                "The images are being explained already; wait for the end, or stop it beside the name of the network.";
            state.messages.push(Message::Error(text.to_owned()));
        }
        Action::ExplainAll => match batch::request(state, PathBuf::new()) {
            Ok(_) => state.asks_about_all = true,
            Err(missing) => state.messages.push(Message::Error(missing.to_owned())),
        },
        Action::StopAll => return Some(Effect::StopAll),
        Action::SaveFigure => return page(state, Page::Figure, true),
        Action::CopyFigure => return page(state, Page::Figure, false),
        Action::SaveClasses => return page(state, Page::Classes, true),
        Action::CopyClasses => return page(state, Page::Classes, false),
        Action::SaveLayers => return page(state, Page::Layers, true),
        Action::CopyLayers => return page(state, Page::Layers, false),
        Action::CopyList | Action::CopyCsv | Action::CopyMap => return copy_text(state, action),
        Action::Search => {
            state.preferences.panels.folded.classes = false;
            return Some(Effect::FocusSearch { select: true });
        }
        Action::PreviousClass => step_class(state, -1),
        Action::NextClass => step_class(state, 1),
        Action::Pin => {
            if let Some(class) = state.class() {
                toggle_pin(state, class);
            }
        }
        Action::KeepClass => {
            let keeps = &mut state.preferences.keep_class;
            *keeps = !*keeps;
            if *keeps {
                state.choices.class = state.class();
            }
        }
        Action::WhatIsHere => {
            state.asking_here = !state.asking_here;
            state.here = None;
            state.here_soon = None;
        }
        Action::Compare => state.toggle_compare(),
        Action::Swap => state.swap_sides(),
        Action::Crop => state.start_cropping(),
        Action::WholePhoto => state.crop(None),
        Action::Paint => state.start_brushing(),
        Action::RemovePainting => state.remove_painting(),
        Action::Signed => state.choices.signed = !state.choices.signed,
        Action::PreviousLayer => step_layer(state, -1),
        Action::NextLayer => step_layer(state, 1),
        Action::DefaultLayer => {
            state.choices.layer = None;
            state.choices.fused = None;
        }
        Action::PreviousImage => step_image(state, -1),
        Action::NextImage => step_image(state, 1),
        Action::FirstImage => show_end(state, <[_]>::first),
        Action::LastImage => show_end(state, <[_]>::last),
        Action::RemoveImage => {
            let image = state.images.current()?.id;
            return remove(state, image);
        }
        Action::AllLayers => fold_out(state, Drawer::Layers),
        Action::SideBySide => fold_out(state, Drawer::SideBySide),
        Action::Channels => fold_out(state, Drawer::Channels),
        Action::Faithfulness => fold_out(state, Drawer::Faithfulness),
        Action::Agreement => fold_out(state, Drawer::Agreement),
        Action::StopComputing => state.stop_computing(),
        Action::GoOn => state.go_on_computing(),
        Action::Questions => fold_out(state, Drawer::Questions),
        Action::Sanity => fold_out(state, Drawer::Sanity),
        Action::FoldAll => {
            let preferences = &mut state.preferences;
            preferences.panels.fold_all(&mut preferences.drawer);
        }
        Action::FoldClasses => state.preferences.panels.folded.classes ^= true,
        Action::FoldMap => state.preferences.panels.folded.map ^= true,
        Action::FoldImages => state.preferences.panels.folded.images ^= true,
        Action::FullScreen => return Some(Effect::FullScreen),
        Action::Quit => return Some(Effect::Quit),
        Action::StartFresh => state.start_fresh(),
        // these depend on the size of the window, which the picture knows
        Action::Fit | Action::ActualPixels | Action::ZoomIn | Action::ZoomOut => state.zoom_wish = Some(action),
        Action::Undo => {
            if !state.images.restore()
                && let Some(step) = state.history.undo()
            {
                state.return_to(step);
            }
        }
        Action::Redo => {
            if let Some(step) = state.history.redo() {
                state.return_to(step);
            }
        }
        Action::Reset => state.choices = state.choices.with_default_settings(),
        Action::SwitchTheme => {
            state.preferences.appearance = if state.is_dark {
                Appearance::Light
            } else {
                Appearance::Dark
            };
        }
        Action::Help => state.help_open = !state.help_open,
        Action::Back => return back(state),
    }
    None
}

/// Saves or copies what the picture shows now, whatever it shows when the dialog is answered.
fn save(state: &mut State, action: Action) -> Option<Effect> {
    let is_of_both = matches!(action, Action::Save | Action::Copy) && state.compare.is_some();
    if is_of_both && state.is_waiting_for_other() {
        let text = "The second picture is still being made; save again in a moment.";
        state.messages.push(Message::Error(text.to_owned()));
        return None;
    }
    let effect = match action {
        Action::Copy => export::drawing(state).map(|drawing| Effect::Send(Box::new(Request::Render(drawing)))),
        Action::SaveValues => export::save_values(state, false).map(ask),
        Action::SaveHeat => export::save_values(state, true).map(ask),
        Action::SavePredictions => export::save_predictions(state).map(ask),
        _ => export::save(state).map(ask),
    };
    if effect.is_none() {
        let text = "There is no map to save yet; open an image first.";
        state.messages.push(Message::Error(text.to_owned()));
    }
    effect
}

/// Saves or copies a page of what the picture shows.
fn page(state: &mut State, page: Page, is_saved: bool) -> Option<Effect> {
    let effect = if is_saved {
        export::save_page(state, page).map(ask)
    } else {
        export::page(state, page).map(|drawing| Effect::Send(Box::new(Request::Render(drawing))))
    };
    match effect {
        Ok(effect) => Some(effect),
        Err(missing) => {
            state.messages.push(Message::Error(missing.to_owned()));
            None
        }
    }
}

fn ask(save: Save) -> Effect {
    Effect::Ask(Question::Save(Box::new(save)))
}

/// Copies numbers as text.
fn copy_text(state: &mut State, action: Action) -> Option<Effect> {
    let (text, what) = match action {
        Action::CopyList => (copies::list(state), "list"),
        Action::CopyCsv => (copies::list_csv(state), "list as CSV"),
        _ => (state.shown.as_ref().map(copies::map), "values of the map"),
    };
    if text.is_none() {
        let text = "There is nothing to copy yet; open an image first.";
        state.messages.push(Message::Error(text.to_owned()));
    }
    Some(Effect::CopyText { text: text?, what })
}

/// Folds something out below the picture, or away if it is there.
fn fold_out(state: &mut State, drawer: Drawer) {
    let open = &mut state.preferences.drawer;
    *open = Some(drawer).filter(|_| *open != Some(drawer));
}
