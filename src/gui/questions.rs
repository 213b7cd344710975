//! Questions about the picture, below it: what must be hidden so that its class is no longer on top, which class would win
//! without a part of it, and whether class and map stay when it is turned, darker or cut.

use egui::{Align, Button, Layout, RichText, ScrollArea, Ui, vec2};

use super::answers::answer;
use super::command::{Ask, Command};
use super::multiples::{Tile, tile, tile_size};
use super::state::State;
use super::textures::{Slot, Textures};
use super::theme::{self, UNIT, strong};
use super::widgets::{caption, segmented};
use crate::explorer::Winners;
use crate::imaging::{Brush, Variation};

/// Width of a question with words, in points.
const WORDS: f32 = 64.0 * UNIT;

/// Draws them.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) {
    let area = ScrollArea::horizontal()
        .id_salt("questions")
        .auto_shrink([false, false]);
    area.show(ui, |ui| {
        ui.horizontal_top(|ui| {
            column(ui, |ui| hiding(ui, state, commands));
            ui.separator();
            column(ui, |ui| without(ui, state, commands));
            ui.separator();
            variations(ui, state, textures, commands);
        });
    });
}

fn column(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let size = vec2(WORDS, ui.available_height());
    ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
        ui.set_width(WORDS);
        contents(ui);
    });
}

fn heading(ui: &mut Ui, text: String, explanation: &str) {
    let text = RichText::new(text).font(strong(theme::SMALL));
    ui.add(egui::Label::new(text).wrap()).on_hover_text(explanation);
}

/// The name of what hides something, and what it is.
fn fill_text(fill: Brush) -> (&'static str, &'static str) {
    match fill {
        Brush::Blur => ("Blur", "Hide with the photo out of focus."),
        Brush::Mean => ("Mean colour", "Hide with the mean colour of the photo."),
        _ => ("Grey", "Hide with middle grey."),
    }
}

/// What must be hidden so that the class is no longer on top.
fn hiding(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let run = state.hiding.as_ref();
    let startable = state.map_to_hide();
    let class = run
        .map(|run| run.hiding.class)
        .or(startable.as_ref().ok().map(|(class, _)| *class));
    let class = class.map_or_else(
        || "the class".to_owned(),
        |class| format!("“{}”", state.class_name(class)),
    );
    heading(
        ui,
        format!("What must be hidden so that {class} is no longer on top?"),
        "The cells of the map are hidden in the photo one after the other, those with most evidence first, until another class \
         is on top. Few cells say that the map names what the network looks at.",
    );
    if let Some(fill) = segmented(ui, "Hide with", state.hide_with, &Brush::FILLS, fill_text) {
        commands.push(Command::Ask(Ask::HideWith(fill)));
    }
    ui.horizontal(|ui| {
        let is_under_way = state.is_hiding();
        let can_go = run.map_or(startable.is_ok(), |run| !run.hiding.is_over() || startable.is_ok());
        let mut button = |ui: &mut Ui, enabled: bool, name: &str, text: &str, ask: Ask| {
            let response = ui.add_enabled(enabled, Button::new(name).small());
            if response.on_hover_text(text).clicked() {
                commands.push(Command::Ask(ask));
            }
        };
        if run.is_some_and(|run| run.plays) {
            button(
                ui,
                true,
                "Stop",
                "Go no further; what is hidden stays.",
                Ask::StopHiding,
            );
        } else {
            button(
                ui,
                can_go,
                "Hide",
                "Hide cell after cell until another class is on top.",
                Ask::Hide,
            );
        }
        button(
            ui,
            can_go && !is_under_way,
            "One cell",
            "Hide the next cell.",
            Ask::HideOne,
        );
        button(
            ui,
            run.is_some(),
            "Show again",
            "Show what was hidden.",
            Ask::TakeHidingBack,
        );
    });
    let text = match (run, &startable) {
        (Some(run), _) => run.told(|class| state.class_name(class)),
        (None, Err(why)) => why.clone(),
        (None, Ok(_)) => String::new(),
    };
    ui.add(egui::Label::new(RichText::new(text).small()).wrap());
}

/// Which class would win without a part of the picture.
fn without(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    heading(
        ui,
        "Which class would win without this?".to_owned(),
        "The classes on top when a part of the photo is hidden by each fill; what holds by one fill alone is said of the fill, \
         too.",
    );
    let what = state.without_what();
    ui.horizontal(|ui| {
        let draws = state.cropping.is_some_and(|cropping| cropping.asks);
        let button = Button::new("A rectangle").small().selected(draws);
        let response = ui.add(button);
        if response.on_hover_text("Drag a rectangle over the photo.").clicked() {
            commands.push(Command::Ask(Ask::DrawWithout));
        }
        let is_painted = state.painting().is_some();
        let button = Button::new("What is painted").small();
        let response = ui.add_enabled(is_painted, button);
        let response = response.on_hover_text("All that is painted over the photo, by each fill instead.");
        if response
            .on_disabled_hover_text("Nothing is painted over the photo; B takes the brush.")
            .clicked()
        {
            commands.push(Command::Ask(Ask::Without(None)));
        }
    });
    if state.cropping.is_some_and(|cropping| cropping.asks) {
        caption(ui, "Drag a rectangle over the photo.");
    }
    let Some(what) = what else { return };
    let Some(found) = state.without_answer() else {
        caption(ui, "computing…");
        return;
    };
    for Winners { fill, classes } in &found.answers {
        let name = match fill {
            None if what.area.is_some() => "As it is",
            None => "Photo",
            Some(fill) => fill_text(*fill).0,
        };
        let told = classes.iter().map(|&(class, value)| {
            let value = answer(state.output(), value);
            format!("{} {value}", state.class_name(class))
        });
        let line = format!("{name}: {}", told.collect::<Vec<_>>().join(", "));
        let label = egui::Label::new(RichText::new(&line).small()).truncate();
        ui.add(label).on_hover_text(line);
    }
}

/// What is said of the picture turned, darker or cut, and whether the map goes with it.
fn variations(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) {
    let size = tile_size(state, ui.available_height() - 3.0 * UNIT);
    let known: Vec<_> = state.variations().collect();
    if known.is_empty() {
        let is_slow = state.variations_wish().is_none() && !state.is_hiding();
        caption(
            ui,
            if is_slow {
                "Turned, darker or cut: choose a method that takes a single pass."
            } else {
                "computing…"
            },
        );
        return;
    }
    for varied in known {
        let (class, value) = varied.top;
        let class = format!("{} {}", state.class_name(class), answer(state.output(), value));
        let agreement = varied
            .agreement
            .map_or_else(|| "–".to_owned(), |agreement| format!("{agreement:.2}"));
        let name = match varied.variation {
            Variation::Same => format!("The picture as it is: {class}. Beside it: changed, with the map brought back."),
            changed => format!(
                "{}: {class}. Agreement of the maps {agreement}: the correlation of their ranks, 1 if the map went with the picture.",
                changed.description()
            ),
        };
        let label = match varied.variation {
            Variation::Same => varied.variation.to_string(),
            changed => format!("{changed} · {agreement}"),
        };
        let small = Tile {
            name: &name,
            about: "",
            caption: &label,
            detail: &class,
            shown: state.shown_varied(varied),
            slot: Slot::Varied(varied.variation),
            is_chosen: varied.variation == Variation::Same,
        };
        if tile(ui, state, textures, small, size).clicked() {
            commands.push(Command::SelectClass(varied.top.0));
        }
    }
}
