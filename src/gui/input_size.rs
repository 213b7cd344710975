//! The question on which input size a network was trained, where its file does not say it.

use egui::{Frame, Id, Key, Modal, RichText, TextEdit, Ui};

use super::command::Command;
use super::networks::{SizeQuestion, WantedNetwork};
use super::theme::UNIT;
use crate::weights::NetworkChoices;
use crate::weights::info::parse_size;

/// Sides that most networks were trained on.
const USUAL: [usize; 4] = [150, 224, 256, 299];

/// Draws the question while it is open.
pub fn show(ui: &mut Ui, question: &SizeQuestion, commands: &mut Vec<Command>) {
    let mut text = question.text.clone();
    let mut chosen = None;
    let mut cancelled = false;
    let frame = Frame::popup(ui.style()).inner_margin(16);
    let modal = Modal::new(Id::unique("input size")).frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(480.0);
        ui.heading("Input size");
        ui.label(format!("On which input size was {} trained?", question.name));
        let hint = "Another size gives other answers; the script that trained it has it, such as in target_size or image_size.";
        ui.label(RichText::new(hint).weak());
        if let Some(side) = question.usual {
            let usual = format!("Keras' own weights of this network were trained on {side} by {side} pixels.");
            ui.label(RichText::new(usual).weak());
        }
        ui.add_space(2.0 * UNIT);
        ui.horizontal(|ui| {
            for side in USUAL {
                let response = ui.button(side.to_string());
                if response.on_hover_text(format!("{side} by {side} pixels.")).clicked() {
                    chosen = Some([side; 2]);
                }
            }
        });
        ui.add_space(UNIT);
        let field = TextEdit::singleline(&mut text)
            .desired_width(f32::INFINITY)
            .hint_text("WIDTHxHEIGHT, such as 320x240");
        let response = ui.add(field).accessible_name("Input size in pixels");
        let is_entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        ui.add_space(2.0 * UNIT);
        ui.horizontal(|ui| {
            let typed = parse_size(text.trim()).filter(|sides| sides.iter().all(|&side| side > 0));
            let open = ui.add_enabled(typed.is_some(), egui::Button::new("Use this size"));
            let open = open.on_disabled_hover_text("Type a number of pixels, or width and height as in 320x240.");
            if open.clicked() || is_entered {
                chosen = chosen.or(typed);
            }
            cancelled = ui.button("Cancel").clicked();
        });
    });
    if let Some(size) = chosen {
        let choices = NetworkChoices {
            input_size: Some(size),
            ..question.wanted.choices.clone()
        };
        let wanted = question.wanted.clone();
        commands.push(Command::AskSize(None));
        commands.push(Command::UseNetwork(WantedNetwork { choices, ..wanted }));
    } else if cancelled || modal.should_close() {
        commands.push(Command::AskSize(None));
    } else if text != question.text {
        commands.push(Command::AskSize(Some(SizeQuestion {
            text,
            ..question.clone()
        })));
    }
}
