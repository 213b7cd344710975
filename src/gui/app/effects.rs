//! What the window does beyond its own state: requests, dialogs, folders, the clipboard, the keyboard's focus.

use std::path::PathBuf;

use egui::{Context, Event, ViewportCommand};

use super::ExplorerApp;
use crate::explorer::ImageSource;
use crate::gui::apply::{Effect, NOTHING_TO_PASTE};
use crate::gui::clipboard::{self, Destination};
use crate::gui::command::Command;
use crate::gui::state::Message;
use crate::gui::{keys, pointer, predictions};

impl ExplorerApp {
    pub(super) fn clipboard_answered(&mut self, ctx: &Context, answer: clipboard::Answer, commands: &mut Vec<Command>) {
        use clipboard::Answer;
        match answer {
            Answer::Copied => self.state.messages.push(copied()),
            Answer::NotCopied(reason) => self.state.messages.push(Message::Error(format!(
                "The picture could not be copied ({reason}); save it instead."
            ))),
            Answer::Picture(photo) => commands.push(Command::OpenPixels {
                name: keys::PASTED.to_owned(),
                photo: photo.into(),
            }),
            Answer::Encoded(bytes) => commands.push(Command::OpenSource(ImageSource::Bytes {
                name: keys::PASTED.to_owned(),
                bytes: bytes.into(),
            })),
            Answer::Files(files) => commands.push(Command::OpenPaths(files)),
            // for the text field that has the keyboard, else for `keys`
            Answer::Text(text) => ctx.input_mut(|input| input.events.push(Event::Paste(text))),
            Answer::Nothing => self.state.messages.push(Message::Error(NOTHING_TO_PASTE.to_owned())),
            Answer::Unavailable => ctx.send_viewport_cmd(ViewportCommand::RequestPaste),
        }
    }

    pub(super) fn carry_out(&mut self, ctx: &Context, effect: Effect) {
        let wake = {
            let ctx = ctx.clone();
            move || ctx.request_repaint()
        };
        match effect {
            Effect::Send(request) => self.explorer.send(*request),
            Effect::Ask(_) if self.dialogs.is_open() => {}
            Effect::Ask(question) => {
                pointer::lose(ctx);
                let folder = self.state.folder_for(&question);
                if let Err(error) = self.dialogs.ask(question, folder.as_deref(), wake) {
                    self.state
                        .messages
                        .push(Message::Error(format!("No file dialog could be opened: {error}.")));
                }
            }
            Effect::Gather(paths) => {
                if let Err(error) = self.gather(ctx, paths) {
                    self.state
                        .messages
                        .push(Message::Error(format!("The files could not be read: {error}.")));
                }
            }
            Effect::FullScreen => {
                let is_full = ctx.input(|input| input.viewport().fullscreen.unwrap_or(false));
                ctx.send_viewport_cmd(ViewportCommand::Fullscreen(!is_full));
            }
            Effect::ShowNotes => self.notices.turn(),
            Effect::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
            Effect::CancelDownload => self.explorer.cancel_download(),
            Effect::StopAll => self.explorer.cancel_batch(),
            Effect::Copy(picture) => match &self.clipboard {
                Some(clipboard) => clipboard.copy(picture),
                None => {
                    let size = [picture.width, picture.height].map(|side| side as usize);
                    ctx.copy_image(egui::ColorImage::from_rgb(size, &picture.rgb));
                    self.state.messages.push(copied());
                }
            },
            Effect::CopyText { text, what } => {
                ctx.copy_text(text);
                self.state.messages.push(Message::Done(format!("Copied the {what}")));
            }
            Effect::Paste => match &self.clipboard {
                Some(clipboard) if ctx.text_edit_focused() => clipboard.paste(Destination::Field),
                Some(clipboard) => clipboard.paste(Destination::Window),
                None => ctx.send_viewport_cmd(ViewportCommand::RequestPaste),
            },
            Effect::FocusSearch { select } => predictions::focus_search(ctx, &self.state.search.query, select),
            Effect::ReleaseFocus => release_focus(ctx),
            Effect::CloseNote => {
                self.notices.close();
                release_focus(ctx);
            }
        }
    }

    pub(super) fn gather(&self, ctx: &Context, paths: Vec<PathBuf>) -> std::io::Result<()> {
        let ctx = ctx.clone();
        self.gatherer
            .start(paths, self.state.places(), move || ctx.request_repaint())
    }
}

fn release_focus(ctx: &Context) {
    ctx.memory_mut(|memory| {
        if let Some(focused) = memory.focused() {
            memory.surrender_focus(focused);
        }
    });
}

fn copied() -> Message {
    Message::Done("Copied the picture".to_owned())
}
