//! Numbers: histograms, what lies under the pointer, and what is copied as text.

use egui::{Event, Key, OutputCommand, PointerButton, vec2};
use egui_kittest::kittest::Queryable as _;
use gradcam_explorer::gui::state::State;

use crate::support::{DOG_AND_CAT, Window};

/// What was put on the clipboard in the last frames, until nothing changes any more.
fn copied(window: &mut Window) -> Option<String> {
    for _ in 0..10 {
        window.harness.step();
        let commands = &window.harness.output().platform_output.commands;
        let text = commands.iter().find_map(|command| match command {
            OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        });
        if text.is_some() {
            return text;
        }
    }
    None
}

fn right_click(window: &mut Window, position: egui::Pos2) {
    window.move_to(position);
    for pressed in [true, false] {
        window.harness.event(Event::PointerButton {
            pos: position,
            button: PointerButton::Secondary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        });
    }
    window.settle();
}

fn name_of(state: &State, rank: usize) -> String {
    state.class_name(state.listed()[rank])
}

#[test]
fn the_list_is_copied_as_text_and_as_csv() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Export");
    window
        .find(|label| label.starts_with("Copy list") && !label.contains("CSV"))
        .click();
    let text = copied(&mut window).unwrap();
    assert_eq!(text.lines().count(), 10);
    let first = name_of(window.state(), 0);
    assert!(
        text.starts_with(&format!("1. {first}: ")) && text.lines().next().unwrap().ends_with(" %"),
        "{text}"
    );

    window.settle();
    window.click("Export");
    window.find(|label| label == "Copy list as CSV").click();
    let csv = copied(&mut window).unwrap();
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["rank", "index", "wnid", "name", "probability", "logit"]);
    let prediction = window.state().prediction().unwrap();
    for (rank, row) in (1..).zip(&rows[1..]) {
        let class = prediction.ranking[rank - 1];
        assert_eq!(
            (row[0], row[1]),
            (rank.to_string().as_str(), class.to_string().as_str())
        );
        assert_eq!(row[4].parse::<f64>().unwrap(), prediction.probabilities[class]);
        assert_eq!(row[5].parse::<f64>().unwrap(), prediction.logits[class]);
    }
}

#[test]
fn the_map_is_copied_row_by_row() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Export");
    window.find(|label| label == "Copy values").click();
    let text = copied(&mut window).unwrap();
    let map = &window.state().shown.as_ref().unwrap().map;
    let values: Vec<Vec<f64>> = text
        .lines()
        .map(|line| line.split('\t').map(|value| value.parse().unwrap()).collect())
        .collect();
    assert_eq!((values.len(), values[0].len()), (map.height, map.width));
    assert_eq!(values.concat(), map.signed);
}

#[test]
fn everything_that_can_be_done_with_the_picture_is_in_its_menu() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let place = window.picture().center() + vec2(40.0, 25.0);
    window.move_to(place);
    let numbers = window.under_pointer().unwrap();
    right_click(&mut window, place);
    for name in [
        "Copy picture",
        "Copy values",
        "Save picture…",
        "Whole photo",
        "Zoom in",
        "Remove from list",
    ] {
        assert!(window.has_text(name), "{name}");
    }
    window.find(|label| label == "Copy numbers here").click();
    assert_eq!(copied(&mut window).as_ref(), Some(&numbers));
    window.settle();
    assert!(!window.has("Copy numbers here"), "the menu closes");

    right_click(&mut window, place);
    window.last("What is here?").click();
    window.settle();
    assert!(window.state().here().is_some());
    // beside the photo there is nothing to ask about
    window.key(Key::Escape);
    let corner = window.picture().left_top() + vec2(2.0, 2.0);
    right_click(&mut window, corner);
    window.last("What is here?").click();
    window.settle();
    assert!(window.state().here().is_none());
}

#[test]
fn each_part_of_the_numbers_under_the_pointer_is_explained() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let line = window
        .harness
        .get_all_by_label_contains("block14_sepconv2_act")
        .last()
        .unwrap()
        .rect();
    window.move_to(line.left_center() + vec2(30.0, 0.0));
    for _ in 0..60 {
        window.harness.step();
    }
    for part in [
        "cell: column and row",
        "heat: the evidence",
        "% of the evidence: the cell's share",
    ] {
        assert!(window.has_text(part), "{part}");
    }
}

#[test]
fn histograms_say_how_many_values_they_hold_and_draw_zero() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Map values");
    let cells = window.state().shown.as_ref().unwrap().map.signed.len();
    assert!(
        window
            .find(|label| label.starts_with(&format!("Evidence of each cell: {cells} values from")))
            .rect()
            .width()
            > 300.0
    );
    window.click("Gradients");
    window.wait("the gradients", |state| state.channels().is_some());
    assert!(
        window
            .find(|label| label.starts_with("Mean over the map, one value per channel: 512 values"))
            .rect()
            .height()
            > 80.0
    );
    window.assert_comes_to_rest();
}
