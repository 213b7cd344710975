//! A field for a path, for systems without file dialogs.

use std::path::PathBuf;

use egui::{Frame, Id, Key, Modal, RichText, TextEdit, Ui};

use super::command::{Command, PathField};
use super::dialogs::Question;
use super::theme::UNIT;
use crate::explorer::Existing;

/// Draws the field while a path is asked for.
pub fn show(ui: &mut Ui, field: &PathField, commands: &mut Vec<Command>) {
    let mut text = field.text.clone();
    let mut done = false;
    let mut cancelled = false;
    let frame = Frame::popup(ui.style()).inner_margin(16);
    let modal = Modal::new(Id::unique("path")).frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(480.0);
        ui.heading(field.question.title());
        let (hint, name) = match field.question {
            Question::Address => ("The image is fetched over https.", "Web address"),
            _ => ("This system shows no file dialogs; type or paste the path.", "Path"),
        };
        ui.label(RichText::new(hint).weak());
        ui.add_space(2.0 * UNIT);
        let edit = TextEdit::singleline(&mut text)
            .desired_width(f32::INFINITY)
            .hint_text(name);
        let response = ui.add(edit).accessible_name(name);
        if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            done = true;
        } else if text == field.text && !response.has_focus() {
            response.request_focus();
        }
        ui.add_space(2.0 * UNIT);
        ui.horizontal(|ui| {
            let verb = if matches!(
                field.question,
                Question::Save(_) | Question::SaveAll(_) | Question::AllImages
            ) {
                "Save"
            } else {
                "Open"
            };
            done |= ui.button(verb).clicked();
            cancelled = ui.button("Cancel").clicked();
        });
    });
    let path = text.trim().to_owned();
    if cancelled || modal.should_close() {
        commands.push(Command::TypePath(None));
    } else if done && !path.is_empty() {
        let mut question = field.question.clone();
        if let Question::Save(save) = &mut question {
            // nobody was asked whether a file may go
            save.existing = Existing::Number;
        }
        commands.push(Command::Answer(question, vec![PathBuf::from(path)]));
    } else if text != field.text {
        commands.push(Command::TypePath(Some(PathField { text, ..field.clone() })));
    }
}
