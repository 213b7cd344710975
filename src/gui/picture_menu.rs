//! The menu of the picture: everything that can be done there.

use egui::{Id, Response, Ui};

use super::command::{Action, Command};
use super::picture::Pointed;
use super::readout;
use super::state::State;
use super::widgets::action_entry;

/// Where the menu was opened.
#[derive(Clone, Debug)]
struct Place {
    /// In shares of the photo's sides; none outside of the photo, or in another image than the chosen one.
    share: Option<[f32; 2]>,
    /// The numbers there.
    readout: Option<String>,
}

/// Opens the menu by a right click on the picture.
pub fn show(ui: &Ui, response: &Response, state: &State, pointed: Option<&Pointed<'_>>, commands: &mut Vec<Command>) {
    if state.open_image().is_none() {
        return;
    }
    let id = Id::unique("place of the picture's menu");
    if response.secondary_clicked() {
        let current = state.images.current().map(|image| image.id);
        let here = pointed.filter(|pointed| {
            Some(pointed.image.id) == current && pointed.share.iter().all(|share| (0.0..1.0).contains(share))
        });
        let place = Place {
            share: here.map(|pointed| pointed.share),
            readout: pointed.and_then(readout::text),
        };
        ui.data_mut(|data| data.insert_temp(id, place));
    }
    response.context_menu(|ui| {
        let place: Option<Place> = ui.data(|data| data.get_temp(id));
        entries(ui, state, place.as_ref(), commands);
    });
}

fn entries(ui: &mut Ui, state: &State, place: Option<&Place>, commands: &mut Vec<Command>) {
    let has_map = state.shown.is_some();
    let share = place.and_then(|place| place.share);
    let here = egui::Button::new("What is here?").frame_when_inactive(false);
    let response = ui.add_enabled(share.is_some() && state.prediction().is_some(), here);
    if response
        .on_hover_text("Rank the classes by what this place argues for; Alt and a click do the same.")
        .clicked()
    {
        commands.extend(share.map(Command::AskHere));
        ui.close();
    }
    let readout = place.and_then(|place| place.readout.as_ref());
    let copy = egui::Button::new("Copy numbers here").frame_when_inactive(false);
    let response = ui.add_enabled(readout.is_some(), copy);
    let text = readout.map_or("There is no map here.", String::as_str);
    if response.on_hover_text(text).on_disabled_hover_text(text).clicked() {
        commands.extend(readout.map(|text| Command::CopyText {
            text: text.clone(),
            what: "numbers",
        }));
        ui.close();
    }
    ui.separator();
    for action in [
        Action::Copy,
        Action::CopyMap,
        Action::Save,
        Action::SaveValues,
        Action::SaveHeat,
    ] {
        action_entry(ui, action, has_map, commands);
    }
    ui.separator();
    action_entry(ui, Action::Crop, true, commands);
    action_entry(ui, Action::WholePhoto, state.cropped().is_some(), commands);
    action_entry(ui, Action::Paint, true, commands);
    action_entry(ui, Action::RemovePainting, state.painting().is_some(), commands);
    action_entry(ui, Action::Compare, state.prediction().is_some(), commands);
    action_entry(ui, Action::Signed, has_map, commands);
    action_entry(ui, Action::Pin, has_map, commands);
    ui.separator();
    for action in [Action::Fit, Action::ActualPixels, Action::ZoomIn, Action::ZoomOut] {
        action_entry(ui, action, true, commands);
    }
    ui.separator();
    action_entry(ui, Action::RemoveImage, true, commands);
}
